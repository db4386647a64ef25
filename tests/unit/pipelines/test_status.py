"""How far every model is, from facts alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stepladder.ledger import Code, Made, Recent, Total
from stepladder.pipelines import ModelStatus, Status
from stepladder.pipelines.model import Model, Query
from stepladder.pipelines.status import Remembered, judge
from tests.unit.pipelines.made_up import DAY, FIRST, METRICS, SESSIONS, model

USERS = model("users", every=None)
CHAIN = (SESSIONS, METRICS, USERS)


def row(of: Model, day: int, state: str = "done", *, run_id: str = "r1", seconds: float = 1.0) -> Recent:
    start = FIRST + (day - 1) * DAY
    good = state == "done"
    return Recent(
        of.name, start, start + DAY, state, run_id, seconds if good else None, start + DAY if good else None,
        None if good else f"{state}!",
    )  # fmt: skip


def remembered(*rows: Recent, live: tuple[str, ...] = (), gone: tuple[str, ...] = ()) -> Remembered:
    totals, codes = [], []
    for name in sorted({one.model for one in rows}):
        mine = [one for one in rows if one.model == name]
        failed = [one for one in mine if one.state == "failed"]
        good = [one.done_at for one in mine if one.done_at]
        totals.append(
            Total(
                name,
                max(good, default=None),
                len(failed),
                failed[-1].start if failed else None,
                failed[-1].error if failed else None,
            )
        )
        done = [one.start for one in mine if one.state == "done"]
        hashed = next((one.code_hash for one in CHAIN if one.name == name), "x")
        if done:
            codes.append(Code(name, hashed, len(done), done[0], done[-1]))
    records = {
        one.name: Made(one.name, one.kind, one.every, "UTC", one.code_hash, one.code, frozenset())
        for one in CHAIN
        if any(each.model == one.name for each in rows)
    }
    return Remembered(records, rows, totals, codes, frozenset(live), frozenset(gone))


def states(found: Remembered, *models: Model) -> dict[str, str]:
    return {one.name: one.state for one in judge(models or CHAIN, "UTC", found)}


def one(found: Remembered, of: Model) -> ModelStatus:
    return next(each for each in judge(CHAIN, "UTC", found) if each.name == of.name)


def test_where_nothing_has_run() -> None:
    assert set(states(Remembered()).values()) == {"never run"}


def test_all_is_done() -> None:
    found = remembered(
        *(row(SESSIONS, day) for day in range(1, 21)), *(row(METRICS, day) for day in range(1, 21))
    )
    assert states(found) == {"sessions": "done", "metrics": "done", "users": "never run"}
    status = one(found, SESSIONS)
    assert len(status.recent) == 14
    assert (status.through, status.last_good) == (FIRST + 20 * DAY, FIRST + 20 * DAY)


def test_the_usual_time_is_the_middle_one() -> None:
    seconds = [0.1, 0.2, 9.0]
    found = remembered(*(row(SESSIONS, day, seconds=time) for day, time in enumerate(seconds, 1)))
    assert one(found, SESSIONS).usual_seconds == 0.2


def test_a_failed_interval_is_said_though_later_ones_are_done() -> None:
    found = remembered(row(SESSIONS, 1), row(SESSIONS, 2, "failed"), row(SESSIONS, 3))
    status = one(found, SESSIONS)
    assert (status.state, status.failed, status.error) == ("failed", 1, "failed!")
    assert (status.failed_start, status.through) == (FIRST + DAY, FIRST + 3 * DAY)
    assert [mark.state for mark in status.recent] == ["done", "failed", "done"]


def test_what_reads_a_failed_model_waits() -> None:
    found = remembered(
        row(SESSIONS, 1), row(SESSIONS, 2, "failed"), row(SESSIONS, 3), row(METRICS, 1), row(METRICS, 3)
    )
    status = one(found, METRICS)
    assert (status.state, status.waits_for, status.missing) == ("waits", "sessions", 1)
    assert [mark.state for mark in status.recent] == ["done", "missing", "done"]


def test_what_its_source_has_reached_is_to_do() -> None:
    found = remembered(*(row(SESSIONS, day) for day in range(1, 5)), row(METRICS, 1), row(METRICS, 2, "new"))
    status = one(found, METRICS)
    assert (status.state, status.missing) == ("missing", 3)
    assert [mark.state for mark in status.recent] == ["done", "missing", "missing", "missing"]


@pytest.mark.parametrize(("live", "state"), [(("r2",), "running"), ((), "interrupted")])
def test_what_runs_and_what_was_killed(live: tuple[str, ...], state: str) -> None:
    found = remembered(row(SESSIONS, 1), row(SESSIONS, 2, "running", run_id="r2"), live=live)
    assert one(found, SESSIONS).state == state


def test_code_that_changed() -> None:
    found = remembered(row(SESSIONS, 1), row(SESSIONS, 2))
    changed = replace(SESSIONS, body=Query("SELECT 2 AS sessions"))
    (status,) = judge([changed], "UTC", found)
    assert (status.state, status.older[0].intervals) == ("code", 2)
    record = replace(found.records["sessions"], accepted=frozenset({SESSIONS.code_hash}))
    (status,) = judge([changed], "UTC", replace(found, records={"sessions": record}))
    assert (status.state, status.older[0].intervals) == ("done", 2)
    (status,) = judge([replace(changed, on_change="forward")], "UTC", found)
    assert status.state == "done"


def test_tables_and_files_that_are_gone() -> None:
    found = remembered(row(SESSIONS, 1), row(METRICS, 1), gone=("sessions",))
    assert states(found, SESSIONS) == {"sessions": "table gone", "metrics": "gone"}


def test_what_is_too_old() -> None:
    now = FIRST + 10 * DAY

    def model(name: str, kind: str, state: str, days: int | None) -> ModelStatus:
        return ModelStatus(name, kind, None, state, None if days is None else now - days * DAY)

    models = (
        model("new", "interval", "done", 0),
        model("old", "interval", "done", 2),
        model("table", "table", "done", 2),
        model("never", "interval", "never run", None),
        model("seed", "seed", "done", 9),
        model("view", "view", "done", 9),
        model("gone", "interval", "gone", 9),
    )
    assert [one.name for one in Status("t", now, models).too_old(DAY)] == ["old", "table", "never"]
