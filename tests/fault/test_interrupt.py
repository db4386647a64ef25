"""Ctrl-C and the statement timeout end a running statement where it runs, and the next query works."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest

import stepladder as sl
from stepladder.db import Database
from stepladder.errors import Disconnected, StatementCanceled

pytestmark = pytest.mark.usefixtures("signals_are_heard")

ENDLESS = {
    "sqlite3": "SELECT count(*) FROM generate_series(1, 1000000000000)",
    "psycopg": "SELECT pg_sleep(600)",
    "psycopg2": "SELECT pg_sleep(600)",
}


@contextmanager
def ctrl_c_after(begun: Callable[[], bool], *, number: int = signal.SIGINT) -> Iterator[None]:
    """Send the signal to this process once the statement runs, as a terminal would."""

    def send() -> None:
        end = time.monotonic() + 20
        while not begun() and time.monotonic() < end:
            time.sleep(0.02)
        os.kill(os.getpid(), number)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        thread.join()


@pytest.fixture
def running(engine: str, request: pytest.FixtureRequest) -> Callable[[], bool]:
    """Whether a statement of ours runs on the server; on SQLite, which nobody can ask: some time later."""
    if engine == "sqlite3":
        later = time.monotonic() + 0.3
        return lambda: time.monotonic() > later
    url = request.getfixturevalue("postgres_url")
    return lambda: bool(active(url))


def active(url: str) -> list[str]:
    with psycopg.connect(url, autocommit=True) as admin:
        found = admin.execute(
            "SELECT query FROM pg_stat_activity WHERE datname = current_database() AND state = 'active'"
            " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        return [query for (query,) in found.fetchall()]


@pytest.mark.timeout(30)
def test_ctrl_c_ends_a_statement_on_the_server(
    db: Database, engine: str, running: Callable[[], bool], request: pytest.FixtureRequest
) -> None:
    with pytest.raises(KeyboardInterrupt), ctrl_c_after(running):
        db.query(ENDLESS[engine])
    if engine != "sqlite3":
        assert active(request.getfixturevalue("postgres_url")) == []
    assert db.query("SELECT 1").scalar() == 1


@pytest.mark.timeout(30)
def test_ctrl_c_in_a_transaction_keeps_nothing(
    db: Database, engine: str, running: Callable[[], bool]
) -> None:
    db.execute("CREATE TABLE t (a int)")
    with pytest.raises(KeyboardInterrupt), db.transaction() as tx:  # noqa: PT012 - the block is what is interrupted
        tx.execute("INSERT INTO t VALUES (1)")
        with ctrl_c_after(running):
            tx.query(ENDLESS[engine])
    assert db.query("SELECT count(*) FROM t").scalar() == 0


@pytest.mark.timeout(30)
def test_a_swallowed_ctrl_c_does_not_commit_half(
    db: Database, engine: str, running: Callable[[], bool]
) -> None:
    db.execute("CREATE TABLE t (a int)")
    with pytest.raises(sl.Error, match=r"failed|canceled"), db.transaction() as tx:  # noqa: PT012
        tx.execute("INSERT INTO t VALUES (1)")
        with pytest.raises(KeyboardInterrupt), ctrl_c_after(running):
            tx.query(ENDLESS[engine])
    assert db.query("SELECT count(*) FROM t").scalar() == 0


@pytest.mark.timeout(30)
def test_a_statement_timeout_ends_a_statement_on_the_server(
    db: Database, engine: str, request: pytest.FixtureRequest
) -> None:
    with pytest.raises(StatementCanceled):
        db.options(statement_timeout=0.2).query(ENDLESS[engine])
    if engine != "sqlite3":
        assert active(request.getfixturevalue("postgres_url")) == []
    assert db.query("SELECT 1").scalar() == 1


@pytest.mark.timeout(30)
def test_ctrl_c_ends_waiting_for_another_ones_lock(url: str, db: Database, engine: str) -> None:
    db.execute("CREATE TABLE t (a int)")
    db.execute("INSERT INTO t VALUES (1)")
    soon = time.monotonic() + 0.5
    with sl.connect(url) as other, other.transaction() as holder:
        holder.execute("UPDATE t SET a = 2")
        with pytest.raises(KeyboardInterrupt), ctrl_c_after(lambda: time.monotonic() > soon):
            db.execute("UPDATE t SET a = 3")
    assert db.query("SELECT a FROM t").scalar() == 2


@pytest.mark.timeout(30)
def test_a_statement_timeout_ends_waiting_for_another_ones_lock(url: str, db: Database) -> None:
    db.execute("CREATE TABLE t (a int)")
    db.execute("INSERT INTO t VALUES (1)")
    with sl.connect(url) as other, other.transaction() as holder:
        holder.execute("UPDATE t SET a = 2")
        with pytest.raises(StatementCanceled):
            db.options(statement_timeout=0.2).execute("UPDATE t SET a = 3")
    assert db.query("SELECT a FROM t").scalar() == 2


@pytest.mark.timeout(60)
def test_ctrl_c_again_and_again_leaves_a_working_pool(
    db: Database, engine: str, running: Callable[[], bool]
) -> None:
    for _ in range(5):
        with pytest.raises(KeyboardInterrupt), ctrl_c_after(running):
            db.query(ENDLESS[engine])
        assert db.query("SELECT 1").scalar() == 1
    assert len(db._pool._idle) == 1
    assert not db._pool._out


# -- psycopg2, whose waiting Python cannot interrupt
@pytest.fixture
def psycopg2_db(postgres_url: str) -> Iterator[Database]:
    with sl.connect(postgres_url.replace("postgresql://", "postgresql+psycopg2://", 1)) as database:
        yield database


@pytest.mark.postgres
def test_the_wakeup_descriptor_is_given_back(psycopg2_db: Database) -> None:
    psycopg2_db.query("SELECT 1")
    assert signal.set_wakeup_fd(-1) == -1


@pytest.mark.postgres
def test_somebody_elses_wakeup_descriptor_is_left_alone(psycopg2_db: Database) -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer)
    try:
        psycopg2_db.query("SELECT 1")
        assert signal.set_wakeup_fd(writer) == writer
    finally:
        signal.set_wakeup_fd(-1)
        os.close(reader)
        os.close(writer)


@pytest.mark.postgres
@pytest.mark.timeout(30)
def test_a_handler_of_the_users_decides_itself(psycopg2_db: Database, postgres_url: str) -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _frame: heard.append(number))
    try:
        with ctrl_c_after(lambda: bool(active(postgres_url))):
            psycopg2_db.query("SELECT pg_sleep(1)")
    finally:
        signal.signal(signal.SIGINT, before)
    assert heard == [signal.SIGINT]


@pytest.mark.postgres
@pytest.mark.timeout(30)
def test_other_connections_of_the_process_are_not_touched(psycopg2_db: Database, postgres_url: str) -> None:
    import psycopg2

    other = psycopg2.connect(postgres_url)
    failed: list[BaseException] = []

    def sleep() -> None:
        try:
            with other.cursor() as cursor:
                cursor.execute("SELECT pg_sleep(1.5)")
        except psycopg2.Error as error:
            failed.append(error)

    thread = threading.Thread(target=sleep)
    thread.start()
    with pytest.raises(KeyboardInterrupt), ctrl_c_after(lambda: len(active(postgres_url)) == 2):
        psycopg2_db.query("SELECT pg_sleep(600)")
    thread.join()
    other.close()
    assert failed == []


@pytest.mark.postgres
def test_a_statement_that_the_server_ended_says_so(psycopg2_db: Database, postgres_url: str) -> None:
    """Not our own doing: an administrator ends the session."""

    def end() -> None:
        while not active(postgres_url):
            time.sleep(0.02)
        with psycopg.connect(postgres_url, autocommit=True) as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)'"
            )

    thread = threading.Thread(target=end)
    thread.start()
    with pytest.raises(Disconnected):
        psycopg2_db.query("SELECT pg_sleep(600)")
    thread.join()
