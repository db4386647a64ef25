"""INSERT, UPDATE, DELETE and tables' definitions on SQLite."""

from __future__ import annotations

import sqlite3
from decimal import Decimal

import pytest

from stepladder.errors import (
    DatabaseError,
    DatatypeMismatch,
    DuplicateTable,
    NotPortable,
    NumericOutOfRange,
    ProgrammingError,
    StringTooLong,
    UndefinedColumn,
    UndefinedTable,
)
from stepladder.sql import Created, Definition, Dropped, TableColumn, TableName, parse_type, translate
from tests.unit.sql.conftest import Lite


@pytest.fixture
def stock(lite: Lite) -> Lite:
    lite.run(
        "CREATE TABLE stock (sku varchar(5) PRIMARY KEY, price numeric(6,2) NOT NULL CHECK (price >= 0),"
        " count int DEFAULT 3, note text)"
    )
    lite.run("INSERT INTO stock (sku, price) VALUES ('a', 1.005), ('b', '2')")
    return lite


def test_values_are_made_their_columns_types(stock: Lite) -> None:
    assert stock.run("SELECT sku, price, count FROM stock ORDER BY sku").rows == [
        ("a", Decimal("1.01"), 3),
        ("b", Decimal("2.00"), 3),
    ]


@pytest.mark.parametrize(
    ("sql", "error"),
    [
        ("INSERT INTO stock VALUES ('abcdef', 1)", StringTooLong),
        ("INSERT INTO stock VALUES ('c', 99999)", NumericOutOfRange),
        ("INSERT INTO stock VALUES ('c', true)", DatatypeMismatch),
        ("INSERT INTO stock (nope) VALUES (1)", UndefinedColumn),
        ("INSERT INTO stock VALUES ('c', 1, 2, 'x', 5)", ProgrammingError),
        ("INSERT INTO missing VALUES (1)", UndefinedTable),
        ("UPDATE stock SET price = note", DatatypeMismatch),
        ("INSERT INTO stock VALUES ('c', 1) ON CONFLICT (note) DO NOTHING", ProgrammingError),
        ("CREATE TABLE stock (id int)", DuplicateTable),
        ("DROP TABLE missing", UndefinedTable),
        ("CREATE TABLE t (a int, A int)", ProgrammingError),
    ],
)
def test_what_postgresql_refuses_is_refused_before_it_runs(
    stock: Lite, sql: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        stock.run(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO stock VALUES ('c', -1)",
        "INSERT INTO stock VALUES ('a', 1)",
        "INSERT INTO stock VALUES ('c', NULL)",
    ],
)
def test_constraints_hold(stock: Lite, sql: str) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        stock.run(sql)


def test_an_upsert_updates_what_is_there(stock: Lite) -> None:
    found = stock.run(
        "INSERT INTO stock AS s (sku, price, count) VALUES ('a', 5, 1), ('z', 6, 1)"
        " ON CONFLICT (sku) DO UPDATE SET price = excluded.price + s.price, count = s.count + excluded.count"
        " RETURNING sku, price, count"
    )
    assert found.rows == [("a", Decimal("6.01"), 4), ("z", Decimal("6.00"), 1)]


def test_an_upsert_of_one_key_twice_is_an_error(stock: Lite) -> None:
    with pytest.raises(DatabaseError) as caught:
        stock.run(
            "INSERT INTO stock (sku, price) VALUES ('q', 1), ('q', 2) ON CONFLICT (sku) DO UPDATE SET price = 0"
        )
    assert caught.value.sqlstate == "21000"
    assert stock.run("SELECT count(*) FROM stock").value == 2


def test_update_and_delete_with_another_table(stock: Lite) -> None:
    stock.run("CREATE TABLE changes (sku text, price numeric(8,3))")
    stock.run("INSERT INTO changes VALUES ('a', 7.125), ('n', 1)")
    stock.run("UPDATE stock SET price = c.price FROM changes c WHERE c.sku = stock.sku")
    assert stock.run("SELECT price FROM stock ORDER BY sku").rows == [(Decimal("7.13"),), (Decimal("2.00"),)]
    assert stock.run(
        "DELETE FROM stock USING changes c WHERE c.sku = stock.sku RETURNING stock.sku"
    ).rows == [("a",)]


