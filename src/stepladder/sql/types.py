"""PostgreSQL's types as values, their spellings, and the type that each Python value has."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from types import MappingProxyType
from uuid import UUID

from stepladder.errors import ParameterError, UndefinedObject
from stepladder.sql.spans import Span

# The catalogue's name -> format_type()'s spelling.
DISPLAYED: Mapping[str, str] = MappingProxyType(
    {
        "int2": "smallint",
        "int4": "integer",
        "int8": "bigint",
        "float4": "real",
        "float8": "double precision",
        "bool": "boolean",
        "varchar": "character varying",
        "bpchar": "character",
        "time": "time without time zone",
        "timetz": "time with time zone",
        "timestamp": "timestamp without time zone",
        "timestamptz": "timestamp with time zone",
        **{
            name: name
            for name in [
                "numeric",
                "text",
                "date",
                "interval",
                "uuid",
                "jsonb",
                "bytea",
                "unknown",
                "void",
                "json",
            ]
        },
    }
)
_SPELLINGS = {
    **{shown: name for name, shown in DISPLAYED.items()},
    **{name: name for name in DISPLAYED},
    "int": "int4",
    "decimal": "numeric",
    "dec": "numeric",
    "float": "float8",
    "char": "bpchar",
    "character": "bpchar",
    "char varying": "varchar",
    "time": "time",
    "timestamp": "timestamp",
    "national character": "bpchar",
}
_TEXT = re.compile(
    r"(?P<head>[a-z][a-z0-9_ ]*?)\s*(?:\((?P<modifiers>[\s\d,+-]*)\))?(?P<tail>\s+[a-z ]+?)?\s*(?P<array>(?:\[\s*\d*\s*\]\s*)*)"
)
_INT_RANGES = {"int2": 2**15, "int4": 2**31, "int8": 2**63}


@dataclass(frozen=True, slots=True)
class Type:
    """A type by PostgreSQL's catalogue name (`int4`, `timestamptz`, …; `array` with its element type).

    `precision` and `scale` are numeric's (and the fractional digits of temporal types, in `precision`);
    `length` counts characters of varchar and bpchar; a bpchar without one has in `scale` the width of all its values.
    """

    name: str
    precision: int | None = None
    scale: int | None = None
    length: int | None = None
    element: Type | None = None
    fields: str = ""  # an interval's, where it has not all: `day to hour`

    def __str__(self) -> str:
        """The type as PostgreSQL's format_type() spells it."""
        if self.name == "array" and self.element is not None:
            return f"{self.element}[]"
        shown = DISPLAYED.get(self.name, self.name)
        if self.length is not None:
            return f"{shown}({self.length})"
        if self.name == "bpchar":
            return "bpchar"
        shown += f" {self.fields}" if self.fields else ""
        if self.precision is None:
            return shown
        modifier = (
            f"({self.precision},{self.scale or 0})" if self.name == "numeric" else f"({self.precision})"
        )
        head, space, tail = shown.partition(" ") if self.name.startswith("time") else (shown, "", "")
        return f"{head}{modifier}{space}{tail}"

    @property
    def modified(self) -> bool:
        """Whether the type has a modifier; a numeric's scale without a precision is none."""
        inner = self.element is not None and self.element.modified
        return inner or self.precision is not None or self.length is not None or self.fields != ""

    @property
    def bare(self) -> Type:
        """The type without its modifiers."""
        if self.element is not None:
            return Type("array", element=self.element.bare)
        return Type(self.name)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table or a result."""

    name: str
    type: Type
    not_null: bool = False


_INTEGERS = (Type("int4"), Type("int8"))


def parse_type(text: str) -> Type:
    """The type that any of PostgreSQL's spellings means: `int`, `varchar(20)`, `timestamp(3) with time zone`, `text[]`.

    Raises UndefinedObject for a type that is not known here.
    """
    folded = re.sub(r"\s+", " ", text.strip().replace('"', "")).lower().removeprefix("pg_catalog.")
    match = _TEXT.fullmatch(folded)
    name = _SPELLINGS.get(f"{match['head']}{match['tail'] or ''}".strip()) if match else None
    if match is None or name is None:
        raise UndefinedObject(f'type "{text}" does not exist, or is not known to Stepladder')
    words = [word.strip() for word in (match["modifiers"] or "").split(",") if word.strip()]
    spelled_char = match["head"].strip() in ("char", "character") and not match["tail"]
    found = with_modifiers(name, [int(word) for word in words] or ([1] if spelled_char else []), text)
    return Type("array", element=found) if match["array"] else found


def with_modifiers(name: str, modifiers: list[int], text: str) -> Type:
    """The type `name` with the numbers that stand in its parentheses."""
    if not modifiers:
        return Type(name)
    first = modifiers[0]
    if name in ("varchar", "bpchar") and len(modifiers) == 1 and 1 <= first <= 10_485_760:
        return Type(name, length=first)
    if name == "numeric" and len(modifiers) <= 2 and 1 <= first <= 1000:
        return Type(name, precision=first, scale=modifiers[1] if len(modifiers) == 2 else 0)
    if (
        name in ("time", "timetz", "timestamp", "timestamptz", "interval")
        and len(modifiers) == 1
        and 0 <= first <= 6
    ):
        return Type(name, precision=first)
    if text.lower().startswith("float") and len(modifiers) == 1 and 1 <= first <= 53:
        return Type("float4" if first <= 24 else "float8")
    raise UndefinedObject(f'type modifier in "{text}" is not one that PostgreSQL takes', sqlstate="22023")


def integer_type(value: int) -> Type:
    """The smallest of int4, int8 and numeric that holds `value`."""
    for type_ in _INTEGERS:
        if fits_integer(type_.name, value):
            return type_
    return Type("numeric")


def fits_integer(name: str, value: int) -> bool:
    """Whether the integer type `name` holds `value`."""
    return -_INT_RANGES[name] <= value < _INT_RANGES[name]


def types_of(values: Mapping[str, object]) -> dict[str, Type]:
    """The type of each parameter's value. Raises ParameterError, with the name."""
    found = {}
    for name, value in values.items():
        try:
            found[name] = type_of(value)
        except ParameterError as error:
            raise error.at(f":{name}") from error
    return found


