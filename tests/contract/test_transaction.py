"""Transactions: kept whole or not at all, dead after an error on every engine, and never outrun by accident."""

# ruff: noqa: PT012 - what raises is often the end of a transaction's block, not one statement in it

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

import stepladder as sl
from stepladder.db import Database, Transaction
from stepladder.errors import (
    DatabaseError,
    Disconnected,
    DivisionByZero,
    LoadError,
    ParameterError,
    SerializationFailure,
    StatementCanceled,
    TransactionDead,
    UniqueViolation,
    UsageError,
    UseTransaction,
)


@pytest.fixture
def notes(db: Database) -> Database:
    db.execute("CREATE TABLE notes (id int PRIMARY KEY, text text)")
    return db


def add(session: Database | Transaction, *ids: int) -> None:
    for number in ids:
        session.execute("INSERT INTO notes (id) VALUES (:id)", id=number)


def ids(session: Database | Transaction) -> list[int]:
    return [row.id for row in session.query("SELECT id FROM notes ORDER BY id")]


# -- kept or not
def test_what_a_block_wrote_is_kept_at_its_end(notes: Database) -> None:
    with notes.transaction() as tx:
        add(tx, 1, 2)
        assert ids(tx) == [1, 2]
    assert ids(notes) == [1, 2]


def test_nobody_else_sees_it_before(url: str, notes: Database) -> None:
    with sl.connect(url) as other, notes.transaction() as tx:
        add(tx, 1)
        assert ids(other) == []


@pytest.mark.parametrize("raised", [ValueError, KeyboardInterrupt, GeneratorExit])
def test_a_block_that_raises_keeps_nothing(notes: Database, raised: type[BaseException]) -> None:
    with pytest.raises(raised), notes.transaction() as tx:
        add(tx, 1)
        tx.execute("CREATE TABLE more (a int)")
        raise raised
    assert ids(notes) == []
    assert notes.tables() == ("notes",)


def test_a_transaction_has_every_verb(notes: Database) -> None:
    with notes.transaction() as tx:
        tx.script("INSERT INTO notes VALUES (1, 'a'); INSERT INTO notes VALUES (2, 'b')")
        assert tx.execute_many("INSERT INTO notes (id) VALUES (:id)", [{"id": 3}, {"id": 4}]) == 2
        assert tx.load([{"id": 5, "text": "e"}], "notes", mode="append").inserted == 1
        assert tx.tables() == ("notes",)
        assert tx.table("notes").keys == (("id",),)
        assert tx.server().startswith(("SQLite", "PostgreSQL"))
    assert ids(notes) == [1, 2, 3, 4, 5]


def test_ddl_is_part_of_it(db: Database) -> None:
    with pytest.raises(ValueError, match="stop"), db.transaction() as tx:
        tx.execute("CREATE TABLE a (x int)")
        tx.execute("INSERT INTO a VALUES (1)")
        raise ValueError("stop")
    with db.transaction() as tx:
        tx.execute("CREATE TABLE a (x text)")
        tx.execute("INSERT INTO a VALUES ('one')")
    assert db.query("SELECT x FROM a").scalar() == "one"


def test_now_stands_still_in_a_transaction(db: Database) -> None:
    with db.transaction() as tx:
        first = tx.query("SELECT now()").scalar()
        time.sleep(0.01)
        assert tx.query("SELECT now()").scalar() == first
    assert db.query("SELECT now()").scalar() > first


# -- dead after an error
def test_nothing_more_is_done_after_a_failed_statement(notes: Database) -> None:
    with pytest.raises(TransactionDead, match="division by zero"), notes.transaction() as tx:
        add(tx, 1)
        with pytest.raises(DivisionByZero):
            tx.query("SELECT 1 / 0")
        for ask in (
            lambda: tx.query("SELECT 1"),
            lambda: tx.execute("INSERT INTO notes VALUES (2, 'b')"),
            lambda: tx.script("SELECT 1"),
            lambda: tx.load([{"id": 2}], "notes", mode="append"),
            lambda: tx.transaction().__enter__(),
        ):
            with pytest.raises(TransactionDead):
                ask()
        add(tx, 2)
    assert ids(notes) == []


