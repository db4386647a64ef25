"""PostgreSQL's arithmetic: integers that overflow loudly, numeric with its display scale, floats that never become NULL.

numeric comes and goes as text. Division's scale is PostgreSQL's (numeric.c, select_div_scale).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import ROUND_FLOOR, Decimal
from functools import partial
from typing import Any

from stepladder.errors import DataError, DivisionByZero, InvalidArgument, NotPortable, NumericOutOfRange
from stepladder.sql.functions.registry import Scalar, strict
from stepladder.sql.numerals import (
    EXACT,
    fit_numeric,
    numeric_text,
    parse_numeric,
    rescaled,
    scale_of,
    to_float4,
)
from stepladder.sql.types import DISPLAYED, Type, fits_integer

_MOST_SCALE = 16_383  # NUMERIC_DSCALE_MAX
_MIN_DIGITS, _MAX_SCALE = 16, 1000  # numeric.c: NUMERIC_MIN_SIG_DIGITS, NUMERIC_MAX_DISPLAY_SCALE
_BASE = 4  # decimal digits of one of PostgreSQL's numeric digits


# -- integers
def checked_integer(name: str, value: Any) -> int:
    """An integer that its type holds; SQLite's arithmetic gives a float where 64 bits were not enough."""
    if isinstance(value, float) or not fits_integer(name, value):
        raise NumericOutOfRange(f"{DISPLAYED[name]} out of range")
    return int(value)


def nonzero(value: float) -> float:
    """A divisor."""
    if value == 0:
        raise DivisionByZero("division by zero")
    return value


def integer_divide(one: int, other: int) -> int:
    """Division of integers: the quotient is cut towards zero."""
    quotient = abs(one) // abs(nonzero(other))
    return checked_integer("int8", quotient if (one < 0) == (other < 0) else -quotient)


def integer_modulo(one: int, other: int) -> int:
    """The remainder of that division: it has the dividend's sign."""
    nonzero(other)
    rest = abs(one) % abs(other)
    return -rest if one < 0 else rest


def float_power(base: float, exponent: float) -> float:
    """float8's power."""
    result = _power(base, exponent)
    if result == 0 and base != 0 and math.isfinite(base) and math.isfinite(exponent):
        raise NumericOutOfRange("value out of range: underflow")
    return _float_result(result, (base, exponent))


# -- floating point
def _float_result(value: float, arguments: tuple[float, ...]) -> float:
    if math.isnan(value):
        raise NotPortable(
            "NaN", why="SQLite's numbers have no NaN", instead="keep it out with NULLIF or CASE"
        )
    if math.isinf(value) and not any(map(math.isinf, arguments)):
        raise NumericOutOfRange("value out of range: overflow")
    return value


def _power(base: float, exponent: float) -> float:
    if base == 0 and exponent < 0:
        raise DataError("zero raised to a negative power is undefined", sqlstate="2201F")
    if base < 0 and math.isfinite(exponent) and not float(exponent).is_integer():
        raise DataError(
            "a negative number raised to a non-integer power yields a complex result", sqlstate="2201F"
        )
    try:
        return math.pow(base, exponent)
    except OverflowError as error:
        raise NumericOutOfRange("value out of range: overflow") from error


def float_operation(operation: Callable[[float, float], float], one: float, other: float) -> float:
    """+, -, * and / of float8, with PostgreSQL's errors instead of infinities out of nowhere."""
    result = operation(one, other)
    underflow = (
        result == 0 and operation in (_times, _divided) and one != 0 and not math.isinf(other) and other != 0
    )
    if underflow:
        raise NumericOutOfRange("value out of range: underflow")
    return _float_result(result, (one, other))


def float4_operation(operation: Callable[[float, float], float], one: float, other: float) -> float:
    """The same of float4: the result is rounded to four bytes."""
    return _float_result(to_float4(float_operation(operation, one, other)), (one, other))


def _plus(one: float, other: float) -> float:
    return one + other


def _minus(one: float, other: float) -> float:
    return one - other


def _times(one: float, other: float) -> float:
    return one * other


def _divided(one: float, other: float) -> float:
    if other == 0:
        raise DivisionByZero("division by zero")
    return one / other


def float_round(value: float) -> float:
    """round(float8): half to even."""
    return value if math.isinf(value) else math.copysign(float(round(value)), value)


