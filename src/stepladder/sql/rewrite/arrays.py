"""Rules of arrays: their functions and operators, and the functions that make rows of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stepladder.sql.infer.context import refuse
from stepladder.sql.infer.tree import Call, Expression, SetCall
from stepladder.sql.rewrite.comparisons import is_comparable
from stepladder.sql.rewrite.rules import Print, Rule, function, string


def _typed(name: str, place: int = 0) -> Callable[[Print, Any], str]:
    """A function that is told the element type of the array at `place` first."""

    def rule(show: Print, call: Call | SetCall) -> str:
        element = _element(call.arguments[place])
        return f"{name}({string(element)}, {', '.join(map(show, call.arguments))})"

    return rule


def _element(node: Expression) -> str:
    element = node.type.element
    if element is None or not (is_comparable(element) or element.name == "jsonb"):
        raise refuse(f"this over values of type {node.type}", node.position)
    return element.name


def _sorted(name: str, place: int = 0) -> Callable[[Print, Any], str]:
    """The same where the elements are compared."""

    def rule(show: Print, call: Call) -> str:
        element = call.arguments[place].type.element
        if element is None or not is_comparable(element):
            raise refuse(f"comparing elements of type {element}", call.position)
        return _typed(name, place)(show, call)

    return rule


def _compared(symbol: str) -> Rule:
    compare = _sorted("pg_array_compare")
    return lambda show, call: f"({compare(show, call)} {symbol} 0)"


def _contained(show: Print, call: Call) -> str:
    one, other = call.arguments
    return f"pg_array_contains({string(_element(one))}, {show(other)}, {show(one)})"


def _filled(show: Print, call: Call) -> str:
    value, *sizes = call.arguments
    if len(sizes) > 1:
        raise refuse("array_fill() with lower bounds", call.position)
    return f"pg_array_fill({string(value.type.name)}, {show(value)}, {show(sizes[0])})"


def _unnest(show: Print, call: SetCall) -> str:
    (argument,) = call.arguments
    element = argument.type.element
    if element is None:
        raise refuse("unnest over this type", argument.position)
    return f"pg_unnest({string(element.name)}, {show(argument)})"


OPEN_RULES: dict[str, Rule] = {
    "array_eq": _compared("="),
    "array_ne": _compared("<>"),
    "array_lt": _compared("<"),
    "array_le": _compared("<="),
    "array_gt": _compared(">"),
    "array_ge": _compared(">="),
    "arraycontains": _sorted("pg_array_contains"),
    "arraycontained": _contained,
    "arrayoverlap": _sorted("pg_array_overlaps"),
    "array_append": _typed("pg_array_append"),
    "array_prepend": _typed("pg_array_prepend", 1),
    "array_cat": function("pg_array_cat"),
    "array_remove": _sorted("pg_array_remove"),
    "array_replace": _sorted("pg_array_replace"),
    "array_position": _sorted("pg_array_position"),
    "array_positions": _sorted("pg_array_positions"),
    "array_sort": _sorted("pg_array_sort"),
    "array_reverse": function("pg_array_reverse"),
    "array_slice": function("pg_array_slice"),
    "array_length": function("pg_array_length"),
    "array_upper": function("pg_array_length"),
    "array_lower": function("pg_array_lower"),
    "array_ndims": function("pg_array_ndims"),
    "array_dims": function("pg_array_dims"),
    "cardinality": function("pg_cardinality"),
    "trim_array": function("pg_trim_array"),
    "array_fill": _filled,
    "array_to_string": function("pg_array_to_string"),
}
OPEN_ROWS: dict[str, Callable[[Print, SetCall], str]] = {
    "unnest": _unnest,
    "generate_subscripts": lambda show, call: f"pg_subscripts({', '.join(map(show, call.arguments))})",
}
