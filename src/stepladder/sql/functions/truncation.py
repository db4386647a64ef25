"""date_trunc() and date_bin()."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from stepladder.errors import InvalidArgument, InvalidDatetime
from stepladder.sql.functions.date_fields import not_truncated, unit_of
from stepladder.sql.functions.dates import guarded, microseconds_between, moment, stored_moment
from stepladder.sql.functions.intervals import TRUNCATED, truncate_span
from stepladder.sql.functions.registry import Scalar, strict
from stepladder.sql.span_spellings import parse_span
from stepladder.sql.spans import DAY
from stepladder.sql.zones import find_zone, to_instant, to_local

_WITHIN_A_DAY = ("microseconds", "milliseconds", "second", "minute", "hour")


def truncate(word: str, stored: str) -> str:
    """date_trunc() of a timestamp or timestamptz (in UTC)."""
    zoned = stored.endswith("+00:00")
    return stored_moment(_truncated(word, moment(stored), zoned=zoned), zoned=zoned)


def truncate_in_zone(word: str, stored: str, zone: str) -> str:
    """date_trunc() of a timestamptz by the clock of a zone.

    From day upwards the local midnight is looked up anew; for smaller fields the instant's own offset stays
    (timestamptz_trunc_internal).
    """
    place = find_zone(zone)
    instant = moment(stored).replace(tzinfo=UTC)
    local = guarded(lambda: to_local(instant, place), stored)
    cut = _truncated(word, local, zoned=True)
    if unit_of(word, "timestamp with time zone") in _WITHIN_A_DAY:
        start = guarded(lambda: (instant - (local - cut)).replace(tzinfo=None), stored)
        return stored_moment(start, zoned=True)
    return stored_moment(guarded(lambda: to_instant(cut, place).replace(tzinfo=None), stored), zoned=True)


def _truncated(word: str, value: datetime, *, zoned: bool) -> datetime:
    shown = f"timestamp with{'' if zoned else 'out'} time zone"
    unit = unit_of(word, shown)
    cut = _CUTS.get(unit)
    if cut is None:
        raise not_truncated(word, unit, shown)
    return guarded(lambda: cut(value), str(value))


def _midnight(value: datetime) -> datetime:
    return value.replace(hour=0, minute=0, second=0, microsecond=0)


def _year_of(size: int, offset: int) -> Callable[[datetime], datetime]:
    def cut(value: datetime) -> datetime:
        year = (value.year - offset) // size * size + offset
        return _midnight(value).replace(year=year, month=1, day=1)

    return cut


_CUTS: dict[str, Callable[[datetime], datetime]] = {
    "microseconds": lambda value: value,
    "milliseconds": lambda value: value.replace(microsecond=value.microsecond // 1000 * 1000),
    "second": lambda value: value.replace(microsecond=0),
    "minute": lambda value: value.replace(second=0, microsecond=0),
    "hour": lambda value: value.replace(minute=0, second=0, microsecond=0),
    "day": _midnight,
    "week": lambda value: _midnight(value) - timedelta(days=value.weekday()),
    "month": lambda value: _midnight(value).replace(day=1),
    "quarter": lambda value: _midnight(value).replace(month=(value.month - 1) // 3 * 3 + 1, day=1),
    "year": _year_of(1, 0),
    "decade": _year_of(10, 0),
    "century": _year_of(100, 1),
    "millennium": _year_of(1000, 1),
}


def truncate_interval(word: str, text: str) -> str:
    """date_trunc() of an interval."""
    unit = unit_of(word, "interval")
    if unit not in TRUNCATED:
        raise not_truncated(word, unit, "interval")
    return truncate_span(unit, text)


def bin_moment(stride: str, stored: str, origin: str) -> str:
    """date_bin(): the start of the stride that the moment is in, counted from the origin."""
    span = parse_span(stride)
    if span.months:
        message = "timestamps cannot be binned into intervals containing months or years"
        raise InvalidArgument(message, sqlstate="0A000")
    size = span.days * DAY + span.microseconds
    if size >= 2**63:
        raise InvalidDatetime("interval out of range", sqlstate="22008")
    if size <= 0:
        raise InvalidDatetime("stride must be greater than zero", sqlstate="22008")
    into = microseconds_between(stored, origin) % size
    start = guarded(lambda: moment(stored) - timedelta(microseconds=into), stored)
    return stored_moment(start, zoned=stored.endswith("+00:00"))


SCALARS: tuple[Scalar, ...] = (
    strict("pg_truncate", 2, truncate),
    strict("pg_truncate_in_zone", 3, truncate_in_zone),
    strict("pg_truncate_span", 2, truncate_interval),
    strict("pg_bin", 3, bin_moment),
)
