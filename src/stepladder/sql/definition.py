"""A table's definition as values: what CREATE TABLE, CREATE INDEX and COMMENT ON have said of it.

Every expression is SQL text in the one form of `stepladder.sql.canonical_text`, so that equal definitions are equal
values on both engines. What has no field is kept as PostgreSQL's own words in `other`: two things that differ
there never look equal.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from stepladder.sql.names import TableName, spelled
from stepladder.sql.types import Column

NAME_BYTES = 63


@dataclass(frozen=True, slots=True)
class TableColumn(Column):
    """A column of a table.

    `default` and `generated` (GENERATED ALWAYS AS … STORED) are SQL. `identity` is "always", "by default", "serial"
    or None. `collation` is one that was asked for by name.
    """

    default: str | None = None
    identity: str | None = None
    generated: str | None = None
    collation: str | None = None
    comment: str | None = None
    # On SQLite, of a numbered column that is not the key: the name of the sequence that its numbers come from.
    sequence: str | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Key:
    """A primary key or a UNIQUE constraint."""

    name: str
    columns: tuple[str, ...]
    other: str | None = None


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A foreign key; `table` is the name of the referenced table as SQL, the actions are PostgreSQL's words."""

    name: str
    columns: tuple[str, ...]
    table: str
    referenced: tuple[str, ...]
    on_delete: str = "NO ACTION"
    on_update: str = "NO ACTION"
    other: str | None = None


@dataclass(frozen=True, slots=True)
class Dependents:
    """What there would not be without a table: the views that read it, each with the columns that it reads of it, and
    other tables' foreign keys that refer to it."""

    views: tuple[tuple[TableName, frozenset[str]], ...] = ()
    foreign_keys: tuple[tuple[TableName, ForeignKey], ...] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """A CHECK constraint; `expression` is SQL."""

    name: str
    expression: str
    other: str | None = None


@dataclass(frozen=True, slots=True)
class IndexPart:
    """What an index is ordered by: a column's name or an expression, as SQL."""

    sql: str
    descending: bool = False
    nulls_first: bool = False


@dataclass(frozen=True, slots=True)
class Index:
    """An index that no constraint made; `where` is a partial one's predicate, as SQL."""

    name: str
    parts: tuple[IndexPart, ...]
    unique: bool = False
    where: str | None = None
    other: str | None = None


@dataclass(frozen=True, slots=True)
class Definition:
    """All that is known of a table but its name and kind. Constraints and indexes are in the order of their names.

    `query` is the CREATE VIEW of a view, as long as the names in it hold.
    """

    columns: tuple[TableColumn, ...] = ()
    primary_key: Key | None = None
    unique: tuple[Key, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    checks: tuple[Check, ...] = ()
    indexes: tuple[Index, ...] = ()
    others: tuple[str, ...] = ()
    comment: str | None = None
    query: str | None = None

    @property
    def keys(self) -> tuple[tuple[str, ...], ...]:
        """The columns of each unique key, the primary one first, those of plain unique indexes last."""
        constraints = [*([self.primary_key] if self.primary_key else []), *self.unique]
        plain = {name: column.name for column in self.columns for name in [as_part(column.name)]}
        indexes = [
            tuple(plain[part.sql] for part in index.parts)
            for index in self.indexes
            if index.unique and index.where is None and all(part.sql in plain for part in index.parts)
        ]
        return tuple(dict.fromkeys([*(key.columns for key in constraints), *indexes]))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all constraints and indexes."""
        keys = (self.primary_key,) if self.primary_key else ()
        return tuple(
            each.name for each in (*keys, *self.unique, *self.foreign_keys, *self.checks, *self.indexes)
        )

    def in_order(self) -> Definition:
        """The same with its constraints and indexes by name: the order in which they were made says nothing."""
        return replace(
            self,
            unique=tuple(sorted(self.unique, key=_name)),
            foreign_keys=tuple(sorted(self.foreign_keys, key=_name)),
            checks=tuple(sorted(self.checks, key=_name)),
            indexes=tuple(sorted(self.indexes, key=_name)),
            others=tuple(sorted(self.others)),
        )


def _name(part: Key | ForeignKey | Check | Index) -> str:
    return part.name


def as_part(column: str) -> str:
    """How an index part spells a column."""
    return spelled(column)


def shown_name(table: TableName) -> TableName:
    """A table's name as the catalogue tells it: the schema that every name is first looked for in is not said."""
    return TableName(None, table.name) if table.schema in ("public", "pg_temp") else table


def object_name(first: str, second: str | None, label: str, taken: Callable[[str], bool]) -> str:
    """The name that PostgreSQL gives to a constraint or index without one: `first_second_label`, cut to 63 bytes,
    with a number behind it where it is taken (ChooseRelationName, makeObjectName in indexcmds.c)."""
    number = 0
    while True:
        name = _fitted(first, second, label + (str(number) if number else ""))
        if not taken(name):
            return name
        number += 1


def joined(columns: tuple[str, ...]) -> str:
    """The columns' part of such a name."""
    text = ""
    for column in columns:
        text += ("_" if text else "") + column
        if len(text.encode()) >= NAME_BYTES + 1:
            break
    return text


def _fitted(first: str, second: str | None, label: str) -> str:
    """The longer of the two is cut first."""
    room = NAME_BYTES - len(label.encode()) - 1 - (1 if second is not None else 0)
    one, two = len(first.encode()), len((second or "").encode())
    while one + two > room:
        if one > two:
            one -= 1
        else:
            two -= 1
    parts = [_cut(first, one), *([_cut(second, two)] if second is not None else []), label]
    return "_".join(parts)


def _cut(text: str, size: int) -> str:
    return text.encode()[:size].decode(errors="ignore")
