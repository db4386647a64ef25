"""Arithmetic of intervals: months, days and time stay apart, and spill downwards only."""

from __future__ import annotations

import math

from stepladder.errors import DivisionByZero, InvalidDatetime, NotPortable
from stepladder.sql.functions.registry import Scalar, strict
from stepladder.sql.span_spellings import fitted, parse_span
from stepladder.sql.spans import DAY, Span

_SECOND = 1_000_000
_DAY_SECONDS = 86_400


def shown_span(span: Span) -> str:
    """An interval's text. Raises InvalidDatetime (22008) where the server's fields do not hold it."""
    if any(not -limit <= part < limit for part, limit in zip(span, (2**31, 2**31, 2**63), strict=True)):
        raise InvalidDatetime("interval out of range", sqlstate="22008")
    return str(span)


def quotient(value: int, divisor: int) -> tuple[int, int]:
    """The quotient cut towards zero, and the rest with the dividend's sign."""
    whole, rest = divmod(abs(value), divisor)
    return (-whole, -rest) if value < 0 else (whole, rest)


def span_sum(one: str, other: str, sign: int = 1) -> str:
    """interval plus interval."""
    first, second = parse_span(one), parse_span(other)
    return shown_span(Span(*(a + sign * b for a, b in zip(first, second, strict=True))))


def span_difference(one: str, other: str) -> str:
    """interval minus interval."""
    return span_sum(one, other, -1)


def span_negate(one: str) -> str:
    """Unary minus."""
    return shown_span(Span(*(-part for part in parse_span(one))))


def span_times(text: str, factor: float) -> str:
    """interval times a number (interval_mul)."""
    span = parse_span(text)
    return _scaled(span.months * factor, span.days * factor, span.microseconds * factor)


def span_divided(text: str, divisor: float) -> str:
    """interval divided by a number (interval_div)."""
    if divisor == 0:
        raise DivisionByZero("division by zero")
    span = parse_span(text)
    return _scaled(span.months / divisor, span.days / divisor, span.microseconds / divisor)


def _scaled(months: float, days: float, microseconds: float) -> str:
    """A broken month spills into days, a broken day into time."""
    if any(map(math.isinf, (months, days, microseconds))):
        raise NotPortable("an infinite interval", why="an interval is finite here")
    if not all(map(math.isfinite, (months, days, microseconds))):
        raise InvalidDatetime("interval out of range", sqlstate="22008")
    whole_months, whole_days = math.trunc(months), math.trunc(days)
    month_days = _to_microsecond((months - whole_months) * 30)
    seconds = _to_microsecond((days - whole_days + month_days - math.trunc(month_days)) * _DAY_SECONDS)
    if abs(seconds) >= _DAY_SECONDS:
        spilled = math.trunc(seconds / _DAY_SECONDS)
        whole_days, seconds = whole_days + spilled, seconds - spilled * _DAY_SECONDS
    whole_days += math.trunc(month_days)
    return shown_span(Span(whole_months, whole_days, round(microseconds + seconds * _SECOND)))


def _to_microsecond(value: float) -> float:
    return round(value * _SECOND) / _SECOND


def span_compare(one: str, other: str) -> int:
    """The order of intervals: a month counts as 30 days, a day as 24 hours."""
    first, second = parse_span(one).order, parse_span(other).order
    return (first > second) - (first < second)


# -- justify
def justify_hours(text: str) -> str:
    """justify_hours(): 24 hours are a day."""
    span = parse_span(text)
    whole, rest = quotient(span.microseconds, DAY)
    days, rest = _same_sign(span.days + whole, rest, DAY)
    return shown_span(Span(span.months, days, rest))


def justify_days(text: str) -> str:
    """justify_days(): 30 days are a month."""
    span = parse_span(text)
    whole, rest = quotient(span.days, 30)
    months, rest = _same_sign(span.months + whole, rest, 30)
    return shown_span(Span(months, rest, span.microseconds))


def justify_interval(text: str) -> str:
    """justify_interval(): both, and one sign."""
    span = parse_span(text)
    whole_days, microseconds = quotient(span.microseconds, DAY)
    whole_months, days = quotient(span.days + whole_days, 30)
    months = span.months + whole_months
    if months > 0 and (days, microseconds) < (0, 0):
        months, days = months - 1, days + 30
    elif months < 0 and (days, microseconds) > (0, 0):
        months, days = months + 1, days - 30
    days, microseconds = _same_sign(days, microseconds, DAY)
    return shown_span(Span(months, days, microseconds))


def _same_sign(large: int, small: int, size: int) -> tuple[int, int]:
    if large > 0 > small:
        return large - 1, small + size
    if large < 0 < small:
        return large + 1, small - size
    return large, small


# -- made and cut
def make_interval(
    years: int, months: int, weeks: int, days: int, hours: int, minutes: int, seconds: float
) -> str:
    """make_interval()."""
    if not math.isfinite(seconds):
        raise InvalidDatetime("interval out of range", sqlstate="22008")
    clock = (hours * 60 + minutes) * 60 * _SECOND + round(seconds * _SECOND)
    return shown_span(Span(years * 12 + months, weeks * 7 + days, clock))


def fit_span(text: str, fields: str, digits: int) -> str:
    """A cast to an interval with fields, a precision or both."""
    return str(fitted(parse_span(text), fields, digits))


def truncate_span(unit: str, text: str) -> str:
    """date_trunc() of an interval; `unit` is a known one."""
    span = parse_span(text)
    if unit in _MONTHS:
        size = _MONTHS[unit]
        return str(Span(quotient(span.months, size)[0] * size, 0, 0))
    size = _MICROSECONDS[unit]
    return str(Span(span.months, span.days, quotient(span.microseconds, size)[0] * size))


_MONTHS = {"month": 1, "quarter": 3, "year": 12, "decade": 120, "century": 1200, "millennium": 12_000}
_MICROSECONDS = {
    "microseconds": 1, "milliseconds": 1000, "second": _SECOND, "minute": 60 * _SECOND, "hour": 3600 * _SECOND,
    "day": 2**63,
}  # fmt: skip
TRUNCATED = frozenset((*_MONTHS, *_MICROSECONDS))
SCALARS: tuple[Scalar, ...] = (
    strict("pg_span_sum", 2, span_sum),
    strict("pg_span_difference", 2, span_difference),
    strict("pg_span_negate", 1, span_negate),
    strict("pg_span_times", 2, span_times),
    strict("pg_span_divided", 2, span_divided),
    strict("pg_justify_hours", 1, justify_hours),
    strict("pg_justify_days", 1, justify_days),
    strict("pg_justify_interval", 1, justify_interval),
    strict("pg_make_interval", 7, make_interval),
    strict("pg_fit_span", 3, fit_span),
)