def test_a_swallowed_error_does_not_commit_the_rest(notes: Database) -> None:
    with pytest.raises(TransactionDead) as caught, notes.transaction() as tx:
        add(tx, 1)
        with pytest.raises(UniqueViolation):
            add(tx, 1)
    assert isinstance(caught.value.__cause__, UniqueViolation)
    assert caught.value.sqlstate == "25P02"
    assert ids(notes) == []


def test_the_error_itself_leaves_the_block(notes: Database) -> None:
    with pytest.raises(DivisionByZero), notes.transaction() as tx:
        tx.query("SELECT 1 / 0")
    with notes.transaction() as tx:
        add(tx, 1)
    assert ids(notes) == [1]


def test_a_statement_that_was_not_sent_does_no_harm(notes: Database) -> None:
    with notes.transaction() as tx:
        add(tx, 1)
        with pytest.raises(ParameterError):
            tx.execute("INSERT INTO notes (id) VALUES (:id)")
        add(tx, 2)
    assert ids(notes) == [1, 2]


@pytest.mark.parametrize("mode", ["append", "replace", "upsert"])
def test_a_load_that_was_refused_leaves_nothing_in_a_transaction_that_goes_on(
    notes: Database, mode: str
) -> None:
    """LoadError says "nothing was loaded": then the old rows are there, and not a batch of the new ones."""
    add(notes, 1)
    rows = [{"id": number} for number in range(2, 10_050)] + [{"id": "none"}]
    with notes.transaction() as tx:
        with pytest.raises(LoadError, match="nothing was loaded"):
            tx.load(rows, "notes", mode=mode, key=["id"])
        tx.load([{"id": 100_000}], "notes", mode="upsert", key=["id"])
    assert ids(notes) == [1, 100_000]


def test_execute_many_that_was_refused_leaves_nothing_in_a_transaction_that_goes_on(notes: Database) -> None:
    with notes.transaction() as tx:
        with pytest.raises(ParameterError):
            tx.execute_many("INSERT INTO notes (id) VALUES (:id)", [{"id": 1}, {}])
        add(tx, 2)
    assert ids(notes) == [2]


# -- savepoints
def test_a_savepoint_is_kept_with_its_transaction(notes: Database) -> None:
    with notes.transaction() as tx:
        add(tx, 1)
        with tx.transaction() as inner:
            add(inner, 2)
        add(tx, 3)
    assert ids(notes) == [1, 2, 3]


def test_a_failed_savepoint_is_undone_alone(notes: Database) -> None:
    with notes.transaction() as tx:
        add(tx, 1)
        with pytest.raises(UniqueViolation), tx.transaction() as inner:
            add(inner, 2, 1)
        with pytest.raises(ValueError, match="stop"), tx.transaction() as inner:
            inner.execute("CREATE TABLE more (a int)")
            raise ValueError("stop")
        add(tx, 3)
    assert ids(notes) == [1, 3]
    assert notes.tables() == ("notes",)


def test_savepoints_stand_in_savepoints(notes: Database) -> None:
    with notes.transaction() as tx:
        with tx.transaction() as middle:
            add(middle, 1)
            with pytest.raises(DivisionByZero), middle.transaction() as inner:
                add(inner, 2)
                inner.query("SELECT 1 / 0")
            add(middle, 3)
        add(tx, 4)
    assert ids(notes) == [1, 3, 4]


def test_a_swallowed_error_in_a_savepoint_is_undone(notes: Database) -> None:
    with notes.transaction() as tx:
        with pytest.raises(TransactionDead), tx.transaction() as inner:
            add(inner, 1)
            with pytest.raises(DivisionByZero):
                inner.query("SELECT 1 / 0")
        add(tx, 2)
    assert ids(notes) == [2]


