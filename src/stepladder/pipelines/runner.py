"""Runs a plan: model after model, interval after interval, each in a transaction of its own; on a server several at once."""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from stepladder import ledger
from stepladder.config import Project
from stepladder.db import Database
from stepladder.errors import (
    CheckFailed,
    ConnectionFailed,
    DatabaseBusy,
    DatabaseError,
    Disconnected,
    DuplicateTable,
    Error,
    IntegrityError,
    LeaseLost,
    ResourceError,
    StatementCanceled,
    StillHeld,
    UniqueViolation,
)
from stepladder.ledger import Inputs, Run
from stepladder.pipelines.apply import Job, Outcome, apply, upstream_version
from stepladder.pipelines.bind import Bound, bind
from stepladder.pipelines.facts import Asked, read_facts
from stepladder.pipelines.graph import in_order, upstream
from stepladder.pipelines.grid import Span, refuse_empty_span
from stepladder.pipelines.model import HASH_RULE, Model
from stepladder.pipelines.plan import FOLLOWS, GRID, Facts, Plan, Wishes, Work, plan
from stepladder.pipelines.prints import sources
from stepladder.pipelines.reach import needed_span
from stepladder.pipelines.read import read_models
from stepladder.pipelines.selecting import Selection, select
from stepladder.pipelines.workers import Queue, workers

_SAME_ERRORS = 3  # of one model, before the rest of its intervals are left alone
_POLL_SECONDS = 0.2
_PAUSE_SECONDS = 0.25
JOBS = 4
NO_WISHES = Wishes()


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

    @property
    def failed(self) -> tuple[Step, ...]:
        """The pieces of work that failed, each with its `error`."""
        return tuple(step for step in self.steps if step.state == "failed")

    def count(self, *states: str) -> int:
        return sum(step.state in states for step in self.steps)


@dataclass(frozen=True, slots=True)
class Prepared:
    """Models bound to a target, and what there is to do. `models` are all of the project's, by name. `again` prepares
    anew, the same wishes on what is there then."""

    models: Mapping[str, Model]
    bound: tuple[Bound, ...]
    facts: Facts
    plan: Plan
    again: Callable[[], Prepared]

    @property
    def blind(self) -> frozenset[str]:
        """The interval models of which nobody can say what there is to do before what they read is made."""
        asked = None not in self.facts.asked
        names = [each.model.name for each in self.bound if each.model.by_interval]
        return frozenset() if asked else frozenset(names) - self.facts.spans.keys()


def prepare(
    db: Database,
    project: Project,
    *,
    names: Sequence[str] | Selection = (),
    asked: Asked = (None, None),
    now: dt.datetime | None = None,
    wishes: Wishes = NO_WISHES,
) -> Prepared:
    """Read and bind the project's models, and plan. Writes nothing.

    `asked` are instants; `now` is the instant up to which intervals are due (default: the target's clock).
    """
    refuse_empty_span(*asked)
    every = in_order(read_models(project))
    named = {model.name: model for model in every}
    models = select(every, names)
    bound = bind(models, db, project, strict=db.target.is_sqlite, others=named)
    models = tuple(each.model for each in bound)  # with the windows that only the catalogue knows
    facts = read_facts(
        db, project, bound, named, now or db.query("SELECT now()").scalar(), asked=asked, wishes=wishes
    )
    again = partial(prepare, db, project, names=names, asked=asked, now=facts.now, wishes=wishes)
    return Prepared(named, bound, facts, plan(models, facts, named), again)


def run(
    db: Database,
    project: Project,
    prepared: Prepared,
    *,
    wait_seconds: float = 60.0,
    jobs: int = JOBS,
    limit: int | None = None,
    on_step: Callable[[Step], None] = lambda _: None,
    on_start: Callable[[Work], None] = lambda _: None,
) -> RunResult:
    """Do what was planned. Failed intervals are recorded and returned as steps; what reads them waits.

    On a server `jobs` intervals are worked on at once. After `limit` of them none is begun. Raises ConnectionFailed,
    ResourceError and, on SQLite, StillHeld, which no other interval would survive either.
    """
    started = time.monotonic()
    unnoted = prepared.facts.unnoted()
    if not prepared.plan.work and not unnoted:
        return RunResult("", (), 0.0)
    this = _begin(db, prepared.plan.now)
    steps: list[Step] = []
    state, said = "cancelled", None
    try:
        _note_first(db, prepared, unnoted)
        while True:
            runner = Runner(db, project, prepared, this, wait_seconds, on_start)
            for step in runner.steps(1 if db.target.is_sqlite else jobs, limit):
                steps.append(step)
                on_step(step)
            blind = prepared.blind
            if not blind or limit is not None or any(step.state != "done" for step in steps):
                break
            prepared = prepared.again()
            if prepared.blind == blind:
                break
        failed = [step for step in steps if step.state == "failed"]
        state, said = ("failed", str(failed[0].error)) if failed else ("done", None)
    except Error as error:
        state, said = "failed", error.message
        if isinstance(error, DatabaseBusy) and db.target.is_sqlite:
            raise _still_held(db, "What was finished stays", but=this) from error
        raise
    finally:
        _end(db, this, state, said)
    return RunResult(this.run_id, tuple(steps), time.monotonic() - started)


