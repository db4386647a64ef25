"""What a query uses of all that engines do not do alike, seen in its raw tree: for whoever asks why two answers differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from stepladder.sql.infer.raw import Raw, body_of, kind_of, strings
from stepladder.sql.parse import deep, parse_one

_ROUNDED = ("numeric", "int2", "int4", "int8")
_TEMPORAL = ("date", "time", "timestamp", "timestamptz")
_FLOATS = ("float4", "float8")
_FUNCTIONS = {
    "rounding": ("round", "trunc", "ceil", "ceiling", "floor"),
    "division": ("div", "mod"),
    "aggregate": (
        "sum", "avg", "stddev", "stddev_pop", "stddev_samp", "variance", "var_pop", "var_samp", "corr",
        "covar_pop", "covar_samp", "regr_slope", "regr_intercept", "regr_r2",
    ),
    "case mapping": ("lower", "upper", "initcap"),
    "regex": ("regexp_replace", "regexp_match", "regexp_matches", "regexp_split_to_array", "regexp_like",
              "regexp_count", "regexp_substr", "regexp_instr", "regexp_split_to_table"),
    "zone": ("timezone", "date_trunc", "extract", "date_part", "to_char", "to_timestamp", "to_date"),
    "extreme": ("min", "max"),
    "rank": ("row_number", "rank", "dense_rank", "ntile", "percent_rank", "cume_dist"),
    "choice": ("first_value", "last_value", "nth_value", "lag", "lead", "string_agg", "array_agg", "jsonb_agg",
               "json_agg", "mode", "percentile_disc"),
    "random": ("random", "gen_random_uuid", "uuidv4", "uuidv7", "random_normal"),
    "clock": ("now", "clock_timestamp", "statement_timestamp", "transaction_timestamp", "timeofday"),
    "padding": ("lpad", "rpad"),
}  # fmt: skip
_WORDS = {name: word for word, names in _FUNCTIONS.items() for name in names}
_JSON_FUNCTIONS = ("json", "to_json", "row_to_json")
_JSON_OPERATORS = ("->", "->>", "#>", "#>>", "@>", "<@", "#-")
_COMPARISONS = ("<", ">", "<=", ">=")


@dataclass(frozen=True, slots=True)
class Constructs:
    """What a query uses: `words` of `constructs`, and the `patterns` that stand as literals behind LIKE."""

    words: frozenset[str] = frozenset()
    patterns: tuple[str, ...] = ()


def constructs(sql: str) -> Constructs:
    """What one statement uses: "like", "ilike", "regex", "rounding", "division", "aggregate", "float", "case mapping",
    "json", "zone", "extreme" (min, max, greatest, least), "rank", "choice" (a value that an order picks), "comparison",
    "padding" (char(n)), "random", "clock". Raises SqlSyntaxError.
    """
    with deep():
        _, tree = parse_one(sql)
        found = list(_found(tree))
    words = frozenset(word for word, _ in found)
    return Constructs(words, tuple(dict.fromkeys(pattern for _, pattern in found if pattern)))


def _found(node: Any) -> Iterator[tuple[str, str]]:
    if isinstance(node, list):
        for each in node:
            yield from _found(each)
    elif isinstance(node, dict):
        for key, value in node.items():
            if isinstance(value, dict) and key in _KINDS:
                yield from _KINDS[key](value)
            if key in ("limitCount", "limitOffset", "distinctClause"):
                yield "choice", ""
            yield from _found(value)


def _expression(body: Raw) -> Iterator[tuple[str, str]]:
    symbol = strings(body["name"])[-1]
    if body["kind"] in ("AEXPR_LIKE", "AEXPR_ILIKE"):
        constant = body_of(body.get("rexpr")) if kind_of(body.get("rexpr")) == "A_Const" else {}
        yield body["kind"].removeprefix("AEXPR_").lower(), constant.get("sval", {}).get("sval", "")
    elif body["kind"] == "AEXPR_SIMILAR" or symbol in ("~", "~*", "!~", "!~*"):
        yield "regex", ""
    elif symbol in ("/", "%"):
        yield "division", ""
    elif symbol in _COMPARISONS or body["kind"].startswith(("AEXPR_BETWEEN", "AEXPR_NOT_BETWEEN")):
        yield "comparison", ""
    elif symbol in _JSON_OPERATORS:
        yield "json", ""


def _cast(body: Raw) -> Iterator[tuple[str, str]]:
    name = strings(body["typeName"]["names"])[-1]
    if name in _ROUNDED:
        yield "rounding", ""
    elif name in _FLOATS:
        yield "float", ""
    elif name in _TEMPORAL:
        yield "zone", ""
    elif name in ("json", "jsonb"):
        yield "json", ""
    elif name in ("bpchar", "char"):
        yield "padding", ""


def _call(body: Raw) -> Iterator[tuple[str, str]]:
    name = strings(body["funcname"])[-1]
    if name in _WORDS:
        yield _WORDS[name], ""
    if name.startswith(("json_", "jsonb_")) or name in _JSON_FUNCTIONS:
        yield "json", ""


def _clock(_body: Raw) -> Iterator[tuple[str, str]]:
    yield "clock", ""


def _extreme(_body: Raw) -> Iterator[tuple[str, str]]:
    yield "extreme", ""


_KINDS = {
    "A_Expr": _expression,
    "TypeCast": _cast,
    "FuncCall": _call,
    "SQLValueFunction": _clock,
    "MinMaxExpr": _extreme,
}
