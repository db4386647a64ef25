"""Anomaly 16: killed at each step of a run, and run again: rows and ledger are those of an undisturbed run."""

from __future__ import annotations

from pathlib import Path

import pytest

import stepladder as sl
from tests.fault.chain import Chain, Snapshot, bring_up_to_date, make_chain
from tests.fault.dying import Point, dies_at

DAYS = 2
APPLY, RUNNER = "stepladder.pipelines.apply", "stepladder.pipelines.runner"
BACKFILL = {
    "before the ledger is made": Point("stepladder.ledger:prepare"),
    "the ledger made, not committed": Point("stepladder.db.database:take", after=True),
    "the run begun, nothing claimed": Point("stepladder.ledger:claim"),
    "claimed": Point("stepladder.ledger:claim", after=True),
    "the sources read": Point(f"{APPLY}:_see", after=True, nth=3),
    "staged": Point(f"{APPLY}:stage", after=True, nth=3),
    "checked": Point(f"{APPLY}:check_rows", after=True, nth=3),
    "about to write": Point("stepladder.db.transaction:Transaction.begin_writing", after=True, nth=3),
    "the table half made": Point("stepladder.pipelines.table:_make_key"),
    "rows written, not recorded": Point(f"{APPLY}:write_difference", after=True, nth=3),
    "recorded, not committed": Point("stepladder.ledger:finish", after=True, nth=3),
    "committed": Point(f"{RUNNER}:apply", after=True, nth=3),
    "between two intervals": Point(f"{RUNNER}:Runner._over", after=True, nth=4),
    "in Python, between reading and writing": Point(f"{APPLY}:produce", after=True),
    "all done, the run not ended": Point("stepladder.ledger:end_run"),
    "ended": Point("stepladder.ledger:end_run", after=True),
}


def _adds_sessions(_tx: object, sql: str, *_: object, **__: object) -> bool:
    return sql.startswith("INSERT INTO") and "sessions" in sql[:30]


def _adds_days(_tx: object, sql: str, *_: object, **__: object) -> bool:
    return sql.startswith("INSERT INTO") and "daily" in sql[:30]


EXECUTE = "stepladder.db.transaction:Transaction.execute"
CHANGE = {
    "old rows gone, new ones not there": Point(EXECUTE, of=_adds_sessions),
    "the same of a table without a key": Point(EXECUTE, of=_adds_days),
    "rows changed, not recorded": Point("stepladder.ledger:finish"),
    "recorded, not committed": Point("stepladder.ledger:finish", after=True, nth=2),
    "what reads it not yet redone": Point(f"{RUNNER}:apply", after=True, nth=2),
}
ENGINES = ["sqlite3", pytest.param("psycopg", marks=pytest.mark.postgres)]


def change(chain: Chain) -> None:
    """A row comes late, one is edited, one goes."""
    with sl.connect(chain.url) as db:
        db.execute("UPDATE events SET amount = amount + 1000 WHERE id = 4")
        db.execute("DELETE FROM events WHERE id = 6")
        db.execute("INSERT INTO events VALUES (1001, 'late', '2026-03-01 12:00+00', 5)")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Snapshot, Snapshot]:
    """After the backfill, and after the change: on SQLite, for rows and ledger are the same on a server."""
    folder = tmp_path_factory.mktemp("undisturbed")
    chain = make_chain(folder / "shop", f"sqlite:///{folder / 'test.db'}", DAYS)
    bring_up_to_date(chain)
    first = chain.rows()
    change(chain)
    bring_up_to_date(chain)
    assert first != chain.rows()
    return first, chain.rows()


@pytest.fixture
def chain(tmp_path: Path, url: str) -> Chain:
    return make_chain(tmp_path / "shop", url, DAYS)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("point", BACKFILL)
def test_killed_in_a_backfill(chain: Chain, undisturbed: tuple[Snapshot, Snapshot], point: str) -> None:
    dies_at(BACKFILL[point], lambda: bring_up_to_date(chain))
    bring_up_to_date(chain)
    assert chain.rows() == undisturbed[0]
    assert (chain.left(), chain.sound()) == ((), True)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("point", CHANGE)
def test_killed_while_rows_change(chain: Chain, undisturbed: tuple[Snapshot, Snapshot], point: str) -> None:
    bring_up_to_date(chain)
    change(chain)
    dies_at(CHANGE[point], lambda: bring_up_to_date(chain))
    bring_up_to_date(chain)
    assert chain.rows() == undisturbed[1]
    assert (chain.left(), chain.sound()) == ((), True)
