"""Dates, times and timestamps as text: PostgreSQL's ISO spellings read strictly, the stored forms written.

Stored: `YYYY-MM-DD`, `HH:MM:SS[.ffffff]`, `YYYY-MM-DD HH:MM:SS[.ffffff]`, and for timestamptz the same in UTC
with `+00:00`. Text order is time order. Years run from 1 to 9999. The other spellings that PostgreSQL reads are in
`spellings`.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache

from stepladder.errors import InvalidDatetime
from stepladder.sql.spellings import Spelled, clock, read
from stepladder.sql.texts import BLANKS
from stepladder.sql.types import Type
from stepladder.sql.zones import find_zone, to_instant, zone_offset

_DATE = r"(?P<year>\d{4,5})-(?P<month>\d{1,2})-(?P<day>\d{1,2})|(?P<packed>\d{8})"
_CLOCK = r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.(?P<fraction>\d*))?)?"
_ZONE = r"\s*(?P<zone>[zZ]|[+-]\d{1,2}(?::?\d{2}(?::?\d{2})?)?|(?i:utc|gmt)|[A-Za-z]+/[A-Za-z_/+-]+\d*)"
_MOMENT = re.compile(
    rf"(?:{_DATE})(?:(?:\s+|[tT]){_CLOCK}(?:{_ZONE})?|(?!-){_ZONE.replace('<zone>', '<lone_zone>')})?",
    re.ASCII,
)
_PACKED_TIME = re.compile(r"(\d{2})(\d{2})(?:(\d{2})(?:\.(\d*))?)?", re.ASCII)
_BASIC = re.compile(r"(\d{8})[tT](\d\d)(\d\d)(\d\d)(.*)", re.ASCII)  # ISO 8601's form without separators
_TIME = re.compile(rf"(?:(?:{_DATE})\s+)?{_CLOCK}(?:{_ZONE})?", re.ASCII)
_DATE_T_TIME = re.compile(rf"(?:{_DATE})[tT]{_CLOCK}.*", re.ASCII)  # which PostgreSQL reads as no time
_DAY = timedelta(days=1)
_SOME_DAY = datetime(2000, 1, 1)  # noqa: DTZ001 - a time of day has no zone


def parse_date(text: str) -> date:
    """Raises InvalidDatetime (22007, 22008), InvalidArgument for an unknown zone, NotPortable."""
    match = _iso(text)
    return _date(match, text) if match else read(text, Type("date")).date()


def _iso(text: str) -> re.Match[str] | None:
    return _MOMENT.fullmatch(_BASIC.sub(r"\1 \2:\3:\4\5", text.strip(BLANKS), 1))


def parse_time(text: str) -> time | None:
    """A time of day, to the microsecond; None for 24:00, which Python's time cannot hold."""
    match = _TIME.fullmatch(text.strip(BLANKS))
    since = _clock(match, text) if match else _spelled_time(text)
    return None if since == _DAY else (_SOME_DAY + since).time()


def _spelled_time(text: str) -> timedelta:
    packed = _PACKED_TIME.fullmatch(text.strip(BLANKS))
    found = Spelled(text, Type("time"))
    if _DATE_T_TIME.fullmatch(text.strip(BLANKS)):
        raise found.invalid()
    if packed:
        return clock(found, int(packed[1]), int(packed[2]), int(packed[3] or 0), packed[4])
    found = read(text, Type("time"))
    if found.clock is None:
        raise found.invalid()
    return found.time()


@lru_cache(maxsize=4096)
def parse_timestamp(text: str) -> datetime:
    """A timestamp without a zone; a zone that is written is read over, as PostgreSQL does."""
    match = _iso(text)
    if match:
        return _sum(_date(match, text), _clock(match, text), text)
    found = read(text, Type("timestamp"))
    return _sum(found.date(), found.time(), text)


@lru_cache(maxsize=4096)
def parse_timestamptz(text: str) -> datetime:
    """An instant, in UTC; without a zone it is UTC's, as TimeZone is UTC on every connection."""
    match = _iso(text)
    if match:
        local = _sum(_date(match, text), _clock(match, text), text)
        word = match["zone"] or match["lone_zone"]
        zone = UTC if word is None else _zone(word, text)
    else:
        found = read(text, Type("timestamptz"))
        local, zone = _sum(found.date(), found.time(), text), found.zone or UTC
    try:
        return to_instant(local, zone)
    except OverflowError as error:
        raise out_of_range(text) from error


def _zone(word: str, text: str) -> tzinfo:
    if word.lower() in ("z", "utc", "gmt"):
        return UTC
    if word[0] in "+-":
        try:
            return zone_offset(word)
        except InvalidDatetime as error:
            raise InvalidDatetime(
                f'time zone displacement out of range: "{text}"', sqlstate="22009"
            ) from error
    return find_zone(word)


def _date(match: re.Match[str], text: str) -> date:
    packed = match["packed"]
    fields = (
        (packed[:4], packed[4:6], packed[6:]) if packed else (match["year"], match["month"], match["day"])
    )
    year, month, day = map(int, fields)
    try:
        return date(year, month, day)
    except ValueError as error:
        raise InvalidDatetime(f'date/time field value out of range: "{text}"', sqlstate="22008") from error


def _clock(match: re.Match[str], text: str) -> timedelta:
    if match["hour"] is None:
        return timedelta()
    hour, minute, second = int(match["hour"]), int(match["minute"]), int(match["second"] or 0)
    digits = (match["fraction"] or "0")[:20]
    microseconds = (int(digits.ljust(7, "0")[:7]) + 5) // 10
    past_midnight = hour == 24 and (minute or second or microseconds)
    if hour > 24 or minute > 59 or second > 60 or past_midnight:
        raise InvalidDatetime(f'date/time field value out of range: "{text}"', sqlstate="22008")
    return timedelta(hours=hour, minutes=minute, seconds=second, microseconds=microseconds)


def _sum(day: date, since: timedelta, text: str) -> datetime:
    try:
        return datetime(day.year, day.month, day.day) + since  # noqa: DTZ001 - the zone is added by the caller
    except OverflowError as error:
        raise out_of_range(text) from error


def out_of_range(text: str) -> InvalidDatetime:
    """The error of a moment outside the years 1 to 9999."""
    return InvalidDatetime(
        f"timestamp out of range: {text}. Years run from 1 to 9999 here.", sqlstate="22008"
    )


def rounded(value: datetime, digits: int | None) -> datetime:
    """`value` with at most `digits` digits behind the second's point, rounded half up; None: all six."""
    if digits is None or digits == 6:
        return value
    step = 10 ** (6 - digits)
    return value + timedelta(microseconds=(value.microsecond + step // 2) // step * step - value.microsecond)


def stored_timestamptz(value: datetime) -> str:
    """An aware datetime as it is stored."""
    return value.astimezone(UTC).isoformat(sep=" ")


def printed(stored: str) -> str:
    """A stored moment as PostgreSQL prints it: no zeros at the end of the fraction, `+00` for UTC."""
    text, zone = (stored[:-6], "+00") if stored.endswith("+00:00") else (stored, "")
    return (text.rstrip("0") if "." in text else text) + zone
