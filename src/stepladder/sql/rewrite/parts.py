"""What SQLite runs before the statement proper, in one transaction with it."""

from __future__ import annotations

from dataclasses import dataclass

from stepladder.sql.names import TableName
from stepladder.sql.types import Type

Parameters = tuple[tuple[str, Type], ...]


@dataclass(frozen=True, slots=True)
class Earlier:
    """A part of a statement that SQLite runs by itself. Its rows, if any, go into the temporary table `into`, of so
    many `columns`, until the statement has ended."""

    sql: str
    parameters: Parameters = ()
    into: str | None = None
    columns: int = 0


@dataclass(frozen=True, slots=True)
class Redefined:
    """A table that keeps its rows and gets another text: `sql`, its CREATE TABLE, which holds no UNIQUE.

    The indexes of its UNIQUE constraints become indexes with a name: `unique` has the statement that would make each,
    by its columns. `primary` are the columns of the primary key that the text holds, unless it is SQLite's rowid.
    """

    table: TableName
    sql: str
    primary: tuple[str, ...]
    unique: tuple[tuple[tuple[str, ...], TableName, str], ...]


Part = Earlier | Redefined
