"""db.sqlalchemy(): an Engine that sees the same tables, with sessions set as ours are."""

from __future__ import annotations

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

import stepladder as sl
from stepladder.db import Database
from stepladder.errors import UsageError


def test_it_sees_the_same_tables(db: Database) -> None:
    db.execute("CREATE TABLE orders (id int PRIMARY KEY, note text)")
    db.execute("INSERT INTO orders VALUES (1, 'a')")
    engine = db.sqlalchemy()
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO orders VALUES (2, 'b')"))
        assert connection.execute(text("SELECT count(*) FROM orders")).scalar() == 2
    assert inspect(engine).get_pk_constraint("orders")["constrained_columns"] == ["id"]
    engine.dispose()
    assert db.query("SELECT count(*) FROM orders").scalar() == 2


def test_its_url_has_no_password_to_show(url: str, engine: str) -> None:
    if engine != "sqlite3":
        url = url.replace("postgres@", "postgres:hush@")
    with sl.connect(url) as db:
        found = db.sqlalchemy()
        assert "hush" not in f"{found.url!r} {found!r} {found.url.render_as_string(hide_password=False)}"
        found.dispose()


@pytest.mark.postgres
def test_its_zone_is_utc(postgres_url: str) -> None:
    with sl.connect(postgres_url) as db:
        engine = db.sqlalchemy()
        with engine.connect() as connection:
            assert connection.execute(text("SHOW TimeZone")).scalar() == "UTC"
        engine.dispose()


def test_read_only_holds_there_too(db: Database) -> None:
    db.execute("CREATE TABLE orders (id int)")
    engine = db.options(read_only=True).sqlalchemy()
    with engine.connect() as connection, pytest.raises(DBAPIError, match=r"(?i)read.?only"):
        connection.execute(text("INSERT INTO orders VALUES (1)"))
    engine.dispose()


def test_a_database_in_memory_has_none() -> None:
    with sl.connect("sqlite:///:memory:") as db, pytest.raises(UsageError, match="in memory"):
        db.sqlalchemy()
