"""Set-returning functions in a SELECT's list: made functions in FROM, in lock step, behind what they are computed from.

PostgreSQL computes WHERE, GROUP BY and windows first, then the sets (unless they are grouped by), then DISTINCT,
ORDER BY and LIMIT.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from stepladder.errors import ProgrammingError
from stepladder.sql.infer.context import INT4, Analysis, refuse, wrong
from stepladder.sql.infer.row_functions import RECORD, sources_used
from stepladder.sql.infer.tree import (
    Aggregate,
    Case,
    Coalesce,
    Constant,
    Expression,
    FunctionSource,
    Parameter,
    Query,
    QuerySource,
    Reference,
    RowFunction,
    Select,
    SetCall,
    Target,
    WindowCall,
    children,
    leaves,
    level,
    mapped,
)
from stepladder.sql.types import Column

_CLOSED: dict[type, str] = {
    Case: "set-returning functions are not allowed in CASE",
    Coalesce: "set-returning functions are not allowed in COALESCE",
    Aggregate: "aggregate function calls cannot contain set-returning function calls",
    WindowCall: "window function calls cannot contain set-returning function calls",
}


def with_sets(analysis: Analysis, query: Select) -> Select:
    """The query with its set-returning functions in FROM."""
    shown = _shown(query)
    calls = _calls(shown)
    if not calls:
        return query
    for node in shown:
        _check(node, None)
    grouped = query.grouped or any(isinstance(each, WindowCall) for node in shown for each in level(node))
    first = _calls(query.group) if grouped else calls
    if first:
        query = _beside(analysis, query, first)
    return _outside(analysis, query) if _calls(_shown(query)) else query


def _shown(query: Select) -> list[Expression]:
    keys = [each.key for each in query.order]
    return [*(target.value for target in query.targets), *keys, *query.distinct_on, *query.group]


def _calls(nodes: Iterable[Expression]) -> list[SetCall]:
    found = (each for node in nodes for each in level(node) if isinstance(each, SetCall))
    return list(dict.fromkeys(found))


def _check(node: Any, closed: str | None) -> None:
    """Raise for a set where PostgreSQL allows none."""
    if isinstance(node, SetCall):
        if closed is not None:
            raise wrong(ProgrammingError, closed, node.position, sqlstate="0A000")
        if node.type == RECORD:
            raise refuse("a row as a value", node.position, instead=f"write {node.name} in FROM")
        if _calls(node.arguments):
            raise refuse(
                "a set-returning function within another", node.position, instead="write one in FROM"
            )
    for child in children(node):
        if not isinstance(child, Query):
            _check(child, _CLOSED.get(type(node), closed))


def _source(analysis: Analysis, calls: Sequence[SetCall], own: set[int]) -> FunctionSource:
    functions = tuple(RowFunction(call=call, columns=(Column(call.name, call.type),)) for call in calls)
    return FunctionSource(
        id=analysis.new_id(), functions=functions, ordinality=False, lateral=sources_used(calls, own)
    )


def _value(source: FunctionSource, place: int, call: SetCall) -> Reference:
    return Reference(type=call.type, position=call.position, source=source.id, place=place, name=call.name)


def _beside(analysis: Analysis, query: Select, calls: Sequence[SetCall]) -> Select:
    """The sets as one more source of the query itself."""
    own = {leaf.id for source in query.sources for leaf in leaves(source)}
    source = _source(analysis, calls, own)
    values = {call: _value(source, place, call) for place, call in enumerate(calls)}

    def change(node: Any) -> Any:
        if isinstance(node, SetCall):
            return values.get(node, node)
        return mapped(node, change)

    return replace(_changed(query, change), sources=(*query.sources, source))


def _changed(query: Select, change: Any) -> Select:
    having = None if query.having is None else change(query.having)
    return replace(
        query,
        targets=tuple(replace(target, value=change(target.value)) for target in query.targets),
        order=tuple(replace(each, key=change(each.key)) for each in query.order),
        distinct_on=tuple(map(change, query.distinct_on)),
        group=tuple(map(change, query.group)),
        sets=tuple(tuple(map(change, each)) for each in query.sets),
        having=having,
    )


def _outside(analysis: Analysis, query: Select) -> Select:
    """The sets behind a subquery that computes what they, and the rest of the list, are made of."""
    calls = _calls(_shown(query))
    inner_id = analysis.new_id()
    inner: dict[Expression, Reference] = {}

    def pulled(node: Any) -> Any:
        if isinstance(node, Constant | Parameter):
            return node
        if any(isinstance(each, SetCall) for each in level(node)):
            return mapped(node, pulled)
        if node not in inner:
            place = len(inner)
            inner[node] = Reference(type=node.type, source=inner_id, place=place, name=f"c{place + 1}")
        return replace(inner[node], position=node.position)

    source = _source(analysis, [pulled(call) for call in calls], {inner_id})
    values = {call: _value(source, place, call) for place, call in enumerate(calls)}

    def change(node: Any) -> Any:
        if isinstance(node, SetCall):
            return values[node]
        if any(isinstance(each, SetCall) for each in level(node)):
            return mapped(node, change)
        return pulled(node)

    whole = replace(query, group=(), sets=(), having=None)
    outer = _changed(whole, change)
    return replace(
        outer,
        sources=(QuerySource(id=inner_id, query=_computed(query, inner)), source),
        where=None,
        grouped=False,
    )


def _computed(query: Select, values: dict[Expression, Reference]) -> Select:
    targets = tuple(Target(name=value.name, value=node) for node, value in values.items())
    targets = targets or (Target(name="c1", value=Constant(type=INT4, value=1)),)
    return replace(
        query,
        columns=tuple(Column(target.name, target.value.type) for target in targets),
        with_=(),
        order=(),
        limit=None,
        offset=None,
        targets=targets,
        distinct=False,
        distinct_on=(),
    )
