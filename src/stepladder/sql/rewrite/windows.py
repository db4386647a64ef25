"""Window calls: the function, its window, its frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from stepladder.errors import DataError
from stepladder.sql.functions import frames
from stepladder.sql.infer.context import refuse, wrong
from stepladder.sql.infer.scales import scale
from stepladder.sql.infer.tree import (
    Case,
    Constant,
    Expression,
    Frame,
    Order,
    Reference,
    WindowCall,
    walk,
)
from stepladder.sql.rewrite import lowering
from stepladder.sql.rewrite.aggregates import NATIVE, aggregate_name, called
from stepladder.sql.rewrite.comparisons import is_groupable
from stepladder.sql.rewrite.json_aggregates import with_texts

_POSITIVE = {"ntile": (0, "22014"), "nth_value": (1, "22016")}


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
_OPPOSITE = {"lag": "lead", "lead": "lag"}
_EXTREMES = ("min", "max", "bool_and", "bool_or", "every")  # which print as min() and max()
_FRAMELESS = _WINDOWS - {"lag", "lead", "first_value", "last_value", "nth_value"}


def window(printer: Printer, node: WindowCall) -> str:
    """A window function, or an aggregate over a window."""
    for value in (*node.partition, *(key.key for key in node.order)):
        if not is_groupable(value.type):
            raise refuse(f"a window over values of type {value.type}", node.position)
    if node.name in _FRAMELESS:
        node = replace(node, frame=None)
    if node.name in _EXTREMES and node.filter is not None:
        node = _of_chosen(node, node.filter)
    where = printer.expression(node.filter) if node.filter is not None else ""
    filter_ = f" FILTER (WHERE {where})" if where else ""
    over = f" OVER ({_specification(printer, node)})"
    if node.name in _OPPOSITE and len(node.arguments) > 1:
        return _shifted(node, [printer.expression(each) for each in node.arguments], over)
    if node.name in _WINDOWS:
        return f"{node.name}({', '.join(_arguments(printer, node))}){over}"
    found = lowering.aggregate(printer, node, filter_ + over)
    if found or aggregate_name(with_texts(node)) in NATIVE:
        return found or called(printer.expression, node, filter_ + over)
    return called(printer.expression, node, f" OVER ({_specification(printer, _begun(node))})", where)


def _shifted(node: WindowCall, arguments: Sequence[str], over: str) -> str:
    """lag() or lead() by an offset, which in SQLite must not be negative, and of NULL gives the default."""
    value, offset, *default = arguments

    def call(name: str, by: str) -> str:
        return f"{name}({', '.join([value, by, *default])}){over}"

    by = node.arguments[1]
    if not isinstance(by, Constant):
        back = call(_OPPOSITE[node.name], f"-{offset}")
        return f"CASE WHEN {offset} >= 0 THEN {call(node.name, offset)} WHEN {offset} < 0 THEN {back} END"
    if by.value is None:
        return "NULL"
    return call(node.name, offset) if by.value >= 0 else call(_OPPOSITE[node.name], str(-by.value))


def _of_chosen(node: WindowCall, filter_: Expression) -> WindowCall:
    """The same without FILTER: SQLite forgets min()'s and max()'s where the frame begins at a row."""
    (value,) = node.arguments
    nothing = Constant(type=value.type, value=None)
    chosen = Case(type=value.type, position=value.position, branches=((filter_, value),), default=nothing)
    return replace(node, arguments=(chosen,), filter=None)


def _begun(node: WindowCall) -> WindowCall:
    """The same frame, spelled so that a registered aggregate is asked for no value before it has had a row.

    Python's sqlite3 reads through a null pointer there. EXCLUDE takes SQLite another way; the current row is in no frame
    that ends before it.
    """
    frame = node.frame
    if frame is None or frame.end[1] != "PRECEDING" or frame.exclude:
        return node
    offset = frame.end[0]
    if not isinstance(offset, Constant) or (offset.value and frame.mode == "RANGE"):
        raise refuse("this aggregate over a frame that ends before the current row", node.position)
    if not offset.value:
        return replace(node, frame=replace(frame, end=(None, "CURRENT ROW")))
    return replace(node, frame=replace(frame, exclude="CURRENT ROW"))


def _arguments(printer: Printer, node: WindowCall) -> list[str]:
    """The arguments; a number that must be positive is checked, as SQLite's own error is another."""
    found = [printer.expression(each) for each in node.arguments]
    if node.name not in _POSITIVE:
        return found
    place, sqlstate = _POSITIVE[node.name]
    number = node.arguments[place]
    if any(isinstance(each, Reference) for each in walk(number)):
        raise refuse(f"{node.name}() of a number that changes from row to row", node.position)
    if not isinstance(number, Constant) or not number.value or number.value < 0:
        found[place] = f"pg_positive({found[place]}, '{node.name}', '{sqlstate}')"
    return found


