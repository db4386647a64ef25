"""PostgreSQL's interval as a value: months, days and microseconds are kept apart, as the server keeps them.

Text in PostgreSQL's own style (`1 year 2 mons -3 days +04:05:06.7`) is read and written; ISO 8601's
`P1Y2M3DT4H5M6S` is read (https://www.postgresql.org/docs/current/datatype-datetime.html).
"""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from typing import NamedTuple

from stepladder.errors import InvalidDatetime
from stepladder.sql.texts import BLANKS

DAY = 86_400_000_000  # microseconds
_SECOND = 1_000_000
_MONTH_DAYS = 30
_UNITS = {
    "microsecond": ("us", 1), "millisecond": ("us", 1000), "second": ("us", _SECOND), "minute": ("us", 60 * _SECOND),
    "hour": ("us", 3600 * _SECOND), "day": ("days", 1), "week": ("days", 7), "month": ("months", 1),
    "year": ("months", 12), "decade": ("months", 120), "century": ("months", 1200), "millennium": ("months", 12_000),
}  # fmt: skip
_ALIASES = {
    "us": "microsecond", "usec": "microsecond", "usecs": "microsecond", "useconds": "microsecond", "microseconds": "microsecond",
    "ms": "millisecond", "msec": "millisecond", "msecs": "millisecond", "milliseconds": "millisecond",
    "s": "second", "sec": "second", "secs": "second", "seconds": "second",
    "m": "minute", "min": "minute", "mins": "minute", "minutes": "minute",
    "h": "hour", "hr": "hour", "hrs": "hour", "hours": "hour", "d": "day", "days": "day", "w": "week", "weeks": "week",
    "mon": "month", "mons": "month", "months": "month", "y": "year", "yr": "year", "yrs": "year", "years": "year",
    "decades": "decade", "decs": "decade", "dec": "decade", "c": "century", "cent": "century", "centuries": "century",
    "millennia": "millennium", "mil": "millennium", "mils": "millennium",
}  # fmt: skip
_PART = re.compile(
    r"\s*(?:(?P<sign>[+-]?)(?P<hours>\d+):(?P<minutes>\d{1,2})(?::(?P<seconds>\d{1,2}(?:\.\d*)?))?"
    r"|(?P<number>[+-]?\s*(?:\d+(?:\.\d*)?|\.\d+))\s*(?P<unit>[a-z]+))\s*(?:,\s*)?",
    re.IGNORECASE | re.ASCII,
)
_AMOUNT = r"(-?\d+(?:\.\d*)?)"
_ISO = re.compile(
    "P"
    + "".join(f"(?:{_AMOUNT}{unit})?" for unit in "YMWD")
    + "(?:T"
    + "".join(f"(?:{_AMOUNT}{unit})?" for unit in "HMS")
    + ")?",
    re.ASCII,
)
_PRINTED = re.compile(
    r"(?:([+-]?\d+) years? ?)?(?:([+-]?\d+) mons? ?)?(?:([+-]?\d+) days? ?)?"
    r"(?:([+-]?)(\d+):(\d\d):(\d\d)(?:\.(\d{1,6}))?)?",
    re.ASCII,
)
_ISO_UNITS = ("year", "month", "week", "day", "hour", "minute", "second")


class Span(NamedTuple):
    """An interval. Queries return it where Python's timedelta cannot hold one: a month is no number of days."""

    months: int
    days: int
    microseconds: int

    def __str__(self) -> str:
        return span_text(self)

    @property
    def order(self) -> int:
        """Its length in microseconds by PostgreSQL's order: a month has 30 days, a day 24 hours."""
        return (self.months * _MONTH_DAYS + self.days) * DAY + self.microseconds


def from_timedelta(value: timedelta) -> Span:
    """Python's timedelta as PostgreSQL's drivers send it: days, and the rest as time."""
    return Span(0, value.days, value.seconds * _SECOND + value.microseconds)


def printed_interval(text: str) -> timedelta | Span:
    """The value of an interval as the server prints it: a timedelta, or a Span where it has months or is too long.

    Raises InvalidDatetime for infinity, which neither holds.
    """
    match = _PRINTED.fullmatch(text)
    if match is None or not text:
        raise _invalid(text)
    years, months, days, sign, hours, minutes, seconds, fraction = match.groups("0")
    clock = (int(hours) * 60 + int(minutes)) * 60 + int(seconds)
    microseconds = clock * _SECOND + int(fraction.ljust(6, "0"))
    span = Span(int(years) * 12 + int(months), int(days), -microseconds if sign == "-" else microseconds)
    if span.months:
        return span
    try:
        return timedelta(days=span.days, microseconds=span.microseconds)
    except OverflowError:
        return span


