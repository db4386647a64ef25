"""Values as literals of PostgreSQL's SQL: one table for every driver, so that the server sees the same text.

A str is an *unknown* literal that PostgreSQL types from its context; an int is the smallest of int4, int8 and
numeric; everything else carries its cast. What a query returns can be bound again.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from stepladder.errors import DataError, ParameterError
from stepladder.sql.jsons import jsonb_text
from stepladder.sql.numerals import numeric_text, to_numeric
from stepladder.sql.parameters import parameter_uses
from stepladder.sql.spans import Span, from_timedelta
from stepladder.sql.texts import BLANKS, storable
from stepladder.sql.types import Type, fits_integer, type_of

Escape = Callable[[str], str]
# A minus is read with the number behind it, parentheses or none: at these ends that would change the type.
_ENDS = (-(2**63), -(2**31), 2**31, 2**63)


@dataclass(frozen=True, slots=True)
class Bound:
    """A statement with its values written in: what is sent. `to_user` leads back from its places."""

    text: str
    _changes: tuple[tuple[int, int], ...]  # (place in `text`, how much further it was in the user's text)

    def to_user(self, position: int) -> int:
        """The place in the user's text for a place in `text`, both in characters from 0."""
        found = bisect.bisect_right(self._changes, (position, 1 << 60)) - 1
        return max(0, position + (self._changes[found][1] if found >= 0 else 0))

    def within(self, before: str, after: str, *, offset: int) -> Bound:
        """The same with other text around it. `offset` is where the statement began in the user's text."""
        further = offset - len(before)
        changes = [(place + len(before), change + further) for place, change in self._changes]
        return Bound(f"{before}{self.text}{after}", ((len(before), further), *changes))


def bind(sql: str, values: Mapping[str, Any], escape: Escape) -> Bound:
    """`sql` with a literal for every `:name`.

    `escape` makes a string literal, quotes included, as the server's own client library does. Raises
    ParameterError for a value that is missing, one that is not used, and one that cannot be a literal; DataError's
    classes for one that its type does not hold.
    """
    uses = parameter_uses(sql)
    check_names({use.name for use in uses}, values)
    written = {name: literal(values[name], escape, name) for name in values}
    parts: list[str] = []
    changes: list[tuple[int, int]] = []
    at = length = 0
    for use in uses:
        before = sql[at : use.start]
        text = _apart(before, written[use.name], first=not at, after=sql[use.end :])
        parts += [before, text]
        length += len(before) + len(text)
        at = use.end
        changes.append((length, at - length))
    return Bound("".join([*parts, sql[at:]]), tuple(changes))


def _apart(before: str, text: str, *, first: bool, after: str) -> str:
    """`text` so that it is not read together with what stands beside it: a quote straight after an operator such as
    `@` or a letter, a string that only a line break parts from another one."""
    code = before.rstrip(BLANKS)
    if text[-1:] == "'" and (code[-1:] == "'" or not (code or first) or after.lstrip(BLANKS)[:1] == "'"):
        return f" ({text})"
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
    if type(value) is int and -(2**31) < value < 2**31:  # most values are: the rest would say the same
        return str(value) if value >= 0 else f"({value})"
    try:
        type_ = type_of(value)
        if value is None:
            return "NULL"
        text = input_text(value)
        if isinstance(value, int) and not isinstance(value, bool) and value not in _ENDS:
            return f"({text})" if value < 0 else text
        quoted = escape(storable(text))
        return quoted if type_ == Type("unknown") else f"{quoted}::{cast_name(type_)}"
    except (ParameterError, DataError) as error:
        raise error.at(f":{name}") from error


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


def _integer_text(value: int) -> str:
    return int.__repr__(value) if fits_integer("int8", value) else numeric_text(to_numeric(value))


def _time_text(value: time) -> str:
    if value.tzinfo is not None:
        raise ParameterError(f"{value} has a time zone, and time without time zone has none")
    return value.isoformat()


def _moment_text(value: datetime) -> str:
    if value.tzinfo is None:
        return datetime.isoformat(value, " ")
    try:
        return datetime.isoformat(value.astimezone(UTC), " ")
    except OverflowError as error:
        raise ParameterError(f"{value} is outside the years 1 to 9999 in UTC") from error


_SPELL: tuple[tuple[Any, Callable[[Any], str]], ...] = (
    (str, storable),
    (int, _integer_text),
    (float, float.__repr__),  # a subclass's own repr may be anything: np.float64(1.5)
    (Decimal, lambda value: numeric_text(to_numeric(value))),
    (datetime, _moment_text),
    (date, lambda value: str(value.isoformat())),
    (time, _time_text),
    (timedelta, lambda value: str(from_timedelta(value))),
    (Span, str),
    (UUID, str),
    (bytes | bytearray | memoryview, lambda value: "\\x" + bytes(value).hex()),
    (dict, jsonb_text),
    (list | tuple, array_text),
)
