"""Every statement is counted and timed; slow ones are logged with their plan and without their values."""

from __future__ import annotations

import json
import logging
import math
import threading
import time
from pathlib import Path

import pytest

import stepladder as sl
from stepladder.db import Database
from stepladder.db.monitor import StatementFigures, shown
from stepladder.errors import ConfigError, DatabaseError, StatementCanceled, UniqueViolation

LOGGER = "stepladder.slow"
SECRET = "hush-hush"


@pytest.fixture
def orders(db: Database) -> Database:
    db.execute("CREATE TABLE orders (id int PRIMARY KEY, note text)")
    return db


def counts(db: Database, words: str) -> tuple[int, int, int]:
    """(sent, failed, rows) of the texts that begin so."""
    found = [one for one in db.stats(top=1000).top if one.text.startswith(words)]
    return sum(one.count for one in found), sum(one.failed for one in found), sum(one.rows for one in found)


def slow(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == LOGGER]


# -- figures
def test_what_was_sent_is_counted(orders: Database) -> None:
    before = orders.stats().statements
    for number in range(5):
        orders.execute("INSERT INTO orders (id, note) VALUES (:id, :note)", id=number, note="x")
    orders.query("SELECT * FROM orders WHERE id < :low", low=3)
    with pytest.raises(UniqueViolation):
        orders.execute("INSERT INTO orders (id, note) VALUES (:id, :note)", id=1, note="x")
    with orders.transaction() as tx:
        tx.query("SELECT * FROM orders WHERE id < :low", low=2)
    assert counts(orders, "INSERT") == (6, 1, 5)
    assert counts(orders, "SELECT") == (2, 0, 5)
    after = orders.stats().statements
    assert (after.count - before.count, after.failed - before.failed, after.rows - before.rows) == (8, 1, 10)
    assert after.seconds > before.seconds
    assert after.slowest <= after.seconds


def test_statements_that_differ_in_their_values_only_are_one(orders: Database) -> None:
    for number in range(3):
        orders.query(f"SELECT note\nFROM orders -- {number}\n WHERE id = {number} AND note = '{SECRET}'")
    (one,) = [each for each in orders.stats().top if each.text.startswith("SELECT note")]
    assert (one.text, one.count) == ("SELECT note FROM orders WHERE id = ? AND note = ?", 3)


def test_scripts_batches_and_loads_are_counted(orders: Database) -> None:
    orders.script("DELETE FROM orders; DELETE FROM orders WHERE id = 1")
    values = [{"id": number, "note": "x"} for number in range(4)]
    orders.execute_many("INSERT INTO orders (id, note) VALUES (:id, :note)", values)
    orders.load([(10, "a"), (11, "b")], "orders", mode="append")
    assert counts(orders, "DELETE")[0] == 2
    assert counts(orders, "INSERT") == (1, 0, 4)
    assert counts(orders, "load into orders") == (1, 0, 2)


def test_views_share_the_figures_of_their_pool(orders: Database) -> None:
    orders.options(statement_timeout=5).query("SELECT 1 AS one")
    orders.options(slow_seconds=9).query("SELECT 1 AS one")
    assert counts(orders, "SELECT ? AS one")[0] == 2
    assert orders.options(read_only=True).stats() == orders.stats()


def test_the_pools_figures(url: str) -> None:
    with sl.connect(url, pool_size=2, pool_timeout=5) as db:
        first = db.stats().pool
        assert (first.size, first.open, first.idle, first.out, first.opened, first.checkouts) == (
            2,
            1,
            1,
            0,
            1,
            1,
        )
        inside, done = threading.Event(), threading.Event()

        def hold() -> None:
            with db.transaction(read_only=True):
                inside.set()
                done.wait(5)

        thread = threading.Thread(target=hold)
        thread.start()
        inside.wait(5)
        db.query("SELECT 1")
        during = db.stats().pool
        assert (during.open, during.out, during.idle, during.waiting, during.opened) == (2, 1, 1, 0, 2)
        done.set()
        thread.join()
        after = db.stats().pool
        assert (after.out, after.idle, after.dropped, after.checkouts) == (0, 2, 0, 3)
        assert after.waited_seconds == 0


