"""What adopting a file comes to, as values: each column's type with its reason, and whatever is in the way."""

from __future__ import annotations

from dataclasses import dataclass, field

from stepladder.adopt.readings import Reading, class_name
from stepladder.sql import Definition, Type

_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What cannot be adopted as it is. `row` is the rowid, or the key of a table WITHOUT ROWID; `count` how many values
    of the column are in the way for such a reason, this one included."""

    table: str
    column: str | None
    why: str
    instead: str
    row: str | None = None
    value: str | None = None
    count: int = 1

    @property
    def place(self) -> str:
        """`table.column, row 3`."""
        name = self.table if self.column is None else f"{self.table}.{self.column}"
        return name if self.row is None else f"{name}, row {self.row}"


@dataclass(frozen=True, slots=True)
class ColumnPlan:
    """A column and the type that it gets. `changes` says whether its values or its affinity do; `converted` how many
    values are written in another form, `lost` how many whole numbers had lost their last digits to a double before."""

    name: str
    declared: str
    reading: Reading
    not_null: bool
    converted: int = 0
    changes: bool = False
    generated: bool = False
    lost: int = 0

    @property
    def type(self) -> Type:
        """PostgreSQL's type."""
        return self.reading.type


@dataclass(frozen=True, slots=True)
class TablePlan:
    """A table and how it is rewritten: `sql` is its new CREATE TABLE.

    `rowid` is a name under which SQLite gives the row's number; None where there is none. `key` are the columns that
    tell a row without one. `numbered` is the column that SQLite numbers by itself.
    """

    name: str
    columns: tuple[ColumnPlan, ...]
    rows: int
    sql: str
    rowid: str | None
    key: tuple[str, ...]
    numbered: str | None = None
    notices: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether the stored form, or the affinity, of a column does."""
        return any(column.changes for column in self.columns)


@dataclass(frozen=True, slots=True)
class ViewPlan:
    """A view and what it becomes: `sql` is SQLite's, translated from PostgreSQL's, which `definition` is of."""

    name: str
    sql: str
    definition: Definition


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole file. `left` are tables that stay as they are."""

    tables: tuple[TablePlan, ...] = ()
    views: tuple[ViewPlan, ...] = ()
    obstacles: tuple[Obstacle, ...] = ()
    notices: tuple[str, ...] = field(default=())
    left: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """Rows of all the tables together."""
        return sum(table.rows for table in self.tables)


def shown(value: object) -> str:
    """A value as an obstacle shows it."""
    if isinstance(value, bytearray):
        return shown(value.decode(errors="backslashreplace"))
    text = (
        repr(value)
        if isinstance(value, str)
        else f"x'{value.hex()}'"
        if isinstance(value, bytes)
        else str(value)
    )
    kind = "" if isinstance(value, str | int | float) else f" ({class_name(value)})"
    return (text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…") + kind
