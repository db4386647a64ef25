"""Runs, and readers, that meet: nobody sees half of anything, and one copy of the rows is written."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

import stepladder as sl
from stepladder.config import read_project
from stepladder.errors import StillHeld
from stepladder.pipelines import prepare, run
from tests.contract.shop import DAYS, Shop, engine, opened, shop

__all__ = ["engine", "opened", "shop"]


def test_a_reader_sees_the_old_rows_or_the_new_ones(shop: Shop, url: str) -> None:
    """While days are redone with other amounts, and while a table is made anew: never less, never a mixture of a day."""
    shop.write("overall.sql", "SELECT kind, count(*) AS n, min(at)::date AS first FROM events GROUP BY kind")
    shop.run()
    over, seen, errors = threading.Event(), set(), []

    def read() -> None:
        with sl.connect(url) as reader:
            while not over.is_set():
                try:
                    days = reader.query("SELECT day, sum(amount) AS amount FROM daily GROUP BY day").tuples()
                    seen.update(days)
                    kinds = reader.query("SELECT count(*) FROM overall").scalar()
                    assert (len(days), kinds) == (DAYS, 2)
                except Exception as error:  # noqa: BLE001 - whatever a reader meets is what is asked
                    errors.append(error)
                    return

    before = set(shop.db.query("SELECT day, sum(amount) FROM daily GROUP BY day").tuples())
    thread = threading.Thread(target=read)
    thread.start()
    try:
        shop.db.execute("UPDATE events SET amount = amount + 1000")
        shop.run(deep=True)
    finally:
        over.set()
        thread.join()
    after = set(shop.db.query("SELECT day, sum(amount) FROM daily GROUP BY day").tuples())
    assert errors == []
    assert seen <= before | after
    assert before.isdisjoint(after)


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
