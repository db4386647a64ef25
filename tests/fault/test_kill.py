"""A run that is killed at a random moment is run again: the tables are those of an undisturbed run."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import stepladder as sl
from stepladder.cli.init import make_project

DAYS = 6
MODELS = ("sessions", "daily_user_metrics", "daily_summaries")
ORDER = {"sessions": "1, 2, 3", "daily_user_metrics": "1, 2, 3", "daily_summaries": "1"}
SEED = int(os.environ.get("STEPLADDER_KILL_SEED", "20261124"))

Snapshot = dict[str, list[tuple[object, ...]]]


def make_shop(folder: Path, url: str) -> None:
    """A project and its events: big enough that a run takes about a second."""
    make_project(folder, "UTC")
    fill(url)


def fill(url: str) -> None:
    rows = [
        {
            "user_id": f"u{number % 97}",
            "session_id": None if number % 3 else f"s{number % 331}",
            "event_type": "page_view",
            "event_timestamp": f"2026-03-{1 + number % DAYS:02d} {number // 60 % 24:02d}:{number % 60:02d}:00+00",
            "page_url": f"/{number % 11}",
            "device_type": "desktop",
        }
        for number in range(6_000)
    ]
    with sl.connect(url) as db:
        db.execute(
            "CREATE TABLE user_events (user_id text, session_id text, event_type text, event_timestamp timestamptz,"
            " page_url text, device_type text)"
        )
        db.load(rows, "user_events", mode="append")


def start_run(folder: Path, url: str, *more: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "stepladder", "run", "--target", url, *more],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,  # a stopped process would have its whole group hung up when the shell above it ends
    )


def finish(folder: Path, url: str, *more: str) -> str:
    process = start_run(folder, url, *more)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 0, said.decode()
    return said.decode()


def snapshot(url: str) -> Snapshot:
    with sl.connect(url) as db:
        return {name: db.query(f"SELECT * FROM {name} ORDER BY {ORDER[name]}").tuples() for name in MODELS}


def states(url: str) -> set[str]:
    with sl.connect(url) as db:
        return {row.state for row in db.query("SELECT state FROM stepladder.interval")}


def reset(url: str) -> None:
    with sl.connect(url) as db:
        for name in MODELS:
            db.execute(f"DROP TABLE IF EXISTS {name}")
        if db.tables("stepladder"):
            for name in ("interval", "model", "run"):
                db.execute(f"DELETE FROM stepladder.{name}")


def kill_and_rerun(folder: Path, url: str, kills: int, seed: int) -> int:
    """Kill `kills` live runs at random moments; after each, one rerun must equal the undisturbed tables.

    A run that had ended before its moment came counts for nothing. The number of runs that were started.
    """
    begun = time.monotonic()
    finish(folder, url)
    length = time.monotonic() - begun
    undisturbed = snapshot(url)
    moments = random.Random(seed)
    hit = started = 0
    while hit < kills:
        started += 1
        assert started <= 5 * kills, "the runs end before they can be killed"
        reset(url)
        process = start_run(folder, url)
        time.sleep(moments.uniform(0.15, 1.0) * length)
        hit += process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.communicate()
        finish(folder, url)
        assert snapshot(url) == undisturbed
        assert states(url) == {"done"}
    return started


@pytest.fixture
def shop(tmp_path: Path, url: str) -> Path:
    folder = tmp_path / "shop"
    make_shop(folder, url)
    return folder


def test_killed_twice_at_random_and_run_again(shop: Path, url: str) -> None:
    assert kill_and_rerun(shop, url, 2, SEED) >= 2


@pytest.mark.long
@pytest.mark.timeout(900)
def test_killed_twenty_times_at_random_and_run_again(shop: Path, url: str) -> None:
    assert kill_and_rerun(shop, url, 20, SEED) >= 20


def test_killed_while_it_loads_leaves_nothing_or_all(tmp_path: Path, url: str) -> None:
    """Every kill of a load leaves none of its rows; the rerun has each row once."""
    log = tmp_path / "big.csv"
    log.write_text("n,at\n" + "".join(f"{number},2026-03-01 10:00:00+00\n" for number in range(60_000)))
    with sl.connect(url) as db:
        db.execute("CREATE TABLE big (n bigint, at timestamptz)")
    moments = random.Random(SEED)
    for _ in range(3):
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "stepladder",
                "load",
                str(log),
                "--into",
                "big",
                "--mode",
                "append",
                "--target",
                url,
            ],
            cwd=tmp_path,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(moments.uniform(0.2, 0.8))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        with sl.connect(url) as db:
            assert db.query("SELECT count(*) FROM big").scalar() in (0, 60_000)
            db.execute("DELETE FROM big")


def test_ctrl_c_leaves_finished_days_and_nothing_running(shop: Path, url: str) -> None:
    process = start_run(shop, url)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and not _finished_days(url):
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=20)
    if process.returncode != 0:
        assert process.returncode == 130, said.decode()
        assert "running" not in states(url)
    finish(shop, url)
    assert states(url) == {"done"}


def _finished_days(url: str) -> int:
    with sl.connect(url) as db:
        if "stepladder.run" not in db.tables("stepladder"):
            return 0
        return int(db.query("SELECT count(*) FROM stepladder.interval WHERE state = 'done'").scalar())


def test_two_runs_at_once_do_each_day_once(shop: Path, url: str) -> None:
    both = [start_run(shop, url), start_run(shop, url)]
    ended = [process.communicate(timeout=120)[1].decode() for process in both]
    assert [process.returncode for process in both] == [0, 0], ended
    with sl.connect(url) as db:
        rows = db.query("SELECT state, version FROM stepladder.interval")
    # A busy file may cost an attempt; the rows of an interval were written once.
    assert {(row.state, row.version) for row in rows} == {("done", 1)}
    assert len(rows) == DAYS * len(MODELS)


@pytest.mark.postgres
def test_a_run_that_was_taken_over_writes_nothing(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A frozen run, taken over by another and then woken: one copy of the rows, and it is told so."""
    folder = tmp_path / "shop"
    make_shop(folder, postgres_url)
    frozen = start_run(folder, postgres_url)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and not _finished_days(postgres_url):
        time.sleep(0.02)
    frozen.send_signal(signal.SIGSTOP)
    _take_for_dead(postgres_url)
    finish(folder, postgres_url)
    before = snapshot(postgres_url)
    frozen.send_signal(signal.SIGCONT)
    _, said = frozen.communicate(timeout=120)
    assert frozen.returncode in (0, 5), said.decode()
    assert snapshot(postgres_url) == before


def _take_for_dead(url: str) -> None:
    """As if the frozen run were on another machine and had not been heard of for an hour."""
    with sl.connect(url) as db:
        db.execute(
            "UPDATE stepladder.run SET host = 'elsewhere', beat_at = now() - interval '1 hour' WHERE ended_at IS NULL"
        )