def type_of(value: object) -> Type:
    """The type that a Python value is sent as; a str (and None) is *unknown*: PostgreSQL types it from context.

    Raises ParameterError for a value that no type takes.
    """
    if isinstance(value, bool):
        return Type("bool")
    if isinstance(value, int):
        return integer_type(value)
    if isinstance(value, Span):
        return Type("interval")
    if isinstance(value, list | tuple):
        return _type_of_list(list(value))
    if isinstance(value, datetime | timedelta):
        _refuse_what_is_lost(value)
    if isinstance(value, datetime):
        return Type("timestamp" if value.tzinfo is None else "timestamptz")
    if value is None:
        return Type("unknown")
    for python, name in _PYTHON_TYPES:
        if isinstance(value, python):
            return Type(name)
    raise ParameterError(
        f"a value of type {type(value).__name__} cannot be bound. Give one of int, float, Decimal, bool, str, date, time, "
        "datetime, timedelta, Span, UUID, bytes, dict, list or None."
    )


def _refuse_what_is_lost(value: datetime | timedelta) -> None:
    """pandas' moments are Python's by class, and hold more: no moment at all, and nanoseconds."""
    if value != value:
        raise ParameterError(f"{value} is no moment. Give None for NULL")
    if getattr(value, "nanosecond", 0) or getattr(value, "nanoseconds", 0):
        raise ParameterError(f"{value} has nanoseconds, and PostgreSQL keeps microseconds. Round it first")


_PYTHON_TYPES: tuple[tuple[type, str], ...] = (
    (str, "unknown"),
    (float, "float8"),
    (Decimal, "numeric"),
    (date, "date"),
    (time, "time"),
    (timedelta, "interval"),
    (UUID, "uuid"),
    (bytes, "bytea"),
    (bytearray, "bytea"),
    (memoryview, "bytea"),
    (dict, "jsonb"),
)
_WIDENING = ("int4", "int8", "numeric", "float8")


def _type_of_list(values: list[object]) -> Type:
    found = {type_of(value) for value in values if value is not None}
    names = {type_.name for type_ in found}
    if not found:
        return Type("unknown")
    if any(isinstance(value, list | tuple) and not isinstance(value, Span) for value in values):
        raise ParameterError("a list of lists cannot be bound. Give a flat list.")
    if len(found) == 1:
        return Type("array", element=Type("text") if names == {"unknown"} else found.pop())
    if names <= set(_WIDENING):
        return Type("array", element=Type(max(names, key=_WIDENING.index)))
    raise ParameterError(
        f"a list must hold values of one type; this one holds {', '.join(sorted(map(str, found)))}."
    )
