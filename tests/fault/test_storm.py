"""Sessions killed, servers restarted, many threads, many processes: nothing acknowledged is lost, nothing is twice.

The default run is short; `pytest -m long` runs the whole. STEPLADDER_KILL_SEED chooses the moments.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

import stepladder as sl
from stepladder.db import Database
from stepladder.errors import Disconnected
from tests.fault.own_server import Server, server

__all__ = ["server"]

SEED = int(os.environ.get("STEPLADDER_KILL_SEED", "20261124"))
THREADS = 10
DRIVERS = ["psycopg", "psycopg2"]


@dataclass
class Told:
    """What the writers were told of each numbered row."""

    kept: list[int] = field(default_factory=list)
    rolled_back: list[int] = field(default_factory=list)
    unknown: list[int] = field(default_factory=list)
    defects: list[BaseException] = field(default_factory=list)
    slowest: float = 0.0

    @property
    def failed(self) -> int:
        return len(self.rolled_back) + len(self.unknown)

    def __str__(self) -> str:
        asked = len(self.kept) + self.failed
        share = 100 * self.failed / max(1, asked)
        return (
            f"{asked} rows, {self.failed} failed ({share:.2f} %: {len(self.rolled_back)} rolled back,"
            f" {len(self.unknown)} unknown), slowest {self.slowest:.2f} s"
        )


def write_rows(db: Database, write: Callable[[Database, int], object], until: threading.Event) -> Told:
    """THREADS threads write numbered rows, one after the other, until the event is set."""
    told = Told()
    numbers = iter(range(1 << 60))
    lock = threading.Lock()

    def work() -> None:
        while not until.is_set() and not told.defects:
            with lock:
                number = next(numbers)
            began = time.monotonic()
            try:
                write(db, number)
            except Disconnected as error:
                (told.unknown if error.outcome == "unknown" else told.rolled_back).append(number)
            except BaseException as error:  # noqa: BLE001 - shown by the assertions
                told.defects.append(error)
            else:
                told.kept.append(number)
            told.slowest = max(told.slowest, time.monotonic() - began)

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return told


def by_itself(db: Database, number: int) -> None:
    db.execute("INSERT INTO rows VALUES (:n)", n=number)


def once(db: Database, number: int) -> None:
    db.run_transaction(lambda tx: tx.execute("INSERT INTO rows VALUES (:n)", n=number), once=f"row {number}")


def judge(db: Database, told: Told, url: str) -> None:
    """What was told must be true of the table, and every connection must be back."""
    assert told.defects == []
    with psycopg.connect(url) as admin:
        there = Counter(number for (number,) in admin.execute("SELECT n FROM rows"))
    assert [number for number in told.kept if there[number] == 0] == [], "acknowledged and lost"
    assert [number for number, times in there.items() if times > 1] == [], "written twice"
    assert [number for number in told.rolled_back if there[number]] == [], "kept, and called rolled back"
    assert (len(db._pool._out), len(db._pool._opening)) == (0, 0), "leaked"
    assert len(db._pool._idle) <= THREADS


def kill_all(url: str) -> int:
    with psycopg.connect(url, autocommit=True) as admin:
        return len(
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'stepladder' AND datname = current_database()"
            ).fetchall()
        )


def say(text: str) -> None:
    """Figures for docs/proofs.md: run with -s."""
    print(f"\nseed {SEED}: {text}")  # noqa: T201


# -- sessions killed
def kill_storm(
    postgres_url: str, driver: str, write: Callable[[Database, int], object], seconds: float
) -> tuple[Told, int]:
    """Every 200 ms all sessions are killed; what was told, and how many sessions died."""
    killed = 0
    done = threading.Event()

    def storm() -> None:
        nonlocal killed
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(0.2)
            killed += kill_all(postgres_url)
        done.set()

    with sl.connect(postgres_url.replace("postgresql://", f"postgresql+{driver}://", 1)) as db:
        db.execute("CREATE TABLE rows (n bigint)")
        db.run_transaction(lambda tx: None, once="first")  # makes our tables
        killer = threading.Thread(target=storm)
        killer.start()
        told = write_rows(db, write, done)
        killer.join()
        judge(db, told, postgres_url)
    return told, killed


@pytest.mark.postgres
@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("write", [by_itself, once])
def test_sessions_killed(postgres_url: str, driver: str, write: Callable[[Database, int], object]) -> None:
    told, killed = kill_storm(postgres_url, driver, write, 1.0)
    assert killed > 0
    assert told.failed <= (0 if write is once else killed)


@pytest.mark.long
@pytest.mark.postgres
@pytest.mark.timeout(120)
@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("write", [by_itself, once])
def test_sessions_killed_for_eight_seconds(
    postgres_url: str, driver: str, write: Callable[[Database, int], object]
) -> None:
    told, killed = kill_storm(postgres_url, driver, write, 8.0)
    say(f"{driver}, {write.__name__}: {killed} sessions killed; {told}")
    assert killed > 100
    assert told.failed <= (0 if write is once else 0.02 * len(told.kept))


# -- the server restarted
ENDS = [
    pytest.param(signal.SIGINT, id="fast"),
    pytest.param(signal.SIGQUIT, id="immediate"),
    pytest.param(signal.SIGKILL, id="kill-9"),
]


def restarts(
    server: Server, driver: str, write: Callable[[Database, int], object], number: int, times: int
) -> Told:
    """The server ends and comes back, `times` times, at random moments, while rows are written."""
    moments = random.Random(SEED)
    done = threading.Event()

    def restart() -> None:
        for _ in range(times):
            time.sleep(moments.uniform(0.2, 0.6))
            server.end(number)
            time.sleep(moments.uniform(0.0, 0.5))
            server.start()
        time.sleep(0.3)
        done.set()

    with sl.connect(server.url.replace("postgresql://", f"postgresql+{driver}://", 1)) as db:
        db.script(
            "DROP SCHEMA IF EXISTS stepladder CASCADE; DROP TABLE IF EXISTS rows; CREATE TABLE rows (n bigint)"
        )
        db.run_transaction(lambda tx: None, once="first")
        restarter = threading.Thread(target=restart)
        restarter.start()
        told = write_rows(db, write, done)
        restarter.join()
        judge(db, told, server.url)
    return told


@pytest.mark.postgres
@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("number", "driver", "write"),
    [(signal.SIGINT, "psycopg", by_itself), (signal.SIGKILL, "psycopg2", once)],
    ids=["fast", "kill-9"],
)
def test_the_server_restarted(
    server: Server, driver: str, write: Callable[[Database, int], object], number: int
) -> None:
    told = restarts(server, driver, write, number, 1)
    assert told.failed <= (0 if write is once else THREADS)


@pytest.mark.long
@pytest.mark.postgres
@pytest.mark.timeout(300)
@pytest.mark.parametrize("number", ENDS)
@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("write", [by_itself, once])
def test_the_server_restarted_five_times(
    server: Server, driver: str, write: Callable[[Database, int], object], number: int
) -> None:
    told = restarts(server, driver, write, number, 5)
    say(f"{signal.Signals(number).name}, {driver}, {write.__name__}: 5 restarts; {told}")
    assert told.failed <= (0 if write is once else 5 * THREADS)


# -- many threads
def crowd(url: str, threads: int, queries: int) -> tuple[list[float], list[BaseException]]:
    """`threads` threads ask `queries` times each, on ten connections: the seconds of each, sorted; the errors."""
    seconds: list[float] = []
    failed: list[BaseException] = []
    ready = threading.Barrier(threads)

    def ask(db: Database) -> None:
        ready.wait()
        for number in range(queries):
            began = time.monotonic()
            try:
                assert db.query("SELECT :n + 1 AS n", n=number).scalar() == number + 1
            except BaseException as error:  # noqa: BLE001 - shown by the assertion
                failed.append(error)
            seconds.append(time.monotonic() - began)

    with sl.connect(url, pool_size=10) as db:
        all_threads = [threading.Thread(target=ask, args=(db,)) for _ in range(threads)]
        for thread in all_threads:
            thread.start()
        for thread in all_threads:
            thread.join()
        assert len(db._pool._idle) <= 10
        assert not db._pool._out
    return sorted(seconds), failed


def test_a_crowd_on_ten_connections(url: str) -> None:
    seconds, failed = crowd(url, 200, 3)
    assert failed == []
    assert len(seconds) == 600


@pytest.mark.long
def test_a_crowd_of_ten_thousand_queries_is_served_fairly(url: str, engine: str) -> None:
    seconds, failed = crowd(url, 200, 50)
    assert failed == []
    p50, p99 = seconds[len(seconds) // 2], seconds[len(seconds) * 99 // 100]
    say(
        f"{engine}: 200 threads x 50 queries: p50 {1000 * p50:.1f} ms, p99 {1000 * p99:.1f} ms, max {1000 * seconds[-1]:.1f} ms"
    )
    assert p99 <= 3 * p50


# -- many processes on one file
COUNT = """
import sys
import stepladder as sl