def _specification(printer: Printer, node: WindowCall) -> str:
    parts = []
    if node.partition:
        parts.append("PARTITION BY " + ", ".join(map(printer.sort_key, node.partition)))
    frame = node.frame
    ranged = frame is not None and frame.mode == "RANGE" and (frame.start[0] or frame.end[0]) is not None
    if node.order:
        parts.append("ORDER BY " + (_distance(printer, node) if ranged else printer.order(node.order)))
    if frame is not None:
        parts.append(_frame(frame, node.order[0].key if ranged else None))
    return " ".join(parts)


# -- RANGE with offsets: SQLite adds and subtracts numbers only
def _distance(printer: Printer, node: WindowCall) -> str:
    """The one key as an integer whose differences are the type's."""
    (order,) = node.order
    kind, text = order.key.type.name, printer.expression(order.key)
    if kind in ("date", "timestamp", "timestamptz"):
        text = f"pg_moment_order({text})"
    elif kind == "interval":
        text = f"pg_span_order({text})"
    elif kind == "numeric":
        text = f"pg_units({text}, {_scale(node)})"
    else:
        text = f"pg_near({text})" if kind == "int8" else f"(0 + {text})"
    direction = "DESC" if order.descending else "ASC"
    return f"{text} {direction} NULLS {'FIRST' if order.nulls_first else 'LAST'}"


def _scale(node: WindowCall) -> int:
    """The scale that the key and the offsets have in common. Raises NotPortable where one is not known."""
    assert node.frame is not None
    offsets = [each for each, _ in (node.frame.start, node.frame.end) if each is not None]
    scales = [scale(each.type) for each in (node.order[0].key, *offsets)]
    known = [found for found in scales if found is not None]
    if len(known) < len(scales):
        raise refuse(
            "a RANGE frame with an offset over numerics of varying scale",
            node.position,
            instead="cast the key and the offset to numeric(p,s)",
        )
    return max(known)


def _frame(frame: Frame, key: Expression | None) -> str:
    edges = [
        word if offset is None else f"{_offset(offset, frame, key)} {word}"
        for offset, word in (frame.start, frame.end)
    ]
    exclude = f" EXCLUDE {frame.exclude}" if frame.exclude else ""
    return f"{frame.mode} BETWEEN {edges[0]} AND {edges[1]}{exclude}"


def _offset(offset: Expression, frame: Frame, key: Expression | None) -> str:
    """An offset as a literal: SQLite takes no function there, as it looks before it knows which functions are constant.

    A parameter it takes, and looks at it only where there is a row.
    """
    if not isinstance(offset, Constant):
        raise refuse("a frame's offset that is computed", offset.position, instead="write it as a literal")
    try:
        if offset.type.name == "interval":
            return str(frames.span_offset(offset.value))
        if offset.type.name == "numeric" and key is not None:
            edges = [each for each, _ in (frame.start, frame.end) if each is not None]
            return str(
                frames.units_offset(offset.value, max(scale(each.type) or 0 for each in (key, *edges)))
            )
        found = frames.offset(offset.value)
        return str(frames.near(found) if frame.mode == "RANGE" else found)
    except DataError as error:
        raise wrong(DataError, error.message, offset.position, sqlstate=error.sqlstate) from error