def _begin(db: Database, now: dt.datetime) -> Run:
    """The run's record. Raises StillHeld where a SQLite file's write lock is not given up."""
    try:
        ledger.prepare(db)
        return ledger.start_run(db, "run", now)
    except DatabaseBusy as error:
        raise _still_held(db, "Nothing was written") from error


def _still_held(db: Database, left: str, but: Run | None = None) -> StillHeld:
    """The error for a file whose write lock is not given up; it names the runs, `but` this one, that may hold it."""
    holders = ledger.processes(db) if db.steps_taken(ledger.PART) else []
    named = ", ".join(
        f"run {each.run_id}, process {each.pid} on {each.host}"
        for each in holders
        if but is None or each.run_id != but.run_id
    )
    return StillHeld(
        f"another process holds the file's write lock: {named or 'no run of ours; another program'}. {left}; "
        "readers are not in its way. Wait for it; or end that process, then run again: whatever it had under way is rolled back."
    )


def _note_first(db: Database, prepared: Prepared, unnoted: Inputs) -> None:
    """What the ledger has to know before any work: the sources of intervals of which it never noted any, and, with
    `forward`, which code's rows are to stay."""
    with db.transaction() as tx:
        if unnoted:
            ledger.first_inputs(tx, unnoted)
        if prepared.facts.wishes.forward:
            for bound in prepared.bound:
                model, record = bound.model, prepared.facts.records.get(bound.model.name)
                old = {
                    row.code_hash
                    for row in prepared.facts.intervals
                    if row.model == model.name and row.code_hash
                }
                if record is not None:
                    now = replace(
                        record, code_hash=model.code_hash, accepted=frozenset(old - {model.code_hash})
                    )
                    ledger.write_model(tx, now, HASH_RULE, model.code)


def _end(db: Database, this: Run, state: str, said: str | None) -> None:
    try:
        try:
            ledger.end_run(db, this, state, said)
        except KeyboardInterrupt:  # asked to stop just here: a run that was over would count as lost
            ledger.end_run(db, this, state, said)
            raise
    except (ConnectionFailed, ResourceError, DatabaseBusy):
        return  # the target is gone, or held, and the caller is being told so: the run counts as lost


