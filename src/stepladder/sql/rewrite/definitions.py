"""CREATE, DROP, ALTER, TRUNCATE as SQLite's text, and what they change of the type catalogue."""
# ruff: noqa: S608 - printing SQL is what this module does; names are quoted, values are parameters or literals

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from stepladder.errors import DuplicateTable, ProgrammingError, UndefinedColumn, UndefinedTable
from stepladder.sql.infer.context import Analysis, Scope, refuse, wrong
from stepladder.sql.infer.queries import query
from stepladder.sql.infer.raw import Raw, body_of, kind_of, strings
from stepladder.sql.infer.sources import table_name
from stepladder.sql.names import TableName, quote
from stepladder.sql.rewrite.columns import ColumnText, TableText, column_text, table_constraint
from stepladder.sql.rewrite.printer import Printer
from stepladder.sql.storage import declared, is_native_numeric
from stepladder.sql.types import Column, Type


@dataclass(frozen=True, slots=True)
class Created:
    """A table is there now with these columns (or an existing one has others now)."""

    table: TableName
    columns: tuple[Column, ...]
    temporary: bool = False


@dataclass(frozen=True, slots=True)
class Dropped:
    """A table is gone."""

    table: TableName


def shown(columns: Sequence[Column]) -> tuple[Column, ...]:
    """Columns with types as PostgreSQL's results tell them: only these have modifiers, and an array's elements none."""
    return tuple(
        column
        if column.type.modified and column.type.name in ("numeric", "varchar", "bpchar")
        else replace(column, type=column.type.bare)
        for column in columns
    )


Effect = Created | Dropped
Defined = tuple[str, tuple[Effect, ...], bool]  # the text, its effects, whether it writes rows


def define(analysis: Analysis, kind: str, body: Raw, printer: Printer) -> Defined:
    """A statement of DDL. Raises NotPortable for one without a rule."""
    rule = _RULES.get(kind)
    if rule is None:
        raise refuse(f"the statement {kind.removesuffix('Stmt')}", None)
    return rule(analysis, body, printer)


def _target(body: Raw) -> tuple[TableName, bool]:
    """The table that is made, and whether it is temporary."""
    name = table_name(body)
    temporary = body.get("relpersistence") == "t" or name.schema == "pg_temp"
    return (TableName("pg_temp", name.name) if temporary else name), temporary


def _exists(analysis: Analysis, table: TableName, body: Raw, *, allowed: bool) -> bool:
    there = analysis.schema.columns(table) is not None
    if there and not allowed:
        raise wrong(DuplicateTable, f'relation "{table.sql}" already exists', body.get("location"))
    return there


_NOTHING = "SELECT NULL WHERE 0"


# -- CREATE TABLE
def _create_table(analysis: Analysis, body: Raw, printer: Printer) -> Defined:
    for word in (
        "inhRelations",
        "partspec",
        "ofTypename",
        "partbound",
        "options",
        "tablespacename",
        "accessMethod",
    ):
        if body.get(word):
            raise refuse(f"CREATE TABLE with {word}", body["relation"].get("location"))
    table, temporary = _target(body["relation"])
    if not temporary and _exists(analysis, table, body["relation"], allowed=bool(body.get("if_not_exists"))):
        return _NOTHING, (), False
    text = TableText(table)
    for each in body.get("tableElts", ()):
        if kind_of(each) == "ColumnDef":
            column_text(analysis, each["ColumnDef"], text, printer)
        elif kind_of(each) != "Constraint":
            raise refuse("LIKE in CREATE TABLE", body["relation"].get("location"))
    for each in body.get("tableElts", ()):
        if kind_of(each) == "Constraint":
            table_constraint(analysis, each["Constraint"], text, printer)
    if not text.columns:
        raise refuse("a table without columns", body["relation"].get("location"))
    return (
        f"CREATE TABLE {table.sqlite} ({text.body()})",
        (Created(table, text.definitions(), temporary),),
        False,
    )


def _create_table_as(analysis: Analysis, body: Raw, printer: Printer) -> Defined:
    into = body["into"]
    if body.get("objtype") != "OBJECT_TABLE" or kind_of(body["query"]) != "SelectStmt":
        raise refuse("this kind of CREATE … AS", None)
    if into.get("skipData"):
        raise refuse("WITH NO DATA", None, instead="add WHERE false")
    table, temporary = _target(into["rel"])
    if not temporary and _exists(analysis, table, into["rel"], allowed=bool(body.get("if_not_exists"))):
        return _NOTHING, (), False
    found = query(analysis, body["query"], Scope())
    names = strings(into.get("colNames"))
    columns = tuple(
        Column(name, column.type)
        for name, column in zip(_given(names, found.columns), found.columns, strict=True)
    )
    _refuse_twins(columns)
    casts = ", ".join(_kept(f"s.c{place}", column) for place, column in enumerate(columns, 1))
    text = f"CREATE TABLE {table.sqlite} AS SELECT {casts} FROM ({printer.query(found)}) AS s"
    return text, (Created(table, shown(columns), temporary),), True


