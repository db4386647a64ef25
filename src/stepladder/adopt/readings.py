"""How the stored values of a column may be read: each reading turns a value into a type's canonical form, or refuses it.

A value comes as sqlite3 gives it (int, float, str, bytes). Nothing is rounded, cut, or guessed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from stepladder.adopt import moments
from stepladder.adopt.misfit import Misfit
from stepladder.errors import DataError, NotPortable, ParameterError
from stepladder.sql import Type, check_json, encoder, fits_integer, is_native_numeric, jsonb_text, parse_json

Value = int | float | str | bytes
Class = type[int] | type[float] | type[str] | type[bytes]
_INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
_NUMERIC = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_EXACT_DOUBLE = 2**53


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a column's values.

    `kept` is the class of values that are stored as they are and need no look each (text is looked at all the same).
    `because` is the reason that is told.
    """

    type: Type
    convert: Callable[[Any], Value]
    because: str
    kept: Class | None = None


def integer(value: Value, name: str = "int8") -> int:
    """Only whole numbers that the type holds."""
    if isinstance(value, int):
        if not fits_integer(name, value):
            raise Misfit(f"is out of range for {Type(name)}")
        return value
    if isinstance(value, float):
        raise Misfit(
            "is out of range for bigint (SQLite kept about 15 of its digits)"
            if abs(value) >= 2**63
            else "is no whole number"
        )
    raise _no(value, "integer")


def double(value: Value) -> float:
    """Only floating point numbers: an integer beyond 2^53 would lose digits."""
    if isinstance(value, float):
        return value
    if isinstance(value, int) and abs(value) <= _EXACT_DOUBLE:
        return float(value)
    if isinstance(value, int):
        raise Misfit("has more digits than a double keeps")
    raise _no(value, "number")


def only(kind: Class, word: str) -> Callable[[Value], Value]:
    """Values of one class, as they are."""

    def convert(value: Value) -> Value:
        if type(value) is kind:
            return value
        raise Misfit(f"is {class_name(value)}, where the others are {word}")

    return convert


def text(value: Value, length: int | None = None) -> str:
    """Text that PostgreSQL holds."""
    if not isinstance(value, str):
        raise Misfit(f"is {class_name(value)}, not text")
    if "\0" in value:
        raise Misfit("holds a NUL (\\u0000), which PostgreSQL's text does not")
    if length is not None and len(value) > length:
        raise Misfit(f"has {len(value)} characters, more than {length}")
    return value


def blob(value: Value) -> bytes:
    """Bytes, never text."""
    if isinstance(value, bytes):
        return value
    raise Misfit(f"is {class_name(value)}, not bytes")


def boolean(value: Value) -> int:
    """0 and 1."""
    if isinstance(value, int) and value in (0, 1):
        return value
    raise Misfit("is neither 0 nor 1")


def words(true: str, false: str, value: Value) -> int:
    """Two words for true and false."""
    if value == true:
        return 1
    if value == false:
        return 0
    raise Misfit(f"is neither {true!r} nor {false!r}")


def numeric(type_: Type, value: Value) -> Value:
    """A decimal that needs no rounding. A double is the shortest decimal that reads back the same."""
    if isinstance(value, int | float) and is_native_numeric(type_) and check_native(type_, value):
        return value
    if isinstance(value, bytes) or (isinstance(value, str) and not _NUMERIC.fullmatch(value)):
        raise _no(value, "number")
    exact = Decimal(value if isinstance(value, str | int) else repr(value))
    if not exact.is_finite():
        raise Misfit(f"is {value}, which {type_} does not hold")
    try:
        stored = encoder(type_)(exact)  # type: ignore[misc]
    except DataError as error:
        raise Misfit(f"has too many digits for {type_}") from error
    if Decimal(stored if isinstance(stored, str | int) else repr(stored)) != exact:
        raise Misfit(f"has more digits than {type_} keeps")
    return stored  # type: ignore[no-any-return]


