"""For your own tests: one model over the rows that you give it, and the rows that come out.

import stepladder as sl

def test_a_visit_is_one_session():
    events = [{"user_id": "ada", "event_timestamp": "2026-03-01 10:00+01"}]
    rows = sl.testing.run_model("sessions", given={"user_events": events}, start="2026-03-01", end="2026-03-02")
    assert rows.one().total_events == 1
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path

from stepladder.config import Project, nearest, require_project, resolve_target
from stepladder.db import Database, Rows, connect
from stepladder.errors import UsageError
from stepladder.pipelines import (
    Model,
    Moment,
    Trial,
    instant,
    live_columns,
    prototype,
    read_models,
    scratch_for,
)
from stepladder.sql import Type, parse_name, parse_type

__all__ = ["run_model"]


def run_model(
    name: str,
    *,
    given: Mapping[str, object],
    types: Mapping[str, Mapping[str, str]] | None = None,
    start: Moment = None,
    end: Moment = None,
    now: Moment = None,
    project: str | Path | None = None,
    target: str | None = None,
) -> Rows:
    """The table that a model makes of `given`, by its key: table's name → rows, as `db.load` takes them.

    A column's type is that of `types` (table → column → type), else the live table's, of `target`, or of the project's
    default target where that is a SQLite file, else what the values say: text for a str.

    It is run from `start` to `end` (days of the project's zone, or instants) as `stepladder run` would, interval by
    interval, its checks and its key included. On SQLite in memory; with a `target` that is a server, there, in a schema
    that nobody sees and that is rolled back. `project` is its folder (default: the current one or above it). Raises what
    the run ends with: CheckFailed, DatabaseError, RunFailed; UsageError, ModelError.
    """
    found = require_project(None if project is None else Path(project))
    models = {model.name: model for model in read_models(found)}
    if name not in models:
        raise UsageError(
            f"there is no model {name!r}.{nearest(name, models)} There are: {', '.join(models)}."
        )
    first, last, present = (
        None if moment is None else instant(moment, found.timezone) for moment in (start, end, now)
    )
    typed = {
        table: {column: parse_type(text) for column, text in columns.items()}
        for table, columns in (types or {}).items()
    }
    place = prototype(found) if target is None else resolve_target(target, found)
    if place is not None and place.is_sqlite and not (place.path and place.path.exists()):
        place = None  # a file is asked for its types only
    with connect(place, read_only=place.is_sqlite) if place else nullcontext() as db:
        return _run(found, models[name], given, typed, (first, last, present), db)


def _run(
    project: Project,
    model: Model,
    given: Mapping[str, object],
    types: Mapping[str, Mapping[str, Type]],
    moments: tuple[dt.datetime | None, dt.datetime | None, dt.datetime | None],
    db: Database | None,
) -> Rows:
    live = live_columns(db)
    for table in given:
        live(parse_name(table))  # known before scratch space has this thread's only transaction
    schemas = frozenset(table.schema for table in model.reads if table.schema)
    with scratch_for(db, schemas) as side:
        trial = Trial(side, project, model, live, zone=project.timezone, file=str(model.path))
        for table, rows in given.items():
            trial.load(table, rows, types.get(table, {}))
        trial.run(*moments)
        return trial.rows()
