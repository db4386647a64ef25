"""Python values to the values that a SQLite file stores, checked as PostgreSQL would check them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache, partial
from typing import Any
from uuid import UUID

from stepladder.errors import (
    DataError,
    InvalidText,
    NotPortable,
    ParameterError,
    StringTooLong,
)
from stepladder.sql.arrays import parse_array
from stepladder.sql.definition import shown_name
from stepladder.sql.display import printer
from stepladder.sql.encoding_numbers import (
    decimal,
    integer,
    server_float,
    stored_float,
    stored_numeric,
    wrong_type,
)
from stepladder.sql.jsonpath import parse_path
from stepladder.sql.jsons import check_json, jsonb_text, parse_json
from stepladder.sql.literals import array_element, array_text, input_text
from stepladder.sql.moments import (
    out_of_range,
    parse_date,
    parse_time,
    parse_timestamp,
    parse_timestamptz,
    rounded,
    stored_timestamptz,
)
from stepladder.sql.numerals import (
    fit_numeric,
    invalid_text,
    numeric_text,
)
from stepladder.sql.relation_names import relation_name
from stepladder.sql.span_spellings import fitted, parse_span
from stepladder.sql.spans import Span, from_timedelta
from stepladder.sql.texts import BLANKS, storable
from stepladder.sql.types import Type, type_of

Encode = Callable[[Any], Any]
_BYTEA_ESCAPE = re.compile(r"\\(?:\\|([0-3][0-7]{2}))|[^\\]+", re.DOTALL)


@lru_cache(maxsize=1024)
def encoder(type_: Type) -> Encode | None:
    """A function from a Python value to the stored one; None where every value is stored as it is.

    A str is read by PostgreSQL's input syntax for the type. NULL is the caller's: it is never given. The function
    raises ParameterError for a value of a wrong Python type, and DataError's classes for one that does not fit.
    """
    encode = _ENCODERS.get(type_.name)
    if encode is None:
        raise NotPortable(f"a value of type {type_}", why="SQLite has no form for it yet")
    return partial(encode, type_)


@lru_cache(maxsize=1024)
def server_encoder(type_: Type) -> Encode | None:
    """The same for a PostgreSQL server: a function to a form that COPY's text and the type's input there read.

    What only SQLite cannot hold, or does not read, is the server's to judge: NaN, 24:00, `today`, a type without rules.
    """
    element = type_.element
    if element is not None:
        inner = server_encoder(element)
        return partial(_array_text, type_, lambda value: input_text(inner(value) if inner else value))
    if type_.name == "numeric":
        return _element_text(type_)
    if type_.name in ("float4", "float8"):
        return partial(server_float, type_)
    known = (
        encoder(type_.bare if type_.name in ("time", "interval") else type_)
        if type_.name in _ENCODERS
        else None
    )
    return partial(_leniently, known)


def _leniently(encode: Encode | None, value: Any) -> Any:
    try:
        return encode(value) if encode else storable(input_text(value))
    except NotPortable:
        if not isinstance(value, str):
            raise
        return storable(value)


def encode_parameter(name: str, type_: Type, value: Any) -> Any:
    """The stored form of a parameter's value; an error says the parameter's name.

    A list without values has no type of its own: it is the text `{}` that its context reads, as in a literal.
    """
    if value is None:
        return None
    encode = encoder(type_)
    try:
        if isinstance(value, list | tuple) and type_of(value).name == "unknown":
            value = array_text(value)
        return encode(value) if encode else value
    except (ParameterError, DataError) as error:
        raise error.at(f":{name}") from error


def _bool(type_: Type, value: Any) -> int:
    if isinstance(value, bool):
        return int(value)
    if not isinstance(value, str):
        raise wrong_type(type_, value)
    word = value.strip(BLANKS).lower()
    if word in ("on", "1") or (word and ("true".startswith(word) or "yes".startswith(word))):
        return 1
    if word in ("off", "of", "0") or (word and ("false".startswith(word) or "no".startswith(word))):
        return 0
    raise invalid_text(type_, value)


def _text(type_: Type, value: Any) -> str:
    if not isinstance(value, str):
        raise wrong_type(type_, value)
    text = storable(value)
    text = text.rstrip(" ") if type_.name == "bpchar" else text
    if type_.length is not None and len(text) > type_.length:
        if text[type_.length :].strip(" "):
            raise StringTooLong(f"value too long for type {type_}: {text[:80]!r} has {len(text)} characters")
        text = text[: type_.length]
    return text


def _name(_: Type, value: Any) -> str:
    """A name is cut, without an error, to the characters that 63 bytes hold."""
    if not isinstance(value, str):
        raise wrong_type(Type("name"), value)
    return storable(value).encode()[:63].decode(errors="ignore")


def _date(type_: Type, value: Any) -> str:
    if isinstance(value, str):
        return parse_date(value).isoformat()
    if not isinstance(value, date) or isinstance(value, datetime):
        raise wrong_type(type_, value)
    return value.isoformat()


def _time(type_: Type, value: Any) -> str:
    found = parse_time(value) if isinstance(value, str) else value
    if found is None:
        raise NotPortable(f"{value} as {type_}", why="Python's time does not hold 24:00")
    if not isinstance(found, time):
        raise wrong_type(type_, value)
    if found.tzinfo is not None:
        raise ParameterError(f"{value} has a time zone, and {type_} has none")
    if type_.precision not in (None, 6):
        raise NotPortable(f"the type {type_}")
    return found.isoformat()


def _timestamp(type_: Type, value: Any) -> str:
    found = parse_timestamp(value) if isinstance(value, str) else value
    if not isinstance(found, datetime):
        raise wrong_type(type_, value)
    if found.tzinfo is not None:
        raise ParameterError(
            f"{value} has a time zone, and {type_} has none. Convert it first: value.astimezone(...)."
        )
    return datetime.isoformat(_rounded(found, type_), " ")


def _timestamptz(type_: Type, value: Any) -> str:
    found = parse_timestamptz(value) if isinstance(value, str) else value
    if not isinstance(found, datetime):
        raise wrong_type(type_, value)
    if found.tzinfo is None:
        raise ParameterError(
            f"{value} has no time zone, and {type_} needs one. Say which: value.replace(tzinfo=...)."
        )
    try:
        return stored_timestamptz(_rounded(found.astimezone(UTC), type_))
    except OverflowError as error:
        raise ParameterError(f"{value} is outside the years 1 to 9999 in UTC") from error


def _rounded(value: datetime, type_: Type) -> datetime:
    try:
        return rounded(value, type_.precision)
    except OverflowError as error:
        raise out_of_range(str(value)) from error


def _interval(type_: Type, value: Any) -> str:
    if isinstance(value, str):
        return str(fitted(parse_span(value, type_.fields), type_.fields, type_.precision))
    if isinstance(value, Span):
        return str(parse_span(str(value)))
    if not isinstance(value, timedelta):
        raise wrong_type(type_, value)
    return str(from_timedelta(value))


def _uuid(type_: Type, value: Any) -> str:
    if isinstance(value, UUID):
        return str(value)
    if not isinstance(value, str):
        raise wrong_type(type_, value)
    inner = value[1:-1] if value[:1] == "{" and value[-1:] == "}" else value
    if not re.fullmatch(r"[0-9a-fA-F]{4}(-?[0-9a-fA-F]{4}){7}", inner):
        raise invalid_text(type_, value)
    return str(UUID(inner.replace("-", "")))


def _bytea(type_: Type, value: Any) -> bytes:
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    if not isinstance(value, str):
        raise wrong_type(type_, value)
    if value.startswith("\\x"):
        try:
            return bytes.fromhex(value[2:])
        except ValueError as error:
            raise InvalidText(f'invalid hexadecimal data: "{value[:80]}"', sqlstate="22023") from error
    return _escaped_bytes(type_, value)


def _escaped_bytes(type_: Type, value: str) -> bytes:
    parts, at = [], 0
    while match := _BYTEA_ESCAPE.match(value, at):
        octal = match[1]
        parts.append(bytes([int(octal, 8)]) if octal else b"\\" if match[0] == "\\\\" else match[0].encode())
        at = match.end()
    if at != len(value):
        raise invalid_text(type_, value)
    return b"".join(parts)


def _jsonb(_: Type, value: Any) -> str:
    return jsonb_text(parse_json(value) if isinstance(value, str) else value)


def _json(_: Type, value: Any) -> str:
    if not isinstance(value, str):
        return jsonb_text(value)
    check_json(value)
    return storable(value)


def _jsonpath(type_: Type, value: Any) -> str:
    if not isinstance(value, str):
        raise wrong_type(type_, value)
    parse_path(value)
    return value


def _array(type_: Type, value: Any) -> str:
    return _array_text(type_, _element_text(type_.element or Type("text")), value)


def _array_text(type_: Type, show: Callable[[Any], str], value: Any) -> str:
    items = parse_array(value) if isinstance(value, str) else value
    if not isinstance(items, list | tuple) or isinstance(items, Span):
        raise wrong_type(type_, value)
    return "{" + ",".join("NULL" if item is None else array_element(show(item)) for item in items) + "}"


@lru_cache(maxsize=256)
def _element_text(element: Type) -> Callable[[Any], str]:
    """A function from a value to its text inside an array, where numeric(p,s) and char(n) are written out."""
    if element.name == "numeric":
        return lambda value: numeric_text(fit_numeric(decimal(element, value), element))
    if element.name == "bpchar":
        return lambda value: _text(element, value).ljust(element.length or 0)
    encode, show = encoder(element), printer(element)
    return lambda value: show(encode(value) if encode else value)


def _regclass(_: Type, value: Any) -> str:
    """A relation by its name, as SQL; whether there is one is asked where it is used."""
    if value == "-" or value.isdecimal():
        raise NotPortable(f"{value!r} as a relation's number", instead="write its name")
    return shown_name(relation_name(value)).sql


_ENCODERS: dict[str, Callable[[Type, Any], Any]] = {
    **dict.fromkeys(("int2", "int4", "int8"), integer),
    **dict.fromkeys(("float4", "float8"), stored_float),
    **dict.fromkeys(("text", "varchar", "bpchar", "unknown"), _text),
    "name": _name,
    "regclass": _regclass,
    "numeric": stored_numeric,
    "bool": _bool,
    "date": _date,
    "time": _time,
    "timestamp": _timestamp,
    "timestamptz": _timestamptz,
    "interval": _interval,
    "uuid": _uuid,
    "bytea": _bytea,
    "jsonb": _jsonb,
    "json": _json,
    "jsonpath": _jsonpath,
    "array": _array,
}
