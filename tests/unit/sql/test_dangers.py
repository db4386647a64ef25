"""Where SQLite, asked the same text, would answer with another value and no error. The values are PostgreSQL's."""
# ruff: noqa: DTZ001 - a naive datetime is a timestamp without time zone

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from stepladder.errors import (
    DatabaseError,
    DivisionByZero,
    Error,
    GroupingError,
    InvalidText,
    NotPortable,
    NumericOutOfRange,
    UndefinedColumn,
    UndefinedFunction,
)
from tests.unit.sql.conftest import Lite


@pytest.fixture
def shop(lite: Lite) -> Lite:
    lite.run(
        "CREATE TABLE orders (id int PRIMARY KEY, user_id int, status text, total numeric(10,2), at timestamptz, day date)"
    )
    lite.run(
        "INSERT INTO orders VALUES (1, 7, 'View', 10, '2024-02-29', '1990-01-05'),"
        " (2, 7, 'view', 0.1, '2024-02-29 12:00+00', '1990-01-06'),"
        " (3, NULL, 'paid', 0.2, '2024-03-01T01:00:00+01', '2024-01-31')"
    )
    return lite


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("SELECT count(*) FROM orders WHERE status LIKE 'view'", 1),
        ("SELECT count(*) FROM orders WHERE status ILIKE 'VIEW'", 2),
        ("SELECT count(*) FROM orders WHERE at BETWEEN '2024-02-29' AND '2024-03-01'", 3),
        ("SELECT count(*) FROM orders WHERE day > '1990-1-5'", 2),
        ("SELECT DATE '2024-01-31' + 1", date(2024, 2, 1)),
        ("SELECT DATE '2024-01-31' + interval '1 month'", datetime(2024, 2, 29)),
        ("SELECT (2.5::numeric)::int", 3),
        ("SELECT (2.5::float8)::int", 2),
        ("SELECT sum(x) = 0.3 FROM (VALUES (0.1), (0.1), (0.1)) AS v(x)", True),
        ("SELECT sum(total) FROM orders WHERE id > 1", Decimal("0.30")),
        ("SELECT user_id FROM orders ORDER BY user_id DESC LIMIT 1", None),
        ("SELECT 7.5 % 2", Decimal("1.5")),
        ("SELECT total / 4 FROM orders WHERE id = 1", Decimal("2.5000000000000000")),
        ("SELECT greatest(1, NULL)", 1),
        ("SELECT lower('ÉA')", "éa"),
        ("SELECT substr('abc', -1, 3)", "a"),
        ("SELECT 1 UNION SELECT 2 INTERSECT SELECT 3", 1),
        ("SELECT 'a' || NULL", None),
        ("SELECT true::text", "true"),
        ("SELECT round(2.675, 2)", Decimal("2.68")),
        ("SELECT count(DISTINCT x) FROM (VALUES (1.0), (1.00)) AS v(x)", 1),
        ("SELECT NULL IN (1, 2)", None),
        ("SELECT avg(id) FROM orders", Decimal("2.0000000000000000")),
        ("SELECT max(at) FROM orders", datetime(2024, 3, 1, tzinfo=UTC)),
    ],
)
def test_the_value_is_postgresqls(shop: Lite, sql: str, value: Any) -> None:
    found = shop.run(sql).value
    assert found == value
    assert type(found) is type(value)
    if isinstance(value, Decimal):
        assert str(found) == str(value)


@pytest.mark.parametrize(
    ("sql", "error"),
    [
        ("SELECT 1 / (id - 1) FROM orders", DivisionByZero),
        ("SELECT 9223372036854775807 + id FROM orders", NumericOutOfRange),
        ("SELECT 2147483647 + id FROM orders", NumericOutOfRange),
        ("SELECT status::int FROM orders", InvalidText),
        ("SELECT 'abc'::int", InvalidText),
        ('SELECT "no_such" FROM orders', UndefinedColumn),
        ("SELECT user_id, status, count(*) FROM orders GROUP BY user_id", GroupingError),
        ("SELECT * FROM orders WHERE id = status", UndefinedFunction),
        ("SELECT count(*) AS n FROM orders WHERE n > 1", UndefinedColumn),
    ],
)
def test_an_error_is_an_error(shop: Lite, sql: str, error: type[Error]) -> None:
    with pytest.raises(error):
        shop.run(sql)


def test_a_scalar_subquery_of_two_rows_is_an_error(shop: Lite) -> None:
    with pytest.raises(DatabaseError) as caught:
        shop.run("SELECT (SELECT id FROM orders)")
    assert caught.value.sqlstate == "21000"


@pytest.mark.parametrize("limit", ["LIMIT -1", "LIMIT 1 OFFSET -1"])
def test_a_negative_limit_is_an_error(shop: Lite, limit: str) -> None:
    with pytest.raises(DatabaseError) as caught:
        shop.run(f"SELECT id FROM orders {limit}")
    assert caught.value.sqlstate in ("2201W", "2201X")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT setseed(0.5)",
        "SELECT * FROM ts_parse('default', 'a')",
        "SELECT generate_series(1, generate_series(1, 2))",
        "SELECT count(*) FILTER (WHERE o.id > 0), max(o.id ORDER BY o.id / 0) FROM orders o",
        "SELECT x FROM (VALUES (1.0), (1.00)) AS v(x) GROUP BY x",
        'SELECT status COLLATE "de_DE" FROM orders',
        "SELECT o FROM orders o",
        "SELECT to_date(at::text, 'YYYY TZ') FROM orders",
        "SELECT ctid FROM orders",
        "DELETE FROM orders a USING orders b WHERE a.ctid < b.ctid",
    ],
)
def test_what_has_no_rule_is_refused_before_it_runs(shop: Lite, sql: str) -> None:
    with pytest.raises(NotPortable):
        shop.run(sql)


def test_a_place_is_counted_in_characters_of_the_users_text(shop: Lite) -> None:
    sql = "SELECT 'éé', :long_name::int, nope FROM orders"
    with pytest.raises(UndefinedColumn) as caught:
        shop.run(sql, long_name=1)
    assert caught.value.position == sql.index("nope")


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("SELECT g FROM generate_series(5, 1, -2) AS g", [(5,), (3,), (1,)]),
        (
            "SELECT d::date FROM generate_series('2024-01-31'::date, '2024-03-31', '1 month') AS d",
            [(date(2024, 1, 31),), (date(2024, 2, 29),), (date(2024, 3, 29),)],
        ),
        ("SELECT * FROM unnest(:names) WITH ORDINALITY", [("b", 1), (None, 2)]),
        ("SELECT count(*) FROM generate_series(1, NULL)", [(0,)]),
    ],
)
def test_functions_in_from_give_rows(lite: Lite, sql: str, rows: list[tuple[Any, ...]]) -> None:
    assert lite.run(sql, **({"names": ["b", None]} if ":names" in sql else {})).rows == rows


@pytest.mark.parametrize(
    ("sql", "named"),
    [
        ("SELECT * FROM orders TABLESAMPLE SYSTEM (10)", "TABLESAMPLE"),
        ("SELECT * FROM information_schema.tables", "information_schema.tables"),
        ("SELECT * FROM pg_class", "pg_class"),
        ("SELECT (id, status) FROM orders", "row as a value"),
        ("SELECT FROM orders", "without columns"),
        (
            "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT row_number() OVER ()::int FROM t) SELECT n FROM t",
            "window function",
        ),
    ],
)
def test_a_shape_without_a_rule_is_refused_by_name(shop: Lite, sql: str, named: str) -> None:
    with pytest.raises(NotPortable, match=named):
        shop.run(sql)
