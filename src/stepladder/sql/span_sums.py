"""The parts of an interval, added up: what is less than a month or a day spills into the next part, as the server has it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from stepladder.errors import InvalidDatetime
from stepladder.sql.moment_parts import Beyond
from stepladder.sql.spans import DAY, Span

_SECOND = 1_000_000
# unit -> the part that it is of, and how many of it.
UNITS = {
    "microsecond": ("microseconds", 1), "millisecond": ("microseconds", 1000), "second": ("microseconds", _SECOND),
    "minute": ("microseconds", 60 * _SECOND), "hour": ("microseconds", 3600 * _SECOND), "day": ("days", 1), "week": ("days", 7),
    "month": ("months", 1), "year": ("years", 1), "decade": ("years", 10), "century": ("years", 100), "millennium": ("years", 1000),
}  # fmt: skip
_LIMITS = {"years": 2**31, "months": 2**31, "days": 2**31, "microseconds": 2**63}


@dataclass
class Sum:
    """The parts so far. Each has the server's number of bits; beyond them is Beyond."""

    years: int = 0
    months: int = 0
    days: int = 0
    microseconds: int = 0

    def add(self, count: int, part: float, unit: str) -> None:
        """So many of a unit, and a part of one. Raises Beyond."""
        field, factor = UNITS[unit]
        self._add(field, count * factor)
        if not part:
            return
        if field == "years":
            self._add("months", round(part * factor * 12))
        elif field == "microseconds":
            self._add_rounded(part * factor)
        elif unit == "day":
            self._add_rounded(part * DAY)
        else:
            days = part * (30 if unit == "month" else factor)
            self._add("days", int(days))
            self._add_rounded((days - int(days)) * DAY)

    def negate(self) -> None:
        """All of it the other way round."""
        for field, limit in _LIMITS.items():
            if getattr(self, field) == -limit:
                raise Beyond
            setattr(self, field, -getattr(self, field))

    def span(self) -> Span:
        """The interval. Raises InvalidDatetime."""
        months = self.years * 12 + self.months
        if not -(2**31) <= months < 2**31:
            raise InvalidDatetime("interval out of range", sqlstate="22008")
        return Span(months, self.days, self.microseconds)

    def _add(self, field: str, more: int) -> None:
        limit = _LIMITS[field]
        found = getattr(self, field) + more
        if not -limit <= found < limit or not -limit <= more < limit:
            raise Beyond
        setattr(self, field, found)

    def _add_rounded(self, microseconds: float) -> None:
        """A half is cut off."""
        count = math.trunc(microseconds)
        rest = microseconds - count
        self._add("microseconds", count + (1 if rest > 0.5 else -1 if rest < -0.5 else 0))
