"""PostgreSQL's date and time functions over the stored texts. TimeZone is UTC, as on every connection."""

from __future__ import annotations

import calendar
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from stepladder.errors import InvalidArgument, InvalidDatetime, NotPortable
from stepladder.sql.functions.numbers import nonzero
from stepladder.sql.functions.registry import Scalar, strict
from stepladder.sql.moments import out_of_range, printed, rounded
from stepladder.sql.numerals import numeric_text
from stepladder.sql.spans import DAY, Span, clock_text, parse_span
from stepladder.sql.zones import find_zone, to_instant, to_local

_SECOND = 1_000_000
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - naive times are compared with it
_ALIASES = {
    "years": "year", "y": "year", "yr": "year", "yrs": "year", "months": "month", "mon": "month", "mons": "month",
    "days": "day", "d": "day", "hours": "hour", "h": "hour", "hr": "hour", "hrs": "hour", "minutes": "minute", "m": "minute",
    "min": "minute", "mins": "minute", "seconds": "second", "s": "second", "sec": "second", "secs": "second",
    "weeks": "week", "w": "week", "quarters": "quarter", "qtr": "quarter", "milliseconds": "milliseconds", "ms": "milliseconds",
    "millisecond": "milliseconds", "msec": "milliseconds", "microsecond": "microseconds", "us": "microseconds",
    "usec": "microseconds", "decades": "decade", "centuries": "century", "cent": "century", "c": "century",
    "millennium": "millennium", "millennia": "millennium", "mil": "millennium",
}  # fmt: skip
_KNOWN_FIELDS = frozenset(
    [
        "microseconds",
        "milliseconds",
        "second",
        "minute",
        "hour",
        "day",
        "week",
        "month",
        "quarter",
        "year",
        "decade",
        "century",
        "millennium",
        "dow",
        "isodow",
        "doy",
        "isoyear",
        "epoch",
        "julian",
        "timezone",
        "timezone_hour",
        "timezone_minute",
    ]
)


@lru_cache(maxsize=8192)
def moment(stored: str) -> datetime:
    """A stored date, timestamp or timestamptz as a naive datetime (in UTC)."""
    return datetime.fromisoformat(stored[:-6] if stored.endswith("+00:00") else stored)


def _stored(value: datetime, *, zoned: bool) -> str:
    return value.isoformat(sep=" ") + ("+00:00" if zoned else "")


def _guarded(work: Callable[[], datetime], shown: str) -> datetime:
    try:
        return work()
    except (OverflowError, ValueError) as error:
        raise out_of_range(shown) from error


# -- arithmetic
def add_span(stored: str, span_text: str, sign: int = 1) -> str:
    """timestamp or timestamptz plus an interval: months first (the day is cut to the month's last), then days, time."""
    span, start = parse_span(span_text), moment(stored)
    added = _guarded(lambda: _added(start, span, sign), f"{stored} and {span_text}")
    return _stored(added, zoned=stored.endswith("+00:00"))


