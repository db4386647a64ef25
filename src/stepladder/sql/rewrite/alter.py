"""ALTER TABLE and COMMENT ON as SQLite's text."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from stepladder.errors import ProgrammingError, UndefinedColumn
from stepladder.sql.effects import ColumnAdded, ColumnDropped, ColumnRenamed, Commented, Renamed
from stepladder.sql.infer.context import Analysis, refuse, wrong
from stepladder.sql.infer.raw import Raw, body_of, strings
from stepladder.sql.infer.sources import table_name
from stepladder.sql.names import TableName, quote
from stepladder.sql.rewrite.columns import ColumnText, TableText, column_text
from stepladder.sql.rewrite.constraints import definition
from stepladder.sql.rewrite.printer import Printer
from stepladder.sql.rewrite.tables import NOTHING, Defined, exists, known, refuse_twins
from stepladder.sql.types import Column


def alter(analysis: Analysis, body: Raw, printer: Printer) -> Defined:
    """ALTER TABLE … ADD, DROP COLUMN."""
    table = table_name(body["relation"])
    if body.get("missing_ok") and analysis.schema.columns(table) is None:
        return NOTHING, (), False
    columns = tuple(known(analysis, table, body["relation"]))
    if len(body["cmds"]) != 1:
        raise refuse(
            "ALTER TABLE with several actions",
            body["relation"].get("location"),
            instead="one action a statement",
        )
    command = body["cmds"][0]["AlterTableCmd"]
    if command["subtype"] == "AT_AddColumn":
        return _add_column(analysis, table, columns, command, printer)
    if command["subtype"] == "AT_DropColumn" and command.get("behavior") != "DROP_CASCADE":
        kept = tuple(column for column in columns if column.name != command["name"])
        if len(kept) == len(columns):
            if command.get("missing_ok"):
                return NOTHING, (), False
            message = f'column "{command["name"]}" of relation "{table.name}" does not exist'
            raise wrong(UndefinedColumn, message, None)
        return (
            f"ALTER TABLE {table.sqlite} DROP COLUMN {quote(command['name'])}",
            (ColumnDropped(table, command["name"]),),
            False,
        )
    raise refuse(f"ALTER TABLE: {command['subtype'].removeprefix('AT_')}", body["relation"].get("location"))


def _add_column(
    analysis: Analysis, table: TableName, columns: tuple[Column, ...], command: Any, printer: Printer
) -> Defined:
    body = command["def"]["ColumnDef"]
    if any(column.name == body["colname"] for column in columns):
        if command.get("missing_ok"):
            return NOTHING, (), False
        message = f'column "{body["colname"]}" of relation "{table.name}" already exists'
        raise wrong(ProgrammingError, message, body.get("location"), sqlstate="42701")
    text = TableText(table)
    column_text(analysis, body, text, printer)
    added: ColumnText = text.columns[0]
    if text.primary or text.unique or added.identity:
        raise refuse("ADD COLUMN with a key", body.get("location"), instead="create an index")
    checks = "".join(f" {constraint}" for constraint in text.constraints)
    return (
        f"ALTER TABLE {table.sqlite} ADD COLUMN {added.text(inline_key=False)}{checks}",
        (ColumnAdded(table, definition(analysis, text)),),
        False,
    )


def rename(analysis: Analysis, body: Raw, _: Printer) -> Defined:
    """ALTER TABLE … RENAME, of the table or a column."""
    table = table_name(body["relation"])
    columns = tuple(known(analysis, table, body["relation"]))
    new = body["newname"]
    if body["renameType"] == "OBJECT_TABLE":
        renamed = replace(table, name=new)
        exists(analysis, renamed, body["relation"], allowed=False)
        text = f"ALTER TABLE {table.sqlite} RENAME TO {renamed.sqlite.removeprefix('temp.')}"
        return text, (Renamed(table, renamed),), False
    if body["renameType"] != "OBJECT_COLUMN":
        raise refuse("this kind of RENAME", None)
    if all(column.name != body["subname"] for column in columns):
        raise wrong(UndefinedColumn, f'column "{body["subname"]}" does not exist', None)
    after = tuple(
        replace(column, name=new) if column.name == body["subname"] else column for column in columns
    )
    refuse_twins(after)
    text = f"ALTER TABLE {table.sqlite} RENAME COLUMN {quote(body['subname'])} TO {quote(new)}"
    return text, (ColumnRenamed(table, body["subname"], new),), False


def comment(analysis: Analysis, body: Raw, _: Printer) -> Defined:
    """COMMENT ON TABLE, VIEW, COLUMN: kept in the catalogue of types only."""
    kind, names = body["objtype"], strings(body_of(body["object"]).get("items"))
    if kind not in ("OBJECT_TABLE", "OBJECT_VIEW", "OBJECT_COLUMN"):
        raise refuse(f"COMMENT ON {kind.removeprefix('OBJECT_')}", None)
    column = names.pop() if kind == "OBJECT_COLUMN" else None
    table = TableName(names[-2] if len(names) > 1 else None, names[-1])
    columns = known(analysis, table, {})
    if column is not None and all(each.name != column for each in columns):
        message = f'column "{column}" of relation "{table.name}" does not exist'
        raise wrong(UndefinedColumn, message, None)
    return NOTHING, (Commented(table, column, body.get("comment") or None),), False
