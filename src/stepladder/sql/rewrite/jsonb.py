"""Rules of jsonb's operators and functions.

A member of a column is read by SQLite's own functions where they say the same: they parse a document once a row.
They print containers without blanks, and know no quoted mark in a key: both go to a registered function. What `->`
gives carries SQLite's mark of JSON, which only SQLite's json_quote() and json_array() look at: they are never printed.
"""

from __future__ import annotations

import json

from stepladder.sql.infer.tree import Call, Constant, Expression, Parameter, Reference
from stepladder.sql.rewrite.rules import Print, Rule, function, string, template

_FIELDS = ("jsonb_object_field", "jsonb_object_field_text")


def native_path(node: Expression) -> tuple[Expression, str] | None:
    """A column's or a parameter's document and SQLite's path to the member that `node` reads, where SQLite can.

    Only keys are followed: an index reads a scalar too, as if it were an array of one.
    """
    keys: list[str] = []
    while isinstance(node, Call) and node.name in _FIELDS:
        key = node.arguments[1]
        if not isinstance(key, Constant) or not _is_plain(key.value):
            return None
        keys.insert(0, key.value)
        node = node.arguments[0]
    if not keys or not isinstance(node, Reference | Parameter):
        return None
    return node, "$" + "".join(f'."{key}"' for key in keys)


def _is_plain(key: object) -> bool:
    return isinstance(key, str) and key != "" and json.dumps(key) == f'"{key}"'


def _field(show: Print, call: Call) -> str:
    found = native_path(call)
    if found is None:
        return f"pg_jsonb_field({show(call.arguments[0])}, {show(call.arguments[1])})"
    text, path = show(found[0]), string(found[1])
    return (
        f"(CASE WHEN json_type({text}, {path}) IN ('object', 'array') THEN {_member(show, call, '')}"
        f" ELSE {text} -> {path} END)"
    )


def _field_text(show: Print, call: Call) -> str:
    found = native_path(call)
    if found is None:
        return f"pg_jsonb_field_text({show(call.arguments[0])}, {show(call.arguments[1])})"
    text, path = show(found[0]), string(found[1])
    return (
        f"(CASE json_type({text}, {path}) WHEN 'text' THEN json_extract({text}, {path})"
        f" WHEN 'integer' THEN {text} -> {path} WHEN 'real' THEN {text} -> {path}"
        f" WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' WHEN 'null' THEN NULL"
        f" WHEN 'object' THEN {_member(show, call, '_text')} WHEN 'array' THEN {_member(show, call, '_text')} END)"
    )


def _member(show: Print, call: Call, suffix: str) -> str:
    """The same by registered functions, one a key."""
    inner, key = call.arguments
    deeper = isinstance(inner, Call) and inner.name in _FIELDS
    text = _member(show, inner, "") if deeper and isinstance(inner, Call) else show(inner)
    return f"pg_jsonb_field{suffix}({text}, {show(key)})"


def _exists(show: Print, call: Call) -> str:
    """A key of an object is looked for natively; strings in arrays, and a string itself, by a function."""
    document, key = call.arguments
    text, slow = show(document), f"pg_jsonb_exists({show(document)}, {show(key)})"
    plain = isinstance(key, Constant) and _is_plain(key.value) and isinstance(document, Reference | Parameter)
    if not plain or not isinstance(key, Constant):
        return slow
    path = string(f'$."{key.value}"')
    return (
        f"(CASE json_type({text}) WHEN 'object' THEN json_type({text}, {path}) IS NOT NULL ELSE {slow} END)"
    )


def _typeof(show: Print, call: Call) -> str:
    found = native_path(call.arguments[0])
    if found is None:
        return f"pg_jsonb_typeof({show(call.arguments[0])})"
    kind = f"json_type({show(found[0])}, {string(found[1])})"
    return (
        f"(CASE {kind} WHEN 'text' THEN 'string' WHEN 'integer' THEN 'number' WHEN 'real' THEN 'number'"
        f" WHEN 'true' THEN 'boolean' WHEN 'false' THEN 'boolean' ELSE {kind} END)"
    )


