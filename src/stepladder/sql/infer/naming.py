"""PostgreSQL's names for output columns that have no AS (FigureColname in parse_target.c)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stepladder.sql.infer.raw import Raw, body_of, kind_of, strings

_FIXED = {
    "A_ArrayExpr": "array",
    "RowExpr": "row",
    "CoalesceExpr": "coalesce",
    "GroupingFunc": "grouping",
    "MergeSupportFunc": "merge_action",
}
_Named = tuple[str | None, int]  # a name, and how strong it is: 2 beats a cast's type name


def column_name(node: Raw) -> str:
    """The name of an output column whose expression is `node`."""
    return _figure(node)[0] or "?column?"


def index_column_name(node: Raw) -> str:
    """The part of an index's name that stands for an expression."""
    return _figure(node)[0] or "expr"


def _figure(node: Raw | None) -> _Named:
    kind, body = kind_of(node), body_of(node)
    rule = _RULES.get(kind)
    if rule:
        return rule(body)
    return (_FIXED[kind], 2) if kind in _FIXED else (None, 0)


def _last(names: list[str]) -> _Named:
    return (names[-1], 2) if names else (None, 0)


def _indirection(body: Raw) -> _Named:
    names = strings(body.get("indirection"))
    return (names[-1], 2) if names else _figure(body.get("arg"))


def _cast(body: Raw) -> _Named:
    inner = _figure(body.get("arg"))
    return inner if inner[1] > 1 else (strings(body["typeName"]["names"])[-1], 1)


def _case(body: Raw) -> _Named:
    inner = _figure(body.get("defresult"))
    return inner if inner[1] > 1 else ("case", 1)


def _sublink(body: Raw) -> _Named:
    word = body["subLinkType"]
    if word == "EXPR_SUBLINK":
        select = body_of(body["subselect"])
        while select.get("op", "SETOP_NONE") != "SETOP_NONE":
            select = select["larg"]
        targets = select.get("targetList")
        if targets:
            first = targets[0]["ResTarget"]
            return (first.get("name") or column_name(first["val"]), 2)
        return ("column1", 2)
    return {"EXISTS_SUBLINK": ("exists", 2), "ARRAY_SUBLINK": ("array", 2)}.get(word, (None, 0))


def _function_value(body: Raw) -> _Named:
    return str(body["op"]).removeprefix("SVFOP_").lower().removesuffix("_n"), 2


_RULES: dict[str, Callable[[Any], _Named]] = {
    "ColumnRef": lambda body: _last(strings(body["fields"])),
    "A_Indirection": _indirection,
    "FuncCall": lambda body: (strings(body["funcname"])[-1], 2),
    "A_Expr": lambda body: ("nullif", 2) if body["kind"] == "AEXPR_NULLIF" else (None, 0),
    "TypeCast": _cast,
    "CollateClause": lambda body: _figure(body.get("arg")),
    "SubLink": _sublink,
    "CaseExpr": _case,
    "MinMaxExpr": lambda body: ("least" if body["op"] == "IS_LEAST" else "greatest", 2),
    "SQLValueFunction": _function_value,
}
