"""Every spelling of an interval that PostgreSQL reads: its own, SQL's `1-2` and `3 04:05`, ISO 8601's `P1Y2M3DT4H5M6S`.

As DecodeInterval does it (datetime.c), the words are taken from the last to the first: a unit stands behind its number.
https://www.postgresql.org/docs/current/datatype-datetime.html#DATATYPE-INTERVAL-INPUT
"""

from __future__ import annotations

import math
from functools import lru_cache

from stepladder.errors import InvalidDatetime, NotPortable
from stepladder.sql.c_numbers import fraction, whole
from stepladder.sql.iso_spans import read_iso
from stepladder.sql.moment_parts import Beyond, clock, number
from stepladder.sql.moment_words import IGNORED, BadFormat, Kind, Word, words
from stepladder.sql.span_sums import UNITS, Sum
from stepladder.sql.spans import Span

_SECOND = 1_000_000
_ROOM = 256
ALIASES = {
    "us": "microsecond", "usec": "microsecond", "usecs": "microsecond", "useconds": "microsecond", "usecond": "microsecond",
    "ms": "millisecond", "msec": "millisecond", "msecs": "millisecond", "mseconds": "millisecond", "msecond": "millisecond",
    "s": "second", "sec": "second", "secs": "second", "seconds": "second",
    "m": "minute", "min": "minute", "mins": "minute", "minutes": "minute",
    "h": "hour", "hr": "hour", "hrs": "hour", "hours": "hour", "d": "day", "days": "day", "w": "week", "weeks": "week",
    "mon": "month", "mons": "month", "months": "month", "y": "year", "yr": "year", "yrs": "year", "years": "year",
    "decades": "decade", "decs": "decade", "dec": "decade", "c": "century", "cent": "century", "centuries": "century",
    "mil": "millennium", "mils": "millennium", "millennia": "millennium",
}  # fmt: skip
_LONG = {
    "microsecon": "microsecond",
    "millisecon": "millisecond",
    "millenniu": "millennium",
    "millennium": "millennium",
}
# What stands in PostgreSQL's tables of units and counts nothing.
_UNITS_OF_NOTHING = frozenset(
    ["dow", "doy", "isodow", "isoyear", "j", "jd", "julian", "qtr", "quarter", "timezone"]
)
FIELDS = ("year", "month", "day", "hour", "minute", "second")
_SUBSECONDS = frozenset(["second", "millisecond", "microsecond"])
_CLOCK = _SUBSECONDS | {"minute", "hour"}
_NO_UNIT = "none"


@lru_cache(maxsize=8192)
def parse_span(text: str, fields: str = "") -> Span:
    """The interval that `text` spells; `fields` (`day to hour`) says what a bare number counts. Raises InvalidDatetime."""
    try:
        try:
            return _Reader(text, fields).read(words(text, _ROOM)).span()
        except BadFormat:
            return read_iso(text).span()
    except BadFormat:
        raise InvalidDatetime(f'invalid input syntax for type interval: "{text}"') from None
    except Beyond:
        message = f'interval field value out of range: "{text}"'
        raise InvalidDatetime(message, sqlstate="22015") from None


class _Reader:
    """One text being read."""

    def __init__(self, text: str, fields: str) -> None:
        self.text, self.fields = text, fields
        self.sum = Sum()
        self.seen: frozenset[str] = frozenset()
        self.unit = ""
        self.unit_unused = self.ago = False

    def read(self, found: list[Word]) -> Sum:
        """All the words."""
        for place in range(len(found) - 1, -1, -1):
            word, last = found[place], place == len(found) - 1
            if word.kind in (Kind.NAME, Kind.SIGNED_NAME):
                self._name(word.text, last=last)
                continue
            told = self._time(word) or self._number(word.text)
            self.unit_unused = False
            if told & self.seen:
                raise BadFormat
            self.seen |= told
        if not self.seen or self.unit_unused:
            raise BadFormat
        if self.ago:
            self.sum.negate()
        return self.sum

    def _name(self, word: str, *, last: bool) -> None:
        if self.unit_unused:
            raise BadFormat
        if word in IGNORED:
            self.unit = ""
            return
        unit = ALIASES.get(word) or _LONG.get(word[:10]) or ("minute" if word == "mm" else word)
        if unit in UNITS:
            self.unit, self.unit_unused = unit, True
        elif word == "ago" and last:
            self.unit, self.ago = _NO_UNIT, True
        elif word in ("infinity", "+infinity", "-infinity") and last:
            raise NotPortable(f"{self.text!r} as interval", why="an interval is finite here")
        elif word in _UNITS_OF_NOTHING:
            self.unit, self.unit_unused = _NO_UNIT, True
        else:
            raise BadFormat

    def _time(self, word: Word) -> frozenset[str]:
        """`10:11`, with a sign or without; nothing where it is none."""
        signed = word.kind is Kind.OFFSET and ":" in word.text
        if not signed and word.kind is not Kind.TIME:
            return frozenset()
        try:
            since = self._clock(word.text[1:] if signed else word.text)
        except (BadFormat, Beyond):
            if not signed:
                raise
            return frozenset()  # then it is asked as a number
        self.sum.microseconds = -since if word.text[0] == "-" else since
        self.unit = "day"
        return _CLOCK

    def _clock(self, text: str) -> int:
        hours, minutes, seconds, rest = clock(text, minutes_first=self.fields == "minute to second")
        since = ((hours * 60 + minutes) * 60 + seconds) * _SECOND + rest
        if since >= 2**63:
            raise Beyond
        return since

    def _number(self, word: str) -> frozenset[str]:
        unit = self.unit or self.fields.rpartition(" ")[2] or "second"
        value, at = whole(word)
        if not -(2**63) <= value < 2**63:
            raise Beyond
        part = 0.0
        if word[at : at + 1] == "-":
            months, end = number(word, at + 1)
            if not 0 <= months < 12:
                raise Beyond
            if end < len(word):
                raise BadFormat
            unit = self.unit = "month"
            value = value * 12 + (-months if word[0] == "-" else months)
        elif at < len(word):
            found = fraction(word[at:])
            if found is None:
                raise BadFormat
            part = -found if word[0] == "-" else found
        if unit not in UNITS:
            raise BadFormat
        self.unit = "day" if unit == "hour" else unit
        self.sum.add(value, part, unit)
        return _SUBSECONDS if unit == "second" and part else frozenset([unit])


def fitted(span: Span, fields: str, digits: int | None) -> Span:
    """An interval cut to `fields` (`year to month`, `hour`) and rounded to `digits` of a second (AdjustIntervalForTypmod)."""
    last = fields.rpartition(" ")[2]
    months, days, microseconds = span
    if last == "year":
        months = int(math.copysign(abs(months) // 12 * 12, months))
    if last in ("year", "month"):
        days = 0
    if last in ("year", "month", "day"):
        microseconds = 0
    unit = {"hour": 3600 * _SECOND, "minute": 60 * _SECOND}.get(last)
    sign, size = (-1 if microseconds < 0 else 1), abs(microseconds)
    if unit is not None:
        size = size // unit * unit
    elif digits is not None and digits < 6:
        step = 10 ** (6 - digits)
        size = (size + step // 2) // step * step
    return Span(months, days, sign * size)
