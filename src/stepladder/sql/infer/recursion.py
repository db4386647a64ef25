"""WITH RECURSIVE: the order of its queries, the rules of a recursive one (42P19), its columns' types."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from stepladder.errors import DatatypeMismatch, ProgrammingError, SqlSyntaxError
from stepladder.sql.infer.catalog import catalog
from stepladder.sql.infer.coercion import coerce, common_type, resolved
from stepladder.sql.infer.context import Analysis, Scope, refuse, wrong
from stepladder.sql.infer.raw import Raw, strings
from stepladder.sql.infer.sources import cte_named
from stepladder.sql.infer.tree import (
    Aggregate,
    Cte,
    Expression,
    Query,
    RecursiveUnion,
    Reference,
    Select,
    Subquery,
    WindowCall,
    walk,
)
from stepladder.sql.infer.types import catalog_name
from stepladder.sql.types import Column, Type

Branch = Callable[[Analysis, Raw, Scope], Query]


def mentioned(node: Any, name: str) -> int:
    """How often a table called `name`, without a schema, stands in a raw tree."""
    return sum(each.get("relname") == name and not each.get("schemaname") for each in _tables(node))


def _tables(node: Any) -> Iterator[Raw]:
    if isinstance(node, Mapping):
        if "RangeVar" in node:
            yield node["RangeVar"]
        for child in node.values():
            yield from _tables(child)
    elif isinstance(node, Sequence) and not isinstance(node, str):
        for child in node:
            yield from _tables(child)


def in_order(ctes: Sequence[Raw]) -> list[Raw]:
    """The queries of WITH RECURSIVE, each behind those that it reads. Raises for two that read each other."""
    left, done = list(ctes), []
    while left:
        names = {each["ctename"] for each in left}
        ready = next(
            (
                each
                for each in left
                if not any(mentioned(each["ctequery"], name) for name in names - {each["ctename"]})
            ),
            None,
        )
        if ready is None:
            message = "mutual recursion between WITH items is not implemented"
            raise wrong(ProgrammingError, message, left[0].get("location"), sqlstate="0A000")
        left.remove(ready)
        done.append(ready)
    return done


def recursive_cte(analysis: Analysis, body: Raw, scope: Scope, branch: Branch) -> Cte:
    """A query that reads itself."""
    name, position = body["ctename"], body.get("location")
    for word in ("search_clause", "cycle_clause"):
        if word in body:
            what = f"{word.removesuffix('_clause').upper()} in WITH RECURSIVE"
            raise refuse(what, position, instead="carry the path as a column of your own")
    select = body["ctequery"].get("SelectStmt", {})
    _check_form(select, name, position)
    inner = Scope(scope)
    first = branch(analysis, select["larg"], inner)
    names = strings(body.get("aliascolnames"))
    columns = tuple(Column(each.name, resolved_type(each.type)) for each in first.columns)
    own = analysis.new_id()
    while True:
        found = Cte(id=own, name=name, query=_shape(columns), materialized=None)
        inner.ctes[name] = cte_named(found, names, position)
        again = branch(analysis, select["rarg"], inner)
        values = _values(again, columns, name)
        varying = _without_scales(columns, values)
        if varying == columns:
            break
        columns = varying
    del inner.ctes[name]
    first_id = analysis.new_id()
    query = RecursiveUnion(
        columns=columns,
        first=first,
        casts=tuple(_reference(each, first_id, place) for place, each in enumerate(columns)),
        first_id=first_id,
        again=_with_targets(again, values),
        all=bool(select.get("all")),
    )
    return cte_named(Cte(id=own, name=name, query=query, materialized=None), names, position)


def resolved_type(type_: Type) -> Type:
    """What is still unknown is text."""
    return Type("text") if type_.name == "unknown" else type_


def _shape(columns: tuple[Column, ...]) -> Query:
    return Query(columns=columns)


# -- the form
def _check_form(select: Raw, name: str, position: int | None) -> None:
    if select.get("op") != "SETOP_UNION" or mentioned(select["larg"], name):
        message = (
            f'recursive query "{name}" does not have the form non-recursive-term UNION [ALL] recursive-term'
        )
        if select.get("op") == "SETOP_UNION":
            message = f'recursive reference to query "{name}" must not appear within its non-recursive term'
        raise wrong(SqlSyntaxError, message, position, sqlstate="42P19")
    for word, what in (("sortClause", "ORDER BY"), ("limitOffset", "OFFSET"), ("limitCount", "LIMIT")):
        if word in select:
            message = f"{what} in a recursive query is not implemented"
            raise wrong(SqlSyntaxError, message, position, sqlstate="0A000")
    if select.get("withClause") or select["rarg"].get("withClause"):
        raise refuse("WITH inside a recursive query", position, instead="put it before the recursive one")
    if mentioned(select["rarg"], name) > 1:
        message = f'recursive reference to query "{name}" must not appear more than once'
        raise wrong(SqlSyntaxError, message, position, sqlstate="42P19")
    _check_place(select["rarg"], name, position)


def _check_place(term: Raw, name: str, position: int | None) -> None:
    """The reference stands in FROM, not in a subquery nor where an outer join adds NULLs."""
    op = term.get("op", "SETOP_NONE")
    if op != "SETOP_NONE":
        if op == "SETOP_UNION":
            raise refuse("a recursive term that is itself a UNION", position)
        message = f'recursive reference to query "{name}" must not appear within {op.removeprefix("SETOP_")}'
        raise wrong(SqlSyntaxError, message, position, sqlstate="42P19")
    if not mentioned(term.get("fromClause"), name):
        message = f'recursive reference to query "{name}" must not appear within a subquery'
        raise wrong(SqlSyntaxError, message, position, sqlstate="42P19")
    for source in term["fromClause"]:
        if mentioned(source, name):
            _check_join(source, name, position)
    for word in ("sortClause", "limitOffset", "limitCount", "limitOption", "distinctClause"):
        if word in term and term[word] != "LIMIT_OPTION_DEFAULT":
            raise refuse("ORDER BY, LIMIT or DISTINCT in a recursive term", position)


_OUTER = {"JOIN_LEFT": ("rarg",), "JOIN_RIGHT": ("larg",), "JOIN_FULL": ("larg", "rarg")}


def _check_join(source: Raw, name: str, position: int | None) -> None:
    if "RangeSubselect" in source:
        raise refuse("a recursive query read inside a subquery in FROM", position, instead="join it directly")
    if "JoinExpr" not in source:
        return
    join = source["JoinExpr"]
    for side in ("larg", "rarg"):
        if mentioned(join[side], name):
            if side in _OUTER.get(join.get("jointype", ""), ()):
                message = f'recursive reference to query "{name}" must not appear within an outer join'
                raise wrong(SqlSyntaxError, message, position, sqlstate="42P19")
            _check_join(join[side], name, position)


# -- types
def _values(again: Query, columns: Sequence[Column], name: str) -> tuple[Expression, ...]:
    """The recursive term's output in the types of the first term."""
    if not isinstance(again, Select):
        raise refuse("this recursive term", None)
    nodes = [node for target in again.targets for node in walk(target.value)]
    if again.grouped or any(isinstance(node, Aggregate) and not _below(again, node) for node in nodes):
        message = "aggregate functions are not allowed in a recursive query's recursive term"
        raise wrong(ProgrammingError, message, None, sqlstate="42P19")
    if any(isinstance(node, WindowCall) for node in nodes):
        raise refuse("a window function in a recursive term", nodes[0].position)
    if len(again.targets) != len(columns):
        message = "each UNION query must have the same number of columns"
        raise wrong(SqlSyntaxError, message, again.targets[0].value.position if again.targets else None)
    return tuple(
        _fitted(target.value, column, place, name)
        for place, (target, column) in enumerate(zip(again.targets, columns, strict=True), 1)
    )


