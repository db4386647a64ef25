"""Python's numbers to the numbers that a SQLite file, or a server, takes."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

from stepladder.errors import NotPortable, NumericOutOfRange, ParameterError
from stepladder.sql.numerals import (
    fit_numeric,
    numeric_text,
    parse_float,
    parse_integer,
    parse_numeric,
    to_float4,
    to_numeric,
)
from stepladder.sql.storage import is_native_numeric
from stepladder.sql.types import Type, fits_integer


def wrong_type(type_: Type, value: object) -> ParameterError:
    """The error of a value of a Python type that is none for `type_`."""
    return ParameterError(f"a {type(value).__name__} is no value for {type_}: {str(value)[:80]!r}")


def integer(type_: Type, value: Any) -> int:
    """An int in the type's range. Raises NumericOutOfRange, InvalidText, ParameterError."""
    if isinstance(value, str):
        return parse_integer(value, type_)
    if not isinstance(value, int) or isinstance(value, bool):
        raise wrong_type(type_, value)
    if not fits_integer(type_.name, value):
        raise NumericOutOfRange(f'value "{value}" is out of range for type {type_}')
    return value


def stored_numeric(type_: Type, value: Any) -> int | float | str:
    """A numeric as its column stores it: a number, or text."""
    if isinstance(value, float) and not math.isfinite(value):
        raise wrong_type(type_, value)
    number = fit_numeric(decimal(type_, value), type_)
    if not is_native_numeric(type_):
        return numeric_text(number)
    if not number.is_finite():
        raise NotPortable(f"{number} in a column of type {type_}", why="SQLite's numbers have no NaN")
    return int(number) if number == number.to_integral_value() else float(number)


def decimal(type_: Type, value: Any) -> Decimal:
    """The value as a Decimal, before it is fitted to the type."""
    if isinstance(value, str):
        return parse_numeric(value)
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise wrong_type(type_, value)
    return to_numeric(value)


def stored_float(type_: Type, value: Any) -> float:
    """A float that SQLite holds: not NaN."""
    number = server_float(type_, value)
    if math.isnan(number):
        raise ParameterError(f"NaN as {type_}: SQLite's numbers have no NaN. Use NULL.")
    return number


def server_float(type_: Type, value: Any) -> float:
    """A float rounded to the type; NaN too."""
    if isinstance(value, str):
        number = parse_float(value, type_)
    elif isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise wrong_type(type_, value)
    else:
        number = _double(type_, value)
    if type_.name == "float8" or math.isnan(number):
        return number
    if math.isfinite(number) and math.isinf(to_float4(number)):
        raise NumericOutOfRange(f'"{number}" is out of range for type {type_}')
    return to_float4(number)


def _double(type_: Type, value: float | Decimal) -> float:
    try:
        number = float(value)
    except OverflowError:  # an int; a Decimal becomes infinite
        number = math.inf
    if math.isinf(number) and math.isfinite(value):
        raise NumericOutOfRange(f"a number of more than 308 digits is out of range for type {type_}")
    return number
