"""Rules of aggregates and window functions: SQLite's own where they agree, else a registered one."""

from __future__ import annotations

from collections.abc import Sequence

from stepladder.errors import NotPortable
from stepladder.sql.display import printer
from stepladder.sql.infer.context import refuse
from stepladder.sql.infer.tree import Aggregate, Constant, Expression, Order, Parameter, Reference, WindowCall
from stepladder.sql.infer.types import catalog_name
from stepladder.sql.rewrite.comparisons import collation, is_comparable, is_groupable
from stepladder.sql.rewrite.json_aggregates import NAMES as JSON_NAMES
from stepladder.sql.rewrite.json_aggregates import with_texts
from stepladder.sql.rewrite.rules import Print, signature, string
from stepladder.sql.types import Type

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
    "bytea",
]
_SPREADS = {
    **{name: name for name in ("var_pop", "var_samp", "stddev_pop", "stddev_samp")},
    "variance": "var_samp",
    "stddev": "stddev_samp",
}
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
    "same_digits(numeric)": "pg_same_digits",
    "same_digits(jsonb)": "pg_same_digits",
    **JSON_NAMES,
    "bool_and(bool)": "min",
    "every(bool)": "min",
    "bool_or(bool)": "max",
    "string_agg(text,text)": "pg_string_agg",
    "string_agg(bytea,bytea)": "pg_bytes_agg",
    **{f"{name}({type_})": f"pg_{name}" for name in ("bit_and", "bit_or", "bit_xor") for type_ in _INTEGERS},
    **{
        f"{name}({type_})": f"pg_{_SPREADS[name]}_{'float8' if type_.startswith('float') else 'numeric'}"
        for name in _SPREADS
        for type_ in (*_INTEGERS, "numeric", "float4", "float8")
    },
    **{
        f"{name}(float8,float8)": f"pg_{name}"
        for name in (
            *("corr", "covar_pop", "covar_samp", "regr_avgx", "regr_avgy", "regr_count", "regr_intercept"),
            *("regr_r2", "regr_slope", "regr_sxx", "regr_sxy", "regr_syy"),
        )
    },
    **{f"avg({name})": "pg_avg_exact" for name in _INTEGERS},
    **{f"{word}({name})": word for word in ("min", "max") for name in _ORDERED},
}
NATIVE = frozenset(("count", "sum", "min", "max"))
_PRINTED_FIRST = ("pg_array_agg", "pg_min_ordered", "pg_max_ordered")  # they take the value's type before it


def aggregate(show: Print, node: Aggregate) -> str:
    """An aggregate call."""
    filter_ = f" FILTER (WHERE {show(node.filter)})" if node.filter is not None else ""
    if node.within:
        return within_group(show, node, filter_)
    texts = with_texts(node)
    name = aggregate_name(texts)
    if name in NATIVE:
        _check_order(node)
        if node.distinct:
            return f"{name}({_distinct(show, node)}){filter_}"
    if name in NATIVE or not (node.order or node.distinct):
        return called(show, node, filter_)
    return f"{_sorted(show, node, name, argument_list(show, name, texts), texts.arguments)}{filter_}"


def called(show: Print, node: Aggregate | WindowCall, tail: str, where: str = "") -> str:
    """An aggregate over its rows as they come; `tail` is FILTER and OVER. `where`: a condition that it looks at itself."""
    node = with_texts(node)
    name = aggregate_name(node)
    arguments = argument_list(show, name, node)
    if where:
        name, arguments = f"{name}_where", [where, *arguments]
    if name == "count" and not arguments:
        return f"count(*){tail}"
    found = f"{name}({', '.join(arguments)}){tail}"
    return f"coalesce({found}, 0)" if node.name == "regr_count" else found


def argument_list(show: Print, name: str, node: Aggregate | WindowCall) -> list[str]:
    """The arguments of an aggregate as they print, the type of its value before them where it asks for it."""
    arguments = [show(each) for each in node.arguments]
    if name not in _PRINTED_FIRST:
        return arguments
    return [string(catalog_name(node.arguments[0].type)), *arguments]


