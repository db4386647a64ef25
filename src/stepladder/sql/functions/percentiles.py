"""Ordered-set aggregates: they get their rows sorted (see `ordered`), with the fraction or the type before the value."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from stepladder.errors import NotPortable, NumericOutOfRange
from stepladder.sql.functions.arrays import build, elements
from stepladder.sql.functions.intervals import span_difference, span_sum, span_times
from stepladder.sql.functions.ordering import compare_rows, directions, sort_key
from stepladder.sql.functions.registry import Aggregate, Scalar, strict


class _Sorted:
    """The values, sorted; NULLs are left out."""

    def __init__(self) -> None:
        self.fraction: Any = None
        self.type = ""
        self.values: list[Any] = []

    def step(self, type_: str, fraction: Any, value: Any) -> None:
        """Take a row in."""
        self.type, self.fraction = type_, fraction
        if value is not None:
            self.values.append(value)

    def at(self, fraction: float) -> Any:
        """The value that stands at that part of the way."""
        raise NotImplementedError

    def finalize(self) -> Any:
        """The value at the fraction, or an array of those at several."""
        if self.fraction is None or not self.values:
            return None
        if not isinstance(self.fraction, str):
            return self._inside(self.fraction)
        places = elements(self.fraction, "float8")
        if not places:
            return "{}"
        return build(self.type, *map(self._inside, places))

    def _inside(self, fraction: float | None) -> Any:
        """None of no fraction, and of one that is an error: what checks it comes after the aggregate."""
        return None if fraction is None or not 0 <= fraction <= 1 else self.at(fraction)


class Discrete(_Sorted):
    """percentile_disc(): the first value at or behind the fraction."""

    def at(self, fraction: float) -> Any:
        """One of the values. Raises NotPortable where PostgreSQL may show any of several equal ones."""
        place = max(math.ceil(fraction * len(self.values)) - 1, 0)
        found = self.values[place]
        for neighbour in self.values[max(place - 1, 0) : place + 2]:
            if neighbour != found and sort_key(self.type)(neighbour) == sort_key(self.type)(found):
                raise _open(found, neighbour)
        return found


class Continuous(_Sorted):
    """percentile_cont(): between two values where the fraction falls between them."""

    def at(self, fraction: float) -> Any:
        """A value on the line between two neighbours."""
        place = fraction * (len(self.values) - 1)
        first, second = math.floor(place), math.ceil(place)
        low, high = self.values[first], self.values[second]
        if first == second:
            return low
        between: Callable[[Any, Any, float], Any] = _spans if self.type == "interval" else _floats
        return between(low, high, place - first)


def _floats(low: float, high: float, part: float) -> float:
    return low + part * (high - low)


def _spans(low: str, high: str, part: float) -> str:
    return span_sum(low, span_times(span_difference(high, low), part))


def _open(one: Any, other: Any) -> NotPortable:
    return NotPortable(
        f"one of the equal values {one} and {other}",
        why="PostgreSQL leaves open which one is shown",
        instead="cast to numeric(p,s), or round()",
    )


class Mode:
    """mode(): the most frequent value, of several the first in order."""

    def __init__(self) -> None:
        self.best: Any = None
        self.most = self.run = 0
        self.value: Any = None

    def step(self, type_: str, value: Any) -> None:
        """Take a row in."""
        if value is None:
            return
        same = self.run and sort_key(type_)(value) == sort_key(type_)(self.value)
        if same and value != self.value:
            raise _open(value, self.value)
        if not same:
            self.value = value
        self.run = self.run + 1 if same else 1
        if self.run > self.most:
            self.best, self.most = self.value, self.run

    def finalize(self) -> Any:
        """The value; None of no rows."""
        return self.best


class _Hypothetical:
    """Where a row would stand among the others. The rows come as (keys, the row's values…, the others'…)."""

    def __init__(self) -> None:
        self.before = self.same = self.count = self.different = 0
        self.last: Sequence[Any] | None = None

    def step(self, spelled: str, *values: Any) -> None:
        """Take a row in; they come sorted."""
        keys = directions(spelled)
        half = len(values) // 2
        row, other = values[:half], values[half:]
        order = compare_rows(other, row, keys)
        self.count += 1
        self.before += order < 0
        self.same += order == 0
        if order < 0 and (self.last is None or compare_rows(self.last, other, keys)):
            self.different += 1
        self.last = other

    def finalize(self) -> int | float:
        """The place."""
        raise NotImplementedError


class Rank(_Hypothetical):
    """rank()."""

    def finalize(self) -> int:
        """One more than the rows before."""
        return self.before + 1


class DenseRank(_Hypothetical):
    """dense_rank()."""

    def finalize(self) -> int:
        """One more than the different rows before."""
        return self.different + 1


class PercentRank(_Hypothetical):
    """percent_rank()."""

    def finalize(self) -> float:
        """The part of the rows that are before."""
        return self.before / self.count if self.count else 0.0


class CumulativeDistribution(_Hypothetical):
    """cume_dist()."""

    def finalize(self) -> float:
        """The part of the rows that are not behind, the row itself counted."""
        return (self.before + self.same + 1) / (self.count + 1)


def fraction(value: float) -> float:
    """A percentile's fraction, from 0 to 1. Raises NumericOutOfRange."""
    if not 0 <= value <= 1:
        raise NumericOutOfRange(f"percentile value {value:g} is not between 0 and 1")
    return value


def fractions(text: str) -> str:
    """Several of them."""
    for value in elements(text, "float8"):
        if value is not None:
            fraction(value)
    return text


SCALARS: tuple[Scalar, ...] = (
    strict("pg_fraction", 1, fraction),
    strict("pg_fractions", 1, fractions),
)
AGGREGATES: tuple[Aggregate, ...] = (
    Aggregate("pg_percentile_disc", 3, Discrete),
    Aggregate("pg_percentile_cont", 3, Continuous),
    Aggregate("pg_mode", 2, Mode),
    Aggregate("pg_place_rank", -1, Rank),
    Aggregate("pg_place_dense_rank", -1, DenseRank),
    Aggregate("pg_place_percent_rank", -1, PercentRank),
    Aggregate("pg_place_cume_dist", -1, CumulativeDistribution),
)
