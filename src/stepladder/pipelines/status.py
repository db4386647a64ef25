"""How far every model is: the ledger's facts and the project's files in, one word and one sentence a model out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import median
from typing import TypeVar

from stepladder import ledger
from stepladder.config import Project
from stepladder.db import Database
from stepladder.ledger import Code, Made, PastRun, Recent, Total
from stepladder.pipelines.graph import upstream
from stepladder.pipelines.grid import following
from stepladder.pipelines.model import Model
from stepladder.pipelines.selecting import Selection, select
from stepladder.sql import TableName, parse_name

SHOWN = 14
_Row = TypeVar("_Row", Recent, Code)
# What state: means of these words; the others are stale.
_SELECTED = {
    "done": (),
    "running": (),
    "failed": ("failed",),
    "missing": ("missing",),
    "never run": ("missing",),
}
_BLOCKS = ("failed", "interrupted", "waits")


@dataclass(frozen=True, slots=True)
class Mark:
    """One interval of the bar. `state` is "done", "failed", "running", "interrupted" or "missing"."""

    start: dt.datetime
    end: dt.datetime
    state: str


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """How far one model is.

    `state` is "done", "running", "failed", "interrupted" (its run died), "waits" (for `waits_for`), "missing"
    (intervals that what it reads has, and it has not), "code" (its text is another than the one that made its rows),
    "table gone", "never run" or "gone" (no file makes it any more). `last_good` is when an interval last came out well,
    `through` the end of the newest one that is done; `usual_seconds` is the middle of the newest ones' times. `failed`
    counts the intervals whose last try failed, `error` is the newest one's. `older` are the intervals of
    other code, which stay where the model, or a run, says forward.
    """

    name: str
    kind: str
    every: str | None
    state: str
    last_good: dt.datetime | None = None
    through: dt.datetime | None = None
    recent: tuple[Mark, ...] = ()
    usual_seconds: float | None = None
    failed: int = 0
    failed_start: dt.datetime | None = None
    error: str | None = None
    missing: int = 0
    waits_for: str | None = None
    older: tuple[Code, ...] = ()


@dataclass(frozen=True, slots=True)
class Status:
    """A project on a target. `has_run` is False where no run has ever made a ledger."""

    target: str
    now: dt.datetime
    models: tuple[ModelStatus, ...]
    last_run: PastRun | None = None
    running: tuple[PastRun, ...] = ()
    lost: frozenset[str] = frozenset()
    has_run: bool = True

    def too_old(self, age: dt.timedelta) -> tuple[ModelStatus, ...]:
        """The models whose last good run is longer ago than `age`, or has never been. Seeds and views have no data of
        their own that could come late, and what no file makes any more is nobody's: they are never too old."""
        return tuple(
            model
            for model in self.models
            if model.kind not in ("seed", "view")
            and model.state != "gone"
            and (model.last_good is None or self.now - model.last_good > age)
        )


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the ledger holds; empty where there is none."""

    records: Mapping[str, Made] = field(default_factory=dict)
    recent: Sequence[Recent] = ()
    totals: Sequence[Total] = ()
    codes: Sequence[Code] = ()
    live: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()


def read_status(
    db: Database, project: Project, models: Sequence[Model], asked: Selection | None = None
) -> Status:
    """How far the models that are asked for are (default: all); `models` are all of the project, upstream first: what the
    ledger knows besides is gone.

    Reads the ledger and the list of tables, nothing else; writes nothing. Raises UsageError for a word that means none.
    """
    now = db.query("SELECT now() AS now").scalar()
    step = db.steps_taken(ledger.PART)
    if step == 0:
        return Status(
            str(db.target),
            now,
            _chosen(judge(models, project.timezone, Remembered()), models, asked),
            has_run=False,
        )
    records = ledger.made(db, step)
    there = {parse_name(name) for name in db.tables()}
    live = ledger.live_runs(db)
    remembered = Remembered(
        records,
        ledger.recent(db, SHOWN),
        ledger.totals(db),
        ledger.codes(db),
        live,
        frozenset(name for name in records if TableName(None, name) not in there),
    )
    runs = ledger.last_runs(db, 1)
    return Status(
        str(db.target),
        now,
        _chosen(judge(models, project.timezone, remembered), models, asked),
        runs[0] if runs else None,
        tuple(run for run in runs if run.run_id in live),
        frozenset(run.run_id for run in runs if run.ended_at is None and run.run_id not in live),
    )


def _chosen(
    found: Sequence[ModelStatus], models: Sequence[Model], asked: Selection | None
) -> tuple[ModelStatus, ...]:
    if asked is None or not (asked.words or asked.exclude):
        return tuple(found)
    states = {one.name: _SELECTED.get(one.state, ("stale",)) for one in found}
    names = {model.name for model in select(models, replace(asked, states=lambda: states))}
    return tuple(one for one in found if one.name in names)


def judge(models: Sequence[Model], zone: str, remembered: Remembered) -> tuple[ModelStatus, ...]:
    """The verdict on each model, upstream first; then the models that no file makes any more."""
    named = {model.name: model for model in models}
    judging = _Judging(named, zone, remembered)
    for model in models:
        judging.judge(model)
    gone = [judging.without_file(name) for name in sorted(remembered.records) if name not in named]
    return (*judging.found.values(), *gone)


class _Judging:
    """Model after model, upstream first: what waits is known from what it reads."""

    def __init__(self, named: Mapping[str, Model], zone: str, remembered: Remembered) -> None:
        self._named, self._zone, self._remembered = named, zone, remembered
        self._recent = _by_model(remembered.recent)
        self._totals = {total.model: total for total in remembered.totals}
        self._codes = _by_model(remembered.codes)
        self.found: dict[str, ModelStatus] = {}

    def judge(self, model: Model) -> None:
        reads = sorted(upstream(model, self._named))
        marks = self._marks(model, reads)
        waits_for = next((name for name in reads if self.found[name].state in _BLOCKS), None)
        record = self._remembered.records.get(model.name)
        accepted = record.accepted if record else frozenset()
        older = tuple(code for code in self._codes.get(model.name, ()) if code.code_hash != model.code_hash)
        stale = model.on_change != "forward" and any(code.code_hash not in accepted for code in older)
        missing = sum(mark.state == "missing" for mark in marks)
        blocked = waits_for if missing or not marks else None
        state = self._state(model, marks, missing=missing, blocked=blocked, stale=stale)
        self.found[model.name] = self._status(model, state, marks, missing, blocked, older)

    def without_file(self, name: str) -> ModelStatus:
        """The status of a table whose model's file is gone."""
        record = self._remembered.records[name]
        total = self._totals.get(name)
        rows = self._recent.get(name, [])
        return ModelStatus(
            name,
            record.kind,
            record.every,
            "gone",
            total.last_good if total else None,
            self._through(record.every, rows),
        )

    def _status(
        self,
        model: Model,
        state: str,
        marks: Sequence[Mark],
        missing: int,
        blocked: str | None,
        older: tuple[Code, ...],
    ) -> ModelStatus:
        rows, total = self._recent.get(model.name, []), self._totals.get(model.name)
        times = [row.seconds for row in rows if row.seconds is not None]
        return ModelStatus(
            name=model.name,
            kind=model.kind,
            every=model.every,
            state=state,
            last_good=total.last_good if total else None,
            through=self._through(model.every, rows),
            recent=tuple(marks) if model.every else (),
            usual_seconds=median(times) if times else None,
            failed=total.failed if total else 0,
            failed_start=total.failed_start if total else None,
            error=total.failed_error if total else None,
            missing=missing,
            waits_for=blocked,
            older=older,
        )

    def _state(
        self, model: Model, marks: Sequence[Mark], *, missing: int, blocked: str | None, stale: bool
    ) -> str:
        total = self._totals.get(model.name)
        states = {mark.state for mark in marks}
        if "running" in states:
            return "running"
        if total is not None and total.failed:
            return "failed"
        if "interrupted" in states:
            return "interrupted"
        if blocked is not None:
            return "waits"
        if total is None or total.last_good is None:
            return "never run"
        if model.name in self._remembered.gone:
            return "table gone"
        if stale:
            return "code"
        return "missing" if missing else "done"

    def _marks(self, model: Model, reads: Iterable[str]) -> list[Mark]:
        """The newest intervals: those of the ledger, the gaps between them, and those that what it reads has reached."""
        rows = self._recent.get(model.name, [])
        if not model.every:
            return [Mark(row.start, row.end, self._word(row)) for row in rows]
        if not rows:
            return []
        known = {row.start: row for row in rows}
        horizon = max([rows[-1].end, *(through for name in reads if (through := self.found[name].through))])
        marks, here = [], rows[0].start
        while (end := following(here, model.every, self._zone)) <= horizon:
            row = known.get(here)
            marks.append(Mark(here, end, self._word(row) if row else "missing"))
            here = end
        return marks[-SHOWN:]

    def _word(self, row: Recent) -> str:
        if row.state == "running":
            return "running" if row.run_id in self._remembered.live else "interrupted"
        return "missing" if row.state == "new" else row.state

    @staticmethod
    def _through(every: str | None, rows: Sequence[Recent]) -> dt.datetime | None:
        return max((row.end for row in rows if row.state == "done"), default=None) if every else None


def _by_model(rows: Iterable[_Row]) -> dict[str, list[_Row]]:
    found: dict[str, list[_Row]] = {}
    for row in rows:
        found.setdefault(row.model, []).append(row)
    return found
