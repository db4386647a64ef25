"""ORDER BY and DISTINCT inside an aggregate: SQLite 3.40 has neither for its own, so that rows are kept and sorted.

`pg_ordered(name, keys, distinct, count, arguments…, further key values…)` collects the rows of a group, sorts them,
and gives their `count` arguments to the aggregate `name` in that order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from stepladder.errors import NotPortable
from stepladder.sql.functions.ordering import Direction, Row, directions, in_order
from stepladder.sql.functions.registry import Aggregate


def ordered(aggregates: Mapping[str, type[Any]]) -> Aggregate:
    """The aggregate that sorts for the others."""

    class Ordered:
        """Rows are kept until the group ends."""

        def __init__(self) -> None:
            self.head: tuple[Any, ...] = ()
            self.rows: list[tuple[Any, ...]] = []

        def step(self, *given: Any) -> None:
            """Take a row in."""
            self.head = given[:4]
            self.rows.append(given[4:])

        def finalize(self) -> Any:
            """The aggregate's result over the sorted rows."""
            if not self.rows:
                return None
            name, spelled, distinct, count = self.head
            keys = directions(spelled)
            rows = in_order(self.rows, keys)
            inner = aggregates[name]()
            for row in _different(rows, keys) if distinct else rows:
                inner.step(*row[:count])
            return inner.finalize()

    return Aggregate("pg_ordered", -1, Ordered)


def _different(rows: Iterable[Row], keys: Sequence[Direction]) -> Iterator[Row]:
    """The first of equal rows, of which PostgreSQL may show any: they must be alike."""
    ranks: list[Any] | None = None
    shown: list[Any] = []
    for row in rows:
        before, ranks = ranks, [key.ranked(row[key.place]) for key in keys]
        values = [row[key.place] for key in keys]
        if ranks != before:
            shown = values
            yield row
        elif values != shown:
            raise NotPortable(
                f"DISTINCT over the equal values {shown} and {values}",
                why="PostgreSQL leaves open which one is shown",
                instead="cast to numeric(p,s), or round()",
            )
