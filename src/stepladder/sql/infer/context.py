"""What analysis carries along: the schema, the parameters' types, scopes, and how it refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Protocol

from stepladder.errors import DatabaseError, NotPortable
from stepladder.sql.definition import Definition, Dependents
from stepladder.sql.infer.raw import Raw
from stepladder.sql.infer.tree import Cte, Expression, Query, Reference, walk
from stepladder.sql.names import TableName
from stepladder.sql.types import Column, Type

BOOL, TEXT, INT4, INT8, NUMERIC, UNKNOWN = map(Type, ("bool", "text", "int4", "int8", "numeric", "unknown"))


class Schema(Protocol):
    """What is known of the tables."""

    def columns(self, table: TableName) -> Sequence[Column] | None:
        """The columns of a table or view; None where there is no such table."""

    def keys(self, table: TableName) -> Sequence[Sequence[str]]:
        """The unique keys of a table, the primary one first."""

    def definition(self, table: TableName) -> Definition | None:
        """What CREATE TABLE has said of a table; None where there is no such table."""

    def taken(self, name: TableName) -> bool:
        """Whether a table, an index or a constraint of its schema has that name."""

    def kind(self, name: TableName) -> str | None:
        """What has that name: a table, a view, an index, a sequence; None for nothing."""

    def dependents(self, table: TableName) -> Dependents:
        """What depends on a table or view, directly."""

    def relations(self, schema: str) -> Sequence[TableName] | None:
        """The tables, views and sequences of a schema; None where there is no such schema."""


@dataclass(slots=True)
class Item:
    """One thing that FROM puts in sight: a name, and columns that stand for expressions."""

    alias: str | None
    columns: list[tuple[str, Expression]]
    in_sight: bool = True  # its columns without their table's name, and `*`
    by_name: bool = True
    key: tuple[str, ...] = ()
    row: Expression | None = None  # what its bare name means, where that is a value
    nullable: bool = False  # an outer join may make its row NULL
    marker: Expression | None = None  # a column that is NULL only then
    is_table: bool = False  # which has PostgreSQL's system columns too

    def sources(self) -> set[int]:
        """The sources that its columns are of."""
        return {
            node.source for _, value in self.columns for node in walk(value) if isinstance(node, Reference)
        }


@dataclass(slots=True)
class Scope:
    """One query's level of names; `parent` is the query around it."""

    parent: Scope | None = None
    items: list[Item] = field(default_factory=list)
    ctes: dict[str, Cte] = field(default_factory=dict)
    windows: dict[str, Raw] = field(default_factory=dict)
    clause: str = "SELECT"
    aggregated: bool = False  # by an aggregate in a subquery, over columns of this level
    merge_action: Reference | None = None  # what merge_action() is, in MERGE's RETURNING

    def levels(self) -> Iterator[Scope]:
        """This level, then those around it."""
        level: Scope | None = self
        while level is not None:
            yield level
            level = level.parent

    def sources(self) -> set[int]:
        """The sources of this level."""
        return {source for item in self.items for source in item.sources()}

    def cte(self, name: str) -> Cte | None:
        """The query of WITH that a table's name means here."""
        return next((level.ctes[name] for level in self.levels() if name in level.ctes), None)


@dataclass(slots=True)
class Analysis:
    """One statement's analysis."""

    schema: Schema
    parameters: Mapping[str, Type]
    names: Sequence[str]  # of $1, $2, …
    query: Callable[[Analysis, Raw, Scope], Query]
    write: Callable[[Analysis, Raw, Scope], Query] | None = None  # for a statement whose WITH may write
    text: str = ""  # the statement's
    _ids: Iterator[int] = field(default_factory=lambda: count(1))

    def new_id(self) -> int:
        """A number for a source, unique in the statement."""
        return next(self._ids)

    def parameter_type(self, body: Raw) -> Type:
        """The type of a ParamRef's value."""
        return self.parameters[self.names[body.get("number", 1) - 1]]


def wrong(
    kind: type[DatabaseError], message: str, position: int | None, *, sqlstate: str | None = None
) -> DatabaseError:
    """An error of the statement, at a place counted in bytes (the door turns it to characters of the user's text)."""
    return kind(message, position=position, sqlstate=sqlstate)


def refuse(what: str, position: int | None, *, why: str = "", instead: str = "") -> NotPortable:
    """A construct that has no rule."""
    return NotPortable(what, why=why, instead=instead, position=position)
