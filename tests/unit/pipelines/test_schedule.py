"""When there is something to do: pure functions of the clock, and the loop with a clock that the test moves."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepladder.errors import ConnectionFailed, Error, ModelError
from stepladder.pipelines import Pulse, RunResult, Watcher, loop
from stepladder.pipelines.grid import floor
from stepladder.pipelines.model import Model, Query
from stepladder.pipelines.schedule import LONGEST_SLEEP, MARGIN, nap, next_due, next_start, pause_after

RECHECK = dt.timedelta(minutes=15)


def at(text: str, zone: str = "UTC") -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(dt.UTC)


def model(every: str | None, wait: dt.timedelta = dt.timedelta()) -> Model:
    return Model("m", Path("m.sql"), Query("SELECT 1"), every=every, wait=wait)


@pytest.mark.parametrize(
    ("every", "now", "due"),
    [
        ("day", "2026-03-08 10:00", "2026-03-09 00:00"),
        ("day", "2026-03-08 00:00", "2026-03-09 00:00"),  # this one is due already
        ("hour", "2026-03-08 10:59:59.999999", "2026-03-08 11:00"),
        ("week", "2026-03-08 10:00", "2026-03-09 00:00"),  # a Sunday
        ("month", "2026-03-31 23:59", "2026-04-01 00:00"),
    ],
)
def test_an_interval_is_due_at_its_end(every: str, now: str, due: str) -> None:
    assert next_due([model(every)], "UTC", at(now)) == at(due)


def test_it_is_due_later_where_the_model_waits() -> None:
    late = model("day", dt.timedelta(hours=6))
    assert next_due([late], "UTC", at("2026-03-08 01:00")) == at("2026-03-08 06:00")
    assert next_due([late], "UTC", at("2026-03-08 06:00")) == at("2026-03-09 06:00")


def test_the_earliest_of_all_models_counts() -> None:
    models = [model("month"), model("day", dt.timedelta(hours=2)), model(None), model("week")]
    assert next_due(models, "UTC", at("2026-03-08 01:00")) == at("2026-03-08 02:00")
    assert next_due([model(None)], "UTC", at("2026-03-08 01:00")) is None


def test_days_of_the_zone_have_23_and_25_hours() -> None:
    zone = "America/New_York"
    for day, hours in (("2026-03-08", 23), ("2026-11-01", 25)):
        midnight = at(day, zone)
        due = next_due([model("day")], zone, midnight)
        assert due is not None
        assert due - midnight == dt.timedelta(hours=hours)


def test_late_rows_are_looked_for_meanwhile() -> None:
    now = at("2026-03-08 10:00")
    assert next_start([model("day")], "UTC", now, RECHECK) == now + RECHECK
    assert next_start([model(None)], "UTC", now, RECHECK) == now + RECHECK
    soon = at("2026-03-08 23:50")
    assert next_start([model("day")], "UTC", soon, RECHECK) == at("2026-03-09 00:00") + MARGIN


@given(
    st.integers(946_684_800, 1_893_456_000),
    st.sampled_from(["UTC", "Europe/Berlin", "America/Santiago", "Australia/Lord_Howe", "Asia/Kolkata"]),
    st.sampled_from(["hour", "day", "week", "month"]),
    st.integers(0, 100_000),
)
def test_what_is_due_next_lies_ahead_and_ends_an_interval(
    seconds: int, zone: str, every: str, wait: int
) -> None:
    now, wait_ = dt.datetime.fromtimestamp(seconds, dt.UTC), dt.timedelta(seconds=wait)
    due = next_due([model(every, wait_)], zone, now)
    assert due is not None
    assert due > now
    assert floor(due - wait_, every, zone) == due - wait_
    # and nothing came due between
    assert floor(now - wait_, every, zone) == floor(due - wait_ - dt.timedelta(microseconds=1), every, zone)


def test_naps_are_short_so_that_a_clock_that_is_set_is_noticed() -> None:
    now = at("2026-03-08 10:00")
    assert nap(now, now + dt.timedelta(hours=3)) == LONGEST_SLEEP.total_seconds() == 60
    assert nap(now, now + dt.timedelta(seconds=5)) == 5
    assert nap(now, now) == 0
    assert nap(now, now - dt.timedelta(days=1)) == 0


def test_pauses_grow_and_end() -> None:
    seconds = [pause_after(number, RECHECK).total_seconds() for number in (1, 2, 3, 8, 9, 10, 1000)]
    assert seconds == [1, 2, 4, 128, 256, 300, 300]
    assert pause_after(10, dt.timedelta(seconds=2)).total_seconds() == 2


class Stopped(BaseException):
    """Ends the loop, as a signal does."""


class World:
    """A clock that moves when somebody sleeps, and runs that are written down."""

    def __init__(self, now: str, naps: int) -> None:
        self.now, self.left = at(now), naps
        self.runs: list[dt.datetime] = []
        self.naps: list[float] = []
        self.errors: list[Exception] = []
        self.pulse = Pulse()

    def clock(self) -> dt.datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        if not self.left:
            raise Stopped
        self.left -= 1
        self.naps.append(seconds)
        self.now += dt.timedelta(seconds=seconds)

    def run(self) -> RunResult:
        self.runs.append(self.now)
        assert self.pulse.working
        if self.errors and (error := self.errors.pop(0)) is not None:
            raise error
        return RunResult("", (), 0.0)

    def go(self, *models: Model, recheck: dt.timedelta = RECHECK, watcher: Watcher | None = None) -> None:
        with pytest.raises(Stopped):
            loop(
                lambda: models,
                self.run,
                zone="UTC",
                recheck=recheck,
                watcher=watcher or Watcher(),
                pulse=self.pulse,
                clock=self.clock,
                sleep=self.sleep,
            )


def test_the_loop_runs_at_once_and_then_when_something_is_due() -> None:
    world = World("2026-03-08 23:50", 40)
    world.go(model("day"))
    assert world.runs[:3] == [at("2026-03-08 23:50"), at("2026-03-09 00:00:01"), at("2026-03-09 00:15:01")]
    assert max(world.naps) == 60
    assert world.pulse.alive
    assert not world.pulse.working


def test_a_suspended_machine_runs_when_it_wakes() -> None:
    world = World("2026-03-08 23:50", 3)

    def suspended(seconds: float) -> None:
        World.sleep(world, seconds)
        if len(world.naps) == 2:
            world.now += dt.timedelta(hours=9)

    world.sleep = suspended  # type: ignore[method-assign]
    world.go(model("day"))
    assert world.runs[1] == at("2026-03-09 08:52")


def test_a_database_that_is_down_is_waited_for_with_growing_pauses() -> None:
    pauses: list[float] = []

    class Heard(Watcher):
        def failed(self, error: Error, pause: dt.timedelta) -> None:
            pauses.append(pause.total_seconds())

    world = World("2026-03-08 10:00", 8)
    down = ConnectionFailed("down", sqlstate="08006")
    world.errors = [None, down, down, down]  # type: ignore[list-item]
    world.go(model("day"), recheck=dt.timedelta(minutes=1), watcher=Heard())
    assert pauses == [1, 2, 4]
    assert world.pulse.last_error is None  # it is over


def test_a_model_that_cannot_be_read_is_left_until_it_is_mended() -> None:
    world = World("2026-03-08 10:00", 30)
    world.errors = [None, ModelError("no")]  # type: ignore[list-item]
    world.go(model("day"))
    assert world.runs[:3] == [at("2026-03-08 10:00"), at("2026-03-08 10:15"), at("2026-03-08 10:30")]


@pytest.mark.parametrize("error", [ConnectionFailed("down", sqlstate="08006"), ModelError("no")])
def test_the_first_run_says_what_is_wrong_at_once(error: Error) -> None:
    world = World("2026-03-08 10:00", 3)
    world.errors = [error]
    with pytest.raises(type(error)):
        loop(
            lambda: (), world.run, zone="UTC", recheck=RECHECK, watcher=Watcher(), pulse=world.pulse,
            clock=world.clock, sleep=world.sleep,
        )  # fmt: skip


def test_a_loop_that_stands_still_is_not_alive() -> None:
    pulse = Pulse()
    assert pulse.alive
    pulse.beat -= 91
    assert not pulse.alive
    pulse.working = True
    assert pulse.alive
