"""A load that is killed leaves none of its rows or all; a rerun is right; a reader never sees fewer."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

import stepladder as sl

ROWS = 60_000
OLD = 20_000  # rows that are there before: numbers 0, 2, 4, …

SEED = int(os.environ.get("STEPLADDER_KILL_SEED", "20261125"))
WORKER = """
import sys
import pyarrow.compute, pyarrow.parquet, pgpq
import stepladder as sl
url, data, mode = sys.argv[1:]
with sl.connect(url) as db:
    print("ready", flush=True)
    db.load(data, "big", mode=mode, key=["n"] if mode == "upsert" else None)
    print("done", flush=True)
"""


def made(url: str, folder: Path) -> Path:
    data = folder / "big.parquet"
    numbers = range(1, 2 * ROWS, 2) if (folder / "odd").exists() else range(ROWS)
    parquet.write_table(
        pa.table({"n": pa.array(numbers, pa.int64()), "word": [f"new {n}" for n in numbers]}), data
    )
    with sl.connect(url) as db:
        db.execute("CREATE TABLE big (n bigint PRIMARY KEY, word text)")
    return data


def reset(url: str) -> None:
    with sl.connect(url) as db:
        db.load(({"n": 2 * n, "word": f"old {2 * n}"} for n in range(OLD)), "big", mode="replace")


def content(url: str) -> tuple[Any, ...]:
    """What tells one state of the table from another."""
    with sl.connect(url) as db:
        return tuple(
            db.query("SELECT count(*), sum(n), count(*) FILTER (WHERE word LIKE 'old%') FROM big").one()
        )


def start(url: str, data: Path, mode: str) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER, url, str(data), mode], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


def load(url: str, data: Path, mode: str) -> float:
    """Seconds of an undisturbed load."""
    begun = time.monotonic()
    with sl.connect(url) as db:
        db.load(data, "big", mode=mode, key=["n"] if mode == "upsert" else None)
    return time.monotonic() - begun


def kill(url: str, data: Path, mode: str, kills: int, seed: int) -> tuple[int, int]:
    """Kill `kills` loads while they load; how many of them had left nothing, and how many everything."""
    moments = random.Random(seed)
    reset(url)
    before = content(url)
    length = load(url, data, mode)
    after = content(url)
    assert before != after
    nothing = everything = 0
    while nothing + everything < kills:
        reset(url)
        process = start(url, data, mode)
        time.sleep(moments.uniform(0, 1) * length)
        live = process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.communicate()
        found = content(url)
        assert found in (before, after), (found, before, after)
        if live:
            nothing += found == before
            everything += found == after
        if found == before:
            load(url, data, mode)
            assert content(url) == after
    return nothing, everything


@pytest.fixture
def data(url: str, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    if getattr(request, "param", None) == "odd":
        (tmp_path / "odd").touch()
    return made(url, tmp_path)


def test_an_upsert_that_is_killed(url: str, data: Path) -> None:
    assert sum(kill(url, data, "upsert", 1, SEED)) == 1


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("data", ["odd"], indirect=True)
def test_appends_that_are_killed_forty_times(url: str, data: Path) -> None:
    nothing, everything = kill(url, data, "append", 40, SEED)
    sys.stderr.write(f"append: nothing left {nothing}, everything {everything}\n")
    assert nothing + everything == 40


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("mode", ["replace", "upsert"])
def test_loads_that_are_killed_forty_times(url: str, data: Path, mode: str) -> None:
    nothing, everything = kill(url, data, mode, 40, SEED)
    sys.stderr.write(f"{mode}: nothing left {nothing}, everything {everything}\n")
    assert nothing + everything == 40


def test_a_reader_never_sees_fewer_rows_while_they_are_replaced(url: str, data: Path) -> None:
    reset(url)
    seen: set[int] = set()
    over = threading.Event()

    def look() -> None:
        with sl.connect(url) as reader:
            while not over.is_set():
                seen.add(int(reader.query("SELECT count(*) FROM big").scalar()))

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        with sl.connect(url) as db:
            for _ in range(3):
                db.load(data, "big", mode="replace")
    finally:
        over.set()
        watcher.join()
    assert seen <= {OLD, ROWS}
    assert ROWS in seen
