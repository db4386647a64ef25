"""Arithmetic of dates, times and timestamps over the stored texts. TimeZone is UTC, as on every connection."""

from __future__ import annotations

import calendar
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from stepladder.errors import InvalidArgument, NotPortable
from stepladder.sql.functions.registry import Scalar, strict
from stepladder.sql.moments import printed, rounded
from stepladder.sql.span_spellings import parse_span
from stepladder.sql.spans import DAY, Span, clock_text
from stepladder.sql.zones import find_zone, to_instant, to_local

SECOND = 1_000_000


@lru_cache(maxsize=8192)
def moment(stored: str) -> datetime:
    """A stored date, timestamp or timestamptz as a naive datetime (in UTC)."""
    return datetime.fromisoformat(stored[:-6] if stored.endswith("+00:00") else stored)


def stored_moment(value: datetime, *, zoned: bool) -> str:
    """The inverse of `moment`."""
    return value.isoformat(sep=" ") + ("+00:00" if zoned else "")


def beyond(shown: str) -> NotPortable:
    """The error of a moment outside the years 1 to 9999."""
    return NotPortable(f"a moment out of range: {shown}", why="years run from 1 to 9999 here, as in Python")


def guarded(work: Callable[[], datetime], shown: str) -> datetime:
    """What `work` finds. Raises NotPortable where it leaves the years 1 to 9999: the server goes on."""
    try:
        return work()
    except (OverflowError, ValueError) as error:
        raise beyond(shown) from error


# -- moments and intervals
def add_span(stored: str, span_text: str, sign: int = 1) -> str:
    """timestamp or timestamptz plus an interval: months first (the day is cut to the month's last), then days, time."""
    span, start = parse_span(span_text), moment(stored)
    added = guarded(lambda: _added(start, span, sign), f"{stored} and {span_text}")
    return stored_moment(added, zoned=stored.endswith("+00:00"))


