"""A schema that is known in advance, for the translator: a file as it will be, or nothing at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stepladder.sql.definition import Definition, Dependents
from stepladder.sql.names import TableName
from stepladder.sql.types import Column


class PlannedSchema:
    """Tables and views with the columns that they will have."""

    def __init__(self, known: Mapping[str, Sequence[Column]]) -> None:
        self.known = dict(known)

    def columns(self, table: TableName) -> Sequence[Column] | None:
        return self.known.get(table.stored_name)

    def keys(self, table: TableName) -> Sequence[Sequence[str]]:  # noqa: ARG002
        return ()

    def definition(self, table: TableName) -> Definition | None:  # noqa: ARG002
        return None

    def taken(self, name: TableName) -> bool:  # noqa: ARG002
        return False

    def kind(self, name: TableName) -> str | None:  # noqa: ARG002
        return None

    def dependents(self, table: TableName) -> Dependents:  # noqa: ARG002
        return Dependents()

    def relations(self, schema: str) -> Sequence[TableName]:  # noqa: ARG002
        return ()
