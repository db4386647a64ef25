"""Columns that find their values themselves: generated ones, and those that are an identity."""

from __future__ import annotations

from collections.abc import Sequence

from stepladder.errors import ProgrammingError
from stepladder.sql.definition import TableColumn
from stepladder.sql.infer.context import Analysis, wrong
from stepladder.sql.infer.raw import Raw
from stepladder.sql.infer.tree import Constant, Expression, NotNull
from stepladder.sql.names import TableName


def left_out(analysis: Analysis, table: TableName, names: Sequence[str], body: Raw) -> frozenset[str]:
    """Of the columns that an INSERT gives a value to, those that OVERRIDING USER VALUE leaves to themselves.

    Raises ProgrammingError (428C9) for a column that takes no value but DEFAULT.
    """
    override = body.get("override", "OVERRIDING_NOT_SET").removeprefix("OVERRIDING_")
    found = set()
    for column in _own(analysis, table):
        if column.name not in names:
            continue
        if override == "USER_VALUE" and column.identity:
            found.add(column.name)
        elif column.generated or (column.identity == "always" and override != "SYSTEM_VALUE"):
            message = f'cannot insert a non-DEFAULT value into column "{column.name}"'
            hint = "" if column.generated else "\nUse OVERRIDING SYSTEM VALUE to override."
            raise _not_yours(f"{message}\n{_reason(column)}{hint}", None)
    return frozenset(found)


def check_update(analysis: Analysis, table: TableName, name: str, position: int | None) -> None:
    """Raise ProgrammingError (428C9) for a column that can be set to nothing but DEFAULT."""
    for column in _own(analysis, table):
        if column.name == name and (column.generated or column.identity == "always"):
            message = f'column "{name}" can only be updated to DEFAULT\n{_reason(column)}'
            raise _not_yours(message, position)


def given(analysis: Analysis, table: TableName, name: str, value: Expression) -> Expression:
    """A value of an INSERT as it is to be stored: NULL in a key that numbers itself is an error."""
    numbers = any(
        column.name == name and column.identity and column.sequence is None
        for column in _definition(analysis, table)
    )
    if not numbers or (isinstance(value, Constant) and value.value is not None):
        return value
    message = f'null value in column "{name}" of relation "{table.name}" violates not-null constraint'
    return NotNull(type=value.type, position=value.position, argument=value, message=message)


def is_generated(analysis: Analysis, table: TableName, name: str) -> bool:
    """Whether the column is computed from the others."""
    return any(column.name == name and column.generated for column in _own(analysis, table))


def _own(analysis: Analysis, table: TableName) -> list[TableColumn]:
    columns = _definition(analysis, table)
    return [each for each in columns if each.generated or each.identity in ("always", "by default")]


def _definition(analysis: Analysis, table: TableName) -> tuple[TableColumn, ...]:
    definition = analysis.schema.definition(table)
    return definition.columns if definition else ()


def _reason(column: TableColumn) -> str:
    if column.generated:
        return f'Column "{column.name}" is a generated column.'
    return f'Column "{column.name}" is an identity column defined as GENERATED ALWAYS.'


def _not_yours(message: str, position: int | None) -> ProgrammingError:
    error = wrong(ProgrammingError, message, position, sqlstate="428C9")
    assert isinstance(error, ProgrammingError)
    return error
