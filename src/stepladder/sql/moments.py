"""Dates, times and timestamps as text: PostgreSQL's ISO spellings read strictly, the stored forms written.

Stored: `YYYY-MM-DD`, `HH:MM:SS[.ffffff]`, `YYYY-MM-DD HH:MM:SS[.ffffff]`, and for timestamptz the same in UTC
with `+00:00`. Text order is time order. Years run from 1 to 9999. The other spellings that PostgreSQL reads are in
`spellings`.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache

from stepladder.errors import InvalidDatetime, NotPortable
from stepladder.sql.spellings import read
from stepladder.sql.types import Type
from stepladder.sql.zones import to_instant, zone_offset

# The spelling of almost every moment, which needs no more than a look.
_MOMENT = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)"
    r"(?:[ tT](?P<clock>\d\d:\d\d(?::\d\d(?:\.(?P<fraction>\d*))?)?)(?P<zone>[zZ]|[+-]\d\d(?::?\d\d)?)?)?",
    re.ASCII,
)
_CLOCK = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?", re.ASCII)
_DAY = timedelta(days=1)
_MOMENT_WITH_ZONE = Type("timestamptz")
_YEAR_2000 = datetime(2000, 1, 1)  # noqa: DTZ001 - moments are in UTC, from here the server counts
_SOME_DAY = datetime(2000, 1, 1)  # noqa: DTZ001 - a time of day has no zone


def parse_date(text: str) -> date:
    """Raises InvalidDatetime (22007, 22008), InvalidArgument for an unknown zone, NotPortable."""
    try:
        if len(text) == 10 and text[4] == text[7] == "-" and text.isascii():
            return date.fromisoformat(text)
    except ValueError:
        pass
    found = read(text, Type("date"))
    assert found.date is not None
    return found.date


def parse_time(text: str) -> time | None:
    """A time of day, to the microsecond; None for 24:00, which Python's time cannot hold."""
    if _CLOCK.fullmatch(text):
        return time.fromisoformat(text)
    since = read(text, Type("time")).time
    return None if since == _DAY else (_SOME_DAY + since).time()


@lru_cache(maxsize=4096)
def parse_timestamp(text: str) -> datetime:
    """A timestamp without a zone; a zone that is written is read over, as PostgreSQL does."""
    return _read(text, Type("timestamp"))[0]


@lru_cache(maxsize=4096)
def parse_timestamptz(text: str) -> datetime:
    """An instant, in UTC; without a zone it is UTC's, as TimeZone is UTC on every connection."""
    local, zone = _read(text, _MOMENT_WITH_ZONE)
    if zone is None or zone is UTC:
        return local.replace(tzinfo=UTC)
    try:
        return to_instant(local, zone)
    except OverflowError:
        raise _beyond(text) from None


def _read(text: str, type_: Type) -> tuple[datetime, tzinfo | None]:
    match = _MOMENT.fullmatch(text)
    plain = _plain(match) if match else None
    if plain is not None:
        return plain
    found = read(text, type_)
    assert found.date is not None
    return _sum(found.date, found.time, text), found.zone


def _plain(match: re.Match[str]) -> tuple[datetime, tzinfo | None] | None:
    """What Python reads as the server does; None for what it does not."""
    if len(match["fraction"] or "") > 6:
        return None
    try:
        moment = datetime.fromisoformat(f"{match['date']}T{(match['clock'] or '00:00').rstrip('.')}")
        zone = match["zone"]
        utc = zone in ("Z", "z", "+00", "+00:00")
        return moment, None if zone is None else UTC if utc else zone_offset(zone)
    except (ValueError, InvalidDatetime):
        return None


def _sum(day: date, since: timedelta, text: str) -> datetime:
    try:
        return datetime(day.year, day.month, day.day) + since  # noqa: DTZ001 - the zone is added by the caller
    except OverflowError:
        raise _beyond(text) from None


def _beyond(text: str) -> NotPortable:
    return NotPortable(f"{text!r} as a moment", why="years run from 1 to 9999 here")


def out_of_range(text: str) -> InvalidDatetime:
    """The error of a moment outside the years 1 to 9999."""
    return InvalidDatetime(
        f"timestamp out of range: {text}. Years run from 1 to 9999 here.", sqlstate="22008"
    )


def rounded(value: datetime, digits: int | None) -> datetime:
    """`value` with at most `digits` digits behind the second's point; None: all six. Halves go away from the year 2000."""
    if digits is None or digits == 6:
        return value
    step = 10 ** (6 - digits)
    rest = value.microsecond % step
    up = rest * 2 > step or (rest * 2 == step and value.replace(tzinfo=None) >= _YEAR_2000)
    return value + timedelta(microseconds=(step if up else 0) - rest)


def stored_timestamptz(value: datetime) -> str:
    """An aware datetime as it is stored."""
    return value.astimezone(UTC).isoformat(sep=" ")


def printed(stored: str) -> str:
    """A stored moment as PostgreSQL prints it: no zeros at the end of the fraction, `+00` for UTC."""
    text, zone = (stored[:-6], "+00") if stored.endswith("+00:00") else (stored, "")
    return (text.rstrip("0") if "." in text else text) + zone
