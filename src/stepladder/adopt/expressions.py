"""Defaults, CHECKs and generated columns: whether PostgreSQL could, by rewriting them and typing them over the table."""

from __future__ import annotations

import re
from collections.abc import Sequence

from stepladder.adopt.foreign_keys import alike
from stepladder.adopt.plan import ColumnPlan, Obstacle
from stepladder.errors import DatabaseError, NotPortable
from stepladder.sql import (
    Column,
    PlannedSchema,
    Text,
    Type,
    WrittenTable,
    in_their_case,
    quote,
    rewritten,
    translate,
)

_CONSTANT = re.compile(
    r"""\s*([+-]?\s*\.?\d[\w.+-]*|[xX]?'(?:[^']|'')*'|"(?:[^"]|"")*"|[^\W\d]\w*)\s*""", re.DOTALL
)
_NUMBERS = ("int2", "int4", "int8", "numeric", "float8")
_AS_TEXT = ("date", "timestamp")  # whose text is SQLite's too
_LEAVE = "leave the table out: --leave TABLE"


def default_in_postgres(table: str, column: ColumnPlan, default: str) -> Obstacle | None:
    """What is in the way of a default that is computed."""
    if _CONSTANT.fullmatch(default):
        return None
    why = _refused(f"SELECT ({default})", PlannedSchema({}), (), column.type)
    if why is None:
        return None
    instead = f"make the table with another default, or {_LEAVE}"
    return Obstacle(table, column.name, f"its default {default} has no equal in PostgreSQL: {why}", instead)


def generated_in_postgres(table: str, written: WrittenTable, columns: Sequence[ColumnPlan]) -> list[Obstacle]:
    """What is in the way of generated columns."""
    schema, names = _alone(table, columns)
    found = []
    for column, text in zip(columns, written.columns, strict=True):
        if column.generated and text.expressions:
            made = text.expressions[-1]
            why = _refused(f"SELECT ({made}) FROM {quote(table)}", schema, names, column.type)
            if why is not None:
                told = f"it is generated as {made}, which has no equal in PostgreSQL: {why}"
                found.append(Obstacle(table, column.name, told, f"make the table without it, or {_LEAVE}"))
    return found


def check_notices(table: str, written: WrittenTable, columns: Sequence[ColumnPlan]) -> list[str]:
    """CHECKs that are kept, and that PostgreSQL would not take."""
    schema, names = _alone(table, columns)
    checks = [
        text
        for column, each in zip(columns, written.columns, strict=True)
        for text in each.expressions
        if not column.generated
    ]
    found = []
    for text in (*checks, *written.expressions):
        why = _refused(f"SELECT ({text}) FROM {quote(table)}", schema, names, Type("bool"))
        if why is not None:
            found.append(f"{table}: CHECK ({text}) is kept, on SQLite only: {why}")
    return found


def _alone(table: str, columns: Sequence[ColumnPlan]) -> tuple[PlannedSchema, list[str]]:
    """A schema of this table, and the names in it."""
    known = [Column(each.name, each.type, each.not_null) for each in columns]
    return PlannedSchema({table: known}), [table, *(each.name for each in columns)]


def _refused(sql: str, schema: PlannedSchema, names: Sequence[str], wanted: Type) -> str | None:
    """Why PostgreSQL would not compute a value of the type so; None where it would."""
    try:
        made = rewritten(Text("adopt", in_their_case(sql, names)), "sqlite")
        refused = [finding.what for finding in made.findings if finding.severity == "refused"]
        if refused:
            return refused[-1]  # of a statement that PostgreSQL does not read the first is about the whole
        (result,) = translate(made.text, schema, {}).columns
    except (DatabaseError, NotPortable) as error:
        return error.message
    return None if _becomes(result.type, wanted) else f"it would be {result.type}, not {wanted}"


def _becomes(given: Type, wanted: Type) -> bool:
    """Whether a value of the one type is, stored in the other, what SQLite stores."""
    widened = (
        given.name in _NUMBERS
        and wanted.name in _NUMBERS
        and _NUMBERS.index(given.name) <= _NUMBERS.index(wanted.name)
    )
    return alike(given, wanted) or widened or (given.name in _AS_TEXT and wanted.name in ("text", "varchar"))
