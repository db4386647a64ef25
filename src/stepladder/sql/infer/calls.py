"""Calls of functions, aggregates and window functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from stepladder.errors import DatabaseError, GroupingError, ProgrammingError, UndefinedFunction
from stepladder.sql.infer.catalog import EXPLICIT, Choice, Procedure, catalog
from stepladder.sql.infer.coercion import boolean, coerce, resolved
from stepladder.sql.infer.context import INT8, TEXT, Analysis, Scope, refuse, wrong
from stepladder.sql.infer.named_arguments import in_place
from stepladder.sql.infer.operators import counted_row
from stepladder.sql.infer.raw import Raw, strings
from stepladder.sql.infer.scales import with_scale
from stepladder.sql.infer.tree import (
    Aggregate,
    Call,
    Cast,
    Constant,
    Expression,
    Frame,
    Order,
    Reference,
    Row,
    SetCall,
    WindowCall,
    walk,
)
from stepladder.sql.infer.types import catalog_name, from_catalog
from stepladder.sql.types import Column

Analyse = Callable[[Analysis, Raw, Scope], Expression]
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
_SETS = ("SELECT", "ORDER BY", "GROUP BY", "DISTINCT ON", "functions in FROM")
# nodes/parsenodes.h, FRAMEOPTION_*
_RANGE, _ROWS, _GROUPS, _NONDEFAULT = 0x2, 0x4, 0x8, 0x1
_EDGES = (
    (0x20, "start", "UNBOUNDED PRECEDING"),
    (0x200, "start", "CURRENT ROW"),
    (0x800, "start", "PRECEDING"),
    (0x2000, "start", "FOLLOWING"),
    (0x100, "end", "UNBOUNDED FOLLOWING"),
    (0x400, "end", "CURRENT ROW"),
    (0x1000, "end", "PRECEDING"),
    (0x4000, "end", "FOLLOWING"),
)
_EXCLUDED = ((0x8000, "CURRENT ROW"), (0x10000, "GROUP"), (0x20000, "TIES"))


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


def _aggregate(
    analysis: Analysis,
    body: Raw,
    scope: Scope,
    analyse: Analyse,
    choice: Choice,
    arguments: tuple[Expression, ...],
) -> Expression:
    if "over" in body:
        return _window(analysis, body, scope, analyse, choice, arguments)
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


def filter_of(analysis: Analysis, body: Raw, scope: Scope, analyse: Analyse) -> Expression | None:
    """FILTER's condition."""
    if "agg_filter" not in body:
        return None
    outer, scope.clause = scope.clause, "FILTER"
    found = boolean(analyse(analysis, body["agg_filter"], scope), "FILTER")
    scope.clause = outer
    return found


def _window(
    analysis: Analysis,
    body: Raw,
    scope: Scope,
    analyse: Analyse,
    choice: Choice,
    arguments: tuple[Expression, ...],
) -> Expression:
    position = body.get("location")
    if "over" not in body:
        message = f"window function {choice.name} requires an OVER clause"
        raise wrong(ProgrammingError, message, position, sqlstate="42809")
    if scope.clause not in ("SELECT", "ORDER BY", "DISTINCT ON"):
        message = f"window functions are not allowed in {scope.clause}"
        raise wrong(ProgrammingError, message, position, sqlstate="42P20")
    if body.get("agg_distinct") or body.get("agg_order"):
        raise refuse("DISTINCT or ORDER BY inside a window function", position)
    inside = [node for argument in arguments for node in walk(argument)]
    if any(isinstance(node, WindowCall) for node in inside):
        raise wrong(ProgrammingError, "window function calls cannot be nested", position, sqlstate="42P20")
    spec = _specification(body["over"], scope)
    return WindowCall(
        type=with_scale(choice.name, from_catalog(choice.result), arguments),
        position=position,
        name=choice.name,
        arguments=arguments,
        filter=filter_of(analysis, body, scope, analyse),
        partition=tuple(resolved(analyse(analysis, each, scope)) for each in spec.get("partitionClause", ())),
        order=orders(analysis, spec.get("orderClause"), scope, analyse),
        frame=_frame(analysis, spec, scope, analyse),
    )


def _specification(over: Raw, scope: Scope) -> Raw:
    """The window's parts, those of the named window that it builds on included."""
    name = over.get("name") or over.get("refname")
    if not name:
        return over
    base = scope.windows.get(name)
    if base is None:
        raise wrong(
            ProgrammingError, f'window "{name}" does not exist', over.get("location"), sqlstate="42704"
        )
    base = _specification({key: value for key, value in base.items() if key != "name"}, scope)
    if over.get("name"):
        return base
    return {**base, **{key: value for key, value in over.items() if key not in ("refname",)}}


def _frame(analysis: Analysis, spec: Raw, scope: Scope, analyse: Analyse) -> Frame | None:
    options = spec.get("frameOptions", 0)
    if not options & _NONDEFAULT:
        return None
    words: dict[str, str] = {side: word for bit, side, word in _EDGES if options & bit}
    mode = "ROWS" if options & _ROWS else "GROUPS" if options & _GROUPS else "RANGE"
    edges: dict[str, tuple[Expression | None, str]] = {}
    for side in ("start", "end"):
        raw = spec.get(f"{side}Offset")
        if raw is not None and mode == "RANGE":
            raise refuse("a RANGE frame with an offset", spec.get("location"))
        offset = None if raw is None else coerce(analyse(analysis, raw, scope), INT8, what="argument of ROWS")
        edges[side] = (offset, words[side])
    exclude = next((word for bit, word in _EXCLUDED if options & bit), None)
    return Frame(mode=mode, start=edges["start"], end=edges["end"], exclude=exclude)


def orders(analysis: Analysis, clause: Any, scope: Scope, analyse: Analyse) -> tuple[Order, ...]:
    """The keys of an ORDER BY inside a call or a window."""
    return tuple(
        order(resolved(analyse(analysis, each["SortBy"]["node"], scope)), each["SortBy"])
        for each in clause or ()
    )


def order(key: Expression, body: Raw) -> Order:
    """One key with its direction; NULLs are last unless the order is descending."""
    if body.get("sortby_dir") == "SORTBY_USING":
        raise refuse("ORDER BY … USING", body.get("location"))
    descending = body.get("sortby_dir") == "SORTBY_DESC"
    nulls = body.get("sortby_nulls", "SORTBY_NULLS_DEFAULT")
    first = descending if nulls == "SORTBY_NULLS_DEFAULT" else nulls == "SORTBY_NULLS_FIRST"
    return Order(key=key, descending=descending, nulls_first=first)


def _ordered_set(
    _: Analysis, body: Raw, __: Scope, ___: Analyse, choice: Choice, ____: tuple[Expression, ...]
) -> Expression:
    message = f"WITHIN GROUP is required for ordered-set aggregate {choice.name}"
    raise wrong(ProgrammingError, message, body.get("location"), sqlstate="42809")


_BY_KIND = {"f": _plain, "a": _aggregate, "w": _window, "o": _ordered_set, "h": _ordered_set}
