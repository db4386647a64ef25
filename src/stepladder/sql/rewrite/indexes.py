"""CREATE INDEX as SQLite's text."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from stepladder.errors import ProgrammingError
from stepladder.sql.definition import Index, IndexPart, joined, object_name
from stepladder.sql.effects import Indexed
from stepladder.sql.expression_text import show
from stepladder.sql.infer.coercion import boolean, resolved
from stepladder.sql.infer.context import Analysis, Scope, refuse, wrong
from stepladder.sql.infer.expressions import expression
from stepladder.sql.infer.naming import index_column_name
from stepladder.sql.infer.raw import Raw
from stepladder.sql.infer.sources import table_name
from stepladder.sql.infer.tree import Expression, Reference
from stepladder.sql.names import TableName, spelled
from stepladder.sql.parse import parsed_expression
from stepladder.sql.rewrite.columns import refuse_unsteady, row_scope
from stepladder.sql.rewrite.immutability import INDEX_EXPRESSION, INDEX_PREDICATE, check_immutable
from stepladder.sql.rewrite.index_kinds import other_kind
from stepladder.sql.rewrite.printer import Printer
from stepladder.sql.rewrite.queries import has_own_collation
from stepladder.sql.rewrite.tables import NOTHING, Defined, exists, known
from stepladder.sql.rewrite.writes import index_key
from stepladder.sql.types import Column


def create_index(analysis: Analysis, body: Raw, printer: Printer) -> Defined:
    """CREATE INDEX: over columns and expressions, unique, partial. What only changes how PostgreSQL looks rows up, and no
    answer, is kept as words."""
    table = table_name(body["relation"])
    columns = known(analysis, table, body["relation"])
    if analysis.schema.kind(table) == "view":
        message = (
            f'cannot create index on relation "{table.name}"\nThis operation is not supported for views.'
        )
        raise wrong(ProgrammingError, message, None, sqlstate="42809")
    if body.get("nulls_not_distinct"):
        raise refuse("NULLS NOT DISTINCT", body["relation"].get("location"))
    if body.get("concurrent"):
        printer.by_itself = "CREATE INDEX CONCURRENTLY"
    scope = row_scope(printer, analysis, columns)
    elements = [each["IndexElem"] for each in body["indexParams"]]
    keys = [_index_key(analysis, element, scope) for element in elements]
    where = _index_predicate(analysis, body, scope)
    other = other_kind(table, body, keys, [column.name for column in columns])
    bases = [element.get("name") or index_column_name(element["expr"]) for element in elements]
    name = body.get("idxname") or index_name(analysis, table, bases)
    if body.get("idxname") and exists(
        analysis, replace(table, name=name), body["relation"], allowed=bool(body.get("if_not_exists"))
    ):
        return NOTHING, (), False
    words = "UNIQUE INDEX" if body.get("unique") else "INDEX"
    # An index is named in its table's database; the table is named bare.
    inside = table.sqlite.removeprefix("temp.")
    own = {column.name for column in columns if has_own_collation(column)}
    listed = ", ".join(
        _key_text(printer, key, descending=element.get("ordering") == "SORTBY_DESC", own_collations=own)
        for key, element in zip(keys, elements, strict=True)
    )
    text = f"CREATE {words} {replace(table, name=name).sqlite} ON {inside} ({listed})"
    if body.get("accessMethod") == "gin":
        text += " WHERE 0"  # it has its name, and nothing to keep up
    elif where:
        text += f" WHERE {printer.expression(where)}"
    parts = tuple(_index_part(*each) for each in zip(keys, elements, strict=True))
    index = Index(
        name,
        parts,
        unique=bool(body.get("unique")),
        where=show(where) if where else None,
        other=None if other is None else other.format(name=spelled(name)),
    )
    return text, (Indexed(table, index),), False


def index_text(
    analysis: Analysis, table: TableName, index: Index, columns: Sequence[Column], printer: Printer
) -> str:
    """The statement that makes an index of a definition anew."""
    if index.other:
        raise refuse(f"ALTER TABLE over the index {index.name}, which is {index.other}", None)
    scope = row_scope(printer, analysis, columns)
    listed = ", ".join(
        _key_text(
            printer,
            resolved(expression(analysis, parsed_expression(part.sql), scope)),
            descending=part.descending,
        )
        for part in index.parts
    )
    words = "UNIQUE INDEX" if index.unique else "INDEX"
    text = f"CREATE {words} {replace(table, name=index.name).sqlite} ON {table.sqlite.removeprefix('temp.')} ({listed})"
    if index.where is None:
        return text
    where = boolean(expression(analysis, parsed_expression(index.where), scope), "WHERE")
    return f"{text} WHERE {printer.expression(where)}"


def _index_predicate(analysis: Analysis, body: Raw, scope: Scope) -> Expression | None:
    if not body.get("whereClause"):
        return None
    node = boolean(expression(analysis, body["whereClause"], scope), "WHERE")
    check_immutable(node, INDEX_PREDICATE)
    refuse_unsteady(node)
    return node


def _index_key(analysis: Analysis, element: Raw, scope: Scope) -> Expression:
    """A column, or an expression that gives the same for the same row at any time."""
    raw = element.get("expr") or {"ColumnRef": {"fields": [{"String": {"sval": element["name"]}}]}}
    node = resolved(expression(analysis, raw, scope))
    check_immutable(node, INDEX_EXPRESSION)
    refuse_unsteady(node)
    return node


def _key_text(
    printer: Printer, node: Expression, *, descending: bool, own_collations: Collection[str] = ()
) -> str:
    by_bytes = isinstance(node, Reference) and node.name in own_collations
    text = index_key(printer, node)
    return text + (" COLLATE BINARY" if by_bytes else "") + (" DESC" if descending else "")


def _index_part(node: Expression, element: Raw) -> IndexPart:
    descending = element.get("ordering") == "SORTBY_DESC"
    nulls = element.get("nulls_ordering", "SORTBY_NULLS_DEFAULT")
    first = descending if nulls == "SORTBY_NULLS_DEFAULT" else nulls == "SORTBY_NULLS_FIRST"
    return IndexPart(show(node), descending, first)


def index_name(
    analysis: Analysis, table: TableName, bases: Sequence[str], taken: Collection[str] = ()
) -> str:
    """PostgreSQL's name for an index without one (ChooseIndexColumnNames); `bases` are its columns' names."""
    names: list[str] = []
    for base in bases:
        number = 0
        while (name := base + (str(number) if number else "")) in names:
            number += 1
        names.append(name)
    return object_name(
        table.name,
        joined(tuple(names)),
        "idx",
        lambda name: name in taken or analysis.schema.taken(replace(table, name=name)),
    )
