"""Whoever has a connection next finds it new; whoever had it before cannot reach it any more."""

# ruff: noqa: PT012 - what raises is often the end of a transaction's block, not one statement in it

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator

import pandas as pd
import pytest

import stepladder as sl
from stepladder.db import Database
from stepladder.errors import (
    ForeignKeyViolation,
    ParameterError,
    ProgrammingError,
    SqlSyntaxError,
    UsageError,
)


@pytest.fixture
def single(url: str) -> Iterator[Database]:
    """A pool of one connection: the next statement is on the same one."""
    with sl.connect(url, pool_size=1) as db:
        yield db


def test_now_is_one_instant_in_a_statement(db: Database) -> None:
    db.execute("CREATE TABLE stamps (n int, at timestamptz)")
    db.execute("INSERT INTO stamps SELECT g, now() FROM generate_series(1, 300) AS g(g)")
    assert db.query("SELECT count(DISTINCT at) FROM stamps").scalar() == 1
    assert db.query("SELECT now() = now() AS same").scalar() is True


def test_a_temporary_table_does_not_hide_a_real_one_from_the_next(single: Database) -> None:
    single.execute("CREATE TABLE notes (text text)")
    single.execute("INSERT INTO notes VALUES ('real')")
    single.execute("CREATE TEMP TABLE notes (n int)")
    assert single.query("SELECT * FROM notes").tuples() == [("real",)]


@pytest.mark.postgres
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT set_config('search_path', 'nowhere', false)",
        "DO $$ BEGIN PERFORM set_config('TimeZone', 'Asia/Tokyo', false); END $$",
        "WITH x AS (SELECT set_config('TimeZone', 'Asia/Tokyo', false) AS s) SELECT s FROM x",
        "SELECT pg_advisory_lock(42)",
        "SELECT 1 AS a INTO TEMP kept",
    ],
)
def test_what_a_statement_does_to_its_session_ends_with_it(postgres_url: str, statement: str) -> None:
    with sl.connect(postgres_url, pool_size=1) as db:
        before = db.query("SELECT current_setting('search_path')").scalar()
        db.query(statement)
        found = db.query(
            "SELECT current_setting('search_path'), current_setting('TimeZone'), to_regclass('pg_temp.kept')::text,"
            " (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory')"
        ).one()
        assert found == (before, "UTC", None, 0)


def test_what_a_native_statement_sets_on_sqlite_is_gone(tmp_path: object) -> None:
    with sl.connect(f"sqlite:///{tmp_path}/a.db", pool_size=1) as db:
        db.script("CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE k (p int REFERENCES p)")
        db.execute(sl.native("PRAGMA foreign_keys = OFF"))
        with pytest.raises(ForeignKeyViolation):
            db.execute("INSERT INTO k VALUES (1)")


def test_a_forked_child_does_not_end_its_parents_transaction(db: Database) -> None:
    db.execute("CREATE TABLE forks (n int)")
    with pytest.raises(ZeroDivisionError), db.transaction() as tx:
        tx.execute("INSERT INTO forks VALUES (1)")
        child = os.fork()
        if child == 0:
            try:
                tx.query("SELECT 1")
            except UsageError:
                os._exit(0)
            os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        raise ZeroDivisionError
    assert db.query("SELECT count(*) FROM forks").scalar() == 0


def test_a_block_that_another_thread_closes_is_over_here(db: Database) -> None:
    def block() -> Iterator[None]:
        with db.transaction():
            yield

    opened = block()
    next(opened)
    thread = threading.Thread(target=opened.close)  # type: ignore[attr-defined]
    thread.start()
    thread.join()
    assert db.query("SELECT 1").scalar() == 1


def test_a_stream_outlives_a_savepoint_and_a_load(db: Database) -> None:
    db.execute("CREATE TABLE numbers (id int PRIMARY KEY)")
    db.execute("INSERT INTO numbers SELECT g FROM generate_series(1, 9) AS g(g)")
    seen = []
    with db.transaction() as tx, tx.stream("SELECT id FROM numbers ORDER BY id", batch_rows=2) as stream:
        for row in stream:
            seen.append(row.id)
            with pytest.raises(ZeroDivisionError), tx.transaction() as inner:
                inner.execute("UPDATE numbers SET id = id + 100 WHERE id = :id", id=row.id)
                raise ZeroDivisionError
            tx.load([(row.id,)], "numbers", mode="upsert", key=["id"])
    assert seen == list(range(1, 10))


def test_no_moment_and_nanoseconds_are_no_values(db: Database) -> None:
    db.execute("CREATE TABLE moments (at timestamptz)")
    for value in (pd.NaT, pd.Timestamp("2026-03-01 00:00:00.000000001", tz="UTC"), pd.Timedelta("1ns")):
        with pytest.raises(ParameterError, match=r"moment|nanoseconds"):
            db.execute("INSERT INTO moments VALUES (:at)", at=value)


def test_one_statement_is_one_statement(db: Database) -> None:
    with pytest.raises(SqlSyntaxError):
        db.query("-- nothing")
    with pytest.raises(UsageError, match="one statement"):
        db.execute(sl.native("SELECT 1; COMMIT"))
    for wrong in (None, 5, b"SELECT 1"):
        with pytest.raises(UsageError, match="as text"):
            db.query(wrong)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="by name"):
        db.query("SELECT 1", [1])
    with pytest.raises(ParameterError, match="by name"):
        db.query("SELECT 1", {1: 2})  # type: ignore[dict-item]


@pytest.mark.postgres
def test_copy_is_refused_and_the_connection_stays(postgres_url: str) -> None:
    with sl.connect(postgres_url, pool_size=1) as db:
        pid = db.query("SELECT pg_backend_pid()").scalar()
        with pytest.raises(ProgrammingError, match="load"):
            db.query("COPY (SELECT 1) TO STDOUT")
        assert db.query("SELECT pg_backend_pid()").scalar() == pid


def test_a_commit_that_fails_leaves_no_transaction_behind(tmp_path: object) -> None:
    raw = sqlite3.connect(f"{tmp_path}/a.db", isolation_level=None)
    raw.executescript(
        "PRAGMA foreign_keys = ON; CREATE TABLE p (id integer PRIMARY KEY);"
        "CREATE TABLE k (p integer REFERENCES p (id) DEFERRABLE INITIALLY DEFERRED)"
    )
    with pytest.raises(ForeignKeyViolation):
        sl.wrap(raw).load([(5,)], "k", mode="append")
    assert not raw.in_transaction
    raw.close()


def test_intervals_of_months_are_arrows_own(db: Database) -> None:
    with db.stream("SELECT interval '1 mon' AS a") as stream:
        (value,) = stream.arrow().read_all()["a"].to_pylist()
    assert (value.months, value.days, value.nanoseconds) == (1, 0, 0)


def test_one_key_column_may_be_given_by_its_name(db: Database) -> None:
    db.execute("CREATE TABLE keyed (id int PRIMARY KEY, i int, d int)")
    assert db.load([{"id": 1, "i": 2, "d": 3}], "keyed", mode="upsert", key="id").inserted == 1
    assert db.load([{"id": 1, "i": 4, "d": 3}], "keyed", mode="upsert", key="id").updated == 1
