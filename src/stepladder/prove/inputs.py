"""Which rows of the source go to both sides: of all tables that the models read, and are no models themselves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from stepladder.config import Project
from stepladder.db import Session, Table
from stepladder.errors import ModelError, UndefinedTable
from stepladder.pipelines import Asked, Bound, Model, edges, floor, is_model
from stepladder.sql import TableColumn, TableName, Window, quote

_NO_ORDER = ("json", "xml", "point", "polygon")


@dataclass(frozen=True, slots=True)
class Source:
    """A table to read. `time` is the column by which every model that reads it reads it, where there is one; `due` is
    where the last interval that is over ends. `needed` are the columns that models read, None where nobody knows."""

    name: TableName
    table: Table
    time: str | None
    due: dt.datetime
    needed: frozenset[str] | None = None

    @property
    def columns(self) -> tuple[TableColumn, ...]:
        """Those that are copied: what models read, and its key. A column of a type that SQLite cannot hold is in nobody's
        way where no model reads it."""
        if self.needed is None:
            return self.table.columns
        key = self.table.primary_key.columns if self.table.primary_key else ()
        wanted = {*self.needed, *key, self.time}
        return (
            tuple(column for column in self.table.columns if column.name in wanted) or self.table.columns[:1]
        )

    @property
    def by_date(self) -> bool:
        return any(column.name == self.time and column.type.name == "date" for column in self.table.columns)

    @property
    def order(self) -> tuple[str, ...]:
        """Columns by which its rows come in one order: its key, else all that have an order."""
        if self.table.keys:
            return self.table.keys[0]
        return tuple(column.name for column in self.table.columns if column.type.name not in _NO_ORDER)


@dataclass(frozen=True, slots=True)
class Reading:
    """A query on the source, its values, and what it reads in words."""

    sql: str
    values: dict[str, object]
    words: str


def sources(
    session: Session, project: Project, models: Sequence[Model], seeds: Sequence[Model], now: dt.datetime
) -> tuple[Source, ...]:
    """Every table that the models read, but what they and the seeds make. Raises ModelError for one that is not there."""
    named = {model.name for model in (*models, *seeds)}
    found: dict[TableName, Source] = {}
    for model in models:
        for name in model.reads:
            plain = TableName(None if name.schema == "public" else name.schema, name.name)
            if is_model(name, named) or plain in found:
                continue
            try:
                table = session.table(plain.sql)
            except UndefinedTable as error:
                raise ModelError(
                    f"{model.name} reads {name.sql}, which is neither a model nor a table of the source. Nothing was run.",
                    file=str(model.path.relative_to(project.folder)),
                ) from error
            readers = [each for each in models if any(_same(read, plain) for read in each.reads)]
            every = next((each.every for each in readers if each.every), None)
            due = floor(now, every, project.timezone) if every else now
            found[plain] = Source(plain, table, _time(readers, plain), due)
    return tuple(found.values())


def narrowed(found: Sequence[Source], bound: Sequence[Bound]) -> tuple[Source, ...]:
    """The inputs, of which only the columns that models read are needed."""
    return tuple(replace(source, needed=_needed(source.name, bound)) for source in found)


def _needed(table: TableName, bound: Sequence[Bound]) -> frozenset[str] | None:
    names: set[str] = set()
    for each in bound:
        if any(_same(read, table) for read in each.model.reads):
            if each.read is None:
                return None
            names.update(*(columns for name, columns in each.read.items() if _same(name, table)))
    return frozenset(names)


def _same(name: TableName, plain: TableName) -> bool:
    return name.name == plain.name and (
        name.schema == plain.schema or {name.schema, plain.schema} <= {None, "public"}
    )


def _time(readers: Iterable[Model], table: TableName) -> str | None:
    """The one column by which all of these read the table's span."""
    columns = {_window(reader, table) for reader in readers}
    return columns.pop() if len(columns) == 1 else None


def _window(reader: Model, table: TableName) -> str | None:
    """The column by which a model reads nothing but its own interval of a table."""
    if any(_same(each, table) for each in reader.whole):
        return None
    found = [window for window in reader.windows if _same(window.table, table)]
    exact = all(window == Window(window.table, window.column) for window in found)
    return found[0].column if found and exact else None


