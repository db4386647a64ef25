"""Runs a plan: model after model, interval after interval, each in a transaction of its own."""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from stepladder import ledger
from stepladder.config import Project
from stepladder.db import Database
from stepladder.errors import (
    CheckFailed,
    ConnectionFailed,
    DatabaseError,
    Disconnected,
    DuplicateTable,
    Error,
    IntegrityError,
    LeaseLost,
    ResourceError,
    UsageError,
)
from stepladder.ledger import Run
from stepladder.pipelines.apply import Outcome, apply
from stepladder.pipelines.bind import Bound, bind
from stepladder.pipelines.facts import Asked, read_facts
from stepladder.pipelines.graph import in_order, upstream
from stepladder.pipelines.plan import FOLLOWS, Plan, Work, plan
from stepladder.pipelines.read import read_models
from stepladder.pipelines.selecting import Selection, select

_ATTEMPTS = 3  # of an interval, after retryable errors
_SAME_ERRORS = 3  # of one model, before the rest of its intervals are left alone
_POLL_SECONDS = 0.2
_PAUSE_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Step:
    """What became of one piece of work.

    `state` is "done", "unchanged" (it fell away: nothing that it reads has changed), "failed", "waits" (for an
    upstream interval), "held" (another live run has it) or "elsewhere" (another run did it meanwhile).
    """

    work: Work
    state: str
    outcome: Outcome | None = None
    error: Error | None = None


@dataclass(frozen=True, slots=True)
class RunResult:
    """All steps of a run, in order. `run_id` is empty when there was nothing to do."""

    run_id: str
    steps: tuple[Step, ...]
    seconds: float

    def count(self, *states: str) -> int:
        return sum(step.state in states for step in self.steps)


@dataclass(frozen=True, slots=True)
class Prepared:
    """Models bound to a target, and what there is to do."""

    bound: tuple[Bound, ...]
    plan: Plan


def prepare(
    db: Database,
    project: Project,
    *,
    names: Sequence[str] | Selection = (),
    asked: Asked = (None, None),
    now: dt.datetime | None = None,
    redo: bool = False,
) -> Prepared:
    """Read and bind the project's models, and plan. Writes nothing.

    `asked` are instants; `now` is the instant up to which intervals are due (default: the clock's).
    """
    if asked[0] and asked[1] and asked[0] >= asked[1]:
        raise UsageError(
            f"--start ({asked[0]:%Y-%m-%d %H:%M}Z) must be before --end ({asked[1]:%Y-%m-%d %H:%M}Z)."
        )
    models = select(in_order(read_models(project)), names)
    bound = bind(models, db, project, strict=db.target.is_sqlite)
    models = tuple(each.model for each in bound)  # with the windows that only the catalogue knows
    facts = read_facts(db, project, models, now or dt.datetime.now(dt.UTC), asked=asked, redo=redo)
    return Prepared(bound, plan(models, facts))


def run(
    db: Database,
    project: Project,
    prepared: Prepared,
    *,
    wait_seconds: float = 60.0,
    on_step: Callable[[Step], None] = lambda _: None,
    on_start: Callable[[Work], None] = lambda _: None,
) -> RunResult:
    """Do what was planned. Failed intervals are recorded and returned as steps; what reads them waits.

    Raises ConnectionFailed and ResourceError, which no other interval would survive either.
    """
    started = time.monotonic()
    if not prepared.plan.work:
        return RunResult("", (), 0.0)
    ledger.prepare(db)
    this = ledger.start_run(db, "run", prepared.plan.now)
    runner = _Runner(db, project, prepared, this, wait_seconds, on_start)
    steps: list[Step] = []
    state, said = "cancelled", None
    try:
        for step in runner.steps(prepared.plan.work):
            steps.append(step)
            on_step(step)
        failed = [step for step in steps if step.state == "failed"]
        state, said = ("failed", str(failed[0].error)) if failed else ("done", None)
    except Error as error:
        state, said = "failed", error.message
        raise
    finally:
        _end(db, this, state, said)
    return RunResult(this.run_id, tuple(steps), time.monotonic() - started)


def _end(db: Database, this: Run, state: str, said: str | None) -> None:
    try:
        ledger.end_run(db, this, state, said)
    except (ConnectionFailed, ResourceError):
        # The target is gone, and the caller is being told so: a run that is not ended counts as lost when its
        # process is.
        return


