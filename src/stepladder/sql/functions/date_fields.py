"""The units of time by their names; extract() and date_part() of every type."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from functools import lru_cache

from stepladder.errors import DatabaseError, InvalidArgument
from stepladder.sql.functions.dates import SECOND, clock_microseconds, microseconds_between, moment
from stepladder.sql.functions.intervals import quotient
from stepladder.sql.functions.numbers import numeric_add, numeric_divide
from stepladder.sql.functions.registry import Scalar, strict
from stepladder.sql.numerals import numeric_text
from stepladder.sql.span_spellings import ALIASES, parse_span
from stepladder.sql.spans import DAY

_PLURAL = {"microsecond": "microseconds", "millisecond": "milliseconds"}
_OTHERS = {
    "microsecon": "microseconds", "millisecon": "milliseconds", "millenniu": "millennium", "millennium": "millennium",
    "qtr": "quarter", "quarter": "quarter", "timezone": "timezone", "timezone_h": "timezone_hour", "timezone_m": "timezone_minute",
    "dow": "dow", "isodow": "isodow", "doy": "doy", "isoyear": "isoyear", "epoch": "epoch", "julian": "julian",
    **{name: name for name in ("second", "minute", "hour", "day", "week", "month", "year", "decade", "century")},
}  # fmt: skip
_JULIAN_OF_ORDINAL_0 = 1_721_425
_CLOCK = frozenset(("microseconds", "milliseconds", "second", "minute", "hour"))
_ZONE = frozenset(("timezone", "timezone_hour", "timezone_minute"))
EPOCH = "1970-01-01 00:00:00"


@lru_cache(maxsize=1024)
def unit_of(word: str, shown: str) -> str:
    """The unit that `word` names, in any case of letters; `shown` is the type in the error's text."""
    folded = word.lower()
    alias = ALIASES.get(folded)
    unit = _PLURAL.get(alias, alias) if alias else _OTHERS.get(folded[:10])
    if unit is None:
        raise InvalidArgument(f'unit "{word}" not recognized for type {shown}')
    return unit


def not_truncated(word: str, unit: str, shown: str) -> DatabaseError:
    """The error of date_trunc() for a unit that it does not know, or that this type does not have."""
    if unit in ("epoch", "dow", "isodow", "doy", "isoyear", "julian"):
        return InvalidArgument(f'unit "{word}" not recognized for type {shown}')
    return unsupported(word, shown)


def unsupported(word: str, shown: str) -> DatabaseError:
    """The error of a unit that the type does not have."""
    return InvalidArgument(f'unit "{word}" not supported for type {shown}', sqlstate="0A000")


# -- extract
def extract(word: str, stored: str, shown: str) -> str:
    """extract() of a date, timestamp or timestamptz: a numeric. `shown` is the type's name."""
    unit = unit_of(word, shown)
    zoned = shown == "timestamp with time zone"
    if (unit in _ZONE and not zoned) or (unit in _CLOCK and shown == "date"):
        raise unsupported(word, shown)
    if unit in _ZONE:
        return "0"
    if shown == "date" and unit in ("epoch", "julian"):
        day = moment(stored).toordinal()
        return str((day - 719_163) * 86_400 if unit == "epoch" else day + _JULIAN_OF_ORDINAL_0)
    if unit in ("second", "milliseconds", "microseconds", "epoch", "julian"):
        return numeric_text(_EXACT[unit](moment(stored)))
    return str(_WHOLE[unit](moment(stored)))


def _seconds(microseconds: int, digits: int) -> Decimal:
    return Decimal(microseconds).scaleb(-digits)


def _minute_part(value: datetime) -> int:
    return value.second * SECOND + value.microsecond


def _since_midnight(value: datetime) -> int:
    return (value.hour * 60 + value.minute) * 60 * SECOND + _minute_part(value)


_EXACT: dict[str, Callable[[datetime], Decimal]] = {
    "epoch": lambda value: _seconds(microseconds_between(str(value), EPOCH), 6),
    "microseconds": lambda value: Decimal(_minute_part(value)),
    "milliseconds": lambda value: _seconds(_minute_part(value), 3),
    "second": lambda value: _seconds(_minute_part(value), 6),
    "julian": lambda value: numeric_add(
        Decimal(value.toordinal() + _JULIAN_OF_ORDINAL_0),
        numeric_divide(Decimal(_since_midnight(value)), Decimal(DAY)),
    ),
}
_WHOLE: dict[str, Callable[[datetime], int]] = {
    "minute": lambda value: value.minute,
    "hour": lambda value: value.hour,
    "day": lambda value: value.day,
    "dow": lambda value: value.isoweekday() % 7,
    "isodow": lambda value: value.isoweekday(),
    "doy": lambda value: value.timetuple().tm_yday,
    "week": lambda value: value.isocalendar().week,
    "isoyear": lambda value: value.isocalendar().year,
    "month": lambda value: value.month,
    "quarter": lambda value: (value.month - 1) // 3 + 1,
    "year": lambda value: value.year,
    "decade": lambda value: value.year // 10,
    "century": lambda value: (value.year - 1) // 100 + 1,
    "millennium": lambda value: (value.year - 1) // 1000 + 1,
}


