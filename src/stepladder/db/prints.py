"""What a part of a table holds, in two numbers that move when its rows do: to tell whether anybody has changed it.

On PostgreSQL the mark is the sum of the rows' xmin, the transaction that wrote each
(https://www.postgresql.org/docs/current/ddl-system-columns.html): at an equal number of rows any change puts a later one
in the place of an earlier one. It outlives VACUUM, and costs little more than the count. Views and foreign tables have
none: their rows' text is hashed, as the rows of SQLite's tables are. A mark may move without a change (a table that is
restored from a dump, an UPDATE that sets what was there): whoever asks must be able to do the work once too often.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from stepladder.sql import TableName, quote

_MARKS = 2**63  # a mark fits a bigint
_ORDINARY = ("r", "p", "m")  # relkind: their rows have an xmin


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
    part, values = "1", parts.values
    if parts.time is not None:
        part = f"width_bucket({quote(parts.time)}, :stepladder_edges)"
        values = {**values, "stepladder_edges": list(parts.edges)}
    found = ask(
        f"SELECT {part}, count(*), sum({mark}) FROM {parts.table.sql} WHERE {parts.where} GROUP BY 1", values
    )
    prints = [NOTHING] * parts.number
    for place, rows, total in found:
        prints[place - 1] = Print(rows, int(total) % _MARKS)
    return tuple(prints)


def of_rows(rows: Iterable[tuple[Any, ...]], edges: Sequence[Any]) -> tuple[Print, ...]:
    """The prints of stored rows, whose first cell is their time where there are edges, in the same stored form."""
    counts, marks = [0] * max(len(edges) - 1, 1), [0] * max(len(edges) - 1, 1)
    place = 0
    for row in rows:
        if edges:
            place = bisect_right(edges, row[0]) - 1
        counts[place] += 1
        marks[place] += int.from_bytes(
            blake2b(repr(row).encode("utf-8", "surrogatepass"), digest_size=8).digest()
        )
    return tuple(Print(count, mark % _MARKS) for count, mark in zip(counts, marks, strict=True))
