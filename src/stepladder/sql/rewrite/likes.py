"""CREATE TABLE (LIKE other): another table's columns, with what INCLUDING says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from stepladder.sql.definition import Definition, Index, Key, TableColumn, object_name, shown_name
from stepladder.sql.infer.coercion import boolean
from stepladder.sql.infer.context import Analysis, refuse
from stepladder.sql.infer.expressions import expression
from stepladder.sql.infer.naming import index_column_name
from stepladder.sql.infer.raw import Raw, kind_of, strings
from stepladder.sql.infer.sources import table_name
from stepladder.sql.names import TableName, quote
from stepladder.sql.parse import parsed_expression
from stepladder.sql.rewrite.alteration import Alteration
from stepladder.sql.rewrite.columns import TableText, name_sequence, row_scope
from stepladder.sql.rewrite.indexes import index_name
from stepladder.sql.rewrite.printer import Printer
from stepladder.sql.rewrite.tables import fault, known

# TableLikeOption in parsenodes.h
_COMMENTS, _CONSTRAINTS, _DEFAULTS, _GENERATED, _IDENTITY, _INDEXES = 1, 4, 8, 16, 32, 64


def like(analysis: Analysis, body: Raw, text: TableText, printer: Printer) -> tuple[Index, ...]:
    """Put the columns of another table into `text`; what is returned are the indexes that come with them."""
    source = table_name(body["relation"])
    known(analysis, source, body["relation"])
    definition = analysis.schema.definition(source)
    if definition is None:
        raise refuse(f"LIKE {source.sql}", body["relation"].get("location"))
    wanted = body.get("options", 0)
    state = Alteration(analysis, source, definition, printer)
    for column in definition.columns:
        if any(each.name.lower() == column.name.lower() for each in text.columns):
            raise fault("42701", f'column "{column.name}" specified more than once')
        copied = state.text_of(_copied(source, column, wanted), definition.columns)
        name_sequence(analysis, text.table, copied)
        text.columns.append(copied)
    if wanted & _CONSTRAINTS:
        _checks(analysis, definition, text, printer)
    if wanted & _INDEXES:
        _keys(definition, text)
        return definition.indexes
    return ()


def _copied(source: TableName, column: TableColumn, wanted: int) -> TableColumn:
    """The column as its copy: NOT NULL always, the rest where it is asked for."""
    default, identity = column.default, column.identity
    if identity == "serial":  # a default over a sequence: both tables take their numbers from it
        name = column.sequence or object_name(source.name, column.name, "seq", lambda _: False)
        default, identity = f"nextval({_quoted(shown_name(replace(source, name=name)).sql)}::regclass)", None
    return replace(
        column,
        default=default if wanted & _DEFAULTS else None,
        identity=identity if wanted & _IDENTITY else None,
        sequence=None,
        generated=column.generated if wanted & _GENERATED else None,
        comment=column.comment if wanted & _COMMENTS else None,
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _checks(analysis: Analysis, definition: Definition, text: TableText, printer: Printer) -> None:
    for check in definition.checks:
        scope = row_scope(printer, analysis, definition.columns)
        node = boolean(expression(analysis, parsed_expression(check.expression), scope), "CHECK")
        text.checks.append((check.name, node))
        text.constraints.append(f"CONSTRAINT {quote(check.name)} CHECK ({printer.expression(node)})")


def _keys(definition: Definition, text: TableText) -> None:
    if definition.primary_key is not None:
        text.set_primary(definition.primary_key.columns, {})
    for key in definition.unique:
        text.unique.append(Key("", key.columns))
        text.constraints.append(f"UNIQUE ({', '.join(map(quote, key.columns))})")


def with_names(
    analysis: Analysis, table: TableName, definition: Definition, indexes: Sequence[Index]
) -> Iterator[Index]:
    """Copied indexes under the names that PostgreSQL gives them."""
    taken = set(definition.names)
    for index in indexes:
        names = [_part_name(part.sql) for part in index.parts]
        name = index_name(analysis, table, names, taken)
        taken.add(name)
        yield replace(index, name=name)


def _part_name(text: str) -> str:
    raw = parsed_expression(text)
    fields = raw["ColumnRef"]["fields"] if kind_of(raw) == "ColumnRef" else ()
    return strings(fields)[-1] if fields else index_column_name(raw)
