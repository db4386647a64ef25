"""ON CONFLICT: which key it is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stepladder.errors import ProgrammingError, SqlSyntaxError, UndefinedColumn, UndefinedObject
from stepladder.sql.definition import Index, Key
from stepladder.sql.expression_text import show
from stepladder.sql.infer.coercion import boolean, resolved
from stepladder.sql.infer.context import Analysis, Item, Scope, refuse, wrong
from stepladder.sql.infer.expressions import expression
from stepladder.sql.infer.raw import Raw
from stepladder.sql.infer.tree import Expression, Reference, TableSource


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
    parts, predicate = _inferred(analysis, infer, target, row)
    names = tuple(part.name for part in parts if isinstance(part, Reference))
    if len(names) == len(parts) and any(set(key) == set(names) for key in analysis.schema.keys(target.table)):
        return Arbiter(names)
    if any(_is_of(index, parts, predicate) for index in _indexes(analysis, target)):
        return Arbiter((), parts, predicate, row)
    if predicate is not None and any(_has_parts(index, parts) for index in _indexes(analysis, target)):
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


def _inferred(
    analysis: Analysis, infer: Raw, target: TableSource, row: int
) -> tuple[tuple[Expression, ...], Expression | None]:
    columns: list[tuple[str, Expression]] = [
        (column.name, Reference(type=column.type, source=row, place=place, name=column.name))
        for place, column in enumerate(target.columns)
    ]
    scope = Scope(items=[Item(target.table.name, columns)], clause="ON CONFLICT")
    parts = []
    for each in infer.get("indexElems", ()):
        element = each["IndexElem"]
        if element.get("collation") or element.get("opclass"):
            raise refuse(
                "ON CONFLICT with a collation or an operator class",
                infer.get("location"),
                instead="leave it out",
            )
        if "name" in element and all(name != element["name"] for name, _ in columns):
            message = f'column "{element["name"]}" does not exist'
            raise wrong(UndefinedColumn, message, infer.get("location"))
        raw = element.get("expr") or {"ColumnRef": {"fields": [{"String": {"sval": element["name"]}}]}}
        parts.append(resolved(expression(analysis, raw, scope)))
    if "whereClause" not in infer:
        return tuple(parts), None
    return tuple(parts), boolean(expression(analysis, infer["whereClause"], scope), "WHERE")


def _indexes(analysis: Analysis, target: TableSource) -> list[Index]:
    definition = analysis.schema.definition(target.table)
    return [index for index in definition.indexes if index.unique] if definition else []


def _is_of(index: Index, parts: Sequence[Expression], predicate: Expression | None) -> bool:
    """Whether it is the index that is meant; one without a condition serves any."""
    where = None if predicate is None else show(predicate)
    return _has_parts(index, parts) and index.where == where and index.other is None


def _has_parts(index: Index, parts: Sequence[Expression]) -> bool:
    return {part.sql for part in index.parts} == {show(part) for part in parts}