def _given(names: Sequence[str], columns: Sequence[Column]) -> list[str]:
    if len(names) > len(columns):
        raise wrong(ProgrammingError, "too many column names were specified", None, sqlstate="42601")
    return [*names, *(column.name for column in columns[len(names) :])]


def _refuse_twins(columns: Sequence[Column]) -> None:
    names = [column.name for column in columns]
    folded = [name.lower() for name in names]
    for name in names:
        if names.count(name) > 1:
            raise wrong(ProgrammingError, f'column "{name}" specified more than once', None, sqlstate="42701")
        if folded.count(name.lower()) > 1:
            raise refuse(f"two columns whose names differ by case only: {name}", None)


_AFFINITIES = {"float4": "REAL", "float8": "REAL", "bool": "NUMERIC", "bytea": "BLOB"}


def _kept(text: str, column: Column) -> str:
    """A cast that gives the new column the affinity, and its values the form, that the type is stored in."""
    declared(column.type)
    if column.type.name == "bpchar" and column.type.length is None:
        raise refuse(
            f"the column {column.name} of type character without a length", None, instead="cast it to text"
        )
    if column.type.name in ("int2", "int4", "int8"):
        affinity = "INTEGER"
    else:
        affinity = "NUMERIC" if is_native_numeric(column.type) else _AFFINITIES.get(column.type.name, "TEXT")
    return f"CAST({text} AS {affinity}) AS {quote(column.name)}"


# -- views and indexes
def _create_view(analysis: Analysis, body: Raw, printer: Printer) -> Defined:
    if (
        body.get("replace")
        or body.get("options")
        or body.get("withCheckOption", "NO_CHECK_OPTION") != "NO_CHECK_OPTION"
    ):
        raise refuse("CREATE OR REPLACE VIEW, and a view's options", None, instead="drop the view first")
    table, temporary = _target(body["view"])
    if temporary:
        raise refuse("a temporary view", None)
    _exists(analysis, table, body["view"], allowed=False)
    found = query(analysis, body["query"], Scope())
    columns = tuple(
        Column(name, column.type)
        for name, column in zip(
            _given(strings(body.get("aliases")), found.columns), found.columns, strict=True
        )
    )
    _refuse_twins(columns)
    names = ", ".join(quote(column.name) for column in columns)
    return (
        f"CREATE VIEW {table.sqlite} ({names}) AS {printer.query(found)}",
        (Created(table, shown(columns)),),
        False,
    )


def _create_index(analysis: Analysis, body: Raw, _: Printer) -> Defined:
    table = table_name(body["relation"])
    columns = {column.name: column.type for column in _known(analysis, table, body["relation"])}
    for word in ("whereClause", "indexIncludingParams", "nulls_not_distinct", "concurrent", "options"):
        if body.get(word):
            raise refuse(f"CREATE INDEX with {word}", body["relation"].get("location"))
    if body.get("accessMethod", "btree") != "btree":
        raise refuse(f"an index of kind {body['accessMethod']}", None)
    keys = [_index_key(each["IndexElem"], columns) for each in body["indexParams"]]
    name = body.get("idxname") or "_".join(
        [table.name, *(each["IndexElem"]["name"] for each in body["indexParams"]), "idx"]
    )
    index = replace(table, name=name)
    words = "UNIQUE INDEX" if body.get("unique") else "INDEX"
    there = "IF NOT EXISTS " if body.get("if_not_exists") else ""
    # An index is named in its table's database; the table is named bare.
    inside = table.sqlite.removeprefix("temp.")
    return f"CREATE {words} {there}{index.sqlite} ON {inside} ({', '.join(keys)})", (), False


def _index_key(element: Raw, columns: dict[str, Type]) -> str:
    name = element.get("name")
    if name is None or element.get("collation") or element.get("opclass"):
        raise refuse("an index over an expression", None)
    if name not in columns:
        raise wrong(UndefinedColumn, f'column "{name}" does not exist', None)
    return quote(name) + (" DESC" if element.get("ordering") == "SORTBY_DESC" else "")


# -- DROP, TRUNCATE, ALTER
def _drop(analysis: Analysis, body: Raw, _: Printer) -> Defined:
    word = {"OBJECT_TABLE": "TABLE", "OBJECT_VIEW": "VIEW", "OBJECT_INDEX": "INDEX"}.get(body["removeType"])
    if word is None or len(body["objects"]) != 1:
        raise refuse("this kind of DROP", None, instead="drop one table, view or index at a time")
    if body.get("behavior") == "DROP_CASCADE":
        raise refuse("DROP … CASCADE", None, instead="drop what depends on it first")
    names = strings(body_of(body["objects"][0]).get("items"))
    table = TableName(names[-2] if len(names) > 1 else None, names[-1])
    if word == "INDEX":
        return f"DROP INDEX {'IF EXISTS ' if body.get('missing_ok') else ''}{table.sqlite}", (), False
    if analysis.schema.columns(table) is None:
        if body.get("missing_ok"):
            return _NOTHING, (), False
        raise wrong(UndefinedTable, f'{word.lower()} "{table.name}" does not exist', None)
    return f"DROP {word} {table.sqlite}", (Dropped(table),), False


