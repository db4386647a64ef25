"""Runs, and readers, that meet: nobody sees half of anything, and one copy of the rows is written."""

from __future__ import annotations

import signal
import sqlite3
import threading
import time
from pathlib import Path

import pytest

import stepladder as sl
from stepladder.config import read_project
from stepladder.errors import StillHeld
from stepladder.pipelines import prepare, run
from tests.contract.shop import DAYS, Shop, engine, opened, shop
from tests.fault.chain import finish_run, start_run, take_for_dead

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


@pytest.mark.parametrize("known", [True, False])
def test_sqlite_held_by_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, known: bool) -> None:
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
        if known:
            db.execute("UPDATE stepladder.run SET ended_at = NULL")
        monkeypatch.setattr("stepladder.db.sqlite_waiting.SECONDS", 0.3)
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StillHeld, match=r"process \d+ on " if known else "another program"):
            run(db, project, ready)
        assert db.query("SELECT n FROM n").scalar() == 0
        other.close()
        assert [step.state for step in run(db, project, prepare(db, project)).steps] == ["done"]


PYTHON = """
import time
import stepladder as sl

@sl.model(time="at", every="day", start="2026-03-01", columns={"at": "timestamptz", "n": "bigint"})
def slow(events, run):
    while not FLAG.exists():
        time.sleep(0.02)
    return [{"at": run.start, "n": len(events)}]
"""


@pytest.mark.postgres
def test_a_frozen_model_in_python(postgres_url: str, tmp_path: Path) -> None:
    """Between reading and writing: taken over, then woken. One copy; the first one keeps nothing."""
    folder, flag, begun = (
        tmp_path / "shop",
        tmp_path / "go",
        "SELECT count(*) FROM stepladder.interval WHERE state = 'running'",
    )
    (folder / "models").mkdir(parents=True)
    (folder / "stepladder.toml").write_text('[sources.events]\ntime = "at"\n')
    text = PYTHON.replace(
        "import time\n", f"import time\nfrom pathlib import Path\nFLAG = Path({str(flag)!r})\n", 1
    )
    (folder / "models" / "slow.py").write_text(text)
    with sl.connect(postgres_url) as db:
        db.execute("CREATE TABLE events (at timestamptz)")
        db.execute("INSERT INTO events VALUES ('2026-03-01 10:00+00')")
        frozen = start_run(folder, postgres_url)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and not (db.tables("stepladder") and db.query(begun).scalar()):
            time.sleep(0.05)
        time.sleep(0.5)  # it is in the function now
        frozen.send_signal(signal.SIGSTOP)
        take_for_dead(postgres_url)
        flag.touch()
        finish_run(folder, postgres_url)
        before = db.query("SELECT * FROM slow").tuples()
        frozen.send_signal(signal.SIGCONT)
        _, said = frozen.communicate(timeout=120)
        assert "taken over" in said.decode()
        assert frozen.returncode in (0, 5), said.decode()
        assert db.query("SELECT * FROM slow").tuples() == before
        assert len(before) == 1