def test_waiting_for_a_connection_is_measured(url: str) -> None:
    with sl.connect(url, pool_size=1) as db:
        threads = [threading.Thread(target=db.query, args=("SELECT 1",)) for _ in range(3)]
        with db.transaction(read_only=True):
            for thread in threads:
                thread.start()
            while db.stats().pool.waiting < 3:
                time.sleep(0.005)
        for thread in threads:
            thread.join()
        pool = db.stats().pool
        assert pool.waiting == 0
        assert pool.waited_seconds > 0
        assert pool.checkouts == 5


@pytest.mark.postgres
@pytest.mark.parametrize("driver", ["psycopg", "psycopg2"])
def test_a_broken_connection_is_counted_as_dropped_and_its_figures_stay(
    postgres_url: str, driver: str
) -> None:
    url = postgres_url.replace("postgresql://", f"postgresql+{driver}://", 1)
    with sl.connect(url, pool_size=1) as db:
        db.query("SELECT 'before' AS x")
        with pytest.raises(DatabaseError):
            db.query("SELECT pg_terminate_backend(pg_backend_pid())")
        db.query("SELECT 'after' AS x")
        stats = db.stats()
        assert (stats.pool.opened, stats.pool.dropped, stats.pool.open) == (2, 1, 1)
        assert counts(db, "SELECT ? AS x")[0] == 2
        assert counts(db, "SELECT pg_terminate")[1] == 1


def test_threads_lose_no_count(orders: Database) -> None:
    def work() -> None:
        for _ in range(50):
            orders.query("SELECT count(*) FROM orders")

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts(orders, "SELECT count(*) FROM orders")[0] == 400


def test_the_figures_are_json(orders: Database) -> None:
    orders.query("SELECT * FROM orders WHERE note = :note", note=SECRET)
    found = json.loads(json.dumps(orders.stats().to_dict()))
    assert found["pool"]["size"] >= 1
    assert found["statements"]["count"] >= 2
    assert found["top"]
    assert found["slowest"]["slowest"] == found["statements"]["slowest"]
    assert SECRET not in json.dumps(found)


def test_memory_is_bounded_and_sums_are_kept() -> None:
    figures = StatementFigures()
    for number in range(5000):
        figures.add(f"SELECT {number} AS column_{number}", 1.0 if number < 10 else 0.001, 1)
    figures.add("x" * 1_000_000, 0.5, 0)
    assert len(figures.texts) <= 1001
    assert max(map(len, figures.texts)) <= 2000
    assert figures.rest.count + sum(found.count for found in figures.texts.values()) == 5001
    assert all(f"SELECT {number} AS column_{number}" in figures.texts for number in range(10))


# -- the log of slow statements
def test_nothing_is_logged_without_a_threshold(orders: Database, caplog: pytest.LogCaptureFixture) -> None:
    orders.query("SELECT * FROM orders")
    orders.options(slow_seconds=math.inf).query("SELECT * FROM orders")
    orders.options(slow_seconds=60).query("SELECT * FROM orders")
    assert slow(caplog) == []


def test_a_slow_statement_is_logged_with_its_plan(orders: Database, caplog: pytest.LogCaptureFixture) -> None:
    eager = orders.options(slow_seconds=0)
    with caplog.at_level(logging.WARNING, LOGGER):
        eager.query("SELECT note FROM orders o WHERE note = :note AND id > 12345", note=SECRET)
    (message,) = slow(caplog)
    assert "SELECT note FROM orders o WHERE note = :note AND id > ?" in message
    assert "orders o" in message.split("\n", 1)[1]  # the plan
    assert "test_monitoring.py:" in message
    assert SECRET not in message
    assert "12345" not in message
    (record,) = [each for each in caplog.records if each.name == LOGGER]
    assert record.levelno == logging.WARNING
    assert record.__dict__["rows"] == 0
    assert SECRET not in str(record.__dict__)


def test_no_password_is_logged(url: str, caplog: pytest.LogCaptureFixture) -> None:
    sql = "SELECT 'postgresql://me:hush-hush@host/db' AS a, 1 AS \"password = hush-hush\""
    with sl.connect(url) as db:
        db.options(slow_seconds=0).query(sql)
        assert "hush-hush" not in json.dumps(db.stats().to_dict())
    (message,) = slow(caplog)
    assert "hush-hush" not in message


