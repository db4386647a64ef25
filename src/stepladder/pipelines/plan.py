"""What there is to do: facts in, work with reasons out. Pure: nothing is read or written here."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate
from statistics import median

from stepladder.db import Print
from stepladder.ledger import Inputs, Interval, ModelRecord
from stepladder.pipelines.graph import upstream
from stepladder.pipelines.grid import WHOLE, Span, boundaries, floor, following
from stepladder.pipelines.model import Model
from stepladder.pipelines.reach import read_span

FOLLOWS = "upstream"
CODE = "code"
GRID = "grid"
MAX_REBUILD = 400  # intervals of one model that a change of its code may redo unasked


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user asks for beyond what has changed: `redo` finished intervals; `rebuild` them from nothing; compare the
    sources of all intervals, however old (`deep`); leave intervals of older code as they are (`forward`)."""

    redo: bool = False
    rebuild: bool = False
    deep: bool = False
    forward: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a target: the span of the data that each model reads, and what the ledger holds.

    `asked` is an explicit span, compared whole. `live` are the ids of runs that still work. `gone` are the models
    whose table the ledger knows and the target has not. `then` is what each interval's sources held when they were read,
    `prints` what they hold now, for the intervals that are compared.
    """

    now: datetime
    zone: str
    spans: Mapping[str, Span | None]
    records: Mapping[str, ModelRecord]
    intervals: Sequence[Interval]
    live: frozenset[str] = frozenset()
    asked: tuple[datetime | None, datetime | None] = (None, None)
    wishes: Wishes = Wishes()
    gone: frozenset[str] = frozenset()
    then: Inputs = field(default_factory=dict)
    prints: Inputs = field(default_factory=dict)

    def usual_seconds(self) -> Mapping[str, float]:
        """What an interval of each model takes: the median of those that are done."""
        taken: dict[str, list[float]] = {}
        for row in self.intervals:
            if row.seconds is not None:
                taken.setdefault(row.model, []).append(row.seconds)
        return {name: median(seconds) for name, seconds in taken.items()}

    def unnoted(self) -> Inputs:
        """What finished intervals' sources hold now, where the ledger does not say what they held."""
        found = {
            key: {source: mark for source, mark in marks.items() if source not in self.then.get(key, {})}
            for key, marks in self.prints.items()
        }
        return {key: marks for key, marks in found.items() if marks}


