"""Python's values to stored ones, and back."""
# ruff: noqa: DTZ001 - a naive datetime is a timestamp without time zone

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from stepladder.errors import (
    InvalidDatetime,
    InvalidText,
    NotPortable,
    NumericOutOfRange,
    ParameterError,
    StringTooLong,
)
from stepladder.sql import Span, decoder, encoder, parse_type


def stored(type_: str, value: Any) -> Any:
    encode = encoder(parse_type(type_))
    return encode(value) if encode else value


def back(type_: str, value: Any) -> Any:
    decode = decoder(parse_type(type_))
    return decode(value) if decode else value


@pytest.mark.parametrize(
    ("type_", "value", "kept"),
    [
        ("int", "0x1F", 31),
        ("bigint", 2**63 - 1, 2**63 - 1),
        ("numeric(10,2)", Decimal("1.005"), 1.01),
        ("numeric(10,2)", Decimal("-1.005"), -1.01),
        ("numeric(10,2)", "3", 3),
        ("numeric", "1.50", "1.50"),
        ("numeric", "1e5", "100000"),
        ("numeric(20,2)", Decimal(1), "1.00"),
        ("bool", " Yes", 1),
        ("bool", "of", 0),
        ("varchar(3)", "abc  ", "abc"),
        ("char(4)", "ab", "ab"),
        ("date", "1990-1-5", "1990-01-05"),
        ("timestamptz", "2024-02-01T10:00+02", "2024-02-01 08:00:00+00:00"),
        (
            "timestamptz",
            datetime(2024, 2, 1, 1, tzinfo=timezone(timedelta(hours=1))),
            "2024-02-01 00:00:00+00:00",
        ),
        ("timestamp", "2024-02-01 24:00", "2024-02-02 00:00:00"),
        ("time", "01:02:03.5", "01:02:03.500000"),
        ("interval", timedelta(days=-1, seconds=5), "-1 days +00:00:05"),
        ("interval", "P1DT2H", "1 day 02:00:00"),
        ("uuid", "{A0EEBC999C0B4EF8BB6D6BB9BD380A11}", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
        ("jsonb", '{"b":1,"aa":2.50,"b":3}', '{"b": 3, "aa": 2.50}'),
        ("jsonb", {"b": [True, None]}, '{"b": [true, null]}'),
        ("bytea", "\\x0aff", b"\n\xff"),
        ("int[]", [1, None], "{1,NULL}"),
        ("text[]", ["a,b", "NULL", ""], '{"a,b","NULL",""}'),
    ],
)
def test_a_value_is_stored_in_one_form(type_: str, value: object, kept: object) -> None:
    assert stored(type_, value) == kept


@pytest.mark.parametrize(
    ("type_", "value", "error"),
    [
        ("int", 2**31, NumericOutOfRange),
        ("int", "abc", InvalidText),
        ("int", True, ParameterError),
        ("int", 1.0, ParameterError),
        ("numeric(4,2)", Decimal("99.995"), NumericOutOfRange),
        ("float8", math.nan, ParameterError),
        ("bool", "maybe", InvalidText),
        ("varchar(3)", "abcd", StringTooLong),
        ("text", "a\0", ParameterError),
        ("date", "2023-02-29", InvalidDatetime),
        ("date", "abc", InvalidDatetime),
        ("date", "today", NotPortable),
        ("date", datetime(2024, 1, 1), ParameterError),
        ("timestamptz", datetime(2024, 1, 1), ParameterError),
        ("timestamp", datetime(2024, 1, 1, tzinfo=UTC), ParameterError),
        ("uuid", "12", InvalidText),
        ("jsonb", "{a}", InvalidText),
        ("int[]", "1,2", InvalidText),
    ],
)
def test_a_value_that_does_not_fit_is_refused(type_: str, value: object, error: type[Exception]) -> None:
    with pytest.raises(error):
        stored(type_, value)


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("int", 5),
        ("numeric(12,3)", Decimal("-0.100")),
        ("numeric", Decimal("1.50")),
        ("numeric", Decimal("NaN")),
        ("real", 0.1),
        ("double precision", 1e-300),
        ("bool", False),
        ("date", date(1, 1, 1)),
        ("time", time(23, 59, 59, 1)),
        ("timestamp", datetime(9999, 12, 31, 23, 59, 59, 999999)),
        ("timestamptz", datetime(2024, 1, 1, tzinfo=UTC)),
        ("interval", timedelta(days=-3, microseconds=1)),
        ("uuid", UUID(int=5)),
        ("jsonb", {"a": [1, 2.5, "x", None]}),
        ("bytea", b"\0\xff"),
        ("timestamptz[]", [datetime(2024, 1, 1, tzinfo=UTC), None]),
        ("text[]", ['"\\', "{}"]),
    ],
)
def test_what_is_stored_comes_back(type_: str, value: Any) -> None:
    found = back(type_, stored(type_, value))
    assert str(found) == str(value)
    assert type(found) is type(value)


def test_a_month_is_no_timedelta() -> None:
    assert back("interval", "1 mon") == Span(1, 0, 0)
    assert stored("interval", Span(1, 0, 0)) == "1 mon"


@pytest.mark.parametrize(
    ("type_", "value"),
    [("int", "\u0661"), ("bool", "\u00a0t"), ("date", "\u0662024-01-01"), ("int", "1\x1f")],
)
def test_digits_and_blanks_beyond_ascii_are_no_input(type_: str, value: str) -> None:
    with pytest.raises((InvalidText, InvalidDatetime, NotPortable)):
        stored(type_, value)
