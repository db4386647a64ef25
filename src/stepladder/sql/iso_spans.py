"""ISO 8601's intervals, as PostgreSQL reads them (DecodeISO8601Interval in datetime.c).

With designators (`P1Y2M3DT4H5M6.5S`) and in the other format (`P0001-02-03T04:05:06`, `P00010203T040506`).
"""

from __future__ import annotations

import math
import re

from stepladder.sql.moment_parts import Beyond
from stepladder.sql.moment_words import BadFormat
from stepladder.sql.span_sums import Sum

_NUMBER = re.compile(r"-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_DIGITS = re.compile(r"-?(\d*)", re.ASCII)
_MOST = 1e15
_PARTED = {True: ("year", "month", "day"), False: ("hour", "minute", "second")}
_OF_A_RUN = {(True, 8): _PARTED[True], (False, 6): _PARTED[False]}
_DATES = {"Y": "year", "M": "month", "W": "week", "D": "day"}
_TIMES = {"H": "hour", "M": "minute", "S": "second"}


def read_iso(text: str) -> Sum:
    """The interval that begins with `P`. Raises BadFormat, Beyond."""
    if len(text) < 2 or text[0] != "P":
        raise BadFormat
    reader = _Reader(text)
    while reader.at < len(text):
        reader.step()
    return reader.sum


class _Reader:
    """One text being read. `designated` says whether a part of its half was named by a letter."""

    def __init__(self, text: str) -> None:
        self.text, self.at, self.sum = text, 1, Sum()
        self.is_date, self.designated = True, False

    def step(self) -> None:
        """One number with what stands behind it."""
        if self._next() == "T":
            self._begin_time()
            self.at += 1
            return
        start = self.at
        count, part = self._number()
        behind = self._next()
        self.at += 1
        units, separator = (_DATES, "-") if self.is_date else (_TIMES, ":")
        if behind in units:
            self.sum.add(count, part, units[behind])
            self.designated = True
            return
        if self.designated or behind not in ("", separator, "T" if self.is_date else ""):
            raise BadFormat
        if behind == separator or not self._run(start, count, part):
            behind = self._parted(count, part, behind, separator)
        if behind == "T":
            self._begin_time()

    def _begin_time(self) -> None:
        self.is_date, self.designated = False, False

    def _next(self) -> str:
        return self.text[self.at : self.at + 1]

    def _number(self) -> tuple[int, float]:
        match = _NUMBER.match(self.text, self.at)
        value = float(match[0]) if match else math.inf
        if match is None or math.isinf(value):
            raise BadFormat
        if not -_MOST <= value <= _MOST:
            raise Beyond
        self.at = match.end()
        count = math.trunc(value)
        return count, value - count

    def _run(self, start: int, count: int, part: float) -> bool:
        """Digits without anything between them: `00010203`, `040506`."""
        digits = _DIGITS.match(self.text, start)
        units = _OF_A_RUN.get((self.is_date, len(digits[1]) if digits else 0))
        if units is None:
            return False
        sign, size = (-1 if count < 0 else 1), abs(count)
        for value, unit in zip((size // 10_000, size // 100 % 100, size % 100), units, strict=True):
            self.sum.add(sign * value, 0.0, unit)
        self.sum.add(0, part, "day" if self.is_date else "microsecond")
        return True

    def _parted(self, count: int, part: float, behind: str, separator: str) -> str:
        """`0001-02-03` or `04:05:06`, of which less may be there; what stands behind it."""
        first, *others = _PARTED[self.is_date]
        self.sum.add(count, part, first)
        for unit in others:
            if behind != separator:
                break
            self.sum.add(*self._number(), unit)
            behind = self._next()
            self.at += 1
        if behind not in ("", "T" if self.is_date else ""):
            raise BadFormat
        return behind
