"""The values that a SQLite file stores, and its expressions give, to Python's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from stepladder.sql.arrays import parse_array
from stepladder.sql.encoding import encoder
from stepladder.sql.jsons import python_json
from stepladder.sql.numerals import parse_numeric, rescaled, shortest_float4
from stepladder.sql.spans import printed_interval
from stepladder.sql.storage import is_native_numeric
from stepladder.sql.types import Type

Decode = Callable[[Any], Any]


@lru_cache(maxsize=1024)
def decoder(type_: Type) -> Decode | None:
    """A function from a stored value to the Python value that PostgreSQL's drivers return; None: as it is.

    timestamptz is in UTC; numeric(p,s) has its scale; NULL is the caller's: it is never given.
    """
    if type_.name == "numeric":
        return _scaled(type_.scale or 0) if is_native_numeric(type_) else _numeric
    width = type_.length or type_.scale
    if type_.name == "bpchar" and width is not None:
        return lambda value: str(value).ljust(width)
    if type_.element is not None:
        return _array(type_.element)
    return _DECODERS.get(type_.name)


def _numeric(value: Any) -> Decimal:
    return parse_numeric(str(value))


def _scaled(scale: int) -> Decode:
    return lambda value: rescaled(parse_numeric(value if isinstance(value, str) else repr(value)), scale)


def _timestamptz(value: str) -> datetime:
    return datetime.fromisoformat(value).astimezone(UTC)


def _array(element: Type) -> Decode:
    if element.name in ("text", "varchar", "bpchar"):
        return lambda value: list(parse_array(value))
    encode, decode = encoder(element.bare), decoder(element.bare)

    def elements(value: str) -> list[Any]:
        stored = [None if text is None or encode is None else encode(text) for text in parse_array(value)]
        return [item if item is None or decode is None else decode(item) for item in stored]

    return elements


_DECODERS: dict[str, Decode] = {
    "bool": bool,
    "float4": shortest_float4,
    "float8": float,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "timestamp": datetime.fromisoformat,
    "timestamptz": _timestamptz,
    "interval": printed_interval,
    "uuid": UUID,
    "jsonb": python_json,
    "json": python_json,
    "bytea": bytes,
}
