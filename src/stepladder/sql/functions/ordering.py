"""The order of values as PostgreSQL's types have it, as keys that Python sorts by."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cmp_to_key, lru_cache, partial
from typing import Any

from stepladder.sql.functions.arrays import elements
from stepladder.sql.functions.jsonb_order import jsonb_compare
from stepladder.sql.numerals import parse_numeric
from stepladder.sql.span_spellings import parse_span

SortKey = Callable[[Any], Any]
Row = Sequence[Any]
_KEY = re.compile(r"(\d+):(\w+)([<>])([<>])", re.ASCII)


@dataclass(frozen=True, slots=True)
class Direction:
    """One key of an ORDER BY: its place in a row, how a value sorts, which end comes first, and where NULLs are."""

    place: int
    key: SortKey
    descending: bool
    nulls_first: bool

    def ranked(self, value: Any) -> tuple[int, Any]:
        """What the value sorts by, before the direction is looked at."""
        if value is None:
            return (0 if self.nulls_first != self.descending else 2), 0
        return 1, self.key(value)


@lru_cache(maxsize=512)
def directions(text: str) -> tuple[Direction, ...]:
    """The keys that `text` spells: place, type, `<` or `>` for the direction, `<` or `>` for NULLs first or last."""
    return tuple(
        Direction(int(place), sort_key(name), way == ">", nulls == "<")
        for place, name, way, nulls in _KEY.findall(text)
    )


@lru_cache(maxsize=64)
def sort_key(name: str) -> SortKey:
    """The key of a type by its catalogue name; an array is `_` and its element's type."""
    if name.startswith("_"):
        inner, element = sort_key(name[1:]), name[1:]
        return lambda text: tuple(
            (1, 0) if item is None else (0, inner(item)) for item in elements(text, element)
        )
    return {"numeric": _numeric_key, "interval": _span_key, "jsonb": cmp_to_key(jsonb_compare)}.get(
        name, _same
    )


def _same(value: Any) -> Any:
    return value


def _span_key(text: str) -> int:
    return parse_span(text).order


def _numeric_key(text: str) -> tuple[int, Decimal]:
    """NaN is the largest, and equal to itself."""
    number = parse_numeric(text)
    return (1, Decimal(0)) if number.is_nan() else (0, number)


def in_order(rows: Iterable[Row], keys: Sequence[Direction]) -> list[Row]:
    """The rows sorted; equal ones stay as they came."""
    found = list(rows)
    for key in reversed(keys):
        found.sort(key=partial(_ranked, key), reverse=key.descending)
    return found


def _ranked(key: Direction, row: Row) -> tuple[int, Any]:
    return key.ranked(row[key.place])


def compare_rows(one: Row, other: Row, keys: Sequence[Direction]) -> int:
    """Negative where `one` comes first, zero where both are equal. The rows hold the keys' values alone."""
    for key, first, second in zip(keys, one, other, strict=True):
        left, right = key.ranked(first), key.ranked(second)
        if left != right:
            return -1 if (left < right) != key.descending else 1
    return 0