def reading(
    source: Source, every: Sequence[Source], project: Project, *, asked: Asked, sample: int | None
) -> Reading:
    """What to read of a source: its span, all of it, or a sample."""
    where, values, words = _span(source, project, asked)
    listed = ", ".join(quote(column.name) for column in source.columns)
    if sample is None:
        return Reading(f"SELECT {listed} FROM {source.name.sql}{where}", values, words)
    chosen = _sampled(source, every, project, asked, sample)
    return Reading(f"SELECT {listed} FROM ({chosen.sql}) AS chosen", chosen.values, chosen.words)


def _sampled(source: Source, every: Sequence[Source], project: Project, asked: Asked, sample: int) -> Reading:
    where, values, words = _span(source, project, asked)
    if source.time is None:
        return _referred(source, every, project, asked, sample)
    newest = _newest(source, project, where, values, sample)
    return Reading(newest, values, f"the newest {sample:,} by {source.time}{', ' + words if where else ''}")


def _span(source: Source, project: Project, asked: Asked) -> tuple[str, dict[str, object], str]:
    if source.time is None or asked == (None, None):
        return "", {}, "all rows"
    column, tests, words = quote(source.time), [], []
    values: dict[str, object] = {}
    first, last = (
        edges(edge or source.due, edge or source.due, project.timezone, by_date=source.by_date)[0]
        for edge in asked
    )
    if asked[0]:
        tests.append(f"{column} >= :first")
        values["first"] = first
        words.append(f"from {first}")
    if asked[1]:
        tests.append(f"{column} < :last")
        values["last"] = last
        words.append(f"before {last}")
    return f" WHERE {' AND '.join(tests)}", values, f"{source.time} {' and '.join(words)}"


def _newest(source: Source, project: Project, where: str, values: dict[str, object], sample: int) -> str:
    """The newest rows whose interval is over; among equals by the key."""
    assert source.time is not None
    edge = edges(source.due, source.due, project.timezone, by_date=source.by_date)[0]
    values["due"] = edge
    test = f"{quote(source.time)} < :due"
    order = ", ".join([f"{quote(source.time)} DESC", *(f"{quote(name)} DESC" for name in source.order)])
    whole = f"{where} AND {test}" if where else f" WHERE {test}"
    return f"SELECT * FROM {source.name.sql}{whole} ORDER BY {order} LIMIT {sample}"


def _referred(
    source: Source, every: Sequence[Source], project: Project, asked: Asked, sample: int
) -> Reading:
    """The rows that a sample of another input points to, then the first ones by the key."""
    name = source.name.sql
    tests: list[str] = []
    values: dict[str, object] = {}
    by: list[str] = []
    for child in every:
        for pairs in _links(child, source) if child.time is not None else ():
            where, given, _ = _span(child, project, asked)
            rows = _newest(child, project, where, given, sample)
            for word in list(given):  # each child's values under names of its own
                rows = rows.replace(f":{word}", f":{word}_{len(tests)}")
                values[f"{word}_{len(tests)}"] = given[word]
            match = " AND ".join(f"s{len(tests)}.{quote(here)} = t.{quote(there)}" for here, there in pairs)
            tests.append(f"EXISTS (SELECT 1 FROM ({rows}) s{len(tests)} WHERE {match})")
            by.append(f"{child.name.sql}.{', '.join(here for here, _ in pairs)}")
    order = ", ".join(f"t.{quote(column)}" for column in source.order) or "1"
    if not tests:
        first = f"the first {sample:,} by {', '.join(source.order)}"
        return Reading(f"SELECT t.* FROM {name} t ORDER BY {order} LIMIT {sample}", {}, first)
    pointed = " OR ".join(tests)
    sql = (
        f"WITH pointed AS (SELECT t.* FROM {name} t WHERE {pointed}),"
        f" others AS (SELECT t.* FROM {name} t WHERE NOT ({pointed}) ORDER BY {order} LIMIT {sample})"
        " SELECT * FROM pointed UNION ALL SELECT * FROM others"
    )
    return Reading(sql, values, f"all that {', '.join(dict.fromkeys(by))} points to, and {sample:,} others")


def _links(child: Source, parent: Source) -> list[list[tuple[str, str]]]:
    """Pairs of columns by which a child's rows point to a parent's: a foreign key, else a key of the same name."""
    declared = [
        list(zip(key.columns, key.referenced, strict=True))
        for key in child.table.foreign_keys
        if key.table == parent.table.name and child.name != parent.name
    ]
    if declared:
        return declared
    names = {column.name for column in child.table.columns}
    return [[(key[0], key[0])] for key in parent.table.keys[:1] if len(key) == 1 and key[0] in names]