def float_whole(operation: Callable[[float], int], value: float) -> float:
    """floor, ceil and trunc of float8."""
    return value if math.isinf(value) else math.copysign(float(operation(value)), value)


def square_root(value: float) -> float:
    """sqrt(float8)."""
    if value < 0:
        raise DataError("cannot take square root of a negative number", sqlstate="2201F")
    return math.sqrt(value)


def cube_root(value: float) -> float:
    """cbrt(), and ||/."""
    return math.cbrt(value)


def logarithm(operation: Callable[[float], float], value: float) -> float:
    """ln and log of float8."""
    if value <= 0:
        word = "zero" if value == 0 else "a negative number"
        raise DataError(f"cannot take logarithm of {word}", sqlstate="2201E")
    return operation(value)


def exponential(value: float) -> float:
    """exp(float8)."""
    try:
        found = math.exp(value)
    except OverflowError as error:
        raise NumericOutOfRange("value out of range: overflow") from error
    if found == 0 and not math.isinf(value):
        raise NumericOutOfRange("value out of range: underflow")
    return found


# -- numeric
def stored_numeric(value: float | str, scale: int) -> str:
    """A NUMERIC(p,s) column's value (a number, or text already) as numeric with its scale."""
    if isinstance(value, str):
        return value
    return numeric_text(rescaled(parse_numeric(repr(value)), scale))


def _finite(*values: Decimal) -> bool:
    return all(value.is_finite() for value in values)


def numeric_operation(operation: Callable[[Decimal, Decimal], Decimal], one: str, other: str) -> str:
    """An operation of two numerics, as text."""
    return numeric_text(operation(parse_numeric(one), parse_numeric(other)))


def _checked(value: Decimal) -> Decimal:
    if value.is_finite() and value.adjusted() >= 131_072:
        raise NumericOutOfRange("value overflows numeric format")
    return value


def numeric_add(one: Decimal, other: Decimal) -> Decimal:
    """The scale is the larger one."""
    return _checked(EXACT.add(one, other))


def numeric_subtract(one: Decimal, other: Decimal) -> Decimal:
    """The scale is the larger one."""
    return _checked(EXACT.subtract(one, other))


def numeric_multiply(one: Decimal, other: Decimal) -> Decimal:
    """The scales are added, up to the largest that a numeric has."""
    product = _checked(EXACT.multiply(one, other))
    too_long = product.is_finite() and scale_of(product) > _MOST_SCALE
    return rescaled(product, _MOST_SCALE) if too_long else product


def numeric_divide(one: Decimal, other: Decimal) -> Decimal:
    """The scale comes from the digits of the values: at least 16 significant ones."""
    if other.is_nan() or one.is_nan():
        return Decimal("NaN")
    if other == 0:
        raise DivisionByZero("division by zero")
    if one.is_finite() and other.is_infinite():
        return Decimal(0)
    if not _finite(one, other):
        return EXACT.divide(one, other)
    scale = division_scale(one, other)
    # Rounding once: the quotient is cut far behind the scale, with a digit that tells halves from their neighbours.
    digits = max(one.adjusted() - other.adjusted(), 0) + scale + 10
    context = EXACT.copy()
    context.prec = digits + len(other.as_tuple().digits)
    context.rounding = "ROUND_05UP"
    return rescaled(context.divide(one, other), scale)


def division_scale(one: Decimal, other: Decimal) -> int:
    """The display scale of `one / other`."""
    weight, first = _first_digit(one)
    other_weight, other_first = _first_digit(other)
    quotient_weight = weight - other_weight - (1 if first <= other_first else 0)
    return min(_MAX_SCALE, max(_MIN_DIGITS - quotient_weight * _BASE, scale_of(one), scale_of(other), 0))


def _first_digit(value: Decimal) -> tuple[int, int]:
    """(weight, first digit) in base 10000; (0, 0) for zero."""
    if not value:
        return 0, 0
    weight = value.adjusted() // _BASE
    return weight, int(
        EXACT.scaleb(value.copy_abs(), -_BASE * weight).to_integral_value(rounding=ROUND_FLOOR)
    )