def test_a_table_of_a_savepoint_that_is_undone_may_be_made_again(db: Database) -> None:
    with db.transaction() as tx:
        with pytest.raises(DivisionByZero), tx.transaction() as inner:
            inner.execute("CREATE TABLE a (x int)")
            inner.query("SELECT 1 / 0 FROM a")
            inner.query("SELECT 1 / 0")
        tx.execute("CREATE TABLE a (x text)")
        tx.execute("INSERT INTO a VALUES ('one')")
        assert tx.query("SELECT x FROM a").scalar() == "one"


def test_a_savepoint_that_was_canceled_is_undone_and_the_rest_kept(url: str, notes: Database) -> None:
    """SQLite rolls the whole transaction back when it interrupts a write: what follows must not be kept alone."""
    slow = (
        "WITH d AS (SELECT n FROM (VALUES (1), (2), (3), (4), (5), (6), (7), (8), (9), (10)) AS v(n))"
        " INSERT INTO notes (id) SELECT 1000 + a.n + 10 * b.n + 100 * c.n + 1000 * e.n + 10000 * f.n + 100000 * g.n"
        " + 1000000 * h.n FROM d a, d b, d c, d e, d f, d g, d h"
    )
    hurried = notes.options(statement_timeout=0.2)
    try:
        with hurried.transaction() as tx:
            add(tx, 1)
            with pytest.raises(StatementCanceled), tx.transaction() as inner:
                inner.execute(slow)
            add(tx, 2)
    except DatabaseError:
        assert ids(notes) == []
    else:
        assert ids(notes) == [1, 2]


# -- whom to ask
def test_the_database_is_not_asked_beside_its_own_transaction(notes: Database) -> None:
    with notes.transaction() as tx:
        for ask in (
            lambda: notes.query("SELECT 1"),
            lambda: notes.execute("DELETE FROM notes"),
            lambda: notes.script("SELECT 1"),
            lambda: notes.load([{"id": 1}], "notes", mode="append"),
            lambda: notes.options(read_only=True).query("SELECT 1"),
            notes.tables,
        ):
            with pytest.raises(UseTransaction):
                ask()
        add(tx, 1)
    assert ids(notes) == [1]


def test_other_threads_may_ask_the_database_meanwhile(notes: Database) -> None:
    found: list[list[int]] = []
    with notes.transaction() as tx:
        add(tx, 1)
        thread = threading.Thread(target=lambda: found.append(ids(notes)))
        thread.start()
        thread.join()
    assert found == [[]]


def test_the_outer_transaction_is_not_asked_beside_its_savepoint(notes: Database) -> None:
    with notes.transaction() as tx:
        with tx.transaction() as inner:
            with pytest.raises(UseTransaction):
                tx.query("SELECT 1")
            add(inner, 1)
        add(tx, 2)
    assert ids(notes) == [1, 2]


def test_a_second_savepoint_beside_an_open_one_is_refused(notes: Database) -> None:
    with notes.transaction() as tx, tx.transaction() as inner:
        with pytest.raises(UseTransaction), tx.transaction():
            pass
        with pytest.raises(UseTransaction):
            tx.query("SELECT 1")
        add(inner, 1)
    assert ids(notes) == [1]


def test_a_second_transaction_in_the_same_thread_is_refused(url: str, notes: Database) -> None:
    """On SQLite it would wait for the first one's lock until it gives up; elsewhere it would not see its rows."""
    with notes.transaction() as tx:
        for ask in (notes.transaction, notes.scratch):
            with pytest.raises(UseTransaction), ask():
                pass
        with pytest.raises(UseTransaction):
            notes.run_transaction(ids)
        with pytest.raises(UseTransaction):
            notes.query("SELECT 1")
        add(tx, 1)


