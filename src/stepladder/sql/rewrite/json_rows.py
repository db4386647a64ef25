"""Rules of jsonb's and json's functions in FROM."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stepladder.sql.infer.context import refuse
from stepladder.sql.infer.tree import SetCall
from stepladder.sql.rewrite.rules import Print, function, string

_NAMES = ("each", "each_text", "object_keys", "array_elements", "array_elements_text")


def _record(show: Print, call: SetCall) -> str:
    """The columns behind AS are told to the function: names and types by turns."""
    parts = [show(call.arguments[0])]
    for column in call.columns:
        if column.type.element is not None:
            raise refuse(f"{call.name} with the array {column.name}", call.position, instead="make it jsonb")
        parts += [string(column.name), string(str(column.type))]
    return f"pg_rows_{call.name}({', '.join(parts)})"


ROWS: dict[str, Callable[[Print, Any], str]] = {
    **{
        f"{form}_{name}({form})": function(f"pg_rows_{form}_{name}")
        for form in ("json", "jsonb")
        for name in _NAMES
    },
    "jsonb_path_query(jsonb,jsonpath)": function("pg_rows_jsonb_path_query"),
    "jsonb_path_query(jsonb,jsonpath,jsonb)": function("pg_rows_jsonb_path_query"),
    "jsonb_to_record(jsonb)": _record,
    "jsonb_to_recordset(jsonb)": _record,
}