def _added(start: datetime, span: Span, sign: int) -> datetime:
    months = start.year * 12 + start.month - 1 + sign * span.months
    year, month = divmod(months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    moved = start.replace(year=year, month=month + 1, day=min(start.day, last))
    return moved + sign * timedelta(days=span.days) + sign * timedelta(microseconds=span.microseconds)


def subtract_span(stored: str, span_text: str) -> str:
    """timestamp or timestamptz minus an interval."""
    return add_span(stored, span_text, -1)


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
    return (distance.days * 86_400 + distance.seconds) * _SECOND + distance.microseconds


def date_add(stored: str, days: int) -> str:
    """date plus integer."""
    try:
        return (date.fromisoformat(stored) + timedelta(days=days)).isoformat()
    except OverflowError as error:
        raise InvalidDatetime(
            f"date out of range: {stored} and {days} days. Years run from 1 to 9999 here.", sqlstate="22008"
        ) from error


def date_subtract(stored: str, days: int) -> str:
    """date minus integer."""
    return date_add(stored, -days)


def date_difference(one: str, other: str) -> int:
    """date minus date: days."""
    return (date.fromisoformat(one) - date.fromisoformat(other)).days


# -- intervals
def _shown(span: Span) -> str:
    if abs(span.months) >= 2**31 or abs(span.days) >= 2**31 or abs(span.microseconds) >= 2**63:
        raise InvalidDatetime("interval out of range", sqlstate="22008")
    return str(span)


def span_sum(one: str, other: str, sign: int = 1) -> str:
    """interval plus interval."""
    first, second = parse_span(one), parse_span(other)
    return _shown(Span(*(a + sign * b for a, b in zip(first, second, strict=True))))


def span_difference(one: str, other: str) -> str:
    """interval minus interval."""
    return span_sum(one, other, -1)


def span_negate(one: str) -> str:
    """Unary minus."""
    return _shown(Span(*(-part for part in parse_span(one))))


def span_times(text: str, factor: float) -> str:
    """interval times a number; a broken month spills into days, a broken day into time (interval_mul)."""
    span = parse_span(text)
    if span.months and not float(factor).is_integer():
        raise NotPortable("months times a broken number", instead="multiply days or hours")
    if float(factor).is_integer():
        return _shown(Span(*(part * int(factor) for part in span)))
    days = span.days * factor
    rest = (days - int(days)) * 86_400
    rest = round(rest * _SECOND) / _SECOND
    microseconds = round(span.microseconds * factor + rest * _SECOND)
    whole = int(days)
    if abs(rest) >= 86_400:
        whole, microseconds = whole + int(rest // 86_400), microseconds - int(rest // 86_400) * DAY
    return _shown(Span(0, whole, microseconds))


def span_divided(text: str, divisor: float) -> str:
    """interval divided by a number."""
    nonzero(divisor)
    span = parse_span(text)
    if span.months or (span.days and span.days % divisor):
        raise NotPortable("months or days that do not divide evenly", instead="divide extract(epoch FROM …)")
    return str(Span(0, int(span.days / divisor), round(span.microseconds / divisor)))


def span_compare(one: str, other: str) -> int:
    """The order of intervals: a month counts as 30 days, a day as 24 hours."""
    first, second = parse_span(one).order, parse_span(other).order
    return (first > second) - (first < second)


# -- zones
def to_zone(zone: str, stored: str) -> str:
    """timestamptz AT TIME ZONE: the local time there."""
    instant = moment(stored).replace(tzinfo=UTC)
    return _stored(_guarded(lambda: to_local(instant, find_zone(zone)), stored), zoned=False)


def from_zone(zone: str, stored: str) -> str:
    """timestamp AT TIME ZONE: the instant of that local time."""
    found = _guarded(lambda: to_instant(moment(stored), find_zone(zone)).replace(tzinfo=None), stored)
    return _stored(found, zoned=True)


# -- date_trunc
def truncate(field: str, stored: str) -> str:
    """date_trunc() of a timestamp or timestamptz (in UTC)."""
    return _stored(_truncated(field, moment(stored)), zoned=stored.endswith("+00:00"))


def truncate_in_zone(field: str, stored: str, zone: str) -> str:
    """date_trunc() of a timestamptz by the clock of a zone.

    From day upwards the local midnight is looked up anew; for smaller fields the instant's own offset stays
    (timestamptz_trunc_internal).
    """
    place = find_zone(zone)
    instant = moment(stored).replace(tzinfo=UTC)
    local = to_local(instant, place)
    cut = _truncated(field, local)
    if _field(field, "timestamp with time zone") in (
        "microseconds",
        "milliseconds",
        "second",
        "minute",
        "hour",
    ):
        return _stored((instant - (local - cut)).replace(tzinfo=None), zoned=True)
    return _stored(to_instant(cut, place).replace(tzinfo=None), zoned=True)


def _field(word: str, shown: str) -> str:
    folded = word.lower()
    field = _ALIASES.get(folded, folded)
    if field not in _KNOWN_FIELDS:
        raise InvalidArgument(f'unit "{word}" not recognized for type {shown}')
    return field


def _truncated(word: str, value: datetime) -> datetime:
    field = _field(word, "timestamp without time zone")
    cut = _CUTS.get(field)
    if cut is None:
        unsupported = field.startswith("timezone")
        raise InvalidArgument(
            f'unit "{word}" not {"supported" if unsupported else "recognized"} for type timestamp without time zone',
            sqlstate="0A000" if unsupported else None,
        )
    return cut(value)


def _midnight(value: datetime) -> datetime:
    return value.replace(hour=0, minute=0, second=0, microsecond=0)


def _year_of(size: int, offset: int) -> Callable[[datetime], datetime]:
    def cut(value: datetime) -> datetime:
        year = max((value.year - offset) // size * size + offset, 1)
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


# -- extract
def extract(word: str, stored: str, shown: str) -> str:
    """extract() of a date, timestamp or timestamptz: a numeric. `shown` is the type's name."""
    field = _field(word, shown)
    value = moment(stored)
    if shown == "date" and field in ("hour", "minute", "second", "milliseconds", "microseconds"):
        raise InvalidArgument(f'unit "{word}" not supported for type date', sqlstate="0A000")
    part = _PARTS.get(field)
    if part is None and not (field.startswith("timezone") and shown == "timestamp with time zone"):
        raise NotPortable(f"extract({word} FROM …)")
    if field == "epoch" and shown == "date":
        return str((value - _EPOCH).days * 86_400)
    return "0" if part is None else numeric_text(part(value))


def _seconds(microseconds: int, digits: int) -> Decimal:
    return Decimal(microseconds).scaleb(-digits)


_PARTS: dict[str, Callable[[datetime], Decimal]] = {
    "epoch": lambda value: _seconds(microseconds_between(str(value), str(_EPOCH)), 6),
    "microseconds": lambda value: Decimal(value.second * _SECOND + value.microsecond),
    "milliseconds": lambda value: _seconds(value.second * _SECOND + value.microsecond, 3),
    "second": lambda value: _seconds(value.second * _SECOND + value.microsecond, 6),
    "minute": lambda value: Decimal(value.minute),
    "hour": lambda value: Decimal(value.hour),
    "day": lambda value: Decimal(value.day),
    "dow": lambda value: Decimal(value.isoweekday() % 7),
    "isodow": lambda value: Decimal(value.isoweekday()),
    "doy": lambda value: Decimal(value.timetuple().tm_yday),
    "week": lambda value: Decimal(value.isocalendar().week),
    "isoyear": lambda value: Decimal(value.isocalendar().year),
    "month": lambda value: Decimal(value.month),
    "quarter": lambda value: Decimal((value.month - 1) // 3 + 1),
    "year": lambda value: Decimal(value.year),
    "decade": lambda value: Decimal(value.year // 10),
    "century": lambda value: Decimal((value.year - 1) // 100 + 1),
    "millennium": lambda value: Decimal((value.year - 1) // 1000 + 1),
}


def extract_span(word: str, text: str) -> str:
    """extract() of an interval."""
    span = parse_span(text)
    years, months = _quotient(span.months, 12)
    seconds, sign = abs(span.microseconds), -1 if span.microseconds < 0 else 1
    minute_us = sign * (seconds % (60 * _SECOND))
    parts: dict[str, Decimal] = {
        "epoch": _span_epoch(span),
        "year": Decimal(years),
        "month": Decimal(months),
        "day": Decimal(span.days),
        "hour": Decimal(sign * (seconds // (3600 * _SECOND))),
        "minute": Decimal(sign * (seconds // (60 * _SECOND) % 60)),
        "second": _seconds(minute_us, 6),
        "milliseconds": _seconds(minute_us, 3),
        "microseconds": Decimal(minute_us),
    }
    field = _field(word, "interval")
    if field not in parts:
        raise NotPortable(f"extract({word} FROM an interval)")
    return numeric_text(parts[field])


def _quotient(value: int, divisor: int) -> tuple[int, int]:
    sign = -1 if value < 0 else 1
    whole, rest = divmod(abs(value), divisor)
    return sign * whole, sign * rest


def _span_epoch(span: Span) -> Decimal:
    years, months = _quotient(span.months, 12)
    days = Decimal(years) * Decimal("365.25") + months * 30 + span.days
    return (days * DAY + span.microseconds).quantize(Decimal(1)).scaleb(-6)


def float_part(word: str, stored: str, shown: str) -> float:
    """date_part() of a moment: double precision, added up as the server adds it."""
    value = moment(stored)
    field = _field(word, shown)
    if field == "second":
        return value.second + value.microsecond / 1_000_000.0
    if field == "milliseconds":
        return value.second * 1000.0 + value.microsecond / 1000.0
    if field == "epoch":
        return float(microseconds_between(str(value), str(_EPOCH))) / 1_000_000.0
    return float(extract(word, stored, shown))


def float_span_part(word: str, text: str) -> float:
    """date_part() of an interval."""
    span = parse_span(text)
    field = _field(word, "interval")
    years, months = _quotient(span.months, 12)
    if field == "epoch":
        return (
            span.microseconds / 1_000_000.0
            + 31_557_600.0 * years
            + 2_592_000.0 * months
            + 86_400.0 * span.days
        )
    if field in ("second", "milliseconds"):
        seconds, fraction = _quotient(_quotient(span.microseconds, 60 * _SECOND)[1], _SECOND)
        return seconds + fraction / 1_000_000.0 if field == "second" else seconds * 1000.0 + fraction / 1000.0
    return float(extract_span(word, text))


# -- parts and pieces
def make_date(year: int, month: int, day: int) -> str:
    """make_date()."""
    try:
        return date(year, month, day).isoformat()
    except ValueError as error:
        raise InvalidDatetime(
            f"date field value out of range: {year}-{month:02d}-{day:02d}", sqlstate="22008"
        ) from error


def round_moment(stored: str, digits: int) -> str:
    """A cast to timestamp(n) or timestamptz(n)."""
    return _stored(_guarded(lambda: rounded(moment(stored), digits), stored), zoned=stored.endswith("+00:00"))


def time_span(stored: str) -> str:
    """time as an interval."""
    since = moment(f"2000-01-01 {stored}") - datetime(2000, 1, 1)  # noqa: DTZ001 - a time of day has no zone
    return str(Span(0, 0, since.seconds * _SECOND + since.microseconds))


def span_time(text: str) -> str:
    """An interval's time of day."""
    clock = clock_text(parse_span(text).microseconds % DAY)
    head, point, fraction = clock.partition(".")
    return head + (point + fraction.ljust(6, "0") if point else "")


def to_timestamp(seconds: float) -> str:
    """to_timestamp(float8): seconds since 1970."""
    microseconds = round(seconds * _SECOND)
    return _stored(_guarded(lambda: _EPOCH + timedelta(microseconds=microseconds), str(seconds)), zoned=True)


def justify_hours(text: str) -> str:
    """justify_hours()."""
    span = parse_span(text)
    whole, rest = _quotient(span.microseconds, DAY)
    days = span.days + whole
    if days > 0 > rest:
        days, rest = days - 1, rest + DAY
    elif days < 0 < rest:
        days, rest = days + 1, rest - DAY
    return str(Span(span.months, days, rest))


SCALARS: tuple[Scalar, ...] = (
    strict("pg_add_span", 2, add_span),
    strict("pg_subtract_span", 2, subtract_span),
    strict("pg_date_add_span", 2, date_add_span),
    strict("pg_date_subtract_span", 2, date_subtract_span),
    strict("pg_difference", 2, difference),
    strict("pg_date_add", 2, date_add),
    strict("pg_date_subtract", 2, date_subtract),
    strict("pg_date_difference", 2, date_difference),
    strict("pg_span_sum", 2, span_sum),
    strict("pg_span_difference", 2, span_difference),
    strict("pg_span_negate", 1, span_negate),
    strict("pg_span_times", 2, span_times),
    strict("pg_span_divided", 2, span_divided),
    strict("pg_to_zone", 2, to_zone),
    strict("pg_from_zone", 2, from_zone),
    strict("pg_truncate", 2, truncate),
    strict("pg_truncate_in_zone", 3, truncate_in_zone),
    strict("pg_extract", 3, extract),
    strict("pg_extract_span", 2, extract_span),
    strict("pg_float_part", 3, float_part),
    strict("pg_float_span_part", 2, float_span_part),
    strict("pg_make_date", 3, make_date),
    strict("pg_round_moment", 2, round_moment),
    strict("pg_time_span", 1, time_span),
    strict("pg_span_time", 1, span_time),
    strict("pg_to_timestamp", 1, to_timestamp),
    strict("pg_justify_hours", 1, justify_hours),
    strict("pg_printed", 1, printed),
)