def test_the_database_is_not_asked_beside_scratch(notes: Database) -> None:
    with notes.scratch() as tx:
        add(tx, 1)
        with pytest.raises(UseTransaction):
            notes.query("SELECT 1")


def test_a_transaction_that_is_over_is_not_asked(notes: Database) -> None:
    """Its connection is back in the pool: somebody else may have it."""
    with notes.transaction() as tx:
        with tx.transaction() as inner:
            pass
        with pytest.raises(UsageError):
            add(inner, 1)
    with notes.scratch() as tried:
        pass
    for over in (tx, inner, tried):
        with pytest.raises(UsageError):
            add(over, 1)
    assert ids(notes) == []


@pytest.mark.parametrize("word", ["COMMIT", "ROLLBACK", "BEGIN", "END"])
def test_a_transaction_is_not_ended_by_sql(notes: Database, word: str) -> None:
    """What was written before a COMMIT in the middle could not be rolled back any more."""
    with pytest.raises(sl.Error), notes.transaction() as tx:
        add(tx, 1)
        tx.execute(word)
        raise sl.Error("stop")
    assert ids(notes) == []


# -- how
def test_a_read_only_transaction_refuses_writes(notes: Database) -> None:
    with pytest.raises(DatabaseError) as caught, notes.transaction(read_only=True) as tx:
        assert ids(tx) == []
        add(tx, 1)
    assert caught.value.sqlstate == "25006"
    add(notes, 2)
    assert ids(notes) == [2]


@pytest.mark.parametrize("isolation", ["read committed", "repeatable read", "serializable"])
def test_isolation_is_postgresqls_word(notes: Database, engine: str, isolation: str) -> None:
    with notes.transaction(isolation=isolation) as tx:
        add(tx, 1)
        if engine != "sqlite3":
            assert tx.query("SHOW transaction_isolation").scalar() == isolation
    assert ids(notes) == [1]


def test_another_isolation_is_refused(notes: Database) -> None:
    with pytest.raises(UsageError, match="'dirty'"), notes.transaction(isolation="dirty"):
        pass


def test_a_reader_sees_one_moment(url: str, notes: Database) -> None:
    add(notes, 1)
    with sl.connect(url) as other, other.transaction(isolation="repeatable read", read_only=True) as tx:
        assert ids(tx) == [1]
        add(notes, 2)
        assert ids(tx) == [1]
    assert ids(notes) == [1, 2]


def test_a_deferrable_transaction_reads_and_is_serializable(notes: Database, engine: str) -> None:
    add(notes, 1)
    with notes.transaction(read_only=True, isolation="serializable", deferrable=True) as tx:
        assert ids(tx) == [1]
        if engine != "sqlite3":
            assert tx.query("SHOW transaction_deferrable").scalar() == "on"


@pytest.mark.parametrize(
    "rest",
    [
        {},
        {"read_only": True},
        {"isolation": "serializable"},
        {"read_only": True, "isolation": "repeatable read"},
    ],
)
def test_deferrable_is_refused_where_it_would_mean_nothing(notes: Database, rest: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="deferrable"), notes.transaction(deferrable=True, **rest):
        pass


# -- scratch
def test_scratch_leaves_nothing(notes: Database) -> None:
    add(notes, 1)
    with notes.scratch() as tx:
        add(tx, 2)
        tx.execute("CREATE TABLE more (a int)")
        tx.execute("CREATE TEMP TABLE aside (a int)")
        tx.execute("DROP TABLE notes")
        assert "more" in tx.tables()
    assert ids(notes) == [1]
    assert notes.tables() == ("notes",)
    with notes.scratch() as tx:
        tx.execute("CREATE TABLE more (a text)")
        tx.execute("CREATE TEMP TABLE aside (a text)")


