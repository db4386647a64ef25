"""Rules that make JSON out of values: to_jsonb, jsonb_build_object, jsonb_object, and json's own."""

from __future__ import annotations

from collections.abc import Sequence

from stepladder.errors import DataError
from stepladder.sql.infer.context import refuse, wrong
from stepladder.sql.infer.tree import Call, Expression, Row
from stepladder.sql.infer.types import catalog_name
from stepladder.sql.rewrite.casts import as_text
from stepladder.sql.rewrite.rules import Print, Rule, function, string

_ROWS = {"json": "pg_json_row", "jsonb": "pg_jsonb_build_object"}
_MOST_COLUMNS = 60  # SQLite's functions take 127 arguments
_INTEGERS = ("int2", "int4", "int8")
_MOMENTS = ("date", "timestamp", "timestamptz")


def as_jsonb(show: Print, node: Expression) -> str:
    """A value of any type as jsonb's text, as to_jsonb() makes it; NULL stays NULL."""
    return _converted(show, node, "jsonb")


def as_json(show: Print, node: Expression) -> str:
    """The same as json's text."""
    return _converted(show, node, "json")


def _row(show: Print, row: Row, form: str) -> str:
    """An object of a row's columns; NULL for the row that an outer join has not found."""
    if len(row.elements) > _MOST_COLUMNS:
        raise refuse(f"a row of more than {_MOST_COLUMNS} columns as JSON", row.position)
    if row.nullable and row.marker is None:
        raise refuse(
            "the row of an outer join as JSON",
            row.position,
            why="whether there is a row cannot be told from columns that may all be NULL",
            instead="name its columns: jsonb_build_object('a', t.a, …)",
        )
    names = row.names or [f"f{place}" for place in range(1, len(row.elements) + 1)]
    pairs = [
        f"{string(name)}, {_converted(show, value, form)}"
        for name, value in zip(names, row.elements, strict=True)
    ]
    text = f"{_ROWS[form]}({', '.join(pairs)})"
    return (
        f"(CASE WHEN {show(row.marker)} IS NOT NULL THEN {text} END)" if row.nullable and row.marker else text
    )


def _converted(show: Print, node: Expression, form: str) -> str:
    if isinstance(node, Row):
        return _row(show, node, form)
    name = "text" if node.type.name == "unknown" else catalog_name(node.type)
    text = show(node)
    if name in (form, "jsonb"):
        return text
    if name in _INTEGERS:
        return f"CAST({text} AS TEXT)"
    if name == "bool":
        return f"(CASE {text} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END)"
    if name == "bpchar" and node.type.length is not None:
        text = f"pg_rpad({text}, {node.type.length})"
    return f"pg_to_{form}({string(name)}, {text})"


def as_key(show: Print, node: Expression) -> str:
    """A value as an object's key. Raises DataError for one that is no scalar."""
    name = "text" if node.type.name == "unknown" else catalog_name(node.type)
    if name.startswith("_") or name in ("json", "jsonb"):
        message = "key value must be scalar, not array, composite, or json"
        raise wrong(DataError, message, node.position, sqlstate="22023")
    if name in ("text", "varchar"):
        return show(node)
    return f"pg_moment_key({show(node)})" if name in _MOMENTS else as_text(show(node), node)


def _to(form: str) -> Rule:
    def rule(show: Print, call: Call) -> str:
        if len(call.arguments) > 1:
            raise refuse(
                f"{call.name} with line feeds", call.position, instead="leave the second argument out"
            )
        return _converted(show, call.arguments[0], form)

    return rule


def _object(form: str) -> Rule:
    def rule(show: Print, call: Call) -> str:
        return f"pg_{form}_build_object({', '.join(object_parts(show, call, form))})"

    return rule


def object_parts(show: Print, call: Call, form: str) -> Sequence[str]:
    """Keys and values by turns. Raises DataError where one is left over."""
    if len(call.arguments) % 2:
        message = "argument list must have even number of elements"
        raise wrong(DataError, message, call.position, sqlstate="22023")
    return [
        _converted(show, node, form) if place % 2 else as_key(show, node)
        for place, node in enumerate(call.arguments)
    ]


def _array(form: str) -> Rule:
    def rule(show: Print, call: Call) -> str:
        return f"pg_jsonb_build_array({', '.join(_converted(show, node, form) for node in call.arguments)})"

    return rule


RULES: dict[str, Rule] = {
    "jsonb_object(_text)": function("pg_jsonb_object"),
    "jsonb_object(_text,_text)": function("pg_jsonb_object"),
    "json_object(_text)": function("pg_json_object"),
    "json_object(_text,_text)": function("pg_json_object"),
}
# Any number of arguments, of any type: the key is the name.
OPEN_RULES: dict[str, Rule] = {
    "json_key": lambda show, call: as_key(show, call.arguments[0]),
    "to_jsonb": _to("jsonb"),
    "to_json": _to("json"),
    "row_to_json": _to("json"),
    "array_to_json": _to("json"),
    "jsonb_build_object": _object("jsonb"),
    "json_build_object": _object("json"),
    "jsonb_build_array": _array("jsonb"),
    "json_build_array": _array("json"),
}
