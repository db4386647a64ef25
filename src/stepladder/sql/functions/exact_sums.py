"""Sums and averages without loss: of integers, of numerics with PostgreSQL's scale."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from stepladder.sql.functions.numbers import numeric_divide
from stepladder.sql.functions.registry import Aggregate
from stepladder.sql.numerals import EXACT, numeric_text, parse_numeric, rescaled, scale_of


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


AGGREGATES: tuple[Aggregate, ...] = (
    Aggregate("pg_sum_exact", 1, ExactSum),
    Aggregate("pg_avg_exact", 1, ExactAverage),
)