def numeric_modulo(one: Decimal, other: Decimal) -> Decimal:
    """The remainder with the sign of the dividend."""
    if other == 0 and not one.is_nan():
        raise DivisionByZero("division by zero")
    if not _finite(one, other):
        return one if other.is_infinite() and one.is_finite() else Decimal("NaN")
    return rescaled(EXACT.remainder(one, other), max(scale_of(one), scale_of(other)))


def numeric_div(one: Decimal, other: Decimal) -> Decimal:
    """div(): the quotient's whole part."""
    if other == 0 and not one.is_nan():
        raise DivisionByZero("division by zero")
    if not _finite(one, other):
        raise NotPortable("div() of NaN or infinity")
    return rescaled(EXACT.divide_int(one, other), 0)


def numeric_round(value: str, digits: int = 0) -> str:
    """round(): half away from zero."""
    return numeric_text(rescaled(parse_numeric(value), _bounded(digits)))


def _bounded(digits: int) -> int:
    """Digits behind the point as round() and trunc() take them: within what numeric can hold."""
    return max(min(digits, 16_383), -131_073)


def numeric_trunc(value: str, digits: int = 0) -> str:
    """trunc(): towards zero."""
    return _quantized(value, digits, "ROUND_DOWN")


def numeric_ceil(value: str) -> str:
    """ceil()."""
    return _quantized(value, 0, "ROUND_CEILING")


def numeric_floor(value: str) -> str:
    """floor()."""
    return _quantized(value, 0, "ROUND_FLOOR")


def _quantized(value: str, digits: int, rounding: str) -> str:
    number = parse_numeric(value)
    if not number.is_finite():
        return value
    unit = Decimal((0, (1,), -_bounded(digits)))
    found = EXACT.quantize(number.quantize(unit, rounding, EXACT), Decimal(1)) if digits < 0 else None
    return numeric_text(number.quantize(unit, rounding, EXACT) if found is None else found)


def numeric_absolute(value: str) -> str:
    """abs()."""
    return numeric_text(parse_numeric(value).copy_abs())


def numeric_negate(value: str) -> str:
    """Unary minus."""
    number = parse_numeric(value)
    return value if number.is_nan() else numeric_text(number.copy_negate())


def numeric_sign(value: str) -> str:
    """sign()."""
    number = parse_numeric(value)
    return "NaN" if number.is_nan() else str((number > 0) - (number < 0))


def numeric_fit(value: str, precision: int, scale: int) -> str:
    """A cast to numeric(p,s)."""
    return numeric_text(fit_numeric(parse_numeric(value), Type("numeric", precision, scale)))


def kept_numeric(value: str, precision: int, scale: int) -> str:
    """A numeric(p,s) on its way into a column that holds SQLite's own numbers."""
    if value == "NaN":
        raise nan_is_not_kept(precision, scale)
    return value


def nan_is_not_kept(precision: int, scale: int, position: int | None = None) -> NotPortable:
    """The refusal of NaN in a column of numeric(p,s)."""
    return NotPortable(
        f"NaN in a column of type numeric({precision},{scale})",
        why="its values are SQLite's own numbers, of which none is NaN",
        instead="NULL; or a column of type numeric without digits, which is kept as text",
        position=position,
    )


def numeric_compare(one: str, other: str) -> int:
    """The order of numerics: NaN is the largest, and equal to itself."""
    if one == other:
        return 0
    first, second = parse_numeric(one), parse_numeric(other)
    if first.is_nan() or second.is_nan():
        return int(first.is_nan()) - int(second.is_nan())
    return (first > second) - (first < second)


def numeric_square_root(value: str) -> str:
    """sqrt(numeric)."""
    number = parse_numeric(value)
    if not number.is_finite():
        raise NotPortable("sqrt() of NaN or infinity")
    if number < 0:
        raise DataError("cannot take square root of a negative number", sqlstate="2201F")
    weight = _first_digit(number)[0]
    significant = weight * _BASE // 2 + 1 if weight >= 0 else 1 - (1 - weight * _BASE) // 2
    scale = min(max(_MIN_DIGITS - significant, scale_of(number), 0), _MAX_SCALE)
    context = EXACT.copy()
    context.prec = scale + max(number.adjusted(), 0) + 30
    return numeric_text(rescaled(context.sqrt(number), scale))


