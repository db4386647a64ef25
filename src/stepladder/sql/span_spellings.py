"""Every spelling of an interval that PostgreSQL reads: its own, SQL's `1-2` and `3 04:05`, ISO 8601's `P1Y2M3DT4H5M6S`.

As DecodeInterval does it, the words are taken from the last to the first: a unit stands behind its number.
https://www.postgresql.org/docs/current/datatype-datetime.html#DATATYPE-INTERVAL-INPUT
"""

from __future__ import annotations

import math
import re
from functools import lru_cache

from stepladder.errors import InvalidDatetime, NotPortable
from stepladder.sql.spans import DAY, Span
from stepladder.sql.texts import BLANKS

_SECOND = 1_000_000
# unit -> (field, how many of it); what is less than a month or a day spills into the next field.
_UNITS = {
    "microsecond": ("us", 1), "millisecond": ("us", 1000), "second": ("us", _SECOND), "minute": ("us", 60 * _SECOND),
    "hour": ("us", 3600 * _SECOND), "day": ("days", 1), "week": ("days", 7), "month": ("months", 1),
    "year": ("years", 12), "decade": ("years", 120), "century": ("years", 1200), "millennium": ("years", 12_000),
}  # fmt: skip
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
FIELDS = ("year", "month", "day", "hour", "minute", "second")
_TOKEN = re.compile(
    r"(?P<clock>[+-]?\s*\d+:[\d:.]*)"
    r"|(?P<date>[+-]?\s*\d+(?:-\d+-|/)\S*)"
    r"|(?P<number>[+-]?\s*(?:\d+-\d+|\d+(?:\.\d*)?|\.\d+))"
    r"|(?P<word>[a-z]+)"
    r"|(?P<other>[\s,@;/()]+)",
    re.ASCII,
)
_CLOCK = re.compile(r"([+-]?)\s*(\d+):(\d+)(?::(\d+)(\.\d*)?|(\.\d*)|:)?", re.ASCII)
_NUMBER = re.compile(r"([+-]?)\s*(?:(\d+)-(\d+)|(\d*)(\.\d*)?)", re.ASCII)
_ISO = re.compile(r"P(?=.)((?:-?[\d.]+[YMWD])*)(?:T((?:-?[\d.]+[HMS])*))?", re.ASCII)
_ISO_PART = re.compile(r"(-?)(\d*)(\.\d*)?([A-Z])", re.ASCII)
_ISO_DATES = {"Y": "year", "M": "month", "W": "week", "D": "day"}
_ISO_TIMES = {"H": "hour", "M": "minute", "S": "second"}
_ISO_PLAIN = re.compile(r"P(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2}):(\d{2}(?:\.\d*)?))?", re.ASCII)


@lru_cache(maxsize=8192)
def parse_span(text: str, fields: str = "") -> Span:
    """The interval that `text` spells; `fields` (`day to hour`) says what a bare number counts. Raises InvalidDatetime."""
    folded = text.strip(BLANKS)
    found = _iso(folded, text)
    return found or _Sum(text).of(folded.lower(), fields)