def work(tx):
    n = tx.query("SELECT n FROM counter").scalar()
    tx.execute("UPDATE counter SET n = :n", n=n + 1)

with sl.connect(sys.argv[1]) as db:
    for _ in range(int(sys.argv[2])):
        with db.transaction() as tx:
            work(tx)
"""


def count_up(folder: Path, processes: int, each: int) -> tuple[int, list[str]]:
    """Processes that read a counter and write it, one higher: where it ends, and what they complained of."""
    url = f"sqlite:////{str(folder / 'counter.db').lstrip('/')}"
    with sl.connect(url) as db:
        db.script("CREATE TABLE counter (n int NOT NULL); INSERT INTO counter VALUES (0)")
        started = [
            subprocess.Popen([sys.executable, "-c", COUNT, url, str(each)], stderr=subprocess.PIPE, text=True)
            for _ in range(processes)
        ]
        said = [process.communicate(timeout=280)[1] for process in started]
        return db.query("SELECT n FROM counter").scalar(), [text for text in said if text]


def test_processes_count_on_one_file(tmp_path: Path) -> None:
    assert count_up(tmp_path, 4, 50) == (200, [])


@pytest.mark.long
@pytest.mark.timeout(300)
def test_eight_processes_count_to_four_thousand(tmp_path: Path) -> None:
    began = time.monotonic()
    assert count_up(tmp_path, 8, 500) == (4000, [])
    say(f"8 processes, 4,000 transactions: 0 lost, 0 locked, {time.monotonic() - began:.1f} s")


# -- closing
@pytest.mark.postgres
@pytest.mark.timeout(30)
@pytest.mark.parametrize("driver", DRIVERS)
def test_closing_does_not_wait_for_a_server_that_hangs(server: Server, driver: str) -> None:
    """Nor for those who hold a connection: they are in the middle of a statement that never ends."""
    db = sl.connect(server.url.replace("postgresql://", f"postgresql+{driver}://", 1), pool_size=3)
    pids = [row.pid for row in db.query("SELECT pg_backend_pid() AS pid")]
    ended: list[BaseException] = []

    def hold() -> None:
        try:
            db.query("SELECT pg_sleep(600)")
        except BaseException as error:  # noqa: BLE001 - shown by the assertion below
            ended.append(error)

    holder = threading.Thread(target=hold)
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    holder.start()
    while not db._pool._out:
        time.sleep(0.01)
    with pytest.warns(ResourceWarning, match="while a connection was out"):
        db.close()  # the test's own limit is what this would run into
    for pid in pids:
        os.kill(pid, signal.SIGCONT)
    server.end(signal.SIGQUIT)
    holder.join()
    assert [type(error) for error in ended] == [Disconnected]
    server.start()
