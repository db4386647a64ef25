"""PostgreSQL's interval as a value: months, days and microseconds are kept apart, as the server keeps them.

Text is written in PostgreSQL's own style (`1 year 2 mons -3 days +04:05:06.7`); `span_spellings` reads all of them.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, datetime, timedelta
from typing import NamedTuple

from stepladder.errors import InvalidDatetime

DAY = 86_400_000_000  # microseconds
_SECOND = 1_000_000
_MONTH_DAYS = 30
_PRINTED = re.compile(
    r"(?:([+-]?\d+) years? ?)?(?:([+-]?\d+) mons? ?)?(?:([+-]?\d+) days? ?)?"
    r"(?:([+-]?)(\d+):(\d\d):(\d\d)(?:\.(\d{1,6}))?)?",
    re.ASCII,
)


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


def later(moment: date, span: Span, sign: int = 1) -> date:
    """A date, a timestamp or an instant of UTC, `span` later (or earlier): months first, then days, then time, as
    PostgreSQL adds them. A date stays one: a part of a day counts as a day. Beyond the calendar's ends: its end."""
    try:
        months = moment.year * 12 + moment.month - 1 + sign * span.months
        year, month = divmod(months, 12)
        last = monthrange(year, month + 1)[1] if 1 <= year <= 9999 else 0
        moved = moment.replace(year=year, month=month + 1, day=min(moment.day, last))
        rest = timedelta(days=span.days, microseconds=span.microseconds)
        if not isinstance(moved, datetime):
            rest = timedelta(days=-(-rest // timedelta(days=1)))
        return moved + sign * rest
    except (OverflowError, ValueError):
        end = type(moment).max if sign * span.order > 0 else type(moment).min
        return (
            end.replace(tzinfo=moment.tzinfo)
            if isinstance(end, datetime) and isinstance(moment, datetime)
            else end
        )


def printed_interval(text: str) -> timedelta | Span:
    """The value of an interval as the server prints it: a timedelta, or a Span where it has months or is too long.

    Raises InvalidDatetime for infinity, which neither holds.
    """
    match = _PRINTED.fullmatch(text)
    if match is None or not text:
        raise InvalidDatetime(f'invalid input syntax for type interval: "{text}"')
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
