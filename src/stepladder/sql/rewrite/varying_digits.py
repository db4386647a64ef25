"""Numerics whose scale varies from row to row, where equal ones become one: GROUP BY, DISTINCT, UNION.

1.0 and 1.00 are equal, and PostgreSQL leaves open which one is shown. Where all values of a group have the same
digits there is nothing to leave open: `pg_same_digits` shows them, and refuses two spellings when they meet.
"""

from __future__ import annotations

from dataclasses import replace

from stepladder.sql.infer.context import refuse
from stepladder.sql.infer.scales import same_digits
from stepladder.sql.infer.tree import (
    Aggregate,
    Expression,
    Query,
    QuerySource,
    Reference,
    Select,
    SetOperation,
    Target,
    walk,
)
from stepladder.sql.rewrite.grouping_sets import substituted
from stepladder.sql.rewrite.printer import Printer


def with_same_digits(printer: Printer, query: Query) -> Query:
    """The query with such values checked; the query itself where it has none."""
    if isinstance(query, SetOperation) and query.word == "UNION" and not query.all and _varies(query):
        return _grouped(replace(query, all=True), query, query.id)
    if isinstance(query, Select) and query.distinct and not query.distinct_on and _varies(query):
        return _grouped(replace(query, distinct=False), query, printer.new_id())
    if isinstance(query, Select):
        return _checked(query)
    return query


def _varies(query: Query) -> bool:
    return any(not same_digits(column.type) for column in query.columns)


def _grouped(rows: SetOperation | Select, query: Query, source: int) -> Select:
    """The rows, each once, by GROUP BY."""
    plain = replace(rows, with_=(), order=(), limit=None, offset=None, ties=False)
    values = tuple(
        Reference(type=column.type, source=source, place=place, name=column.name)
        for place, column in enumerate(query.columns)
    )
    places: dict[Expression, Expression] = {}
    if isinstance(query, Select):
        places = {target.value: value for target, value in zip(query.targets, values, strict=True)}
    targets = tuple(
        Target(name=column.name, value=value) for column, value in zip(query.columns, values, strict=True)
    )
    return _checked(
        Select(
            columns=query.columns, with_=query.with_, targets=targets, sources=(QuerySource(id=source, query=plain),),
            where=None, grouped=True, group=values, having=None, distinct=False, distinct_on=(),
            order=substituted(query.order, places), limit=query.limit, offset=query.offset, ties=query.ties,
        )
    )  # fmt: skip


def _checked(query: Select) -> Select:
    """Keys of GROUP BY in the output, as the one spelling that their group has."""
    keys = [key for key in query.group if not same_digits(key.type)]
    if not keys:
        return query
    parts = (query.targets, query.having, query.order, query.distinct_on)
    for node in walk(parts):
        if isinstance(node, Query) and any(each in keys for each in walk(node)):
            raise refuse("a grouped numeric of varying scale in a subquery", keys[0].position)
    mapping: dict[Expression, Expression] = {
        node: node for node in walk(parts) if isinstance(node, Aggregate)
    }
    for key in keys:
        mapping[key] = Aggregate(
            type=key.type, position=key.position, name="same_digits", arguments=(key,), distinct=False, filter=None, order=(),
        )  # fmt: skip
    targets, having, order, on = (substituted(part, mapping) for part in parts)
    return replace(query, targets=targets, having=having, order=order, distinct_on=on)