def check_native(type_: Type, value: int | float) -> bool:
    """Whether a column of up to 15 digits holds the number as it is: what its CHECK says."""
    scale = type_.scale or 0
    whole = isinstance(value, float) and value.is_integer()  # SQLite keeps it as an integer
    return not whole and abs(value) < 10 ** ((type_.precision or 0) - scale) and round(value, scale) == value


def as_type(type_: Type, value: Value) -> Value:
    """Text in PostgreSQL's own syntax for a type whose syntax has one meaning: uuid, interval, arrays."""
    if not isinstance(value, str):
        raise _no(value, str(type_))
    try:
        return encoder(type_)(value)  # type: ignore[misc, no-any-return]
    except (DataError, ParameterError, NotPortable) as error:
        raise Misfit(f"is no {type_}" if value else "is empty text (''), which is not NULL") from error


def unchanged(type_: Type, value: Value) -> Value:
    """What the type stores already."""
    try:
        stored = value if type_.name == "bool" and value in (0, 1) else encoder(type_)(value)  # type: ignore[misc]
    except (DataError, ParameterError, NotPortable) as error:
        raise Misfit(f"is no {type_}: {error.message}") from error
    if stored != value or type(stored) is not type(value):
        raise Misfit(f"is not as {type_} stores it, {stored!r}")
    return value


def json_document(type_: Type, value: Value) -> str:
    """JSON. A number alone, which SQLite has made of its text, is written out again."""
    if isinstance(value, bytes):
        raise Misfit("is bytes, not JSON")
    written = value if isinstance(value, str) else repr(value)
    try:
        json.loads(written, object_pairs_hook=_refuse_twins)
        if type_.name == "json":
            check_json(written)
            return text(written)
        return jsonb_text(parse_json(written))
    except Misfit:
        raise
    except (ValueError, RecursionError) as error:
        raise Misfit("is no JSON") from error
    except (DataError, ParameterError) as error:
        raise Misfit(f"is no {type_}: {error.message}") from error


def _refuse_twins(pairs: list[tuple[str, Any]]) -> None:
    keys = [key for key, _ in pairs]
    if len(set(keys)) < len(keys):
        twin = next(key for key in keys if keys.count(key) > 1)
        raise Misfit(f"is JSON with the duplicate key {twin!r}, of which jsonb keeps one")


def of_text(read: Callable[[str], str], what: str) -> Callable[[Value], str]:
    """A reading of text only."""

    def convert(value: Value) -> str:
        if isinstance(value, str):
            return read(value)
        hint = " (is it an epoch?)" if isinstance(value, int | float) else ""
        raise Misfit(f"is {class_name(value)}, not {what}{hint}")

    return convert


def class_name(value: object) -> str:
    """SQLite's word for what a value is."""
    return {int: "an integer", float: "a real", str: "text", bytes: "a blob"}.get(type(value), "NULL")


def _no(value: Value, what: str) -> Misfit:
    if value == "":
        return Misfit("is empty text (''), which is not NULL")
    return Misfit(f"is {class_name(value)}, and no {what}")


def exact_text(value: Value) -> str:
    """Any value as text, where the user says that it is text."""
    if isinstance(value, bytes):
        try:
            return text(value.decode())
        except UnicodeDecodeError as error:
            raise Misfit("is no valid UTF-8") from error
    return text(value if isinstance(value, str) else repr(value))


def exact_integer(name: str, value: Value) -> int:
    """A whole number of any class, where the user says that it is one."""
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        return integer(int(value), name)
    whole = isinstance(value, float) and value.is_integer() and abs(value) <= _EXACT_DOUBLE
    return integer(int(value) if whole else value, name)


def at_epoch(type_: Type, unit: str, value: Value) -> str:
    """A number that counts from 1970, where the user says in what unit."""
    if not isinstance(value, int | float):
        raise _no(value, f"number of {unit}")
    moment = moments.since_epoch(value, unit)
    if type_.name == "timestamp":
        return moment.isoformat(sep=" ")
    if type_.name == "timestamptz":
        return moment.isoformat(sep=" ") + "+00:00"
    if moment.time() != moment.min.time():
        raise Misfit(f"is no midnight, read as {unit}")
    return moment.date().isoformat()
