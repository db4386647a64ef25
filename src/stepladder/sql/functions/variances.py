"""Sums of floats, variance, deviation and regression: numeric with PostgreSQL's own scale, floating point by Youngs and Cramer.

The steps are those of numeric.c and float.c, in the order of the rows, so that every bit agrees.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from decimal import Decimal
from typing import Any, ClassVar

from stepladder.errors import NotPortable, NumericOutOfRange
from stepladder.sql.functions.exact_sums import ExactSum
from stepladder.sql.functions.numbers import division_scale, numeric_divide
from stepladder.sql.functions.registry import Aggregate
from stepladder.sql.numerals import EXACT, numeric_text, parse_numeric, rescaled, scale_of, to_float4


class _NumericVariance(ExactSum):
    """Sums of the values and of their squares; both are exact."""

    sample: ClassVar[bool]
    root: ClassVar[bool]

    def __init__(self) -> None:
        super().__init__()
        self.squares = Decimal(0)

    def _move(self, value: str | int | None, sign: int) -> None:
        super()._move(value, sign)
        if value is None:
            return
        number = parse_numeric(value) if isinstance(value, str) else Decimal(value)
        if number.is_finite():
            square = EXACT.multiply(number, number)
            self.squares = EXACT.add(self.squares, square if sign > 0 else square.copy_negate())

    def value(self) -> str | None:
        """The variance or deviation of the frame."""
        total = self.result()
        if total is None or (self.sample and self.count <= 1):
            return None
        if not total.is_finite():
            return "NaN"
        count = Decimal(self.count)
        squares = rescaled(self.squares, 2 * scale_of(total))
        spread = EXACT.subtract(EXACT.multiply(count, squares), EXACT.multiply(total, total))
        if spread <= 0:
            return "0"
        divisor = EXACT.multiply(count, count - 1 if self.sample else count)
        found = numeric_divide(spread, divisor)
        if self.root:
            context = EXACT.copy()
            scale = division_scale(spread, divisor)
            context.prec = scale + max(found.adjusted(), 0) + 30
            found = rescaled(context.sqrt(found), scale)
        return numeric_text(found)

    finalize = value


class _Floats:
    """Rows of floats, added up one by one; after one has left the frame the rest is added anew."""

    size: ClassVar[int] = 1

    def __init__(self) -> None:
        self.rows: deque[tuple[float, ...]] = deque()
        self.stale = False
        self._clear()

    def _clear(self) -> None:
        self.count = 0.0
        self.sums = [0.0, 0.0]
        self.moments = [0.0, 0.0, 0.0]

    def step(self, *values: float | None) -> None:
        """Take a row in."""
        row = tuple(float(value) for value in values if value is not None)
        if len(row) == len(values):
            self.rows.append(row)
            if not self.stale:
                self._add(row)

    def inverse(self, *values: float | None) -> None:
        """Let the oldest row go."""
        if None not in values:
            self.rows.popleft()
            self.stale = True

    def _add(self, row: tuple[float, ...]) -> None:
        raise NotImplementedError

    def value(self) -> Any:
        """The result over the frame; None of no rows."""
        if self.stale:
            self._clear()
            for row in self.rows:
                self._add(row)
            self.stale = False
        return _number(self.result()) if self.count else None

    def finalize(self) -> Any:
        """The result over the group."""
        return self.value()

    def result(self) -> float | None:
        """The result over at least one row."""
        raise NotImplementedError


def _number(value: float | None) -> float | None:
    if value is not None and math.isnan(value):
        raise NotPortable("NaN as an aggregate's result", why="SQLite's numbers have no NaN")
    return value


class FloatSum(_Floats):
    """sum(double precision)."""

    def _add(self, row: tuple[float, ...]) -> None:
        self.count += 1.0
        before, (value,) = self.sums[0], row
        self.sums[0] = self._rounded(before + value)
        if math.isinf(self.sums[0]) and not math.isinf(before) and not math.isinf(value):
            raise NumericOutOfRange("value out of range: overflow")

    def _rounded(self, value: float) -> float:
        return value

    def result(self) -> float:
        """The sum."""
        return self.sums[0]


class Float4Sum(FloatSum):
    """sum(real): each step is rounded to four bytes."""

    def _rounded(self, value: float) -> float:
        return to_float4(value)


class _Spread(_Floats):
    """float8_accum: count, sum, sum of squares around the mean."""

    def _add(self, row: tuple[float, ...]) -> None:
        (value,) = row
        before, total = self.count, self.sums[0]
        self.count += 1.0
        self.sums[0] += value
        if before > 0.0:
            apart = value * self.count - self.sums[0]
            self.moments[0] += _square_over(apart, self.count * before)
            if math.isinf(self.sums[0]) or math.isinf(self.moments[0]):
                if not math.isinf(total) and not math.isinf(value):
                    raise NumericOutOfRange("value out of range: overflow")
                self.moments[0] = math.nan
        elif not math.isfinite(value):
            self.moments[0] = math.nan


def _square_over(value: float, divisor: float) -> float:
    return value * value / divisor


class FloatAverage(_Spread):
    """avg(double precision)."""

    def result(self) -> float:
        """The average."""
        return self.sums[0] / self.count


class _FloatVariance(_Spread):
    sample: ClassVar[bool]
    root: ClassVar[bool]

    def result(self) -> float | None:
        """The variance or deviation."""
        if self.sample and self.count <= 1.0:
            return None
        found = self.moments[0] / (self.count - 1.0 if self.sample else self.count)
        return math.sqrt(found) if self.root else found


class Regression(_Floats):
    """float8_regr_accum over (Y, X): the moments are those of X, of Y, and of both."""

    formula: ClassVar[Callable[[Regression], float | None]]

    def _add(self, row: tuple[float, ...]) -> None:
        y, x = row
        before, (old_x, old_y) = self.count, self.sums
        self.count += 1.0
        self.sums = [old_x + x, old_y + y]
        if before > 0.0:
            self._spread(x, y, 1.0 / (self.count * before))
            self._guard(
                plain_x=math.isfinite(old_x) and math.isfinite(x),
                plain_y=math.isfinite(old_y) and math.isfinite(y),
            )
            return
        if not math.isfinite(x):
            self.moments[0] = self.moments[2] = math.nan
        if not math.isfinite(y):
            self.moments[1] = self.moments[2] = math.nan

    def _spread(self, x: float, y: float, scale: float) -> None:
        apart_x, apart_y = x * self.count - self.sums[0], y * self.count - self.sums[1]
        self.moments[0] += apart_x * apart_x * scale
        self.moments[1] += apart_y * apart_y * scale
        self.moments[2] += apart_x * apart_y * scale

    def _guard(self, *, plain_x: bool, plain_y: bool) -> None:
        """An infinity that no value brought is an overflow; one that a value brought is NaN."""
        over_x = math.isinf(self.sums[0]) or math.isinf(self.moments[0])
        over_y = math.isinf(self.sums[1]) or math.isinf(self.moments[1])
        over_both = math.isinf(self.moments[2]) and plain_x and plain_y
        if (over_x and plain_x) or (over_y and plain_y) or over_both:
            raise NumericOutOfRange("value out of range: overflow")
        self.moments = [math.nan if math.isinf(each) else each for each in self.moments]

    def result(self) -> float | None:
        """The formula's value."""
        return type(self).formula(self)


