"""ALTER TABLE: its actions, in the order in which PostgreSQL takes them."""

from __future__ import annotations

from typing import Any

from stepladder.sql.infer.context import Analysis, refuse
from stepladder.sql.infer.raw import Raw
from stepladder.sql.infer.sources import table_name
from stepladder.sql.names import TableName
from stepladder.sql.rewrite.alter_columns import (
    add_column,
    drop_column,
    drop_not_null,
    set_default,
    set_not_null,
    set_type,
)
from stepladder.sql.rewrite.alter_constraints import add_constraint, drop_constraint
from stepladder.sql.rewrite.alteration import Alteration
from stepladder.sql.rewrite.printer import Printer
from stepladder.sql.rewrite.tables import NOTHING, Defined, known

# What is dropped goes first, constraints come last (ATPrepCmd in tablecmds.c).
_PASSES = (
    ("AT_DropColumn", "AT_DropConstraint", "AT_DropNotNull"),
    ("AT_AlterColumnType",),
    ("AT_AddColumn",),
    ("AT_SetNotNull",),
    ("AT_AddConstraint", "AT_ColumnDefault"),
)
_KEYS = ("CONSTR_UNIQUE", "CONSTR_PRIMARY")


def alter(analysis: Analysis, body: Raw, printer: Printer) -> Defined:
    """ALTER TABLE."""
    table = table_name(body["relation"])
    if body.get("missing_ok") and analysis.schema.columns(table) is None:
        return NOTHING, (), False
    known(analysis, table, body["relation"])
    state = altered_table(analysis, table, body, printer)
    commands = [each["AlterTableCmd"] for each in body["cmds"]]
    constraints: list[Raw] = []
    for command in sorted(commands, key=lambda each: _pass_of(each, body)):
        constraints += _act(state, command) or ()
    for constraint in sorted(constraints, key=lambda each: each["contype"] not in _KEYS):
        add_constraint(state, constraint)
    return NOTHING, state.effects(), False


def altered_table(analysis: Analysis, table: TableName, body: Raw, printer: Printer) -> Alteration:
    """The table as it is. Raises NotPortable for a view."""
    definition = analysis.schema.definition(table)
    if definition is None or analysis.schema.kind(table) == "view":
        raise refuse("ALTER TABLE of a view", body["relation"].get("location"))
    return Alteration(analysis, table, definition, printer)


def _pass_of(command: Raw, body: Raw) -> int:
    kind = command["subtype"]
    if kind == "AT_ColumnDefault" and "def" not in command:
        kind = "AT_DropNotNull"
    for number, kinds in enumerate(_PASSES):
        if kind in kinds:
            return number
    raise refuse(f"ALTER TABLE: {kind.removeprefix('AT_')}", body["relation"].get("location"))


def _act(state: Alteration, command: Any) -> list[Raw] | None:
    """Do one action; constraints that are to be added when all else is done are returned."""
    kind = command["subtype"]
    if kind == "AT_AddConstraint":
        return [command["def"]["Constraint"]]
    if kind == "AT_AddColumn":
        return add_column(state, command)
    if kind == "AT_DropColumn":
        drop_column(state, command)
    elif kind == "AT_DropConstraint":
        drop_constraint(state, command)
    elif kind == "AT_SetNotNull":
        set_not_null(state, command["name"])
    elif kind == "AT_DropNotNull":
        drop_not_null(state, command["name"])
    elif kind == "AT_ColumnDefault":
        set_default(state, command["name"], command.get("def"))
    else:
        set_type(state, command["name"], command["def"]["ColumnDef"])
    return None
