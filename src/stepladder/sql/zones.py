"""Time zones by name, and local times as instants, by PostgreSQL's rules for the hours that clocks skip or repeat."""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from stepladder.errors import InvalidArgument, NotPortable


@lru_cache(maxsize=256)
def find_zone(name: str) -> tzinfo:
    """The zone of that name, in any case of letters.

    Raises InvalidArgument for a name that nobody knows, NotPortable for an abbreviation or a POSIX rule.
    """
    if name.upper() in ("UTC", "GMT", "Z"):
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        known = _folded().get(name.lower())
    if known:
        return ZoneInfo(known)
    if re.fullmatch(r"[A-Za-z]{1,6}|<?[A-Za-z+-]*[\d+-][\w:,./<>+-]*", name):
        raise NotPortable(
            f"the time zone {name!r}",
            why="abbreviations and POSIX rules are read from the server's own tables",
            instead="name the zone in full, as Europe/Berlin",
        )
    raise InvalidArgument(f'time zone "{name}" not recognized')


@cache
def _folded() -> dict[str, str]:
    return {name.lower(): name for name in available_timezones()}


def to_instant(local: datetime, zone: tzinfo) -> datetime:
    """The instant, in UTC, of a naive local time.

    An hour that the clocks skip is read by the offset before the change, one that they repeat by the offset
    after it (PostgreSQL's DetermineTimeZoneOffset): both times that is the smaller offset.
    """
    first, second = local.replace(tzinfo=zone, fold=0), local.replace(tzinfo=zone, fold=1)
    offsets = [offset for offset in (first.utcoffset(), second.utcoffset()) if offset is not None]
    return (local - min(offsets)).replace(tzinfo=UTC)


def to_local(instant: datetime, zone: tzinfo) -> datetime:
    """The naive local time of an instant."""
    return instant.astimezone(zone).replace(tzinfo=None)