class _Runner:
    def __init__(
        self,
        db: Database,
        project: Project,
        prepared: Prepared,
        this: Run,
        wait_seconds: float,
        on_start: Callable[[Work], None],
    ) -> None:
        self._db = db
        self._project = project
        self._this = this
        self._bound: Mapping[str, Bound] = {found.model.name: found for found in prepared.bound}
        self._wait_seconds = wait_seconds
        self._on_start = on_start
        self._unfinished: list[Work] = []
        self._said: Counter[tuple[str, str]] = Counter()

    def steps(self, work: Iterable[Work]) -> Iterable[Step]:
        for item in work:
            step = self._step(item)
            if step.state not in ("done", "unchanged", "elsewhere"):
                self._unfinished.append(item)
            yield step

    def _step(self, work: Work) -> Step:
        reads = self._upstream(work.model)
        if any(
            late.model in reads and late.start < work.end and late.end > work.start
            for late in self._unfinished
        ):
            return Step(work, "waits")
        if any(model == work.model and count >= _SAME_ERRORS for (model, _), count in self._said.items()):
            return Step(work, "waits")
        if work.reasons == (FOLLOWS,) and not self._stale(work, reads):
            return Step(work, "unchanged")
        self._on_start(work)
        return self._attempt(work, reads)

    def _attempt(self, work: Work, reads: Sequence[str]) -> Step:
        seen: int | None = work.attempt
        failures = 0
        while seen is not None:
            held = ledger.claim(self._db, self._this, work.model, work.start, work.end, seen)
            if held is None:
                seen = self._await_other(work)
                continue
            step = self._apply(work, held, reads, last=failures + 1 == _ATTEMPTS)
            if step is not None:
                return step
            time.sleep(_PAUSE_SECONDS * 4**failures)
            failures += 1
            seen = held.attempt
            if (done := self._done_after_all(held)) is not None:
                return Step(work, "done", done)
        return self._left_by_other(work)

    def _apply(self, work: Work, held: ledger.Claim, reads: Sequence[str], *, last: bool) -> Step | None:
        """One attempt at an interval; None when it is worth another one."""
        try:
            outcome = apply(self._db, self._project, self._bound[work.model], held, self._this, reads)
            return Step(work, "done", outcome)
        except LeaseLost as error:
            return replace(self._left_by_other(work), error=error)
        except (ConnectionFailed, ResourceError) as error:
            # Nothing else would get through either, unless it was only this connection that broke.
            if last or not isinstance(error, Disconnected):
                raise
            return None
        except Error as error:
            # Two runs that make a table at once: the second one finds it there the next time.
            again = isinstance(error, DuplicateTable) or (
                isinstance(error, DatabaseError) and error.retryable
            )
            return None if again and not last else self._failed(work, held, error)

    def _done_after_all(self, held: ledger.Claim) -> Outcome | None:
        """After a lost connection: whether the COMMIT had taken effect."""
        row = ledger.interval(self._db, held.model, held.start)
        if row is None or row.state != "done" or row.attempt != held.attempt:
            return None
        return Outcome(row.rows or 0, row.wrote or 0, row.removed or 0, row.seconds or 0.0)

    def _failed(self, work: Work, held: ledger.Claim, error: Error) -> Step:
        if not ledger.fail(self._db, held, error.message):
            return self._left_by_other(work)
        if not isinstance(error, CheckFailed | IntegrityError):  # those depend on the interval's rows
            self._said[work.model, error.message.splitlines()[0]] += 1
        return Step(work, "failed", error=error)

    def _await_other(self, work: Work) -> int | None:
        """Another run has the interval, or was quicker. The attempt number to claim it with when that run has left
        it undone; None when it is done, or still being worked on after the wait."""
        deadline = time.monotonic() + self._wait_seconds
        while True:
            row = ledger.interval(self._db, work.model, work.start)
            if row is None or row.state in ("new", "failed"):
                return row.attempt if row else 0
            if row.state == "done" or time.monotonic() > deadline:
                return None
            if row.run_id not in ledger.live_runs(self._db):
                return row.attempt
            time.sleep(_POLL_SECONDS)

    def _left_by_other(self, work: Work) -> Step:
        row = ledger.interval(self._db, work.model, work.start)
        return Step(work, "elsewhere" if row is not None and row.state == "done" else "held")

    def _stale(self, work: Work, reads: Sequence[str]) -> bool:
        row = ledger.interval(self._db, work.model, work.start)
        return row is None or row.upstream_version != ledger.upstream_version(
            self._db, reads, work.start, work.end
        )

    def _upstream(self, model: str) -> Sequence[str]:
        return sorted(upstream(self._bound[model].model, self._bound))
