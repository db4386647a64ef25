"""generate_series(): its values as rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from stepladder.errors import DataError, InvalidArgument, NotPortable
from stepladder.sql.functions.dates import add_span, moment
from stepladder.sql.functions.registry import Scalar, strict
from stepladder.sql.functions.rows import json_rows
from stepladder.sql.moments import stored_timestamptz
from stepladder.sql.numerals import EXACT, numeric_text, parse_numeric
from stepladder.sql.span_spellings import parse_span
from stepladder.sql.spans import Span
from stepladder.sql.zones import find_zone, to_instant, to_local


def integers(start: int, stop: int, step: int = 1) -> str:
    """Integers; a value beyond bigint ends the series."""
    return json_rows(range(start, stop + step_sign(step), step))


def numerics(start: str, stop: str, step: str = "1") -> str:
    """numerics: each has the larger scale of the one before and the step."""
    first, last, by = (
        _finite(name, text) for name, text in (("start", start), ("stop", stop), ("step size", step))
    )
    if by == 0:
        raise _no_step()
    return json_rows(map(numeric_text, _numerics(first, last, by)))


def _numerics(value: Decimal, last: Decimal, by: Decimal) -> Iterator[Decimal]:
    while (value <= last) if by > 0 else (value >= last):
        yield value
        value = EXACT.add(value, by)


def _finite(name: str, text: str) -> Decimal:
    value = parse_numeric(text)
    if not value.is_finite():
        word = "NaN" if value.is_nan() else "infinity"
        raise InvalidArgument(f"{name} {'value ' if name != 'step size' else ''}cannot be {word}")
    return value


def moments(start: str, stop: str, step: str) -> str:
    """timestamps and timestamptz in UTC: each is the one before and the step, so a month's last day stays cut."""
    rises = step_sign(step) > 0
    found = []
    value = start
    while (value <= stop) if rises else (value >= stop):
        found.append(value)
        try:
            value = add_span(value, step)
        except (DataError, NotPortable):  # beyond the years that there are, hence beyond `stop`
            break
    return json_rows(found)


def moments_in_zone(start: str, stop: str, step: str, zone: str) -> str:
    """timestamptz whose days and months are those of a zone."""
    rises = step_sign(step) > 0
    span, area = parse_span(step), find_zone(zone)
    dated = [str(part) for part in (Span(span.months, 0, 0), Span(0, span.days, 0)) if part.order]
    clock = timedelta(microseconds=span.microseconds)
    found = []
    value, last = datetime.fromisoformat(start), datetime.fromisoformat(stop)
    while (value <= last) if rises else (value >= last):
        found.append(stored_timestamptz(value))
        try:
            for part in dated:
                value = to_instant(moment(add_span(str(to_local(value, area)), part)), area)
            value += clock
        except (DataError, NotPortable, OverflowError):
            break
    return json_rows(found)


def step_sign(step: int | str) -> int:
    """1 for a series that rises, -1 for one that falls. A step of zero is an error."""
    length = parse_span(step).order if isinstance(step, str) else step
    if length == 0:
        raise _no_step()
    return 1 if length > 0 else -1


def _no_step() -> InvalidArgument:
    return InvalidArgument("step size cannot equal zero")


SCALARS: tuple[Scalar, ...] = (
    strict("pg_step_sign", 1, step_sign),
    strict("pg_integers", 2, integers),
    strict("pg_integers", 3, integers),
    strict("pg_numerics", 2, numerics),
    strict("pg_numerics", 3, numerics),
    strict("pg_moments", 3, moments),
    strict("pg_moments_in_zone", 4, moments_in_zone),
)
