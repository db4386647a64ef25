"""Patterns of aggregates, of window calls and of functions in FROM, by the type of what they give.

`{type 0}` is an expression that `{0}` repeats, `{type 2}` one of two decimals; `{:word}` is one of grammar.WORDS.
"""

from __future__ import annotations

SHOWN = ["int4", "int8", "numeric", "float8", "bool", "text", "date", "timestamp", "timestamptz"]
RARE = ["jsonb", "_int4", "_text", "uuid", "bytea", "time", "interval"]
GROUPED = ["int4", "bool", "text", "date", "timestamptz", "int8"]  # equal ones look alike
AGGREGATES: dict[str, list[str]] = {
    "int8": ["count(*)", "count({})", "count(DISTINCT {text})", "sum({int4})", "count(*)", "regr_count({float8}, {float8})"],
    "numeric": [
        *("sum({numeric})", "sum({int8})", "avg({numeric})", "avg({int4})", "sum(DISTINCT {numeric})", "min({numeric 2})"),
        *("max({numeric 2})", "stddev({int4})", "var_pop({numeric})", "variance({int4})", "sum({numeric} * {int4})"),
    ],
    "int4": ["min({int4})", "max({int4})", "bit_or({int4})", "bit_and({int4})", "mode() WITHIN GROUP (ORDER BY {int4})",
             "percentile_disc(0.5) WITHIN GROUP (ORDER BY {int4})"],
    "float8": ["sum(floor({float8} * 8))", "avg(floor({float8} * 8))", "max({float8})",
               "percentile_cont(0.25) WITHIN GROUP (ORDER BY {float8})"],
    "bool": ["bool_and({bool})", "bool_or({bool})", "every({bool})", "count(*) > 1"],
    "text": ["min({text})", "max({text})", "string_agg({text 0}, ',' ORDER BY {0})", "string_agg(DISTINCT {text 0}, '-' ORDER BY {0})",
             "string_agg({text 0}, ';' ORDER BY {0} DESC NULLS LAST)"],
    "date": ["min({date})", "max({date})"],
    "timestamp": ["min({timestamp})", "max({timestamp})"],
    "timestamptz": ["min({timestamptz})", "max({timestamptz})"],
    "interval": ["sum({interval})", "max({date}) - max({timestamp})", "avg({interval})"],
    "_int4": ["array_agg({int4 0} ORDER BY {0})", "array_agg(DISTINCT {int4 0} ORDER BY {0} DESC)"],
    "_text": ["array_agg({text 0} ORDER BY {0} NULLS FIRST)"],
    "jsonb": ["jsonb_agg({int4 0} ORDER BY {0})", "jsonb_agg({text 0} ORDER BY {0} DESC)"],
}  # fmt: skip
SETS = ("UNION", "UNION ALL", "INTERSECT", "EXCEPT", "INTERSECT ALL", "EXCEPT ALL")
FRAMES = ["", "", "", "ROWS UNBOUNDED PRECEDING", "ROWS BETWEEN 2 PRECEDING AND CURRENT ROW", "ROWS BETWEEN 1 FOLLOWING AND 3 FOLLOWING",
           "ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING", "GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING",
           "RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW", "ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE CURRENT ROW",
           "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE TIES"]  # fmt: skip
OVER: dict[str, list[str]] = {
    "int8": ["row_number()", "rank()", "dense_rank()", "count(*)", "sum({int4})", "count({text})"],
    "int4": ["ntile(3)", "lag({int4})", "lead({int4}, 2, 0)", "first_value({int4})", "max({int4})", "nth_value({int4}, 2)"],
    "numeric": ["sum({numeric})", "avg({numeric})", "avg({int4})", "lag({numeric}, 1, 0.00)", "max({numeric})", "min({numeric 2})"],
    "float8": ["percent_rank()", "cume_dist()", "sum(floor({float8} * 8))", "avg(floor({float8} * 8))", "last_value({float8})"],
    "text": ["lag({text})", "last_value({text})", "min({text})", "string_agg({text}, ',')", "lead({text}, 1, 'z')"],
    "bool": ["bool_or({bool})", "lag({bool})"],
    "date": ["max({date})", "first_value({date})", "lag({date}, 1, '2024-01-01')"],
    "timestamp": ["max({timestamp})", "lead({timestamp})"],
    "timestamptz": ["min({timestamptz})", "lag({timestamptz})"],
    "interval": ["max({interval})", "sum({interval})"],
    "_int4": ["array_agg({int4})", "max({_int4})"],
    "jsonb": ["jsonb_agg({int4})", "lag({jsonb})"],
}  # fmt: skip


ORDERLESS = (
    "count",
    "sum",
    "avg",
    "min",
    "max",
    "bool_or",
    "rank",
    "dense_rank",
    "percent_rank",
    "cume_dist",
)
DISTANCES = {
    "int4": ["1", "2"], "int8": ["3"], "numeric": ["1.5", "0.25"], "date": ["'1 day'", "'30 days'"],
    "timestamp": ["'1 day'", "'1 hour'"], "timestamptz": ["'36 hours'"],
}  # fmt: skip
ROWS = [
    ("unnest({_int4})", "int4"), ("unnest({_text})", "text"), ("unnest(ARRAY[{text}, {text}])", "text"),
    ("generate_series({date}, {date} + 3, interval '1 day')", "timestamptz"), ("generate_series(1, {:small})", "int4"),
    ("generate_series('2024-01-30'::timestamp, '2024-02-02', interval '18 hours')", "timestamp"),
    ("jsonb_array_elements(jsonb_build_array({int4}, {text}, {jsonb}))", "jsonb"),
    ("jsonb_array_elements_text(jsonb_build_array({int4}, {text}, {bool}))", "text"),
    ("jsonb_object_keys(jsonb_build_object('k', {int4}, {:text} || 'x', 2))", "text"),
    ("string_to_table({text}, ',')", "text"), ("regexp_split_to_table({text}, {:regex})", "text"),
]  # fmt: skip
