"""The pool: first come, first served; broken connections are replaced; forks and closing are survived."""

# ruff: noqa: PT012 - what raises is often the end of a transaction's block, not one statement in it

from __future__ import annotations

import dis
import gc
import os
import re
import sqlite3
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from types import CodeType, FrameType

import psycopg
import pytest

import stepladder as sl
from stepladder.db import Database
from stepladder.db.connection import Connection
from stepladder.db.pool import Pool
from stepladder.errors import (
    ConfigError,
    ConnectionFailed,
    DatabaseError,
    Disconnected,
    NotPortable,
    PoolTimeout,
    UsageError,
)


class Fake:
    """A connection as far as the pool can see."""

    def __init__(self) -> None:
        self.good = True
        self.closed = False
        self.rolled_back = 0
        self.asked = 0

    def usable(self) -> bool:
        return self.good

    def answers(self) -> bool:
        self.asked += 1
        return self.good

    def reset(self) -> None:
        self.rolled_back += 1
        if not self.good:
            raise DatabaseError("gone")

    def close(self) -> None:
        self.closed = True


def pool_of(size: int, *, timeout: float = 5.0) -> tuple[Pool, list[Fake]]:
    made: list[Fake] = []

    def open_one() -> Connection:
        made.append(Fake())
        return made[-1]  # type: ignore[return-value]

    pool = Pool(open_one, size=size, timeout=timeout)
    _pools.append((pool, made))
    return pool, made


_pools: list[tuple[Pool, list[Fake]]] = []


@pytest.fixture(autouse=True)
def _given_back() -> Iterator[None]:
    """What a test took and kept would be warned of while another test runs."""
    yield
    for pool, made in _pools:
        for fake in made:
            pool.give_back(fake)  # type: ignore[arg-type]
    _pools.clear()


def pool_that_fails(errors: list[Exception], *, timeout: float = 5.0) -> tuple[Pool, list[Fake], list[int]]:
    """A pool for one, whose next openings raise these errors; what it opened, and how often it tried."""
    made: list[Fake] = []
    tries: list[int] = []

    def open_one() -> Connection:
        tries.append(1)
        if errors:
            raise errors.pop(0)
        made.append(Fake())
        return made[-1]  # type: ignore[return-value]

    pool = Pool(open_one, size=1, timeout=timeout)
    _pools.append((pool, made))
    return pool, made, tries


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < end, "it did not come about in 5 s"
        time.sleep(0.001)


# -- the queue
def test_connections_are_opened_when_needed_and_used_again() -> None:
    pool, made = pool_of(3)
    one, two = pool.take(), pool.take()
    pool.give_back(one)
    pool.give_back(two)
    assert pool.take() in (one, two)
    assert len(made) == 2
    assert [fake.rolled_back for fake in made] == [1, 1]


def test_whoever_waits_longest_is_served_first() -> None:
    pool, _ = pool_of(1)
    held = pool.take()
    served: list[int] = []

    def ask(number: int) -> None:
        connection = pool.take()
        served.append(number)
        pool.give_back(connection)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for waiting, thread in enumerate(threads, 1):
        thread.start()
        wait_for(lambda waiting=waiting: len(pool._waiting) == waiting)  # type: ignore[misc]
    pool.give_back(held)
    for thread in threads:
        thread.join()
    assert served == list(range(8))


def test_one_who_comes_back_queues_behind_those_who_wait() -> None:
    pool, _ = pool_of(1)
    held = pool.take()
    served: list[str] = []

    def ask() -> None:
        connection = pool.take()
        served.append("waiting")
        pool.give_back(connection)

    thread = threading.Thread(target=ask)
    thread.start()
    wait_for(lambda: len(pool._waiting) == 1)
    pool.give_back(held)
    again = pool.take()
    served.append("again")
    pool.give_back(again)
    thread.join()
    assert served == ["waiting", "again"]


def test_a_place_that_a_broken_connection_leaves_goes_to_whoever_waits() -> None:
    pool, made = pool_of(1)
    held = pool.take()
    got: list[object] = []
    thread = threading.Thread(target=lambda: got.append(pool.take()))
    thread.start()
    wait_for(lambda: len(pool._waiting) == 1)
    made[0].good = False
    pool.give_back(held)
    thread.join()
    assert got == [made[1]]
    assert made[0].closed