def test_a_write_is_explained_and_not_done_again(orders: Database, caplog: pytest.LogCaptureFixture) -> None:
    orders.options(slow_seconds=0).execute("INSERT INTO orders (id, note) VALUES (1, :note)", note=SECRET)
    assert orders.query("SELECT count(*) FROM orders").scalar() == 1
    (message,) = slow(caplog)
    assert "insert orders" in message
    assert SECRET not in message


@pytest.mark.parametrize("sql", ["CREATE TABLE t (a int)", "DROP TABLE orders", "ANALYZE orders"])
def test_what_has_no_plan_is_logged_without_one(
    orders: Database, caplog: pytest.LogCaptureFixture, sql: str
) -> None:
    orders.options(slow_seconds=0).execute(sql)
    (message,) = slow(caplog)
    assert message.endswith(sql)


def test_a_transaction_goes_on_after_a_slow_statement(
    orders: Database, caplog: pytest.LogCaptureFixture
) -> None:
    with orders.options(slow_seconds=0).transaction() as tx:
        tx.execute("INSERT INTO orders (id) VALUES (1)")
        tx.query("SELECT * FROM orders")
        with tx.transaction() as inner:
            inner.execute("INSERT INTO orders (id) VALUES (2)")
    assert orders.query("SELECT count(*) FROM orders").scalar() == 2
    assert [("\n" in message) for message in slow(caplog)] == [True, True, True]


def test_a_statement_that_failed_is_logged_and_keeps_its_own_error(
    orders: Database, caplog: pytest.LogCaptureFixture
) -> None:
    orders.execute("INSERT INTO orders (id) VALUES (1)")
    eager = orders.options(slow_seconds=0)
    with pytest.raises(UniqueViolation):
        eager.execute("INSERT INTO orders (id) VALUES (1)")
    with pytest.raises(UniqueViolation), eager.transaction() as tx:
        tx.execute("INSERT INTO orders (id) VALUES (1)")
    with pytest.raises(DatabaseError):
        eager.query("SELECT nothing FROM orders")
    assert [("failed" in message) for message in slow(caplog)] == [True, True, True]
    assert orders.query("SELECT count(*) FROM orders").scalar() == 1


@pytest.mark.postgres
def test_nobody_waits_for_the_plan_of_a_table_that_is_locked(
    postgres_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with sl.connect(postgres_url) as db, sl.connect(postgres_url, statement_timeout=0.1) as other:
        db.execute("CREATE TABLE orders (id int)")
        with db.transaction() as tx:
            tx.execute("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE")
            with pytest.raises(StatementCanceled):
                other.options(slow_seconds=0).query("SELECT * FROM orders")
            (message,) = slow(caplog)
            assert message.endswith("SELECT * FROM orders\n(no plan: DatabaseBusy)")
        assert other.query("SHOW lock_timeout").scalar() == "0"
        assert other.query("SHOW statement_timeout").scalar() == "100ms"


def test_a_record_that_nobody_wants_costs_no_plan(orders: Database, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.CRITICAL, LOGGER):
        orders.options(slow_seconds=0).query("SELECT * FROM orders")
    assert slow(caplog) == []


def test_a_long_text_is_cut() -> None:
    text = shown("SELECT " + ", ".join(f"column_{number}" for number in range(1000)))
    assert len(text) == 2000
    assert text.endswith("…")


# -- the setting
def test_the_threshold_from_the_environment(
    url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("STEPLADDER_SLOW_SECONDS", "0")
    with sl.connect(url) as db:
        db.query("SELECT 1")
        db.options(slow_seconds=60).query("SELECT 2")
    assert len(slow(caplog)) == 1


def test_the_threshold_from_the_projects_env_file(
    project: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (project / ".env").write_text("STEPLADDER_SLOW_SECONDS=0\n")
    monkeypatch.chdir(project)
    with sl.connect() as db:
        db.query("SELECT 1")
    assert len(slow(caplog)) == 1


@pytest.mark.parametrize("value", ["soon", "-1", "nan"])
def test_a_threshold_that_is_no_number_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("STEPLADDER_SLOW_SECONDS", value)
    with pytest.raises(ConfigError, match="STEPLADDER_SLOW_SECONDS"):
        sl.connect("sqlite:///:memory:")
