"""A file whose adoption is killed, or stopped, is the old one or the new one, whole; a rerun finishes."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import stepladder as sl
from stepladder.adopt import adopt

ROWS = 6_000
SEED = int(os.environ.get("STEPLADDER_KILL_SEED", "20261125"))
WORKER = [sys.executable, "-m", "stepladder", "adopt", "app.db", "--apply"]


def made(folder: Path, journal: str) -> Path:
    path = folder / "app.db"
    raw = sqlite3.connect(path)
    raw.execute(f"PRAGMA journal_mode = {journal}")
    raw.execute("CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT UNIQUE)")
    raw.execute("CREATE TABLE big (at DATETIME, price DECIMAL, ok BOOL, parent INT REFERENCES parent (id))")
    raw.execute("CREATE INDEX by_at ON big (at)")
    raw.executemany("INSERT INTO parent VALUES (?, ?)", [(n, f"p{n}") for n in range(100)])
    raw.executemany(
        "INSERT INTO big VALUES (?, ?, ?, ?)",
        [(f"2024-01-{n % 28 + 1:02}T{n % 24:02}:00:00", n / 8, "tf"[n % 2], n % 100) for n in range(ROWS)],
    )
    raw.commit()
    raw.close()
    return path


def state(path: Path) -> str:
    """ "old" or "new"; each is checked whole."""
    raw = sqlite3.connect(path)
    assert raw.execute("PRAGMA quick_check").fetchone() == ("ok",)
    (adopted,) = raw.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'stepladder.table'").fetchone()
    old: tuple[Any, ...] = raw.execute(
        "SELECT count(*), sum(ok = 't'), max(at), sum(price) FROM big"
    ).fetchone()
    raw.close()
    if not adopted:
        assert old == (ROWS, ROWS // 2, "2024-01-28T23:00:00", sum(range(ROWS)) / 8)
        return "old"
    with sl.connect(f"sqlite:////{str(path).lstrip('/')}") as db:
        row = db.query(
            "SELECT count(*), count(*) FILTER (WHERE ok), max(at)::text, sum(price) FROM big"
        ).one()
    assert tuple(row) == (ROWS, ROWS // 2, "2024-01-28 23:00:00", sum(range(ROWS)) / 8)
    return "new"


def seconds_of(path: Path) -> float:
    """How long the work takes, without the start of a process."""
    began = time.monotonic()
    adopt(path, {}, (), lambda _name, _rows: None)
    path.unlink()
    return time.monotonic() - began


def begun(path: Path, worker: subprocess.Popen[Any]) -> None:
    """Wait until the copy is there."""
    end = time.monotonic() + 30
    while not path.with_name(".app.db.adopting").exists() and worker.poll() is None:
        assert time.monotonic() < end
        time.sleep(0.001)


@pytest.mark.parametrize(
    "rounds", [pytest.param(2, id="a tenth"), pytest.param(20, id="all", marks=pytest.mark.long)]
)
@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_a_killed_adoption_leaves_the_old_file_or_the_new_one(
    journal: str, rounds: int, tmp_path: Path
) -> None:
    seconds = seconds_of(made(tmp_path, "delete"))
    dice = random.Random(SEED)
    seen = []
    for _ in range(rounds):
        path = made(tmp_path, journal)
        worker = subprocess.Popen(WORKER, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        begun(path, worker)
        time.sleep(dice.uniform(0, seconds))
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        seen.append(state(path))
        adopt(path, {}, (), lambda _name, _rows: None)
        assert state(path) == "new"
        assert [each.name for each in tmp_path.iterdir() if "adopting" in each.name] == []
        for each in tmp_path.iterdir():
            each.unlink()
    assert "old" in seen or rounds < 5, "no kill came in time"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_adoption_leaves_nothing_behind(number: signal.Signals, tmp_path: Path) -> None:
    path = made(tmp_path, "delete")
    before = path.read_bytes()
    worker = subprocess.Popen(WORKER, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    begun(path, worker)
    worker.send_signal(number)
    _, said = worker.communicate(timeout=20)
    assert worker.returncode == 128 + number, said
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["app.db"]