def extract_time(word: str, stored: str) -> str:
    """extract() of a time of day."""
    shown = "time without time zone"
    unit, microseconds = unit_of(word, shown), clock_microseconds(stored)
    if unit == "epoch":
        return numeric_text(_seconds(microseconds, 6))
    if unit not in _CLOCK:
        raise unsupported(word, shown)
    return _clock_part(unit, microseconds)


def _clock_part(unit: str, microseconds: int) -> str:
    """A part of a clock that may run past 24 hours, or backwards."""
    minutes, rest = quotient(microseconds, 60 * SECOND)
    hours, minutes = quotient(minutes, 60)
    whole = {"hour": hours, "minute": minutes, "microseconds": rest}
    return str(whole[unit]) if unit in whole else numeric_text(_seconds(rest, 6 if unit == "second" else 3))


def extract_span(word: str, text: str) -> str:
    """extract() of an interval."""
    span, unit = parse_span(text), unit_of(word, "interval")
    years, months = quotient(span.months, 12)
    if unit in _CLOCK:
        return _clock_part(unit, span.microseconds)
    if unit == "epoch":
        # As interval_part: a year has 365.25 days there.
        days = Decimal(years) * Decimal("365.25") + months * 30 + span.days
        return numeric_text((days * DAY + span.microseconds).quantize(Decimal(1)).scaleb(-6))
    parts: dict[str, Callable[[], int]] = {
        "day": lambda: span.days,
        "week": lambda: quotient(span.days, 7)[0],
        "month": lambda: months,
        "quarter": lambda: _span_quarter(span.months, months),
        "year": lambda: years,
        "decade": lambda: quotient(years, 10)[0],
        "century": lambda: quotient(years, 100)[0],
        "millennium": lambda: quotient(years, 1000)[0],
    }
    if unit not in parts:
        raise unsupported(word, "interval")
    return str(parts[unit]())


def _span_quarter(all_months: int, months: int) -> int:
    """From 1 to 4 forwards, from -1 to -4 backwards."""
    quarter = quotient(months, 3)[0]
    return quarter + 1 if all_months >= 0 else quarter - 1


# -- date_part
def float_part(word: str, stored: str, shown: str) -> float:
    """date_part() of a moment: double precision, added up as the server adds it."""
    value, unit = moment(stored), unit_of(word, shown)
    if unit in ("second", "milliseconds"):
        return _float_seconds(unit, value.second, value.microsecond)
    if unit == "epoch":
        return float(microseconds_between(str(value), EPOCH)) / 1_000_000.0
    if unit == "julian":
        clock = (value.hour * 60 + value.minute) * 60 + value.second + value.microsecond / 1_000_000.0
        return value.toordinal() + _JULIAN_OF_ORDINAL_0 + clock / 86_400.0
    return float(extract(word, stored, shown))


def _float_seconds(unit: str, seconds: int, microseconds: int) -> float:
    if unit == "second":
        return seconds + microseconds / 1_000_000.0
    return seconds * 1000.0 + microseconds / 1000.0


def float_time_part(word: str, stored: str) -> float:
    """date_part() of a time of day."""
    microseconds, unit = clock_microseconds(stored), unit_of(word, "time without time zone")
    if unit == "epoch":
        return microseconds / 1_000_000.0
    if unit in ("second", "milliseconds"):
        return _float_seconds(unit, *divmod(microseconds % (60 * SECOND), SECOND))
    return float(extract_time(word, stored))


def float_span_part(word: str, text: str) -> float:
    """date_part() of an interval."""
    span, unit = parse_span(text), unit_of(word, "interval")
    years, months = quotient(span.months, 12)
    if unit == "epoch":
        return (
            span.microseconds / 1_000_000.0
            + 31_557_600.0 * years
            + 2_592_000.0 * months
            + 86_400.0 * span.days
        )
    if unit in ("second", "milliseconds"):
        return _float_seconds(unit, *quotient(quotient(span.microseconds, 60 * SECOND)[1], SECOND))
    return float(extract_span(word, text))


SCALARS: tuple[Scalar, ...] = (
    strict("pg_extract", 3, extract),
    strict("pg_extract_time", 2, extract_time),
    strict("pg_extract_span", 2, extract_span),
    strict("pg_float_part", 3, float_part),
    strict("pg_float_time_part", 2, float_time_part),
    strict("pg_float_span_part", 2, float_span_part),
)
