"""Conditions that SQLite 3.40 forgets: those of an inner join behind a RIGHT or FULL JOIN, to something that holds a LEFT JOIN.

Where nothing else is read from what is joined by that LEFT JOIN, SQLite leaves it out, and the inner join's condition with
it. In WHERE the same condition is kept.
"""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from typing import TypeVar

from stepladder.sql.infer.context import refuse
from stepladder.sql.infer.tree import (
    Constant,
    CteSource,
    Delete,
    Expression,
    FunctionSource,
    Join,
    Logic,
    Select,
    Source,
    TableSource,
    Update,
    walk,
)
from stepladder.sql.types import Type

Statement = TypeVar("Statement", Select, Update, Delete)
_OUTER = ("RIGHT", "FULL")


def with_tests_in_where(statement: Statement) -> Statement:
    """The statement, with these conditions in WHERE. Raises NotPortable where they cannot stand there."""
    if not any(_has_outer(source) for source in statement.sources):
        return statement
    tests: list[Expression] = []
    sources, outer = [], False
    for source in statement.sources:
        sources.append(_without(source, tests, behind=outer, kept=False))
        outer = outer or _has_outer(source)
    if not tests:
        return statement
    if statement.where is not None:
        tests.insert(0, statement.where)
    return replace(statement, sources=tuple(sources), where=reduce(_and, tests))


def _and(one: Expression, other: Expression) -> Expression:
    return Logic(type=Type("bool"), word="AND", arguments=(one, other), position=one.position)


def _without(source: Source, tests: list[Expression], *, behind: bool, kept: bool) -> Source:
    """The source without them. `behind` says whether a RIGHT or FULL JOIN stands before it, `kept` whether rows are kept
    that fail the conditions."""
    if not isinstance(source, Join):
        return source
    under = kept or source.kind in _OUTER
    left = _without(source.left, tests, behind=behind, kept=under)
    behind = behind or _has_outer(source.left)
    right = _without(source.right, tests, behind=behind, kept=kept or source.kind != "INNER")
    on = source.on
    if on is not None and source.kind == "INNER" and behind and _may_forget(source.right, kept=kept):
        if kept:
            raise refuse(
                "an inner join between a RIGHT or FULL JOIN and another, to a query with a LEFT JOIN",
                on.position,
                instead="write it as a LEFT JOIN",
            )
        tests.append(on)
        on = Constant(type=Type("bool"), value=1, position=on.position)
    return replace(source, left=left, right=right, on=on)


def _may_forget(right: Source, *, kept: bool) -> bool:
    """Whether what is joined may hold a LEFT JOIN: a table may be a view."""
    if isinstance(right, TableSource):
        return not kept
    if isinstance(right, FunctionSource):
        return False
    return isinstance(right, CteSource) or any(
        isinstance(each, CteSource | TableSource) or (isinstance(each, Join) and each.kind == "LEFT")
        for each in walk(right)
    )


def _has_outer(source: Source) -> bool:
    return isinstance(source, Join) and (
        source.kind in _OUTER or _has_outer(source.left) or _has_outer(source.right)
    )
