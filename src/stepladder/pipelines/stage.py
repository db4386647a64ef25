"""A model's new rows, in the temporary table `STAGE`.

`stage` makes them in one go. A model in Python may compute for long, and no transaction should wait for it: its
inputs are read (`read_inputs`), it is called (`produce`), its rows are staged (`stage_rows`), each on its own.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from stepladder.config import Project
from stepladder.db import Session, Table, Transaction
from stepladder.errors import Error, LoadError, RunFailed, UsageError
from stepladder.pipelines.bind import Bound, reads_dates
from stepladder.pipelines.calling import Inputs, ModelRun, Produced, call
from stepladder.pipelines.facts import edges
from stepladder.pipelines.grid import held
from stepladder.pipelines.known import Known
from stepladder.pipelines.model import Function, Model, Seed
from stepladder.pipelines.naming import shown
from stepladder.pipelines.output_types import output_columns
from stepladder.pipelines.seeds import seed_rows
from stepladder.sql import Column, Window, quote

STAGE = "stepladder_stage"


def stage(
    tx: Transaction, project: Project, bound: Bound, start: dt.datetime, end: dt.datetime, now: dt.datetime
) -> Table:
    """Make the rows of one interval, whatever the model is. Raises DatabaseError, LoadError, RunFailed."""
    body = bound.model.body
    if isinstance(body, Function):
        return stage_rows(
            tx, project, bound, produce(project, bound, read_inputs(tx, project, bound, start, end, now))
        )
    if isinstance(body, Seed):
        return _stage_seed(tx, project, bound.model, body)
    if bound.columns is None and bound.model.windows:  # since it was bound, what it reads may have been made
        bound = Bound(bound.model, None, reads_dates(bound.model, Known(tx)))
    # The line breaks that stand for the header come before the SELECT: the server's line numbers stay the file's.
    tx.execute(f"CREATE TEMP TABLE {STAGE} AS {body.sql}", model_values(project, bound, start, end, now))
    return tx.table(STAGE)


def model_values(
    project: Project, bound: Bound, start: dt.datetime, end: dt.datetime, now: dt.datetime
) -> dict[str, object]:
    """The values of the parameters that the model's SQL names, for one interval."""
    first, last = edges(start, end, project.timezone, by_date=bound.by_date)
    given = {"start": first, "end": last, "now": now, "zone": project.timezone}
    return {name: given[name] if name in given else project.vars[name] for name in bound.model.parameters}


def _stage_seed(tx: Transaction, project: Project, model: Model, body: Seed) -> Table:
    _create(tx, body.columns)
    try:
        tx.load(seed_rows(model.path), STAGE, mode="append")
    except LoadError as error:
        raise LoadError(f"{shown(model.path, project)}: {_of_rows(error)}") from error
    return tx.table(STAGE)


def _of_rows(error: Error) -> str:
    """What a load says, without the stage's name and the advice that is for loads."""
    lines = [line for line in error.message.splitlines() if not line.strip().startswith("Mend them")]
    return "\n".join(lines).replace(f"fit {STAGE}; nothing was loaded", "fit").replace(STAGE, "the model")


# -- Python: read, call, stage
def read_inputs(
    tx: Session, project: Project, bound: Bound, start: dt.datetime, end: dt.datetime, now: dt.datetime
) -> Inputs:
    """The frames that a model's function takes, of one interval, in one snapshot where `tx` is one; and the run."""
    model, body = bound.model, _function(bound.model)
    frames = {}
    for name, table in body.inputs:
        window = next((each for each in model.windows if each.table == table), None)
        where, values = _cut(tx, window, project, start, end) if window else ("", {})
        frames[name] = tx.frame(f"SELECT * FROM {table.sql}{where}", values, kind=body.frame)
    zone = ZoneInfo(project.timezone)
    run = ModelRun(
        start=start.astimezone(zone) if model.by_interval else None,
        end=end.astimezone(zone) if model.by_interval else None,
        now=now.astimezone(zone),
        target=bound.target,
        log=logging.getLogger(f"stepladder.model.{model.name}"),
        vars=project.vars,
    )
    return Inputs(frames, run)


def produce(project: Project, bound: Bound, inputs: Inputs) -> Produced:
    """Call a model's function. Nothing of a database is held meanwhile. Raises RunFailed."""
    return call(bound.model, _function(bound.model), inputs, project)


def stage_rows(tx: Transaction, project: Project, bound: Bound, produced: Produced) -> Table:
    """What a function gave, as the stage: its columns have the types of `columns`, else of the model's table, else the
    types that the rows themselves say. Raises RunFailed for what does not fit."""
    model, body = bound.model, _function(bound.model)
    place = f"{shown(model.path, project)}:{body.line}: {model.name}"
    try:
        _create(tx, output_columns(tx, model, body, produced.pieces))
        for piece in produced.pieces:
            tx.load(piece, STAGE, mode="append")
    except (LoadError, UsageError, RunFailed) as error:
        raise RunFailed(f"{place}: {_of_rows(error)}") from error
    return tx.table(STAGE)


def _function(model: Model) -> Function:
    assert isinstance(model.body, Function)
    return model.body


def _create(tx: Transaction, columns: Sequence[Column]) -> None:
    lines = ", ".join(f"{quote(column.name)} {column.type}" for column in columns)
    tx.execute(f"CREATE TEMP TABLE {STAGE} ({lines})")


def _cut(
    tx: Session, window: Window, project: Project, start: dt.datetime, end: dt.datetime
) -> tuple[str, dict[str, object]]:
    types = {column.name: column.type.name for column in tx.columns(window.table.sql)}
    if window.column not in types:
        raise RunFailed(
            f"{window.table.sql} has no column {window.column}, by which its rows are cut to the interval."
        )
    first, last = (held(each, types[window.column], project.timezone, window.zone) for each in (start, end))
    column = quote(window.column)
    return f" WHERE {column} >= :start AND {column} < :end", {"start": first, "end": last}
