"""Calls of aggregates over the rows of a group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from stepladder.errors import GroupingError, ProgrammingError, UndefinedFunction
from stepladder.sql.infer.catalog import Choice, catalog
from stepladder.sql.infer.context import TEXT, Analysis, Scope, refuse, wrong
from stepladder.sql.infer.ordering import Analyse, filter_of, orders
from stepladder.sql.infer.raw import Raw
from stepladder.sql.infer.scales import with_scale
from stepladder.sql.infer.tree import (
    Aggregate,
    Cast,
    Constant,
    Expression,
    Order,
    Reference,
    WindowCall,
    walk,
)
from stepladder.sql.infer.types import catalog_name, from_catalog
from stepladder.sql.infer.windows import window

_NO_AGGREGATES = (
    "WHERE",
    "GROUP BY",
    "JOIN conditions",
    "VALUES",
    "LIMIT",
    "RETURNING",
    "UPDATE",
    "FILTER",
    "FROM",
    "functions in FROM",
)


def aggregate(
    analysis: Analysis,
    body: Raw,
    scope: Scope,
    analyse: Analyse,
    choice: Choice,
    arguments: tuple[Expression, ...],
) -> Expression:
    """An aggregate, over a window where it has one."""
    if "over" in body:
        return window(analysis, body, scope, analyse, choice, arguments)
    position = body.get("location")
    refuse_nested(arguments, position)
    note_level(arguments, scope, position)
    order = orders(analysis, body.get("agg_order"), scope, analyse)
    order = tuple(replace(each, key=_as_argument(each.key, arguments)) for each in order)
    refuse_nested([each.key for each in order], position)
    distinct = bool(body.get("agg_distinct"))
    if distinct:
        _check_distinct(arguments, order, position)
    return Aggregate(
        type=with_scale(choice.name, from_catalog(choice.result), arguments),
        position=position,
        name=choice.name,
        arguments=arguments,
        distinct=distinct,
        filter=filter_of(analysis, body, scope, analyse),
        order=order,
    )


def _as_argument(key: Expression, arguments: Sequence[Expression]) -> Expression:
    """An argument that the key is but for an implicit cast: both are then one."""
    for argument in arguments:
        inner = argument
        while isinstance(inner, Cast) and not inner.explicit:
            inner = inner.argument
        if key in (argument, inner):
            return argument
    return key


def _check_distinct(arguments: Sequence[Expression], order: Sequence[Order], position: int | None) -> None:
    for key in order:
        if isinstance(key.key, Constant) and key.key.type == TEXT:
            raise refuse("a literal as a key beside DISTINCT", key.key.position, instead="leave it out")
        if key.key not in arguments:
            message = "in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list"
            raise wrong(ProgrammingError, message, key.key.position, sqlstate="42P10")
    for argument in arguments:
        if not catalog().orderable(catalog_name(argument.type)):
            message = f"could not identify an equality operator for type {argument.type.bare}"
            raise wrong(UndefinedFunction, message, position)


def refuse_nested(arguments: Sequence[Expression], position: int | None) -> None:
    """Raise GroupingError for an aggregate or a window function inside an aggregate."""
    for node in (node for argument in arguments for node in walk(argument)):
        if isinstance(node, Aggregate):
            raise wrong(GroupingError, "aggregate function calls cannot be nested", position)
        if isinstance(node, WindowCall):
            message = "aggregate function calls cannot contain window function calls"
            raise wrong(GroupingError, message, position)


def note_level(arguments: Sequence[Expression], scope: Scope, position: int | None) -> None:
    """An aggregate belongs to the innermost query whose columns it uses; there its clause must allow it."""
    references = {node.source for node in walk(tuple(arguments)) if isinstance(node, Reference)}
    level = next((each for each in scope.levels() if references & each.sources()), scope)
    if level.clause in _NO_AGGREGATES:
        raise wrong(GroupingError, f"aggregate functions are not allowed in {level.clause}", position)
    level.aggregated = level.aggregated or level is not scope
