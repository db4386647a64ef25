"""What two statements share when one of them need not be read again: their text, and their values' names and types."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from types import NoneType
from typing import Any
from uuid import UUID

from stepladder.errors import ParameterError
from stepladder.sql import Type, type_of, types_of

# Python's types whose every value is sent as the same type of PostgreSQL's.
_OF_ONE_TYPE = frozenset((str, NoneType, bool, float, Decimal, date, UUID, bytes))

StatementKey = tuple[Any, ...]


def statement_key(sql: str, values: Mapping[str, object]) -> StatementKey:
    """Equal for the same text with values of the same names and types. Raises ParameterError for a value of no type."""
    key: list[object] = [sql, *values]
    for value in values.values():
        kind: object = type(value)
        if kind is int:
            key.append(kind if -(2**31) <= value < 2**31 else type_of(value))  # type: ignore[operator]
        elif kind in _OF_ONE_TYPE:
            key.append(kind)
        else:
            key.append(_type_of(value, values))
    return tuple(key)


def _type_of(value: object, values: Mapping[str, object]) -> Type:
    try:
        return type_of(value)
    except ParameterError:
        types_of(values)  # says the name too
        raise
