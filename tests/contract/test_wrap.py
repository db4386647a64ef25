"""wrap(): an open connection of the user's is borrowed: its transaction is joined, never ended, never closed."""

# ruff: noqa: PT012 - what raises is often the end of a transaction's block, not one statement in it

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import psycopg2
import psycopg2.extras
import pytest
from psycopg.rows import dict_row

import stepladder as sl
from stepladder.db import Database
from stepladder.errors import (
    ConnectionFailed,
    DivisionByZero,
    TransactionDead,
    UniqueViolation,
    UsageError,
)

Raw = Any


def open_raw(engine: str, url: str, *, autocommit: bool = False) -> Raw:
    if engine == "sqlite3":
        return sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None if autocommit else "")
    plain = url.replace(f"+{engine}", "")
    if engine == "psycopg":
        return psycopg.connect(plain, autocommit=autocommit)
    raw = psycopg2.connect(plain)
    raw.autocommit = autocommit
    return raw


@pytest.fixture
def notes(db: Database) -> Database:
    db.execute("CREATE TABLE notes (id int PRIMARY KEY, at timestamptz, price numeric(10,2))")
    return db


@pytest.fixture
def raw(notes: Database, engine: str, url: str) -> Iterator[Raw]:
    found = open_raw(engine, url)
    yield found
    found.close()


@pytest.fixture
def autocommit(notes: Database, engine: str, url: str) -> Iterator[Raw]:
    found = open_raw(engine, url, autocommit=True)
    yield found
    found.close()


def kept(db: Database) -> list[int]:
    return [row.id for row in db.query("SELECT id FROM notes ORDER BY id")]


# -- whose transaction it is
def test_nothing_is_kept_until_the_user_commits(raw: Raw, notes: Database) -> None:
    lent = sl.wrap(raw)
    lent.execute("INSERT INTO notes (id) VALUES (:id)", id=1)
    lent.load([{"id": 2}, {"id": 3}], "notes", mode="append")
    lent.script("INSERT INTO notes (id) VALUES (4); INSERT INTO notes (id) VALUES (5)")
    assert lent.query("SELECT count(*) FROM notes").scalar() == 5
    assert kept(notes) == []
    raw.commit()
    assert kept(notes) == [1, 2, 3, 4, 5]


def test_the_user_rolls_back_tables_too(raw: Raw, notes: Database) -> None:
    lent = sl.wrap(raw)
    lent.execute("CREATE TABLE later (n int)")
    lent.execute("INSERT INTO later VALUES (1)")
    with lent.transaction() as inner:
        inner.execute("INSERT INTO notes (id) VALUES (1)")
    raw.rollback()
    assert notes.tables() == ("notes",)
    assert kept(notes) == []


def test_it_sees_what_the_user_has_written(raw: Raw) -> None:
    raw.cursor().execute("INSERT INTO notes (id) VALUES (7)")
    assert sl.wrap(raw).query("SELECT id FROM notes").scalar() == 7


def test_a_savepoint_that_fails_leaves_the_users_work(raw: Raw, notes: Database) -> None:
    lent = sl.wrap(raw)
    lent.execute("INSERT INTO notes (id) VALUES (1)")
    with pytest.raises(UniqueViolation), lent.transaction() as inner:
        inner.execute("INSERT INTO notes (id) VALUES (2)")
        inner.execute("INSERT INTO notes (id) VALUES (1)")
    lent.execute("INSERT INTO notes (id) VALUES (3)")
    raw.commit()
    assert kept(notes) == [1, 3]


def test_after_an_error_it_is_dead_until_the_user_rolls_back(raw: Raw, notes: Database) -> None:
    lent = sl.wrap(raw)
    lent.execute("INSERT INTO notes (id) VALUES (1)")
    with pytest.raises(DivisionByZero):
        lent.query("SELECT 1 / :zero::int", zero=0)
    with pytest.raises(TransactionDead):
        lent.query("SELECT 1")
    raw.rollback()
    lent.execute("INSERT INTO notes (id) VALUES (2)")
    raw.commit()
    assert kept(notes) == [2]


def test_in_autocommit_a_statement_stands_alone_and_a_block_is_whole(
    autocommit: Raw, notes: Database
) -> None:
    lent = sl.wrap(autocommit)
    lent.execute("INSERT INTO notes (id) VALUES (1)")
    assert kept(notes) == [1]
    with pytest.raises(UniqueViolation):
        lent.script("INSERT INTO notes (id) VALUES (2); INSERT INTO notes (id) VALUES (1)")
    assert kept(notes) == [1]
    with lent.transaction() as inner:
        inner.execute("INSERT INTO notes (id) VALUES (3)")
        assert kept(notes) == [1]
    assert kept(notes) == [1, 3]


# -- what is left of it
def test_values_are_ours_and_the_users_settings_stay(raw: Raw, engine: str) -> None:
    if engine == "sqlite3":
        raw.row_factory = sqlite3.Row
    elif engine == "psycopg":
        raw.row_factory = dict_row
    else:
        raw.cursor_factory = psycopg2.extras.RealDictCursor
    if engine != "sqlite3":
        raw.cursor().execute("SET TimeZone = 'Asia/Tokyo'; SET DateStyle = 'German'")
        raw.commit()
    lent = sl.wrap(raw)
    at = dt.datetime(2026, 3, 8, 12, tzinfo=dt.UTC)
    lent.execute("INSERT INTO notes VALUES (1, :at, :price)", at=at, price=Decimal("1.50"))
    assert lent.query("SELECT * FROM notes").one() == (1, at, Decimal("1.50"))
    assert lent.query("SELECT at::text AS at, date_trunc('day', at)::text AS day FROM notes").one() == (
        "2026-03-08 12:00:00+00",
        "2026-03-08 00:00:00+00",
    )
    if engine == "sqlite3":
        assert raw.row_factory is sqlite3.Row
    else:
        cursor = raw.cursor()
        cursor.execute("SELECT current_setting('TimeZone') AS zone, current_setting('DateStyle') AS style")
        assert dict(cursor.fetchone()) == {"zone": "Asia/Tokyo", "style": "German, DMY"}


def test_the_connection_stays_open(raw: Raw) -> None:
    lent = sl.wrap(raw)
    del lent
    raw.cursor().execute("SELECT 1")


def test_what_is_no_connection_is_refused(tmp_path: Path) -> None:
    for other in (object(), "sqlite:///x.db", sqlite3.connect(":memory:").cursor()):
        with pytest.raises(UsageError, match=r"sqlite3, psycopg or psycopg2"):
            sl.wrap(other)


@pytest.mark.postgres
def test_another_encoding_is_refused(postgres_url: str) -> None:
    with (
        psycopg.connect(postgres_url, client_encoding="latin1") as raw,
        pytest.raises(UsageError, match="UTF8"),
    ):
        sl.wrap(raw)


def test_a_connection_that_was_closed_is_said(raw: Raw) -> None:
    lent = sl.wrap(raw)
    raw.close()
    for ask in (
        lambda: lent.query("SELECT 1"),
        lambda: lent.tables(),
        lambda: lent.load([{"id": 1}], "notes", mode="append"),
        lambda: lent.query(sl.native("SELECT 1")),
    ):
        with pytest.raises(ConnectionFailed, match="the borrowed connection is closed"):
            ask()
