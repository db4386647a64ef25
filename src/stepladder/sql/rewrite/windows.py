"""Window calls: the function, its window, its frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from stepladder.sql.infer.context import refuse
from stepladder.sql.infer.tree import Expression, Order, WindowCall
from stepladder.sql.rewrite import lowering
from stepladder.sql.rewrite.aggregates import called
from stepladder.sql.rewrite.comparisons import is_groupable


class Printer(lowering.Printer, Protocol):
    """What windows ask of the printer."""

    def key(self, node: Expression) -> str:
        """An expression where it is compared."""

    def sort_key(self, node: Expression) -> str:
        """An expression where rows are put in order."""

    def order(self, keys: Sequence[Order]) -> str:
        """ORDER BY's keys."""


# Names alone: they take any type.
_WINDOWS = frozenset(
    [
        "row_number",
        "rank",
        "dense_rank",
        "percent_rank",
        "cume_dist",
        "ntile",
        "lag",
        "lead",
        "first_value",
        "last_value",
        "nth_value",
    ]
)


def window(printer: Printer, node: WindowCall) -> str:
    """A window function, or an aggregate over a window."""
    for value in (*node.partition, *(key.key for key in node.order)):
        if not is_groupable(value.type):
            raise refuse(f"a window over values of type {value.type}", node.position)
    filter_ = f" FILTER (WHERE {printer.expression(node.filter)})" if node.filter is not None else ""
    over = f"{filter_} OVER ({_specification(printer, node)})"
    if node.name in _WINDOWS:
        return f"{node.name}({', '.join(map(printer.expression, node.arguments))}){over}"
    found = lowering.aggregate(printer, node, over)
    return found or called(printer.expression, node, over)


def _specification(printer: Printer, node: WindowCall) -> str:
    parts = []
    if node.partition:
        parts.append("PARTITION BY " + ", ".join(map(printer.sort_key, node.partition)))
    if node.order:
        parts.append("ORDER BY " + printer.order(node.order))
    if node.frame is not None:
        parts.append(_frame(printer, node))
    return " ".join(parts)


def _frame(printer: Printer, node: WindowCall) -> str:
    frame = node.frame
    assert frame is not None
    edges = []
    for offset, word in (frame.start, frame.end):
        edges.append(word if offset is None else f"{printer.expression(offset)} {word}")
    exclude = f" EXCLUDE {frame.exclude}" if frame.exclude else ""
    return f"{frame.mode} BETWEEN {edges[0]} AND {edges[1]}{exclude}"