def test_a_place_is_not_lost_when_opening_fails() -> None:
    pool, _, tries = pool_that_fails([ConnectionFailed("down")] * 2)
    for _ in range(2):
        with pytest.raises(ConnectionFailed):
            pool.take()
    pool.give_back(pool.take())
    assert len(tries) == 3


def test_waiting_has_an_end_that_names_the_holders() -> None:
    pool, _ = pool_of(1, timeout=0.05)

    def hold() -> None:
        pool.take()  # the test's own line is the place that is named

    thread = threading.Thread(target=hold, name="nightly-report")
    thread.start()
    thread.join()
    place = rf"{re.escape(__file__)}:{hold.__code__.co_firstlineno + 1}"
    with pytest.raises(
        PoolTimeout, match=rf"within 0\.05 s: all 1 are out \(nightly-report for \d\.\d s, taken at {place}\)"
    ):
        pool.take()


def test_who_is_inside_a_call_is_named_by_the_line_where_the_thread_stands() -> None:
    pool, _ = pool_of(1, timeout=0.05)
    inside, done = threading.Event(), threading.Event()

    def ask() -> None:
        pool.give_back(held(pool, inside, done))  # the user's line

    def held(pool: Pool, inside: threading.Event, done: threading.Event) -> Connection:
        connection = pool.take_within_call()
        inside.set()
        done.wait(10)
        return connection

    # What stands between the user's line and the pool is of this package.
    ours = held.__code__.replace(co_filename=str(Path(sl.__file__).parent / "db" / "made_up.py"))
    held.__code__ = ours
    thread = threading.Thread(target=ask, name="nightly-report")
    thread.start()
    inside.wait(10)
    try:
        with pytest.raises(
            PoolTimeout,
            match=rf"nightly-report .* taken at {re.escape(__file__)}:{ask.__code__.co_firstlineno + 1}\)",
        ):
            pool.take()
    finally:
        done.set()
        thread.join()


def test_a_connection_that_comes_back_after_a_timeout_is_not_lost() -> None:
    pool, made = pool_of(1, timeout=0.02)
    for _ in range(20):
        held = pool.take()
        with pytest.raises(PoolTimeout):
            pool.take()
        pool.give_back(held)
    assert len(made) == 1


def test_a_connection_that_broke_while_idle_is_replaced() -> None:
    pool, made = pool_of(1)
    pool.give_back(pool.take())
    made[0].good = False
    second: object = pool.take()
    assert second is made[1]
    assert made[0].closed


def test_closing_closes_the_idle_now_and_the_others_when_they_come_back() -> None:
    pool, made = pool_of(2)
    one, two = pool.take(), pool.take()
    pool.give_back(one)
    with pytest.warns(
        ResourceWarning, match="closed while a connection was out: it is closed when it comes back"
    ):
        pool.close()
    assert [fake.closed for fake in made] == [True, False]
    pool.give_back(two)
    assert [fake.closed for fake in made] == [True, True]
    with pytest.raises(UsageError, match="closed"):
        pool.take()
    pool.close()


def test_closing_wakes_those_who_wait() -> None:
    pool, _ = pool_of(1)
    pool.take()
    found: list[Exception] = []

    def ask() -> None:
        try:
            pool.take()
        except UsageError as error:
            found.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    wait_for(lambda: len(pool._waiting) == 1)
    with pytest.warns(ResourceWarning, match=re.escape(__file__)):
        pool.close()
    thread.join(5)
    assert len(found) == 1


