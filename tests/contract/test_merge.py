"""MERGE: rows, counts and errors as PostgreSQL has them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from stepladder.db import Database
from stepladder.errors import DatabaseError

STOCK = """
CREATE TABLE stock (sku text PRIMARY KEY, count int NOT NULL CHECK (count >= 0), price numeric(8,2) DEFAULT 9.5, note text);
CREATE TABLE news (sku text, count int, price numeric(8,2), gone boolean DEFAULT false);
INSERT INTO stock VALUES ('a', 1, 1.25, 'old'), ('b', 2, 2, NULL), ('c', 3, 3, 'kept');
INSERT INTO news VALUES ('a', 10, 1.5, false), ('b', NULL, NULL, true), ('d', 4, NULL, false), ('e', 5, 5.05, false)
"""
Rows = list[tuple[object, ...]]


@pytest.fixture
def stock(db: Database) -> Database:
    db.script(STOCK)
    return db


def rows(db: Database, sql: str, **values: object) -> Rows:
    return sorted((tuple(row) for row in db.query(sql, **values)), key=repr)


def counts(db: Database) -> Rows:
    return [tuple(row) for row in db.query("SELECT sku, count FROM stock ORDER BY sku")]


def state(db: Database, sql: str, **values: object) -> str | None:
    with pytest.raises(DatabaseError) as caught:
        db.execute(sql, **values)
    return caught.value.sqlstate


UPSERT = """MERGE INTO stock t USING news s ON t.sku = s.sku
WHEN MATCHED AND s.gone THEN DELETE
WHEN MATCHED THEN UPDATE SET count = t.count + s.count, price = s.price * 2
WHEN NOT MATCHED AND s.price IS NULL THEN INSERT (sku, count) VALUES (s.sku, s.count)
WHEN NOT MATCHED THEN INSERT (sku, count, price) VALUES (s.sku, s.count, s.price + :more)"""


def test_upsert_and_delete(stock: Database) -> None:
    assert stock.execute(UPSERT, more=Decimal("0.125")) == 4
    assert rows(stock, "SELECT sku, count, price FROM stock") == [
        ("a", 11, Decimal("3.00")),
        ("c", 3, Decimal("3.00")),
        ("d", 4, Decimal("9.50")),
        ("e", 5, Decimal("5.18")),
    ]


def test_returning(stock: Database) -> None:
    found = rows(stock, UPSERT + " RETURNING merge_action(), t.sku, t.count, s.price", more=0)
    assert found == [
        ("DELETE", "b", 2, None),
        ("INSERT", "d", 4, None),
        ("INSERT", "e", 5, Decimal("5.05")),
        ("UPDATE", "a", 11, Decimal("1.50")),
    ]


def test_star_is_the_source_then_the_target(stock: Database) -> None:
    result = stock.query(
        "MERGE INTO stock t USING (SELECT 'c' AS x, 1 AS n) s ON t.sku = s.x"
        " WHEN MATCHED THEN UPDATE SET note = s.x || s.n RETURNING *"
    )
    assert [column.name for column in result.columns] == ["x", "n", "sku", "count", "price", "note"]
    assert tuple(result.one()) == ("c", 1, "c", 3, Decimal("3.00"), "c1")


def test_what_the_source_lacks(stock: Database) -> None:
    sql = (
        "MERGE INTO stock USING news ON stock.sku = news.sku WHEN MATCHED THEN DO NOTHING"
        " WHEN NOT MATCHED BY SOURCE AND stock.note IS NULL THEN DELETE"
        " WHEN NOT MATCHED BY SOURCE THEN UPDATE SET note = 'gone', count = 0"
        " WHEN NOT MATCHED BY TARGET THEN INSERT VALUES (news.sku, coalesce(news.count, 0))"
    )
    assert rows(stock, sql + " RETURNING merge_action(), stock.sku, note, news.gone") == [
        ("INSERT", "d", None, False),
        ("INSERT", "e", None, False),
        ("UPDATE", "c", "gone", None),
    ]
    assert counts(stock) == [("a", 1), ("b", 2), ("c", 0), ("d", 4), ("e", 5)]


def test_the_first_condition_that_holds_decides(stock: Database) -> None:
    sql = (
        "MERGE INTO stock t USING news s ON t.sku = s.sku WHEN MATCHED AND t.count > 1 THEN DO NOTHING"
        " WHEN MATCHED AND s.count > 1 THEN UPDATE SET note = 'second' WHEN MATCHED THEN DELETE"
    )
    assert stock.execute(sql) == 1
    assert rows(stock, "SELECT sku, note FROM stock") == [("a", "second"), ("b", None), ("c", "kept")]


def test_everything_sees_the_tables_as_they_were(stock: Database) -> None:
    sql = (
        "MERGE INTO stock t USING (SELECT sku FROM news WHERE sku IN ('a', 'b', 'd')) s ON t.sku = s.sku"
        " WHEN MATCHED THEN UPDATE SET count = (SELECT sum(count) FROM stock)"
        " WHEN NOT MATCHED THEN INSERT (sku, count) VALUES (s.sku, (SELECT count(*) FROM stock))"
    )
    assert stock.execute(sql) == 3
    assert counts(stock) == [("a", 6), ("b", 6), ("c", 3), ("d", 3)]


def test_with_and_values(stock: Database) -> None:
    sql = (
        "WITH high AS (SELECT sku, count FROM news WHERE count > :least) MERGE INTO stock t USING high h ON h.sku = t.sku"
        " WHEN NOT MATCHED THEN INSERT (sku, count, note) VALUES (h.sku, h.count, DEFAULT)"
    )
    assert stock.execute(sql, least=4) == 1
    sql = (
        "MERGE INTO stock t USING (VALUES ('a', 7), ('z', 8)) AS v (k, n) ON t.sku = v.k"
        " WHEN MATCHED THEN UPDATE SET (count, note) = (v.n, 'v') WHEN NOT MATCHED THEN INSERT VALUES (k, n)"
    )
    assert stock.execute(sql) == 2
    assert counts(stock) == [("a", 7), ("b", 2), ("c", 3), ("e", 5), ("z", 8)]


def test_a_write_in_with(stock: Database) -> None:
    sql = (
        "WITH gone AS (DELETE FROM news WHERE count IS NOT NULL RETURNING sku, count)"
        " MERGE INTO stock t USING gone g ON t.sku = g.sku WHEN MATCHED THEN UPDATE SET count = g.count"
        " WHEN NOT MATCHED THEN INSERT (sku, count) VALUES (g.sku, g.count)"
    )
    assert stock.execute(sql) == 3
    assert counts(stock) == [("a", 10), ("b", 2), ("c", 3), ("d", 4), ("e", 5)]
    assert stock.query("SELECT count(*) FROM news").scalar() == 1


def test_a_row_is_changed_once(stock: Database) -> None:
    sql = "MERGE INTO stock t USING (VALUES ('a', 1), ('a', 2), ('d', 4)) v (k, n) ON t.sku = v.k"
    insert = " WHEN NOT MATCHED THEN INSERT (sku, count) VALUES (v.k, v.n)"
    assert state(stock, f"{sql} WHEN MATCHED THEN UPDATE SET count = v.n{insert}") == "21000"
    assert (
        state(
            stock, f"{sql} WHEN MATCHED AND n = 1 THEN DELETE WHEN MATCHED THEN UPDATE SET count = 0{insert}"
        )
        == "21000"
    )
    assert counts(stock) == [("a", 1), ("b", 2), ("c", 3)]
    assert stock.execute(f"{sql} WHEN MATCHED AND n = 2 THEN UPDATE SET count = v.n{insert}") == 2


@pytest.mark.parametrize(
    ("clauses", "sqlstate"),
    [
        ("WHEN NOT MATCHED THEN INSERT VALUES ('a', 1)", "23505"),
        ("WHEN NOT MATCHED THEN INSERT (sku) VALUES (s.sku)", "23502"),
        ("WHEN MATCHED THEN UPDATE SET count = -1", "23514"),
        ("WHEN MATCHED THEN UPDATE SET count = 1 / (t.count - 1)", "22012"),
        ("WHEN MATCHED THEN UPDATE SET price = 1000000", "22003"),
        ("WHEN NOT MATCHED THEN INSERT (sku, count) VALUES (t.sku, 1)", "42P01"),
        ("WHEN NOT MATCHED THEN INSERT (sku, count) VALUES (note, 1)", "42703"),
        ("WHEN NOT MATCHED BY SOURCE THEN UPDATE SET note = s.sku", "42P01"),
        ("WHEN NOT MATCHED THEN INSERT (sku) VALUES (s.sku, 1)", "42601"),
        ("WHEN NOT MATCHED THEN INSERT (sku, count) VALUES (s.sku)", "42601"),
        ("WHEN MATCHED THEN DELETE WHEN MATCHED THEN DO NOTHING", "42601"),
        ("WHEN MATCHED AND s.count THEN DELETE", "42804"),
        ("WHEN MATCHED AND count(*) > 1 THEN DELETE", "42803"),
        ("WHEN MATCHED AND merge_action() = 'x' THEN DELETE", "42601"),
        ("WHEN MATCHED THEN UPDATE SET nothing = 1", "42703"),
        ("WHEN MATCHED THEN UPDATE SET note = 'a', note = 'b'", "42601"),
        ("WHEN MATCHED THEN UPDATE SET count = s.price > 1", "42804"),
    ],
)
def test_errors(stock: Database, clauses: str, sqlstate: str) -> None:
    assert state(stock, f"MERGE INTO stock t USING news s ON t.sku = s.sku {clauses}") == sqlstate
    assert counts(stock) == [("a", 1), ("b", 2), ("c", 3)]


def test_numbered_rows(stock: Database) -> None:
    stock.execute(
        "CREATE TABLE log (id int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, sku text UNIQUE, n int DEFAULT 1)"
    )
    stock.execute("INSERT INTO log (sku) VALUES ('a'), ('b')")
    sql = (
        "MERGE INTO log USING news s ON log.sku = s.sku WHEN MATCHED AND s.gone THEN UPDATE SET id = log.id + 100"
        " WHEN MATCHED THEN UPDATE SET n = log.n + 1 WHEN NOT MATCHED THEN INSERT (sku) VALUES (s.sku)"
        " RETURNING merge_action(), log.id > 2, log.sku, log.n"
    )
    assert rows(stock, sql) == [
        ("INSERT", True, "d", 1),
        ("INSERT", True, "e", 1),
        ("UPDATE", False, "a", 2),
        ("UPDATE", True, "b", 1),
    ]


def test_many(stock: Database) -> None:
    sql = (
        "MERGE INTO stock t USING (SELECT :k::text AS k, :n::int AS n) s ON t.sku = s.k"
        " WHEN MATCHED THEN UPDATE SET count = s.n WHEN NOT MATCHED THEN INSERT (sku, count) VALUES (s.k, s.n)"
    )
    assert stock.execute_many(sql, [{"k": "a", "n": 5}, {"k": "y", "n": 6}, {"k": "y", "n": 7}]) == 3
    assert counts(stock) == [("a", 5), ("b", 2), ("c", 3), ("y", 7)]
