"""Rules of aggregates and window functions: SQLite's own where they agree, else a registered one."""

from __future__ import annotations

from stepladder.sql.infer.context import refuse
from stepladder.sql.infer.tree import Aggregate, WindowCall
from stepladder.sql.rewrite.comparisons import collation, is_comparable, is_groupable
from stepladder.sql.rewrite.rules import Print, signature

_INTEGERS = ("int2", "int4", "int8")
_ORDERED = [
    "text",
    "varchar",
    "bpchar",
    "date",
    "time",
    "timestamp",
    "timestamptz",
    "uuid",
    "int2",
    "int4",
    "int8",
    "float4",
    "float8",
]
NAMES: dict[str, str] = {
    "sum(int2)": "sum",
    "sum(int4)": "sum",
    "sum(int8)": "pg_sum_exact",
    "sum(numeric)": "pg_sum_exact",
    "sum(float8)": "pg_sum_float8",
    "sum(float4)": "pg_sum_float4",
    "sum(interval)": "pg_sum_interval",
    "avg(float8)": "pg_avg_float8",
    "avg(float4)": "pg_avg_float8",
    "avg(numeric)": "pg_avg_exact",
    "avg(interval)": "pg_avg_interval",
    "max(numeric)": "pg_max_numeric",
    "min(numeric)": "pg_min_numeric",
    "max(interval)": "pg_max_interval",
    "min(interval)": "pg_min_interval",
    "same_digits(numeric)": "pg_same_digits",
    "bool_and(bool)": "min",
    "every(bool)": "min",
    "bool_or(bool)": "max",
    "string_agg(text,text)": "pg_string_agg",
    **{f"avg({name})": "pg_avg_exact" for name in _INTEGERS},
    **{f"{word}({name})": word for word in ("min", "max") for name in _ORDERED},
}
# Names alone: they take any type.
_WINDOWS = frozenset(
    [
        "row_number",
        "rank",
        "dense_rank",
        "percent_rank",
        "cume_dist",
        "ntile",
        "lag",
        "lead",
        "first_value",
        "last_value",
        "nth_value",
    ]
)
_IN_ORDER = ("string_agg", "sum(float8)", "sum(float4)", "avg(float8)", "avg(float4)")


def aggregate(show: Print, node: Aggregate) -> str:
    """An aggregate call."""
    if node.order:
        raise refuse("ORDER BY inside an aggregate", node.position, why="SQLite 3.40 has no such clause")
    name = _name(node)
    arguments = ", ".join(map(show, node.arguments)) or "*"
    if node.distinct:
        arguments = f"DISTINCT {_distinct(show, node)}"
    filter_ = f" FILTER (WHERE {show(node.filter)})" if node.filter is not None else ""
    return f"{name}({arguments}){filter_}"


def _name(node: Aggregate | WindowCall) -> str:
    if node.name == "count":
        return "count"
    found = NAMES.get(signature(node.name, node.arguments))
    if found is None:
        raise refuse(f"the aggregate {signature(node.name, node.arguments)}", node.position)
    return found


def _distinct(show: Print, node: Aggregate) -> str:
    if len(node.arguments) != 1 or not is_groupable(node.arguments[0].type):
        raise refuse("DISTINCT in this aggregate", node.position)
    key = signature(node.name, node.arguments)
    if any(key.startswith(word) for word in _IN_ORDER):
        raise refuse(f"DISTINCT in {node.name}", node.position, why="PostgreSQL sorts the values first")
    return show(node.arguments[0]) + collation(node.arguments[0].type)


def window_name(node: WindowCall) -> str:
    """The function that a window call prints as."""
    if node.name in _WINDOWS:
        return node.name
    return _name(node)


def check_order(node: WindowCall) -> None:
    """Refuse keys that SQLite would order in another way."""
    for value in (*node.partition, *(key.key for key in node.order)):
        if not is_comparable(value.type):
            raise refuse(f"a window over values of type {value.type}", node.position)