@lru_cache(maxsize=4096)
def parse_span(text: str) -> Span:
    """The interval that `text` spells. Raises InvalidDatetime (22007)."""
    folded = text.strip(BLANKS)
    iso = _ISO.fullmatch(folded)
    if iso and any(iso.groups()):
        parts = [
            (unit, Decimal(number)) for unit, number in zip(_ISO_UNITS, iso.groups(), strict=True) if number
        ]
        return _total(parts, text)
    ago = folded.lower().endswith("ago")
    folded = folded.removeprefix("@").strip(BLANKS)
    folded = folded[:-3].strip(BLANKS) if ago else folded
    found = _total(_parts(folded, text), text)
    return Span(-found.months, -found.days, -found.microseconds) if ago else found


def _parts(folded: str, text: str) -> list[tuple[str, Decimal]]:
    if re.fullmatch(r"[+-]?\d+(\.\d*)?", folded, re.ASCII):
        return [("second", Decimal(folded))]
    parts: list[tuple[str, Decimal]] = []
    at = 0
    while at < len(folded):
        match = _PART.match(folded, at)
        if match is None or match.end() == at:
            raise _invalid(text)
        at = match.end()
        if match["unit"]:
            word = match["unit"].lower()
            parts.append((_ALIASES.get(word, word), Decimal("".join(match["number"].split()))))
        else:
            parts += _clock(match, text)
    if not parts or any(unit not in _UNITS for unit, _ in parts):
        raise _invalid(text)
    return parts


def _clock(match: re.Match[str], text: str) -> list[tuple[str, Decimal]]:
    sign = -1 if match["sign"] == "-" else 1
    minutes, seconds = Decimal(match["minutes"]), Decimal(match["seconds"] or 0)
    if minutes > 59 or seconds >= 61:
        raise InvalidDatetime(f'interval field value out of range: "{text}"', sqlstate="22015")
    return [("hour", sign * Decimal(match["hours"])), ("minute", sign * minutes), ("second", sign * seconds)]


def _total(parts: list[tuple[str, Decimal]], text: str) -> Span:
    """The sum of the parts; a broken month spills into days, a broken day into time, as PostgreSQL does it."""
    months = days = 0
    microseconds = Decimal(0)
    for unit, number in parts:
        field, factor = _UNITS[unit]
        amount = number * factor
        whole = int(amount)
        rest = amount - whole
        if field == "months":
            months += whole
            if unit == "month":
                spilled = rest * _MONTH_DAYS
                days += int(spilled)
                microseconds += (spilled - int(spilled)) * DAY
            else:
                months += int(rest.quantize(Decimal(1), ROUND_HALF_EVEN))
        elif field == "days":
            days += whole
            microseconds += rest * DAY
        else:
            microseconds += amount
    span = Span(months, days, int(microseconds.quantize(Decimal(1), ROUND_HALF_EVEN)))
    if abs(months) >= 2**31 or abs(days) >= 2**31 or abs(span.microseconds) >= 2**63:
        raise InvalidDatetime(f'interval field value out of range: "{text}"', sqlstate="22015")
    return span


def span_text(span: Span) -> str:
    """An interval in PostgreSQL's own style, as the server prints it."""
    sign = -1 if span.months < 0 else 1
    years, months = divmod(abs(span.months), 12)
    parts: list[str] = []
    negative = False
    for number, unit in ((sign * years, "year"), (sign * months, "mon"), (span.days, "day")):
        if number:
            plus = "+" if negative and number > 0 else ""
            parts.append(f"{plus}{number} {unit}{'' if number == 1 else 's'}")
            negative = number < 0
    if span.microseconds or not parts:
        minus = "-" if span.microseconds < 0 else "+" if negative else ""
        parts.append(minus + clock_text(abs(span.microseconds)))
    return " ".join(parts)


def clock_text(microseconds: int) -> str:
    """`HH:MM:SS`, with as many digits of the second as are needed; hours may have more than two digits."""
    seconds, fraction = divmod(microseconds, _SECOND)
    text = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return f"{text}.{fraction:06d}".rstrip("0") if fraction else text


def _invalid(text: str) -> InvalidDatetime:
    return InvalidDatetime(f'invalid input syntax for type interval: "{text}"')