def _below(query: Select, aggregate: Aggregate) -> bool:
    """Whether an aggregate stands in a subquery of the targets."""
    inside = (node for target in query.targets for node in walk(target.value) if isinstance(node, Subquery))
    return any(aggregate is node for each in inside for node in walk(each.query))


def _fitted(value: Expression, column: Column, place: int, name: str) -> Expression:
    probe = Reference(type=column.type, source=-1, place=place, name=column.name)
    overall = common_type((probe, value), "UNION")
    kept = overall.bare == column.type.bare and (overall.modified or not column.type.modified)
    if not kept:
        message = (
            f'recursive query "{name}" column {place} has type {column.type} in non-recursive term'
            f" but type {overall} overall"
        )
        raise wrong(DatatypeMismatch, message, value.position)
    if value.type.name != "unknown" and not catalog().path(
        catalog_name(value.type), catalog_name(column.type), 0
    ):
        raise wrong(
            DatatypeMismatch, f"UNION types {column.type} and {value.type} cannot be matched", value.position
        )
    return coerce(resolved(value) if column.type.name == "text" else value, column.type)


def _without_scales(columns: tuple[Column, ...], values: Sequence[Expression]) -> tuple[Column, ...]:
    """A numeric's scale holds for all rows only where the recursive term keeps it."""
    return tuple(
        replace(column, type=column.type.bare)
        if column.type.name == "numeric"
        and not column.type.modified
        and column.type.scale != value.type.scale
        else column
        for column, value in zip(columns, values, strict=True)
    )


def _reference(column: Column, source: int, place: int) -> Expression:
    return Reference(type=column.type, source=source, place=place, name=column.name)


def _with_targets(again: Query, values: Sequence[Expression]) -> Select:
    assert isinstance(again, Select)
    targets = tuple(replace(target, value=value) for target, value in zip(again.targets, values, strict=True))
    return replace(again, targets=targets, columns=tuple(Column(t.name, t.value.type) for t in targets))
