"""Time zones by name, and local times as instants, by PostgreSQL's rules for the hours that clocks skip or repeat."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from stepladder.errors import InvalidArgument, InvalidDatetime, NotPortable

# The server's own abbreviations (timezonesets/Default) that mean one offset all year, in minutes. They beat names of
# zones: CET is +01 in summer too.
_ABBREVIATIONS = {
    "utc": 0, "gmt": 0, "z": 0, "zulu": 0, "ut": 0, "uct": 0, "wet": 0, "bst": 60, "cet": 60, "met": 60, "wetdst": 60,
    "cest": 120, "mest": 120, "eet": 120, "cetdst": 120, "metdst": 120, "ist": 120, "eest": 180, "eetdst": 180, "msk": 180,
    "sgt": 480, "hkt": 480, "awst": 480, "jst": 540, "kst": 540, "acst": 570, "aest": 600, "acdt": 630, "aedt": 660,
    "nzst": 720, "nzdt": 780, "ndt": -150, "adt": -180, "nst": -210, "ast": -240, "edt": -240, "est": -300, "cdt": -300,
    "cst": -360, "mdt": -360, "mst": -420, "pdt": -420, "pst": -480, "akdt": -480, "akst": -540, "hst": -600,
}  # fmt: skip
# Rules of their own once, other names of these zones since the database of 2024b, which the server has.
_RULES = {
    "est5edt": "America/New_York",
    "cst6cdt": "America/Chicago",
    "mst7mdt": "America/Denver",
    "pst8pdt": "America/Los_Angeles",
}
# Those of them that are a summer's.
SUMMER = frozenset(
    [
        "bst",
        "wetdst",
        "cest",
        "mest",
        "cetdst",
        "metdst",
        "eest",
        "eetdst",
        "acdt",
        "aedt",
        "nzdt",
        "ndt",
        "adt",
        "edt",
        "cdt",
        "mdt",
        "pdt",
        "akdt",
    ]
)
# The others that the server knows: their offsets have changed over time, or few people use them.
RARE_ABBREVIATIONS = frozenset([
    "acsst", "act", "acwst", "aesst", "aft", "almst", "almt", "amst", "amt", "anast", "anat", "arst", "art", "awsst", "azost",
    "azot", "azst", "azt", "bdst", "bdt", "bnt", "bort", "bot", "bra", "brst", "brt", "btt", "cadt", "cast", "cct", "chadt",
    "chast", "chut", "ckt", "clst", "clt", "cot", "cxt", "davt", "ddut", "easst", "east", "eat", "egst", "egt", "fet", "fjst",
    "fjt", "fkst", "fkt", "fnst", "fnt", "galt", "gamt", "gest", "get", "gft", "gilt", "gyt", "ict", "idt", "iot", "irkst", "irkt",
    "irt", "jayt", "kdt", "kgst", "kgt", "kost", "krast", "krat", "lhdt", "lhst", "ligt", "lint", "lkt", "magst", "magt", "mart",
    "mawt", "mesz", "mez", "mht", "mmt", "mpt", "msd", "must", "mut", "mvt", "myt", "nft", "novst", "novt", "npt", "nut", "nzt",
    "omsst", "omst", "pet", "petst", "pett", "pgt", "pht", "pkst", "pkt", "pmdt", "pmst", "pont", "pwt", "pyst", "pyt", "ret",
    "sadt", "sast", "sct", "taht", "tft", "tjt", "tkt", "tmt", "tot", "trut", "tvt", "ulast", "ulat", "uyst", "uyt", "uzst", "uzt",
    "vet", "vlast", "vlat", "volt", "vut", "wadt", "wakt", "wast", "wat", "wdt", "wft", "wgst", "wgt", "xjt", "yakst", "yakt",
    "yapt", "yekst", "yekt"
])  # fmt: skip
_OFFSET = re.compile(r"([+-])(\d{1,2}):?(\d{2})?:?(\d{2})?", re.ASCII)


@lru_cache(maxsize=256)
def find_zone(name: str) -> tzinfo:
    """The zone of that name or abbreviation, in any case of letters; a bare offset counts westwards, as POSIX has it.

    Raises InvalidArgument for a name that nobody knows, NotPortable for a rare abbreviation or a POSIX rule.
    """
    if name.lower() in _ABBREVIATIONS:
        return abbreviation(name)
    if _OFFSET.fullmatch(name):
        return zone_offset(("-" if name[0] == "+" else "+") + name[1:])
    zone = named_zone(name)
    if zone is not None:
        return zone
    if name.lower() in RARE_ABBREVIATIONS or re.search(r"[\d<>+-]", name):
        raise NotPortable(
            f"the time zone {name!r}",
            why="rare abbreviations and POSIX rules are read from the server's own tables",
            instead="name the zone in full, as Europe/Berlin",
        )
    raise InvalidArgument(f'time zone "{name}" not recognized')


def abbreviation(word: str) -> tzinfo:
    """The offset of one of the abbreviations known here. Raises KeyError."""
    minutes = _ABBREVIATIONS[word.lower()]
    return timezone(timedelta(minutes=minutes)) if minutes else UTC


def named_zone(name: str) -> tzinfo | None:
    """The zone of the time zone database with that name, in any case of letters."""
    try:
        return ZoneInfo(_RULES.get(name.lower(), name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        known = _folded().get(name.lower())
    return ZoneInfo(known) if known else None


@cache
def _folded() -> dict[str, str]:
    return {name.lower(): name for name in available_timezones()}


@cache
def is_fixed(zone: tzinfo) -> bool:
    """Whether a zone has had one offset all its years."""
    halves = (datetime(year, month, 1) for year in range(1800, 2038) for month in (1, 7))  # noqa: DTZ001 - its clock
    return len({half.replace(tzinfo=zone).utcoffset() for half in halves}) == 1


def is_offset(text: str) -> bool:
    """Whether a zone is spelled as an offset."""
    return _OFFSET.fullmatch(text) is not None


def zone_offset(text: str) -> tzinfo:
    """The offset that `+02`, `-0530` or `+02:30:15` spells, counted eastwards. Raises InvalidDatetime (22009)."""
    match = _OFFSET.fullmatch(text)
    if match is None:
        raise InvalidDatetime(f'invalid input syntax for a time zone: "{text}"')
    hours, minutes, seconds = int(match[2]), int(match[3] or 0), int(match[4] or 0)
    if hours > 15 or minutes > 59 or seconds > 59:
        raise InvalidDatetime(f'time zone displacement out of range: "{text}"', sqlstate="22009")
    total = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    return timezone(-total if match[1] == "-" else total)


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
