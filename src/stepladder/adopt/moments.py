"""Dates and times as other programs write them: read only where they have one meaning, and written canonically.

PostgreSQL's input syntax reads far more: `now`, `02/03/2024`, a 60th second. Here each of these is in the way.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal

from stepladder.adopt.misfit import Misfit

_DATE = r"(?P<date>\d{4}-\d\d-\d\d)"
_CLOCK = r"(?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.(?P<fraction>\d+))?)?"
_ZONE = r" ?(?P<zone>[Zz]|[+-]\d\d(?::?\d\d)?)"
_MOMENT = re.compile(rf"{_DATE}(?:[ T]{_CLOCK}(?:{_ZONE})?)?", re.ASCII)
_TIME = re.compile(_CLOCK, re.ASCII)
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - UTC's, without saying so
# Seconds and so on since 1970; their names are those of --type.
EPOCHS = {"epoch_s": 6, "epoch_ms": 3, "epoch_us": 0}


def read_date(text: str) -> str:
    """A day, `YYYY-MM-DD`."""
    if len(text) == 10 and _is_canonical(date, text):
        return text
    match = _matched(text, "a date (YYYY-MM-DD)")
    if match["hour"] is not None:
        raise Misfit("has a time of day, and a date has none")
    return _day(match["date"]).isoformat()


def read_time(text: str) -> str:
    """A time of day, `HH:MM[:SS[.fraction]]`."""
    match = _TIME.fullmatch(text)
    if match is None:
        raise Misfit("is no time of day (HH:MM:SS)")
    return _clock(match).isoformat()


def read_timestamp(text: str) -> str:
    """A day and a time of day, without a zone."""
    if len(text) == 19 and _is_canonical(datetime, text):
        return text
    match = _matched(text, "a timestamp (YYYY-MM-DD HH:MM:SS)")
    if match["hour"] is None:
        raise Misfit("has no time of day")
    if match["zone"] is not None:
        raise Misfit("has a time zone, where a timestamp has none")
    return _moment(match).isoformat(sep=" ")


def read_timestamptz(text: str) -> str:
    """A moment with its zone, in UTC."""
    match = _matched(text, "a moment (YYYY-MM-DD HH:MM:SS+00)")
    if match["zone"] is None:
        raise Misfit("has no time zone")
    return _in_utc(match)


def read_timestamp_or_day(text: str) -> str:
    """The same as `read_timestamp`; a day without a time is its midnight, as PostgreSQL reads it."""
    match = _matched(text, "a timestamp (YYYY-MM-DD HH:MM:SS)")
    if match["zone"] is not None:
        raise Misfit("has a time zone, where a timestamp has none")
    return _moment(match).isoformat(sep=" ")


def read_moment_in_utc(text: str) -> str:
    """A moment; without a zone it is UTC's."""
    return _in_utc(_matched(text, "a moment (YYYY-MM-DD HH:MM:SS)"))


def since_epoch(value: float, unit: str) -> datetime:
    """The moment, in UTC without saying so, that is so many units after 1970 began: exactly, or Misfit."""
    microseconds = Decimal(repr(value)).scaleb(EPOCHS[unit])
    if not microseconds.is_finite() or microseconds != microseconds.to_integral_value():
        raise Misfit(f"is no whole number of microseconds, read as {unit}")
    try:
        return _EPOCH + timedelta(microseconds=int(microseconds))
    except OverflowError as error:
        raise Misfit(f"is outside the years 1 to 9999, read as {unit}") from error


def _is_canonical(kind: type[date], text: str) -> bool:
    """Whether Python writes what it reads as it was: most values are, and this is the fastest way to know."""
    try:
        return str(kind.fromisoformat(text)) == text
    except ValueError:
        return False


def _matched(text: str, what: str) -> re.Match[str]:
    match = _MOMENT.fullmatch(text)
    if match is None:
        raise Misfit(f"is no {what.removeprefix('a ')}" if text else "is empty text (''), which is not NULL")
    return match


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Misfit("is a day that does not exist") from error


def _clock(match: re.Match[str]) -> time:
    hour, minute, second = int(match["hour"]), int(match["minute"]), int(match["second"] or 0)
    fraction = match["fraction"] or ""
    if fraction[6:].strip("0"):
        raise Misfit("has more than six digits behind the second, which PostgreSQL would round")
    if hour == 24 or second == 60:
        raise Misfit(f"holds {match['hour']}:{match['minute']}:{match['second']}, which PostgreSQL moves on")
    try:
        return time(hour, minute, second, int(fraction[:6].ljust(6, "0")))
    except ValueError as error:
        raise Misfit("is a time of day that does not exist") from error


def _moment(match: re.Match[str]) -> datetime:
    clock = time() if match["hour"] is None else _clock(match)
    return datetime.combine(_day(match["date"]), clock)


def _in_utc(match: re.Match[str]) -> str:
    try:
        return _moment(match).replace(tzinfo=_zone(match["zone"])).astimezone(UTC).isoformat(sep=" ")
    except OverflowError as error:
        raise Misfit("is outside the years 1 to 9999 in UTC") from error


def _zone(text: str | None) -> timezone:
    if text is None or text in "Zz":
        return UTC
    hours, minutes = int(text[1:3]), int(text[3:].lstrip(":") or 0)
    if hours > 15 or minutes > 59:  # as far as PostgreSQL goes
        raise Misfit("has a time zone that does not exist")
    return timezone((1 if text[0] == "+" else -1) * timedelta(hours=hours, minutes=minutes))
