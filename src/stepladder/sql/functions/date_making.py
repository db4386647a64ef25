"""Moments made of numbers: make_date() and its kin, to_timestamp() of seconds, the clock."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta

from stepladder.errors import InvalidArgument, InvalidDatetime, NotPortable
from stepladder.sql.functions.dates import guarded, stored_clock, stored_moment
from stepladder.sql.functions.registry import Scalar, strict
from stepladder.sql.spans import DAY
from stepladder.sql.zones import find_zone, is_offset, to_instant, zone_offset

_SECOND = 1_000_000
_Y2K = datetime(2000, 1, 1)  # noqa: DTZ001 - naive moments are in UTC
_Y2K_SECONDS = 946_684_800


def make_date(year: int, month: int, day: int) -> str:
    """make_date()."""
    if (year < 0 or year > 9999) and 1 <= month <= 12 and 1 <= day <= 31:
        raise NotPortable(f"the year {year}", why="years run from 1 to 9999 here")
    try:
        return date(year, month, day).isoformat()
    except ValueError as error:
        shown = f"{year}-{month:02d}-{day:02d}"
        raise InvalidDatetime(f"date field value out of range: {shown}", sqlstate="22008") from error


def make_time(hour: int, minute: int, seconds: float) -> str:
    """make_time()."""
    microseconds = _clock(hour, minute, seconds)
    if microseconds == DAY:
        raise NotPortable("24:00 as time", why="Python's time does not hold it")
    return stored_clock(microseconds)


def _clock(hour: int, minute: int, seconds: float) -> int:
    """Microseconds since midnight; 60 seconds are the next minute's start (float_time_overflows)."""
    total = -1
    fraction = round(seconds * _SECOND) if math.isfinite(seconds * _SECOND) else -1
    if 0 <= hour <= 24 and 0 <= minute <= 59 and 0 <= fraction <= 60 * _SECOND:
        total = (hour * 60 + minute) * 60 * _SECOND + fraction
    if not 0 <= total <= DAY:
        shown = f"{hour}:{minute:02d}:{seconds:02g}"
        raise InvalidDatetime(f"time field value out of range: {shown}", sqlstate="22008")
    return total


def make_timestamp(year: int, month: int, day: int, hour: int, minute: int, seconds: float) -> str:
    """make_timestamp()."""
    return stored_moment(_moment(year, month, day, hour, minute, seconds), zoned=False)


def _moment(year: int, month: int, day: int, hour: int, minute: int, seconds: float) -> datetime:
    midnight = datetime.fromisoformat(make_date(year, month, day))
    clock = _clock(hour, minute, seconds)
    return guarded(lambda: midnight + timedelta(microseconds=clock), f"{year}-{month}-{day}")


def make_timestamptz(*numbers: float) -> str:
    """make_timestamptz() in UTC."""
    return stored_moment(_moment(*numbers), zoned=True)  # type: ignore[arg-type]


def make_timestamptz_in_zone(*parts: float | str) -> str:
    """make_timestamptz() in a zone; an offset counts eastwards here."""
    *numbers, name = parts
    local = _moment(*numbers)  # type: ignore[arg-type]
    word = str(name)
    if word[:1].isdigit():
        raise InvalidArgument(f'invalid input syntax for type numeric time zone: "{word}"')
    try:
        zone = zone_offset(word) if is_offset(word) and not word[:1].isdigit() else find_zone(word)
    except InvalidDatetime as error:
        raise InvalidArgument(f'numeric time zone "{word}" out of range') from error
    return stored_moment(
        guarded(lambda: to_instant(local, zone).replace(tzinfo=None), str(local)), zoned=True
    )


def to_timestamp(seconds: float) -> str:
    """to_timestamp(float8): seconds since 1970."""
    if math.isinf(seconds):
        raise NotPortable("to_timestamp() of infinity", why="a moment is finite here")
    microseconds = round(
        (seconds - _Y2K_SECONDS) * _SECOND
    )  # the server's own zero: what is rounded depends on it
    return stored_moment(
        guarded(lambda: _Y2K + timedelta(microseconds=microseconds), f'"{seconds:g}"'), zoned=True
    )


def clock() -> str:
    """clock_timestamp(): now, whatever the transaction's time is."""
    return datetime.now(UTC).isoformat(sep=" ", timespec="microseconds")


SCALARS: tuple[Scalar, ...] = (
    strict("pg_make_date", 3, make_date),
    strict("pg_make_time", 3, make_time),
    strict("pg_make_timestamp", 6, make_timestamp),
    strict("pg_make_timestamptz", 6, make_timestamptz),
    strict("pg_make_timestamptz", 7, make_timestamptz_in_zone),
    strict("pg_to_timestamp", 1, to_timestamp),
    Scalar("pg_clock", 0, clock, deterministic=False),
)
