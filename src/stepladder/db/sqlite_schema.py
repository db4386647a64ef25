"""What is known of a SQLite file's tables, and of its connection's temporary ones, until their schema changes."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

from stepladder.db import type_catalogue, type_catalogue_changes
from stepladder.db.catalog import dependents as catalog_dependents
from stepladder.db.catalog import sqlite as catalog_sqlite
from stepladder.db.catalog.values import Table, table_of
from stepladder.sql import (
    Column,
    Created,
    Definition,
    Dependents,
    Dropped,
    IndexDropped,
    OfTable,
    Renamed,
    TableName,
    altered,
    shown_name,
)

Stamp = tuple[
    int, int
]  # the schema's version, and that of the data where a foreign table's values were looked at


class SqliteSchema:
    """What the translator asks while a statement is translated. `stamp` is of the state that is known; None: nobody knows
    whether that is still so. `reads_foreign`: a table that Stepladder did not make is among what is known."""

    def __init__(self, raw: sqlite3.Connection) -> None:
        self._raw = raw
        self.stamp: Stamp | None = None
        self.reads_foreign = False
        self.temporary: dict[str, Created] = {}
        self._columns: dict[str, tuple[Column, ...]] = {}
        self._keys: dict[str, tuple[tuple[str, ...], ...]] = {}
        self._definitions: dict[str, Definition | None] = {}
        self._view_reads: catalog_dependents.Reads | None = None

    def forget(self) -> None:
        """What is known may not be so any more."""
        self._columns.clear()
        self._keys.clear()
        self._definitions.clear()
        self._view_reads = None

    def forget_rolled_back(self) -> None:
        """After a rollback SQLite counts its schema versions from the old number again: stamps lie."""
        there = {
            name for (name,) in self._raw.execute("SELECT name FROM sqlite_temp_schema WHERE type = 'table'")
        }
        self.temporary = {name: found for name, found in self.temporary.items() if name in there}
        self.forget()

    def _made(self, table: TableName) -> Created | None:
        """The temporary table of that name."""
        return self.temporary.get(table.name) if table.schema in (None, "pg_temp") else None

    def columns(self, table: TableName) -> tuple[Column, ...] | None:
        """The table's columns in order; None where there is no such table."""
        if made := self._made(table):
            return made.columns
        name = table.stored_name
        if name not in self._columns:
            known = type_catalogue.read(self._raw, name)
            if known is None:
                return None
            self._columns[name], foreign = known
            self.reads_foreign = self.reads_foreign or foreign
        return self._columns[name]

    def keys(self, table: TableName) -> tuple[tuple[str, ...], ...]:
        """The column names of each unique key, the primary key first."""
        name = table.stored_name
        if name not in self._keys:
            self._keys[name] = type_catalogue.keys(self._raw, name)
        return self._keys[name]

    def definition(self, table: TableName) -> Definition | None:
        """What CREATE TABLE has said of a table or view; None where there is none."""
        if made := self._made(table):
            return made.definition
        name = table.stored_name
        if name not in self._definitions:
            found = catalog_sqlite.definition(self._raw, name)
            self._definitions[name] = None if found is None else found[1]
        return self._definitions[name]

    def described(self, table: TableName) -> Table | None:
        """All that is known of a table or view; None where there is none."""
        shown = shown_name(table).sql
        if made := self._made(table):
            return table_of(shown, "table", made.definition, None)
        found = catalog_sqlite.definition(self._raw, table.stored_name)
        if found is None:
            return None
        kind, definition = found
        rows = catalog_sqlite.estimated_rows(self._raw, table.stored_name) if kind == "table" else None
        return table_of(shown, kind, definition, rows)

    def taken(self, name: TableName) -> bool:
        """Whether a table, an index or a constraint of the schema has the name."""
        return type_catalogue_changes.taken(self._raw, name)

    def kind(self, name: TableName) -> str | None:
        """What has that name: a table, a view, an index; None for nothing."""
        made = self._made(name)
        return made.kind if made else catalog_dependents.kind(self._raw, name)

    def relations(self, schema: str) -> tuple[TableName, ...] | None:
        """What is in a schema; None where there is no such schema."""
        return catalog_dependents.relations(self._raw, schema)

    def dependents(self, table: TableName) -> Dependents:
        """The views and foreign keys that need a table."""
        if not self._made(table):
            return catalog_dependents.dependents(self._raw, table, self._reads_of_views())
        keys = [
            (made.table, key)
            for made in self.temporary.values()
            for key in made.definition.foreign_keys
            if key.table == shown_name(table).sql
        ]
        hidden = TableName("pg_temp", table.name)
        found = catalog_dependents.dependents(self._raw, hidden, self._reads_of_views())
        return replace(found, foreign_keys=tuple(keys))

    def view_reads(self, view: TableName) -> tuple[TableName, ...]:
        """The tables and views that a view reads, through other views too."""
        return catalog_dependents.reached(view.stored_name, self._reads_of_views())

    def _reads_of_views(self) -> catalog_dependents.Reads:
        if self._view_reads is None:
            self._view_reads = catalog_dependents.view_reads(self._raw)
        return self._view_reads

    def note_temporary(self, effect: OfTable) -> bool:
        """Follow a change of a temporary table; whether it is one of them that has changed."""
        table = effect.index if isinstance(effect, IndexDropped) else effect.table
        name = table.name
        if isinstance(effect, Created) and effect.temporary:
            self.temporary[name] = effect
        elif self._made(table):
            found = self.temporary.pop(name)
            if isinstance(effect, Renamed):
                self.temporary[effect.new.name] = found
            elif isinstance(effect, Created):
                self.temporary[name] = replace(effect, temporary=True)
            elif not isinstance(effect, Dropped):
                self.temporary[name] = replace(found, definition=altered(found.definition, effect))
        else:
            return False
        self.forget_views()
        return True

    def forget_views(self) -> None:
        """The temporary tables have changed, and views may read them."""
        self._view_reads = None
