"""Rules of the date and time functions."""

from __future__ import annotations

from stepladder.sql.functions.formatting import moment_format
from stepladder.sql.infer.context import refuse
from stepladder.sql.infer.tree import Call, Constant
from stepladder.sql.rewrite.rules import Print, Rule, function, string, template
from stepladder.sql.types import DISPLAYED

_MOMENTS = ("timestamp", "timestamptz")
_SPANS = {
    "pl_interval": "pg_add_span",
    "mi_interval": "pg_subtract_span",
}


def _part(name: str, span_name: str, type_: str) -> Rule:
    def rule(show: Print, call: Call) -> str:
        field, value = call.arguments
        if not isinstance(field, Constant):
            raise refuse("a field name that is no literal", call.position)
        if type_ == "interval":
            return f"{span_name}({show(field)}, {show(value)})"
        return f"{name}({show(field)}, {show(value)}, {string(DISPLAYED[type_])})"

    return rule


def _formatted(show: Print, call: Call) -> str:
    value, pattern = call.arguments
    if isinstance(pattern, Constant) and pattern.value is not None:
        moment_format(pattern.value)  # refuses what it does not know before anything runs
    return f"pg_format_moment({show(value)}, {show(pattern)})"


def _rules() -> dict[str, Rule]:
    found: dict[str, Rule] = {}
    for type_ in _MOMENTS:
        for suffix, name in _SPANS.items():
            found[f"{type_}_{suffix}({type_},interval)"] = function(name)
        found[f"interval_pl_{type_}(interval,{type_})"] = template("pg_add_span({1}, {0})")
        found[f"{type_}_mi({type_},{type_})"] = function("pg_difference")
        found[f"date_trunc(text,{type_})"] = function("pg_truncate")
        found[f"to_char({type_},text)"] = _formatted
    for type_ in (*_MOMENTS, "date", "interval"):
        found[f"extract(text,{type_})"] = _part("pg_extract", "pg_extract_span", type_)
        # date_part of a date is that of the timestamp at its midnight; extract has a rule of its own.
        moment = "timestamp" if type_ == "date" else type_
        found[f"date_part(text,{type_})"] = _part("pg_float_part", "pg_float_span_part", moment)
    return found


RULES: dict[str, Rule] = {
    **_rules(),
    "date_trunc(text,timestamptz,text)": function("pg_truncate_in_zone"),
    "timezone(text,timestamptz)": function("pg_to_zone"),
    "timezone(text,timestamp)": function("pg_from_zone"),
    "date_pl_interval(date,interval)": function("pg_date_add_span"),
    "date_mi_interval(date,interval)": function("pg_date_subtract_span"),
    "interval_pl_date(interval,date)": template("pg_date_add_span({1}, {0})"),
    "date_pli(date,int4)": function("pg_date_add"),
    "integer_pl_date(int4,date)": template("pg_date_add({1}, {0})"),
    "date_mii(date,int4)": function("pg_date_subtract"),
    "date_mi(date,date)": function("pg_date_difference"),
    "interval_pl(interval,interval)": function("pg_span_sum"),
    "interval_mi(interval,interval)": function("pg_span_difference"),
    "interval_um(interval)": function("pg_span_negate"),
    "interval_mul(interval,float8)": function("pg_span_times"),
    "mul_d_interval(float8,interval)": template("pg_span_times({1}, {0})"),
    "interval_div(interval,float8)": function("pg_span_divided"),
    "justify_hours(interval)": function("pg_justify_hours"),
    "make_date(int4,int4,int4)": function("pg_make_date"),
    "to_timestamp(float8)": function("pg_to_timestamp"),
    "date(timestamptz)": template("substr({0}, 1, 10)"),
    "date(timestamp)": template("substr({0}, 1, 10)"),
    "now()": template("pg_now()"),
    "transaction_timestamp()": template("pg_now()"),
    "current_timestamp()": template("pg_now()"),
    "current_date()": template("substr(pg_now(), 1, 10)"),
    "localtimestamp()": template("replace(pg_now(), '+00:00', '')"),
}
