"""LATERAL: SQLite has none for subqueries, but its table-valued functions see the sources before them.

So the rows of the subquery go through JSON: `json_each((SELECT json_group_array(…) FROM (…)))`, once for each row
of the left side. A subquery that only computes (no FROM) is printed where its columns are used.
"""
# ruff: noqa: S608 - printing SQL is what this module does; names are quoted, values are parameters or literals

from __future__ import annotations

from stepladder.sql.infer.tree import (
    Aggregate,
    Call,
    QuerySource,
    Reference,
    Select,
    Subquery,
    WindowCall,
    walk,
)
from stepladder.sql.rewrite.printer import Printer
from stepladder.sql.types import Type

_INLINED = 60  # nodes that may be printed again for each use
# How a value is put into JSON and taken out again; {} is the value.
_PLAIN = ("{}", "{}")
_FORMS = {
    "float4": ("pg_float_hex({})", "pg_float_of_hex({})"),
    "float8": ("pg_float_hex({})", "pg_float_of_hex({})"),
    "bytea": ("hex({})", "pg_bytes_of_hex({})"),
    "jsonb": ("({} || '')", "{}"),
    "array": ("({} || '')", "{}"),
}


def rows_as_json(printer: Printer, source: QuerySource) -> str:
    """The source as a table-valued function."""
    columns = source.query.columns
    values = ", ".join(_form(column.type)[0].format(f"c{place}") for place, column in enumerate(columns, 1))
    rows = f"SELECT json_group_array(json_array({values})) FROM ({printer.query(source.query)})"
    return f"json_each(({rows})) AS t{source.id}"


def column_of_json(node: Reference) -> str:
    """A reference to such a source."""
    return _form(node.type)[1].format(f"json_extract(t{node.source}.value, '$[{node.place}]')")


def _form(type_: Type) -> tuple[str, str]:
    return _FORMS.get(type_.name, _PLAIN)


def inlined_size(printer: Printer, source: QuerySource) -> int | None:
    """How many nodes are printed for one use of the source's columns; None where it must be computed once."""
    query = source.query
    if not isinstance(query, Select) or query.sources or query.grouped or query.distinct:
        return None
    if any((query.with_, query.order, query.limit, query.offset, query.where)):
        return None
    size = 0
    for node in walk(query.targets):
        if isinstance(node, Subquery | Aggregate | WindowCall) or (isinstance(node, Call) and node.volatile):
            return None
        size += 1 + (printer.inlined.get(node.source, 0) if isinstance(node, Reference) else 0)
    return size if size <= _INLINED else None
