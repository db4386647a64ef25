"""Reads from a target what a plan needs to know of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from stepladder import ledger
from stepladder.config import Project
from stepladder.db import Database, Print, Session
from stepladder.errors import ModelError, UndefinedTable
from stepladder.ledger import Inputs, Interval
from stepladder.pipelines import prints
from stepladder.pipelines.bind import Bound
from stepladder.pipelines.grid import WHOLE, Span, floor, following, held, local_date, local_instant
from stepladder.pipelines.model import Model, is_model
from stepladder.pipelines.naming import shown
from stepladder.pipelines.plan import Facts, Wishes
from stepladder.sql import TableName, Window, parse_name, quote

Asked = tuple[dt.datetime | None, dt.datetime | None]


def read_facts(
    db: Database,
    project: Project,
    bound: Sequence[Bound],
    named: Mapping[str, Model],
    now: dt.datetime,
    *,
    asked: Asked,
    wishes: Wishes,
) -> Facts:
    """The facts of models (upstream first); `named` are all of the project. Writes nothing, so the ledger may not be there yet.

    The number of statements does not grow with that of intervals: each source is scanned once for all of them.
    """
    models = [each.model for each in bound]
    spans = {} if None not in asked else spans_of(db, project, models, asked, now)
    step = db.steps_taken(ledger.PART)
    records = ledger.models(db, step) if step else {}
    intervals = ledger.intervals(db, step) if step else []
    there = {parse_name(name) for name in db.tables()}
    compared = _compared(models, intervals, now, asked, wishes)
    return Facts(
        now=now,
        zone=project.timezone,
        spans=spans,
        records=records,
        intervals=intervals,
        live=ledger.live_runs(db) if step else frozenset(),
        asked=asked,
        wishes=wishes,
        gone=frozenset(name for name in records if TableName(None, name) not in there),
        then=ledger.inputs(db, [each.name for each in models]) if compared and step > 1 else {},
        prints=_prints(db, project, bound, named, compared),
    )


def _compared(
    models: Sequence[Model],
    intervals: Sequence[Interval],
    now: dt.datetime,
    asked: Asked,
    wishes: Wishes,
) -> Mapping[str, Sequence[Span]]:
    """The finished intervals of each model whose sources are looked at again."""
    found: dict[str, list[Span]] = {}
    named = {model.name: model for model in models}
    for row in intervals:
        model = named.get(row.model)
        if model is not None and row.state == "done" and _is_near(model, row, now, asked, wishes):
            found.setdefault(row.model, []).append((row.start, row.end))
    return found


def _is_near(model: Model, row: Interval, now: dt.datetime, asked: Asked, wishes: Wishes) -> bool:
    if not model.by_interval or wishes.deep or model.lookback == "all":
        return True
    start, end = asked
    if start is not None or end is not None:  # an explicit span is compared whole
        return (start is None or row.end > start) and (end is None or row.start < end)
    return row.end > now - model.lookback


def _prints(
    db: Session,
    project: Project,
    bound: Sequence[Bound],
    named: Mapping[str, Model],
    compared: Mapping[str, Sequence[Span]],
) -> Inputs:
    asked = [
        (each.model.name, source, span)
        for each in bound
        if each.model.name in compared
        for source in prints.sources(db, each, named)
        for span in compared[each.model.name]
    ]
    taken = prints.take(db, [(source, span) for _, source, span in asked], project.timezone)
    found: dict[tuple[str, dt.datetime], dict[str, Print]] = {}
    for name, source, span in asked:
        found.setdefault((name, span[0]), {})[source.name] = taken[source, span]
    return found


def spans_of(
    db: Session, project: Project, models: Sequence[Model], asked: Asked, now: dt.datetime
) -> Mapping[str, Span | None]:
    """For each interval model, from the day of its sources' oldest row to the end of the day of their newest. One that
    reads a model's table which is not made yet has none."""
    found: dict[str, Span | None] = {}
    for model in models:
        if model.every is None or not model.by_interval:
            continue
        if not model.windows and not (model.start or asked[0]):
            raise ModelError(
                "no source is compared with :start and :end, so where its history begins is unknown. "
                'Write start = "2026-01-01" in the header, or run with --start and --end.',
                file=shown(model.path, project),
                line=model.lines.get("every"),
            )
        try:
            parts = [
                span for window in model.windows if (span := _source_span(db, project, window, found, now))
            ]
        except UndefinedTable:
            continue
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
    type_ = types.get(window.column, "")
    first, last = (held(each, type_, project.timezone, window.zone) for each in (WHOLE[0], now))
    column = quote(window.column)
    rows = f"FROM {window.table.sql} WHERE {column} > :first AND {column} <= :last"
    oldest, newest = db.query(
        # Each by itself: SQLite reads one end of an index for one of them, and all of it for both.
        f"SELECT (SELECT min({column}) {rows}), (SELECT max({column}) {rows})",
        first=first,
        last=last,
    ).one()
    if oldest is None:
        return None
    return _moment(oldest, project.timezone, window), _moment(newest, project.timezone, window)


def _moment(value: object, zone: str, window: Window) -> dt.datetime:
    if isinstance(value, dt.datetime):
        return (
            value if value.tzinfo else value.replace(tzinfo=ZoneInfo(window.zone or "UTC")).astimezone(dt.UTC)
        )
    if isinstance(value, dt.date):
        return local_instant(value.isoformat(), zone)
    raise ModelError(f":start is compared with a column that holds {type(value).__name__}, which is no time.")


def edges(start: dt.datetime, end: dt.datetime, zone: str, *, by_date: bool) -> tuple[dt.date, dt.date]:
    """:start and :end as a model wants them: instants, or dates of the project's zone."""
    return (local_date(start, zone), local_date(end, zone)) if by_date else (start, end)