class _Sum:
    """The parts of one text, added up."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.months = self.years = self.days = self.microseconds = 0
        self.seen: set[str] = set()

    def of(self, folded: str, fields: str) -> Span:
        words = self._words(folded)
        unit, unit_unused, ago = "", False, False
        for place in range(len(words) - 1, -1, -1):
            kind, word = words[place]
            if kind == "word":
                if unit_unused:
                    raise self.invalid()
                if word == "ago" and place == len(words) - 1:
                    ago = True
                else:
                    unit, unit_unused = self._unit(word), True
                continue
            unit_unused = False
            if kind == "clock":
                self._clock(word, fields)
                unit = "day"
                continue
            unit = unit or fields.rpartition(" ")[2] or "second"
            unit = self._number(word, unit)
        if not self.seen or unit_unused:
            raise self.invalid()
        return self.span(-1 if ago else 1)

    def _words(self, folded: str) -> list[tuple[str, str]]:
        found, at = [], 0
        while at < len(folded):
            match = _TOKEN.match(folded, at)
            if match is None and folded[at].isascii() and folded[at].isprintable():
                raise NotPortable(
                    f"{self.text!r} as interval", why="it has signs that PostgreSQL passes over"
                )
            if match is None:
                raise self.invalid()
            if match.lastgroup == "date":
                raise NotPortable(f"{self.text!r} as interval", why="it is a date")
            at = match.end()
            if match.lastgroup != "other":
                found.append((match.lastgroup or "", match[0]))
        return found

    def _unit(self, word: str) -> str:
        found = ALIASES.get(word) or _LONG.get(word[:10]) or word
        if found in ("infinity", "inf"):
            raise NotPortable(f"{self.text!r} as interval", why="an interval is finite here")
        if found not in _UNITS:
            raise self.invalid()
        return found

    def _clock(self, word: str, fields: str) -> None:
        match = _CLOCK.fullmatch(word)
        if match is None:
            raise self.invalid()
        hours, minutes, seconds = int(match[2]), int(match[3]), int(match[4] or 0)
        if match[6] is not None or (match[4] is None and fields == "minute to second"):
            hours, minutes, seconds = 0, hours, minutes
        if minutes > 59 or seconds > 60:
            raise self.out_of_range()
        sign = -1 if match[1] == "-" else 1
        self._see("clock", "hour", "minute", "second")
        whole = ((hours * 60 + minutes) * 60 + seconds) * _SECOND
        self.microseconds += sign * (whole + _whole(float((match[5] or match[6] or ".") + "0") * _SECOND))

    def _number(self, word: str, unit: str) -> str:
        """Add one number; the unit of a number before it that has none."""
        match = _NUMBER.fullmatch(word)
        assert match is not None
        sign = -1 if match[1] == "-" else 1
        if match[3] is not None:
            if int(match[3]) > 11:
                raise self.out_of_range()
            self._see("month")
            self.months += sign * (int(match[2]) * 12 + int(match[3]))
            return "month"
        fraction = sign * float(match[5] + "0") if match[5] else 0.0
        self._see(*(("second", "millisecond", "microsecond") if unit == "second" and fraction else (unit,)))
        self.add(sign * int(match[4] or 0), fraction, unit)
        return "day" if unit == "hour" else unit

    def _see(self, *units: str) -> None:
        """Note the fields that are given: none may be given twice."""
        if self.seen & set(units):
            raise self.invalid()
        self.seen.update(units)

    def add(self, whole: int, fraction: float, unit: str) -> None:
        """Add a number of units; its fraction spills as AdjustFractDays and its kin have it."""
        field, factor = _UNITS[unit]
        if field == "us":
            self.microseconds += whole * factor + _whole(fraction * factor)
        elif field == "years":
            self.months += whole * factor + round(fraction * factor)
        else:
            days = fraction * (30 if unit == "month" else factor)
            if field == "months":
                self.months += whole
            else:
                self.days += whole * factor
            if unit == "day":
                self.microseconds += _whole(days * DAY)
            else:
                self.days += int(days)
                self.microseconds += _whole((days - int(days)) * DAY)

    def span(self, sign: int = 1) -> Span:
        """The sum."""
        found = Span(sign * self.months, sign * self.days, sign * self.microseconds)
        limits = (2**31, 2**31, 2**63)
        if any(not -limit <= part < limit for part, limit in zip(found, limits, strict=True)):
            raise self.out_of_range()
        return found

    def invalid(self) -> InvalidDatetime:
        """The text is no interval."""
        return InvalidDatetime(f'invalid input syntax for type interval: "{self.text}"')

    def out_of_range(self) -> InvalidDatetime:
        """It is one that cannot be."""
        return InvalidDatetime(f'interval field value out of range: "{self.text}"', sqlstate="22015")


def _whole(microseconds: float) -> int:
    """Rounded; a half is cut off."""
    whole = math.trunc(microseconds)
    rest = microseconds - whole
    return whole + (1 if rest > 0.5 else -1 if rest < -0.5 else 0)


def _iso(folded: str, text: str) -> Span | None:
    plain = _ISO_PLAIN.fullmatch(folded)
    if plain:
        years, months, days, hours, minutes = (int(part or 0) for part in plain.groups()[:5])
        clock = (hours * 60 + minutes) * 60 * _SECOND + round(float(plain[6] or 0) * _SECOND)
        return Span(years * 12 + months, days, clock)
    match = _ISO.fullmatch(folded)
    if match is None:
        return None
    found = _Sum(text)
    for part, units in ((match[1], _ISO_DATES), (match[2] or "", _ISO_TIMES)):
        for sign, whole, fraction, unit in _ISO_PART.findall(part):
            negative = -1 if sign else 1
            found.add(negative * int(whole or 0), negative * float((fraction or ".") + "0"), units[unit])
    return found.span()


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
