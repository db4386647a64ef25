"""PostgreSQL's aggregates where SQLite's differ: exact sums, averages with PostgreSQL's scale, the order of numerics.

Each class has `inverse` and `value`, so that it works over a window. Sums of floats are never taken back: after a
row has left the frame the rest is added anew, as PostgreSQL does it.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from decimal import Decimal
from typing import Any, ClassVar

from stepladder.errors import DatabaseError, NotPortable, NumericOutOfRange
from stepladder.sql.functions.intervals import span_compare
from stepladder.sql.functions.numbers import numeric_compare, numeric_divide
from stepladder.sql.functions.registry import Aggregate
from stepladder.sql.numerals import EXACT, numeric_text, parse_numeric, rescaled, scale_of, to_float4
from stepladder.sql.span_spellings import parse_span
from stepladder.sql.spans import Span


class ExactSum:
    """sum() of numerics and of bigints: a numeric with the largest scale of the rows that are in."""

    def __init__(self) -> None:
        self.total = Decimal(0)
        self.scales: Counter[int] = Counter()
        self.special: Counter[str] = Counter()

    def step(self, value: str | int | None) -> None:
        """Take a row in."""
        self._move(value, 1)

    def inverse(self, value: str | int | None) -> None:
        """Let a row go."""
        self._move(value, -1)

    def _move(self, value: str | int | None, sign: int) -> None:
        if value is None:
            return
        number = parse_numeric(value) if isinstance(value, str) else Decimal(value)
        if not number.is_finite():
            self.special[numeric_text(number)] += sign
            return
        self.scales[scale_of(number)] += sign
        self.total = EXACT.add(self.total, number if sign > 0 else number.copy_negate())

    @property
    def count(self) -> int:
        """Rows that are in."""
        return self.scales.total() + self.special.total()

    def result(self) -> Decimal | None:
        """The sum; None of no rows."""
        if not self.count:
            return None
        kinds = {name for name, rows in self.special.items() if rows}
        if kinds:
            return Decimal(kinds.pop() if len(kinds) == 1 else "NaN")
        return rescaled(self.total, max(scale for scale, rows in self.scales.items() if rows))

    def value(self) -> str | None:
        """The sum of the frame."""
        found = self.result()
        return None if found is None else numeric_text(found)

    finalize = value


class ExactAverage(ExactSum):
    """avg() of integers and numerics: the sum divided as numeric."""

    def value(self) -> str | None:
        """The average of the frame."""
        found = self.result()
        return None if found is None else numeric_text(numeric_divide(found, Decimal(self.count)))

    finalize = value


class _Frame:
    """Values in the order in which they came; the result is computed anew once one has left."""

    def __init__(self) -> None:
        self.values: deque[Any] = deque()

    def step(self, value: Any) -> None:
        """Take a row in."""
        if value is not None:
            self.values.append(value)

    def inverse(self, value: Any) -> None:
        """Let the oldest row go."""
        if value is not None:
            self.values.popleft()

    def result(self) -> Any:
        """The aggregate of the values, of which there is at least one."""
        raise NotImplementedError

    def value(self) -> Any:
        """The aggregate of the frame; None of no rows."""
        return self.result() if self.values else None

    finalize = value


class FloatSum(_Frame):
    """sum(double precision), in the order of the rows."""

    def result(self) -> float:
        """The sum."""
        total = 0.0
        for value in self.values:
            total += value
        return _checked(total, self.values)

    def finalize(self) -> Any:
        """The sum of the group."""
        return self.value()


class FloatAverage(FloatSum):
    """avg(double precision)."""

    def result(self) -> float:
        """The average."""
        return super().result() / len(self.values)


class Float4Sum(FloatSum):
    """sum(real): each step is rounded to four bytes."""

    def result(self) -> float:
        """The sum."""
        total = 0.0
        for value in self.values:
            total = to_float4(total + value)
        return _checked(total, self.values)


def _checked(total: float, values: deque[Any]) -> float:
    if math.isnan(total):
        raise NotPortable("NaN as the sum of infinities", why="SQLite's numbers have no NaN")
    if math.isinf(total) and not any(map(math.isinf, values)):
        raise NumericOutOfRange("value out of range: overflow")
    return total


class _Extreme(_Frame):
    """The largest or smallest value; of equal ones the last, whose digits may differ."""

    sign: ClassVar[int]

    @staticmethod
    def compare(one: str, other: str) -> int:
        """The order of the values."""
        raise NotImplementedError

    def result(self) -> str:
        """The extreme."""
        best: str = self.values[0]
        for value in self.values:
            if self.compare(value, best) * self.sign >= 0:
                best = value
        return best

    def finalize(self) -> Any:
        """The extreme of the group."""
        return self.value()


class NumericMax(_Extreme):
    """max(numeric)."""

    sign = 1
    compare = staticmethod(numeric_compare)


class NumericMin(_Extreme):
    """min(numeric)."""

    sign = -1
    compare = staticmethod(numeric_compare)


class SpanMax(_Extreme):
    """max(interval)."""

    sign = 1
    compare = staticmethod(span_compare)


class SpanMin(_Extreme):
    """min(interval)."""

    sign = -1
    compare = staticmethod(span_compare)


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

    def value(self) -> str | None:
        """The sum of the frame."""
        return str(self.total) if self.count else None

    finalize = value


class SpanAverage(SpanSum):
    """avg(interval): days spill into time as PostgreSQL divides them."""

    def value(self) -> str | None:
        """The average of the frame."""
        if not self.count:
            return None
        if self.total.months or self.total.days % self.count:
            raise NotPortable(
                "avg() of intervals with months or days", instead="average extract(epoch FROM …)"
            )
        return str(Span(0, self.total.days // self.count, round(self.total.microseconds / self.count)))

    finalize = value


class StringAggregate:
    """string_agg(), in the order of the rows."""

    def __init__(self) -> None:
        self.parts: deque[tuple[str, str]] = deque()

    def step(self, value: str | None, separator: str | None) -> None:
        """Take a row in."""
        if value is not None:
            self.parts.append((separator or "", value))

    def inverse(self, value: str | None, _: str | None) -> None:
        """Let the oldest row go."""
        if value is not None:
            self.parts.popleft()

    def value(self) -> str | None:
        """The joined text: a separator stands before each value but the first."""
        if not self.parts:
            return None
        texts = [text for pair in self.parts for text in pair]
        return "".join(texts[1:])

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
                instead="cast to numeric(p,s), or round()",
            )

    def finalize(self) -> Any:
        """The value."""
        return self.value


AGGREGATES: tuple[Aggregate, ...] = (
    Aggregate("pg_sum_exact", 1, ExactSum),
    Aggregate("pg_avg_exact", 1, ExactAverage),
    Aggregate("pg_sum_float8", 1, FloatSum),
    Aggregate("pg_avg_float8", 1, FloatAverage),
    Aggregate("pg_sum_float4", 1, Float4Sum),
    Aggregate("pg_max_numeric", 1, NumericMax),
    Aggregate("pg_min_numeric", 1, NumericMin),
    Aggregate("pg_max_interval", 1, SpanMax),
    Aggregate("pg_min_interval", 1, SpanMin),
    Aggregate("pg_sum_interval", 1, SpanSum),
    Aggregate("pg_avg_interval", 1, SpanAverage),
    Aggregate("pg_string_agg", 2, StringAggregate),
    Aggregate("pg_only_one", 1, OnlyOne),
    Aggregate("pg_same_digits", 1, SameDigits),
)