def test_scratch_that_raises_leaves_nothing(notes: Database) -> None:
    with pytest.raises(DivisionByZero), notes.scratch() as tx:
        add(tx, 1)
        tx.query("SELECT 1 / 0")
    assert ids(notes) == []


# -- again
def test_a_retryable_error_runs_the_work_again(notes: Database) -> None:
    tries: list[int] = []

    def work(tx: Transaction) -> str:
        tries.append(len(tries))
        add(tx, len(tries))
        if len(tries) < 3:
            raise SerializationFailure("in each other's way")
        return "done"

    assert notes.run_transaction(work) == "done"
    assert ids(notes) == [3]


def test_it_is_run_again_a_few_times_only(notes: Database) -> None:
    tries: list[int] = []

    def work(tx: Transaction) -> None:
        tries.append(1)
        raise SerializationFailure("again")

    with pytest.raises(SerializationFailure):
        notes.run_transaction(work, attempts=2)
    assert len(tries) == 2


@pytest.mark.parametrize(
    "error", [UniqueViolation("twice"), ValueError("no"), Disconnected("gone", outcome="unknown")]
)
def test_what_may_not_be_repeated_is_raised_at_once(notes: Database, error: Exception) -> None:
    tries: list[int] = []

    def work(tx: Transaction) -> None:
        tries.append(1)
        add(tx, 1)
        raise error

    with pytest.raises(type(error)) as caught:
        notes.run_transaction(work)
    assert caught.value is error
    assert len(tries) == 1
    assert ids(notes) == []


def test_attempts_are_counted_from_one(notes: Database) -> None:
    with pytest.raises(UsageError, match="at least 1"):
        notes.run_transaction(ids, attempts=0)


def test_a_token_is_used_once(notes: Database) -> None:
    def work(tx: Transaction) -> str:
        add(tx, 1)
        return "done"

    assert notes.run_transaction(work, once="a") == "done"
    assert notes.run_transaction(work, once="a") is None
    assert ids(notes) == [1]


def test_a_token_of_work_that_failed_is_free(notes: Database) -> None:
    tries: list[int] = []

    def work(tx: Transaction) -> int:
        tries.append(1)
        add(tx, len(tries))
        if len(tries) == 1:
            raise ValueError("no")
        if len(tries) == 2:
            raise SerializationFailure("again")
        return len(tries)

    with pytest.raises(ValueError, match="no"):
        notes.run_transaction(work, once="a")
    assert notes.run_transaction(work, once="a") == 3
    assert ids(notes) == [3]


def test_a_token_does_not_excuse_what_another_database_left_unknown(notes: Database) -> None:
    def work(tx: Transaction) -> None:
        raise Disconnected("another one is gone", outcome="unknown")

    with pytest.raises(Disconnected, match="another one"):
        notes.run_transaction(work, once="a")


def test_a_token_of_a_load_and_of_a_transaction_are_one(notes: Database) -> None:
    notes.load([{"id": 1}], "notes", mode="append", once="a")
    assert notes.run_transaction(lambda tx: add(tx, 2), once="a") is None
    assert ids(notes) == [1]


@pytest.mark.timeout(60)
def test_two_that_are_in_each_others_way_both_come_through(notes: Database) -> None:
    notes.execute("CREATE TABLE counter (n int NOT NULL)")
    notes.execute("INSERT INTO counter VALUES (0)")
    ready = threading.Barrier(2)
    failed: list[BaseException] = []

    def raise_it() -> None:
        def work(tx: Transaction) -> None:
            found = tx.query("SELECT n FROM counter").scalar()
            time.sleep(0.02)
            tx.execute("UPDATE counter SET n = :n", n=found + 1)

        try:
            ready.wait()
            notes.run_transaction(work, attempts=10, isolation="serializable")
        except BaseException as error:  # noqa: BLE001 - shown by the assertion below
            failed.append(error)

    threads = [threading.Thread(target=raise_it) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert notes.query("SELECT n FROM counter").scalar() == 2
