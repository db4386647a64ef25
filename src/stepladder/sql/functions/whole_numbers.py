"""Bits, divisors, factorials, buckets and random numbers."""

from __future__ import annotations

import math
from decimal import Decimal

from stepladder.errors import InvalidArgument, NotPortable, NumericOutOfRange
from stepladder.sql.functions.registry import Scalar, strict
from stepladder.sql.numerals import EXACT, numeric_text, parse_numeric, scale_of

_LARGEST_FACTORIAL = 32_177


def exclusive_or(one: int, other: int) -> int:
    """#, which SQLite lacks."""
    return one ^ other


def shift_left(bits: int, value: int, count: int) -> int:
    """<<: what is shifted out is lost; the count is taken as the processor takes it."""
    cut = value << (count & (63 if bits == 64 else 31))
    half: int = 1 << (bits - 1)
    return (cut + half) % (2 * half) - half


def shift_right(bits: int, value: int, count: int) -> int:
    """>>: the sign stays."""
    return value >> (count & (63 if bits == 64 else 31))


def greatest_common_divisor(one: int, other: int) -> float:
    """gcd() of integers; a float where 64 bits do not hold it, as SQLite's own arithmetic has it."""
    return _in_64_bits(math.gcd(one, other))


def least_common_multiple(one: int, other: int) -> float:
    """lcm() of integers, in the same way."""
    return _in_64_bits(math.lcm(one, other))


def _in_64_bits(found: int) -> float:
    return found if found < 2**63 else float(found)


def _scaled(*texts: str) -> tuple[list[int], int]:
    numbers = list(map(parse_numeric, texts))
    if not all(number.is_finite() for number in numbers):
        raise NotPortable("NaN or infinity in this function")
    scale = max(map(scale_of, numbers))
    return [int(EXACT.scaleb(number, scale)) for number in numbers], scale


def numeric_gcd(one: str, other: str) -> str:
    """gcd() of numerics."""
    numbers, scale = _scaled(one, other)
    return numeric_text(EXACT.scaleb(Decimal(math.gcd(*numbers)), -scale))


def numeric_lcm(one: str, other: str) -> str:
    """lcm() of numerics."""
    numbers, scale = _scaled(one, other)
    return numeric_text(EXACT.scaleb(Decimal(math.lcm(*numbers)), -scale))


def factorial(value: int) -> str:
    """factorial(), and ! of old."""
    if value < 0:
        raise NumericOutOfRange("factorial of a negative number is undefined")
    if value > _LARGEST_FACTORIAL:
        raise NumericOutOfRange("value overflows numeric format")
    return numeric_text(Decimal(math.factorial(value)))


def min_scale(text: str) -> int | None:
    """min_scale(): the digits behind the point that are needed."""
    number = parse_numeric(text)
    return scale_of(number.normalize(EXACT)) if number.is_finite() else None


def float_bucket(value: float, low: float, high: float, count: int) -> int:
    """width_bucket() of floats."""
    if count <= 0:
        raise InvalidArgument("count must be greater than zero", sqlstate="2201G")
    if math.isinf(low) or math.isinf(high):
        raise InvalidArgument("lower and upper bounds must be finite", sqlstate="2201G")
    if low == high:
        raise InvalidArgument("lower bound cannot equal upper bound", sqlstate="2201G")
    sign = 1 if low < high else -1
    if sign * value < sign * low:
        return 0
    if sign * value >= sign * high:
        return count + 1
    if math.isinf(high - low):
        part = (value / 2 - low / 2) / (high / 2 - low / 2)
    else:
        part = (value - low) / (high - low)
    return min(int(count * part), count - 1) + 1


# -- random numbers, from SQLite's own random()
def random_integer(drawn: int, low: int, high: int) -> int:
    """random(low, high)."""
    _check_order(low, high)
    return low + (drawn + 2**63) % (high - low + 1)


def random_numeric(drawn: int, more: int, low: str, high: str) -> str:
    """random(low, high) of numerics."""
    (least, most), scale = _scaled(low, high)
    _check_order(least, most)
    found = least + ((drawn + 2**63) * 2**64 + more + 2**63) % (most - least + 1)
    return numeric_text(EXACT.scaleb(Decimal(found), -scale))


def _check_order(low: int, high: int) -> None:
    if low > high:
        raise InvalidArgument("lower bound must be less than or equal to upper bound")


SCALARS: tuple[Scalar, ...] = (
    strict("pg_xor", 2, exclusive_or),
    strict("pg_shift_left", 3, shift_left),
    strict("pg_shift_right", 3, shift_right),
    strict("pg_gcd", 2, greatest_common_divisor),
    strict("pg_lcm", 2, least_common_multiple),
    strict("pg_numeric_gcd", 2, numeric_gcd),
    strict("pg_numeric_lcm", 2, numeric_lcm),
    strict("pg_factorial", 1, factorial),
    strict("pg_min_scale", 1, min_scale),
    strict("pg_float_bucket", 4, float_bucket),
    strict("pg_random_integer", 3, random_integer),
    strict("pg_random_numeric", 4, random_numeric),
)