def _correlation(state: Regression) -> float | None:
    x, y, both = state.moments
    return None if x == 0 or y == 0 else both / math.sqrt(x * y)


def _determination(state: Regression) -> float | None:
    x, y, both = state.moments
    return None if x == 0 else 1.0 if y == 0 else (both * both) / (x * y)


def _slope(state: Regression) -> float | None:
    x, _, both = state.moments
    return None if x == 0 else both / x


def _intercept(state: Regression) -> float | None:
    x, _, both = state.moments
    return None if x == 0 else (state.sums[1] - state.sums[0] * both / x) / state.count


_FORMULAS: dict[str, Callable[[Regression], float | None]] = {
    "corr": _correlation,
    "covar_pop": lambda state: state.moments[2] / state.count,
    "covar_samp": lambda state: None if state.count < 2.0 else state.moments[2] / (state.count - 1.0),
    "regr_avgx": lambda state: state.sums[0] / state.count,
    "regr_avgy": lambda state: state.sums[1] / state.count,
    "regr_intercept": _intercept,
    "regr_r2": _determination,
    "regr_slope": _slope,
    "regr_sxx": lambda state: state.moments[0],
    "regr_syy": lambda state: state.moments[1],
    "regr_sxy": lambda state: state.moments[2],
}


class RegressionCount:
    """regr_count(): the rows where neither is NULL."""

    def __init__(self) -> None:
        self.count = 0

    def step(self, y: float | None, x: float | None) -> None:
        """Take a row in."""
        self.count += y is not None and x is not None

    def inverse(self, y: float | None, x: float | None) -> None:
        """Let a row go."""
        self.count -= y is not None and x is not None

    def value(self) -> int:
        """The rows of the frame."""
        return self.count

    finalize = value


_FORMS = {"var_pop": (0, 0), "var_samp": (1, 0), "stddev_pop": (0, 1), "stddev_samp": (1, 1)}
AGGREGATES: tuple[Aggregate, ...] = (
    Aggregate("pg_sum_float8", 1, FloatSum),
    Aggregate("pg_sum_float4", 1, Float4Sum),
    Aggregate("pg_avg_float8", 1, FloatAverage),
    Aggregate("pg_regr_count", 2, RegressionCount),
    *(
        Aggregate(f"pg_{word}_{kind}", 1, type(word, (base,), {"sample": bool(sample), "root": bool(root)}))
        for word, (sample, root) in _FORMS.items()
        for kind, base in (("numeric", _NumericVariance), ("float8", _FloatVariance))
    ),
    *(
        Aggregate(f"pg_{name}", 2, type(name, (Regression,), {"formula": staticmethod(formula)}))
        for name, formula in _FORMULAS.items()
    ),
)
