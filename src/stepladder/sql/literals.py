"""Values as literals of PostgreSQL's SQL: one table for every driver, so that the server sees the same text.

A str is an *unknown* literal that PostgreSQL types from its context; an int is the smallest of int4, int8 and
numeric; everything else carries its cast. What a query returns can be bound again.
"""

from __future__ import annotations

import bisect
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from stepladder.errors import ParameterError
from stepladder.sql.parameters import parameters
from stepladder.sql.spans import from_timedelta
from stepladder.sql.types import Type, type_of

Escape = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Bound:
    """A statement with its values written in: what is sent. `to_user` leads back from its places."""

    text: str
    _changes: tuple[tuple[int, int], ...]  # (place in `text`, how much further it was in the user's text)

    def to_user(self, position: int) -> int:
        """The place in the user's text for a place in `text`, both in characters from 0."""
        found = bisect.bisect_right(self._changes, (position, 1 << 60)) - 1
        return max(0, position + (self._changes[found][1] if found >= 0 else 0))


def bind(sql: str, values: Mapping[str, Any], escape: Escape) -> Bound:
    """`sql` with a literal for every `:name`.

    `escape` makes a string literal, quotes included, as the server's own client library does. Raises
    ParameterError for a value that is missing, one that is not used, and one that cannot be a literal.
    """
    uses = parameters(sql)
    check_names({use.name for use in uses}, values)
    written = {name: literal(values[name], escape, name) for name in values}
    parts: list[str] = []
    changes: list[tuple[int, int]] = []
    at = length = 0
    for use in uses:
        before = sql[at : use.start]
        text = _apart(before, written[use.name])
        parts += [before, text]
        length += len(before) + len(text)
        at = use.end
        changes.append((length, at - length))
    return Bound("".join([*parts, sql[at:]]), tuple(changes))


def _apart(before: str, text: str) -> str:
    """A quote straight after an operator such as `@` or a letter would be read together with it."""
    return f" {text}" if before and not before[-1].isspace() and before[-1] not in "(,[=" else text


def check_names(wanted: set[str], values: Mapping[str, object]) -> None:
    """Raise ParameterError unless `values` has exactly the names that the statement uses."""
    if wanted == values.keys():
        return
    missing, unused = sorted(wanted - values.keys()), sorted(values.keys() - wanted)
    at_hand = f"At hand: {', '.join(sorted(values)) or 'none'}."
    if missing:
        raise ParameterError(
            f"no value for {', '.join(f':{name}' for name in missing)}. {at_hand} Nothing was sent."
        )
    if unused:
        uses = ", ".join(f":{name}" for name in sorted(wanted)) or "no parameters"
        raise ParameterError(
            f"not used by the statement: {', '.join(unused)}. It uses {uses}. Nothing was sent."
        )


def literal(value: Any, escape: Escape, name: str = "value") -> str:
    """One value as a literal. `name` is said in the ParameterError of a value that cannot be one."""
    try:
        type_ = type_of(value)
        if value is None:
            return "NULL"
        if isinstance(value, int) and not isinstance(value, bool):
            return f"({value})" if value < 0 else str(value)
        quoted = escape(_refuse_nul(input_text(value)))
        return quoted if type_ == Type("unknown") else f"{quoted}::{cast_name(type_)}"
    except ParameterError as error:
        raise ParameterError(f":{name}: {error.message}") from error


def cast_name(type_: Type) -> str:
    """The short name of a type behind `::`."""
    return f"{cast_name(type_.element)}[]" if type_.element is not None else type_.name


def input_text(value: Any) -> str:
    """A value as the text that PostgreSQL's input functions read."""
    if isinstance(value, bool):
        return "true" if value else "false"
    for python, spell in _SPELL:
        if isinstance(value, python):
            return spell(value)
    return str(value)


def array_text(values: Sequence[Any]) -> str:
    """`{…}` with every element quoted where it must be."""
    return (
        "{"
        + ",".join("NULL" if value is None else array_element(input_text(value)) for value in values)
        + "}"
    )


def array_element(text: str) -> str:
    """An element as it stands in an array's text."""
    plain = text and text.upper() != "NULL" and not set(text) & set('{}",\\ \t\n\r\v\f')
    return text if plain else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def json_text(value: Any) -> str:
    """JSON of a dict or list. Raises ParameterError for what JSON cannot hold."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, default=_json_number)
    except (TypeError, ValueError, RecursionError) as error:
        raise ParameterError(f"cannot be written as JSON: {error}") from error


def _json_number(value: Any) -> Any:
    raise TypeError(f"a value of type {type(value).__name__} has no JSON form")


def _float_text(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return repr(value) if math.isfinite(value) else ("Infinity" if value > 0 else "-Infinity")


def _numeric_text(value: Decimal) -> str:
    if value.is_nan():
        return "NaN"
    return str(value) if value.is_infinite() else f"{value:f}"


def _refuse_nul(text: str) -> str:
    if "\0" in text:
        raise ParameterError("the text holds a NUL character, which PostgreSQL cannot store")
    return text


_SPELL: tuple[tuple[Any, Callable[[Any], str]], ...] = (
    (str, str),
    (float, _float_text),
    (Decimal, _numeric_text),
    (datetime, lambda value: str(value.isoformat(sep=" "))),
    (date, lambda value: str(value.isoformat())),
    (time, lambda value: str(value.isoformat())),
    (timedelta, lambda value: str(from_timedelta(value))),
    (UUID, str),
    (bytes | bytearray | memoryview, lambda value: "\\x" + bytes(value).hex()),
    (dict, json_text),
    (list | tuple, array_text),
)
