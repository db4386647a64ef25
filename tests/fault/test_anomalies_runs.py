"""What goes wrong while a run is under way: others at the same second, freezes, ended sessions, restarts, Ctrl-C, a full disk.

The numbers are those of docs/why/anomalies.md; rows and ledger are judged.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import psycopg
import pytest

import stepladder as sl
from stepladder.cli.main import main
from stepladder.db import Database
from stepladder.errors import ConnectionFailed, StillHeld
from stepladder.pipelines import RunResult, Wishes, prepare, run
from tests.contract.shop import DAYS, NOW, Shop, engine, make_shop, opened, shop
from tests.fault.chain import bring_up_to_date, make_chain, take_for_dead
from tests.fault.dying import Point, stops_at
from tests.fault.own_server import Server, server
from tests.fault.relay import relay_to
from tests.fault.test_storm import kill_all, say

__all__ = ["engine", "opened", "server", "shop"]

APPLY = "stepladder.pipelines.apply"


def change(shop: Shop) -> None:
    """Every day is to be done again, and comes out otherwise."""
    shop.db.execute("UPDATE events SET amount = amount + 1")


def judge(shop: Shop) -> None:
    """Everything is done, once since the change, and as if it were made from nothing."""
    assert shop.daily() == shop.rebuilt()
    assert (shop.plan(deep=True), shop.running()) == ([], [])
    assert set(shop.versions("daily").values()) == {2}
    if shop.db.target.is_sqlite:
        assert integrity(shop.db) == "ok"


def integrity(db: Database) -> str:
    raw = sqlite3.connect(str(db.target.path))
    try:
        return str(raw.execute("PRAGMA integrity_check").fetchone()[0])
    finally:
        raw.close()


def another_run(shop: Shop, url: str, *names: str, **options: Any) -> RunResult:
    """The same project, by a connection of its own: in another thread, or a child of this process."""
    with sl.connect(url) as db:
        ready = prepare(db, shop.project, names=names, now=NOW, wishes=Wishes(deep=True))
        return run(db, shop.project, ready, **options)


@contextmanager
def instead(monkeypatch: pytest.MonkeyPatch, where: str, first: Callable[..., None]) -> Iterator[None]:
    """Whatever calls the function `where` first meets `first`, once, with its arguments; then the function itself."""
    function: Callable[..., Any] = resolve_name(where)
    met: list[int] = []

    def called(*arguments: Any, **named: Any) -> Any:
        if not met:
            met.append(1)
            first(*arguments, **named)
        return function(*arguments, **named)

    with monkeypatch.context() as patched:
        patched.setattr(where, called)
        yield
    assert met, f"nobody called {where}"


# -- several runs
@pytest.mark.parametrize("runners", [2, 6])
def test_12_runs_of_the_same_second(shop: Shop, url: str, runners: int) -> None:
    change(shop)
    ready, ended, failed = threading.Barrier(runners), list[RunResult](), list[BaseException]()

    def work() -> None:
        try:
            with sl.connect(url) as db:
                planned = prepare(db, shop.project, now=NOW, wishes=Wishes(deep=True))
                ready.wait()
                ended.append(run(db, shop.project, planned, jobs=2))
        except BaseException as error:  # noqa: BLE001 - shown by the assertion
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(runners)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    steps = [step for result in ended for step in result.steps]
    assert {step.state for step in steps} <= {"done", "unchanged", "elsewhere"}
    done = Counter((step.work.model, step.work.start) for step in steps if step.state == "done")
    assert len(done) == 2 * DAYS
    assert set(done.values()) == {1}
    judge(shop)


PYTHON = """import stepladder as sl

@sl.model(time="day", every="day", key=["day"], columns={"day": "date", "events": "bigint"}, frame="arrow")
def totals(daily, run):
    yield {"day": run.start.date(), "events": sum(daily["events"].to_pylist())}
