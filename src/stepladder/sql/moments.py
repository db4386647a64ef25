"""Dates, times and timestamps as text: PostgreSQL's ISO spellings read strictly, the stored forms written.

Stored: `YYYY-MM-DD`, `HH:MM:SS[.ffffff]`, `YYYY-MM-DD HH:MM:SS[.ffffff]`, and for timestamptz the same in UTC
with `+00:00`. Text order is time order. Years run from 1 to 9999. PostgreSQL reads more spellings (month names,
`today`, `epoch`, infinity): those are refused as not portable, never guessed.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache

from stepladder.errors import InvalidDatetime, NotPortable
from stepladder.sql.texts import BLANKS
from stepladder.sql.types import Type
from stepladder.sql.zones import find_zone, to_instant

_DATE = r"(?P<year>\d{4,5})-(?P<month>\d{1,2})-(?P<day>\d{1,2})|(?P<packed>\d{8})"
_CLOCK = r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.(?P<fraction>\d*))?)?"
_ZONE = r"\s*(?P<zone>[zZ]|[+-]\d{1,2}(?::?\d{2}(?::?\d{2})?)?|(?i:utc|gmt)|[A-Za-z]+/[A-Za-z_/+-]+\d*)"
_MOMENT = re.compile(
    rf"(?:{_DATE})(?:(?:\s+|[tT]){_CLOCK}(?:{_ZONE})?|{_ZONE.replace('<zone>', '<lone_zone>')})?", re.ASCII
)
_TIME = re.compile(rf"(?:(?:{_DATE})(?:\s+|[tT]))?{_CLOCK}(?:{_ZONE})?", re.ASCII)
_OFFSET = re.compile(r"([+-])(\d{1,2}):?(\d{2})?:?(\d{2})?", re.ASCII)
_DAY = timedelta(days=1)
_SOME_DAY = datetime(2000, 1, 1)  # noqa: DTZ001 - a time of day has no zone


def parse_date(text: str) -> date:
    """Raises InvalidDatetime (22007, 22008), NotPortable."""
    return _date(_match(_MOMENT, text, Type("date")), text)


def parse_time(text: str) -> time | None:
    """A time of day, to the microsecond; None for 24:00, which Python's time cannot hold."""
    match = _match(_TIME, text, Type("time"))
    since = _clock(match, text)
    return None if since == _DAY else (_SOME_DAY + since).time()


@lru_cache(maxsize=4096)
def parse_timestamp(text: str) -> datetime:
    """A timestamp without a zone; a zone that is written is read over, as PostgreSQL does."""
    match = _match(_MOMENT, text, Type("timestamp"))
    return _sum(_date(match, text), _clock(match, text), text)


@lru_cache(maxsize=4096)
def parse_timestamptz(text: str) -> datetime:
    """An instant, in UTC; without a zone it is UTC's, as TimeZone is UTC on every connection."""
    match = _match(_MOMENT, text, Type("timestamptz"))
    local = _sum(_date(match, text), _clock(match, text), text)
    word = match["zone"] or match["lone_zone"]
    try:
        return to_instant(local, UTC if word is None else _zone(word, text))
    except OverflowError as error:
        raise out_of_range(text) from error


def _zone(word: str, text: str) -> tzinfo:
    if word.lower() in ("z", "utc", "gmt"):
        return UTC
    offset = _OFFSET.fullmatch(word)
    if offset is None:
        return find_zone(word)
    hours, minutes, seconds = int(offset[2]), int(offset[3] or 0), int(offset[4] or 0)
    if hours > 15 or minutes > 59 or seconds > 59:
        raise InvalidDatetime(f'time zone displacement out of range: "{text}"', sqlstate="22009")
    total = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    return timezone(-total if offset[1] == "-" else total)


def _match(pattern: re.Pattern[str], text: str, type_: Type) -> re.Match[str]:
    match = pattern.fullmatch(text.strip(BLANKS))
    if match is not None:
        return match
    word = text.strip(BLANKS).lower()
    if not any(letter.isdigit() for letter in word) and word not in _WORDS:
        raise InvalidDatetime(f'invalid input syntax for type {type_}: "{text}"')
    raise NotPortable(
        f"{text!r} as {type_}",
        why="only ISO 8601 spellings are read the same way everywhere",
        instead="write it as 2026-01-31, 2026-01-31 12:00:00 or 2026-01-31 12:00:00+00:00",
    )


_WORDS = ("now", "today", "tomorrow", "yesterday", "epoch", "infinity", "-infinity", "+infinity", "allballs")


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
