"""What is known of the tables that models name: the target's, and the models' own, as they will be."""

from __future__ import annotations

from collections.abc import Sequence

from stepladder.db import Session, Table
from stepladder.errors import UndefinedTable
from stepladder.pipelines.model import is_model
from stepladder.sql import Column, Definition, Dependents, TableName


class Known:
    """The target's tables (none without a session), and the models as they will be."""

    def __init__(self, session: Session | None) -> None:
        self._session = session
        self._tables: dict[TableName, Table | None] = {}
        self.models: dict[str, tuple[Column, ...] | None] = {}

    def columns(self, table: TableName) -> Sequence[Column] | None:
        if is_model(table, self.models):
            return self.models[table.name]
        found = self._table(table)
        return None if found is None else found.columns

    def made(self, name: str) -> tuple[Column, ...] | None:
        """The columns that a model's table has in the target; None where it is not there."""
        found = self._table(TableName(None, name))
        return None if found is None else tuple(Column(each.name, each.type) for each in found.columns)

    def through(self, table: TableName) -> tuple[TableName, ...]:
        """What a view of the target reads; nothing for a table."""
        found = self._table(table)
        if self._session is None or found is None or "view" not in found.kind:
            return ()
        return self._session.view_reads(table.sql)

    def keys(self, table: TableName) -> Sequence[Sequence[str]]:
        if is_model(table, self.models):
            return ()
        found = self._table(table)
        return () if found is None else found.keys

    def definition(self, table: TableName) -> Definition | None:
        found = None if is_model(table, self.models) else self._table(table)
        return None if found is None else Definition(found.columns)

    def taken(self, name: TableName) -> bool:
        return self.columns(name) is not None

    def kind(self, name: TableName) -> str | None:
        if name.schema == "pg_temp":  # a run has no temporary table that a model could mean
            return None
        return None if self.columns(name) is None else "table"

    def dependents(self, table: TableName) -> Dependents:  # noqa: ARG002
        return Dependents()

    def relations(self, schema: str) -> Sequence[TableName]:  # noqa: ARG002
        return ()

    def _table(self, name: TableName) -> Table | None:
        if self._session is None:
            return None
        if name not in self._tables:
            try:
                self._tables[name] = self._session.table(name.sql)
            except UndefinedTable:
                self._tables[name] = None
        return self._tables[name]
