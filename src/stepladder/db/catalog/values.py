"""What the catalogue says of a table, as a value that is equal for equal tables on both engines."""

from __future__ import annotations

from dataclasses import dataclass, field

from stepladder.sql import Check, Definition, ForeignKey, Index, Key, TableColumn


@dataclass(frozen=True, slots=True)
class Table:
    """A table or view.

    Types are PostgreSQL's. Expressions (defaults, checks, indexes over expressions, predicates) are PostgreSQL's SQL in
    one form for both engines. Constraints and indexes are in the order of their names, which count: on SQLite they have
    the names that PostgreSQL gives. `kind` is "table", "view", "materialized view", "partitioned table" or "foreign
    table"; of a view the columns are told, not the query. `estimated_rows`, None where nobody knows, does not count
    when two tables are compared. `others` are constraints of kinds that SQLite has not, in PostgreSQL's words.
    """

    name: str
    columns: tuple[TableColumn, ...]
    kind: str = "table"
    primary_key: Key | None = None
    unique: tuple[Key, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    checks: tuple[Check, ...] = ()
    indexes: tuple[Index, ...] = ()
    others: tuple[str, ...] = ()
    comment: str | None = None
    keys: tuple[tuple[str, ...], ...] = ()
    estimated_rows: int | None = field(default=None, compare=False)


def table_of(name: str, kind: str, definition: Definition, rows: int | None) -> Table:
    """The value for a table of this name and definition."""
    found = definition.in_order()
    return Table(
        name=name,
        columns=found.columns,
        kind=kind,
        primary_key=found.primary_key,
        unique=found.unique,
        foreign_keys=found.foreign_keys,
        checks=found.checks,
        indexes=found.indexes,
        others=found.others,
        comment=found.comment,
        keys=found.keys,
        estimated_rows=rows,
    )
