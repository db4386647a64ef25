"""PostgreSQL's names for output columns that have no AS (FigureColname in parse_target.c)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stepladder.sql.infer.raw import Raw, body_of, kind_of, strings
from stepladder.sql.types import Type

_UNTYPED = ("int4", "int8", "unknown")
_FIXED = {
    "A_ArrayExpr": "array",
    "RowExpr": "row",
    "CoalesceExpr": "coalesce",
    "GroupingFunc": "grouping",
    "MergeSupportFunc": "merge_action",
}
_Named = tuple[str | None, int]  # a name, and how strong it is: 2 beats a cast's type name
ParameterTypes = Callable[[Raw], Type]  # of a ParamRef


def column_name(node: Raw, parameters: ParameterTypes) -> str:
    """The name of an output column whose expression is `node`."""
    return _figure(node, parameters)[0] or "?column?"


def index_column_name(node: Raw) -> str:
    """The part of an index's name that stands for an expression."""
    return _figure(node, lambda _: Type("unknown"))[0] or "expr"


def _figure(node: Raw | None, parameters: ParameterTypes) -> _Named:
    kind, body = kind_of(node), body_of(node)
    rule = _RULES.get(kind)
    if rule:
        return rule(body, parameters)
    return (_FIXED[kind], 2) if kind in _FIXED else (None, 0)


def _parameter(body: Raw, parameters: ParameterTypes) -> _Named:
    """A server is sent a value with its type behind it, but for whole numbers, texts and NULL."""
    type_ = parameters(body)
    return (None, 0) if type_.name in _UNTYPED else ((type_.element or type_).name, 1)


def _last(names: list[str]) -> _Named:
    return (names[-1], 2) if names else (None, 0)


def _indirection(body: Raw, parameters: ParameterTypes) -> _Named:
    names = strings(body.get("indirection"))
    return (names[-1], 2) if names else _figure(body.get("arg"), parameters)


def _cast(body: Raw, parameters: ParameterTypes) -> _Named:
    inner = _figure(body.get("arg"), parameters)
    return inner if inner[1] > 1 else (strings(body["typeName"]["names"])[-1], 1)


def _case(body: Raw, parameters: ParameterTypes) -> _Named:
    inner = _figure(body.get("defresult"), parameters)
    return inner if inner[1] > 1 else ("case", 1)


def _sublink(body: Raw, parameters: ParameterTypes) -> _Named:
    word = body["subLinkType"]
    if word == "EXPR_SUBLINK":
        select = body_of(body["subselect"])
        while select.get("op", "SETOP_NONE") != "SETOP_NONE":
            select = select["larg"]
        targets = select.get("targetList")
        if targets:
            first = targets[0]["ResTarget"]
            return (first.get("name") or column_name(first["val"], parameters), 2)
        return ("column1", 2)
    return {"EXISTS_SUBLINK": ("exists", 2), "ARRAY_SUBLINK": ("array", 2)}.get(word, (None, 0))


def _function_value(body: Raw, _: ParameterTypes) -> _Named:
    return str(body["op"]).removeprefix("SVFOP_").lower().removesuffix("_n"), 2


_RULES: dict[str, Callable[[Any, ParameterTypes], _Named]] = {
    "ParamRef": _parameter,
    "ColumnRef": lambda body, _: _last(strings(body["fields"])),
    "A_Indirection": _indirection,
    "FuncCall": lambda body, _: (strings(body["funcname"])[-1], 2),
    "A_Expr": lambda body, _: ("nullif", 2) if body["kind"] == "AEXPR_NULLIF" else (None, 0),
    "TypeCast": _cast,
    "CollateClause": lambda body, parameters: _figure(body.get("arg"), parameters),
    "SubLink": _sublink,
    "CaseExpr": _case,
    "MinMaxExpr": lambda body, _: ("least" if body["op"] == "IS_LEAST" else "greatest", 2),
    "SQLValueFunction": _function_value,
}
