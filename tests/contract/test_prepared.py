"""Statements that come again: what they answer, and what the server is sent. On PostgreSQL they are prepared."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

import stepladder as sl
from stepladder.db import Database
from stepladder.db.postgres import PostgresConnection

AGAIN = 8  # times: more than it takes to be prepared


@pytest.fixture
def items(db: Database) -> Database:
    db.script(
        "CREATE TABLE items (id int PRIMARY KEY, name text, price numeric(10, 2), day date, at timestamp);"
        "INSERT INTO items VALUES (1, 'one', 1.50, '2024-01-05', '2024-01-05 10:00'), (2, 'two', 2.50, '2024-01-06', NULL)"
    )
    return db


@pytest.fixture
def sent(items: Database) -> list[str]:
    """What the only connection to a server sends from now on; nothing on SQLite."""
    seen: list[str] = []
    connection = items._pool._idle[0][0]
    if isinstance(connection, PostgresConnection):
        send = connection._send
        connection._send = lambda text: (seen.append(text), send(text))[1]  # type: ignore[method-assign]
    return seen


@pytest.mark.parametrize(
    ("sql", "values"),
    [
        ("SELECT id, name FROM items WHERE id = :id", {"id": 2}),
        ("SELECT :a || :b AS c, :a AS again", {"a": "x", "b": "it's"}),
        ("SELECT name FROM items WHERE day = :at AND at = :at", {"at": "2024-01-05 10:00"}),
        ("SELECT id FROM items ORDER BY :n DESC", {"n": 1}),
        ("SELECT name AS n FROM items GROUP BY :n ORDER BY n", {"n": 1}),
        ("SELECT upper(:u) AS u, count(*) AS c FROM items GROUP BY upper(:u)", {"u": "a"}),
        ("SELECT interval :text AS i", {"text": "1 day"}),
        ("SELECT name FROM items WHERE id = ANY(:ids) ORDER BY id", {"ids": [2, 1, -5]}),
        (
            "SELECT id FROM items WHERE price > :p AND day >= :d ORDER BY id",
            {"p": Decimal("1.5"), "d": date(2024, 1, 1)},
        ),
        ("SELECT coalesce(:x, :y) AS c", {"x": None, "y": 2**40}),
        ("SELECT count(*) AS c FROM items", {}),
        ("SELECT id FROM items LIMIT :n", {"n": 1}),
        ("SELECT name FROM items WHERE name LIKE :p ORDER BY id", {"p": "t%"}),
        ("UPDATE items SET price = :p WHERE id = :id RETURNING price", {"p": 3, "id": 1}),
        ("SELECT :n + 1 AS n, -:n AS m", {"n": -3}),
        (
            "SELECT CASE WHEN :b THEN :t ELSE 'no' END AS c",
            {"b": True, "t": "2024-01-01T00:00:00"},
        ),
    ],
)
def test_the_answer_is_the_same_every_time(items: Database, sql: str, values: dict[str, Any]) -> None:
    first = _answer(items, sql, values)
    assert [_answer(items, sql, values) for _ in range(AGAIN)] == [first] * AGAIN


def _answer(db: Database, sql: str, values: dict[str, Any]) -> object:
    try:
        rows = db.query(sql, values)
    except sl.Error as error:
        return type(error), str(error)
    return rows.columns, list(rows), [[type(value) for value in row] for row in rows]


def test_from_the_fifth_time_on_only_the_values_are_sent(items: Database, sent: list[str]) -> None:
    for number in range(AGAIN):
        items.query("SELECT name FROM items WHERE id = :id", id=number)
    if sent:
        assert sent[3] == "SELECT name FROM items WHERE id = 3"
        assert sent[4].startswith("PREPARE stepladder_")
        assert [text.partition("(")[2] for text in sent[5:]] == ["4)", "5)", "6)", "7)"]


def test_a_value_that_does_not_fit_is_shown_at_its_place(items: Database) -> None:
    sql = "SELECT name FROM items WHERE id = :id"
    for _ in range(AGAIN):
        items.query(sql, id="1")
    with pytest.raises(sl.errors.DataError) as caught:
        items.query(sql, id="one")
    assert caught.value.sqlstate == "22P02"
    assert ":id" in str(caught.value)
    assert "PREPARE" not in str(caught.value)
    assert "EXECUTE" not in str(caught.value)


def test_a_table_that_has_changed_is_read_as_it_is_now(items: Database) -> None:
    sql = "SELECT * FROM items WHERE id = :id"
    for _ in range(AGAIN):
        items.query(sql, id=1)
    items.execute("ALTER TABLE items ADD COLUMN colour text DEFAULT 'red'")
    assert [items.query(sql, id=1).one()["colour"] for _ in range(AGAIN)] == ["red"] * AGAIN


def test_a_session_that_was_made_anew_knows_nothing(items: Database) -> None:
    sql = "SELECT name FROM items WHERE id = :id"
    for _ in range(AGAIN):
        items.query(sql, id=1)
    items.query(sl.native("SELECT 1"))  # may have set anything
    assert items.query(sql, id=2).scalar() == "two"


def test_what_another_client_of_the_session_has_dropped_is_sent_whole(items: Database, engine: str) -> None:
    if engine == "sqlite3":
        return  # has no session to share
    sql = "SELECT name FROM items WHERE id = :id"
    for _ in range(AGAIN):
        items.query(sql, id=1)
    connection = items._pool._idle[0][0]
    assert isinstance(connection, PostgresConnection)
    connection._send("DEALLOCATE ALL")
    assert items.query(sql, id=2).scalar() == "two"


def test_so_many_are_kept(items: Database, engine: str) -> None:
    if engine == "sqlite3":
        return  # prepares in the library, which keeps its own count
    for number in range(105):
        for _ in range(6):
            items.query(f"SELECT {number} AS n WHERE :id > 0", id=1)
    rows = items.query(
        sl.native("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'stepladder_%'")
    )
    assert rows.scalar() == 100


def test_a_transaction_is_sent_as_it_is(items: Database, sent: list[str]) -> None:
    with items.transaction() as tx:
        for number in range(AGAIN):
            tx.query("SELECT name FROM items WHERE id = :id", id=number)
    assert not any("PREPARE" in text or "EXECUTE" in text for text in sent)
