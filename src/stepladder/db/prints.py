"""What a part of a table holds, in two numbers that move when its rows do: to tell whether anybody has changed it.

On PostgreSQL the mark is the sum of the rows' xmin, the transaction that wrote each
(https://www.postgresql.org/docs/current/ddl-system-columns.html): at an equal number of rows any change puts a later one
in the place of an earlier one. It outlives VACUUM, and costs little more than the count. Views and foreign tables have
none: their rows' text is hashed, as the rows of SQLite's tables are. A mark may move without a change (a table that is
restored from a dump, an UPDATE that sets what was there): whoever asks must be able to do the work once too often.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from sqlite3 import Cursor
from typing import Any

from stepladder.sql import Column, TableName, Type, quote

_MARKS = 2**63  # a mark fits a bigint
_ORDINARY = ("r", "p", "m")  # relkind: their rows have an xmin
_ROWS = 1000  # read at a time
_FUNCTION_ARGUMENTS = 100  # https://sqlite.org/limits.html
# Types of which two values that differ are stored as texts or integers that differ.
_SAME_IN_JSON = frozenset(
    (
        "int2",
        "int4",
        "int8",
        "bool",
        "text",
        "varchar",
        "bpchar",
        "date",
        "timestamp",
        "timestamptz",
        "time",
        "uuid",
        "numeric",
    )
)


@dataclass(frozen=True, slots=True)
class Print:
    """The number of rows, and the mark of what they hold. Prints of parts add up to the print of the whole."""

    rows: int
    mark: int

    def __add__(self, other: Print) -> Print:
        return Print(self.rows + other.rows, (self.mark + other.mark) % _MARKS)

    def __sub__(self, other: Print) -> Print:
        return Print(self.rows - other.rows, (self.mark - other.mark) % _MARKS)


NOTHING = Print(0, 0)


@dataclass(frozen=True, slots=True)
class Parts:
    """A table cut at `edges` of its column `time`: one part from each edge to the next, without the latter. Edges are
    instants or dates, as the column is, in order. Without `time` the whole table is the one part.

    `columns` are those that count, where only they are looked at: on SQLite, and of views.
    """

    table: TableName
    columns: Sequence[str]
    time: str | None = None
    edges: Sequence[object] = ()

    @property
    def where(self) -> str:
        if self.time is None:
            return "true"
        time = quote(self.time)
        return f"{time} >= :stepladder_first AND {time} < :stepladder_last"

    @property
    def values(self) -> dict[str, object]:
        if self.time is None:
            return {}
        return {"stepladder_first": self.edges[0], "stepladder_last": self.edges[-1]}

    @property
    def number(self) -> int:
        return 1 if self.time is None else len(self.edges) - 1


Ask = Callable[[str, Mapping[str, object]], Sequence[tuple[Any, ...]]]


def of_server(ask: Ask, parts: Parts) -> tuple[Print, ...]:
    """The print of each part of a table of PostgreSQL's. `ask` runs a statement with values, and gives its rows."""
    kinds = ask(
        "SELECT relkind::text FROM pg_class WHERE oid = to_regclass(:name)", {"name": parts.table.sql}
    )
    kind = kinds[0][0] if kinds else None
    listed = ", ".join(map(quote, parts.columns))
    mark = "xmin::text::bigint" if kind in _ORDINARY else f"hashtextextended(ROW({listed})::text, 0)"
    part, values, grouped = "1", parts.values, ""
    if parts.time is not None and parts.number > 1:
        part = f"width_bucket({quote(parts.time)}, :stepladder_edges)"
        values, grouped = {**values, "stepladder_edges": list(parts.edges)}, " GROUP BY 1"
    found = ask(
        f"SELECT {part}, count(*), coalesce(sum({mark}), 0) FROM {parts.table.sql} WHERE {parts.where}{grouped}",
        values,
    )
    prints = [NOTHING] * parts.number
    for place, rows, total in found:
        prints[place - 1] = Print(rows, int(total) % _MARKS)
    return tuple(prints)


def text_query(query: str, columns: Sequence[Column], *, timed: bool) -> str:
    """A query of SQLite's whose columns are c1, c2 and so on, as one that gives each row as a text: SQLite makes it in
    less time than Python takes to read the cells. `timed`: the first column is kept, and stands before the text."""
    cells = [_exactly(f"c{place}", column.type) for place, column in enumerate(columns, 1)][timed:]
    arrays = [f"json_array({', '.join(some)})" for some in _batched(cells)] or ["''"]
    return f"SELECT {'c1' if timed else 'NULL'}, {' || '.join(arrays)} FROM ({query})"


def _exactly(cell: str, type_: Type) -> str:
    # json_array rounds floats and refuses blobs; hex() sees what quote() does not, behind a NUL.
    return cell if type_.name in _SAME_IN_JSON else f"quote({cell}) || hex({cell})"


def _batched(cells: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(cells), _FUNCTION_ARGUMENTS):
        yield cells[start : start + _FUNCTION_ARGUMENTS]


def of_texts(cursor: Cursor, edges: Sequence[Any]) -> tuple[Print, ...]:
    """The prints of what a text_query gives, whose time is in the same stored form as the edges."""
    counts, marks = [0] * max(len(edges) - 1, 1), [0] * max(len(edges) - 1, 1)
    while rows := cursor.fetchmany(_ROWS):
        for place, texts in _by_place(rows, edges):
            counts[place] += len(texts)
            marks[place] += sum([_number(blake2b(text.encode(), digest_size=8).digest()) for text in texts])
    return tuple(Print(count, mark % _MARKS) for count, mark in zip(counts, marks, strict=True))


_number = int.from_bytes


def _by_place(rows: list[tuple[Any, str]], edges: Sequence[Any]) -> Iterable[tuple[int, list[str]]]:
    """The texts of each part. Rows that are read by an index come part after part, seldom of two at once."""
    first = last = 0
    if edges:
        times = [time for time, _ in rows]
        first, last = bisect_right(edges, min(times)) - 1, bisect_right(edges, max(times)) - 1
    if first == last:
        return [(first, [text for _, text in rows])]
    found: dict[int, list[str]] = {}
    for time, text in rows:
        found.setdefault(bisect_right(edges, time) - 1, []).append(text)
    return found.items()
