"""Why a model's SQL does not fit the target's tables, in words that say what is there instead."""

from __future__ import annotations

import re
from collections.abc import Sequence

from stepladder.config import nearest
from stepladder.errors import ModelError, NotPortable, ProgrammingError, UndefinedColumn, UndefinedFunction
from stepladder.pipelines.known import Known
from stepladder.pipelines.model import Model
from stepladder.sql import place_lines

_UNKNOWN_COLUMN = re.compile(r'column "?(?:[^"]*\.)?([^".]+)"? does not exist$')
_WORD = re.compile(r"\w+")


def unbound(error: ProgrammingError | NotPortable, model: Model, schema: Known, file: str) -> ModelError:
    """The error for a model's SELECT that cannot be bound: with its line, shown, and the columns that matter."""
    position = error.position
    line = None if position is None else model.sql.count("\n", 0, position) + 1
    place = place_lines(model.sql, position)
    said = f"{error.message}{_there_are(error, model, schema)}{_types(error, model, schema, place)}"
    return ModelError("\n".join([said, *place]), file=file, line=line)


def _there_are(error: Exception, model: Model, schema: Known) -> str:
    """For a column that is in no table: the one that was meant, or those that there are."""
    unknown = _UNKNOWN_COLUMN.match(str(error)) if isinstance(error, UndefinedColumn) else None
    if unknown is None:
        return ""
    known = dict.fromkeys(column.name for table in model.reads for column in schema.columns(table) or ())
    meant = nearest(unknown[1], known)
    return f".{meant}" if meant else f". There are: {', '.join(known)}"


def _types(error: Exception, model: Model, schema: Known, place: Sequence[str]) -> str:
    """For an operator or a function that the types have not: those of the columns in the line."""
    if not isinstance(error, UndefinedFunction) or not place:
        return ""
    words = set(_WORD.findall(place[0].lower()))
    found = [
        f"{table.sql}.{column.name} is {column.type}"
        for table in model.reads
        for column in schema.columns(table) or ()
        if column.name in words
    ]
    return f". {', '.join(found)}" if found else ""
