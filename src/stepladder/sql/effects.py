"""What a statement of DDL changes: the catalogue of types follows it."""

from __future__ import annotations

from dataclasses import dataclass

from stepladder.sql.definition import Definition, Index
from stepladder.sql.names import TableName
from stepladder.sql.sequences import NumberSequence
from stepladder.sql.types import Column


@dataclass(frozen=True, slots=True)
class Created:
    """A table is there now with this definition (a view: its columns only). It may have been there with another one."""

    table: TableName
    definition: Definition
    temporary: bool = False
    kind: str = "table"

    @property
    def columns(self) -> tuple[Column, ...]:
        """The table's columns."""
        return self.definition.columns


@dataclass(frozen=True, slots=True)
class Dropped:
    """A table is gone."""

    table: TableName


@dataclass(frozen=True, slots=True)
class Renamed:
    """A table has another name."""

    table: TableName
    new: TableName


@dataclass(frozen=True, slots=True)
class ColumnRenamed:
    """A column has another name."""

    table: TableName
    column: str
    new: str


@dataclass(frozen=True, slots=True)
class Indexed:
    """A table has one more index, unless there was one of that name and that is allowed."""

    table: TableName
    index: Index


@dataclass(frozen=True, slots=True)
class IndexDropped:
    """An index is gone."""

    index: TableName


@dataclass(frozen=True, slots=True)
class Commented:
    """A table has a comment, or one of its columns; None takes it away."""

    table: TableName
    column: str | None
    comment: str | None


@dataclass(frozen=True, slots=True)
class SequenceMade:
    """There is a sequence now."""

    table: TableName
    sequence: NumberSequence


@dataclass(frozen=True, slots=True)
class SequenceAltered:
    """A sequence is changed; `options` are those of ALTER SEQUENCE."""

    table: TableName
    options: tuple[tuple[str, int | str | bool | None], ...]


@dataclass(frozen=True, slots=True)
class SequenceDropped:
    """A sequence is gone."""

    table: TableName


@dataclass(frozen=True, slots=True)
class SchemaMade:
    """There is a schema now."""

    name: str


@dataclass(frozen=True, slots=True)
class SchemaDropped:
    """A schema is gone."""

    name: str


OfSchema = SchemaMade | SchemaDropped
OfSequence = SequenceMade | SequenceAltered | SequenceDropped
OfTable = Created | Dropped | Renamed | ColumnRenamed | Indexed | IndexDropped | Commented
Effect = OfTable | OfSequence | OfSchema
