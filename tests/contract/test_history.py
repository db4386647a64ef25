"""What the ledger remembers, for `stepladder status`: on every engine, in a ledger of any step."""

from __future__ import annotations

import datetime as dt

import pytest

from stepladder import ledger
from stepladder.db import Database
from stepladder.ledger import PART, STEPS

DAY = dt.timedelta(days=1)
FIRST = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


def write(db: Database, model: str, day: int, state: str = "done", **more: object) -> None:
    start = FIRST + day * DAY
    row = {
        "model": model, "start_at": start, "end_at": start + DAY, "state": state, "attempt": 1, "run_id": "r1",
        "code_hash": "a", "version": 1, "upstream_version": 0, "seconds": 0.5, "done_at": start + DAY, "error": None,
    }  # fmt: skip
    db.load([{**row, **more}], "stepladder.interval", mode="append")


@pytest.mark.parametrize("steps", [1, len(STEPS)])
def test_history(db: Database, steps: int) -> None:
    db.take_steps(PART, STEPS[:steps])
    for day in range(5):
        write(db, "a", day, code_hash="old" if day < 2 else "a")
    write(db, "a", 5, "failed", done_at=FIRST, error="no", run_id="r2")
    write(db, "b", 0, "running", done_at=None, seconds=None, code_hash=None)
    db.execute(
        "INSERT INTO stepladder.model (name, kind, every, zone, code_hash, hash_rule, code_text, changed_at)"
        " VALUES ('a', 'interval', 'day', 'UTC', 'a', 1, 'select 1', now())"
    )
    db.execute(
        "INSERT INTO stepladder.run (run_id, verb, now_at, started_at, beat_at, ended_at, state, host, pid, process_started)"
        " SELECT r, 'run', now(), :first + n * interval '1 day', now(), CASE WHEN n > 0 THEN now() END, 'done', 'h', 1, ''"
        " FROM (VALUES ('r0', 0), ('r1', 1), ('r2', 2)) AS v(r, n)",
        first=FIRST,
    )
    recent = ledger.recent(db, 3)
    assert [(one.model, one.start, one.state) for one in recent] == [
        ("a", FIRST + 3 * DAY, "done"),
        ("a", FIRST + 4 * DAY, "done"),
        ("a", FIRST + 5 * DAY, "failed"),
        ("b", FIRST, "running"),
    ]
    a, b = ledger.totals(db)
    assert (a.last_good, a.failed, a.failed_start, a.failed_error) == (
        FIRST + 5 * DAY,
        1,
        FIRST + 5 * DAY,
        "no",
    )
    assert (b.last_good, b.failed, b.failed_start) == (None, 0, None)
    assert [(one.code_hash, one.intervals, one.first, one.last) for one in ledger.codes(db)] == [
        ("old", 2, FIRST, FIRST + DAY),
        ("a", 3, FIRST + 2 * DAY, FIRST + 4 * DAY),
    ]
    runs = ledger.last_runs(db, 1)
    assert [(run.run_id, run.done, run.failed) for run in runs] == [("r2", 0, 1), ("r0", 0, 0)]
    made = ledger.made(db, steps)["a"]
    assert (made.code_text, made.accepted) == ("select 1", frozenset())
