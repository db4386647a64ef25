"""From a column's declaration, or the user's word, to the readings that its values may have, the likeliest first."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from stepladder.adopt import moments
from stepladder.adopt import readings as read
from stepladder.adopt.readings import Reading, Value
from stepladder.errors import DatabaseError, NotPortable, UsageError
from stepladder.sql import Type, declared, parse_type

_ARGUMENTS = re.compile(r"\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)")
_EXACT = {
    "date": "date",
    "time": "time",
    "time without time zone": "time",
    "timestamptz": "timestamptz",
    "timestamp with time zone": "timestamptz",
    "uuid": "uuid",
    "interval": "interval",
    "bytea": "bytea",
    "jsonb": "jsonb",
    "json": "jsonb",
}
_WORDS = (("true", "false"), ("t", "f"), ("True", "False"), ("TRUE", "FALSE"))
READABLE = "date, timestamp or timestamptz"


def affinity(words: str) -> str:
    """SQLite's affinity for a declared type (https://sqlite.org/datatype3.html, 3.1)."""
    upper = words.upper()
    if "INT" in upper:
        return "INTEGER"
    if any(word in upper for word in ("CHAR", "CLOB", "TEXT")):
        return "TEXT"
    if "BLOB" in upper or not upper.strip():
        return "BLOB"
    return "REAL" if any(word in upper for word in ("REAL", "FLOA", "DOUB")) else "NUMERIC"


def possible(words: str) -> tuple[Reading, ...]:
    """The readings of a column declared so; the last is the one whose misfits are told where none fits."""
    name = " ".join(_ARGUMENTS.sub("", words).lower().split())
    found = _ARGUMENTS.search(words)
    first = int(found[1]) if found else None
    second = int(found[2]) if found and found[2] else 0
    if name in _EXACT:
        return _exact(_EXACT[name], words)
    kind = affinity(words)
    if kind == "INTEGER":
        return (_integers(f"declared {words}: SQLite's integers have up to eight bytes"),)
    if kind == "TEXT":
        return (_texts(words, first),)
    if kind == "REAL":
        return (Reading(Type("float8"), read.double, f"declared {words}: eight bytes in SQLite", float),)
    if kind == "BLOB" and words.strip():
        return (Reading(Type("bytea"), read.blob, f"declared {words}", bytes),)
    if "bool" in name:
        return _booleans(words)
    if name.startswith(("datetime", "timestamp")):
        return _moments(words)
    if name in ("decimal", "numeric", "dec", "number"):
        type_ = Type("numeric") if first is None else Type("numeric", first, second)
        return (Reading(type_, partial(read.numeric, type_), f"declared {words}"),)
    return _by_content(words)


def _integers(because: str) -> Reading:
    return Reading(Type("int8"), read.integer, because, int)


def _texts(words: str, length: int | None) -> Reading:
    if length is None or "char" not in words.lower():
        return Reading(Type("text"), read.text, f"declared {words}", str)
    return Reading(
        Type("varchar", length=length),
        partial(read.text, length=length),
        f"declared {words}, counted in characters",
        str,
    )


def _booleans(words: str) -> tuple[Reading, ...]:
    spelled = [
        Reading(
            Type("bool"),
            partial(read.words, true, false),
            f"declared {words}, spelled {true!r} and {false!r}",
        )
        for true, false in _WORDS
    ]
    return (*spelled, Reading(Type("bool"), read.boolean, f"declared {words}", int))


def _moments(words: str) -> tuple[Reading, ...]:
    def all_are(name: str, function: Callable[[str], str], which: str) -> Reading:
        return Reading(Type(name), read.of_text(function, f"a {name}"), f"declared {words}, {which}")

    return (
        all_are("timestamptz", moments.read_timestamptz, "every value has a time zone"),
        all_are("date", moments.read_date, "no value has a time of day"),
        all_are("timestamp", moments.read_timestamp, "no value has a time zone"),
    )


