"""Expressions of tables' definitions in one form, whoever spelled them.

PostgreSQL tells a table's expressions from its own tree: `status IN ('a', 'b')` comes back as
`((status)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))`. The user's text and the
server's are both parsed and typed by the same rules, and printed from there. What has no rule keeps its text: it
then differs from everything that is spelled otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from stepladder.errors import DatabaseError, NotPortable
from stepladder.sql.expression_text import show, show_default
from stepladder.sql.infer.catalog import catalog
from stepladder.sql.infer.coercion import assign, resolved
from stepladder.sql.infer.context import Analysis, Item, Scope
from stepladder.sql.infer.expressions import expression
from stepladder.sql.infer.queries import query
from stepladder.sql.infer.tree import (
    Expression,
    Reference,
)
from stepladder.sql.infer.types import catalog_name
from stepladder.sql.parse import deep, parse_one
from stepladder.sql.planned_schema import PlannedSchema
from stepladder.sql.types import Column

_SOURCE = 0


def canonical(text: str, columns: Sequence[Column], *, renamed: Mapping[str, str] | None = None) -> str:
    """A condition or an expression over the table's own `columns`. `renamed`: columns that have another name now."""
    return _read(text, columns, lambda node: show(_called(resolved(node), renamed or {}))) or text


def canonical_default(text: str, column: Column) -> str | None:
    """A column's DEFAULT; None for NULL, which is no default."""
    if not _is_known(column):  # a foreign table's BOOLEAN, say
        return text.strip()
    return _read(text, (), lambda node: show_default(assign(node, column.type, column.name)))


def canonical_generated(
    text: str, column: Column, columns: Sequence[Column], *, renamed: Mapping[str, str] | None = None
) -> str:
    """What a column is generated from."""

    def shown(node: Expression) -> str:
        return show(_called(assign(node, column.type, column.name), renamed or {}))

    return (_read(text, columns, shown) if _is_known(column) else None) or text


def _read(text: str, columns: Sequence[Column], then: Callable[[Expression], str | None]) -> str | None:
    try:
        with deep():
            _, tree = parse_one(f"SELECT ({text})")
            raw = tree["SelectStmt"]["targetList"][0]["ResTarget"]["val"]
            return then(expression(Analysis(PlannedSchema({}), {}, (), query), raw, _row(columns)))
    except (DatabaseError, NotPortable):
        return text.strip()


def _row(columns: Sequence[Column]) -> Scope:
    known: list[tuple[str, Expression]] = [
        (column.name, Reference(type=column.type, source=_SOURCE, place=place, name=column.name))
        for place, column in enumerate(columns)
        if _is_known(column)
    ]
    return Scope(items=[Item(None, known)], clause="CHECK")


def _is_known(column: Column) -> bool:
    return catalog().has_type(catalog_name(column.type))


def _called(node: Any, renamed: Mapping[str, str]) -> Any:
    """The tree with its columns' new names."""
    if isinstance(node, tuple):
        return tuple(_called(each, renamed) for each in node)
    if isinstance(node, Reference):
        return replace(node, name=renamed.get(node.name, node.name))
    if not renamed or not isinstance(node, Expression):
        return node
    return replace(
        node, **{name: _called(getattr(node, name), renamed) for name in _inner(node) if name != "type"}
    )


def _inner(node: Expression) -> tuple[str, ...]:
    return tuple(type(node).__dataclass_fields__)
