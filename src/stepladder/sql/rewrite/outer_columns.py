"""Columns of the queries around one: SQLite finds them everywhere but in ORDER BY and GROUP BY."""

from __future__ import annotations

from stepladder.sql.infer.tree import Expression, Reference, Select, leaves, walk

_IDS = ("id", "first_id", "left_id", "right_id", "query_id")


def has_outer_columns(query: Select, expression: Expression) -> bool:
    """Whether an expression of a query has columns of the queries around it."""
    nodes = list(walk(expression))
    inside = {getattr(node, name) for node in nodes for name in _IDS if hasattr(node, name)}
    known = inside | _sources(query)
    return any(isinstance(node, Reference) and node.source not in known for node in nodes)


def has_own_columns(query: Select, expression: Expression) -> bool:
    """Whether an expression of a query has columns of what stands in its FROM."""
    known = _sources(query)
    return any(isinstance(node, Reference) and node.source in known for node in walk(expression))


def _sources(query: Select) -> set[int]:
    return {leaf.id for source in query.sources for leaf in leaves(source)}
