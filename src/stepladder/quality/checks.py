"""A check is one line of text in a model's header:

not_null(a, b)                     no NULL in any of these columns
unique(a, b)                       no two rows with the same values; rows with a NULL among them are left out,
                                   as PostgreSQL's unique indexes do
row_count >= 1                     a comparison of the number of rows with a whole number
accepted_values(a, 'x', 'y')       a holds only these; NULL passes
revenue >= 0 OR refunded           any boolean expression in PostgreSQL's SQL; as in a CHECK constraint,
                                   a row fails when it is false, and NULL passes
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from stepladder.errors import ProgrammingError, UsageError
from stepladder.sql import Column, quote, top_level_parts

_CALL = re.compile(r"\s*(not_null|unique|accepted_values)\s*\((.*)\)\s*", re.DOTALL)
_ROW_COUNT = re.compile(r"\s*row_count\s*(>=|<=|=|<>|<|>)\s*(\d+)\s*")


@dataclass(frozen=True, slots=True)
class Check:
    """One check. `fails` is a boolean expression that is true for each row that fails; `counts` compares the
    number of rows instead, and `partition` holds the columns of a `unique`."""

    text: str
    columns: tuple[str, ...] = ()
    fails: str | None = None
    partition: tuple[str, ...] = ()
    counts: tuple[str, int] | None = None


def parse_check(text: str) -> Check:
    """The check that a line of text means. Raises UsageError for one that means nothing."""
    shown = " ".join(text.split())
    count = _ROW_COUNT.fullmatch(text)
    if count:
        return Check(shown, counts=(count[1], int(count[2])))
    if re.match(r"\s*row_count\b", text):
        raise UsageError(
            f"check {shown!r}: write row_count, a comparison and a whole number, as in row_count >= 1."
        )
    call = _CALL.fullmatch(text)
    if call is None:
        return Check(shown, fails=f"NOT ({_expression(text, shown)})")
    parts = [part.strip() for part in top_level_parts(call[2])]
    if not all(parts):
        raise UsageError(f"check {shown!r}: an argument is empty.")
    return _CALLS[call[1]](shown, parts)


def table_expectations(key: Sequence[str]) -> tuple[Check, ...]:
    """The checks that a model's `key` stands for."""
    names = ", ".join(key)
    return (parse_check(f"not_null({names})"), parse_check(f"unique({names})")) if key else ()


def unknown_columns(check: Check, columns: Sequence[Column]) -> list[str]:
    """The columns that the check names and the table has not."""
    known = {column.name for column in columns}
    return [name for name in check.columns if name not in known]


def _expression(text: str, shown: str) -> str:
    from stepladder.sql import check_syntax

    try:
        check_syntax(f"SELECT ({text}) FROM t")
    except ProgrammingError as error:
        raise UsageError(
            f"check {shown!r} is no boolean expression: {error.message.splitlines()[0]}"
        ) from error
    return text


def _not_null(shown: str, parts: Sequence[str]) -> Check:
    columns = tuple(map(_column, parts))
    return Check(shown, columns, fails=" OR ".join(f"{quote(name)} IS NULL" for name in columns))


def _unique(shown: str, parts: Sequence[str]) -> Check:
    columns = tuple(map(_column, parts))
    return Check(shown, columns, partition=columns)


def _accepted_values(shown: str, parts: Sequence[str]) -> Check:
    if len(parts) < 2:
        raise UsageError(f"check {shown!r}: name a column and the values that it may hold.")
    column = _column(parts[0])
    if any(part.upper() == "NULL" for part in parts[1:]):
        raise UsageError(
            f"check {shown!r}: NULL always passes; leave it out, and add not_null({parts[0]}) where it must not."
        )
    return Check(shown, (column,), fails=f"{quote(column)} NOT IN ({', '.join(parts[1:])})")


def _column(text: str) -> str:
    if text.startswith('"') and text.endswith('"') and len(text) > 2:
        return text[1:-1].replace('""', '"')
    if not text.isidentifier():
        raise UsageError(f"check: {text!r} is no column name.")
    return text.lower()


_CALLS = {"not_null": _not_null, "unique": _unique, "accepted_values": _accepted_values}
