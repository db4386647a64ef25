"""The order of jsonb: object, array, boolean, number, string, null, from the greatest to the least."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from typing import Any

from stepladder.errors import NotPortable
from stepladder.sql.functions.registry import Scalar, strict
from stepladder.sql.jsons import read_jsonb

_TRAILING_ZERO = re.compile(r"\.\d*0(?!\d)", re.ASCII)
_document = lru_cache(maxsize=512)(read_jsonb)


def jsonb_compare(one: str, other: str) -> int:
    """Negative, zero or positive, for two texts of jsonb: the btree's order."""
    if one == other:
        return 0
    left, right = _document(one), _document(other)
    # An empty array is less than every scalar, but only where neither is inside something: the server's own anomaly.
    if left == [] and not isinstance(right, list | dict):
        return -1
    if right == [] and not isinstance(left, list | dict):
        return 1
    return compare(left, right)


def equal(left: Any, right: Any) -> bool:
    """Whether two values are equal: 1 is 1.0, and no boolean."""
    return compare(left, right) == 0


def compare(left: Any, right: Any) -> int:
    """The order of two values. Containers are compared by their sizes first, then part by part."""
    ranks = _rank(left), _rank(right)
    if ranks[0] != ranks[1]:
        return _sign(*ranks)
    if isinstance(left, dict):
        return _sign(len(left), len(right)) or _first(_flat(left), _flat(right))
    if isinstance(left, list):
        return _sign(len(left), len(right)) or _first(left, right)
    if isinstance(left, str):
        return _sign(left.encode(), right.encode())
    return 0 if left is None else _sign(left, right)


def _flat(value: dict[str, Any]) -> list[Any]:
    """Keys and values by turns; the texts that they were read from have the keys in order."""
    return [part for pair in value.items() for part in pair]


def _first(left: list[Any], right: list[Any]) -> int:
    return next((found for pair in zip(left, right, strict=True) if (found := compare(*pair))), 0)


def _rank(value: Any) -> int:
    if isinstance(value, bool):
        return 3
    return {type(None): 0, str: 1, Decimal: 2, list: 4, dict: 5}[type(value)]


def _sign(left: Any, right: Any) -> int:
    return int(left > right) - int(left < right)


def distinct_key(text: str) -> str:
    """`text`, of whose equals none is printed in another way. Raises NotPortable for one with a number like 1.50.

    1.50 is equal to 1.5, and PostgreSQL leaves open which of the two a group shows.
    """
    if _TRAILING_ZERO.search(text) and any(map(_ends_in_zero, _numbers(_document(text)))):
        raise NotPortable(
            f"GROUP BY, DISTINCT or UNION over the jsonb {text[:80]}",
            why="a number in it ends in a zero behind the point; 1.50 and 1.5 are equal, and PostgreSQL leaves open "
            "which one is shown",
            instead="group by its text, with ->> or ::text",
        )
    return text


def _numbers(value: Any) -> Iterator[Decimal]:
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _numbers(each)
    elif isinstance(value, Decimal):
        yield value


def _ends_in_zero(number: Decimal) -> bool:
    _, digits, exponent = number.as_tuple()
    return isinstance(exponent, int) and exponent < 0 and digits[-1] == 0


SCALARS: tuple[Scalar, ...] = (
    strict("pg_jsonb_compare", 2, jsonb_compare),
    strict("pg_jsonb_key", 1, distinct_key),
)
