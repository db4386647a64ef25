"""What a point query costs, counted: one statement, no parsing, no look at the schema. Ratios: benchmarks/point_query."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

import stepladder as sl
from stepladder.db import Database
from stepladder.db.postgres import PostgresConnection
from stepladder.db.sqlite import SqliteConnection
from stepladder.sql import lexer, parameters, translate

SQL = "SELECT id, name FROM items WHERE id = :id"


@pytest.fixture
def items(db: Database) -> Database:
    db.execute("CREATE TABLE items (id int PRIMARY KEY, name text)")
    db.execute("INSERT INTO items VALUES (1, 'one'), (2, 'two')")
    return db


@pytest.fixture
def statements(items: Database) -> Iterator[list[str]]:
    """Every statement that the items' only connection sends or runs from now on."""
    seen: list[str] = []
    connection = items._pool._idle[0][0]
    if isinstance(connection, SqliteConnection):
        connection._raw.set_trace_callback(seen.append)
        yield seen
        connection._raw.set_trace_callback(None)
    else:
        assert isinstance(connection, PostgresConnection)
        send = connection._send
        connection._send = lambda text: (seen.append(text), send(text))[1]  # type: ignore[method-assign]
        yield seen


def test_a_query_that_was_run_before_is_one_statement(items: Database, statements: list[str]) -> None:
    items.query(SQL, id=1)
    statements.clear()
    assert items.query(SQL, id=2).one().name == "two"
    assert items.query(SQL, id=1).one().name == "one"
    assert len(statements) == 2


def test_a_transaction_adds_its_beginning_and_its_end(items: Database, statements: list[str]) -> None:
    with items.transaction() as tx:
        tx.query(SQL, id=1)
    statements.clear()
    with items.transaction() as tx:
        tx.query(SQL, id=1)
        tx.query(SQL, id=2)
    assert len(statements) == 4


def test_a_query_that_was_run_before_is_not_read_again(
    items: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    items.query(SQL, id=1)
    read: list[str] = []

    def counting(function: Callable[..., object]) -> Callable[..., object]:
        return lambda text, *rest: (read.append(text), function(text, *rest))[1]

    monkeypatch.setattr(parameters, "tokens", counting(lexer.tokens))
    monkeypatch.setattr("stepladder.db.sqlite.translate", counting(translate))
    assert items.query(SQL, id=2).one().name == "two"
    assert read == []
    items.query(f"{SQL} -- {uuid4()}", id=1)  # a new text is
    assert read


# -- SQLite: a plan that is kept is not trusted when the schema has changed
@pytest.fixture
def file(tmp_path: Path) -> str:
    return f"sqlite:////{str(tmp_path / 'items.db').lstrip('/')}"


CHANGES = [
    "ALTER TABLE items ADD COLUMN price numeric(10,2)",
    "ALTER TABLE items RENAME COLUMN name TO title",
    "DROP TABLE items; CREATE TABLE items (id text, name int); INSERT INTO items VALUES ('1', 7)",
]


@pytest.mark.parametrize("change", CHANGES)
def test_what_another_connection_has_changed_is_seen_by_a_kept_plan(file: str, change: str) -> None:
    with sl.connect(file) as db, sl.connect(file) as other:
        db.execute("CREATE TABLE items (id int PRIMARY KEY, name text)")
        db.execute("INSERT INTO items VALUES (1, 'one')")
        for _ in range(3):
            db.query("SELECT * FROM items")
        other.script(change)
        found, fresh = db.query("SELECT * FROM items"), other.query("SELECT * FROM items")
        assert (found.columns, found.tuples()) == (fresh.columns, fresh.tuples())


def test_a_kept_write_is_encoded_anew_when_its_column_has_changed(file: str) -> None:
    with sl.connect(file) as db, sl.connect(file) as other:
        db.execute("CREATE TABLE items (at timestamptz)")
        insert = "INSERT INTO items VALUES (:at)"
        for _ in range(2):
            db.execute(insert, at="2026-01-02 03:04:05+01")
        other.script("DROP TABLE items; CREATE TABLE items (at text)")
        db.execute(insert, at="2026-01-02 03:04:05+01")
        assert other.query("SELECT at FROM items").scalar() == "2026-01-02 03:04:05+01"


def test_what_was_rolled_back_is_seen_by_a_kept_plan(file: str) -> None:
    with sl.connect(file) as db:
        db.execute("CREATE TABLE items (id int)")
        db.execute("INSERT INTO items VALUES (1)")
        assert db.query("SELECT * FROM items").tuples() == [(1,)]
        with db.scratch() as tx:
            tx.execute("ALTER TABLE items ADD COLUMN more text")
            assert tx.query("SELECT * FROM items").tuples() == [(1, None)]
        assert db.query("SELECT * FROM items").tuples() == [(1,)]
