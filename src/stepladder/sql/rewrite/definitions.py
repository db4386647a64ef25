"""CREATE TABLE and CREATE VIEW as SQLite's text, and what they change of the type catalogue."""
# ruff: noqa: S608 - printing SQL is what this module does; names are quoted, values are parameters or literals

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from stepladder.errors import ProgrammingError, SqlSyntaxError
from stepladder.sql.definition import Definition, Index, TableColumn
from stepladder.sql.effects import Created, Dropped, SequenceMade
from stepladder.sql.infer.context import Analysis, Scope, refuse, wrong
from stepladder.sql.infer.queries import query
from stepladder.sql.infer.raw import Raw, kind_of, strings
from stepladder.sql.infer.sources import table_name
from stepladder.sql.infer.tree import Query, Reference, Select, TableSource, walk
from stepladder.sql.names import TableName, quote
from stepladder.sql.rewrite.alter import alter
from stepladder.sql.rewrite.columns import TableText, column_text, finish_columns, table_constraint
from stepladder.sql.rewrite.comments import comment
from stepladder.sql.rewrite.constraints import definition
from stepladder.sql.rewrite.drops import drop, truncate
from stepladder.sql.rewrite.indexes import create_index, index_text
from stepladder.sql.rewrite.likes import like, with_names
from stepladder.sql.rewrite.parts import Earlier
from stepladder.sql.rewrite.printer import Printer
from stepladder.sql.rewrite.renames import rename
from stepladder.sql.rewrite.schema_definitions import create_schema
from stepladder.sql.rewrite.sequence_definitions import alter_sequence, create_sequence
from stepladder.sql.rewrite.tables import NOTHING, Defined, exists, known, refuse_twins
from stepladder.sql.rewrite.writes import as_number
from stepladder.sql.sequences import made
from stepladder.sql.storage import declared, is_native_numeric
from stepladder.sql.types import Column


def _bare_definition(columns: Sequence[Column]) -> Definition:
    """Of a query's output: names and types, with whatever modifiers they have."""
    return Definition(
        tuple(TableColumn(each.name, each.type if each.type.modified else each.type.bare) for each in columns)
    )


def shown(columns: Sequence[Column]) -> tuple[Column, ...]:
    """Columns with types as PostgreSQL's results tell them: only these have modifiers, and an array's elements none."""
    return tuple(
        column
        if column.type.name == "bpchar"
        or (column.type.modified and column.type.name in ("numeric", "varchar"))
        else replace(column, type=column.type.bare)
        for column in columns
    )


Rule = Callable[[Analysis, Any, Printer], Defined]


def rule_for(kind: str) -> Rule:
    """What makes SQLite's text of a statement of DDL. Raises NotPortable for one without a rule."""
    rule = _RULES.get(kind)
    if rule is None:
        raise refuse(f"the statement {kind.removesuffix('Stmt')}", None)
    return rule


def _target(body: Raw) -> tuple[TableName, bool]:
    """The table that is made, and whether it is temporary."""
    name = table_name(body)
    temporary = body.get("relpersistence") == "t" or name.schema == "pg_temp"
    return (TableName("pg_temp", name.name) if temporary else name), temporary


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
    if exists(analysis, table, body["relation"], allowed=bool(body.get("if_not_exists"))):
        return NOTHING, (), False
    text, indexes = TableText(table), list[Index]()
    for each in body.get("tableElts", ()):
        if kind_of(each) == "ColumnDef":
            column_text(analysis, each["ColumnDef"], text, printer)
        elif kind_of(each) == "TableLikeClause":
            indexes += like(analysis, each["TableLikeClause"], text, printer)
    finish_columns(analysis, text, printer)
    for each in body.get("tableElts", ()):
        if kind_of(each) == "Constraint":
            table_constraint(analysis, each["Constraint"], text, printer)
    if not text.columns:
        raise refuse("a table without columns", body["relation"].get("location"))
    printer.before.append(Earlier(f"CREATE TABLE {table.sqlite} ({text.body()})"))
    made_table = definition(analysis, text)
    for index in with_names(analysis, table, made_table, indexes):
        printer.before.append(Earlier(index_text(analysis, table, index, made_table.columns, printer)))
        made_table = replace(made_table, indexes=(*made_table.indexes, index)).in_order()
    created = Created(table, made_table, temporary)
    return NOTHING, (created, *_own_sequences(created, body["relation"])), False


def _own_sequences(created: Created, body: Raw) -> Iterator[SequenceMade]:
    """The sequences of numbered columns that are no key."""
    for column in created.definition.columns:
        if column.sequence is not None:
            if created.temporary:
                raise refuse(
                    f"the numbered column {column.name} of a temporary table, which is not its primary key",
                    body.get("location"),
                )
            yield SequenceMade(replace(created.table, name=column.sequence), made({"as": column.type.name}))


def select_into(analysis: Analysis, body: Raw, printer: Printer) -> Defined:
    """SELECT … INTO, which is CREATE TABLE … AS."""
    select = {key: value for key, value in body.items() if key != "intoClause"}
    made_as = {"into": body["intoClause"], "query": {"SelectStmt": select}, "objtype": "OBJECT_TABLE"}
    return _create_table_as(analysis, made_as, printer)


