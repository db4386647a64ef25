"""Years, months, days and times of day, filled in as the words of a text tell them (DecodeNumber and its kin in datetime.c).

`known` are the names of the parts that are known already; each function returns those that it has found.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from stepladder.sql.c_numbers import fraction, whole
from stepladder.sql.moment_words import MONTHS, BadFormat

Known = frozenset[str]
DAY: Known = frozenset(["year", "month", "day"])
TIME: Known = frozenset(["time"])
_MOST = 2**31
_MILLION = 1_000_000
_PIECE = re.compile(r"\d+|[a-z]+", re.ASCII)
_PIECES = 25


class Beyond(Exception):
    """A number that no calendar or clock has."""


@dataclass
class Parts:
    """The parts of a moment."""

    year: int = 0
    month: int = 0
    day: int = 0
    day_of_year: int = 0
    hour: int = 0
    minute: int = 0
    second: int = 0
    microsecond: int = 0
    short_year: bool = False

    def check_time(self) -> None:
        """Raise Beyond for a time that no day has."""
        seconds = (self.hour * 60 + self.minute) * 60 + self.second
        beyond = self.hour > 24 or self.minute > 59 or self.second > 60 or self.microsecond > _MILLION
        if beyond or seconds * _MILLION + self.microsecond > 86_400 * _MILLION:
            raise Beyond


def number(text: str, at: int = 0) -> tuple[int, int]:
    """A whole number of 32 bits, and where it ends. Raises Beyond."""
    value, end = whole(text, at)
    if not -_MOST <= value < _MOST:
        raise Beyond
    return value, end


def microseconds(text: str) -> int:
    """`.25` of a second."""
    found = fraction(text)
    if found is None:
        raise BadFormat
    return round(found * _MILLION)


def clock(text: str, *, minutes_first: bool = False) -> tuple[int, int, int, int]:
    """`10:11`, `10:11:12.5`, and `10:11.5`, which is minutes and seconds (DecodeTimeCommon)."""
    hour, at = whole(text)
    if not -(2**63) <= hour < 2**63:
        raise Beyond
    if text[at : at + 1] != ":":
        raise BadFormat
    minute, at = number(text, at + 1)
    second = rest = 0
    rest_text = text[at:]
    if rest_text[:1] == ":":
        second, at = number(text, at + 1)
        rest_text = text[at:]
        if rest_text[:1] == ".":
            rest = microseconds(rest_text)
        elif rest_text:
            raise BadFormat
    elif rest_text[:1] == "." or (minutes_first and not rest_text):
        rest = microseconds(rest_text) if rest_text else 0
        if hour >= _MOST:
            raise Beyond
        hour, minute, second = 0, hour, minute
    elif rest_text:
        raise BadFormat
    if hour < 0 or not 0 <= minute <= 59 or not 0 <= second <= 60 or rest > _MILLION:
        raise Beyond
    return hour, minute, second, rest


def set_date(parts: Parts, text: str, known: Known) -> Known:
    """A date in one word: `2024-01-05`, `5-Jan-2024` (DecodeDate)."""
    pieces = _pieces(text)
    found: Known = frozenset()
    named = [piece for piece in pieces if piece.isalpha()]
    for piece in named:
        if piece not in MONTHS or "month" in known | found:
            raise BadFormat
        parts.month, found = MONTHS[piece], found | {"month"}
    for piece in pieces:
        if piece not in named:
            told = set_number(parts, piece, known | found, month_named=bool(named))
            if told & (known | found):
                raise BadFormat
            found |= told
    if (known | found) - {"day of year", "zone"} != DAY:
        raise BadFormat
    return found


def _pieces(text: str) -> list[str]:
    """Letters and digits; what stands behind a piece is passed over, a letter too."""
    found: list[str] = []
    at = 0
    while at < len(text) and len(found) < _PIECES:
        while at < len(text) and not text[at].isalnum():
            at += 1
        match = _PIECE.match(text, at)
        if match is None:
            raise BadFormat
        found.append(match[0])
        at = match.end() + 1
    return found


def set_number(parts: Parts, text: str, known: Known, *, month_named: bool) -> Known:
    """A number alone: a year, a month, a day, by what is known (DecodeNumber)."""
    value, end = number(text)
    if end == 0:
        raise BadFormat
    if text[end : end + 1] == ".":
        if end > 2:
            return set_run(parts, text, known | DAY)
        parts.microsecond = microseconds(text[end:])
    elif end < len(text):
        raise BadFormat
    day = known & DAY
    if len(text) == 3 and day == {"year"} and 1 <= value <= 366:
        parts.day_of_year = value
        return frozenset(["day of year", "month", "day"])
    if day == DAY:
        return set_run(parts, text, known)
    return _set(parts, _meant(day, len(text), parts, month_named=month_named), value, len(text))


def _meant(day: Known, length: int, parts: Parts, *, month_named: bool) -> str:
    """What a number is, by what is known of the day."""
    if day == {"month"} and month_named:
        return "year" if length >= 3 else "day"
    if day == {"year", "month"}:
        return "year behind the day" if month_named and length >= 3 and parts.short_year else "day"
    if not day:
        return "year" if length >= 3 else "month"
    if day in ({"year"}, {"day"}):
        return "month"
    if day == {"month"}:
        return "day"
    if day == {"month", "day"}:
        return "year"
    raise BadFormat


def _set(parts: Parts, what: str, value: int, length: int) -> Known:
    if what == "year behind the day":  # the number that was taken for the year was the day
        parts.day, parts.year, parts.short_year = parts.year, value, False
        return frozenset(["day"])
    setattr(parts, what, value)
    if what == "year":
        parts.short_year = length <= 2
    return frozenset([what])


def set_run(parts: Parts, text: str, known: Known) -> Known:
    """Digits without anything between them: `20240105`, `101112.5` (DecodeNumberField)."""
    run, point, behind = text.partition(".")
    if point:
        digits = re.match(r"\d*", behind, re.ASCII)
        parts.microsecond = round(float(f"0.{digits[0] if digits else ''}0") * _MILLION)
    elif not known >= DAY and len(run) >= 6:
        parts.day, parts.month, parts.year = int(run[-2:]), int(run[-4:-2]), _wrapped(run[:-4])
        parts.short_year = parts.short_year or len(run) == 6
        return DAY
    if "time" not in known and len(run) in (4, 6):
        parts.hour, parts.minute, parts.second = int(run[:2]), int(run[2:4]), int(run[4:] or 0)
        return TIME
    raise BadFormat


def _wrapped(digits: str) -> int:
    """As C's atoi() reads what is too long for it."""
    return (min(int(digits), 2**63 - 1) + _MOST) % (2 * _MOST) - _MOST
