"""Window calls: the function, its window, its frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepladder.sql.infer.context import refuse
from stepladder.sql.infer.tree import WindowCall
from stepladder.sql.rewrite.aggregates import aggregate_name, argument_list
from stepladder.sql.rewrite.comparisons import is_groupable

if TYPE_CHECKING:
    from stepladder.sql.rewrite.printer import Printer

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
    if node.name in _WINDOWS:
        name, arguments = node.name, [printer.expression(each) for each in node.arguments]
    else:
        name = aggregate_name(node)
        arguments = argument_list(printer.expression, name, node)
    if name == "count" and not arguments:
        arguments = ["*"]
    filter_ = f" FILTER (WHERE {printer.expression(node.filter)})" if node.filter is not None else ""
    return f"{name}({', '.join(arguments)}){filter_} OVER ({_specification(printer, node)})"


def _specification(printer: Printer, node: WindowCall) -> str:
    parts = []
    if node.partition:
        parts.append("PARTITION BY " + ", ".join(map(printer.key, node.partition)))
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
