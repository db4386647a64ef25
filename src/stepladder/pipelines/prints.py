"""What an interval's sources hold: read when it is run, and again when it is planned. A difference is work to do.

Upstream models are no sources: of these the versions are compared.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from stepladder.db import NOTHING, Parts, Print, Session
from stepladder.pipelines.bind import Bound
from stepladder.pipelines.grid import Span, held
from stepladder.pipelines.model import Model, is_model
from stepladder.sql import TableName, Window


@dataclass(frozen=True, slots=True)
class Source:
    """A table that a model reads and no model makes: all of it, or what its `window` sees of an interval. `type` is that
    of the window's column. `columns` are those that the model reads, all where unknown."""

    table: TableName
    columns: tuple[str, ...]
    window: Window | None = None
    type: str = ""

    @property
    def time(self) -> str | None:
        return None if self.window is None else self.window.column

    @property
    def name(self) -> str:
        """What the ledger calls it: it tells apart two windows on one table."""
        if self.window is None:
            return self.table.sql
        return f"{self.table.sql} {self.window.column} {self.window.before} {self.window.after}"

    def edges(self, span: Span, zone: str) -> tuple[dt.date, dt.date]:
        """Where its part of an interval begins and ends, as the column's values are."""
        assert self.window is not None
        start, end = (held(each, self.type, zone, self.window.zone) for each in span)
        return self.window.around(start, end)


def sources(session: Session, bound: Bound, models: Mapping[str, Model]) -> tuple[Source, ...]:
    """The sources whose change makes intervals of the model stale."""
    model = bound.model
    found = []
    for window in model.windows:
        if not _is_made(window.table, models):
            types = {column.name: column.type.name for column in session.columns(window.table.sql)}
            read = _read(session, bound, window.table)
            type_ = types.get(window.column, "")
            found.append(Source(window.table, read, window, type_))
    for table in model.whole if model.every is None else model.watch:
        if not _is_made(table, models):
            found.append(Source(table, _read(session, bound, table)))
    return tuple({source.name: source for source in found}.values())


def unwatched(bound: Bound, models: Mapping[str, Model]) -> tuple[TableName, ...]:
    """The tables that an interval model reads whole: their change makes no interval stale."""
    model = bound.model
    if model.every is None:
        return ()
    return tuple(table for table in model.whole if table not in model.watch and not is_model(table, models))


def _is_made(table: TableName, models: Mapping[str, Model]) -> bool:
    # A view's rows change when its sources do, and it has no version that says so.
    return is_model(table, models) and models[table.name].kind != "view"


def _read(session: Session, bound: Bound, table: TableName) -> tuple[str, ...]:
    read = None if bound.read is None else bound.read.get(table)
    return tuple(column.name for column in session.columns(table.sql) if read is None or column.name in read)


Asked = Sequence[tuple[Source, Span]]


def take(session: Session, asked: Asked, zone: str) -> dict[tuple[Source, Span], Print]:
    """The print of each source's part of each interval: one scan of a table for all of its parts."""
    by_scan: dict[tuple[object, ...], list[tuple[Source, Span]]] = {}
    for source, span in dict.fromkeys(asked):
        scan = source.table, source.columns, source.time, source.type
        by_scan.setdefault(scan, []).append((source, span))
    found: dict[tuple[Source, Span], Print] = {}
    for each in by_scan.values():
        found |= _scan(session, each, zone)
    return found


def _scan(session: Session, asked: Asked, zone: str) -> dict[tuple[Source, Span], Print]:
    source = asked[0][0]
    if source.time is None:
        (whole,) = session.prints(Parts(source.table, source.columns))
        return dict.fromkeys(asked, whole)
    spans = {each: each[0].edges(each[1], zone) for each in asked}
    edges = sorted({edge for span in spans.values() for edge in span})
    if len(edges) < 2:  # an interval within one day of a source that has dates
        return dict.fromkeys(asked, NOTHING)
    parts = session.prints(Parts(source.table, source.columns, source.time, edges))
    summed = {edges[0]: NOTHING}
    for (before, edge), part in zip(pairwise(edges), parts, strict=True):
        summed[edge] = summed[before] + part
    return {each: summed[end] - summed[start] for each, (start, end) in spans.items()}
