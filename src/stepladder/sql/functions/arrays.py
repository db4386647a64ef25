"""Functions over arrays in their text form."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from stepladder.sql.arrays import parse_array
from stepladder.sql.display import printer
from stepladder.sql.encoding import encoder
from stepladder.sql.functions.extremes import plain_compare
from stepladder.sql.functions.intervals import span_compare
from stepladder.sql.functions.jsonb_order import jsonb_compare
from stepladder.sql.functions.like import ilike, like
from stepladder.sql.functions.numbers import numeric_compare
from stepladder.sql.functions.registry import Scalar, strict
from stepladder.sql.functions.rows import json_rows
from stepladder.sql.literals import array_element
from stepladder.sql.types import Type

_COMPARED: dict[str, Callable[[int, int], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_MATCHED: dict[str, Callable[[str, str], bool]] = {
    "~~": lambda text, pattern: bool(like(text, pattern)),
    "!~~": lambda text, pattern: not like(text, pattern),
    "~~*": lambda text, pattern: bool(ilike(text, pattern)),
    "!~~*": lambda text, pattern: not ilike(text, pattern),
}
_ORDERS: dict[str, Callable[[Any, Any], int]] = {
    "numeric": numeric_compare,
    "interval": span_compare,
    "jsonb": jsonb_compare,
}


def order_of(type_: str) -> Callable[[Any, Any], int]:
    """How values of the type are compared."""
    return _ORDERS.get(type_, plain_compare)


@lru_cache(maxsize=1024)
def elements(text: str, type_: str) -> tuple[Any, ...]:
    """The elements of an array in the form that expressions have."""
    encode = encoder(Type(type_))
    return tuple(None if item is None or encode is None else encode(item) for item in parse_array(text))


def _tests(text: str, value: Any, symbol: str, type_: str) -> list[bool | None]:
    items = elements(text, type_)
    if symbol in _MATCHED:
        match = _MATCHED[symbol]
        return [None if item is None else match(value, item) for item in items]
    order = order_of(type_)
    compare = _COMPARED[symbol]
    return [None if item is None else compare(order(value, item), 0) for item in items]


def any_of(text: str | None, value: Any, symbol: str, type_: str) -> int | None:
    """`value symbol ANY (array)`: true, else NULL where a comparison was, else false."""
    if text is None:
        return None
    if value is None:
        return 0 if not elements(text, type_) else None
    found = _tests(text, value, symbol, type_)
    return 1 if True in found else None if None in found else 0


def all_of(text: str | None, value: Any, symbol: str, type_: str) -> int | None:
    """`value symbol ALL (array)`: false, else NULL where a comparison was, else true."""
    if text is None:
        return None
    if value is None:
        return 1 if not elements(text, type_) else None
    found = _tests(text, value, symbol, type_)
    return 0 if False in found else None if None in found else 1


def build(type_: str, *values: Any) -> str:
    """ARRAY[…] of values of the type."""
    show = printer(Type(type_))
    return "{" + ",".join("NULL" if value is None else array_element(show(value)) for value in values) + "}"


def element(type_: str, text: str | None, place: int | None) -> Any:
    """`array[place]`, counted from 1; None outside."""
    if text is None or place is None:
        return None
    items = elements(text, type_)
    return items[place - 1] if 1 <= place <= len(items) else None


def rows(type_: str, text: str) -> str:
    """unnest(): the elements as rows."""
    return json_rows(elements(text, type_))


def cardinality(text: str) -> int:
    """cardinality()."""
    return len(parse_array(text))


def _parts(text: str, separator: str | None, null: str | None) -> list[str | None]:
    """The parts of a text: its characters where the separator is NULL; one that equals `null` is NULL."""
    if not text:
        return []
    parts = list(text) if separator is None else text.split(separator) if separator else [text]
    return [None if part == null else part for part in parts]


def string_to_array(text: str | None, separator: str | None, null: str | None = None) -> str | None:
    """string_to_array()."""
    if text is None:
        return None
    parts = _parts(text, separator, null)
    return "{" + ",".join("NULL" if part is None else array_element(part) for part in parts) + "}"


def string_to_rows(text: str | None, separator: str | None, null: str | None = None) -> str | None:
    """string_to_table()."""
    return None if text is None else json_rows(_parts(text, separator, null))


SCALARS: tuple[Scalar, ...] = (
    Scalar("pg_any", 4, any_of),
    Scalar("pg_all", 4, all_of),
    Scalar("pg_array", -1, build),
    Scalar("pg_element", 3, element),
    strict("pg_unnest", 2, rows),
    strict("pg_cardinality", 1, cardinality),
    Scalar("pg_string_to_array", 2, string_to_array),
    Scalar("pg_string_to_array", 3, string_to_array),
    Scalar("pg_string_to_rows", 2, string_to_rows),
    Scalar("pg_string_to_rows", 3, string_to_rows),
)
