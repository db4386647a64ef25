"""PostgreSQL's array functions and operators over arrays of one dimension, whose places count from 1.

The first argument of most is the elements' type, whose equality and order they go by.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cmp_to_key
from typing import Any

from stepladder.errors import DataError, NotPortable
from stepladder.sql.arrays import parse_array
from stepladder.sql.functions.arrays import build, elements, order_of
from stepladder.sql.functions.registry import Collation, Scalar, strict
from stepladder.sql.functions.rows import json_rows
from stepladder.sql.literals import array_element

_LARGEST = 134_217_727  # elements of an array of PostgreSQL's


def _printed(texts: Iterable[str | None]) -> str:
    return "{" + ",".join("NULL" if text is None else array_element(text) for text in texts) + "}"


def _same(type_: str, one: Any, other: Any) -> bool:
    """NULL is NULL's like."""
    if one is None or other is None:
        return one is other
    return order_of(type_)(one, other) == 0


# -- comparing
def compare(type_: str, one: str, other: str) -> int:
    """The order of arrays: by elements, NULL behind all others, then by length."""
    return _compare(order_of(type_), elements(one, type_), elements(other, type_))


def _compare(order: Callable[[Any, Any], int], one: Sequence[Any], other: Sequence[Any]) -> int:
    for first, second in zip(one, other, strict=False):
        if first is None or second is None:
            found = (first is None) - (second is None)
        else:
            found = order(first, second)
        if found:
            return found
    return (len(one) > len(other)) - (len(one) < len(other))


def contains(type_: str, one: str, other: str) -> int:
    """`one @> other`: NULLs are contained in nothing."""
    order = order_of(type_)
    held = [item for item in elements(one, type_) if item is not None]
    wanted = elements(other, type_)
    return int(all(item is not None and any(order(item, each) == 0 for each in held) for item in wanted))


def overlaps(type_: str, one: str, other: str) -> int:
    """`one && other`."""
    order = order_of(type_)
    held = [item for item in elements(one, type_) if item is not None]
    return int(
        any(
            item is not None and any(order(item, each) == 0 for each in held)
            for item in elements(other, type_)
        )
    )


# -- parts
def sliced(text: str, first: int, last: int) -> str:
    """`array[first:last]`."""
    return _printed(parse_array(text)[max(first, 1) - 1 : max(last, 0)])


def length(text: str, dimension: int) -> int | None:
    """array_length() and array_upper(): None of an empty array."""
    return len(parse_array(text)) or None if dimension == 1 else None


def lower(text: str, dimension: int) -> int | None:
    """array_lower()."""
    return 1 if dimension == 1 and parse_array(text) else None


def dimensions(text: str) -> int | None:
    """array_ndims()."""
    return 1 if parse_array(text) else None


def bounds(text: str) -> str | None:
    """array_dims()."""
    count = len(parse_array(text))
    return f"[1:{count}]" if count else None


def trimmed(text: str, count: int) -> str:
    """trim_array()."""
    items = parse_array(text)
    if not 0 <= count <= len(items):
        message = f"number of elements to trim must be between 0 and {len(items)}"
        raise DataError(message, sqlstate="2202E")
    return _printed(items[: len(items) - count])


def subscripts(text: str, dimension: int, reverse: int = 0) -> str:
    """generate_subscripts()."""
    places = range(1, len(parse_array(text)) + 1) if dimension == 1 else range(0)
    return json_rows(reversed(places) if reverse else places)


# -- changing
def append(type_: str, text: str | None, value: Any) -> str:
    """array_append(), and `array || element`."""
    return joined(text, build(type_, value)) or ""


def prepend(type_: str, value: Any, text: str | None) -> str:
    """array_prepend(), and `element || array`."""
    return joined(build(type_, value), text) or ""


def joined(one: str | None, other: str | None) -> str | None:
    """array_cat(): NULL adds nothing."""
    if one is None or other is None:
        return other if one is None else one
    return _printed((*parse_array(one), *parse_array(other)))


