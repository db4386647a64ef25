"""What windows need: the keys and offsets of RANGE frames as integers, and the numbers that window functions take."""

from __future__ import annotations

from decimal import Decimal

from stepladder.errors import DataError, NotPortable
from stepladder.sql.functions.dates import microseconds_between
from stepladder.sql.functions.registry import Scalar, strict
from stepladder.sql.numerals import EXACT, parse_numeric
from stepladder.sql.span_spellings import parse_span

_EPOCH = "1970-01-01 00:00:00"
_LARGEST = 2**62


def moment_order(stored: str) -> int:
    """A date's or timestamp's microseconds."""
    return microseconds_between(stored, _EPOCH)


def span_order(text: str) -> int:
    """An interval's length by PostgreSQL's order."""
    return parse_span(text).order


def units(text: str, scale: int) -> int:
    """A numeric in units of its scale. Raises NotPortable for one that 64 bits do not hold."""
    number = parse_numeric(text)
    found = EXACT.multiply(number, Decimal(10) ** scale) if number.is_finite() else number
    if not found.is_finite() or abs(found) >= _LARGEST:
        raise NotPortable(f"a RANGE frame over {text}", why="SQLite counts its distance in 64 bits")
    return int(found)


def near(value: int) -> int:
    """A bigint that keeps its distance from the ends. Raises NotPortable."""
    if abs(value) >= _LARGEST:
        raise NotPortable(f"a RANGE frame over {value}", why="SQLite counts its distance in 64 bits")
    return value


def offset(value: int | None) -> int:
    """ROWS' or GROUPS' number, or RANGE's distance. Raises DataError."""
    if value is None:
        raise DataError("frame offset must not be null", sqlstate="22004")
    if value < 0:
        raise DataError("invalid preceding or following size in window function", sqlstate="22013")
    return value


def span_offset(text: str | None) -> int:
    """RANGE's distance in time. Raises DataError, NotPortable for months."""
    if text is None:
        return offset(None)
    span = parse_span(text)
    if span.months:
        raise NotPortable(
            f"a RANGE frame of {text}",
            why="a month has no fixed length",
            instead="give days, or join on a range",
        )
    return offset(span.order)


def units_offset(text: str | None, scale: int) -> int:
    """RANGE's distance between numerics."""
    return offset(None if text is None else units(text, scale))


def positive(value: int | None, name: str, sqlstate: str) -> int:
    """The number that ntile() and nth_value() take. Raises DataError."""
    if value is None:
        raise NotPortable(f"{name}() of NULL")
    if value <= 0:
        raise DataError(f"argument of {name} must be greater than zero", sqlstate=sqlstate)
    return value


SCALARS: tuple[Scalar, ...] = (
    strict("pg_moment_order", 1, moment_order),
    strict("pg_span_order", 1, span_order),
    strict("pg_units", 2, units),
    strict("pg_near", 1, near),
    Scalar("pg_positive", 3, positive),
)