class Runner:
    """The work of one run."""

    def __init__(
        self,
        db: Database,
        project: Project,
        prepared: Prepared,
        this: Run,
        wait_seconds: float,
        on_start: Callable[[Work], None],
    ) -> None:
        self._project = project
        self._this = this
        self._plan = prepared.plan
        self._jobs = {each.model.name: _job(db, each, prepared) for each in prepared.bound}
        self._db = db
        # A statement may take as long as the model's header says.
        self._dbs = {
            name: db.options(statement_timeout=job.model.timeout) for name, job in self._jobs.items()
        }
        self._alone = {name for name, job in self._jobs.items() if _changes_table(job, prepared.facts)}
        self._wait_seconds = wait_seconds
        self._on_start = on_start
        self._stopping = False
        self._unfinished: list[Work] = []
        self._said: Counter[tuple[str, str]] = Counter()
        self._done: Counter[str] = Counter()
        self._done_when_refused: dict[Work, int] = {}

    def steps(self, jobs: int, limit: int | None = None) -> Iterator[Step]:
        """Each piece of work as it is over; after `limit` pieces none is begun."""
        left = len(self._plan.work) if limit is None else limit
        queue = Queue(self._plan, {name: job.upstream for name, job in self._jobs.items()}, self._needed)
        with workers(self._db, self._this, jobs, self._attempt) as pool:
            try:
                while queue and (left or pool.busy):
                    for work in queue.ready(min(jobs - pool.busy, left), self._alone):
                        step = self._without_running(work)
                        if step is None:
                            left -= 1
                            self._on_start(work)
                            pool.start(work)
                        else:
                            yield self._over(queue, step)
                    if pool.busy:
                        for step in pool.finished():
                            if self._comes_again(queue, step):
                                left += 1
                            else:
                                yield self._over(queue, step)
            except BaseException:
                self._stopping = True
                raise

    def _over(self, queue: Queue, step: Step) -> Step:
        queue.over(step.work)
        if step.state == "failed":
            error = step.error
            assert error is not None
            if not isinstance(error, CheckFailed | IntegrityError):  # those depend on the interval's rows
                self._said[step.work.model, error.message.splitlines()[0]] += 1
        if step.state == "done":
            self._done[step.work.model] += 1
            if self._jobs[step.work.model].model.kind != "upsert":
                self._alone.discard(step.work.model)
        if step.state not in ("done", "unchanged", "elsewhere"):
            self._unfinished.append(step.work)
        return step

    def _comes_again(self, queue: Queue, step: Step) -> bool:
        """Whether a piece is tried again when the others are over: a key of it may still be in an interval that is yet to be
        done. And again from the other end, for rows may have moved to later days or to earlier ones; as long as others of
        its model come out well."""
        work = step.work
        if not isinstance(step.error, UniqueViolation) or not queue.others(work):
            return False
        late, now = work in self._done_when_refused, self._done[work.model]
        if late and self._done_when_refused[work] == now:
            return False
        self._done_when_refused[work] = now if late else -1
        queue.again(work, turn=late)
        return True

    def _without_running(self, work: Work) -> Step | None:
        """What becomes of a piece of work that cannot be begun, or need not be."""
        reads = self._jobs[work.model].upstream
        for late in self._unfinished:
            if late.model in reads:
                start, end = self._needed(work, late.model)
                if late.start < end and late.end > start:
                    return Step(work, "waits")
        if any(model == work.model and count >= _SAME_ERRORS for (model, _), count in self._said.items()):
            return Step(work, "waits")
        if work.reasons == (FOLLOWS,) and not self._stale(work, reads):
            return Step(work, "unchanged")
        return None

    def _attempt(self, work: Work) -> Step:
        db, tries = self._dbs[work.model], self._jobs[work.model].model.retries + 1
        seen: int | None = work.attempt
        failures = 0
        while seen is not None:
            held = ledger.claim(db, self._this, work.model, work.start, work.end, seen)
            if held is None:
                seen = self._await_other(work)
                continue
            step = self._apply(work, held, last=failures + 1 == tries)
            if step is not None:
                return step
            time.sleep(_PAUSE_SECONDS * 4**failures)
            failures += 1
            seen = held.attempt
            if (done := self._done_after_all(held)) is not None:
                return Step(work, "done", done)
        return self._left_by_other(work)

    def _apply(self, work: Work, held: ledger.Claim, *, last: bool) -> Step | None:
        """One attempt at an interval; None when it is worth another one."""
        try:
            outcome = apply(self._dbs[work.model], self._project, self._jobs[work.model], held, self._this)
            return Step(work, "done", outcome)
        except LeaseLost as error:
            return replace(self._left_by_other(work), error=error)
        except StatementCanceled as error:
            if self._stopping:
                raise
            return self._failed(work, held, error)
        except (ConnectionFailed, ResourceError) as error:
            # Nothing else would get through either, unless it was only this connection that broke.
            if last or not isinstance(error, Disconnected):
                raise
            return None
        except Error as error:
            return None if not last and self._may_pass(work, error) else self._failed(work, held, error)

    def _may_pass(self, work: Work, error: Error) -> bool:
        """Whether another attempt may come out well. Of two runs that make a table at once, or a row of an upsert, the
        second one finds it there the next time."""
        if isinstance(error, UniqueViolation):
            return self._jobs[work.model].model.kind == "upsert"
        return isinstance(error, DuplicateTable) or (isinstance(error, DatabaseError) and error.retryable)

    def _done_after_all(self, held: ledger.Claim) -> Outcome | None:
        """After a lost connection: whether the COMMIT had taken effect."""
        row = ledger.interval(self._db, held.model, held.start)
        if row is None or row.state != "done" or row.attempt != held.attempt:
            return None
        return Outcome(row.rows or 0, row.wrote or 0, row.removed or 0, row.seconds or 0.0)

    def _failed(self, work: Work, held: ledger.Claim, error: Error) -> Step:
        code = getattr(error, "sqlstate", None) or type(error).__name__
        if not ledger.fail(self._db, held, error.message, code):
            return self._left_by_other(work)
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
        model = self._jobs[work.model].model
        return row is None or row.upstream_version != upstream_version(
            self._db, model, reads, (work.start, work.end)
        )

    def _needed(self, work: Work, name: str) -> Span:
        return needed_span(self._jobs[work.model].model, name, (work.start, work.end))


def _changes_table(job: Job, facts: Facts) -> bool:
    """Whether the model's next piece may make its table, change it or cut it anew; an upsert's pieces share their keys."""
    record = facts.records.get(job.model.name)
    if record is None or job.model.name in facts.gone or job.model.kind == "upsert":
        return True
    return job.span is not None or record.code_hash != job.model.code_hash


def _job(db: Database, bound: Bound, prepared: Prepared) -> Job:
    model = bound.model
    work = [each for each in prepared.plan.work if each.model == model.name]
    anew = [each for each in work if GRID in each.reasons]
    return Job(
        bound,
        sorted(upstream(model, prepared.models)),
        sources(db, bound, prepared.models) if work and model.kind != "view" else (),
        rebuild=prepared.facts.wishes.rebuild,
        span=(min(each.start for each in anew), max(each.end for each in anew)) if anew else None,
    )