"""
FROZEN = {
    "claimed": Point("stepladder.ledger:claim", after=True, nth=3),
    "staged": Point(f"{APPLY}:stage", after=True, nth=3),
    "in Python": Point(f"{APPLY}:produce", after=True, nth=3),
    "written": Point(f"{APPLY}:write_difference", after=True, nth=3),
}


@pytest.mark.parametrize(
    ("engine", "point"),
    # On SQLite the last one holds the file's lock: number 15.
    [
        *[("sqlite3", point) for point in ("claimed", "staged", "in Python")],
        *[pytest.param("psycopg", point, marks=pytest.mark.postgres) for point in FROZEN],
    ],
)
def test_13_a_frozen_run_that_wakes(
    shop: Shop, url: str, point: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another takes its work over meanwhile. One copy; the first one is told so, and keeps nothing."""
    sqlite = shop.db.target.is_sqlite
    for module in ("stepladder.ledger", "stepladder.ledger.runs"):
        monkeypatch.setattr(f"{module}.IDLE_SECONDS", 1.0, raising=False)
    shop.remove("totals.sql")
    shop.write("totals.py", PYTHON)
    change(shop)
    said = tmp_path / "said.json"

    def work() -> None:
        steps = another_run(shop, url, jobs=1).steps
        said.write_text(json.dumps([(step.state, str(step.error or "")) for step in steps]))

    pid = stops_at(FROZEN[point], work)
    take_for_dead(url)
    assert {step.state for step in another_run(shop, url).steps} == {"done"}
    judge(shop)
    before = shop.db.query("SELECT * FROM totals ORDER BY day").tuples()
    os.kill(pid, signal.SIGCONT)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    steps = json.loads(said.read_text())
    assert {state for state, _ in steps} <= {"done", "elsewhere", "unchanged"}
    assert [state for state, _ in steps].count("elsewhere") >= 1
    if sqlite or point in (
        "claimed",
        "in Python",
    ):  # a server ends the session of one that is idle in its transaction
        assert "taken over by another run" in " ".join(error for _, error in steps)
    assert shop.db.query("SELECT * FROM totals ORDER BY day").tuples() == before
    judge(shop)


