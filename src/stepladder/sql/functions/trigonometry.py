"""Trigonometry, hyperbolic and other functions of float8. Angles in degrees (sind and its kin) are not here."""

from __future__ import annotations

import math
from collections.abc import Callable

from stepladder.errors import NumericOutOfRange
from stepladder.sql.functions.numbers import partial_named
from stepladder.sql.functions.registry import Scalar, strict

_RADIANS_PER_DEGREE = 0.0174532925199432957692


def _checked(work: Callable[[float], float], value: float) -> float:
    """A function with a domain."""
    try:
        return work(value)
    except ValueError as error:
        raise NumericOutOfRange("input is out of range") from error
    except OverflowError:
        return math.inf


def _cotangent(value: float) -> float:
    return 1.0 / math.tan(value) if value else math.copysign(math.inf, value)


def _degrees(value: float) -> float:
    found = value / _RADIANS_PER_DEGREE
    if math.isinf(found) and math.isfinite(value):
        raise NumericOutOfRange("value out of range: overflow")
    return found


def _radians(value: float) -> float:
    return value * _RADIANS_PER_DEGREE


def _hyperbolic_sine(value: float) -> float:
    try:
        return math.sinh(value)
    except OverflowError:
        return math.copysign(math.inf, value)


def _area_tangent(value: float) -> float:
    return math.copysign(math.inf, value) if abs(value) == 1 else math.atanh(value)


_ONE_ARGUMENT: dict[str, Callable[[float], float]] = {
    "sin": math.sin, "cos": math.cos, "tan": math.tan, "cot": _cotangent, "asin": math.asin, "acos": math.acos,
    "atan": math.atan, "sinh": _hyperbolic_sine, "cosh": math.cosh, "tanh": math.tanh, "asinh": math.asinh,
    "acosh": math.acosh, "atanh": _area_tangent, "degrees": _degrees, "radians": _radians, "erf": math.erf,
    "erfc": math.erfc,
}  # fmt: skip
NAMES = tuple(_ONE_ARGUMENT)
SCALARS: tuple[Scalar, ...] = (
    *(strict(f"pg_{name}", 1, partial_named(_checked, work)) for name, work in _ONE_ARGUMENT.items()),
    strict("pg_atan2", 2, math.atan2),
)
