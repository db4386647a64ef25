"""The type that a column of a new table gets, from the values that are to go there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from stepladder.errors import ParameterError
from stepladder.sql import Type, type_of

# Integers are made wide and numerics without a scale: a later row may need more than the first ones did.
_CREATED_AS = {"int2": Type("int8"), "int4": Type("int8"), "unknown": Type("text"), "float4": Type("float8")}


def common_type(name: str, values: Iterable[Any]) -> Type:
    """The type that a new table's column gets: the widest of what the first rows hold."""
    found = [type_of(value) for value in values if value is not None]
    types = list(dict.fromkeys(map(_widened, found)))
    if not types:
        return Type("text")
    if len(types) == 1:
        return types[0]
    numeric = [type_.name for type_ in types if type_.name in ("int8", "numeric", "float8")]
    if len(numeric) == len(types):
        return Type("float8" if "float8" in numeric else "numeric")
    raise ParameterError(
        f"column {name!r} holds values of several types ({', '.join(map(str, types))}). Make the table first, with CREATE TABLE."
    )


def _widened(type_: Type) -> Type:
    if type_.element is not None:
        return Type("array", element=_widened(type_.element))
    return _CREATED_AS.get(type_.name, type_)
