"""jsonb_agg(), jsonb_object_agg() and json's own: their arguments become JSON's text first, keys of ORDER BY do not."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from stepladder.sql.infer.context import refuse
from stepladder.sql.infer.tree import Aggregate, Call, Expression, Row, WindowCall
from stepladder.sql.types import Type

Node = TypeVar("Node", bound=Aggregate | WindowCall)
NAMES = {
    "jsonb_agg(jsonb)": "pg_json_agg",
    "json_agg(json)": "pg_json_agg",
    "json_agg_in_lines(json)": "pg_json_agg_in_lines",
    "jsonb_object_agg(text,jsonb)": "pg_jsonb_object_agg",
    "json_object_agg(text,json)": "pg_json_object_agg",
}
_FORMS = {name.split("(")[0]: Type(name.split("_")[0]) for name in NAMES}


def with_texts(node: Node) -> Node:
    """The node with its arguments made JSON; any other aggregate as it is."""
    form = _FORMS.get(node.name)
    if form is None:
        return node
    *keys, value = node.arguments
    # json_agg() begins a new line for each element that is an array or a row itself.
    lines = node.name == "json_agg" and (isinstance(value, Row) or value.type.element is not None)
    name = "json_agg_in_lines" if lines else node.name
    return replace(node, name=name, arguments=(*map(_key, keys), _value(value, form)))


def _key(node: Expression) -> Expression:
    if node.type.element is not None or node.type.name in ("json", "jsonb"):
        raise refuse(f"an object's keys of type {node.type}", node.position)
    if node.type.name == "text":
        return node
    return Call(type=Type("text"), position=node.position, name="json_key", arguments=(node,))


def _value(node: Expression, form: Type) -> Expression:
    if node.type == form:
        return node
    return Call(type=form, position=node.position, name=f"to_{form.name}", arguments=(node,))
