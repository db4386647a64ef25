"""Which columns of which tables a query reads."""

from __future__ import annotations

from collections.abc import Mapping

from stepladder.sql.infer.context import Schema, Scope
from stepladder.sql.infer.queries import query
from stepladder.sql.infer.tree import Reference, TableSource, walk
from stepladder.sql.names import TableName
from stepladder.sql.parse import deep, parse_one, placed
from stepladder.sql.translation import analysis_of
from stepladder.sql.types import Type


def columns_read(
    sql: str, schema: Schema, parameters: Mapping[str, Type]
) -> Mapping[TableName, frozenset[str]]:
    """The columns of each table, by name; a table of which only the rows count has none. Raises what `describe` raises."""
    with deep():
        text, tree = parse_one(sql)
        with placed(text):
            nodes = list(walk(query(analysis_of(text, schema, parameters), tree, Scope())))
    tables = {node.id: node.table for node in nodes if isinstance(node, TableSource)}
    found: dict[TableName, set[str]] = {table: set() for table in tables.values()}
    for node in nodes:
        if isinstance(node, Reference) and node.source in tables:
            found[tables[node.source]].add(node.name)
    return {table: frozenset(names) for table, names in found.items()}