def _path(suffix: str) -> Rule:
    """`#>` over an array of text, and jsonb_extract_path() over texts."""

    def rule(show: Print, call: Call) -> str:
        document, *steps = call.arguments
        if len(steps) == 1 and steps[0].type.element is not None:
            array = show(steps[0])
        else:
            array = f"pg_array({', '.join([string('text'), *map(show, steps)])})"
        return f"pg_{document.type.name}_path{suffix}({show(document)}, {array})"

    return rule


_FUNCTIONS = {
    "jsonb_array_element(jsonb,int4)": "pg_jsonb_item",
    "jsonb_array_element_text(jsonb,int4)": "pg_jsonb_item_text",
    "jsonb_exists_any(jsonb,_text)": "pg_jsonb_exists_any",
    "jsonb_exists_all(jsonb,_text)": "pg_jsonb_exists_all",
    "jsonb_contains(jsonb,jsonb)": "pg_jsonb_contains",
    "jsonb_contained(jsonb,jsonb)": "pg_jsonb_contained",
    "jsonb_concat(jsonb,jsonb)": "pg_jsonb_concat",
    "jsonb_delete(jsonb,text)": "pg_jsonb_delete_key",
    "jsonb_delete(jsonb,_text)": "pg_jsonb_delete_keys",
    "jsonb_delete(jsonb,int4)": "pg_jsonb_delete_place",
    "jsonb_delete_path(jsonb,_text)": "pg_jsonb_delete_path",
    "jsonb_array_length(jsonb)": "pg_jsonb_array_length",
    "jsonb_pretty(jsonb)": "pg_jsonb_pretty",
    "jsonb_strip_nulls(jsonb)": "pg_jsonb_strip_nulls",
    "jsonb_strip_nulls(jsonb,bool)": "pg_jsonb_strip_nulls",
    "jsonb_set(jsonb,_text,jsonb)": "pg_jsonb_set",
    "jsonb_set(jsonb,_text,jsonb,bool)": "pg_jsonb_set",
    "jsonb_set_lax(jsonb,_text,jsonb)": "pg_jsonb_set_lax",
    "jsonb_set_lax(jsonb,_text,jsonb,bool)": "pg_jsonb_set_lax",
    "jsonb_set_lax(jsonb,_text,jsonb,bool,text)": "pg_jsonb_set_lax",
    "json_object_field(json,text)": "pg_json_field",
    "json_object_field_text(json,text)": "pg_json_field_text",
    "json_array_element(json,int4)": "pg_json_item",
    "json_array_element_text(json,int4)": "pg_json_item_text",
    "json_typeof(json)": "pg_json_typeof",
    "json_array_length(json)": "pg_json_array_length",
    "jsonb_insert(jsonb,_text,jsonb)": "pg_jsonb_insert",
    "jsonb_insert(jsonb,_text,jsonb,bool)": "pg_jsonb_insert",
}
_PATHS = {
    **{
        f"jsonb_path_{word}({types})": f"pg_jsonb_path_{word}"
        for word in ("exists", "match", "query_array", "query_first")
        for types in ("jsonb,jsonpath", "jsonb,jsonpath,jsonb")
    },
    "jsonb_path_exists_opr(jsonb,jsonpath)": "pg_jsonb_path_exists",
    "jsonb_path_match_opr(jsonb,jsonpath)": "pg_jsonb_path_matches",
}
_SYMBOLS = {
    "jsonb_eq": "=",
    "jsonb_ne": "<>",
    "jsonb_lt": "<",
    "jsonb_le": "<=",
    "jsonb_gt": ">",
    "jsonb_ge": ">=",
}
RULES: dict[str, Rule] = {
    **{key: function(name) for key, name in {**_FUNCTIONS, **_PATHS}.items()},
    **{
        f"{name}(jsonb,jsonb)": template(f"(pg_jsonb_compare({{0}}, {{1}}) {symbol} 0)")
        for name, symbol in _SYMBOLS.items()
    },
    "jsonb_object_field(jsonb,text)": _field,
    "jsonb_object_field_text(jsonb,text)": _field_text,
    "jsonb_exists(jsonb,text)": _exists,
    "jsonb_typeof(jsonb)": _typeof,
}
# Any number of arguments: the key is the name.
OPEN_RULES: dict[str, Rule] = {
    f"{form}_extract_path{suffix}": _path(suffix) for form in ("json", "jsonb") for suffix in ("", "_text")
}
