"""The table that a statement of DDL is about, and what such a statement becomes."""

from __future__ import annotations

from collections.abc import Sequence

from stepladder.errors import (
    DatabaseError,
    DuplicateTable,
    ProgrammingError,
    UndefinedTable,
    database_error,
)
from stepladder.sql.effects import Effect
from stepladder.sql.infer.context import Analysis, refuse, wrong
from stepladder.sql.infer.raw import Raw
from stepladder.sql.infer.sources import refuse_shadowed
from stepladder.sql.names import TableName
from stepladder.sql.types import Column

Defined = tuple[str, tuple[Effect, ...], bool]  # the text, its effects, whether it writes rows
NOTHING = "SELECT NULL WHERE 0"


def fault(sqlstate: str, message: str, position: int | None = None) -> DatabaseError:
    """PostgreSQL's error of that code."""
    return wrong(database_error(sqlstate), message, position, sqlstate=sqlstate)


def exists(analysis: Analysis, table: TableName, body: Raw, *, allowed: bool) -> bool:
    """Whether the table is there. Raises DuplicateTable where that is not allowed.

    A prototype need not make its schemas first: on SQLite a schema is there with its first table.
    """
    there = analysis.schema.kind(table) is not None
    if table.schema == "pg_temp" and not there:
        _refuse_hiding(analysis, table.name, body)
    if there and not allowed:
        raise wrong(DuplicateTable, f'relation "{table.sql}" already exists', body.get("location"))
    return there


def _refuse_hiding(analysis: Analysis, name: str, body: Raw) -> None:
    """A temporary view that reads a table would read a temporary one of that name from here on."""
    for view, _ in analysis.schema.dependents(TableName("public", name)).views:
        if view.schema == "pg_temp":
            raise refuse(
                f"a temporary table {name} that hides the one which the temporary view {view.name} reads",
                body.get("location"),
                instead="give it another name",
            )


def known(analysis: Analysis, table: TableName, body: Raw) -> Sequence[Column]:
    """The columns of the table. Raises UndefinedTable."""
    refuse_shadowed(analysis.schema, table, body.get("location"))
    columns = analysis.schema.columns(table)
    if columns is None:
        raise wrong(UndefinedTable, f'relation "{table.sql}" does not exist', body.get("location"))
    return columns


def refuse_twins(columns: Sequence[Column]) -> None:
    """Raise for two columns of one name; SQLite does not tell A from a."""
    names = [column.name for column in columns]
    folded = [name.lower() for name in names]
    for name in names:
        if names.count(name) > 1:
            raise wrong(ProgrammingError, f'column "{name}" specified more than once', None, sqlstate="42701")
        if folded.count(name.lower()) > 1:
            raise refuse(f"two columns whose names differ by case only: {name}", None)
