"""A query with its schemas exchanged: `app.users` as another schema's `users`, and all else as it was written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from stepladder.errors import NotPortable
from stepladder.sql.infer.raw import strings
from stepladder.sql.lexer import tokens
from stepladder.sql.names import quote
from stepladder.sql.parse import deep, parse_one

_PARTS = 3  # of schema.table.column


def in_schemas(sql: str, schemas: Mapping[str, str]) -> str:
    """`sql` with each table of a schema of `schemas` taken from the schema that it is mapped to.

    Only the schemas' names are exchanged, where they stand before a table's name; a query without them stays as it
    is. Raises SqlSyntaxError; NotPortable for a name that says its database too.
    """
    with deep():
        text, tree = parse_one(sql)
        places = {text.bytes_to_user(place): name for place, name in _schemas(tree) if name in schemas}
    parts: list[str] = []
    at = 0
    for token in tokens(sql):
        if token.start in places:
            parts += [sql[at : token.start], quote(schemas[places[token.start]])]
            at = token.end
    return "".join([*parts, sql[at:]])


def _schemas(node: Any) -> Iterator[tuple[int, str]]:
    """Each use of a schema's name before a table's: where it stands, in bytes, and the name."""
    if isinstance(node, list):
        for each in node:
            yield from _schemas(each)
    elif isinstance(node, dict):
        for key, body in node.items():
            if key == "RangeVar" and "schemaname" in body:
                if "catalogname" in body:
                    raise NotPortable(
                        f"{body['catalogname']}.{body['schemaname']}.{body['relname']}",
                        why="a connection reads one database",
                        instead=f"write {body['schemaname']}.{body['relname']}",
                    )
                yield body.get("location", 0), body["schemaname"]
            elif key == "ColumnRef" and len(body["fields"]) == _PARTS:
                yield body.get("location", 0), strings(body["fields"])[0]
            yield from _schemas(body)
