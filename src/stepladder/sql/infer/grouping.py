"""The rule of GROUP BY: what is neither grouped nor aggregated has no single value (42803)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from stepladder.errors import GroupingError
from stepladder.sql.infer.context import Scope, wrong
from stepladder.sql.infer.tree import (
    Aggregate,
    Expression,
    Grouping,
    InQuery,
    Query,
    Reference,
    Source,
    Subquery,
    children,
    walk,
)


def check_groups(
    values: Iterable[Expression],
    group: Sequence[Expression],
    scope: Scope,
    sets: Sequence[Sequence[Expression]] = (),
) -> None:
    """Raise GroupingError for a column in `values` that a group does not give one value to."""
    always = [key for key in group if all(key in each for each in sets)]
    allowed = set(group) | _dependent(always, scope)
    own = scope.sources()
    around = {source for level in scope.levels() if level is not scope for source in level.sources()}
    for value in values:
        _check(value, allowed, own, own | around, scope)


def _dependent(group: Sequence[Expression], scope: Scope) -> set[Expression]:
    """The columns of tables whose primary key is grouped."""
    grouped = set(group)
    found: set[Expression] = set()
    for item in scope.items:
        columns = dict(item.columns)
        if item.key and all(columns[name] in grouped for name in item.key):
            found |= set(columns.values())
    return found


def _check(
    node: object,
    allowed: set[Expression],
    own: set[int],
    known: set[int],
    scope: Scope,
    *,
    below: bool = False,
) -> None:
    if isinstance(node, Expression) and (node in allowed or _is_grouped_query(node, allowed)):
        return
    if isinstance(node, Aggregate) and not (below and _of_subquery(node, known)):
        for argument in node.direct:
            _check(argument, allowed, own, known, scope, below=below)
        return
    if isinstance(node, Grouping):
        _check_grouping(node, allowed)
        return
    if isinstance(node, Reference) and node.source in own:
        message = f'column "{_shown(node, scope)}" must appear in the GROUP BY clause or be used in an aggregate function'
        raise wrong(GroupingError, message, node.position)
    for child in children(node):
        _check(child, allowed, own, known, scope, below=below or isinstance(child, Query))


def _is_grouped_query(node: Expression, allowed: set[Expression]) -> bool:
    """Whether a subquery stands in GROUP BY too, where its sources have other numbers."""
    if not isinstance(node, Subquery | InQuery):
        return False
    return any(isinstance(each, type(node)) and _shape(each) == _shape(node) for each in allowed)


_PLACE = re.compile(r"position=\w+")
_NUMBER = re.compile(r"\b(id|source|cte|left_id|right_id|first_id)=(\d+)")


def _shape(node: Expression) -> str:
    """The tree as text, without places, its own sources numbered from 1."""
    own: dict[str, int] = {}
    for each in walk(node):
        for word in ("id", "left_id", "right_id", "first_id"):
            if hasattr(each, word):
                own.setdefault(str(getattr(each, word)), len(own) + 1)
    text = _PLACE.sub("", repr(node))
    return _NUMBER.sub(lambda found: f"{found[1]}=own {own[found[2]]}" if found[2] in own else found[0], text)


def _of_subquery(node: Aggregate, known: set[int]) -> bool:
    """Whether an aggregate in a subquery belongs there: it uses columns that are not of the queries around."""
    inside = {each.id for each in walk(node) if isinstance(each, Source) and hasattr(each, "id")}
    used = {each.source for each in walk(node) if isinstance(each, Reference)}
    return not used or bool(used - inside - known)


def _check_grouping(node: Grouping, allowed: set[Expression]) -> None:
    if not set(node.arguments) <= allowed:
        message = "arguments to GROUPING must be grouping expressions of the associated query level"
        raise wrong(GroupingError, message, node.position)


def _shown(node: Reference, scope: Scope) -> str:
    for item in scope.items:
        if item.by_name and item.alias and any(value == node for _, value in item.columns):
            return f"{item.alias}.{node.name}"
    return node.name
