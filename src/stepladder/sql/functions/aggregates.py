"""PostgreSQL's aggregates where SQLite's differ: exact sums, averages with PostgreSQL's scale, the order of numerics.

Each class has `inverse` and `value`, so that it works over a window. Sums of floats are never taken back: after a
row has left the frame the rest is added anew, as PostgreSQL does it.
"""

from __future__ import annotations

from collections import deque
from typing import Any, ClassVar

from stepladder.errors import DatabaseError, NotPortable
from stepladder.sql.functions import collecting, exact_sums, json_aggregates, percentiles, variances
from stepladder.sql.functions.filtered import filtered
from stepladder.sql.functions.intervals import shown_span, span_divided
from stepladder.sql.functions.ordered import ordered
from stepladder.sql.functions.ordering import sort_key
from stepladder.sql.functions.registry import Aggregate
from stepladder.sql.span_spellings import parse_span
from stepladder.sql.spans import Span


class Extreme:
    """max() and min() of a type that SQLite does not order; of equal ones the last, whose digits may differ.

    Kept are the rows that may become the extreme when those before them have gone: each is beaten by the one before it.
    """

    sign: ClassVar[int]

    def __init__(self) -> None:
        self.candidates: deque[tuple[int, Any, str]] = (
            deque()
        )  # the row's number, what it sorts by, its value
        self.came = self.went = 0

    def step(self, type_: str, value: str | None) -> None:
        """Take a row in."""
        if value is None:
            return
        key = sort_key(type_)(value)
        while self.candidates and not self._beats(self.candidates[-1][1], key):
            self.candidates.pop()
        self.candidates.append((self.came, key, value))
        self.came += 1

    def _beats(self, one: Any, other: Any) -> bool:
        return bool(one > other if self.sign > 0 else one < other)

    def inverse(self, _: str, value: str | None) -> None:
        """Let the oldest row go."""
        if value is None:
            return
        if self.candidates[0][0] == self.went:
            self.candidates.popleft()
        self.went += 1

    def value(self) -> str | None:
        """The extreme of the frame; None of no rows."""
        return self.candidates[0][2] if self.candidates else None

    finalize = value


class Largest(Extreme):
    """max()."""

    sign = 1


class Smallest(Extreme):
    """min()."""

    sign = -1


class SpanSum:
    """sum(interval)."""

    def __init__(self) -> None:
        self.count = 0
        self.total = Span(0, 0, 0)

    def step(self, value: str | None) -> None:
        """Take a row in."""
        self._move(value, 1)

    def inverse(self, value: str | None) -> None:
        """Let a row go."""
        self._move(value, -1)

    def _move(self, value: str | None, sign: int) -> None:
        if value is not None:
            self.count += sign
            parts = zip(self.total, parse_span(value), strict=True)
            self.total = Span(*(one + sign * other for one, other in parts))
            shown_span(self.total)

    def value(self) -> str | None:
        """The sum of the frame."""
        return str(self.total) if self.count else None

    finalize = value


class SpanAverage(SpanSum):
    """avg(interval): the sum divided as an interval is, so that months and days spill."""

    def value(self) -> str | None:
        """The average of the frame."""
        return span_divided(str(self.total), float(self.count)) if self.count else None

    finalize = value


class OnlyOne:
    """The value of a scalar subquery: more than one row is an error (21000)."""

    def __init__(self) -> None:
        self.rows: list[Any] = []

    def step(self, value: Any) -> None:
        """Take a row in."""
        if self.rows:
            raise DatabaseError(
                "more than one row returned by a subquery used as an expression", sqlstate="21000"
            )
        self.rows.append(value)

    def finalize(self) -> Any:
        """The row's value; None of no rows."""
        return self.rows[0] if self.rows else None


class SameDigits:
    """The one spelling of a group's equal numerics. Two are refused: PostgreSQL leaves open which one is shown."""

    def __init__(self) -> None:
        self.value: Any = None

    def step(self, value: Any) -> None:
        """Take a row in."""
        if self.value is None:
            self.value = value
        elif value != self.value:
            raise NotPortable(
                f"GROUP BY, DISTINCT or UNION over {self.value} and {value}",
                why="they are equal, and PostgreSQL leaves open which one is shown",
                instead="cast to numeric(p,s), or round(); jsonb to its text",
            )

    def finalize(self) -> Any:
        """The value."""
        return self.value


_PLAIN: tuple[Aggregate, ...] = (
    *exact_sums.AGGREGATES,
    *variances.AGGREGATES,
    *collecting.AGGREGATES,
    *percentiles.AGGREGATES,
    *json_aggregates.AGGREGATES,
    Aggregate("pg_max_ordered", 2, Largest),
    Aggregate("pg_min_ordered", 2, Smallest),
    Aggregate("pg_sum_interval", 1, SpanSum),
    Aggregate("pg_avg_interval", 1, SpanAverage),
    Aggregate("pg_only_one", 1, OnlyOne),
    Aggregate("pg_same_digits", 1, SameDigits),
)
AGGREGATES: tuple[Aggregate, ...] = (
    *_PLAIN,
    *(filtered(each) for each in _PLAIN if hasattr(each.factory, "inverse")),
    ordered({each.name: each.factory for each in _PLAIN}),
)
