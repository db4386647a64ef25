"""Functions in FROM: the columns they give, WITH ORDINALITY, ROWS FROM, and what they see of FROM."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from stepladder.errors import ProgrammingError, SqlSyntaxError
from stepladder.sql.infer.coercion import resolved
from stepladder.sql.infer.context import INT8, Analysis, Scope, refuse, wrong
from stepladder.sql.infer.expressions import expression
from stepladder.sql.infer.naming import column_name
from stepladder.sql.infer.raw import Raw, body_of, kind_of, strings
from stepladder.sql.infer.tree import (
    Call,
    Expression,
    FunctionSource,
    Reference,
    RowFunction,
    SetCall,
    level,
    walk,
)
from stepladder.sql.infer.types import type_of_name
from stepladder.sql.types import Column, Type

RECORD = Type("record")


def read_functions(analysis: Analysis, body: Raw, scope: Scope) -> tuple[FunctionSource, list[Column]]:
    """A RangeFunction as a source, and its columns. Its arguments see what stands to the left in the same FROM."""
    inner = Scope(scope.parent, scope.items, scope.ctes, clause="functions in FROM")
    calls = _calls(body)
    alias = body.get("alias", {}).get("aliasname") if len(calls) == 1 else None
    functions = tuple(
        _function(analysis, node, defined or body.get("coldeflist"), inner, alias) for node, defined in calls
    )
    source = FunctionSource(
        id=analysis.new_id(),
        functions=functions,
        ordinality=bool(body.get("ordinality")),
        lateral=sources_used([function.call for function in functions], scope.sources()),
    )
    return source, columns_of(source)


def columns_of(source: FunctionSource) -> list[Column]:
    """All its columns, the number of the row last."""
    found = [column for function in source.functions for column in function.columns]
    return [*found, Column("ordinality", INT8)] if source.ordinality else found


def is_value(source: FunctionSource) -> bool:
    """Whether the source's bare name means its only column: it is no row to PostgreSQL."""
    return len(source.functions) == 1 and not source.ordinality and source.functions[0].call.type != RECORD


def sources_used(nodes: Sequence[Expression], own: set[int]) -> frozenset[int]:
    """Which sources of a FROM the nodes refer to."""
    used = {each.source for node in nodes for each in walk(node) if isinstance(each, Reference)}
    return frozenset(used & own)


def _calls(body: Raw) -> list[tuple[Raw, Sequence[Raw]]]:
    """The functions, each with its column definitions. unnest() of several arrays is several functions."""
    found: list[tuple[Raw, Sequence[Raw]]] = []
    for each in body["functions"]:
        items = each["List"]["items"]
        node, defined = items[0], items[1]["List"]["items"] if len(items) > 1 and items[1] else ()
        call = body_of(node)
        arguments = call.get("args", ())
        if kind_of(node) == "FuncCall" and strings(call["funcname"]) == ["unnest"] and len(arguments) > 1:
            found += [({"FuncCall": {**call, "args": [argument]}}, ()) for argument in arguments]
        else:
            found.append((node, defined))
    return found


def _function(
    analysis: Analysis, node: Raw, defined: Sequence[Raw] | None, scope: Scope, alias: str | None
) -> RowFunction:
    call = resolved(expression(analysis, node, scope))
    for each in level(call):
        if isinstance(each, SetCall) and each is not call:
            message = "set-returning functions must appear at top level of FROM"
            raise wrong(ProgrammingError, message, each.position, sqlstate="0A000")
    declared = call.columns if isinstance(call, SetCall) else ()
    if defined:
        return _defined(call, declared, defined)
    if len(declared) > 1 or (declared and call.type != RECORD):
        return RowFunction(call=call, columns=declared)
    if call.type == RECORD:
        message = 'a column definition list is required for functions returning "record"'
        raise wrong(SqlSyntaxError, message, call.position)
    return RowFunction(
        call=call, columns=(Column(alias or column_name(node, analysis.parameter_type), call.type),)
    )


def _defined(call: Expression, declared: Sequence[Column], defined: Sequence[Raw]) -> RowFunction:
    """A function whose columns are written behind AS."""
    if declared:
        message = "a column definition list is redundant for a function with OUT parameters"
        raise wrong(SqlSyntaxError, message, call.position)
    if isinstance(call, Call) and call.type == RECORD:  # one row
        call = SetCall(type=RECORD, position=call.position, name=call.name, arguments=call.arguments)
    if call.type != RECORD or not isinstance(call, SetCall):
        message = 'a column definition list is only allowed for functions returning "record"'
        raise wrong(SqlSyntaxError, message, call.position)
    columns = tuple(
        Column(each["ColumnDef"]["colname"], type_of_name(each["ColumnDef"]["typeName"])) for each in defined
    )
    if len({column.name for column in columns}) < len(columns):
        raise refuse("two columns of one name in a column definition list", call.position)
    return RowFunction(call=replace(call, columns=columns), columns=columns)
