"""What is slow in a plan, and what would help: rules over the plan's value, the same for every engine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from stepladder.db.explain.plan import Node, Slow
from stepladder.sql import spelled

LARGE = 10_000  # rows; below, no index is worth its upkeep
_SELECTIVE = 0.1  # of a table's rows: where a filter keeps more, reading them all is the quicker way
_OFTEN = 100  # times that something is read
_READ_AGAIN = 1_000_000  # rows read in all by reading a table again and again
_OFF = 10  # how many times an estimate may be off
_FEW = 100  # rows; being off by that is no matter
_SCANS = ("scan", "index scan")
_PASS_ON = (
    "sort",
    "materialize",
    "hash",
    "gather",
    "memoize",
    "limit",
    "append",
    "insert",
    "update",
    "delete",
)  # no estimate of their own
_SORTS = ("sort", "group", "distinct")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in the tree: how often a node is run, whether it may be stopped early."""

    times: float = 1.0
    cut: bool = False


def advise(root: Node, *, sorts_by_scan: bool) -> tuple[Slow, ...]:
    """What is slow, in the order of the tree. `sorts_by_scan`: the engine does not say which sorts are large, so that
    the size of what they read counts."""
    return tuple(_below(root, _Place(), sorts_by_scan))


def _below(node: Node, place: _Place, sorts_by_scan: bool) -> Iterator[Slow]:  # noqa: FBT001 - see advise
    times = node.loops if node.loops is not None else place.times
    found = (
        _scanned(node, times)
        or _built(node)
        or _checked(node)
        or _sorted(node, sorts_by_scan)
        or _misjudged(node, place)
    )
    if found:
        yield Slow(node, *found)
    for number, child in enumerate(node.children):
        yield from _below(child, _inside(node, number, child, place), sorts_by_scan)


def _inside(node: Node, number: int, child: Node, place: _Place) -> _Place:
    times = place.times
    if child.operation == "hash":
        times = 1.0  # filled once
    elif node.operation == "nested loop" and number > 0:
        times *= max(1.0, _given(node.children[0]))
    elif child.operation == "subquery for each row":
        times *= max(1.0, _given(node))
    cut = node.operation in ("limit", "nested loop", "merge join", "subquery for each row") or (
        place.cut and node.operation not in _SORTS and node.operation != "hash"
    )
    return _Place(times, cut)


def _given(node: Node) -> float:
    """How many rows a node gives, as far as anybody knows."""
    if node.rows is not None:
        return node.rows
    if node.table_rows is not None:
        return node.table_rows * (node.share if node.share is not None else 1.0)
    return max((_given(child) for child in node.children), default=1.0)


# -- the rules: (reason, remedy), or None
_Found = tuple[str, str] | None


def _scanned(node: Node, times: float) -> _Found:
    """A large table that is read for a few rows, or a table that is read again and again."""
    if node.operation not in _SCANS or node.table_rows is None or not (node.filter or times >= _OFTEN):
        return None
    share = _share(node)
    if times >= _OFTEN and times * (_rows_read(node) or node.table_rows) >= _READ_AGAIN:
        reason = f"{node.table} (~{node.table_rows:,.0f} rows) is read through ~{times:,.0f} times"
        return reason, _index(node)
    if node.table_rows >= LARGE and share is not None and share <= _SELECTIVE:
        kept = max(1.0, share * node.table_rows)
        return f"all ~{node.table_rows:,.0f} rows of {node.table} are read to keep ~{kept:,.0f}", _index(node)
    return None


def _share(node: Node) -> float | None:
    read = _rows_read(node)
    return node.actual_rows / read if read and node.actual_rows is not None else node.share


def _rows_read(node: Node) -> float | None:
    """Measured, of one loop."""
    if node.actual_rows is None or not node.loops:
        return None
    return node.actual_rows + (node.removed or 0)


def _index(node: Node) -> str:
    if not node.index_columns:
        return "No index can serve the condition as it is written: compare a bare column, or index the expression."
    if node.has_index:
        return f"ANALYZE {node.table}"
    return f"CREATE INDEX ON {node.table} ({', '.join(map(spelled, node.index_columns))})"


def _built(node: Node) -> _Found:
    """SQLite builds an index for one statement, and throws it away."""
    if node.operation != "automatic index" or (node.table_rows or 0) * 10 < LARGE:
        return None
    rows = f"~{node.table_rows:,.0f} rows" if node.table_rows else "its rows"
    reason = f"an index over {rows} of {node.table} is built for this statement alone, each time it runs"
    return reason, _index(node)


def _checked(node: Node) -> _Found:
    """A large table is read from end to end for each row that is deleted, to see whether it refers to that row."""
    if node.operation != "foreign key check" or not node.index_columns or (node.table_rows or 0) < LARGE:
        return None
    reason = (
        f"for each row, ~{node.table_rows:,.0f} rows of {node.table} are read to see whether they refer to it"
    )
    return reason, _index(node)


def _sorted(node: Node, by_scan: bool) -> _Found:  # noqa: FBT001 - see advise
    """Sorted or grouped on disk, or much of it without an index."""
    by = f" by {', '.join(node.keys)}" if node.keys else ""
    if node.spilled_kb:
        megabytes = max(8, 1 << (node.spilled_kb * 3 // 1024).bit_length())
        reason = f"the {node.operation}{by} did not fit into memory: {node.spilled_kb:,} kB went to disk"
        return reason, f"SET work_mem = '{megabytes}MB'"
    if not by_scan or node.operation not in _SORTS or not node.children:
        return None
    (scan,) = node.children
    rows = max(map(_read, (scan, *(scan.children if scan.operation == "nested loop" else ()))))
    if rows < LARGE:
        return None
    reason = f"the {node.operation}{by} puts up to ~{rows:,.0f} rows through a temporary b-tree"
    if node.index_columns and scan.table and scan.operation in _SCANS and not scan.filter:
        columns = ", ".join(map(spelled, node.index_columns))
        return reason, f"CREATE INDEX ON {scan.table} ({columns})"
    return reason, "Keep fewer rows before it: filter, or aggregate, first."


def _read(node: Node) -> float:
    """How many rows a scan gives, as far as anybody knows; 0 for everything else."""
    return _given(node) if node.operation in _SCANS and node.table_rows is not None else 0.0


def _misjudged(node: Node, place: _Place) -> _Found:
    """The estimate is far from what was measured, and those below it are not."""
    if not _is_off(node, place) or any(_is_off(child, place) for child in node.children):
        return None
    reason = f"{node.rows:,.0f} rows were expected and {node.actual_rows:,.0f} came: the rest of the plan is built on it"
    tables = sorted({each.table for each in node.walk() if each.table and each.table_rows is not None})
    return reason, "ANALYZE" + (f" {', '.join(tables)}" if tables else "")


def _is_off(node: Node, place: _Place) -> bool:
    if node.operation in _PASS_ON or node.rows is None or node.actual_rows is None or not node.loops:
        return False
    more = node.actual_rows >= _OFF * max(node.rows, 1) and node.actual_rows >= _FEW
    # A LIMIT, or a join that has found enough, stops what is below it early: fewer rows say nothing there.
    fewer = not place.cut and node.rows >= _OFF * max(node.actual_rows, 1) and node.rows >= _FEW
    return more or fewer
