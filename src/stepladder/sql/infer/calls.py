"""Calls of functions, aggregates and window functions."""

from __future__ import annotations

from collections.abc import Sequence

from stepladder.errors import DatabaseError, ProgrammingError
from stepladder.sql.infer.aggregates import aggregate
from stepladder.sql.infer.catalog import EXPLICIT, Choice, Procedure, catalog
from stepladder.sql.infer.coercion import coerce, resolved
from stepladder.sql.infer.context import Analysis, Scope, refuse, wrong
from stepladder.sql.infer.named_arguments import in_place
from stepladder.sql.infer.operators import counted_row
from stepladder.sql.infer.ordering import Analyse
from stepladder.sql.infer.raw import Raw, strings
from stepladder.sql.infer.scales import with_scale
from stepladder.sql.infer.tree import (
    Call,
    Expression,
    Row,
    SetCall,
)
from stepladder.sql.infer.types import catalog_name, from_catalog
from stepladder.sql.infer.windows import window
from stepladder.sql.types import Column

_SETS = ("SELECT", "ORDER BY", "GROUP BY", "DISTINCT ON", "functions in FROM")


def call_function(analysis: Analysis, body: Raw, scope: Scope, analyse: Analyse) -> Expression:
    """A FuncCall node, as a function, an aggregate or a window function."""
    position = body.get("location")
    name = function_name(body)
    if body.get("func_variadic"):
        raise refuse("VARIADIC", position)
    nodes = _arguments(analysis, name, body, scope, analyse)
    if name == "count" and len(nodes) == 1 and isinstance(nodes[0], Row):
        nodes = counted_row(nodes[0], once=bool(body.get("agg_distinct")))
    choice = choose_function(name, nodes, position)
    if choice.procedure is None:
        return coerce(nodes[0], from_catalog(choice.result), EXPLICIT)
    arguments = tuple(
        resolved(node) if type_ in ("any", "unknown") else coerce(node, from_catalog(type_))
        for node, type_ in zip(nodes, choice.arguments, strict=True)
    )
    return _BY_KIND[choice.procedure.kind](analysis, body, scope, analyse, choice, arguments)


def _arguments(
    analysis: Analysis, name: str, body: Raw, scope: Scope, analyse: Analyse
) -> tuple[Expression, ...]:
    given: list[tuple[str | None, Expression]] = []
    for each in body.get("args", ()):
        named = each.get("NamedArgExpr")
        raw = named["arg"] if named else each
        given.append((named["name"] if named else None, analyse(analysis, raw, scope)))
    if any(word for word, _ in given):
        return in_place(name, given, body.get("location"))
    return tuple(node for _, node in given)


def function_name(body: Raw) -> str:
    """The name that a FuncCall node has."""
    names = strings(body["funcname"])
    if len(names) > 1 and names[0] != "pg_catalog":
        raise refuse(f"the function {'.'.join(names)}", body.get("location"))
    return names[-1]


def choose_function(name: str, nodes: Sequence[Expression], position: int | None) -> Choice:
    """The function that PostgreSQL chooses. Its error carries the place."""
    try:
        return catalog().function(name, [catalog_name(node.type) for node in nodes])
    except DatabaseError as error:
        raise wrong(type(error), error.message, position, sqlstate=error.sqlstate) from error


def _plain(
    _: Analysis, body: Raw, scope: Scope, __: Analyse, choice: Choice, arguments: tuple[Expression, ...]
) -> Expression:
    position = body.get("location")
    procedure = choice.procedure
    assert procedure is not None
    for word in ("over", "agg_filter", "agg_distinct", "agg_star"):
        if body.get(word):
            message = f"{choice.name} is not an aggregate function, nor a window function"
            raise wrong(ProgrammingError, message, position, sqlstate="42809")
    if procedure.returns_set:
        return _set(procedure, scope, choice, arguments, position)
    volatile = procedure.volatility == "v"
    type_ = with_scale(choice.name, from_catalog(choice.result), arguments)
    return Call(type=type_, position=position, name=choice.name, arguments=arguments, volatile=volatile)


def _set(
    procedure: Procedure,
    scope: Scope,
    choice: Choice,
    arguments: tuple[Expression, ...],
    position: int | None,
) -> SetCall:
    if scope.clause not in _SETS:
        message = f"set-returning functions are not allowed in {scope.clause}"
        raise wrong(ProgrammingError, message, position, sqlstate="0A000")
    columns = tuple(Column(name, from_catalog(type_)) for name, type_ in procedure.outputs)
    type_ = from_catalog(choice.result)
    return SetCall(type=type_, position=position, name=choice.name, arguments=arguments, columns=columns)


def _ordered_set(
    _: Analysis, body: Raw, __: Scope, ___: Analyse, choice: Choice, ____: tuple[Expression, ...]
) -> Expression:
    message = f"WITHIN GROUP is required for ordered-set aggregate {choice.name}"
    raise wrong(ProgrammingError, message, body.get("location"), sqlstate="42809")


_BY_KIND = {"f": _plain, "a": aggregate, "w": window, "o": _ordered_set, "h": _ordered_set}
