"""Values as literals of PostgreSQL's."""
# ruff: noqa: DTZ001 - a naive datetime is a timestamp without time zone

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from stepladder.errors import ParameterError
from stepladder.sql import Span, bind


def escape(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (5, "5"),
        (-5, "(-5)"),
        (None, "NULL"),
        (True, "'true'::bool"),
        ("it's", "'it''s'"),
        (0.1, "'0.1'::float8"),
        (2**31, "'2147483648'::int8"),
        (-(2**31), "'-2147483648'::int4"),
        (2**63, "'9223372036854775808'::numeric"),
        (Span(13, -1, 5), "'1 year 1 mon -1 days +00:00:00.000005'::interval"),
        (math.nan, "'nan'::float8"),
        (Decimal("1.50"), "'1.50'::numeric"),
        (date(2026, 1, 2), "'2026-01-02'::date"),
        (datetime(2026, 1, 1, tzinfo=UTC), "'2026-01-01 00:00:00+00:00'::timestamptz"),
        (datetime(2026, 1, 1), "'2026-01-01 00:00:00'::timestamp"),
        (timedelta(days=1, seconds=1), "'1 day 00:00:01'::interval"),
        (b"\x01", "'\\x01'::bytea"),
        ([1, None, 2], "'{1,NULL,2}'::int4[]"),
        (["a b", ""], '\'{"a b",""}\'::text[]'),
        ([], "'{}'"),
        ({"a": 1}, "'{\"a\": 1}'::jsonb"),
    ],
)
def test_one_table_for_every_value(value: object, text: str) -> None:
    assert bind("SELECT :v", {"v": value}, escape).text == f"SELECT {text}"


def test_only_parameters_are_replaced() -> None:
    assert bind("SELECT ':a', :a::int, x[1:a]", {"a": 1}, escape).text == "SELECT ':a', 1::int, x[1:a]"


@pytest.mark.parametrize("sql", ["SELECT 'a'\n:b", "SELECT :b\n'a'", "SELECT :b\n:b"])
def test_a_value_is_not_read_together_with_the_string_beside_it(sql: str) -> None:
    assert " ('x')" in bind(sql, {"b": "x"}, escape).text


@pytest.mark.parametrize("values", [{}, {"a": 1, "b": 2}, {"a": object()}, {"a": "x\0"}, {"a": "\ud800"}])
def test_missing_unused_and_impossible_values_are_named(values: dict[str, object]) -> None:
    with pytest.raises(ParameterError, match=r":a|\bb\b"):
        bind("SELECT :a", values, escape)