def test_many_threads_share_few_connections() -> None:
    pool, made = pool_of(3)
    out: set[int] = set()
    lock = threading.Lock()
    clashes: list[int] = []

    def work() -> None:
        for _ in range(50):
            connection = pool.take()
            with lock:
                clashes.extend([1] if id(connection) in out else [])
                out.add(id(connection))
            time.sleep(0)
            with lock:
                out.remove(id(connection))
            pool.give_back(connection)

    threads = [threading.Thread(target=work) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert clashes == []
    assert len(made) <= 3
    assert len(pool._idle) == len(made)
    assert not pool._out
    assert not pool._opening


def test_a_pool_has_room_for_one() -> None:
    with pytest.raises(UsageError, match="at least 1"):
        pool_of(0)


# -- nothing is lost
def test_a_connection_that_nobody_holds_frees_its_place_with_a_warning_at_its_line() -> None:
    pool = Pool(Fake, size=1, timeout=5)  # type: ignore[arg-type]
    with pytest.warns(ResourceWarning, match="never given back") as warned:
        pool.take()
    assert warned[0].filename == __file__
    assert Path(__file__).read_text().splitlines()[warned[0].lineno - 1].strip() == "pool.take()"
    pool.give_back(pool.take())


def test_a_database_that_is_forgotten_says_what_was_out() -> None:
    pool = Pool(Fake, size=1, timeout=5)  # type: ignore[arg-type]
    connection = pool.take()
    connection.held = (connection, pool)  # type: ignore[attr-defined]
    del connection, pool
    with pytest.warns(ResourceWarning, match="while a connection was out"):
        gc.collect()


@pytest.mark.parametrize("prepare", ["fresh", "used", "broken"])
def test_an_interrupt_at_any_moment_leaks_no_place(prepare: str) -> None:
    """A KeyboardInterrupt at each point of taking and giving back where Python looks for one."""
    moment, hit = 0, True
    while hit:
        pool = Pool(Fake, size=2, timeout=0.2)  # type: ignore[arg-type]
        if prepare != "fresh":
            connection = pool.take()
            pool.give_back(connection)
            connection.good = prepare == "used"  # type: ignore[attr-defined]
            del connection
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            hit = interrupted(lambda: pool.give_back(pool.take()), moment)  # noqa: B023
        both = [pool.take(), pool.take()]
        assert len(set(both)) == 2
        for connection in both:
            pool.give_back(connection)
        assert (len(pool._idle), len(pool._out), len(pool._opening)) == (2, 0, 0)
        moment += 1
    assert moment > 10


def interrupted(work: Callable[[], object], moment: int) -> bool:
    """Run `work` with a KeyboardInterrupt at the pool's own point number `moment`; False where it has fewer."""
    seen = 0
    last: dict[FrameType, str] = {}

    def trace(frame: FrameType, event: str, arg: object) -> object:
        nonlocal seen
        code = frame.f_code
        if not code.co_filename.endswith("db/pool.py") or code.co_name in ("__del__", "_gone", "_given_up"):
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        if event == "opcode":
            # Signals are looked for when a function begins, after a call, and when a loop goes back.
            looks = last.get(frame, "").startswith(("RESUME", "CALL", "JUMP_BACKWARD"))
            last[frame] = _instructions(code)[frame.f_lasti]
            seen += looks
            if looks and seen > moment:
                raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    gc.disable()  # or a pool that another test has forgotten may be closed meanwhile, and be hit in its stead
    sys.settrace(trace)  # type: ignore[arg-type]
    try:
        work()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
        gc.enable()
        last.clear()
    return False


@lru_cache
def _instructions(code: CodeType) -> dict[int, str]:
    return {found.offset: found.opname for found in dis.get_instructions(code)}


# -- an outage
def test_a_server_that_is_away_is_waited_for_once_it_has_answered() -> None:
    errors: list[Exception] = []
    pool, made, tries = pool_that_fails(errors)
    pool.give_back(pool.take())
    made[0].good = False
    errors += [
        ConnectionFailed("nobody there"),
        ConnectionFailed("starting up", sqlstate="57P03"),
        Disconnected("ended at once", sqlstate="57P01"),
    ]
    pool.give_back(pool.take())
    assert len(tries) == 5


def test_a_server_that_refuses_is_not_waited_for() -> None:
    errors: list[Exception] = []
    pool, made, tries = pool_that_fails(errors)
    pool.give_back(pool.take())
    made[0].good = False
    errors += [ConnectionFailed("wrong password", sqlstate="08004")] * 2
    with pytest.raises(ConnectionFailed, match="wrong password"):
        pool.take()
    assert len(tries) == 3
    pool.give_back(pool.take())


def test_waiting_for_a_server_ends_with_its_last_error() -> None:
    errors: list[Exception] = []
    pool, made, tries = pool_that_fails(errors, timeout=0.2)
    pool.give_back(pool.take())
    made[0].good = False
    errors += [ConnectionFailed("nobody there")] * 1000
    with pytest.raises(ConnectionFailed, match=r"away for 0\.2 s \(pool_timeout\): nobody there"):
        pool.take()
    assert 2 < len(tries) < 30


def test_closing_ends_waiting_for_a_server() -> None:
    errors: list[Exception] = []
    pool, made, tries = pool_that_fails(errors, timeout=60)
    pool.give_back(pool.take())
    made[0].good = False
    errors += [ConnectionFailed("nobody there")] * 1000
    found: list[BaseException] = []

    def ask() -> None:
        try:
            pool.take()
        except UsageError as error:
            found.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    wait_for(lambda: len(tries) > 2)
    pool.close()
    thread.join(10)
    assert len(found) == 1


# -- the check on check-out
def test_only_a_connection_that_idled_long_is_asked_whether_it_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pool, made = pool_of(1)
    for _ in range(3):
        pool.give_back(pool.take())
    assert made[0].asked == 0
    monkeypatch.setattr("stepladder.db.pool._ASKED_AFTER", 0.0)
    pool.give_back(pool.take())
    assert made[0].asked == 1
    monkeypatch.setattr(made[0], "answers", lambda: False)
    pool.give_back(pool.take())
    assert made[0].closed
    assert len(made) == 2


# -- with databases
def test_a_timeout_names_the_thread_that_holds_the_connection(url: str) -> None:
    with sl.connect(url, pool_size=1, pool_timeout=0.1) as db:
        held, done = threading.Event(), threading.Event()

        def hold() -> None:
            with db.transaction(read_only=True):
                held.set()
                done.wait(10)

        thread = threading.Thread(target=hold, name="dashboard")
        thread.start()
        held.wait(10)
        try:
            with pytest.raises(PoolTimeout, match="dashboard for"):
                db.query("SELECT 1")
        finally:
            done.set()
            thread.join()
        assert db.query("SELECT 1").scalar() == 1


def test_a_closed_database_answers_no_more(url: str) -> None:
    db = sl.connect(url)
    db.close()
    db.close()
    for ask in (lambda: db.query("SELECT 1"), lambda: db.transaction().__enter__(), db.tables):
        with pytest.raises(UsageError, match="closed"):
            ask()


def test_a_transaction_ends_although_its_database_was_closed(url: str) -> None:
    db = sl.connect(url)
    db.execute("CREATE TABLE t (a int)")
    with db.transaction() as tx:
        with pytest.warns(ResourceWarning, match=re.escape(__file__)):
            db.close()
        tx.execute("INSERT INTO t VALUES (1)")
    with sl.connect(url) as again:
        assert again.query("SELECT count(*) FROM t").scalar() == 1


def test_a_statement_that_fails_does_not_spoil_the_connection(url: str) -> None:
    with sl.connect(url, pool_size=1) as db:
        for _ in range(3):
            with pytest.raises(DatabaseError):
                db.query("SELECT 1 / 0")
        assert db.query("SELECT 1").scalar() == 1


def test_threads_ask_one_database(db: Database) -> None:
    db.execute("CREATE TABLE t (a int PRIMARY KEY)")
    failed: list[BaseException] = []

    def work(first: int) -> None:
        try:
            for number in range(first, first + 10):
                db.execute("INSERT INTO t VALUES (:a)", a=number)
        except BaseException as error:  # noqa: BLE001 - shown by the assertion below
            failed.append(error)

    threads = [threading.Thread(target=work, args=(10 * place,)) for place in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert db.query("SELECT count(*) FROM t").scalar() == 60


def test_two_databases_in_one_process_do_not_meet(url: str, tmp_path: Path, db: Database) -> None:
    db.execute("CREATE TABLE t (a int)")
    with sl.connect(f"sqlite:////{str(tmp_path / 'other.db').lstrip('/')}") as other:
        assert other.tables() == ()
        with db.transaction() as tx, other.transaction() as there:
            tx.execute("INSERT INTO t VALUES (1)")
            there.execute("CREATE TABLE t (a text)")
            there.execute("INSERT INTO t VALUES ('one')")
        assert other.query("SELECT a FROM t").scalar() == "one"
    assert db.query("SELECT a FROM t").scalar() == 1


def test_a_forked_child_uses_connections_of_its_own(db: Database) -> None:
    db.execute("CREATE TABLE t (a int)")
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python warns of forks beside threads
        child = os.fork()
    if child == 0:
        try:
            db.execute("INSERT INTO t VALUES (1)")
            os.write(writer, str(db.query("SELECT count(*) FROM t").scalar()).encode())
        finally:
            os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    assert os.read(reader, 10) == b"1"
    os.close(reader)
    assert db.query("SELECT count(*) FROM t").scalar() == 1
    with db.transaction() as tx:
        tx.execute("INSERT INTO t VALUES (2)")
    assert db.query("SELECT count(*) FROM t").scalar() == 2


# -- PostgreSQL
def kill(postgres_url: str) -> int:
    """End every session of ours in the test's database; how many there were."""
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        return len(
            admin.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE application_name = 'stepladder' AND datname = current_database()"
            ).fetchall()
        )


@pytest.fixture(params=["psycopg", "psycopg2"])
def driver_url(request: pytest.FixtureRequest, postgres_url: str) -> str:
    return postgres_url.replace("postgresql://", f"postgresql+{request.param}://", 1)


@pytest.mark.postgres
def test_a_session_that_was_killed_while_idle_is_replaced(driver_url: str, postgres_url: str) -> None:
    with sl.connect(driver_url) as db:
        db.execute("CREATE TABLE t (a int)")
        for _ in range(5):
            assert kill(postgres_url) == 1
            assert db.execute("INSERT INTO t VALUES (1)") == 1
        assert db.query("SELECT count(*) FROM t").scalar() == 5


@pytest.mark.postgres
def test_a_session_that_is_killed_in_a_transaction_rolls_it_back(driver_url: str, postgres_url: str) -> None:
    with sl.connect(driver_url, pool_size=1) as db:
        db.execute("CREATE TABLE t (a int)")
        with pytest.raises(Disconnected) as caught, db.transaction() as tx:
            tx.execute("INSERT INTO t VALUES (1)")
            kill(postgres_url)
            tx.execute("INSERT INTO t VALUES (2)")
        assert caught.value.outcome == "rolled back"
        assert caught.value.retryable
        assert db.query("SELECT count(*) FROM t").scalar() == 0


@pytest.mark.postgres
def test_the_outcome_of_a_commit_that_was_cut_off_is_unknown(driver_url: str, postgres_url: str) -> None:
    with sl.connect(driver_url, pool_size=1) as db:
        db.execute("CREATE TABLE t (a int)")
        tries: list[int] = []

        def work(tx: sl.Transaction) -> None:
            tries.append(1)
            tx.execute("INSERT INTO t VALUES (1)")
            kill(postgres_url)

        with pytest.raises(Disconnected) as caught:
            db.run_transaction(work)
        assert caught.value.outcome == "unknown"
        assert tries == [1]
        assert db.query("SELECT 1").scalar() == 1


@pytest.mark.postgres
def test_work_that_lost_its_session_is_run_again(driver_url: str, postgres_url: str) -> None:
    with sl.connect(driver_url, pool_size=1) as db:
        db.execute("CREATE TABLE t (a int)")
        tries: list[int] = []

        def work(tx: sl.Transaction) -> None:
            tries.append(1)
            tx.execute("INSERT INTO t VALUES (1)")
            if len(tries) == 1:
                kill(postgres_url)
                tx.execute("INSERT INTO t VALUES (1)")

        db.run_transaction(work)
        assert db.query("SELECT count(*) FROM t").scalar() == 1


@pytest.mark.postgres
@pytest.mark.parametrize("verb", ["query", "load", "script", "execute_many"])
def test_every_verb_says_that_its_session_was_lost(driver_url: str, postgres_url: str, verb: str) -> None:
    with sl.connect(driver_url, pool_size=1) as db:
        db.execute("CREATE TABLE t (a int)")
        with pytest.raises(Disconnected), db.transaction() as tx:
            tx.query("SELECT 1")
            kill(postgres_url)
            verbs: dict[str, Callable[[], object]] = {
                "query": lambda: tx.query("SELECT 1"),
                "load": lambda: tx.load([{"a": 1}], "t", mode="append"),
                "script": lambda: tx.script("SELECT 1; SELECT 2"),
                "execute_many": lambda: tx.execute_many("INSERT INTO t VALUES (:a)", [{"a": 1}]),
            }
            verbs[verb]()
        assert db.query("SELECT count(*) FROM t").scalar() == 0


@pytest.mark.postgres
def test_a_transaction_that_idled_too_long_is_disconnected(driver_url: str) -> None:
    with sl.connect(driver_url, pool_size=1) as db:
        with pytest.raises(Disconnected), db.transaction() as tx:
            tx.execute("SET LOCAL idle_in_transaction_session_timeout = 20")
            time.sleep(0.3)
            tx.query("SELECT 1")
        assert db.query("SELECT 1").scalar() == 1


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("TimeZone", "Asia/Tokyo"),
        ("DateStyle", "German"),
        ("search_path", "nowhere"),
        ("statement_timeout", "1"),
    ],
)
def test_what_a_statement_sets_is_reset_when_the_connection_comes_back(
    driver_url: str, setting: str, value: str
) -> None:
    with sl.connect(driver_url, pool_size=1) as db:
        before = db.query(f"SHOW {setting}").scalar()
        db.execute(f"SET {setting} = '{value}'")
        assert db.query(f"SHOW {setting}").scalar() == before