def _truncate(analysis: Analysis, body: Raw, _: Printer) -> Defined:
    if len(body["relations"]) != 1 or body.get("restart_seqs") or body.get("behavior") == "DROP_CASCADE":
        raise refuse("TRUNCATE of several tables, RESTART IDENTITY, CASCADE", None)
    relation = body["relations"][0]["RangeVar"]
    table = table_name(relation)
    _known(analysis, table, relation)
    return f"DELETE FROM {table.sqlite}", (), True


def _analyze(analysis: Analysis, body: Raw, _: Printer) -> Defined:
    if body.get("is_vacuumcmd") or body.get("options") or len(body.get("rels", ())) > 1:
        raise refuse(
            "VACUUM, and ANALYZE with options or of several tables", None, instead="ANALYZE, ANALYZE name"
        )
    for each in body.get("rels", ()):
        relation = each["VacuumRelation"]["relation"]
        if each["VacuumRelation"].get("va_cols"):
            raise refuse("ANALYZE of some columns", relation.get("location"), instead="leave them out")
        table = table_name(relation)
        _known(analysis, table, relation)
        return f"ANALYZE {table.sqlite}", (), False
    return "ANALYZE", (), False


def _known(analysis: Analysis, table: TableName, body: Raw) -> Sequence[Column]:
    columns = analysis.schema.columns(table)
    if columns is None:
        raise wrong(UndefinedTable, f'relation "{table.sql}" does not exist', body.get("location"))
    return columns


def _alter(analysis: Analysis, body: Raw, printer: Printer) -> Defined:
    table = table_name(body["relation"])
    if body.get("missing_ok") and analysis.schema.columns(table) is None:
        return _NOTHING, (), False
    columns = tuple(_known(analysis, table, body["relation"]))
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
                return _NOTHING, (), False
            message = f'column "{command["name"]}" of relation "{table.name}" does not exist'
            raise wrong(UndefinedColumn, message, None)
        return (
            f"ALTER TABLE {table.sqlite} DROP COLUMN {quote(command['name'])}",
            (Created(table, kept),),
            False,
        )
    raise refuse(f"ALTER TABLE: {command['subtype'].removeprefix('AT_')}", body["relation"].get("location"))


def _add_column(
    analysis: Analysis, table: TableName, columns: tuple[Column, ...], command: Any, printer: Printer
) -> Defined:
    body = command["def"]["ColumnDef"]
    if any(column.name == body["colname"] for column in columns):
        if command.get("missing_ok"):
            return _NOTHING, (), False
        message = f'column "{body["colname"]}" of relation "{table.name}" already exists'
        raise wrong(ProgrammingError, message, body.get("location"), sqlstate="42701")
    text = TableText(table)
    column_text(analysis, body, text, printer)
    added: ColumnText = text.columns[0]
    if text.primary or text.constraints:
        raise refuse("ADD COLUMN with a key", body.get("location"), instead="create an index")
    added_columns = (*columns, *text.definitions())
    return (
        f"ALTER TABLE {table.sqlite} ADD COLUMN {added.text(inline_key=False)}",
        (Created(table, added_columns),),
        False,
    )


def _rename(analysis: Analysis, body: Raw, _: Printer) -> Defined:
    table = table_name(body["relation"])
    columns = tuple(_known(analysis, table, body["relation"]))
    new = body["newname"]
    if body["renameType"] == "OBJECT_TABLE":
        renamed = replace(table, name=new)
        _exists(analysis, renamed, body["relation"], allowed=False)
        text = f"ALTER TABLE {table.sqlite} RENAME TO {renamed.sqlite.removeprefix('temp.')}"
        return text, (Dropped(table), Created(renamed, columns)), False
    if body["renameType"] != "OBJECT_COLUMN":
        raise refuse("this kind of RENAME", None)
    if all(column.name != body["subname"] for column in columns):
        raise wrong(UndefinedColumn, f'column "{body["subname"]}" does not exist', None)
    after = tuple(
        replace(column, name=new) if column.name == body["subname"] else column for column in columns
    )
    _refuse_twins(after)
    text = f"ALTER TABLE {table.sqlite} RENAME COLUMN {quote(body['subname'])} TO {quote(new)}"
    return text, (Created(table, after),), False


_RULES: dict[str, Callable[[Analysis, Any, Printer], Defined]] = {
    "CreateStmt": _create_table,
    "CreateTableAsStmt": _create_table_as,
    "ViewStmt": _create_view,
    "IndexStmt": _create_index,
    "DropStmt": _drop,
    "TruncateStmt": _truncate,
    "AlterTableStmt": _alter,
    "RenameStmt": _rename,
    "VacuumStmt": _analyze,
}
