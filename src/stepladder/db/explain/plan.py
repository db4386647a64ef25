"""A statement's plan as a value: the same words on every engine, what is slow in it, and what would help."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

_WRITES = ("insert", "update", "delete", "merge")


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One step of a plan; it works on the rows that its `children` give.

    `number` counts from 1 in the order of the printed tree. `operation` is one of these words, or the engine's own in
    lower case: scan (every row), index search, index scan (every row, in the index's order), bitmap search, automatic
    index, nested loop, hash join, merge join, sort, group, distinct, window, limit, append, union, materialize,
    subquery, subquery for each row, function, foreign key check, insert, update, delete.

    `rows`, `cost` (PostgreSQL's units) and `table_rows` are estimates; `actual_rows` (of one loop), `loops` and
    `milliseconds` (of all loops) are measured. What the engine does not say is None.
    """

    operation: str
    number: int = 0
    table: str | None = None
    alias: str | None = None
    index: str | None = None
    condition: str | None = None  # what is looked up, or joined by
    filter: str | None = None  # what each row that was read is asked
    keys: tuple[str, ...] = ()  # of a sort, a group
    detail: str | None = None
    rows: float | None = None
    cost: float | None = None
    actual_rows: float | None = None
    loops: int | None = None
    milliseconds: float | None = None
    removed: float | None = None  # rows that the filter threw away, of one loop; measured
    spilled_kb: int | None = None  # went to disk; measured
    table_rows: float | None = None
    share: float | None = None  # of the table's rows that the filter is expected to keep
    index_columns: tuple[str, ...] = ()  # of the index that would serve the filter
    has_index: bool = False  # one that begins with the first of them is there
    children: tuple[Node, ...] = ()

    def walk(self) -> Iterator[Node]:
        """This node and all below it, in the order of the printed tree."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True, slots=True)
class Slow:
    """A part of the plan that is slow: why, and what would help (a statement where one would)."""

    node: Node
    reason: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Plan:
    """How an engine means to run a statement, or (`analyzed`) how it did; str() is a tree with the advice below.

    `milliseconds` and `rows` (returned, or written by a statement that returns none) are of the whole statement, and
    measured: None without analyze.
    """

    engine: str
    root: Node
    slow: tuple[Slow, ...]
    analyzed: bool = False
    milliseconds: float | None = None
    rows: int | None = None

    def __str__(self) -> str:
        marked = {each.node.number for each in self.slow}
        lines = list(_tree(self.root, "", "", marked))
        if self.milliseconds is not None:
            rows = "" if self.rows is None else f", {_count(self.rows)} rows"
            undone = "; rolled back" if self.root.operation in _WRITES else ""
            lines.append(f"took {_milliseconds(self.milliseconds)}{rows}{undone}")
        for each in self.slow:
            lines += [f"! {each.reason}", f"  {each.remedy}"]
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """For JSON: the tree under "plan"; each of "slow" names its node by number."""
        return {
            "engine": self.engine,
            "analyzed": self.analyzed,
            "milliseconds": self.milliseconds,
            "rows": self.rows,
            "slow": [
                {
                    "node": each.node.number,
                    "operation": each.node.operation,
                    "table": each.node.table,
                    "reason": each.reason,
                    "remedy": each.remedy,
                }
                for each in self.slow
            ],
            "plan": asdict(self.root),
        }


def numbered(root: Node) -> Node:
    """The same tree, its nodes numbered from 1."""
    return _numbered(root, 1)[0]


def _numbered(node: Node, number: int) -> tuple[Node, int]:
    following, children = number + 1, []
    for child in node.children:
        done, following = _numbered(child, following)
        children.append(done)
    return replace(node, number=number, children=tuple(children)), following


# -- the tree for people
def _tree(node: Node, first: str, rest: str, marked: set[int]) -> Iterator[str]:
    yield f"{first}{'! ' if node.number in marked else ''}{_line(node)}"
    for place, child in enumerate(node.children, 1):
        last = place == len(node.children)
        yield from _tree(child, rest + ("└─ " if last else "├─ "), rest + ("   " if last else "│  "), marked)


def _line(node: Node) -> str:
    words = [node.operation]
    if node.table:
        words.append(f"{node.table} {node.alias}" if node.alias else node.table)
    if node.index:
        words.append(f"by {node.index}")
    if node.keys:
        words.append(f"by {', '.join(node.keys)}")
    if node.detail:
        words.append(f"({node.detail})")
    asked = [text for text in (node.condition, node.filter and f"keeps {node.filter}") if text]
    return " · ".join([" ".join(words), *asked, *_figures(node)])


def _figures(node: Node) -> Iterator[str]:
    if node.rows is not None:
        kept = (node.filter or node.condition) and (node.table_rows or 0) > node.rows
        of = f" of {_count(node.table_rows or 0)}" if kept else ""
        yield f"~{_count(node.rows)}{of} rows"
    elif node.table_rows is not None:
        yield f"table of ~{_count(node.table_rows)} rows"
    if node.cost is not None:
        yield f"cost {node.cost:,.0f}"
    if node.loops == 0:
        yield "never run"
    elif node.actual_rows is not None:
        times = f" × {node.loops:,}" if node.loops and node.loops > 1 else ""
        yield f"{_count(node.actual_rows)} rows{times} in {_milliseconds(node.milliseconds or 0.0)}"
    if node.spilled_kb:
        yield f"{node.spilled_kb:,} kB on disk"


def _count(number: float) -> str:
    return f"{number:,.0f}" if number == int(number) or number >= 10 else f"{number:,.2g}"


def _milliseconds(number: float) -> str:
    return f"{number:,.1f} ms"