# -- a file's one lock
@pytest.fixture
def held(shop: Shop, url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The process of a run that is stopped while it writes to the file."""
    change(shop)
    shop.db.close()  # or its child would hold the file, too
    pid = stops_at(Point(f"{APPLY}:write_difference", after=True, nth=3), partial(another_run, shop, url))
    monkeypatch.setattr("stepladder.db.sqlite_waiting.SECONDS", 0.3)
    shop.db = sl.connect(url)
    yield pid
    shop.db.close()
    with suppress(ProcessLookupError):  # the test has failed
        os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("engine", ["sqlite3"])
def test_15_frozen_with_the_files_lock(
    held: int, shop: Shop, url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = shop.daily()  # readers are not in its way
    assert len(shop.plan(deep=True)) == 2 * DAYS - 2
    monkeypatch.chdir(shop.folder)
    assert main(["run", "--target", url]) == 5
    assert f"process {held} on " in capsys.readouterr().err
    assert shop.daily() == before
    os.kill(held, signal.SIGCONT)
    _, status = os.waitpid(held, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    judge(shop)


@pytest.mark.parametrize("engine", ["sqlite3"])
def test_15_killed_with_the_files_lock(held: int, shop: Shop, url: str) -> None:
    before = shop.daily()
    os.kill(held, signal.SIGKILL)
    os.waitpid(held, 0)
    assert shop.daily() == before
    shop.run(deep=True)
    judge(shop)


@pytest.mark.parametrize("engine", ["sqlite3"])
def test_15_held_while_a_run_is_under_way(shop: Shop, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    change(shop)
    monkeypatch.setattr("stepladder.db.sqlite_waiting.SECONDS", 0.2)
    other = sqlite3.connect(str(shop.db.target.path), isolation_level=None)
    prepared = shop.prepared(deep=True)

    def hold(step: object) -> None:
        if not other.in_transaction:
            other.execute("BEGIN IMMEDIATE")

    with pytest.raises(StillHeld, match="another program"):
        run(shop.db, shop.project, prepared, on_step=hold)
    other.close()
    assert len(shop.plan(deep=True)) == 2 * DAYS - 1
    shop.run(deep=True)
    judge(shop)


def test_a_run_whose_end_cannot_be_recorded(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The target goes while an interval is under way: the same process may go on, as `schedule` does, once it is back."""
    change(shop)

    def gone(*_: object, **__: object) -> None:
        raise ConnectionFailed("the server is away")

    with monkeypatch.context() as patched:
        patched.setattr(f"{APPLY}.check_rows", gone)
        patched.setattr(Database, "execute", gone_at("UPDATE stepladder.interval SET state = 'new'", gone))
        with pytest.raises(ConnectionFailed, match="away"):
            shop.run(deep=True)
    assert "interrupted" in [reasons for _, _, reasons in shop.plan(deep=True)]
    assert {step.state for step in shop.run(deep=True).steps} == {"done"}
    judge(shop)


def gone_at(text: str, gone: Callable[..., None]) -> Callable[..., Any]:
    """Database.execute, which meets `gone` where a statement begins with the text."""
    execute = Database.execute

    def executed(db: Database, sql: str, *values: Any, **named: Any) -> Any:
        return gone() if sql.startswith(text) else execute(db, sql, *values, **named)

    return executed


# -- sessions and servers that end
@pytest.mark.postgres
@pytest.mark.parametrize(
    "number",
    [
        pytest.param(signal.SIGINT, id="fast"),
        pytest.param(signal.SIGKILL, id="kill-9", marks=pytest.mark.long),
    ],
)
def test_18_the_server_restarts(server: Server, tmp_path: Path, number: int) -> None:
    with sl.connect(server.url) as db:
        db.script("DROP TABLE IF EXISTS events, daily, totals; DROP SCHEMA IF EXISTS stepladder CASCADE")
        shop = make_shop(db, tmp_path / "shop")
        db.execute(
            "INSERT INTO events SELECT n, timestamptz '2026-03-01 00:00+00' + n * interval '2 hours', 'buy', n"
            " FROM generate_series(0, 119) AS n"
        )
        prepared, restarted = shop.prepared(deep=True), threading.Event()

        def restart() -> None:
            server.end(number)
            server.start()
            restarted.set()

        def after_three(_step: object, seen: list[int] = []) -> None:  # noqa: B006 - it counts
            seen.append(1)
            if len(seen) == 3:
                threading.Thread(target=restart).start()
            time.sleep(0.02)

        result = run(db, shop.project, prepared, jobs=2, on_step=after_three)
        assert restarted.wait(60)
        assert {step.state for step in result.steps} == {"done"}
        assert len(result.steps) == 2 * DAYS
        assert shop.daily() == shop.rebuilt()
        assert (shop.plan(deep=True), shop.running()) == ([], [])
        assert set(shop.versions("daily").values()) == {1}
        assert (len(db._pool._out), len(db._pool._opening)) == (0, 0)


@pytest.mark.postgres
@pytest.mark.parametrize("engine", ["psycopg"])
def test_19_a_session_is_ended_while_it_stages(
    shop: Shop, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(shop)

    def end(tx: Any, *_: object) -> None:
        pid = tx.query("SELECT pg_backend_pid()").scalar()
        timer = threading.Timer(0.1, end_session, (postgres_url, pid))
        timer.start()
        tx.query("SELECT pg_sleep(60)")

    with instead(monkeypatch, f"{APPLY}.stage", end):
        result = shop.run(deep=True)
    assert {step.state for step in result.steps} == {"done"}
    attempts = shop.db.query("SELECT attempt FROM stepladder.interval WHERE model = 'daily'")
    assert sorted(row.attempt for row in attempts) == [2] * (DAYS - 1) + [3]
    judge(shop)


def end_session(url: str, pid: int) -> None:
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(%s)", (pid,))


@pytest.mark.long
@pytest.mark.postgres
@pytest.mark.timeout(600)
@pytest.mark.parametrize("driver", ["psycopg", "psycopg2"])
def test_19_sessions_are_ended_all_the_time(postgres_url: str, tmp_path: Path, driver: str) -> None:
    """A run may give up; whatever it has said, rows and ledger are those of an undisturbed run when one comes through."""
    url = postgres_url.replace("postgresql://", f"postgresql+{driver}://", 1)
    chain = make_chain(tmp_path / "shop", url, 6)
    bring_up_to_date(chain)
    undisturbed, over, ended = chain.rows(), threading.Event(), [0, 0]
    chain.reset()

    def storm() -> None:
        while not over.wait(0.25):
            ended[0] += kill_all(postgres_url)

    thread = threading.Thread(target=storm)
    thread.start()
    try:
        for ended[1] in range(1, 100):
            with suppress(ConnectionFailed):
                bring_up_to_date(chain)
                break
    finally:
        over.set()
        thread.join()
    bring_up_to_date(chain)
    say(f"{driver}: {ended[0]} sessions ended, {ended[1]} runs")
    assert chain.rows() == undisturbed
    assert chain.left() == ()


@pytest.mark.postgres
@pytest.mark.parametrize("engine", ["psycopg"])
@pytest.mark.parametrize("what", ["the rows", "the claim"])
@pytest.mark.parametrize("lost", ["lose_answer", "lose_request"])
def test_a_commit_whose_answer_is_lost(
    shop: Shop, postgres_url: str, monkeypatch: pytest.MonkeyPatch, what: str, lost: str
) -> None:
    """Of the rows, or of a claim: it is looked up whether it was done, and then not done again."""
    change(shop)
    where = f"{APPLY}.check_rows" if what == "the rows" else "stepladder.pipelines.runner.Runner._attempt"
    with relay_to(postgres_url) as relay, sl.connect(relay.url("psycopg")) as db:
        with instead(monkeypatch, where, lambda *_: getattr(relay, lost)("COMMIT")):
            ready = prepare(db, shop.project, now=NOW, wishes=Wishes(deep=True))
            result = run(db, shop.project, ready, jobs=1)
        assert relay.dropped == 1
    assert {step.state for step in result.steps} == {"done"}
    judge(shop)


# -- stopped by hand, or by a limit
ENDLESS = {
    "sqlite3": "SELECT count(*) AS n FROM generate_series(1, 1000000000000)",
    "psycopg": "SELECT pg_sleep(600)::text AS n",
    "psycopg2": "SELECT pg_sleep(600)::text AS n",
}


@pytest.mark.usefixtures("signals_are_heard")
@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), pytest.param(signal.SIGTERM, 143, marks=pytest.mark.long)],
    ids=["ctrl-c", "SIGTERM"],
)
def test_21_ctrl_c_half_way(
    shop: Shop,
    url: str,
    engine: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    number: int,
    code: int,
) -> None:
    """In the middle of a statement that would never end: finished days stay, nothing is left running."""
    shop.write("zz.sql", f'/* stepladder\ndepends = ["totals"]\n*/ {ENDLESS[engine]}')
    change(shop)
    begun = threading.Event()
    monkeypatch.setattr(
        "stepladder.cli.running.Running.begin", lambda _, work: begun.set() if work.model == "zz" else None
    )

    def stop() -> None:
        begun.wait(40)
        time.sleep(0.3)
        os.kill(os.getpid(), number)

    thread = threading.Thread(target=stop)
    thread.start()
    monkeypatch.chdir(shop.folder)
    assert main(["run", "--deep", "--now", "2026-03-11", "--target", url]) == code
    thread.join()
    assert "what was finished stays" in capsys.readouterr().err
    assert "zz" not in shop.db.tables()
    (last,) = shop.db.query("SELECT state, ended_at FROM stepladder.run ORDER BY started_at DESC LIMIT 1")
    assert (last.state, last.ended_at is not None) == ("cancelled", True)
    shop.remove("zz.sql")
    judge(shop)


