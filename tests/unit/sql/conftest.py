"""A SQLite connection with the translator in front of it, as the db floor has it, in a few lines."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from stepladder.db import type_catalogue_changes
from stepladder.db.catalog import dependents
from stepladder.db.redefining import redefine
from stepladder.db.sequences import Sequences
from stepladder.sql import (
    AGGREGATES,
    COLLATIONS,
    SCALARS,
    Column,
    Created,
    Definition,
    Dependents,
    Dropped,
    Earlier,
    Effect,
    IndexDropped,
    OfSchema,
    OfSequence,
    Part,
    Redefined,
    Renamed,
    TableColumn,
    TableName,
    TooManyDigits,
    Translation,
    altered,
    decoder,
    encoder,
    translate,
    type_of,
)


@dataclass
class Result:
    """What a statement gave."""

    columns: tuple[Column, ...]
    rows: list[tuple[Any, ...]]

    @property
    def value(self) -> Any:
        ((found,),) = self.rows
        return found


class Lite:
    """An empty SQLite database; it is the translator's schema too."""

    def __init__(self) -> None:
        self.raw = sqlite3.connect(":memory:", isolation_level=None)
        self.raw.execute("PRAGMA foreign_keys = ON")
        self.tables: dict[str, tuple[Column, ...]] = {}
        self.raised: BaseException | None = None
        for scalar in SCALARS:
            self.raw.create_function(
                scalar.name, scalar.arity, self._keeping(scalar.function), deterministic=True
            )
        for aggregate in AGGREGATES:
            methods = [
                name for name in ("step", "finalize", "inverse", "value") if hasattr(aggregate.factory, name)
            ]
            kept = type(
                "Kept",
                (aggregate.factory,),
                {m: self._keeping(getattr(aggregate.factory, m)) for m in methods},
            )
            if "inverse" in methods:
                self.raw.create_window_function(aggregate.name, aggregate.arity, kept)
            else:
                self.raw.create_aggregate(aggregate.name, aggregate.arity, kept)
        for collation in COLLATIONS:
            self.raw.create_collation(collation.name, collation.compare)
        self.raw.create_function("pg_now", 0, lambda: self.now)
        for name, arity, function in Sequences(self.raw).functions():
            self.raw.create_function(name, arity, self._keeping(function))
        self.now = ""

    def _keeping(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def kept(*arguments: Any) -> Any:
            try:
                return function(*arguments)
            except BaseException as error:
                self.raised = error
                raise

        return kept

    def columns(self, table: TableName) -> Sequence[Column] | None:
        return self.tables.get(table.stored_name)

    def keys(self, table: TableName) -> Sequence[Sequence[str]]:
        info = self.raw.execute(f"PRAGMA table_info({table.sqlite})").fetchall()
        found = [[row[1] for row in sorted(info, key=lambda row: row[5]) if row[5]]]
        for _, index, unique, *_ in self.raw.execute(f"PRAGMA index_list({table.sqlite})").fetchall():
            if unique:
                found.append([row[2] for row in self.raw.execute(f'PRAGMA index_info("{index}")')])
        return [key for key in found if key]

    def definition(self, table: TableName) -> Definition | None:
        found = self.columns(table)
        return None if found is None else Definition(tuple(as_table_column(each) for each in found))

    def taken(self, name: TableName) -> bool:
        found = self.raw.execute("SELECT 1 FROM sqlite_schema WHERE name = ?", (name.stored_name,))
        return found.fetchone() is not None

    def kind(self, name: TableName) -> str | None:
        return dependents.kind(self.raw, name)

    def dependents(self, table: TableName) -> Dependents:
        return dependents.dependents(self.raw, table, dependents.view_reads(self.raw))

    def relations(self, schema: str) -> Sequence[TableName] | None:
        return dependents.relations(self.raw, schema)

    def run(self, sql: str, /, **values: Any) -> Result:
        translation = translate(sql, self, {name: type_of(value) for name, value in values.items()})
        arguments = self._arguments(translation, values)
        self.raised = None
        self.now = datetime.now(UTC).isoformat(sep=" ")
        try:
            rows = self._rows(sql, translation, arguments, values)
        except sqlite3.Error:
            if self.raised is not None:
                raise self.raised from None
            raise
        for effect in translation.effects:
            self._follow(effect)
        decoders = [decoder(column.type) for column in translation.columns]
        return Result(
            translation.columns, [_decoded(row, decoders) for row in rows] if translation.columns else []
        )

    def _run_part(self, part: Part, values: dict[str, Any]) -> None:
        if isinstance(part, Redefined):
            redefine(self.raw, part)
            return
        rows = self.raw.execute(part.sql, self._arguments(part, values)).fetchall()
        if part.into is not None:
            self.raw.execute(f"DROP TABLE IF EXISTS temp.{part.into}")
            names = ", ".join(f"c{place}" for place in range(1, part.columns + 1))
            self.raw.execute(f"CREATE TEMP TABLE {part.into} ({names})")
            marks = ", ".join("?" * part.columns)
            self.raw.executemany(f"INSERT INTO temp.{part.into} VALUES ({marks})", rows)

    @staticmethod
    def _arguments(translation: Translation | Earlier, values: dict[str, Any]) -> list[Any]:
        encoders = [(values[name], encoder(type_)) for name, type_ in translation.parameters]
        return [value if encode is None or value is None else encode(value) for value, encode in encoders]

    def _rows(
        self, sql: str, translation: Translation, arguments: list[Any], values: dict[str, Any]
    ) -> list[Any]:
        for part in translation.before:
            self._run_part(part, values)
        try:
            return self.raw.execute(translation.sql, arguments).fetchall()
        except sqlite3.Error as error:
            if translation.lowered and (
                isinstance(self.raised, TooManyDigits) or str(error) == "integer overflow"
            ):
                self.raised = None
                types = {name: type_of(value) for name, value in values.items()}
                decimals = translate(sql, self, types, lowers=False)
                return self.raw.execute(decimals.sql, self._arguments(decimals, values)).fetchall()
            raise

    def translated(self, sql: str) -> str:
        """SQLite's text of a statement without parameters."""
        return translate(sql, self, {}).sql

    def _follow(self, effect: Effect) -> None:
        if isinstance(effect, OfSequence | OfSchema):
            type_catalogue_changes.follow(self.raw, effect, type_catalogue_changes.Before())
            return
        if isinstance(effect, IndexDropped):
            return
        name = effect.table.stored_name
        before = self.tables.pop(name, ())
        if isinstance(effect, Created):
            self.tables[name] = effect.columns
        elif isinstance(effect, Renamed):
            self.tables[effect.new.stored_name] = before
        elif not isinstance(effect, Dropped):
            columns = tuple(TableColumn(each.name, each.type, each.not_null) for each in before)
            self.tables[name] = altered(Definition(columns), effect).columns


def as_table_column(column: Column) -> TableColumn:
    if isinstance(column, TableColumn):
        return column
    return TableColumn(column.name, column.type, column.not_null)


def _decoded(row: Sequence[Any], decoders: Sequence[Callable[[Any], Any] | None]) -> tuple[Any, ...]:
    return tuple(
        value if value is None or decode is None else decode(value)
        for value, decode in zip(row, decoders, strict=True)
    )


@pytest.fixture
def lite() -> Lite:
    return Lite()