@dataclass(frozen=True, slots=True)
class Work:
    """One interval to run. `attempt` is the ledger's number when it was planned; 0 for an interval not yet seen.
    `notes` say more of the reasons, for people."""

    model: str
    start: datetime
    end: datetime
    attempt: int
    reasons: tuple[str, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelPlan:
    """The work of one model, newest first, and how many intervals of its span are up to date."""

    name: str
    kind: str
    work: tuple[Work, ...]
    up_to_date: int


@dataclass(frozen=True, slots=True)
class Plan:
    """The work of a project, upstream models first. `removed` are the models that the ledger knows and the project has no
    more, each with the new model of the same code, if there is one."""

    now: datetime
    models: tuple[ModelPlan, ...]
    removed: tuple[tuple[str, str | None], ...] = ()

    @property
    def work(self) -> tuple[Work, ...]:
        return tuple(work for model in self.models for work in model.work)

    def rebuilt(self) -> Mapping[str, int]:
        """The models of which a change of code would redo more intervals than are redone unasked, and how many."""
        found = {model.name: sum(CODE in work.reasons for work in model.work) for model in self.models}
        return {name: number for name, number in found.items() if number > MAX_REBUILD}


def plan(models: Sequence[Model], facts: Facts, named: Container[str] | None = None) -> Plan:
    """The work that brings `models` (in order) up to date; `named` are all of the project (default: these)."""
    named = {model.name for model in models} if named is None else named
    book = _Book(facts.intervals)
    moving: dict[str, list[Span]] = {}  # of each model: what will, or may, change
    found = []
    for model in models:
        reads = sorted(upstream(model, named))
        ahead = {name: _Sums([(start, end, 1) for start, end in moving.get(name, ())]) for name in reads}
        spans = _grid(model, facts, book)
        judged = ((span, *_reasons(model, span, facts, book, reads, ahead)) for span in spans)
        work = tuple(
            Work(model.name, start, end, book.attempt(model.name, start), reasons, notes)
            for (start, end), reasons, notes in judged
            if reasons
        )
        moving[model.name] = [(each.start, each.end) for each in work]
        if regridded(model, facts.records.get(model.name), facts.zone):
            moving[model.name] += book.spans(model.name)
        found.append(ModelPlan(model.name, model.kind, work, len(spans) - len(work)))
    return Plan(facts.now, tuple(found), _removed(models, facts, named))


def _removed(
    models: Sequence[Model], facts: Facts, named: Container[str]
) -> tuple[tuple[str, str | None], ...]:
    new = {model.code_hash: model.name for model in models if model.name not in facts.records}
    return tuple(
        (name, new.get(record.code_hash)) for name, record in facts.records.items() if name not in named
    )


def regridded(model: Model, record: ModelRecord | None, zone: str) -> bool:
    """Whether the model's intervals were cut otherwise when its table was made."""
    return record is not None and model.by_interval and (record.every, record.zone) != (model.every, zone)


def _grid(model: Model, facts: Facts, book: _Book) -> list[Span]:
    """The intervals of the model that are due, newest first: they span what its sources hold, and what it held before."""
    if not model.by_interval or model.every is None:
        return [WHOLE]
    span = facts.spans.get(model.name)
    kept = None if regridded(model, facts.records.get(model.name), facts.zone) else book.span(model.name)
    known = [each for each in (span, kept) if each is not None]
    start = facts.asked[0] or min((start for start, _ in known), default=None)
    end = facts.asked[1] or max((end for _, end in known), default=None)
    if start is None or end is None:
        return []
    due = facts.now - model.wait
    if model.open:
        due = max(due, following(floor(facts.now, model.every, facts.zone), model.every, facts.zone))
    return list(boundaries(model.every, facts.zone, start, min(end, due)))[::-1]


def _reasons(
    model: Model, span: Span, facts: Facts, book: _Book, reads: Sequence[str], ahead: Mapping[str, _Sums]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Why an interval is work, and what there is to say of it; no reasons for one that is up to date."""
    record = facts.records.get(model.name)
    if regridded(model, record, facts.zone):
        return (GRID,), ()
    start, _ = span
    row = book.row(model.name, start)
    if row is None or row.state == "new":
        return ("missing",), ()
    if row.state == "failed":
        return ("failed",), ()
    if row.state == "running":
        return (("running",) if row.run_id in facts.live else ("interrupted",)), ()
    reasons = ["table gone"] if model.name in facts.gone else []
    if _is_old_code(model, row, record, facts.wishes):
        reasons.append(CODE)
    changes = _changes(facts.then.get((model.name, start), {}), facts.prints.get((model.name, start), {}))
    reasons += dict.fromkeys(reason for reason, _ in changes)
    if facts.wishes.redo or facts.wishes.rebuild:
        reasons.append("redo")
    if not row.closed or _is_due_again(model, row, facts):
        reasons.append("due")
    moved = book.version(model, reads, span) != row.upstream_version
    moving = any(ahead[name].touching(*read_span(model, name, span)) for name in reads)
    if model.kind != "view" and (moved or moving):
        reasons.append(FOLLOWS)
    return tuple(reasons), tuple(note for _, note in changes)


def _is_old_code(model: Model, row: Interval, record: ModelRecord | None, wishes: Wishes) -> bool:
    if row.code_hash == model.code_hash or model.on_change == "forward" or wishes.forward:
        return False
    stays = record is not None and record.code_hash == model.code_hash and row.code_hash in record.accepted
    return not stays


def _is_due_again(model: Model, row: Interval, facts: Facts) -> bool:
    """A table with `every` and no `time` is made once each interval."""
    if model.by_interval or model.every is None or row.done_at is None:
        return False
    return floor(row.done_at, model.every, facts.zone) < floor(facts.now, model.every, facts.zone)


def _changes(then: Mapping[str, Print], now: Mapping[str, Print]) -> list[tuple[str, str]]:
    """What became of the sources since they were read: "late" (more rows), "deleted" (fewer) or "edited"."""
    found = []
    for source, after in now.items():
        before = then.get(source)
        if before is None or before == after:
            continue
        more = after.rows - before.rows
        table = source.partition(" ")[0]
        if more > 0:
            found.append(("late", f"+{more:,} row{'s' * (more > 1)} in {table}"))
        elif more < 0:
            found.append(("deleted", f"−{-more:,} row{'s' * (more < -1)} in {table}"))
        else:
            found.append(("edited", f"edited in {table}"))
    return found


class _Book:
    """The ledger's intervals, by model and start; and sums of versions over spans, by bisection."""

    def __init__(self, intervals: Sequence[Interval]) -> None:
        self._at = {(row.model, row.start): row for row in intervals}
        spans: dict[str, list[tuple[datetime, datetime, int]]] = {}
        for row in intervals:
            spans.setdefault(row.model, []).append((row.start, row.end, row.version))
        self._versions = {name: _Sums(found) for name, found in spans.items()}
        self._spans = {name: [(start, end) for start, end, _ in found] for name, found in spans.items()}

    def row(self, model: str, start: datetime) -> Interval | None:
        return self._at.get((model, start))

    def spans(self, model: str) -> Sequence[Span]:
        return self._spans.get(model, ())

    def span(self, model: str) -> Span | None:
        """From the first interval's start to the last one's end."""
        spans = self.spans(model)
        return (min(start for start, _ in spans), max(end for _, end in spans)) if spans else None

    def attempt(self, model: str, start: datetime) -> int:
        row = self.row(model, start)
        return row.attempt if row else 0

    def version(self, model: Model, reads: Sequence[str], span: Span) -> int:
        """The sum of the versions of what an interval reads of other models."""
        known = [name for name in reads if name in self._versions]
        return sum(self._versions[name].touching(*read_span(model, name, span)) for name in known)


class _Sums:
    """Numbers on spans of time, summed over the spans that touch another one."""

    def __init__(self, spans: Collection[tuple[datetime, datetime, int]]) -> None:
        by_start, by_end = sorted(spans), sorted((end, number) for _, end, number in spans)
        self._starts, self._ends = [start for start, _, _ in by_start], [end for end, _ in by_end]
        self._begun = [0, *accumulate(number for _, _, number in by_start)]
        self._over = [0, *accumulate(number for _, number in by_end)]

    def touching(self, start: datetime, end: datetime) -> int:
        """The sum over the spans that share a moment with [start, end): those begun before its end, less those over."""
        return self._begun[bisect_left(self._starts, end)] - self._over[bisect_right(self._ends, start)]
