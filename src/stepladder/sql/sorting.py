"""By what a query sorts its rows: the keys of its outermost ORDER BY."""

from __future__ import annotations

from dataclasses import dataclass

from stepladder.sql.infer.raw import Raw, body_of, integer_constant, kind_of, strings
from stepladder.sql.parse import deep, parse_one


@dataclass(frozen=True, slots=True)
class SortKey:
    """One key. `column` is an output column's place (from 0) or a name, None for an expression; `by_bytes` says that
    it names COLLATE "C"."""

    column: int | str | None
    by_bytes: bool


def sort_keys(sql: str) -> tuple[SortKey, ...]:
    """The keys of a query's outermost ORDER BY; none where its rows come in any order. Raises SqlSyntaxError."""
    with deep():
        _, tree = parse_one(sql)
    return tuple(_key(each["SortBy"]["node"]) for each in body_of(tree).get("sortClause", ()))


def _key(node: Raw) -> SortKey:
    if kind_of(node) == "CollateClause":
        inner = _key(body_of(node)["arg"])
        return SortKey(inner.column, by_bytes=strings(body_of(node)["collname"])[-1] in ("C", "POSIX"))
    place = integer_constant(node)
    if place is not None:
        return SortKey(place - 1, by_bytes=False)
    names = strings(body_of(node).get("fields")) if kind_of(node) == "ColumnRef" else []
    return SortKey(names[-1] if names else None, by_bytes=False)
