"""Arithmetic against exact fractions, and aggregates over frames against the same computed anew."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from hypothesis import assume, given
from hypothesis import strategies as st

from stepladder.errors import NumericOutOfRange
from stepladder.sql.functions.aggregates import Largest
from stepladder.sql.functions.exact_sums import ExactAverage, ExactSum
from stepladder.sql.functions.numbers import (
    division_scale,
    integer_divide,
    integer_modulo,
    numeric_add,
    numeric_compare,
    numeric_divide,
    numeric_modulo,
    numeric_multiply,
    numeric_round,
)
from stepladder.sql.functions.variances import FloatSum
from stepladder.sql.numerals import float_text, numeric_text, parse_float, parse_numeric, scale_of
from stepladder.sql.types import Type

NUMBERS = st.builds(
    lambda digits, scale: Decimal(digits).scaleb(-scale), st.integers(-(10**25), 10**25), st.integers(0, 20)
)
INT8 = st.integers(-(2**63), 2**63 - 1)


@given(NUMBERS, NUMBERS)
def test_sums_and_products_are_exact(one: Decimal, other: Decimal) -> None:
    assert Fraction(numeric_add(one, other)) == Fraction(one) + Fraction(other)
    assert Fraction(numeric_multiply(one, other)) == Fraction(one) * Fraction(other)
    assert scale_of(numeric_multiply(one, other)) == scale_of(one) + scale_of(other)


@given(NUMBERS, NUMBERS.filter(bool))
def test_a_quotient_is_rounded_half_away_at_its_scale(one: Decimal, other: Decimal) -> None:
    found = numeric_divide(one, other)
    scale = division_scale(one, other)
    exact = abs(Fraction(one) / Fraction(other)) * 10**scale
    whole = int(exact + Fraction(1, 2))
    assert scale_of(found) == scale
    assert abs(Fraction(found)) * 10**scale == whole


@given(NUMBERS, NUMBERS.filter(bool))
def test_a_remainder_has_the_dividends_sign(one: Decimal, other: Decimal) -> None:
    rest = numeric_modulo(one, other)
    assert abs(rest) < abs(other)
    assert rest == 0 or (rest < 0) == (one < 0)
    assert ((Fraction(one) - Fraction(rest)) / Fraction(other)).denominator == 1


@given(INT8, INT8.filter(bool))
def test_integer_division_cuts_towards_zero(one: int, other: int) -> None:
    assume(not (one == -(2**63) and other == -1))
    assert integer_divide(one, other) * other + integer_modulo(one, other) == one
    assert abs(integer_modulo(one, other)) < abs(other)


def test_the_one_quotient_that_does_not_fit_is_an_error() -> None:
    try:
        integer_divide(-(2**63), -1)
    except NumericOutOfRange:
        return
    raise AssertionError("no error")


@given(NUMBERS, st.integers(-5, 25))
def test_rounding_is_to_the_nearest(value: Decimal, digits: int) -> None:
    found = Fraction(numeric_round(numeric_text(value), digits))
    assert abs(found - Fraction(value)) <= Fraction(1, 2) / Fraction(10) ** digits


@given(NUMBERS)
def test_a_numerics_text_is_read_back(value: Decimal) -> None:
    found = parse_numeric(numeric_text(value))
    assert found == value
    assert scale_of(found) == scale_of(value)


@given(NUMBERS, NUMBERS)
def test_the_order_is_that_of_the_values(one: Decimal, other: Decimal) -> None:
    assert numeric_compare(numeric_text(one), numeric_text(other)) == (one > other) - (one < other)


@given(st.floats(allow_nan=False))
def test_a_floats_text_is_read_back(value: float) -> None:
    assert parse_float(float_text(value, Type("float8")), Type("float8")) == value


@given(st.floats(width=32, allow_nan=False))
def test_a_small_floats_text_is_read_back(value: float) -> None:
    assert parse_float(float_text(value, Type("float4")), Type("float4")) == value


@given(st.lists(st.builds(numeric_text, NUMBERS), min_size=1), st.data())
def test_a_moving_frame_is_as_good_as_a_new_one(values: list[str], data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(values)))
    for factory, before in ((ExactSum, ()), (ExactAverage, ()), (Largest, ("numeric",))):
        moved, fresh = factory(), factory()
        for value in values:
            moved.step(*before, value)
        for value in values[:start]:
            moved.inverse(*before, value)
        for value in values[start:]:
            fresh.step(*before, value)
        assert moved.value() == fresh.value()


@given(st.lists(st.floats(-1e9, 1e9), min_size=2))
def test_floats_that_left_leave_no_trace(values: list[float]) -> None:
    moved, fresh = FloatSum(), FloatSum()
    moved.step(1e300)
    for value in values:
        moved.step(value)
        fresh.step(value)
    moved.inverse(1e300)
    assert moved.value() == fresh.value()
