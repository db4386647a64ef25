"""The rule of GROUP BY: what is neither grouped nor aggregated has no single value (42803)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from stepladder.errors import GroupingError
from stepladder.sql.infer.context import Scope, wrong
from stepladder.sql.infer.tree import Aggregate, Expression, Reference, children


def check_groups(values: Iterable[Expression], group: Sequence[Expression], scope: Scope) -> None:
    """Raise GroupingError for a column in `values` that a group does not give one value to."""
    allowed = set(group) | _dependent(group, scope)
    own = scope.sources()
    for value in values:
        _check(value, allowed, own, scope)


def _dependent(group: Sequence[Expression], scope: Scope) -> set[Expression]:
    """The columns of tables whose primary key is grouped."""
    grouped = set(group)
    found: set[Expression] = set()
    for item in scope.items:
        columns = dict(item.columns)
        if item.key and all(columns[name] in grouped for name in item.key):
            found |= set(columns.values())
    return found


def _check(node: object, allowed: set[Expression], own: set[int], scope: Scope) -> None:
    if isinstance(node, Aggregate) or (isinstance(node, Expression) and node in allowed):
        return
    if isinstance(node, Reference) and node.source in own:
        message = f'column "{_shown(node, scope)}" must appear in the GROUP BY clause or be used in an aggregate function'
        raise wrong(GroupingError, message, node.position)
    for child in children(node):
        _check(child, allowed, own, scope)


def _shown(node: Reference, scope: Scope) -> str:
    for item in scope.items:
        if item.by_name and item.alias and any(value == node for _, value in item.columns):
            return f"{item.alias}.{node.name}"
    return node.name