def aggregate_name(node: Aggregate | WindowCall) -> str:
    """What an aggregate prints as. Raises NotPortable for one without a rule."""
    if node.name in ("count", "any_value"):
        return "count" if node.name == "count" else "pg_any_value"
    key = signature(node.name, node.arguments)
    type_ = node.arguments[0].type if node.arguments else None
    if type_ is not None and node.name in ("min", "max") and key not in NAMES and is_sortable(type_):
        return f"pg_{node.name}_ordered"
    if type_ is not None and node.name == "array_agg" and type_.element is None and _has_text(type_):
        return "pg_array_agg"
    found = NAMES.get(key)
    if found is None:
        raise refuse(f"the aggregate {key}", node.position)
    return found


def _has_text(type_: Type) -> bool:
    try:
        printer(type_.bare)
    except NotPortable:
        return False
    return True


def is_sortable(type_: Type) -> bool:
    """Whether values of the type can be sorted by `ordering`."""
    return is_comparable(type_.element or type_)


def _check_order(node: Aggregate) -> None:
    """These take their rows in any order: keys are left out, but for those that could raise an error."""
    for key in node.order:
        if not isinstance(key.key, Reference | Constant | Parameter):
            raise refuse(
                f"ORDER BY inside {node.name}",
                node.position,
                why="it changes nothing",
                instead="leave it out",
            )


def _distinct(show: Print, node: Aggregate) -> str:
    argument = node.arguments[0]
    if not is_groupable(argument.type):
        raise refuse("DISTINCT in this aggregate", node.position)
    return f"DISTINCT {show(argument)}{collation(argument.type)}"


def _sorted(
    show: Print, node: Aggregate, name: str, arguments: Sequence[str], given: Sequence[Expression]
) -> str:
    """By way of pg_ordered: DISTINCT sorts by all arguments that ORDER BY does not name.

    `given` are the arguments as `arguments` prints them: one that became JSON is no key, its value is.
    """
    order = list(node.order)
    if node.distinct:
        named = {each.key for each in order}
        rest = [each for each in node.arguments if each not in named]
        order += [Order(key=each, descending=False, nulls_first=False) for each in rest]
    places = {
        argument: place
        for place, argument in enumerate(given, len(arguments) - len(given))
        if argument in node.arguments
    }
    further: list[str] = []
    keys = []
    for each in order:
        if each.key not in places:
            places[each.key] = len(arguments) + len(further)
            further.append(show(each.key))
        keys.append(key_text(each, places[each.key]))
    distinct = int(node.distinct)
    head = [string(name), string(" ".join(keys)), str(distinct), str(len(arguments))]
    return f"pg_ordered({', '.join([*head, *arguments, *further])})"


def key_text(order: Order, place: int) -> str:
    """A key as `ordering.directions` reads it. Raises NotPortable for a type without an order."""
    type_ = order.key.type
    if not is_sortable(type_):
        raise refuse(f"ordering by values of type {type_}", order.key.position)
    way, nulls = "<>"[order.descending], "><"[order.nulls_first]
    return f"{place}:{catalog_name(type_)}{way}{nulls}"


# -- ordered sets
def within_group(show: Print, node: Aggregate, filter_: str) -> str:
    """An ordered-set aggregate."""
    values = [show(each.key) for each in node.order]
    direct = [show(each) for each in node.direct]
    if node.name in _OF_NO_ROWS:
        spelled = string(" ".join(key_text(each, place) for place, each in enumerate(node.order)))
        found = _within(f"pg_place_{node.name}", node, [spelled, *direct, *values]) + filter_
        return f"coalesce({found}, {_OF_NO_ROWS[node.name]})"
    type_ = string(catalog_name(node.order[0].key.type))
    if node.name == "mode":
        return _within("pg_mode", node, [type_, *values]) + filter_
    several = node.direct[0].type.element is not None
    check = "pg_fractions" if several else "pg_fraction"
    found = _within(f"pg_{node.name}", node, [type_, *direct, *values]) + filter_
    return f"(CASE WHEN {check}({direct[0]}) IS NOT NULL THEN {found} END)"


def _within(name: str, node: Aggregate, arguments: Sequence[str]) -> str:
    first = len(arguments) - len(node.order)
    keys = " ".join(key_text(each, place) for place, each in enumerate(node.order, first))
    head = [string(name), string(keys), "0", str(len(arguments))]
    return f"pg_ordered({', '.join([*head, *arguments])})"


_OF_NO_ROWS = {"rank": "1", "dense_rank": "1", "percent_rank": "0.0", "cume_dist": "1.0"}
