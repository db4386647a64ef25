"""The proof: inputs into scratch space on both engines, the models in order, every row compared."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence
from contextlib import ExitStack

from stepladder.config import Project
from stepladder.db import Database, Side, postgres_side, sqlite_side
from stepladder.errors import ModelError, NotPortable, UsageError
from stepladder.pipelines import (
    Asked,
    Bound,
    Model,
    Selection,
    bind,
    in_order,
    plan_afresh,
    read_models,
    select,
    upstream,
)
from stepladder.prove.copying import copy, copy_seed
from stepladder.prove.inputs import narrowed, reading, sources
from stepladder.prove.proof import Input, ModelProof, Proof
from stepladder.prove.running import prove_model
from stepladder.prove.text_order import TextOrder, text_order

_UNMADE = ("failed", "refused", "not run")


class Watcher:
    """Told of everything as it happens; this one says nothing."""

    def copied(self, found: Input) -> None:
        """An input is in scratch space."""

    def begins(self, model: str, intervals: int) -> None:
        """A model is begun."""

    def interval(self) -> None:
        """One interval of it is compared."""

    def proved(self, found: ModelProof) -> None:
        """A model is done."""


def prove(
    origin: Database,
    target: Database,
    project: Project,
    *,
    names: Sequence[str] | Selection = (),
    asked: Asked = (None, None),
    now: dt.datetime | None = None,
    sample: int | None = None,
    watcher: Watcher | None = None,
) -> Proof:
    """Run the models of these names, and what they read, on SQLite and on `target`, over rows of `origin`.

    Nothing stays on either, and `origin` is only read. `asked` are instants; `sample` rows of each input instead of all.
    Raises UsageError, ModelError; ResourceError that names a missing right; ConnectionFailed.
    """
    began = time.monotonic()
    if target.target.is_sqlite:
        raise UsageError(
            f"--to {target.target} is SQLite: SQLite beside SQLite proves nothing. Name a PostgreSQL target, or "
            "postgresql+embedded:///folder. Nothing was run."
        )
    if sample is not None and sample < 1:
        raise UsageError(f"a sample has at least one row of each input, not {sample}.")
    watcher, now = watcher or Watcher(), now or dt.datetime.now(dt.UTC)
    chosen = select(in_order(read_models(project)), names)
    models = tuple(model for model in chosen if model.query is not None)
    seeds = tuple(model for model in chosen if model.kind == "seed")
    if not models:
        raise UsageError("none of these models is SQL, and only SQL is to be proved. Nothing was run.")
    schemas = frozenset(table.schema for model in models for table in model.reads if table.schema)
    with ExitStack() as stack:
        sides = (
            stack.enter_context(sqlite_side(schemas)),
            stack.enter_context(postgres_side(target, schemas)),
        )
        engines = (sides[0].session.server(), sides[1].session.server())
        order = text_order(sides[1].session)
        inputs = _copy(origin, project, models, seeds, sides, asked, now, sample, watcher)
        proofs = _Proving(project, models, sides, now, asked, watcher).all(order)
    others = [model.name for model in chosen if model not in (*models, *seeds)]
    notes: tuple[str, ...] = () if order.by_bytes else (order.meaning,)
    notes += (f"no SQL, so taken as {origin.target} has them: {', '.join(others)}",) if others else ()
    return Proof(
        str(origin.target),
        str(target.target),
        engines,
        order,
        inputs,
        proofs,
        notes,
        time.monotonic() - began,
    )


def _copy(
    origin: Database,
    project: Project,
    models: Sequence[Model],
    seeds: Sequence[Model],
    sides: Sequence[Side],
    asked: Asked,
    now: dt.datetime,
    sample: int | None,
    watcher: Watcher,
) -> tuple[Input, ...]:
    found = []
    for seed in seeds:
        found.append(Input(seed.name, copy_seed(seed, sides), "a seed of the project"))
        watcher.copied(found[-1])
    with origin.transaction(read_only=True, isolation="repeatable read") as snapshot:
        every = sources(snapshot, project, models, seeds, now)
        every = narrowed(every, bind((*seeds, *models), snapshot, project, strict=False))
        for source in every:
            read = reading(source, every, project, asked=asked, sample=sample)
            rows = copy(source, read, snapshot, sides)
            found.append(Input(source.name.sql, rows, read.words))
            watcher.copied(found[-1])
    return tuple(found)


class _Proving:
    """The models, one after the other: what one has made is there when the next one is bound."""

    def __init__(
        self,
        project: Project,
        models: Sequence[Model],
        sides: Sequence[Side],
        now: dt.datetime,
        asked: Asked,
        watcher: Watcher,
    ) -> None:
        self._project, self._models, self._sides, self._now = project, models, sides, now
        self._watcher = watcher
        self._named = {model.name for model in models}
        self._read = {name for model in models for name in upstream(model, self._named)}
        plan = plan_afresh(sides[0].session, project, models, now, asked=asked)
        self._work = {planned.name: planned.work for planned in plan.models}

    def all(self, order: TextOrder) -> tuple[ModelProof, ...]:
        done: dict[str, ModelProof] = {}
        for model in self._models:
            done[model.name] = found = self._one(model, done, order)
            self._watcher.proved(found)
        return tuple(done.values())

    def _one(self, model: Model, done: dict[str, ModelProof], order: TextOrder) -> ModelProof:
        reads = sorted(upstream(model, self._named))
        unmade = [name for name in reads if done[name].state in _UNMADE or done[name].said]
        if unmade:
            return ModelProof(
                model.name,
                "not run",
                notes=(f"It reads {', '.join(unmade)}, which could not be made on both sides.",),
            )
        work = self._work[model.name]
        self._watcher.begins(model.name, len(work))
        bound = self._bind(model)
        if isinstance(bound, ModelProof):
            return bound
        return prove_model(
            bound, work, self._sides, self._project, self._now, order,
            has_readers=model.name in self._read, on_interval=self._watcher.interval,
        )  # fmt: skip

    def _bind(self, model: Model) -> Bound | ModelProof:
        """The model against SQLite's scratch space, which types it; or the proof that SQLite is not given it."""
        try:
            return bind((model,), self._sides[0].session, self._project, strict=True)[0]
        except ModelError as error:
            if not isinstance(error.__cause__, NotPortable):
                raise
            return ModelProof(model.name, "refused", said=(("SQLite", error.message),))
