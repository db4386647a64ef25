"""ON CONFLICT: which key it is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from stepladder.errors import ProgrammingError, SqlSyntaxError, UndefinedColumn, UndefinedObject
from stepladder.sql.definition import Index, Key
from stepladder.sql.infer.coercion import boolean, resolved
from stepladder.sql.infer.context import Analysis, Item, Scope, refuse, wrong
from stepladder.sql.infer.expressions import expression
from stepladder.sql.infer.raw import Raw
from stepladder.sql.infer.tree import Cast, Expression, Reference, TableSource, mapped
from stepladder.sql.parse import parsed_expression


@dataclass(frozen=True, slots=True)
class Arbiter:
    """The key that rows are compared by: of columns (none: any key); or an index over expressions, or of some rows only,
    by its `parts` and `predicate` over the source `row`."""

    columns: tuple[str, ...] = ()
    parts: tuple[Expression, ...] = ()
    predicate: Expression | None = None
    row: int = 0


def arbiter(analysis: Analysis, clause: Raw, target: TableSource) -> Arbiter:
    """What stands behind ON CONFLICT. Raises ProgrammingError's classes."""
    infer = clause.get("infer")
    if not infer:
        if clause["action"] == "ONCONFLICT_UPDATE":
            message = "ON CONFLICT DO UPDATE requires inference specification or constraint name"
            raise wrong(SqlSyntaxError, message, clause.get("location"))
        return Arbiter()
    if infer.get("conname"):
        return Arbiter(_of_constraint(analysis, infer["conname"], target, clause.get("location")))
    row = analysis.new_id()
    scope = _row_scope(target, row)
    parts, predicate = _inferred(analysis, infer, scope)
    names = tuple(part.name for part in parts if isinstance(part, Reference))
    if len(names) == len(parts) and any(set(key) == set(names) for key in analysis.schema.keys(target.table)):
        return Arbiter(names)
    indexes = [_read(analysis, index, scope) for index in _indexes(analysis, target)]
    alike = [[] if where is None else [where] for found, where in indexes if _are_the_same(found, parts)]
    if any(_are_the_same(where, [] if predicate is None else [predicate]) for where in alike):
        return Arbiter((), parts, predicate, row)
    if predicate is not None and alike:
        raise refuse(
            "ON CONFLICT … WHERE in other words than the index's",
            infer.get("location"),
            instead="write the index's condition as CREATE INDEX has it",
        )
    message = "there is no unique or exclusion constraint matching the ON CONFLICT specification"
    raise wrong(ProgrammingError, message, clause.get("location"), sqlstate="42P10")


def _of_constraint(
    analysis: Analysis, name: str, target: TableSource, position: int | None
) -> tuple[str, ...]:
    definition = analysis.schema.definition(target.table)
    if definition is not None:
        keys: list[Key] = [*([definition.primary_key] if definition.primary_key else []), *definition.unique]
        for key in keys:
            if key.name == name:
                return key.columns
        if name in (each.name for each in definition.checks) or name in (
            each.name for each in definition.foreign_keys
        ):
            message = "constraint in ON CONFLICT clause has no associated index"
            raise wrong(ProgrammingError, message, position, sqlstate="42809")
    message = f'constraint "{name}" for table "{target.table.name}" does not exist'
    raise wrong(UndefinedObject, message, position)


def _row_scope(target: TableSource, row: int) -> Scope:
    columns: list[tuple[str, Expression]] = [
        (column.name, Reference(type=column.type, source=row, place=place, name=column.name))
        for place, column in enumerate(target.columns)
    ]
    return Scope(items=[Item(target.table.name, columns)], clause="ON CONFLICT")


def _inferred(
    analysis: Analysis, infer: Raw, scope: Scope
) -> tuple[tuple[Expression, ...], Expression | None]:
    names = {name for item in scope.items for name, _ in item.columns}
    parts = []
    for each in infer.get("indexElems", ()):
        element = each["IndexElem"]
        if element.get("collation") or element.get("opclass"):
            raise refuse(
                "ON CONFLICT with a collation or an operator class",
                infer.get("location"),
                instead="leave it out",
            )
        if "name" in element and element["name"] not in names:
            message = f'column "{element["name"]}" does not exist'
            raise wrong(UndefinedColumn, message, infer.get("location"))
        raw = element.get("expr") or {"ColumnRef": {"fields": [{"String": {"sval": element["name"]}}]}}
        parts.append(resolved(expression(analysis, raw, scope)))
    if "whereClause" not in infer:
        return tuple(parts), None
    return tuple(parts), boolean(expression(analysis, infer["whereClause"], scope), "WHERE")


def _indexes(analysis: Analysis, target: TableSource) -> list[Index]:
    definition = analysis.schema.definition(target.table)
    found = definition.indexes if definition else ()
    return [index for index in found if index.unique and index.other is None]


def _read(analysis: Analysis, index: Index, scope: Scope) -> tuple[tuple[Expression, ...], Expression | None]:
    """What an index is over, and its condition."""
    parts = tuple(resolved(expression(analysis, parsed_expression(part.sql), scope)) for part in index.parts)
    if index.where is None:
        return parts, None
    return parts, boolean(expression(analysis, parsed_expression(index.where), scope), "WHERE")


def _are_the_same(one: Sequence[Expression], other: Sequence[Expression]) -> bool:
    """Whether they are, in whatever order."""
    first, second = list(map(_unspelled, one)), list(map(_unspelled, other))
    return all(each in second for each in first) and all(each in first for each in second)


def _unspelled(node: Any) -> Any:
    """An expression whose casts do not tell whether they were written: an index's text writes every one."""
    plain = mapped(node, _unspelled)
    return replace(plain, explicit=False) if isinstance(plain, Cast) else plain