def _exact(name: str, words: str) -> tuple[Reading, ...]:
    type_, because = Type(name), f"declared {words}"
    if name == "bytea":
        return (Reading(type_, read.blob, because, bytes),)
    if name == "jsonb":
        return (Reading(type_, partial(read.json_document, type_), because),)
    if name in ("uuid", "interval"):
        return (Reading(type_, partial(read.as_type, type_), because),)
    functions = {
        "date": moments.read_date,
        "time": moments.read_time,
        "timestamptz": moments.read_timestamptz,
    }
    mine = Reading(type_, read.of_text(functions[name], f"a {name}"), because)
    if name != "date":
        return (mine,)
    timed = Reading(
        Type("timestamp"),
        read.of_text(moments.read_timestamp, "a timestamp"),
        f"declared {words}, but every value has a time of day",
    )
    return (timed, mine)


def _by_content(words: str) -> tuple[Reading, ...]:
    told = f"declared {words}, which says no type" if words.strip() else "declared without a type"
    kinds: tuple[tuple[str, type, str], ...] = (
        ("int8", int, "integers"),
        ("float8", float, "reals"),
        ("bytea", bytes, "blobs"),
        ("text", str, "text"),
    )
    return tuple(
        Reading(
            Type(name),
            read.text if kind is str else read.only(kind, word),
            f"{told}; its values are {word}",
            kind,
        )
        for name, kind, word in kinds
    )


def asked(said: str) -> Reading:
    """The reading that the user says, `TYPE` or `TYPE:epoch_s`. Raises UsageError."""
    words, _, unit = said.partition(":")
    try:
        type_ = parse_type(words.strip())
        declared(type_)
    except (DatabaseError, NotPortable) as error:
        raise UsageError(
            f"{words!r} is no type that SQLite keeps: {error.message}. Nothing was written."
        ) from error
    because = f"--type says {said}"
    if unit:
        if unit not in moments.EPOCHS or type_.name not in ("date", "timestamp", "timestamptz"):
            raise UsageError(
                f"{said!r}: behind the colon stands {', '.join(moments.EPOCHS)}, behind {READABLE}. Nothing was written."
            )
        return Reading(type_, partial(read.at_epoch, type_, unit), because)
    return Reading(type_, _converter(type_), because)


def _converter(type_: Type) -> Callable[[Value], Value]:
    simple: dict[str, Callable[[Value], Value]] = {
        "float8": read.double,
        "bytea": read.blob,
        "bool": _any_boolean,
        "date": read.of_text(moments.read_date, "a date"),
        "time": read.of_text(moments.read_time, "a time"),
        "timestamp": read.of_text(moments.read_timestamp_or_day, "a timestamp"),
        "timestamptz": read.of_text(moments.read_moment_in_utc, "a moment"),
        "text": read.exact_text,
    }
    if type_.name in simple and not type_.modified:
        return simple[type_.name]
    if type_.name in ("int2", "int4", "int8"):
        return partial(read.exact_integer, type_.name)
    if type_.name == "numeric":
        return partial(read.numeric, type_)
    if type_.name in ("json", "jsonb"):
        return partial(read.json_document, type_)
    if type_.name == "varchar":
        return partial(read.text, length=type_.length)
    if type_.name in ("uuid", "interval", "array") and not type_.modified:
        return partial(read.as_type, type_)
    raise UsageError(
        f"--type does not take {type_}: its values would be rounded, or padded. Nothing was written."
    )


def _any_boolean(value: Value) -> int:
    for true, false in _WORDS:
        if value in (true, false):
            return read.words(true, false, value)
    return read.boolean(value)


def recorded(words: str) -> Reading:
    """The reading of a column whose type Stepladder recorded before another program changed the table."""
    type_ = parse_type(words)
    because = f"recorded as {type_} before the table was changed"
    return Reading(type_, partial(read.unchanged, type_), because)
