"""CREATE, ALTER, DROP SEQUENCE: what they change of the file's sequences."""

from __future__ import annotations

from typing import Any

from stepladder.sql.effects import SequenceAltered, SequenceDropped, SequenceMade
from stepladder.sql.infer.context import Analysis, refuse
from stepladder.sql.infer.raw import Raw, body_of, kind_of, strings
from stepladder.sql.infer.sources import table_name
from stepladder.sql.infer.types import type_of_name
from stepladder.sql.names import TableName
from stepladder.sql.rewrite.printer import Printer
from stepladder.sql.rewrite.tables import NOTHING, Defined, exists, fault
from stepladder.sql.sequences import made


def create_sequence(analysis: Analysis, body: Raw, _: Printer) -> Defined:
    """CREATE SEQUENCE."""
    name = table_name(body["sequence"])
    if body["sequence"].get("relpersistence") == "t" or name.schema == "pg_temp":
        raise refuse("a temporary sequence", body["sequence"].get("location"))
    if exists(analysis, name, body["sequence"], allowed=bool(body.get("if_not_exists"))):
        return NOTHING, (), False
    return NOTHING, (SequenceMade(name, made(options(body))),), False


def alter_sequence(analysis: Analysis, body: Raw, _: Printer) -> Defined:
    """ALTER SEQUENCE."""
    name = table_name(body["sequence"])
    if not _is_there(analysis, name, missing=bool(body.get("missing_ok")), word="relation"):
        return NOTHING, (), False
    given = options(body)
    if "as" in given:
        raise refuse("another type for a sequence", body["sequence"].get("location"))
    return NOTHING, (SequenceAltered(name, tuple(given.items())),), False


def drop_sequences(analysis: Analysis, body: Raw, _: Printer) -> Defined:
    """DROP SEQUENCE. One that a column's default takes its numbers from stays (2BP01)."""
    if body.get("behavior") == "DROP_CASCADE":
        raise refuse("DROP SEQUENCE … CASCADE", None, instead="drop the defaults that use it first")
    names = [strings(body_of(each).get("items")) for each in body["objects"]]
    found = [TableName(each[-2] if len(each) > 1 else None, each[-1]) for each in names]
    missing = bool(body.get("missing_ok"))
    there = [each for each in found if _is_there(analysis, each, missing=missing, word="sequence")]
    return NOTHING, tuple(map(SequenceDropped, there)), False


def _is_there(analysis: Analysis, name: TableName, *, missing: bool, word: str) -> bool:
    kind = analysis.schema.kind(name)
    if kind not in (None, "sequence"):
        raise fault("42809", f'"{name.name}" is not a sequence')
    if kind is None and not missing:
        raise fault("42P01", f'{word} "{name.name}" does not exist')
    return kind is not None


def options(body: Raw) -> dict[str, Any]:
    """The options by their words; None for NO MINVALUE and its like."""
    found: dict[str, Any] = {}
    for each in body.get("options", ()):
        element = each["DefElem"]
        word, argument = element["defname"], element.get("arg")
        if word in found:
            raise fault("42601", "conflicting or redundant options", element.get("location"))
        if word == "owned_by":
            if strings(body_of(argument).get("items")) != ["none"]:
                raise refuse("OWNED BY", element.get("location"))
        elif word == "as":
            found[word] = type_of_name(body_of(argument)).name
            if found[word] not in ("int2", "int4", "int8"):
                raise fault("22023", "sequence type must be smallint, integer, or bigint")
        elif word == "cache":
            pass  # how many numbers a session takes at once: one file has one writer
        elif word in ("start", "restart", "increment", "minvalue", "maxvalue", "cycle"):
            found[word] = None if argument is None else _number(argument)
        else:
            raise refuse(f"the option {word} of a sequence", element.get("location"))
    return found


def _number(node: Raw) -> int:
    body = body_of(node)
    if kind_of(node) == "Boolean":
        return int(body.get("boolval", False))
    return int(body.get("fval", body.get("ival", 0)))
