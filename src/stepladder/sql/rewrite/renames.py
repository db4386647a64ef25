"""ALTER … RENAME: tables, columns, constraints."""

from __future__ import annotations

from dataclasses import replace

from stepladder.errors import UndefinedColumn
from stepladder.sql.effects import ColumnRenamed, Renamed
from stepladder.sql.infer.context import Analysis, refuse, wrong
from stepladder.sql.infer.raw import Raw
from stepladder.sql.infer.sources import table_name
from stepladder.sql.names import quote
from stepladder.sql.rewrite.alter import altered_table
from stepladder.sql.rewrite.alter_constraints import rename_constraint
from stepladder.sql.rewrite.printer import Printer
from stepladder.sql.rewrite.tables import NOTHING, Defined, exists, known, refuse_twins


def rename(analysis: Analysis, body: Raw, printer: Printer) -> Defined:
    """ALTER TABLE … RENAME, of the table, a column or a constraint."""
    kind = body["renameType"]
    if kind not in ("OBJECT_TABLE", "OBJECT_COLUMN", "OBJECT_TABCONSTRAINT"):
        word = kind.removeprefix("OBJECT_")
        raise refuse(
            f"ALTER {word} … RENAME", None, instead=f"DROP {word}, and CREATE {word} under the other name"
        )
    table = table_name(body["relation"])
    columns = tuple(known(analysis, table, body["relation"]))
    if analysis.schema.kind(table) == "view":
        raise refuse(
            f"renaming the view {table.sql} or its columns",
            body["relation"].get("location"),
            instead="DROP VIEW, and CREATE VIEW under the other name",
        )
    new = body["newname"]
    if kind == "OBJECT_TABCONSTRAINT":
        state = altered_table(analysis, table, body, printer)
        rename_constraint(state, body["subname"], new)
        return NOTHING, state.effects(), False
    if kind == "OBJECT_TABLE":
        renamed = replace(table, name=new)
        exists(analysis, renamed, body["relation"], allowed=False)
        text = f"ALTER TABLE {table.sqlite} RENAME TO {renamed.sqlite.removeprefix('temp.')}"
        return text, (Renamed(table, renamed),), False
    if all(column.name != body["subname"] for column in columns):
        raise wrong(UndefinedColumn, f'column "{body["subname"]}" does not exist', None)
    after = tuple(
        replace(column, name=new) if column.name == body["subname"] else column for column in columns
    )
    refuse_twins(after)
    text = f"ALTER TABLE {table.sqlite} RENAME COLUMN {quote(body['subname'])} TO {quote(new)}"
    return text, (ColumnRenamed(table, body["subname"], new),), False