def removed(type_: str, text: str | None, value: Any) -> str | None:
    """array_remove()."""
    if text is None:
        return None
    return build(type_, *(item for item in elements(text, type_) if not _same(type_, item, value)))


def replaced(type_: str, text: str | None, value: Any, by: Any) -> str | None:
    """array_replace()."""
    if text is None:
        return None
    return build(type_, *(by if _same(type_, item, value) else item for item in elements(text, type_)))


def position(type_: str, text: str | None, value: Any, start: int | None = 1) -> int | None:
    """array_position(): the first place from `start` on."""
    if text is None:
        return None
    if start is None:
        raise DataError("initial position must not be null", sqlstate="22004")
    places = (place for place in _places(type_, text, value) if place >= start)
    return next(places, None)


def positions(type_: str, text: str | None, value: Any) -> str | None:
    """array_positions()."""
    return None if text is None else _printed(map(str, _places(type_, text, value)))


def _places(type_: str, text: str, value: Any) -> list[int]:
    return [place for place, item in enumerate(elements(text, type_), 1) if _same(type_, item, value)]


def filled(type_: str, value: Any, sizes: str | None) -> str:
    """array_fill() in one dimension."""
    if sizes is None or None in (counts := elements(sizes, "int4")):
        raise DataError("dimension array or low bound array cannot be null", sqlstate="22004")
    if len(counts) > 1:
        raise NotPortable("an array of more than one dimension")
    count = counts[0] if counts else 0
    if not 0 <= count <= _LARGEST:
        raise DataError(f"array size exceeds the maximum allowed ({_LARGEST})", sqlstate="54000")
    return build(type_, *[value] * count)


def ordered(type_: str, text: str, descending: int = 0, nulls_first: int | None = None) -> str:
    """array_sort()."""
    first = bool(descending if nulls_first is None else nulls_first)
    items = elements(text, type_)
    key = cmp_to_key(order_of(type_))
    known = sorted((item for item in items if item is not None), key=key, reverse=bool(descending))
    nulls = [None] * (len(items) - len(known))
    return build(type_, *(nulls + known if first else known + nulls))


def reversed_(text: str) -> str:
    """array_reverse()."""
    return _printed(parse_array(text)[::-1])


# -- text
def to_string(text: str | None, separator: str | None, null: str | None = None) -> str | None:
    """array_to_string(): NULLs are left out, or shown as `null`."""
    if text is None or separator is None:
        return None
    items = (null if item is None else item for item in parse_array(text))
    return separator.join(item for item in items if item is not None)


SCALARS: tuple[Scalar, ...] = (
    strict("pg_array_compare", 3, compare),
    strict("pg_array_contains", 3, contains),
    strict("pg_array_overlaps", 3, overlaps),
    strict("pg_array_slice", 3, sliced),
    strict("pg_array_length", 2, length),
    strict("pg_array_lower", 2, lower),
    strict("pg_array_ndims", 1, dimensions),
    strict("pg_array_dims", 1, bounds),
    strict("pg_trim_array", 2, trimmed),
    strict("pg_subscripts", -1, subscripts),
    strict("pg_array_sort", -1, ordered),
    strict("pg_array_reverse", 1, reversed_),
    Scalar("pg_array_append", 3, append),
    Scalar("pg_array_prepend", 3, prepend),
    Scalar("pg_array_cat", 2, joined),
    Scalar("pg_array_remove", 3, removed),
    Scalar("pg_array_replace", 4, replaced),
    Scalar("pg_array_position", -1, position),
    Scalar("pg_array_positions", 3, positions),
    Scalar("pg_array_fill", 3, filled),
    Scalar("pg_array_to_string", -1, to_string),
)


def _collation(type_: str) -> Collation:
    return Collation(f"pg_array_{type_}", lambda one, other: compare(type_, one, other))


COLLATIONS: tuple[Collation, ...] = tuple(map(_collation, ("int8", "text", "bool")))
