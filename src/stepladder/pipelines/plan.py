"""What there is to do: facts in, work with reasons out. Pure: nothing is read or written here."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate

from stepladder.errors import ConfigError
from stepladder.ledger import Interval, ModelRecord
from stepladder.pipelines.graph import upstream
from stepladder.pipelines.grid import WHOLE, Span, boundaries
from stepladder.pipelines.model import Model

FOLLOWS = "upstream"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a target: the span of the data that each model reads, and what the ledger holds.

    `asked` is an explicit span, compared whole. `live` are the ids of runs that still work. `gone` are the models
    whose table the ledger knows and the target has not.
    """

    now: datetime
    zone: str
    spans: Mapping[str, Span | None]
    records: Mapping[str, ModelRecord]
    intervals: Sequence[Interval]
    live: frozenset[str] = frozenset()
    asked: tuple[datetime | None, datetime | None] = (None, None)
    redo: bool = False
    gone: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Work:
    """One interval to run. `attempt` is the ledger's number when it was planned; 0 for an interval not yet seen."""

    model: str
    start: datetime
    end: datetime
    attempt: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ModelPlan:
    """The work of one model, oldest first, and how many intervals of its span are up to date."""

    name: str
    kind: str
    work: tuple[Work, ...]
    up_to_date: int


@dataclass(frozen=True, slots=True)
class Plan:
    """The work of a project, upstream models first."""

    now: datetime
    models: tuple[ModelPlan, ...]

    @property
    def work(self) -> tuple[Work, ...]:
        return tuple(work for model in self.models for work in model.work)


def plan(models: Sequence[Model], facts: Facts) -> Plan:
    """The work that brings `models` (in order) up to date. Raises ConfigError where a grid has changed."""
    named = {model.name: model for model in models}
    book = _Book(facts.intervals)
    planned: dict[str, tuple[Work, ...]] = {}
    found = []
    for model in models:
        _refuse_new_grid(model, facts)
        reads = sorted(upstream(model, named))
        ahead = _Sums([(work.start, work.end, 1) for name in reads for work in planned.get(name, ())])
        spans = _grid(model, facts)
        work = tuple(
            Work(model.name, start, end, book.attempt(model.name, start), reasons)
            for start, end in spans
            if (reasons := _reasons(model, start, end, facts, book, reads, ahead))
        )
        planned[model.name] = work
        found.append(ModelPlan(model.name, model.kind, work, len(spans) - len(work)))
    return Plan(facts.now, tuple(found))


def _grid(model: Model, facts: Facts) -> list[Span]:
    if model.every is None:
        return [WHOLE]
    span = facts.spans.get(model.name)
    start = facts.asked[0] or (span and span[0])
    end = facts.asked[1] or (span and span[1])
    if start is None or end is None:
        return []
    return list(boundaries(model.every, facts.zone, start, min(end, facts.now)))


def _reasons(
    model: Model,
    start: datetime,
    end: datetime,
    facts: Facts,
    book: _Book,
    reads: Sequence[str],
    ahead: _Sums,
) -> tuple[str, ...]:
    row = book.row(model.name, start)
    if row is None or row.state == "new":
        return ("missing",)
    if row.state == "failed":
        return ("failed",)
    if row.state == "running":
        return ("running",) if row.run_id in facts.live else ("interrupted",)
    reasons = ["table gone"] if model.name in facts.gone else []
    if row.code_hash != model.code_hash:
        reasons.append("code")
    if facts.redo:
        reasons.append("redo")
    if model.every is None and len(reads) < len(model.reads):
        reasons.append("read whole")
    moved = book.version(reads, start, end) != row.upstream_version
    if moved or ahead.touching(start, end):
        reasons.append(FOLLOWS)
    return tuple(reasons)


def _refuse_new_grid(model: Model, facts: Facts) -> None:
    record = facts.records.get(model.name)
    if record is None or (model.every is None and record.every is None):
        return
    if (record.every, record.zone) != (model.every, facts.zone):
        raise ConfigError(
            f"{model.name} was made with every = {record.every!r} in the zone {record.zone}; now it is every = {model.every!r} in "
            f"{facts.zone}. Nothing was written. Make it anew: stepladder drop {model.name}, then stepladder run."
        )


class _Book:
    """The ledger's intervals, by model and start; and sums of versions over spans, by bisection."""

    def __init__(self, intervals: Sequence[Interval]) -> None:
        self._at = {(row.model, row.start): row for row in intervals}
        spans: dict[str, list[tuple[datetime, datetime, int]]] = {}
        for row in intervals:
            spans.setdefault(row.model, []).append((row.start, row.end, row.version))
        self._versions = {name: _Sums(found) for name, found in spans.items()}

    def row(self, model: str, start: datetime) -> Interval | None:
        return self._at.get((model, start))

    def attempt(self, model: str, start: datetime) -> int:
        row = self.row(model, start)
        return row.attempt if row else 0

    def version(self, models: Sequence[str], start: datetime, end: datetime) -> int:
        return sum(self._versions[name].touching(start, end) for name in models if name in self._versions)


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
