"""What a server says of a result, and what COPY reads, as values: types by their OIDs, rows affected, texts."""

from __future__ import annotations

from stepladder.errors import DatabaseError, InvalidDatetime, NumericOutOfRange
from stepladder.sql import Column, Type

_TYPES = {
    16: "bool", 17: "bytea", 20: "int8", 21: "int2", 23: "int4", 25: "text", 700: "float4", 701: "float8",
    1042: "bpchar", 1043: "varchar", 1082: "date", 1083: "time", 1114: "timestamp", 1184: "timestamptz",
    1186: "interval", 1700: "numeric", 2950: "uuid", 3802: "jsonb", 705: "unknown", 2278: "void", 114: "json",
    1266: "timetz",
}  # fmt: skip
_ARRAYS = {
    1000: "bool", 1001: "bytea", 1016: "int8", 1005: "int2", 1007: "int4", 1009: "text", 1021: "float4",
    1022: "float8", 1014: "bpchar", 1015: "varchar", 1182: "date", 1183: "time", 1115: "timestamp",
    1185: "timestamptz", 1187: "interval", 1231: "numeric", 2951: "uuid", 3807: "jsonb",
}  # fmt: skip
# Types, and their arrays, that are read as the server prints them: of these each driver makes classes of its own.
AS_TEXT = {
    650: 651, 869: 1041,  # cidr, inet
    3904: 3905, 3906: 3907, 3908: 3909, 3910: 3911, 3912: 3913, 3926: 3927,  # ranges
    4451: 6150, 4532: 6151, 4533: 6152, 4534: 6153, 4535: 6155, 4536: 6157,  # multiranges
    2249: 2287,  # record
}  # fmt: skip
_TEMPORAL = ("date", "time", "timetz", "timestamp", "timestamptz", "interval")
_WRITING_TAGS = ("INSERT", "UPDATE", "DELETE", "MERGE", "COPY")


def result_type(oid: int, *, precision: int | None, scale: int | None, length: int | None) -> Type:
    """The type of a result column from what the server said of it."""
    if oid in _ARRAYS:
        return Type("array", element=Type(_ARRAYS[oid]))
    name = _TYPES.get(oid, f"oid {oid}")
    if name == "numeric" and precision is not None:
        return Type(name, precision=precision, scale=scale or 0)
    return Type(name, length=length) if name in ("varchar", "bpchar") else Type(name)


def unknown_oid(type_: Type) -> int | None:
    """The OID of a type that we have no name for."""
    return int(type_.name[4:]) if type_.name.startswith("oid ") else None


def unreadable(column: Column, row: int, text: str) -> DatabaseError:
    """The error for a value of a result that Python has no value for; `row` counts from 1."""
    temporal = column.type.name in _TEMPORAL or (
        column.type.element is not None and column.type.element.name in _TEMPORAL
    )
    kind, why = (
        (InvalidDatetime, "Python's years run from 1 to 9999 and its hours to 23, and it has no infinity")
        if temporal
        else (NumericOutOfRange, "it holds an integer of more digits than Python reads")
    )
    return kind(
        f'row {row}, column "{column.name}": {text[:200]!r} of type {column.type} is no value of Python\'s: {why}.\n'
        f'The statement was run. Read the column as text: "{column.name}"::text.',
        sqlstate="22008" if temporal else "22003",
    )


def modified_type(oid: int, modifier: int) -> Type:
    """The type of a result column from its OID and its type modifier (pg_attribute's atttypmod; -1: none)."""
    bare = modifier - 4
    if bare < 0:
        return result_type(oid, precision=None, scale=None, length=None)
    # numeric's: the precision in the upper half, a signed scale of 11 bits in the lower
    return result_type(oid, precision=bare >> 16, scale=((bare & 0x7FF) ^ 0x400) - 0x400, length=bare)


def affected(command: str | bytes | None) -> int:
    """Rows written, from a command tag such as "INSERT 0 5"; a SELECT writes none."""
    tag = command.decode() if isinstance(command, bytes) else command or ""
    word, _, rest = tag.partition(" ")
    return int(rest.rpartition(" ")[2]) if rest and word in _WRITING_TAGS else 0


def copied_text(value: object) -> str:
    """A stored value in COPY's text format (https://www.postgresql.org/docs/current/sql-copy.html)."""
    if value is None:
        return "\\N"
    if isinstance(value, bytes):
        return "\\\\x" + value.hex()
    text = str(value)
    if "\\" in text or "\t" in text or "\n" in text or "\r" in text:
        text = text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
    return text
