"""Python's values as a PostgreSQL server stores them: as SQLite would, and what only a server can hold."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Any

from stepladder.errors import NotPortable, ParameterError
from stepladder.sql import Type, encoder

Encode = Callable[[Any], Any]


@lru_cache(maxsize=1024)
def server_encoder(type_: Type) -> Encode | None:
    """As `stepladder.sql.encoder`; NaN is a number here, and a type without rules takes the text of its values."""
    try:
        encode = encoder(type_)
    except NotPortable:
        as_json = encoder(Type("jsonb")) if type_.name == "json" else None
        return lambda value: (
            as_json(value) if as_json and not isinstance(value, str) else _as_text(type_, value)
        )
    if encode is None or type_.name not in ("float4", "float8", "numeric"):
        return encode

    def encode_number(value: Any) -> Any:
        if isinstance(value, float | Decimal) and math.isnan(value):
            return "NaN" if type_.name == "numeric" else math.nan
        return encode(value)

    return encode_number


def _as_text(type_: Type, value: Any) -> str:
    """Text for the server to read: it knows the type's input syntax, and names the value that it cannot read."""
    if isinstance(value, bytes | bytearray | memoryview | dict | list | tuple):
        raise ParameterError(
            f"a {type(value).__name__} is no value for {type_}: {str(value)[:80]!r}. Give its text."
        )
    text = str(value)
    if "\0" in text:
        raise ParameterError("the text holds a NUL character, which PostgreSQL cannot store")
    return text
