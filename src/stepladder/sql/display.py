"""Stored values as the text that PostgreSQL prints for them."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from stepladder.errors import NotPortable
from stepladder.sql.moments import printed
from stepladder.sql.numerals import float_text, numeric_text, parse_numeric
from stepladder.sql.types import Type

Show = Callable[[Any], str]


@lru_cache(maxsize=256)
def printer(type_: Type) -> Show:
    """A function from a stored value to the text of PostgreSQL's output function for the type."""
    name = type_.name
    if name in ("float4", "float8"):
        return lambda value: float_text(float(value), type_)
    found = _SHOWN.get(name)
    if found is None:
        raise NotPortable(f"the text of a value of type {type_}")
    return found


_SHOWN: dict[str, Show] = {
    **dict.fromkeys(
        [
            "int2",
            "int4",
            "int8",
            "text",
            "varchar",
            "bpchar",
            "unknown",
            "date",
            "interval",
            "uuid",
            "jsonb",
            "json",
            "array",
        ],
        str,
    ),
    **dict.fromkeys(("time", "timestamp", "timestamptz"), printed),
    "numeric": lambda value: numeric_text(parse_numeric(str(value))),
    "bool": lambda value: "t" if value else "f",
    "bytea": lambda value: "\\x" + bytes(value).hex(),
}
