"""Each class of difference, from two values and the model's SQL."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from stepladder.compare import Difference, reason
from stepladder.prove import diagnose
from stepladder.sql import constructs

UTC = dt.UTC
NOON = dt.datetime(2026, 3, 1, 12, tzinfo=UTC)
PLAIN = "SELECT x FROM t"


def named(left: Any, right: Any, sql: str, *, why: str = "", by_bytes: bool = True) -> str:
    found = Difference(None, 1, "x", left, right, why or reason(left, right))
    return diagnose(found, constructs(sql), by_bytes=by_bytes).name


@pytest.mark.parametrize(
    ("left", "right", "sql", "name"),
    [
        (Decimal("2.5"), Decimal("2.50"), PLAIN, "scale"),
        (Decimal("0.12"), Decimal("0.13"), "SELECT round(x, 2) FROM t", "half rounding"),
        (2, 3, "SELECT x::int FROM t", "half rounding"),
        (2.0, 3.0, "SELECT round(x) FROM t", "half rounding"),
        (2, 3, PLAIN, "not classified"),
        (Decimal("0.67"), Decimal("0.6667"), PLAIN, "fewer digits"),
        (2, Decimal("2.5"), "SELECT a / b FROM t", "integer division"),
        (Decimal("2.00"), Decimal("2.50"), "SELECT a / b FROM t", "integer division"),
        (2, Decimal("2.5"), PLAIN, "type"),
        (1, True, PLAIN, "type"),
        (0.1 + 0.2, 0.3, "SELECT sum(x) FROM t", "float summation"),
        (0.1 + 0.2, 0.3, PLAIN, "float rounding"),
        (0.0, -0.0, PLAIN, "sign of zero"),
        (NOON, NOON + dt.timedelta(hours=5), "SELECT date_trunc('day', x) FROM t", "time zone"),
        (NOON, NOON.replace(tzinfo=None), PLAIN, "time zone"),
        (dt.date(2026, 3, 1), dt.date(2026, 3, 2), "SELECT x::date FROM t", "time zone"),
        ("2026-03-01 12:00+00", "2026-03-01 14:00+00", "SELECT to_char(x, 'a') FROM t", "time zone"),
        (NOON, NOON + dt.timedelta(microseconds=1), PLAIN, "fraction of a second"),
        (NOON, NOON + dt.timedelta(seconds=3), "SELECT now() AS x", "clock"),
        (NOON, NOON + dt.timedelta(days=3), "SELECT x::date FROM t", "not classified"),
        ("ß", "SS", "SELECT upper(x) FROM t", "text case mapping"),
        ("ada", "Ada", PLAIN, "case of letters"),
        ('{"a": 1, "b": 2}', '{"b":2,"a":1}', "SELECT x::jsonb::text FROM t", "jsonb text"),
        ("1.50", "1.5", PLAIN, "text form"),
        ("DE   ", "DE", "SELECT x::char(5) FROM t", "padding"),
        ("a  b", "a b", PLAIN, "white space"),
        (None, 1, PLAIN, "NULL"),
        (None, 1, "SELECT first_value(x) OVER (ORDER BY y) FROM t", "NULL order"),
        ([1, None], [None, 1], "SELECT array_agg(x ORDER BY x) FROM t", "NULL order"),
        ([1, 2], [2, 1], "SELECT array_agg(x) FROM t", "order of elements"),
        ([Decimal("1.0")], [Decimal("1.00")], PLAIN, "scale"),
        ({"a": 1}, {"a": 2}, PLAIN, "not classified"),
        (17, 4, "SELECT random() AS x", "random"),
    ],
)
def test_two_values(left: Any, right: Any, sql: str, name: str) -> None:
    assert named(left, right, sql) == name
    assert named(right, left, sql) == name


@pytest.mark.parametrize(
    ("left", "right", "sql"),
    [
        ("Zoe", "ada", "SELECT min(x) FROM t"),
        ("a", "A", "SELECT min(x) FROM t"),
        ("A,Z,b", "A,b,Z", "SELECT string_agg(x, ',' ORDER BY x) FROM t"),
        (1, 4, "SELECT row_number() OVER (ORDER BY x) FROM t"),
        (["B", "a"], ["a", "B"], "SELECT array_agg(x ORDER BY x) FROM t"),
        ("_x", "ada", "SELECT min(x) FROM t"),
    ],
)
def test_text_order_is_a_reason_only_where_the_server_does_not_go_by_bytes(
    left: Any, right: Any, sql: str
) -> None:
    assert named(left, right, sql, by_bytes=False) == "text order"
    assert named(left, right, sql) != "text order"


@pytest.mark.parametrize(
    ("left", "right", "why", "sql", "name"),
    [
        (("Anna", 1), None, "missing row", "SELECT * FROM t WHERE x LIKE 'a%'", "LIKE's case"),
        (None, ("50% OFF",), "extra row", r"SELECT * FROM t WHERE x LIKE '%\% off'", "LIKE's case"),
        (("anna", 1), None, "missing row", "SELECT * FROM t WHERE x LIKE 'a%'", "missing rows"),
        (("Anna", 1), None, "missing row", PLAIN, "missing rows"),
        (("anna", 1), None, "duplicate row", PLAIN, "duplicate rows"),
        (1, 2, "duplicate key", PLAIN, "duplicate rows"),
        ((None,), (1,), "order", "SELECT x FROM t ORDER BY x", "NULL order"),
        (("a",), ("B",), "order", "SELECT x FROM t ORDER BY x", "text order"),
        ((1,), (2,), "order", "SELECT x FROM t ORDER BY x", "order"),
        ("text", None, "missing column", PLAIN, "columns"),
        (1, 2, "column position", PLAIN, "columns"),
        ("integer", "bigint", "column type", PLAIN, "type"),
    ],
)
def test_rows_and_columns(left: Any, right: Any, why: str, sql: str, name: str) -> None:
    assert named(left, right, sql, why=why) == name


def test_a_row_that_a_comparison_of_texts_left_out() -> None:
    sql = "SELECT * FROM t WHERE x < 'b'"
    assert named(("Zoe",), None, sql, why="missing row", by_bytes=False) == "text order"
    assert named(("Zoe",), None, sql, why="missing row") == "missing rows"


def test_what_is_not_known_says_where_to_look() -> None:
    found = Difference(None, 1, "x", 3, 17, "value")
    cause = diagnose(found, constructs("SELECT count(*) FILTER (WHERE x LIKE 'a%') FROM t"))
    assert cause.name == "not classified"
    assert "LIKE: look there first" in cause.why
