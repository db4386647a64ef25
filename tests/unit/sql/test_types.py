"""Types: spellings, and the types of Python's values."""
# ruff: noqa: DTZ001 - a naive datetime is a timestamp without time zone

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from stepladder.errors import ParameterError, UndefinedObject
from stepladder.sql import Type, parse_type, type_of


@pytest.mark.parametrize(
    ("text", "type_", "shown"),
    [
        ("int", Type("int4"), "integer"),
        ("BIGINT", Type("int8"), "bigint"),
        ("decimal(10,2)", Type("numeric", 10, 2), "numeric(10,2)"),
        ("numeric(5)", Type("numeric", 5, 0), "numeric(5,0)"),
        ("double  precision", Type("float8"), "double precision"),
        ("float(24)", Type("float4"), "real"),
        ("varchar(20)", Type("varchar", length=20), "character varying(20)"),
        ("char", Type("bpchar", length=1), "character(1)"),
        ("bpchar", Type("bpchar"), "bpchar"),
        ("timestamptz", Type("timestamptz"), "timestamp with time zone"),
        ("timestamp(3) with time zone", Type("timestamptz", 3), "timestamp(3) with time zone"),
        ("text[]", Type("array", element=Type("text")), "text[]"),
        ("numeric(4,1)[]", Type("array", element=Type("numeric", 4, 1)), "numeric(4,1)[]"),
    ],
)
def test_a_spelling_and_its_display(text: str, type_: Type, shown: str) -> None:
    assert parse_type(text) == type_
    assert str(type_) == shown
    assert parse_type(shown) == type_


@pytest.mark.parametrize("text", ["", "nonsense", "varchar(0)", "numeric(1,2,3)", "text(3)", "int]["])
def test_what_is_no_type_is_refused(text: str) -> None:
    with pytest.raises(UndefinedObject):
        parse_type(text)


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (2**31 - 1, "int4"),
        (-(2**31), "int4"),
        (2**31, "int8"),
        (2**63, "numeric"),
        (True, "bool"),
        (0.5, "float8"),
        (Decimal("1.0"), "numeric"),
        ("x", "unknown"),
        (None, "unknown"),
        (date(2026, 1, 1), "date"),
        (time(1), "time"),
        (datetime(2026, 1, 1), "timestamp"),
        (datetime(2026, 1, 1, tzinfo=UTC), "timestamptz"),
        (timedelta(1), "interval"),
        (UUID(int=1), "uuid"),
        (b"x", "bytea"),
        ({}, "jsonb"),
        ([], "unknown"),
        ([None], "unknown"),
    ],
)
def test_a_value_has_one_type(value: object, name: str) -> None:
    assert type_of(value) == Type(name)


def test_a_list_has_the_type_that_all_its_values_fit() -> None:
    assert type_of([1, None, 2**40]) == Type("array", element=Type("int8"))
    assert type_of(["a"]) == Type("array", element=Type("text"))
    assert type_of([1, Decimal("2.5")]) == Type("array", element=Type("numeric"))


@pytest.mark.parametrize("value", [object(), [1, "a"], [[1], [2]], {1}])
def test_a_value_that_no_type_takes_is_named(value: object) -> None:
    with pytest.raises(ParameterError):
        type_of(value)
