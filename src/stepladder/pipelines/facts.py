"""Reads from a target what a plan needs to know of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from stepladder import ledger
from stepladder.config import Project
from stepladder.db import Database, Session
from stepladder.errors import ModelError
from stepladder.pipelines.grid import WHOLE, Span, floor, following, local_date, local_instant
from stepladder.pipelines.model import Model, is_model
from stepladder.pipelines.plan import Facts
from stepladder.sql import TableName, Window, parse_name, quote

Asked = tuple[dt.datetime | None, dt.datetime | None]


def read_facts(
    db: Database, project: Project, models: Sequence[Model], now: dt.datetime, *, asked: Asked, redo: bool
) -> Facts:
    """The facts of `models` (upstream first). Writes nothing, so the ledger may not be there yet."""
    spans = {} if None not in asked else spans_of(db, project, models, asked, now)
    known = db.steps_taken(ledger.PART) > 0
    records = ledger.models(db) if known else {}
    there = {parse_name(name) for name in db.tables()}
    return Facts(
        now=now,
        zone=project.timezone,
        spans=spans,
        records=records,
        intervals=ledger.intervals(db) if known else [],
        live=ledger.live_runs(db) if known else frozenset(),
        asked=asked,
        redo=redo,
        gone=frozenset(name for name in records if TableName(None, name) not in there),
    )


def spans_of(
    db: Session, project: Project, models: Sequence[Model], asked: Asked, now: dt.datetime
) -> Mapping[str, Span | None]:
    """For each interval model, from the day of its sources' oldest row to the end of the day of their newest."""
    found: dict[str, Span | None] = {}
    for model in models:
        if model.every is None:
            continue
        if not model.windows and not (model.start or asked[0]):
            raise ModelError(
                "no source is compared with :start and :end, so where its history begins is unknown. "
                'Write start = "2026-01-01" in the header, or run with --start and --end.',
                file=str(model.path),
            )
        parts = [span for window in model.windows if (span := _source_span(db, project, window, found, now))]
        if not parts:
            found[model.name] = (model.start, now) if model.start else None
            continue
        start = model.start or floor(min(start for start, _ in parts), model.every, project.timezone)
        newest = floor(max(end for _, end in parts), model.every, project.timezone)
        found[model.name] = (start, following(newest, model.every, project.timezone))
    return found


def _source_span(
    db: Session, project: Project, window: Window, models: Mapping[str, Span | None], now: dt.datetime
) -> Span | None:
    """The oldest and the newest instant of a window's column before now; for a model, its span but the last moment."""
    if is_model(window.table, models):
        span = models[window.table.name]
        return None if span is None else (span[0], span[1] - dt.timedelta(microseconds=1))
    types = {column.name: column.type.name for column in db.columns(window.table.sql)}
    # Sentinels such as 9999-12-31 and infinity are no data.
    first, last = edges(WHOLE[0], now, project.timezone, by_date=types.get(window.column) == "date")
    column = quote(window.column)
    oldest, newest = db.query(
        f"SELECT min({column}), max({column}) FROM {window.table.sql} WHERE {column} > :first AND {column} <= :last",
        first=first,
        last=last,
    ).one()
    if oldest is None:
        return None
    return _moment(oldest, project.timezone), _moment(newest, project.timezone)


def _moment(value: object, zone: str) -> dt.datetime:
    if isinstance(value, dt.datetime):
        return value if value.tzinfo else value.replace(tzinfo=dt.UTC)
    if isinstance(value, dt.date):
        return local_instant(value.isoformat(), zone)
    raise ModelError(f":start is compared with a column that holds {type(value).__name__}, which is no time.")


def edges(start: dt.datetime, end: dt.datetime, zone: str, *, by_date: bool) -> tuple[dt.date, dt.date]:
    """:start and :end as a model wants them: instants, or dates of the project's zone."""
    return (local_date(start, zone), local_date(end, zone)) if by_date else (start, end)
