"""How PostgreSQL's types are declared in a SQLite file.

A declared type decides SQLite's affinity: `timestamptz`, `jsonb` or `date` would turn text into numbers, hence
TEXT (https://sqlite.org/datatype3.html). The exact type of each column is kept in a catalogue beside.
"""

from __future__ import annotations

from stepladder.errors import NotPortable
from stepladder.sql.types import DISPLAYED, Type

NATIVE_DIGITS = 15  # decimal digits that a double always keeps
_INTEGER_ENDS = {"int2": (-32768, 32767), "int4": (-(2**31), 2**31 - 1), "int8": None}
_TEXTS = frozenset(
    [
        "text",
        "varchar",
        "bpchar",
        "date",
        "time",
        "timestamp",
        "timestamptz",
        "interval",
        "uuid",
        "jsonb",
        "json",
        "array",
        "numeric",
        "unknown",
    ]
)


def is_native_numeric(type_: Type) -> bool:
    """Whether a column of this numeric type holds SQLite's own numbers; else it holds text."""
    return (
        type_.name == "numeric"
        and type_.precision is not None
        and type_.precision <= NATIVE_DIGITS
        and (0 <= (type_.scale or 0) <= type_.precision)
    )


def declared(type_: Type) -> str:
    """SQLite's declared type for a column. Raises NotPortable for a type that is not kept in SQLite."""
    if type_.name in ("time", "interval") and (type_.precision not in (None, 6) or type_.fields):
        raise NotPortable(
            f"a column of type {type_}", why="SQLite keeps all six digits of a second's fraction"
        )
    if type_.name in _INTEGER_ENDS or type_.name in ("float4", "float8"):
        return DISPLAYED[type_.name]
    if is_native_numeric(type_):
        return f"NUMERIC({type_.precision},{type_.scale or 0})"
    if type_.name == "bool":
        return "BOOLEAN"
    if type_.name == "bytea":
        return "BLOB"
    if type_.name in _TEXTS:
        return "TEXT"
    raise NotPortable(f"a column of type {type_}", why="SQLite has no form for it yet")


def check(type_: Type, quoted_column: str) -> str | None:
    """What every stored value of the type fulfils, in SQLite's own terms; NULL passes."""
    column = quoted_column
    if type_.name in _INTEGER_ENDS:
        ends = _INTEGER_ENDS[type_.name]
        kind = f"typeof({column}) IN ('integer', 'null')"
        return kind if ends is None else f"{kind} AND {column} BETWEEN {ends[0]} AND {ends[1]}"
    if is_native_numeric(type_):
        scale = type_.scale or 0
        limit = 10 ** ((type_.precision or 0) - scale)
        return (
            f"typeof({column}) IN ('integer', 'real', 'null') AND abs({column}) < {limit}"
            f" AND round({column}, {scale}) = {column}"
        )
    if type_.name == "bool":
        return f"{column} IN (0, 1)"
    if type_.name in ("float4", "float8"):
        return f"typeof({column}) IN ('real', 'null')"
    if type_.name == "bytea":
        return f"typeof({column}) IN ('blob', 'null')"
    text = f"typeof({column}) IN ('text', 'null')"
    return f"{text} AND length({column}) <= {type_.length}" if type_.length is not None else text
