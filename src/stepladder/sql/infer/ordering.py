"""Clauses of aggregate and window calls: ORDER BY and FILTER."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stepladder.sql.infer.coercion import boolean, resolved
from stepladder.sql.infer.context import Analysis, Scope, refuse
from stepladder.sql.infer.raw import Raw
from stepladder.sql.infer.tree import Expression, Order

Analyse = Callable[[Analysis, Raw, Scope], Expression]


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


def filter_of(analysis: Analysis, body: Raw, scope: Scope, analyse: Analyse) -> Expression | None:
    """FILTER's condition."""
    if "agg_filter" not in body:
        return None
    outer, scope.clause = scope.clause, "FILTER"
    found = boolean(analyse(analysis, body["agg_filter"], scope), "FILTER")
    scope.clause = outer
    return found