@pytest.mark.postgres
def test_a_server_that_is_down_shows_at_once() -> None:
    for driver in ("psycopg", "psycopg2"):
        with pytest.raises(ConnectionFailed, match="Nothing was sent"):
            sl.connect(f"postgresql+{driver}://app@127.0.0.1:1/db")


@pytest.mark.postgres
def test_a_database_that_is_not_there_shows_at_once(driver_url: str) -> None:
    with pytest.raises(ConnectionFailed, match="nowhere"):
        sl.connect(driver_url.replace("/stepladder_test", "/nowhere"))


# -- SQLite
def sqlite_url(path: Path) -> str:
    return f"sqlite:////{str(path).lstrip('/')}"


def test_a_database_in_memory_is_one_connection() -> None:
    with sl.connect("sqlite:///:memory:") as db:
        db.execute("CREATE TABLE t (a int)")
        threads = [
            threading.Thread(target=db.execute, args=("INSERT INTO t VALUES (:a)", {"a": number}))
            for number in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert db.query("SELECT count(*) FROM t").scalar() == 8
        with sl.connect("sqlite:///:memory:") as other:
            assert other.tables() == ()


def test_a_folder_that_is_not_there_shows_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConnectionFailed, match="cannot open"):
        sl.connect(sqlite_url(tmp_path / "no" / "a.db"))


