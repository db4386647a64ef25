"""jsonb: what reads a document. Documents come and go as canonical text (`stepladder.sql.jsons`).

A parsed document is shared by whoever asks for its text again: nothing may change one in place.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any

from stepladder.errors import DataError
from stepladder.sql.functions.arrays import elements
from stepladder.sql.functions.jsonb_order import equal
from stepladder.sql.functions.numbers import checked_integer
from stepladder.sql.functions.registry import Scalar, strict
from stepladder.sql.jsons import jsonb_text, read_jsonb
from stepladder.sql.numerals import numeric_text, parse_float, parse_integer, rescaled
from stepladder.sql.types import DISPLAYED, Type

_INT4 = Type("int4")
Document = Any  # None, bool, Decimal, str, list or dict


class Missing:
    """What a path leads to where nothing is; null is a value."""


MISSING = Missing()


@lru_cache(maxsize=512)
def document(text: str) -> Document:
    """The value of jsonb's text; every number is a Decimal."""
    return read_jsonb(text)


def kind(value: Document) -> str:
    """jsonb_typeof() of a value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    return {Decimal: "number", str: "string", list: "array", dict: "object"}[type(value)]


def typeof(text: str) -> str:
    """jsonb_typeof()."""
    return _KINDS.get(text[0], "number")


_KINDS = {"{": "object", "[": "array", '"': "string", "t": "boolean", "f": "boolean", "n": "null"}


# -- one step, and several
def field(text: str, key: str) -> Document:
    """`-> 'key'`."""
    value = document(text)
    return value.get(key, MISSING) if isinstance(value, dict) else MISSING


def item(text: str, place: int) -> Document:
    """`-> 0`; negative places count from the end. A scalar is an array of one element."""
    value = document(text)
    if isinstance(value, dict):
        return MISSING
    return _at(value if isinstance(value, list) else [value], place)


def _at(items: list[Any], place: int) -> Document:
    return items[place] if -len(items) <= place < len(items) else MISSING


def path(text: str, *steps: str | None) -> Document:
    """`#>`: keys, and places in arrays, all as text."""
    value = document(text)
    for step in steps:
        if isinstance(value, dict) and step is not None:
            value = value.get(step, MISSING)
        elif isinstance(value, list) and step is not None:
            place = place_of(step)
            value = MISSING if place is None else _at(value, place)
        else:
            return MISSING
    return value


def place_of(step: str) -> int | None:
    """A step of a path as a place in an array; None where it is no integer."""
    try:
        return parse_integer(step, _INT4)
    except DataError:
        return None


def as_text(value: Document) -> str | None:
    """`->>`: a string without its quotes; None for null, and for nothing."""
    if value is None or value is MISSING:
        return None
    return value if isinstance(value, str) else jsonb_text(value)


def as_jsonb(value: Document) -> str | None:
    """`->`: None for nothing only."""
    return None if value is MISSING else jsonb_text(value)


def _array_path(text: str, array: str) -> Document:
    return path(text, *elements(array, "text"))


# -- questions
def exists(text: str, key: str) -> int:
    """`?`: a key of an object, or a string in an array."""
    return int(_has(document(text), key))


def _has(value: Document, key: str | None) -> bool:
    if isinstance(value, dict):
        return key in value
    return any(
        isinstance(each, str) and each == key for each in (value if isinstance(value, list) else [value])
    )


def exists_any(text: str, keys: str) -> int:
    """`?|`; NULLs among the keys are left out."""
    return int(any(_has(document(text), key) for key in elements(keys, "text") if key is not None))


def exists_all(text: str, keys: str) -> int:
    """`?&`; NULLs among the keys are left out."""
    return int(all(_has(document(text), key) for key in elements(keys, "text") if key is not None))


def contains(text: str, other: str) -> int:
    """`@>`: an array contains a scalar too, at the top only."""
    one, sought = document(text), document(other)
    if isinstance(one, list) and not isinstance(sought, list | dict):
        return int(any(_contains(each, sought) for each in one))
    return int(_contains(one, sought))


def _contains(one: Document, sought: Document) -> bool:
    if isinstance(one, dict) and isinstance(sought, dict):
        return all(key in one and _contains(one[key], value) for key, value in sought.items())
    if isinstance(one, list) and isinstance(sought, list):
        return all(any(_contains(each, value) for each in one) for value in sought)
    return not isinstance(one, list | dict) and equal(one, sought)


def contained(text: str, other: str) -> int:
    """`<@`."""
    return contains(other, text)


def array_length(text: str) -> int:
    """jsonb_array_length(). Raises DataError for what is no array."""
    value = document(text)
    if isinstance(value, list):
        return len(value)
    what = "a non-array" if isinstance(value, dict) else "a scalar"
    raise DataError(f"cannot get array length of {what}", sqlstate="22023")


def pretty(text: str) -> str:
    """jsonb_pretty(): four blanks a level."""
    return _pretty(document(text), "\n")


def _pretty(value: Document, margin: str) -> str:
    inner = margin + "    "
    if isinstance(value, dict):
        parts = [f"{inner}{jsonb_text(key)}: {_pretty(each, inner)}" for key, each in value.items()]
        return f"{{{','.join(parts)}{margin}}}"
    if isinstance(value, list):
        return f"[{','.join(inner + _pretty(each, inner) for each in value)}{margin}]"
    return jsonb_text(value)


# -- scalars of JSON as values of SQL
def _cast_error(value: Document, name: str) -> DataError:
    word = {"number": "numeric", "array": "array", "object": "object"}.get(kind(value), kind(value))
    return DataError(f"cannot cast jsonb {word} to type {DISPLAYED[name]}", sqlstate="22023")


def to_boolean(text: str) -> int | None:
    """jsonb as boolean; null is NULL."""
    value = document(text)
    if value is not None and not isinstance(value, bool):
        raise _cast_error(value, "bool")
    return None if value is None else int(value)


def to_number(name: str, text: str) -> str | int | float | None:
    """jsonb as a type of numbers; null is NULL."""
    value = document(text)
    if value is None:
        return None
    if not isinstance(value, Decimal):
        raise _cast_error(value, name)
    if name == "numeric":
        return numeric_text(value)
    if name.startswith("float"):
        return parse_float(numeric_text(value), Type(name))
    return checked_integer(name, int(rescaled(value, 0)))


_NUMBERS = ("int2", "int4", "int8", "numeric", "float4", "float8")
SCALARS: tuple[Scalar, ...] = (
    strict("pg_jsonb_typeof", 1, typeof),
    strict("pg_jsonb_field", 2, lambda text, key: as_jsonb(field(text, key))),
    strict("pg_jsonb_field_text", 2, lambda text, key: as_text(field(text, key))),
    strict("pg_jsonb_item", 2, lambda text, place: as_jsonb(item(text, place))),
    strict("pg_jsonb_item_text", 2, lambda text, place: as_text(item(text, place))),
    strict("pg_jsonb_path", 2, lambda text, array: as_jsonb(_array_path(text, array))),
    strict("pg_jsonb_path_text", 2, lambda text, array: as_text(_array_path(text, array))),
    strict("pg_jsonb_exists", 2, exists),
    strict("pg_jsonb_exists_any", 2, exists_any),
    strict("pg_jsonb_exists_all", 2, exists_all),
    strict("pg_jsonb_contains", 2, contains),
    strict("pg_jsonb_contained", 2, contained),
    strict("pg_jsonb_array_length", 1, array_length),
    strict("pg_jsonb_pretty", 1, pretty),
    strict("pg_jsonb_bool", 1, to_boolean),
    *(strict(f"pg_jsonb_{name}", 1, partial(to_number, name)) for name in _NUMBERS),
)


def texts(array: str) -> Sequence[str | None]:
    """The elements of an array of text."""
    return elements(array, "text")
