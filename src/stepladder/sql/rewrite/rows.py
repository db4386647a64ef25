"""Functions in FROM: json_each() over a registered function that gives its rows as JSON.

A rule prints the call of that function; `functions.rows` says what the JSON is.
"""
# ruff: noqa: S608 - printing SQL is what this module does; names are quoted, values are parameters or literals

from __future__ import annotations

from collections.abc import Callable

from stepladder.sql.infer.context import refuse
from stepladder.sql.infer.row_functions import columns_of
from stepladder.sql.infer.tree import FunctionSource, Reference, RowFunction, SetCall
from stepladder.sql.rewrite import arrays, json_rows, regex, series, text
from stepladder.sql.rewrite.rules import Print, signature
from stepladder.sql.types import Type

RowRule = Callable[[Print, SetCall], str]
ROWS: dict[str, RowRule] = {**series.ROWS, **regex.ROWS, **text.ROWS, **json_rows.ROWS}
OPEN_ROWS: dict[str, RowRule] = {**arrays.OPEN_ROWS}  # by name, whatever the arguments' types
# Values that JSON does not hold are items of text.
_READ = {"float4": "pg_read_float4({})", "float8": "pg_read_float8({})", "bytea": "pg_read_bytea({})"}


def print_rows(show: Print, source: FunctionSource) -> str:
    """The source in FROM. One that uses its neighbours' columns must stand there bare: SQLite's subqueries cannot."""
    alias = f"t{source.id}"
    rows = series.recursive(show, source)
    if rows is not None:
        return f"({rows}) AS {alias}"
    each = f"json_each({_json(show, source)})"
    if source.lateral:
        return f"{each} AS {alias}"
    names = (f"{column(source, place, '')} AS c{place + 1}" for place in range(len(columns_of(source))))
    return f"(SELECT {', '.join(names)} FROM {each}) AS {alias}"


def row_reference(source: FunctionSource) -> Callable[[Reference], str]:
    """How a reference to the source's column is spelled."""
    if source.lateral:
        return lambda node: column(source, node.place, f"t{source.id}.")
    return lambda node: f"t{source.id}.c{node.place + 1}"


def column(source: FunctionSource, place: int, prefix: str) -> str:
    """A column of json_each()'s rows."""
    columns = columns_of(source)
    if source.ordinality and place == len(columns) - 1:
        return f"({prefix}key + 1)"
    alone = len(columns) - source.ordinality == 1
    item = f"{prefix}value" if alone else f"json_extract({prefix}value, '$[{place}]')"
    return _read(columns[place].type).format(item)


def _read(type_: Type) -> str:
    return _READ.get(type_.name, "{}")


def _json(show: Print, source: FunctionSource) -> str:
    if len(source.functions) == 1:
        return _rows(show, source.functions[0])
    parts = [f"{len(each.columns)}, {_rows(show, each)}" for each in source.functions]
    return f"pg_side_by_side({', '.join(parts)})"


def _rows(show: Print, function: RowFunction) -> str:
    call = function.call
    if not isinstance(call, SetCall):
        return f"pg_one_row({show(call)})"
    key = signature(call.name, call.arguments)
    rule = ROWS.get(key) or OPEN_ROWS.get(call.name)
    if rule is None:
        raise refuse(f"the set-returning function {key}", call.position)
    return rule(show, call)
