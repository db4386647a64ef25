"""One interval: stage, check, apply only the difference, record, commit.

Readers see the old rows or the new ones, never less; an interval that comes out as it was writes nothing. The
statement that records the interval compares the attempt number: a run that was taken over in the meantime
keeps nothing. What its sources claim, and the versions of its upstream, are recorded as of the moment that it saw
them: whatever came later is found by the next plan.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from stepladder import ledger
from stepladder.config import Project
from stepladder.db import Database, Print, Session, Table, Transaction
from stepladder.ledger import Claim, Run
from stepladder.pipelines import prints
from stepladder.pipelines.bind import Bound, refuse_output
from stepladder.pipelines.checking import check_rows
from stepladder.pipelines.difference import Changed, Slice, remove_outside, slice_of, write_difference
from stepladder.pipelines.grid import WHOLE, Span
from stepladder.pipelines.model import Function, Model
from stepladder.pipelines.plan import regridded
from stepladder.pipelines.prints import Source
from stepladder.pipelines.reach import read_spans
from stepladder.pipelines.stage import STAGE, produce, read_inputs, stage, stage_rows
from stepladder.pipelines.table import model_table
from stepladder.pipelines.view import make_view
from stepladder.sql import quote


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an interval came to, in rows."""

    rows: int
    wrote: int
    removed: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be made, and out of what. `upstream` are the models that it reads, `sources` the other tables.
    `rebuild`: the table's rows need not be kept. `span` is all of the model's grid where its intervals were cut anew."""

    bound: Bound
    upstream: Sequence[str]
    sources: Sequence[Source]
    rebuild: bool = False
    span: Span | None = None

    @property
    def model(self) -> Model:
        return self.bound.model


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was there at the moment that the rows were made of."""

    upstream_version: int
    prints: Mapping[str, Print]


def apply(db: Database, project: Project, job: Job, claim: Claim, run: Run) -> Outcome:
    """Bring one interval up to date. Raises CheckFailed, LeaseLost, DatabaseError: then nothing of it is kept."""
    started = time.monotonic()
    if job.model.kind == "view":
        return _apply_view(db, project, job, claim, run, started)
    if isinstance(job.model.body, Function):
        return _apply_function(db, project, job, claim, run, started)
    with _staging(db) as tx:
        seen = _see(tx, project, job, claim)
        staged = stage(tx, project, job.bound, claim.start, claim.end, run.now)
        return _write(tx, project, job, claim, run, seen, staged, started)


def _apply_function(
    db: Database, project: Project, job: Job, claim: Claim, run: Run, started: float
) -> Outcome:
    """Python may take its time: meanwhile no transaction is open, and nobody waits."""
    with db.transaction(read_only=True, isolation="repeatable read") as tx:
        seen = _see(tx, project, job, claim)
        inputs = read_inputs(tx, project, job.bound, claim.start, claim.end, run.now)
    produced = produce(project, job.bound, inputs)
    with _staging(db) as tx:
        staged = stage_rows(tx, project, job.bound, produced)
        return _write(tx, project, job, claim, run, seen, staged, started)


@contextmanager
def _staging(db: Database) -> Iterator[Transaction]:
    with db.staging(lock_timeout=ledger.LOCK_SECONDS, idle_timeout=ledger.IDLE_SECONDS) as tx:
        yield tx


def _see(tx: Transaction, project: Project, job: Job, claim: Claim) -> _Seen:
    span = claim.start, claim.end
    taken = prints.take(tx, [(source, span) for source in job.sources], project.timezone)
    found = {source.name: taken[source, span] for source in job.sources}
    return _Seen(upstream_version(tx, job.model, job.upstream, span), found)


def upstream_version(session: Session, model: Model, upstream: Sequence[str], span: Span) -> int:
    """The sum of the versions of what an interval reads of other models."""
    parts = read_spans(model, upstream, span).items()
    return sum(ledger.upstream_version(session, names, start, end) for (start, end), names in parts)


def _write(
    tx: Transaction,
    project: Project,
    job: Job,
    claim: Claim,
    run: Run,
    seen: _Seen,
    staged: Table,
    started: float,
) -> Outcome:
    """From the stage to the table, and the ledger's row."""
    model = job.model
    refuse_output(model, staged.columns, str(model.path.relative_to(project.folder)))
    part = slice_of(project, model, staged.columns, (claim.start, claim.end))
    rows = check_rows(tx, model, part, STAGE)
    tx.begin_writing()
    before = ledger.interval(tx, claim.model, claim.start)
    record = ledger.models(tx).get(model.name)
    table = model_table(tx, project, model, staged.columns, claim, run.now, rebuild=job.rebuild)
    anew = regridded(model, record, project.timezone)
    if anew:
        ledger.new_grid(tx, claim)
    same_code = before is None or before.code_hash in (None, model.code_hash)
    names = frozenset(column.name for column in staged.columns)
    whole = not same_code or job.rebuild
    changed = write_difference(tx, model, table, part, names, run.now, whole=whole)
    if anew and job.span is not None:
        all_ = slice_of(project, model, staged.columns, job.span)
        changed = Changed(changed.removed + remove_outside(tx, model, all_), changed.wrote)
    tx.execute(f"DROP TABLE {STAGE}")
    return _finish(tx, job, claim, run, seen, rows, changed, started)


def _finish(
    tx: Transaction,
    job: Job,
    claim: Claim,
    run: Run,
    seen: _Seen,
    rows: int,
    changed: Changed,
    started: float,
) -> Outcome:
    seconds = time.monotonic() - started
    ledger.write_inputs(tx, claim.model, claim.start, seen.prints)
    ledger.finish(
        tx,
        claim,
        code_hash=job.model.code_hash,
        upstream_version=seen.upstream_version,
        rows=rows,
        wrote=changed.wrote,
        removed=changed.removed,
        seconds=seconds,
        closed=(claim.start, claim.end) == WHOLE or claim.end + job.model.wait <= run.now,
    )
    return Outcome(rows, changed.wrote, changed.removed, seconds)


def _apply_view(db: Database, project: Project, job: Job, claim: Claim, run: Run, started: float) -> Outcome:
    with db.transaction(lock_timeout=ledger.LOCK_SECONDS, idle_timeout=ledger.IDLE_SECONDS) as tx:
        seen = _Seen(upstream_version(tx, job.model, job.upstream, (claim.start, claim.end)), {})
        made = make_view(tx, project, job.bound, run.now)
        rows = check_rows(tx, job.model, Slice("true", {}), quote(job.model.name))
        return _finish(tx, job, claim, run, seen, rows, Changed(0, int(made)), started)