def test_a_file_that_is_no_database_shows_at_once(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.write_text("this is a letter, not a database " * 100)
    with pytest.raises(ConnectionFailed, match="cannot open"):
        sl.connect(sqlite_url(path))
    assert path.read_text().startswith("this is a letter")


@pytest.mark.parametrize("name", ["a b.db", "a%20b.db", "a#b.db", "ü.db", "a'b.db"])
def test_a_file_may_have_any_name(tmp_path: Path, name: str) -> None:
    with sl.connect(sqlite_url(tmp_path / name)) as db:
        db.execute("CREATE TABLE t (a int)")
    assert (tmp_path / name).is_file()


def test_a_table_made_anew_behind_our_back_has_its_new_types(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with sl.connect(sqlite_url(path)) as db:
        db.execute("CREATE TABLE t (a int, at timestamptz)")
        db.query("SELECT a, at FROM t")
        with sqlite3.connect(path) as raw:
            raw.executescript(
                "DROP TABLE t; CREATE TABLE t (a TEXT, at TEXT); INSERT INTO t VALUES ('x', 'y')"
            )
        raw.close()
        rows = db.query("SELECT a, at FROM t")
        assert rows.tuples() == [("x", "y")]
        assert [str(column.type) for column in rows.columns] == ["text", "text"]
        assert [str(column.type) for column in db.table("t").columns] == ["text", "text"]


@pytest.mark.parametrize(
    "type_", ["timestamptz", "timestamp", "date", "time", "uuid", "interval", "int[]", "jsonb"]
)
def test_a_value_that_is_none_of_the_columns_type_is_an_error_that_names_it(
    tmp_path: Path, type_: str
) -> None:
    path = tmp_path / "a.db"
    with sl.connect(sqlite_url(path)) as db:
        db.execute(f"CREATE TABLE t (id int, a {type_})")
        with sqlite3.connect(path) as raw:
            raw.execute("INSERT INTO t VALUES (1, NULL), (2, 'yesterday')")
        raw.close()
        for read in (lambda: db.query("SELECT a FROM t ORDER BY id"), lambda: list(_streamed(db))):
            with pytest.raises(sl.errors.DataError, match=r"row 2, column .a.:|the JSON"):
                read()


def test_such_a_value_inside_an_expression_or_a_frame_is_an_error_of_ours_too(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    path = tmp_path / "a.db"
    with sl.connect(sqlite_url(path)) as db:
        db.execute("CREATE TABLE t (a timestamptz)")
        with sqlite3.connect(path) as raw:
            raw.execute("INSERT INTO t VALUES ('yesterday')")
        raw.close()
        for read in (
            lambda: db.query("SELECT a + interval '1 day' FROM t"),
            lambda: db.query("SELECT age(a) FROM t"),
            lambda: db.frame("SELECT a FROM t", kind="arrow"),
        ):
            with pytest.raises(sl.errors.DataError, match="yesterday"):
                read()


def _streamed(db: Database) -> Iterator[tuple[object, ...]]:
    with db.stream("SELECT a FROM t ORDER BY id") as rows:
        yield from rows


def test_a_foreign_table_is_read_by_its_declared_types(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with sqlite3.connect(path) as raw:
        raw.execute("CREATE TABLE t (a INTEGER, b VARCHAR(10), c DOUBLE, d BLOB)")
        raw.execute("INSERT INTO t VALUES (1, 'x', 1.5, x'00'), (NULL, NULL, NULL, NULL)")
    raw.close()
    with sl.connect(sqlite_url(path)) as db:
        rows = db.query("SELECT a, b, c, d FROM t ORDER BY a NULLS LAST")
        assert rows.tuples() == [(1, "x", 1.5, b"\x00"), (None, None, None, None)]
        assert [str(column.type) for column in rows.columns] == [
            "bigint",
            "text",
            "double precision",
            "bytea",
        ]


@pytest.mark.parametrize(
    ("declared", "value"),
    [("INTEGER", "abc"), ("INTEGER", 1.5), ("TEXT", b"x"), ("REAL", "x"), ("BLOB", "x"), ("BLOB", 1)],
)
def test_a_foreign_value_that_does_not_fit_refuses_the_table(
    tmp_path: Path, declared: str, value: object
) -> None:
    path = tmp_path / "a.db"
    with sqlite3.connect(path) as raw:
        raw.execute(f"CREATE TABLE t (id INTEGER, a {declared})")
        raw.execute("INSERT INTO t VALUES (1, ?)", (value,))
    raw.close()
    with sl.connect(sqlite_url(path)) as db, pytest.raises(NotPortable, match=r"t\.a"):
        db.query("SELECT a FROM t")


NOT_BY_BYTES = [
    ("SELECT id FROM t WHERE name = 'ann'", [(2,)]),
    ("SELECT id FROM v WHERE name = 'ann'", [(2,)]),
    ("SELECT id FROM t WHERE name IN ('ann', 'BOB')", [(2,)]),
    ("SELECT id FROM t WHERE name > 'Z' ORDER BY id", [(2,), (4,)]),
    ("SELECT id FROM t WHERE cut = 'x'", [(2,)]),
    ("SELECT DISTINCT name FROM t ORDER BY 1", [("ANN",), ("Ann",), ("ann",), ("bob",)]),
    (
        "SELECT name, count(*) FROM t GROUP BY name ORDER BY name",
        [("ANN", 1), ("Ann", 1), ("ann", 1), ("bob", 1)],
    ),
    ("SELECT count(DISTINCT name), min(name), max(name) FROM t", [(4, "ANN", "bob")]),
    ("SELECT a.id FROM t AS a JOIN t AS b ON a.name = b.name AND a.id <> b.id", []),
    ("SELECT id FROM t JOIN (VALUES ('ann'), ('BOB')) AS u (name) USING (name)", [(2,)]),
    (
        "SELECT u.name FROM (VALUES ('ann'), ('BOB')) AS u (name) WHERE u.name IN (SELECT name FROM t)",
        [("ann",)],
    ),
    ("SELECT name FROM t UNION SELECT 'ANn' ORDER BY 1", [("ANN",), ("ANn",), ("Ann",), ("ann",), ("bob",)]),
    ("SELECT id, rank() OVER (ORDER BY name) FROM t ORDER BY id", [(1, 2), (2, 3), (3, 1), (4, 4)]),
    ("UPDATE t SET cut = 'q' WHERE name = 'ann' RETURNING id", [(2,)]),
    ("DELETE FROM t WHERE name = 'bob' RETURNING id", [(4,)]),
]


def test_a_foreign_column_with_a_collation_is_compared_by_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with sqlite3.connect(path) as raw:
        raw.executescript(
            """CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT COLLATE NOCASE, cut TEXT COLLATE RTRIM);
            CREATE INDEX by_name ON t (name);
            CREATE VIEW v AS SELECT id, name FROM t;
            INSERT INTO t VALUES (1, 'Ann', 'x '), (2, 'ann', 'x'), (3, 'ANN', 'y'), (4, 'bob', 'y ')"""
        )
    raw.close()
    with sl.connect(sqlite_url(path)) as db:
        wrong = [(sql, found) for sql, wanted in NOT_BY_BYTES if (found := db.query(sql).tuples()) != wanted]
        assert not wrong
        db.execute("CREATE UNIQUE INDEX one ON t (name)")  # three rows are equal but for their case


def test_a_foreign_value_that_comes_later_refuses_the_table_too(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with sqlite3.connect(path) as raw:
        raw.execute("CREATE TABLE t (a INTEGER)")
        raw.execute("INSERT INTO t VALUES (1)")
    with sl.connect(sqlite_url(path)) as db:
        assert db.query("SELECT a FROM t").scalar() == 1
        with raw:
            raw.execute("UPDATE t SET a = 'abc'")
        with pytest.raises(NotPortable, match=r"t\.a"):
            db.query("SELECT a FROM t")
    raw.close()


@pytest.mark.parametrize("declared", ["", "NUMERIC", "DATE", "TIMESTAMP", "BOOLEAN", "DECIMAL(10,2)", "JSON"])
def test_a_foreign_column_that_says_no_type_is_refused(tmp_path: Path, declared: str) -> None:
    path = tmp_path / "a.db"
    with sqlite3.connect(path) as raw:
        raw.execute(f"CREATE TABLE t (a {declared})")
    raw.close()
    with sl.connect(sqlite_url(path)) as db, pytest.raises(NotPortable, match=r"t\.a"):
        db.query("SELECT a FROM t")


def test_a_file_that_is_opened_read_only_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with sl.connect(sqlite_url(path)) as db:
        db.execute("CREATE TABLE t (a int)")
    with sl.connect(sqlite_url(path) + "?mode=ro") as db:
        assert db.query("SELECT count(*) FROM t").scalar() == 0
        with pytest.raises(DatabaseError) as caught:
            db.execute("INSERT INTO t VALUES (1)")
        assert caught.value.sqlstate == "25006"
    with pytest.raises((ConnectionFailed, ConfigError)):
        sl.connect(sqlite_url(tmp_path / "none.db") + "?mode=ro")


def test_the_catalogue_follows_every_change_of_a_table(tmp_path: Path) -> None:
    with sl.connect(sqlite_url(tmp_path / "a.db")) as db:
        db.execute("CREATE TABLE t (a timestamptz)")
        assert [str(column.type) for column in db.table("t").columns] == ["timestamp with time zone"]
        db.execute("DROP TABLE t")
        db.execute("CREATE TABLE t (a numeric(5,2))")
        assert [str(column.type) for column in db.table("t").columns] == ["numeric(5,2)"]
    with sl.connect(sqlite_url(tmp_path / "a.db")) as db:
        assert [str(column.type) for column in db.table("t").columns] == ["numeric(5,2)"]