def test_numbered_keys_are_never_given_twice(lite: Lite) -> None:
    lite.run("CREATE TABLE t (id serial PRIMARY KEY, x int)")
    lite.run("INSERT INTO t (x) VALUES (1), (2)")
    lite.run("DELETE FROM t WHERE id = 2")
    assert lite.run("INSERT INTO t (x) VALUES (3) RETURNING id").value == 3


def test_a_plain_integer_key_is_not_numbered(lite: Lite) -> None:
    lite.run("CREATE TABLE t (id integer PRIMARY KEY, x int)")
    with pytest.raises(sqlite3.IntegrityError):
        lite.run("INSERT INTO t (x) VALUES (1)")


def test_a_table_from_a_query_keeps_its_types(stock: Lite) -> None:
    stock.run("CREATE TEMP TABLE copy AS SELECT sku, price, price * 2 AS twice, now() AS at FROM stock")
    stock.tables["copy"] = stock.tables.pop("copy")
    assert [str(column.type) for column in stock.tables["copy"]] == [
        "character varying(5)",
        "numeric(6,2)",
        "numeric",
        "timestamp with time zone",
    ]
    kinds = stock.raw.execute(
        "SELECT typeof(price), typeof(twice), typeof(at) FROM copy WHERE sku = 'a'"
    ).fetchone()
    assert kinds == ("real", "text", "text")


def test_numerics_as_text_are_unique_by_value(lite: Lite) -> None:
    lite.run("CREATE TABLE t (n numeric UNIQUE)")
    lite.run("INSERT INTO t VALUES (1.0)")
    with pytest.raises(sqlite3.IntegrityError):
        lite.run("INSERT INTO t VALUES (1.00)")


@pytest.mark.parametrize(
    ("sql", "effects"),
    [
        ("DROP TABLE stock", (Dropped(TableName(None, "stock")),)),
        ("DROP TABLE IF EXISTS nope", ()),
        ("CREATE TABLE IF NOT EXISTS stock (x int)", ()),
        (
            "CREATE TABLE public.t (x int NOT NULL)",
            (
                Created(
                    TableName("public", "t"),
                    Definition((TableColumn("x", parse_type("int"), not_null=True),)),
                ),
            ),
        ),
    ],
)
def test_effects_tell_the_catalogue(stock: Lite, sql: str, effects: tuple[object, ...]) -> None:
    assert translate(sql, stock, {}).effects == effects


def test_columns_are_added_renamed_and_dropped(stock: Lite) -> None:
    stock.run("ALTER TABLE stock ADD COLUMN added date")
    stock.run("ALTER TABLE stock RENAME COLUMN note TO remark")
    stock.run("ALTER TABLE stock RENAME TO goods")
    stock.run("ALTER TABLE goods DROP COLUMN added")
    assert [column.name for column in stock.tables["goods"]] == ["sku", "price", "count", "remark"]
    assert stock.run("SELECT remark FROM goods WHERE sku = 'a'").rows == [(None,)]


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TEMP SEQUENCE s",
        "CREATE TABLE t (x int) PARTITION BY RANGE (x)",
        "CREATE TABLE t (x inet)",
        "CREATE INDEX i ON stock USING gist (sku)",
        "COMMENT ON SCHEMA public IS 'x'",
        "DROP TYPE s",
        "MERGE INTO stock USING stock s ON 1 WHEN MATCHED THEN DO NOTHING",
        "SET TimeZone = 'Europe/Berlin'",
    ],
)
def test_statements_without_a_rule_are_refused(stock: Lite, sql: str) -> None:
    with pytest.raises(NotPortable):
        stock.run(sql)
