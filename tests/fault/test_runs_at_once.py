"""Runs, and readers, that meet: nobody sees half of anything, and one copy of the rows is written."""

from __future__ import annotations

import sqlite3
import threading
from itertools import pairwise
from pathlib import Path

import pytest
from benchmarks.reader import ACTS, Seen, make, poll

import stepladder as sl
from stepladder.config import read_project
from stepladder.db import Database
from stepladder.errors import StillHeld
from stepladder.pipelines import prepare, run
from tests.contract.shop import engine

__all__ = ["engine"]


def test_a_reader_sees_the_old_rows_or_the_new_ones(db: Database, url: str, tmp_path: Path) -> None:
    """While days are done again, tables are made anew, code changes and a column is added: no error, nothing less, never a
    mixture. How long it waits is measured by `python -m benchmarks.reader`."""
    project, over, seen = make(db, tmp_path / "shop", 30), threading.Event(), Seen()

    def read() -> None:
        with sl.connect(url) as reader:
            while not over.is_set():
                poll(reader, 30, seen)

    thread, polls = threading.Thread(target=read), [0]
    thread.start()
    try:
        for act in ACTS.values():
            act(db, project)
            polls.append(len(seen.waits))
    finally:
        over.set()
        thread.join()
    assert seen.clean, (seen.errors[:3], seen.gaps, seen.mixtures)
    assert all(after > before for before, after in pairwise(polls))
    truth = db.query("SELECT id, at, generation, id % 7 AS more FROM events ORDER BY 1").tuples()
    for table in ("copied", "keyed"):
        assert db.query(f"SELECT id, at, generation, more FROM {table} ORDER BY 1").tuples() == truth


def test_sqlite_held_by_another_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, file = tmp_path / "shop", tmp_path / "shop.db"
    (folder / "models").mkdir(parents=True)
    (folder / "stepladder.toml").write_text("")
    (folder / "models" / "n.sql").write_text("SELECT count(*) AS n FROM t")
    project = read_project(folder)
    with sl.connect(f"sqlite:///{file}") as db:
        db.execute("CREATE TABLE t (a int)")
        run(db, project, prepare(db, project))
        db.execute("INSERT INTO t VALUES (1)")
        ready = prepare(db, project)
        monkeypatch.setattr("stepladder.db.sqlite_waiting.SECONDS", 0.3)
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StillHeld, match="another program"):
            run(db, project, ready)
        assert db.query("SELECT n FROM n").scalar() == 0
        other.close()
        assert [step.state for step in run(db, project, prepare(db, project)).steps] == ["done"]
