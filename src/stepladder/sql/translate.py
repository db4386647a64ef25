"""PostgreSQL's statements as SQLite's: parsed, typed, rewritten, printed. What has no rule is refused by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stepladder.errors import ParameterError
from stepladder.sql.effects import Effect
from stepladder.sql.infer.context import Analysis, Schema, Scope, refuse
from stepladder.sql.infer.queries import query
from stepladder.sql.infer.raw import body_of, kind_of
from stepladder.sql.infer.scales import width
from stepladder.sql.infer.tree import Query, Write
from stepladder.sql.infer.writes import delete, insert, update
from stepladder.sql.parameters import Numbered
from stepladder.sql.parse import deep, parse_one, placed
from stepladder.sql.rewrite import definitions
from stepladder.sql.rewrite.definitions import shown
from stepladder.sql.rewrite.printer import Printer
from stepladder.sql.rewrite.queries import print_query
from stepladder.sql.rewrite.writes import print_write
from stepladder.sql.types import Column, Type

__all__ = ["Schema", "Translation", "describe", "translate"]


@dataclass(frozen=True, slots=True)
class Translation:
    """A statement for SQLite.

    `sql` has numbered placeholders; `parameters` are what they stand for, in order: the user's name, and the type
    that the value is to be encoded to. `columns` is the result, empty for a statement without rows. `effects` are
    the changes of tables that the type catalogue must follow.
    """

    sql: str
    parameters: tuple[tuple[str, Type], ...]
    columns: tuple[Column, ...]
    effects: tuple[Effect, ...]
    writes: bool
    lowered: bool = False  # whether numerics are computed as integers, which may not hold them


_WRITES = {"InsertStmt": insert, "UpdateStmt": update, "DeleteStmt": delete}


def translate(
    sql: str, schema: Schema, parameters: Mapping[str, Type], *, lowers: bool = True
) -> Translation:
    """One of PostgreSQL's statements for SQLite.

    `parameters` are the types of the values at hand (`type_of`). `lowers` lets numerics be computed as integers: a
    statement that then raises TooManyDigits, or overflows, is to be translated without. Raises ProgrammingError's classes with the place
    in `sql`, in PostgreSQL's words; NotPortable for what has no rule; ParameterError.
    """
    with deep():
        text, tree = parse_one(sql)
        with placed(text):
            return _translated(
                tree, analysis_of(text, schema, parameters), Printer(print_query, lowers=lowers)
            )


def _translated(tree: object, analysis: Analysis, printer: Printer) -> Translation:
    assert isinstance(tree, dict)
    kind, body = kind_of(tree), body_of(tree)
    if kind == "SelectStmt":
        found = query(analysis, tree, Scope())
        _refuse_open_char(found.columns)
        printer.result = found
        text = print_query(printer, found)
        columns = shown(found.columns)
        return Translation(
            text, tuple(printer.parameters), columns, (), writes=False, lowered=printer.lowered
        )
    if kind in _WRITES:
        write = _WRITES[kind](analysis, body, Scope())
        columns = _returned(write)
        return Translation(print_write(printer, write), tuple(printer.parameters), columns, (), writes=True)
    text, effects, added = definitions.define(analysis, kind, body, printer)
    return Translation(text, tuple(printer.parameters), (), effects, writes=added)


def _returned(write: Write) -> tuple[Column, ...]:
    columns = tuple(Column(target.name, target.value.type) for target in write.returning)
    _refuse_open_char(columns)
    return shown(columns)


def _refuse_open_char(columns: tuple[Column, ...]) -> None:
    for column in columns:
        if column.type.name == "bpchar" and width(column.type) is None:
            raise refuse(
                f"the column {column.name} of type character without a length",
                None,
                instead="cast it to text",
            )


def analysis_of(text: Numbered, schema: Schema, parameters: Mapping[str, Type]) -> Analysis:
    """What the tree of `text` is typed with. Raises ParameterError for a value that is missing or not used."""
    missing = [name for name in text.names if name not in parameters]
    unused = sorted(parameters.keys() - set(text.names))
    at_hand = f"At hand: {', '.join(sorted(parameters)) or 'none'}."
    if missing:
        raise ParameterError(
            f"no value for {', '.join(f':{name}' for name in missing)}. {at_hand} Nothing was run."
        )
    if unused:
        uses = ", ".join(f":{name}" for name in text.names) or "no parameters"
        raise ParameterError(
            f"not used by the statement: {', '.join(unused)}. It uses {uses}. Nothing was run."
        )
    return Analysis(schema, parameters, text.names, query)


def describe(sql: str, schema: Schema, parameters: Mapping[str, Type]) -> tuple[Column, ...]:
    """The columns that a query returns, or a statement with RETURNING; empty for one without rows.

    Raises what `translate` raises, but for rules that only printing needs.
    """
    with deep():
        text, tree = parse_one(sql)
        with placed(text):
            analysis = analysis_of(text, schema, parameters)
            kind = kind_of(tree)
            if kind == "SelectStmt":
                found: Query = query(analysis, tree, Scope())
                return shown(found.columns)
            return _returned(_WRITES[kind](analysis, body_of(tree), Scope())) if kind in _WRITES else ()
