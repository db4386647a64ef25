"""Planning is a pure function: facts in, work with reasons out."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from stepladder.ledger import Interval, ModelRecord
from stepladder.pipelines.model import Model
from stepladder.pipelines.plan import Facts, Plan, Wishes, plan
from tests.unit.pipelines.made_up import DAY, FIRST, METRICS, SESSIONS, model

TOTALS = model("totals", "metrics", every=None)
CHAIN = (SESSIONS, METRICS, TOTALS)


def facts(days: int = 3, intervals: tuple[Interval, ...] = (), **more: object) -> Facts:
    span = (FIRST, FIRST + days * DAY)
    given = Facts(
        now=FIRST + 100 * DAY,
        zone="UTC",
        spans={name.name: span for name in CHAIN},
        records={},
        intervals=intervals,
    )
    return replace(given, **more)  # type: ignore[arg-type]


def row(
    of: Model,
    day: int,
    state: str = "done",
    *,
    version: int = 1,
    upstream_version: int = 0,
    run_id: str = "r1",
) -> Interval:
    start, end = FIRST + day * DAY, FIRST + (day + 1) * DAY
    return Interval(
        of.name, start, end, state, 1, run_id, of.code_hash, version, upstream_version, 1, 1, 0, 0.1, None
    )


def reasons(found: Plan, name: str) -> list[tuple[str, ...]]:
    return [work.reasons for work in found.work if work.model == name]


def test_what_was_never_run_is_missing() -> None:
    assert reasons(plan([SESSIONS], facts(3)), "sessions") == [("missing",)] * 3


def test_days_that_are_done_are_left_alone() -> None:
    found = plan([SESSIONS], facts(3, (row(SESSIONS, 0), row(SESSIONS, 2))))
    assert [(work.start - FIRST).days for work in found.work] == [1]
    assert found.models[0].up_to_date == 2


def test_a_day_that_is_not_over_is_not_due() -> None:
    assert len(plan([SESSIONS], facts(3, now=FIRST + 2.5 * DAY)).work) == 2


def test_a_dead_run_is_interrupted_and_a_live_one_runs() -> None:
    running = facts(1, (row(SESSIONS, 0, "running"),))
    assert reasons(plan([SESSIONS], running), "sessions") == [("interrupted",)]
    assert reasons(plan([SESSIONS], replace(running, live=frozenset({"r1"}))), "sessions") == [("running",)]


def test_a_failed_day_is_tried_again() -> None:
    assert reasons(plan([SESSIONS], facts(1, (row(SESSIONS, 0, "failed"),))), "sessions") == [("failed",)]


def test_changed_code_makes_a_day_stale() -> None:
    old = replace(row(SESSIONS, 0), code_hash="another")
    assert reasons(plan([SESSIONS], facts(1, (old,))), "sessions") == [("code",)]


def test_a_moved_upstream_version_makes_a_day_stale() -> None:
    history = (row(SESSIONS, 0, version=2), row(METRICS, 0, upstream_version=1))
    assert reasons(plan([SESSIONS, METRICS], facts(1, history)), "metrics") == [("upstream",)]


def test_what_reads_planned_work_follows_it() -> None:
    history = (row(SESSIONS, 1), row(METRICS, 0, upstream_version=0), row(METRICS, 1, upstream_version=1))
    found = plan([SESSIONS, METRICS], facts(2, history))
    assert [(work.model, (work.start - FIRST).days, work.reasons) for work in found.work] == [
        ("sessions", 0, ("missing",)),
        ("metrics", 0, ("upstream",)),
    ]


def test_redo_takes_finished_days_again() -> None:
    assert reasons(plan([SESSIONS], facts(1, (row(SESSIONS, 0),), wishes=Wishes(redo=True))), "sessions") == [
        ("redo",)
    ]


def test_a_table_that_is_gone_is_made_anew() -> None:
    history = facts(1, (row(SESSIONS, 0),), gone=frozenset({"sessions"}))
    assert reasons(plan([SESSIONS], history), "sessions") == [("table gone",)]


def test_another_grid_is_cut_anew() -> None:
    record = ModelRecord("sessions", "interval", "day", "Europe/Berlin", "x")
    found = plan([SESSIONS], facts(2, (row(SESSIONS, 0), row(SESSIONS, 1)), records={"sessions": record}))
    assert reasons(found, "sessions") == [("grid",), ("grid",)]


@given(
    states=st.lists(
        st.sampled_from(["none", "new", "done", "failed", "running", "old code"]), min_size=1, max_size=8
    ),
    redo=st.booleans(),
)
def test_doing_the_work_leaves_nothing_to_do(states: list[str], redo: bool) -> None:
    history = [
        replace(
            row(SESSIONS, day, "done" if state == "old code" else state),
            code_hash="old" if state == "old code" else SESSIONS.code_hash,
        )
        for day, state in enumerate(states)
        if state != "none"
    ]
    known = facts(len(states), tuple(history), wishes=Wishes(redo=redo))
    after = tuple(history)
    for work in plan(CHAIN, known).work:
        after = _done(after, work.model, work.start, work.end)
    left = plan(CHAIN, replace(known, intervals=after, wishes=Wishes()))
    assert left.work == ()


def _done(
    history: tuple[Interval, ...], name: str, start: dt.datetime, end: dt.datetime
) -> tuple[Interval, ...]:
    """The ledger after an interval was run and its rows changed."""
    of = next(model for model in CHAIN if model.name == name)
    reads = {table.name for table in of.reads}
    read_version = sum(
        row.version for row in history if row.model in reads and row.start < end and row.end > start
    )
    before = next((row for row in history if row.model == name and row.start == start), None)
    version = before.version + 1 if before else 1
    fresh = Interval(
        name, start, end, "done", 1, "r", of.code_hash, version, read_version, 1, 1, 0, 0.1, None
    )
    return (*(row for row in history if row is not before), fresh)


def test_an_edit_that_redoes_a_long_history_is_counted() -> None:
    old = tuple(replace(row(SESSIONS, day), code_hash="another") for day in range(401))
    known = facts(401, old, now=FIRST + 500 * DAY)
    assert plan([SESSIONS], known).rebuilt() == {"sessions": 401}
    assert plan([SESSIONS], replace(known, wishes=Wishes(forward=True))).rebuilt() == {}
    assert (
        plan([SESSIONS], facts(401, now=FIRST + 500 * DAY)).rebuilt() == {}
    )  # a first backfill does not ask
