"""Rules of the date and time functions."""

from __future__ import annotations

import re

from stepladder.sql.functions.date_parsing import check_pattern
from stepladder.sql.infer.tree import Call, Constant
from stepladder.sql.rewrite.rules import Print, Rule, function, string, template

_MOMENTS = ("timestamp", "timestamptz")
_SPANS = {
    "pl_interval": "pg_add_span",
    "mi_interval": "pg_subtract_span",
}
_NOW = "pg_now()"
_NAMES_ZONE = re.compile("TZ|tz")
# to_char()'s plain patterns stand in the stored text: (first character, how many).
_PLAIN = {
    "YYYY": (1, 4), "YYYY-MM": (1, 7), "YYYY-MM-DD": (1, 10), "YYYY-MM-DD HH24": (1, 13), "YYYY-MM-DD HH24:MI": (1, 16),
    "YYYY-MM-DD HH24:MI:SS": (1, 19), "MM": (6, 2), "MM-DD": (6, 5), "DD": (9, 2), "HH24": (12, 2), "HH24:MI": (12, 5),
    "HH24:MI:SS": (12, 8),
}  # fmt: skip


def _formatted(show: Print, call: Call) -> str:
    value, pattern = call.arguments
    if isinstance(pattern, Constant) and pattern.value in _PLAIN:
        first, count = _PLAIN[pattern.value]
        return f"substr({show(value)}, {first}, {count})"
    named = isinstance(pattern, Constant) and _NAMES_ZONE.search(str(pattern.value)) is None
    name = "pg_format_moment" if named or value.type.name == "timestamp" else "pg_format_instant"
    return f"{name}({show(value)}, {show(pattern)})"


def _age_of_today(type_: str) -> Rule:
    midnight = " 00:00:00+00:00" if type_ == "timestamptz" else " 00:00:00"
    return template(f"pg_age(substr({_NOW}, 1, 10) || {string(midnight)}, {{0}})")


def _overlaps(name: str) -> Rule:
    """Periods by their ends; a period's length is added to its start."""

    def rule(show: Print, call: Call) -> str:
        ends = [show(node) for node in call.arguments]
        for place in (1, 3):
            if call.arguments[place].type.name == "interval":
                ends[place] = f"{name}({ends[place - 1]}, {ends[place]})"
        return f"pg_overlaps({', '.join(ends)})"

    return rule


def _read_by_pattern(name: str) -> Rule:
    def rule(show: Print, call: Call) -> str:
        text, pattern = call.arguments
        if isinstance(pattern, Constant) and pattern.value is not None:
            check_pattern(pattern.value)  # refuses what it does not know before anything runs
        return f"{name}({show(text)}, {show(pattern)})"

    return rule


def _finite(show: Print, call: Call) -> str:
    return f"({show(call.arguments[0])} IS NOT NULL OR NULL)"


def _rules() -> dict[str, Rule]:
    found: dict[str, Rule] = {}
    for type_ in _MOMENTS:
        for suffix, name in _SPANS.items():
            found[f"{type_}_{suffix}({type_},interval)"] = function(name)
        found[f"interval_pl_{type_}(interval,{type_})"] = template("pg_add_span({1}, {0})")
        found[f"{type_}_mi({type_},{type_})"] = function("pg_difference")
        found[f"to_char({type_},text)"] = _formatted
        found[f"age({type_},{type_})"] = function("pg_age")
        found[f"age({type_})"] = _age_of_today(type_)
        found[f"date_bin(interval,{type_},{type_})"] = function("pg_bin")
    for type_ in ("time", *_MOMENTS):
        rule = _overlaps("pg_time_add" if type_ == "time" else "pg_add_span")
        for one in (type_, "interval"):
            for other in (type_, "interval"):
                found[f"overlaps({type_},{one},{type_},{other})"] = rule
    for type_ in ("date", "interval", *_MOMENTS):
        found[f"isfinite({type_})"] = _finite
    return found


RULES: dict[str, Rule] = {
    **_rules(),
    # -- zones
    "timezone(text,timestamptz)": function("pg_to_zone"),
    "timezone(text,timestamp)": function("pg_from_zone"),
    "timezone(interval,timestamptz)": function("pg_to_offset"),
    "timezone(interval,timestamp)": function("pg_from_offset"),
    "timezone(timestamptz)": template("replace({0}, '+00:00', '')"),
    "timezone(timestamp)": template("({0} || '+00:00')"),
    "date_add(timestamptz,interval)": function("pg_add_span"),
    "date_add(timestamptz,interval,text)": function("pg_add_span_in_zone"),
    "date_subtract(timestamptz,interval)": function("pg_subtract_span"),
    "date_subtract(timestamptz,interval,text)": function("pg_subtract_span_in_zone"),
    # -- dates and times of day
    "date_pl_interval(date,interval)": function("pg_date_add_span"),
    "date_mi_interval(date,interval)": function("pg_date_subtract_span"),
    "interval_pl_date(interval,date)": template("pg_date_add_span({1}, {0})"),
    "date_pli(date,int4)": function("pg_date_add"),
    "integer_pl_date(int4,date)": template("pg_date_add({1}, {0})"),
    "date_mii(date,int4)": function("pg_date_subtract"),
    "date_mi(date,date)": template("CAST(julianday({0}) - julianday({1}) AS INTEGER)"),
    "datetime_pl(date,time)": template("({0} || ' ' || {1})"),
    "timedate_pl(time,date)": template("({1} || ' ' || {0})"),
    "time_pl_interval(time,interval)": function("pg_time_add"),
    "time_mi_interval(time,interval)": function("pg_time_subtract"),
    "interval_pl_time(interval,time)": template("pg_time_add({1}, {0})"),
    "time_mi_time(time,time)": function("pg_time_difference"),
    # -- made of numbers
    "make_date(int4,int4,int4)": function("pg_make_date"),
    "make_time(int4,int4,float8)": function("pg_make_time"),
    "make_timestamp(int4,int4,int4,int4,int4,float8)": function("pg_make_timestamp"),
    "make_timestamptz(int4,int4,int4,int4,int4,float8)": function("pg_make_timestamptz"),
    "make_timestamptz(int4,int4,int4,int4,int4,float8,text)": function("pg_make_timestamptz"),
    "to_timestamp(float8)": function("pg_to_timestamp"),
    "to_timestamp(text,text)": _read_by_pattern("pg_to_timestamp"),
    "to_date(text,text)": _read_by_pattern("pg_to_date"),
    "to_char(interval,text)": function("pg_format_span"),
    # -- casts written as functions
    "date(timestamptz)": template("substr({0}, 1, 10)"),
    "date(timestamp)": template("substr({0}, 1, 10)"),
    "timestamp(date)": template("({0} || ' 00:00:00')"),
    "timestamptz(date)": template("({0} || ' 00:00:00+00:00')"),
    "timestamp(timestamptz)": template("replace({0}, '+00:00', '')"),
    "timestamptz(timestamp)": template("({0} || '+00:00')"),
    # -- the clock: TimeZone is UTC, and a transaction has one instant
    **dict.fromkeys(
        ("now()", "transaction_timestamp()", "current_timestamp()", "statement_timestamp()"), template(_NOW)
    ),
    "clock_timestamp()": template(f"max(pg_clock(), {_NOW})"),
    "current_date()": template(f"substr({_NOW}, 1, 10)"),
    "localtimestamp()": template(f"replace({_NOW}, '+00:00', '')"),
    "localtime()": template(f"substr(replace({_NOW}, '+00:00', ''), 12)"),
}