def _create_table_as(analysis: Analysis, body: Raw, printer: Printer) -> Defined:
    into = body["into"]
    if body.get("objtype") != "OBJECT_TABLE" or kind_of(body["query"]) != "SelectStmt":
        raise refuse("this kind of CREATE … AS", None)
    table, temporary = _target(into["rel"])
    if exists(analysis, table, into["rel"], allowed=bool(body.get("if_not_exists"))):
        return NOTHING, (), False
    found = query(analysis, body["query"], Scope())
    names = strings(into.get("colNames"))
    columns = tuple(
        Column(name, column.type)
        for name, column in zip(_given(names, found.columns), found.columns, strict=True)
    )
    refuse_twins(columns)
    casts = ", ".join(_kept(f"s.c{place}", column) for place, column in enumerate(columns, 1))
    text = f"CREATE TABLE {table.sqlite} AS SELECT {casts} FROM ({printer.query(found)}) AS s"
    text += " WHERE 0" if into.get("skipData") else ""
    return text, (Created(table, _bare_definition(columns), temporary),), True


def _given(names: Sequence[str], columns: Sequence[Column]) -> list[str]:
    if len(names) > len(columns):
        raise wrong(SqlSyntaxError, "too many column names were specified", None)
    return [*names, *(column.name for column in columns[len(names) :])]


_AFFINITIES = {"float4": "REAL", "float8": "REAL", "bool": "NUMERIC", "bytea": "BLOB"}


def _kept(text: str, column: Column) -> str:
    """A cast that gives the new column the affinity, and its values the form, that the type is stored in."""
    declared(column.type)
    if column.type.name == "bpchar" and column.type.length is None:
        raise refuse(
            f"the column {column.name} of type character without a length", None, instead="cast it to text"
        )
    if is_native_numeric(column.type):
        return f"{as_number(text, column.type)} AS {quote(column.name)}"
    whole = column.type.name in ("int2", "int4", "int8")
    affinity = "INTEGER" if whole else _AFFINITIES.get(column.type.name, "TEXT")
    return f"CAST({text} AS {affinity}) AS {quote(column.name)}"


# -- views
def _numbers_as_stored(printer: Printer, found: Query, columns: Sequence[Column]) -> str:
    """A view's query, its numerics in the form that a table's columns have."""
    text = printer.query(found)
    if not any(is_native_numeric(column.type) for column in columns):
        return text
    names = []
    for place, column in enumerate(columns, 1):
        name = f"c{place}"
        if not is_native_numeric(column.type):
            names.append(name)
        elif _is_stored(printer, found, place - 1):
            names.append(f"CAST({name} AS NUMERIC)")
        else:
            names.append(as_number(name, column.type))
    return f"SELECT {', '.join(names)} FROM ({text})"


def _is_stored(printer: Printer, found: Query, place: int) -> bool:
    """Whether a column of the query is one of a table, which no NaN is in."""
    value = found.targets[place].value if isinstance(found, Select) else None
    return isinstance(value, Reference) and value.source in printer.stored


def _create_view(analysis: Analysis, body: Raw, printer: Printer) -> Defined:
    if body.get("options") or body.get("withCheckOption", "NO_CHECK_OPTION") != "NO_CHECK_OPTION":
        raise refuse("a view's options", None)
    table, temporary = _target(body["view"])
    found = query(analysis, body["query"], Scope())
    if not temporary and _reads_temporary(
        analysis, found
    ):  # then the view is temporary too, without the word
        table, temporary = TableName("pg_temp", table.name), True
    there = exists(analysis, table, body["view"], allowed=bool(body.get("replace")))
    if there and analysis.schema.kind(table) != "view":
        raise wrong(ProgrammingError, f'"{table.name}" is not a view', None, sqlstate="42809")
    columns = tuple(
        Column(name, column.type)
        for name, column in zip(
            _given(strings(body.get("aliases")), found.columns), found.columns, strict=True
        )
    )
    refuse_twins(columns)
    if there:
        _refuse_other_columns(analysis.schema.columns(table) or (), columns)
        printer.before.append(Earlier(f"DROP VIEW {table.sqlite}"))
    names = ", ".join(quote(column.name) for column in columns)
    definition_ = replace(_bare_definition(columns), query=analysis.text)
    created = Created(table, definition_, temporary, "view")
    return (
        f"CREATE VIEW {table.sqlite} ({names}) AS {_numbers_as_stored(printer, found, columns)}",
        (Dropped(table), created) if there else (created,),
        False,
    )


def _reads_temporary(analysis: Analysis, found: Query) -> bool:
    return any(
        isinstance(node, TableSource)
        and node.table.schema in (None, "pg_temp")
        and analysis.schema.kind(TableName("pg_temp", node.table.name)) is not None
        for node in walk(found)
    )


def _refuse_other_columns(before: Sequence[Column], after: Sequence[Column]) -> None:
    """What reads a view goes by its columns: they may only be added to, at the end."""
    if len(after) < len(before):
        raise wrong(ProgrammingError, "cannot drop columns from view", None, sqlstate="42P16")
    for old, new in zip(before, after, strict=False):
        if old.name != new.name:
            message = f'cannot change name of view column "{old.name}" to "{new.name}"'
            raise wrong(ProgrammingError, message, None, sqlstate="42P16")
        if old.type.bare != new.type.bare:
            message = f'cannot change data type of view column "{old.name}" from {old.type} to {new.type}'
            raise wrong(ProgrammingError, message, None, sqlstate="42P16")


# -- ANALYZE
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
        known(analysis, table, relation)
        return f"ANALYZE {table.sqlite}", (), False
    return "ANALYZE", (), False


_RULES: dict[str, Rule] = {
    "CreateStmt": _create_table,
    "CreateTableAsStmt": _create_table_as,
    "ViewStmt": _create_view,
    "IndexStmt": create_index,
    "CreateSchemaStmt": create_schema,
    "CreateSeqStmt": create_sequence,
    "AlterSeqStmt": alter_sequence,
    "DropStmt": drop,
    "TruncateStmt": truncate,
    "VacuumStmt": _analyze,
    "AlterTableStmt": alter,
    "RenameStmt": rename,
    "CommentStmt": comment,
}
