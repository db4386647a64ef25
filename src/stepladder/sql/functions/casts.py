"""Casts between types over the forms that expressions have."""

from __future__ import annotations

import math
from functools import lru_cache

from stepladder.errors import DatabaseError, NotPortable, NumericOutOfRange, ParameterError
from stepladder.sql.arrays import parse_array
from stepladder.sql.display import printer
from stepladder.sql.encoding import encoder
from stepladder.sql.functions.numbers import checked_integer, partial_named
from stepladder.sql.functions.registry import Scalar, strict
from stepladder.sql.numerals import numeric_text, parse_numeric, rescaled, to_float4
from stepladder.sql.types import DISPLAYED, Type, parse_type

# The types that text is read as.
INPUTS = (
    "bool", "int2", "int4", "int8", "numeric", "float4", "float8", "date", "time", "timestamp", "timestamptz", "interval",
    "uuid", "jsonb", "json", "bytea",
)  # fmt: skip
_OUTPUTS = ["float4", "float8", "bytea"]


@lru_cache(maxsize=4096)
def read_text(name: str, text: str) -> object:
    """text as another type, by that type's input syntax. Raises its errors."""
    encode = encoder(Type(name))
    assert encode is not None
    try:
        return encode(text)
    except ParameterError as error:
        raise NotPortable(f"{text!r} as {DISPLAYED[name]}", why=error.message) from error


def read_array(name: str, text: str) -> object:
    """text as an array of the type `name`."""
    encode = encoder(Type("array", element=Type(name)))
    assert encode is not None
    return encode(text)


def cast_array(text: str, spelling: str, explicit: int) -> object:
    """An array as an array of another type, element by element; an explicit cast cuts text to its length."""
    type_ = _type(spelling)
    length = type_.element.length if type_.element else None
    items = parse_array(text)
    if explicit and length is not None:
        items = tuple(item and item[:length] for item in items)
    encode = encoder(type_)
    assert encode is not None
    return encode(items)


_type = lru_cache(maxsize=256)(parse_type)


def show(name: str, value: object) -> str:
    """A value as its type prints it."""
    return printer(Type(name))(value)


def boolean_text(value: int) -> str:
    """boolean as text: the whole word."""
    return "true" if value else "false"


def numeric_integer(name: str, text: str) -> int:
    """numeric as an integer: half away from zero."""
    number = parse_numeric(text)
    if not number.is_finite():
        word = "NaN" if number.is_nan() else "infinity"
        raise DatabaseError(f"cannot convert {word} to {DISPLAYED[name]}", sqlstate="0A000")
    return checked_integer(name, int(rescaled(number, 0)))


def float_integer(name: str, value: float) -> int:
    """A float as an integer: half to even."""
    if not math.isfinite(value):
        raise NumericOutOfRange(f"{DISPLAYED[name]} out of range")
    return checked_integer(name, round(value))


def numeric_float(name: str, text: str) -> float:
    """numeric as a float."""
    number = parse_numeric(text)
    if number.is_nan():
        raise NotPortable(f"NaN as {DISPLAYED[name]}", why="SQLite's numbers have no NaN")
    value = float(number)
    value = to_float4(value) if name == "float4" else value
    if math.isinf(value) and number.is_finite():
        raise NumericOutOfRange(f'"{text}" is out of range for type {DISPLAYED[name]}')
    return value


def float_numeric(digits: int, value: float) -> str:
    """A float as numeric: 15 significant digits of a double, 6 of a float of four bytes."""
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return numeric_text(parse_numeric(f"{value:.{digits}g}"))


def float4(value: float) -> float:
    """A double rounded to a float of four bytes."""
    rounded = to_float4(value)
    if math.isinf(rounded) and math.isfinite(value):
        raise NumericOutOfRange("value out of range: overflow")
    if rounded == 0 and value != 0:
        raise NumericOutOfRange("value out of range: underflow")
    return rounded


SCALARS: tuple[Scalar, ...] = (
    *(strict(f"pg_read_{name}", 1, partial_named(read_text, name)) for name in INPUTS),
    *(strict(f"pg_read_array_{name}", 1, partial_named(read_array, name)) for name in ("text", *INPUTS)),
    strict("pg_cast_array", 3, cast_array),
    *(strict(f"pg_show_{name}", 1, partial_named(show, name)) for name in _OUTPUTS),
    *(
        strict(f"pg_numeric_{name}", 1, partial_named(numeric_integer, name))
        for name in ("int2", "int4", "int8")
    ),
    *(strict(f"pg_float_{name}", 1, partial_named(float_integer, name)) for name in ("int2", "int4", "int8")),
    *(strict(f"pg_numeric_{name}", 1, partial_named(numeric_float, name)) for name in ("float4", "float8")),
    strict("pg_float8_numeric", 1, partial_named(float_numeric, 15)),
    strict("pg_float4_numeric", 1, partial_named(float_numeric, 6)),
    strict("pg_float4", 1, float4),
    strict("pg_bool_text", 1, boolean_text),
)