def _added(start: datetime, span: Span, sign: int) -> datetime:
    months = start.year * 12 + start.month - 1 + sign * span.months
    year, month = divmod(months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    moved = start.replace(year=year, month=month + 1, day=min(start.day, last))
    return moved + sign * timedelta(days=span.days) + sign * timedelta(microseconds=span.microseconds)


def subtract_span(stored: str, span_text: str) -> str:
    """timestamp or timestamptz minus an interval."""
    return add_span(stored, span_text, -1)


def add_span_in_zone(stored: str, span_text: str, zone: str, sign: int = 1) -> str:
    """date_add(): months and days by the clock of a zone, the time by the instant."""
    place, span = find_zone(zone), parse_span(span_text)

    def added() -> datetime:
        instant = moment(stored)
        if span.months or span.days:
            local = to_local(instant.replace(tzinfo=UTC), place)
            moved = _added(local, Span(span.months, span.days, 0), sign)
            instant = to_instant(moved, place).replace(tzinfo=None)
        return instant + sign * timedelta(microseconds=span.microseconds)

    return stored_moment(guarded(added, f"{stored} and {span_text}"), zoned=True)


def subtract_span_in_zone(stored: str, span_text: str, zone: str) -> str:
    """date_subtract()."""
    return add_span_in_zone(stored, span_text, zone, -1)


def date_add_span(stored: str, span_text: str) -> str:
    """date plus interval is a timestamp."""
    return add_span(f"{stored} 00:00:00", span_text)


def date_subtract_span(stored: str, span_text: str) -> str:
    """date minus interval is a timestamp."""
    return add_span(f"{stored} 00:00:00", span_text, -1)


def difference(one: str, other: str) -> str:
    """timestamp minus timestamp: days and time."""
    microseconds = microseconds_between(one, other)
    sign = -1 if microseconds < 0 else 1
    days, rest = divmod(abs(microseconds), DAY)
    return str(Span(0, sign * days, sign * rest))


def microseconds_between(one: str, other: str) -> int:
    """The exact distance, in microseconds."""
    distance = moment(one) - moment(other)
    return (distance.days * 86_400 + distance.seconds) * SECOND + distance.microseconds


def age(one: str, other: str) -> str:
    """age(): years, months, days and time, each counted by the calendar (timestamp_age)."""
    first, second = moment(one), moment(other)
    sign = -1 if first < second else 1
    late, early = (first, second) if sign > 0 else (second, first)
    months = (late.year - early.year) * 12 + late.month - early.month
    days, microseconds = late.day - early.day, _since_midnight(late) - _since_midnight(early)
    if microseconds < 0:
        days, microseconds = days - 1, microseconds + DAY
    while days < 0:
        # The month that is borrowed is the earlier moment's own.
        days += calendar.monthrange(early.year, early.month)[1]
        months -= 1
    return str(Span(sign * months, sign * days, sign * microseconds))


def _since_midnight(value: datetime) -> int:
    return ((value.hour * 60 + value.minute) * 60 + value.second) * SECOND + value.microsecond


# -- dates
def date_add(stored: str, days: int) -> str:
    """date plus integer."""
    try:
        return (date.fromisoformat(stored) + timedelta(days=days)).isoformat()
    except OverflowError as error:
        raise beyond(f"{stored} and {days} days") from error


def date_subtract(stored: str, days: int) -> str:
    """date minus integer."""
    return date_add(stored, -days)


# -- times of day
def clock_microseconds(stored: str) -> int:
    """A stored time of day in microseconds since midnight."""
    return _since_midnight(moment(f"2000-01-01 {stored}"))


def stored_clock(microseconds: int) -> str:
    """The inverse, around midnight as often as needed."""
    clock = clock_text(microseconds % DAY)
    head, point, fraction = clock.partition(".")
    return head + (point + fraction.ljust(6, "0") if point else "")


def time_add(stored: str, span_text: str) -> str:
    """time plus interval, of which only the time counts."""
    return stored_clock(clock_microseconds(stored) + parse_span(span_text).microseconds)


def time_subtract(stored: str, span_text: str) -> str:
    """time minus interval."""
    return stored_clock(clock_microseconds(stored) - parse_span(span_text).microseconds)


def time_difference(one: str, other: str) -> str:
    """time minus time."""
    return str(Span(0, 0, clock_microseconds(one) - clock_microseconds(other)))


def time_span(stored: str) -> str:
    """time as an interval."""
    return str(Span(0, 0, clock_microseconds(stored)))


def span_time(text: str) -> str:
    """An interval's time of day."""
    return stored_clock(parse_span(text).microseconds)


def round_time(stored: str, digits: int) -> str:
    """A cast to time(n)."""
    step = 10 ** (6 - digits)
    microseconds = (clock_microseconds(stored) + step // 2) // step * step
    if microseconds == DAY:
        raise NotPortable("24:00 as time", why="Python's time does not hold it")
    return stored_clock(microseconds)


def round_moment(stored: str, digits: int) -> str:
    """A cast to timestamp(n) or timestamptz(n)."""
    value = guarded(lambda: rounded(moment(stored), digits), stored)
    return stored_moment(value, zoned=stored.endswith("+00:00"))


# -- zones
def to_zone(zone: str, stored: str) -> str:
    """timestamptz AT TIME ZONE: the local time there."""
    instant = moment(stored).replace(tzinfo=UTC)
    return stored_moment(guarded(lambda: to_local(instant, find_zone(zone)), stored), zoned=False)


def from_zone(zone: str, stored: str) -> str:
    """timestamp AT TIME ZONE: the instant of that local time."""
    found = guarded(lambda: to_instant(moment(stored), find_zone(zone)).replace(tzinfo=None), stored)
    return stored_moment(found, zoned=True)


def to_offset(span_text: str, stored: str) -> str:
    """timestamptz AT TIME ZONE interval."""
    return stored_moment(guarded(lambda: moment(stored) + _offset(span_text), stored), zoned=False)


def from_offset(span_text: str, stored: str) -> str:
    """timestamp AT TIME ZONE interval."""
    return stored_moment(guarded(lambda: moment(stored) - _offset(span_text), stored), zoned=True)


def _offset(span_text: str) -> timedelta:
    span = parse_span(span_text)
    if span.months or span.days:
        raise InvalidArgument(f'interval time zone "{span}" must not include months or days')
    seconds = abs(span.microseconds) // SECOND
    return timedelta(seconds=-seconds if span.microseconds < 0 else seconds)


# -- OVERLAPS
def overlaps(*ends: str | None) -> int | None:
    """OVERLAPS of two periods, each by its ends in any order; NULL where an end that is missing decides (overlaps_timestamp)."""
    first, second = _period(*ends[:2]), _period(*ends[2:])
    if first is None or second is None:
        return None
    (start, end), (other_start, other_end) = sorted((first, second), key=lambda period: period[0])
    if start == other_start:
        return None if end is None or other_end is None else 1
    if end is None:
        return None
    return 1 if other_start < end else 0 if other_end is not None else None


def _period(start: str | None, end: str | None) -> tuple[str, str | None] | None:
    if start is None or (end is not None and end < start):
        start, end = end, start
    return None if start is None else (start, end)


SCALARS: tuple[Scalar, ...] = (
    strict("pg_add_span", 2, add_span),
    strict("pg_subtract_span", 2, subtract_span),
    strict("pg_add_span_in_zone", 3, add_span_in_zone),
    strict("pg_subtract_span_in_zone", 3, subtract_span_in_zone),
    strict("pg_date_add_span", 2, date_add_span),
    strict("pg_date_subtract_span", 2, date_subtract_span),
    strict("pg_difference", 2, difference),
    strict("pg_age", 2, age),
    strict("pg_date_add", 2, date_add),
    strict("pg_date_subtract", 2, date_subtract),
    strict("pg_time_add", 2, time_add),
    strict("pg_time_subtract", 2, time_subtract),
    strict("pg_time_difference", 2, time_difference),
    strict("pg_time_span", 1, time_span),
    strict("pg_span_time", 1, span_time),
    strict("pg_round_time", 2, round_time),
    strict("pg_round_moment", 2, round_moment),
    strict("pg_to_zone", 2, to_zone),
    strict("pg_from_zone", 2, from_zone),
    strict("pg_to_offset", 2, to_offset),
    strict("pg_from_offset", 2, from_offset),
    Scalar("pg_overlaps", 4, overlaps),
    strict("pg_printed", 1, printed),
)
