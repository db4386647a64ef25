"""What an index says beyond its columns: its kind, INCLUDE, operator classes. None of it changes an answer.

On SQLite every index is a tree over its columns; a gin index is an empty one.
"""

from __future__ import annotations

from collections.abc import Sequence

from stepladder.errors import UndefinedColumn
from stepladder.sql.expression_text import show
from stepladder.sql.infer.context import refuse, wrong
from stepladder.sql.infer.raw import Raw, strings
from stepladder.sql.infer.tree import Expression, Reference
from stepladder.sql.names import TableName, spelled
from stepladder.sql.rewrite.tables import fault
from stepladder.sql.types import Type

_PATTERNS = {"text_pattern_ops": "text", "varchar_pattern_ops": "varchar"}
_UNORDERED = ("jsonb", "json", "array")


def other_kind(table: TableName, body: Raw, keys: Sequence[Expression], columns: Sequence[str]) -> str | None:
    """PostgreSQL's words for an index that is no plain tree over its keys, with `{name}` for its name; None for one that is."""
    method = body.get("accessMethod", "btree")
    elements = [each["IndexElem"] for each in body["indexParams"]]
    included = [each["IndexElem"].get("name") for each in body.get("indexIncludingParams", ())]
    for name in included:
        if name not in columns:
            raise wrong(UndefinedColumn, f'column "{name}" does not exist', None)
    _check(method, body, keys, elements)
    if method == "btree" and not included and not any(map(_has_words, elements)):
        return None
    listed = ", ".join(_words(*each) for each in zip(keys, elements, strict=True))
    unique = "UNIQUE " if body.get("unique") else ""
    name = f"{spelled(table.schema or 'public')}.{spelled(table.name)}".replace("{", "{{").replace("}", "}}")
    text = f"CREATE {unique}INDEX {{name}} ON {name} USING {method} ({listed.replace('{', '{{').replace('}', '}}')})"
    return text + (f" INCLUDE ({', '.join(map(spelled, included))})" if included else "")


def _check(method: str, body: Raw, keys: Sequence[Expression], elements: Sequence[Raw]) -> None:
    if method not in ("btree", "hash", "brin", "gin"):
        raise refuse(f"an index of kind {method}", None, instead="run this only on PostgreSQL")
    if method != "btree" and body.get("unique"):
        raise fault("0A000", f'access method "{method}" does not support unique indexes')
    if method == "hash" and len(keys) > 1:
        raise fault("0A000", 'access method "hash" does not support multicolumn indexes')
    if method != "btree" and body.get("indexIncludingParams"):
        raise fault("0A000", f'access method "{method}" does not support included columns')
    for key, element in zip(keys, elements, strict=True):
        named = strings(element.get("opclass"))
        if named:
            _check_class(method, named[-1], key.type)
        elif (method == "gin") != (key.type.name in ("jsonb", "array")) and method in ("gin", "brin"):
            message = f'data type {key.type} has no default operator class for access method "{method}"'
            raise fault("42704", message)
        if strings(element.get("collation"))[-1:] not in ([], ["C"], ["POSIX"]):
            raise refuse("an index with a collation", None, instead='COLLATE "C"')


def _check_class(method: str, name: str, type_: Type) -> None:
    jsonb = method == "gin" and name in ("jsonb_path_ops", "jsonb_ops") and type_.name == "jsonb"
    pattern = method == "btree" and name in _PATTERNS and type_.name in ("text", "varchar")
    if not jsonb and not pattern:
        raise refuse(f"the operator class {name}", None, instead="leave it out")


def _has_words(element: Raw) -> bool:
    return bool(element.get("opclass") or element.get("collation"))


def _words(key: Expression, element: Raw) -> str:
    """A key as pg_get_indexdef() shows it."""
    text = show(key)
    parts = [text if isinstance(key, Reference) else f"({text})"]
    if element.get("collation"):
        parts.append(f'COLLATE "{strings(element["collation"])[-1]}"')
    parts += strings(element.get("opclass"))[-1:]
    if element.get("ordering") == "SORTBY_DESC":
        parts.append("DESC")
    return " ".join(parts)