def test_70_a_statement_that_takes_too_long(shop: Shop, engine: str, request: pytest.FixtureRequest) -> None:
    shop.write("slow.sql", f'/* stepladder\ntimeout = "1 s"\n*/ {ENDLESS[engine]}')
    (step,) = shop.run().steps
    assert step.state == "failed"
    assert (step.error.exit_code, step.error.sqlstate) == (3, "57014")  # type: ignore[union-attr]
    ((state, attempt, code),) = shop.db.query(
        "SELECT state, attempt, error_code FROM stepladder.interval WHERE model = 'slow'"
    ).tuples()
    assert (state, attempt, code) == ("failed", 1, "57014")
    assert "slow" not in shop.db.tables()
    if engine != "sqlite3":
        with psycopg.connect(request.getfixturevalue("postgres_url")) as admin:
            left = admin.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND state = 'active'"
                " AND datname = current_database() AND pid <> pg_backend_pid()"
            )
            assert left.fetchone() == (0,)


# -- a full disk
WIDE = """/* stepladder
time = "at"
every = "day"
*/
SELECT at, repeat(kind, 20000) AS text FROM events WHERE at >= :start AND at < :end
"""


@pytest.mark.parametrize("engine", ["sqlite3"])
@pytest.mark.parametrize("limit", ["pages", "bytes"])
def test_57_the_disk_is_full(
    shop: Shop, url: str, limit: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    change(shop)
    shop.run(deep=True)
    before = shop.daily()
    shop.write("wide.sql", WIDE)
    monkeypatch.chdir(shop.folder)
    shop.db.close()
    with small_disk(Path(str(shop.db.target.path)), limit, monkeypatch):
        assert main(["run", "--now", "2026-03-11", "--target", url]) == 3
    error = capsys.readouterr().err.partition("error: ")[2]
    assert str(shop.db.target.path) in error, error
    with sl.connect(url) as shop.db:
        assert integrity(shop.db) == "ok"
        assert shop.daily() == before
        done = shop.db.query("SELECT count(DISTINCT at::date) FROM wide").scalar()
        assert 0 < done < DAYS
        assert list(shop.states("wide").values()).count("done") == done
        shop.run(deep=True)
        assert shop.db.query("SELECT count(*) FROM wide").scalar() == 120
        judge(shop)


@contextmanager
def small_disk(file: Path, limit: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Files, or this one, may grow by a megabyte."""
    if limit == "bytes":
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (file.stat().st_size + 1_000_000, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        return
    pages = (file.stat().st_size + 1_000_000) // 4096
    connect = sqlite3.connect

    def connected(*arguments: Any, **named: Any) -> sqlite3.Connection:
        raw = connect(*arguments, **named)
        raw.execute(f"PRAGMA max_page_count = {pages}")
        return raw

    with monkeypatch.context() as patched:
        patched.setattr("sqlite3.connect", connected)
        yield


# -- what changes while it is read
@pytest.mark.parametrize("what", ["a row comes", "another run redoes what it reads"])
def test_68_what_it_reads_moves_while_it_is_read(
    shop: Shop, url: str, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = "INSERT INTO events VALUES (:n, '2026-03-08 12:00+00', 'buy', 5)"
    shop.db.execute(late, n=900)
    expected = [("daily", 8, "late"), ("totals", 8, "upstream")]
    if what == "another run redoes what it reads":
        shop.run()  # `totals` of that day is redone by itself
        shop.db.execute(
            "UPDATE stepladder.interval SET state = 'new' WHERE model = 'totals' AND start_at = '2026-03-08 00:00+00'"
        )
        expected = [("totals", 8, "upstream")]

    def meanwhile(*_: object) -> None:
        with sl.connect(url) as other:
            other.execute(late, n=901)
            if what == "another run redoes what it reads":
                run(other, shop.project, prepare(other, shop.project, names=["daily"], now=NOW))

    with instead(monkeypatch, f"{APPLY}.check_rows", meanwhile):
        result = shop.run()
    assert {step.state for step in result.steps} == {"done"}
    assert shop.plan() == expected
    shop.run()
    assert shop.daily() == shop.rebuilt()
    assert shop.db.query("SELECT sum(events) FROM totals").scalar() == 122
    assert shop.plan(deep=True) == []
