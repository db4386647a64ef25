"""GREATEST and LEAST, which leave NULLs out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stepladder.sql.functions.intervals import span_compare
from stepladder.sql.functions.jsonb_order import jsonb_compare
from stepladder.sql.functions.numbers import numeric_compare, partial_named
from stepladder.sql.functions.registry import Scalar

Compare = Callable[[Any, Any], int]


def plain_compare(one: Any, other: Any) -> int:
    """The order of numbers, and of text by its bytes."""
    if isinstance(one, str):
        one, other = one.encode(), other.encode()
    return int(one > other) - int(one < other)


def extreme(rule: tuple[Compare, int], *values: Any) -> Any:
    """The first of the extreme values; None where all are."""
    compare, sign = rule
    best = None
    for value in values:
        if value is not None and (best is None or compare(value, best) * sign > 0):
            best = value
    return best


_ORDERS: dict[str, Compare] = {
    "numeric": numeric_compare,
    "interval": span_compare,
    "jsonb": jsonb_compare,
    "plain": plain_compare,
}
SCALARS: tuple[Scalar, ...] = tuple(
    Scalar(f"pg_{word}_{name}", -1, partial_named(extreme, (compare, sign)))
    for name, compare in _ORDERS.items()
    for word, sign in (("greatest", 1), ("least", -1))
)