def numeric_scale(value: str) -> int | None:
    """scale()."""
    number = parse_numeric(value)
    return scale_of(number) if number.is_finite() else None


def trim_scale(value: str) -> str:
    """trim_scale()."""
    number = parse_numeric(value)
    text = numeric_text(number)
    return text.rstrip("0").rstrip(".") if "." in text else text


def width_bucket(value: str, low: str, high: str, count: int) -> int:
    """width_bucket() of numerics."""
    number, least, most = map(parse_numeric, (value, low, high))
    if count <= 0:
        raise InvalidArgument("count must be greater than zero", sqlstate="2201G")
    if not _finite(least, most) or number.is_nan() or least == most:
        raise InvalidArgument("lower bound cannot equal upper bound", sqlstate="2201G")
    span, offset = EXACT.subtract(most, least), EXACT.subtract(number, least)
    if most < least:
        span, offset = span.copy_negate(), offset.copy_negate()
    if offset < 0:
        return 0
    return (
        count + 1
        if offset >= span
        else int(EXACT.divide_int(EXACT.multiply(offset, Decimal(count)), span)) + 1
    )


def _numeric(name: str, operation: Callable[[Decimal, Decimal], Decimal]) -> Scalar:
    return strict(name, 2, partial_named(numeric_operation, operation))


def partial_named(function: Callable[..., Any], first: Any) -> Callable[..., Any]:
    """functools.partial with the function's name, which `wraps` needs."""
    found = partial(function, first)
    found.__name__ = function.__name__  # type: ignore[attr-defined]
    return found


def _float(name: str, operation: Callable[[float, float], float]) -> tuple[Scalar, Scalar]:
    return (
        strict(f"pg_float8_{name}", 2, partial_named(float_operation, operation)),
        strict(f"pg_float4_{name}", 2, partial_named(float4_operation, operation)),
    )


SCALARS: tuple[Scalar, ...] = (
    *(strict(f"pg_{name}", 1, partial_named(checked_integer, name)) for name in ("int2", "int4", "int8")),
    strict("pg_integer_divide", 2, integer_divide),
    strict("pg_integer_modulo", 2, integer_modulo),
    *_float("add", _plus),
    *_float("subtract", _minus),
    *_float("multiply", _times),
    *_float("divide", _divided),
    strict("pg_float_power", 2, float_power),
    strict("pg_float_round", 1, float_round),
    strict("pg_float_floor", 1, partial_named(float_whole, math.floor)),
    strict("pg_float_ceil", 1, partial_named(float_whole, math.ceil)),
    strict("pg_float_trunc", 1, partial_named(float_whole, math.trunc)),
    strict("pg_float_sqrt", 1, square_root),
    strict("pg_float_cbrt", 1, cube_root),
    strict("pg_float_ln", 1, partial_named(logarithm, math.log)),
    strict("pg_float_log10", 1, partial_named(logarithm, math.log10)),
    strict("pg_float_exp", 1, exponential),
    strict("pg_numeric_stored", 2, stored_numeric),
    _numeric("pg_numeric_add", numeric_add),
    _numeric("pg_numeric_subtract", numeric_subtract),
    _numeric("pg_numeric_multiply", numeric_multiply),
    _numeric("pg_numeric_divide", numeric_divide),
    _numeric("pg_numeric_modulo", numeric_modulo),
    _numeric("pg_numeric_div", numeric_div),
    strict("pg_numeric_round", 1, numeric_round),
    strict("pg_numeric_round", 2, numeric_round),
    strict("pg_numeric_trunc", 1, numeric_trunc),
    strict("pg_numeric_trunc", 2, numeric_trunc),
    strict("pg_numeric_ceil", 1, numeric_ceil),
    strict("pg_numeric_floor", 1, numeric_floor),
    strict("pg_numeric_abs", 1, numeric_absolute),
    strict("pg_numeric_negate", 1, numeric_negate),
    strict("pg_numeric_sign", 1, numeric_sign),
    strict("pg_numeric_sqrt", 1, numeric_square_root),
    strict("pg_numeric_fit", 3, numeric_fit),
    strict("pg_kept_numeric", 3, kept_numeric),
    strict("pg_numeric_scale", 1, numeric_scale),
    strict("pg_trim_scale", 1, trim_scale),
    strict("pg_width_bucket", 4, width_bucket),
)
