"""Patterns of aggregates, of window calls and of functions in FROM, by the type of what they give.

`{type 0}` is an expression that `{0}` repeats (and 1 another), `{type money}` one of two decimals; `{:word}` is one of grammar.WORDS.
"""

from __future__ import annotations

SHOWN = ["int4", "int8", "numeric", "float8", "bool", "text", "date", "timestamp", "timestamptz"]
RARE = ["jsonb", "_int4", "_text", "uuid", "bytea", "time", "interval"]
GROUPED = [
    "int4",
    "bool",
    "text",
    "date",
    "timestamptz",
    "int8",
    "timestamp",
    "uuid",
    "bytea",
    "time",
    "_int4",
    "_text",
]  # equal ones look alike
AGGREGATES: dict[str, list[str]] = {
    "int8": [
        *("count(*)", "count({})", "count(DISTINCT {text})", "sum({int4})", "count(*)", "regr_count({float8}, {float8})"),
        *("count(DISTINCT {int4})", "sum(DISTINCT {int4})", "count(DISTINCT ({int4}, {text}))", "count({jsonb})"),
        *("rank(2) WITHIN GROUP (ORDER BY {int4})", "dense_rank('b') WITHIN GROUP (ORDER BY {text} DESC)", "bit_and({int8})"),
    ],
    "numeric": [
        *("sum({numeric})", "sum({int8})", "avg({numeric})", "avg({int4})", "sum(DISTINCT {numeric})", "min({numeric money})"),
        *("max({numeric money})", "stddev({int4})", "var_pop({numeric})", "variance({int4})", "sum({numeric} * {int4})"),
        *("avg(DISTINCT {int4})", "stddev_pop({int4})", "var_samp({numeric})", "stddev_samp({int8})", "sum({int4}) * 1.0 / count(*)"),
        *("round(avg({numeric}), 2)", "coalesce(sum({numeric money}), 0)", "max({numeric money}) - min({numeric money})"),
    ],
    "int4": ["min({int4})", "max({int4})", "bit_or({int4})", "bit_and({int4})", "mode() WITHIN GROUP (ORDER BY {int4})",
             "percentile_disc(0.5) WITHIN GROUP (ORDER BY {int4})", "bit_xor({int4})", "max({int4}) - min({int4})",
             "(percentile_disc(ARRAY[0, 0.4]) WITHIN GROUP (ORDER BY {int4} DESC))[2]", "(array_agg({int4 0} ORDER BY {0}))[1]"],
    "float8": ["sum(floor({float8} * 8))", "avg(floor({float8} * 8))", "max({float8})", "min({float8})",
               "percentile_cont(0.25) WITHIN GROUP (ORDER BY {float8})", "percentile_cont(0.5) WITHIN GROUP (ORDER BY {int4} DESC)",
               "percentile_cont(0.75) WITHIN GROUP (ORDER BY {numeric})", "percentile_disc(0.9) WITHIN GROUP (ORDER BY {float8})",
               "(percentile_cont(ARRAY[0.25, 0.5]) WITHIN GROUP (ORDER BY {float8}))[1]",
               "percent_rank(2) WITHIN GROUP (ORDER BY {int4})", "cume_dist(2) WITHIN GROUP (ORDER BY {int4} DESC)"],
    "bool": ["bool_and({bool})", "bool_or({bool})", "every({bool})", "count(*) > 1", "sum({int4}) > 5", "max({text}) < 'b'",
             "mode() WITHIN GROUP (ORDER BY {bool})"],
    "text": ["min({text})", "max({text})", "string_agg({text 0}, ',' ORDER BY {0})", "string_agg(DISTINCT {text 0}, '-' ORDER BY {0})",
             "string_agg({text 0}, ';' ORDER BY {0} DESC NULLS LAST)", "mode() WITHIN GROUP (ORDER BY {text})",
             "percentile_disc(0.5) WITHIN GROUP (ORDER BY {text} DESC)", "string_agg({int4 0}::text, {:text} ORDER BY {0} DESC)",
             "string_agg({text 0}, '|' ORDER BY {int4 1} DESC, {0})", "json_agg({int4 0} ORDER BY {0})::text",
             "json_object_agg(coalesce({text 0}, '-'), {int4 1} ORDER BY {0}, {1})::text"],
    "date": ["min({date})", "max({date})", "percentile_disc(0.3) WITHIN GROUP (ORDER BY {date})"],
    "timestamp": ["min({timestamp})", "max({timestamp})"],
    "timestamptz": ["min({timestamptz})", "max({timestamptz})", "percentile_disc(0.6) WITHIN GROUP (ORDER BY {timestamptz} DESC)"],
    "interval": ["sum({interval})", "max({date}) - max({timestamp})", "avg({interval})", "max({timestamptz}) - min({timestamptz})",
                 "percentile_cont(0.5) WITHIN GROUP (ORDER BY {timestamp} - '2024-01-01')"],
    "time": ["min({time})", "max({time})"],
    "bytea": ["string_agg({bytea 0}, '\\x00' ORDER BY {0})", "min({bytea})", "max({bytea})"],
    "_int4": ["array_agg({int4 0} ORDER BY {0})", "array_agg(DISTINCT {int4 0} ORDER BY {0} DESC)", "max({_int4})",
              "array_agg({int4 0} ORDER BY {text 1}, {0} NULLS FIRST)", "percentile_disc(ARRAY[0.5, 1]) WITHIN GROUP (ORDER BY {int4})"],
    "_text": ["array_agg({text 0} ORDER BY {0} NULLS FIRST)", "array_agg(DISTINCT {text})"],
    "jsonb": ["jsonb_agg({int4 0} ORDER BY {0})", "jsonb_agg({text 0} ORDER BY {0} DESC)", "to_jsonb(max({numeric money}))",
              "jsonb_object_agg(coalesce({text 0}, '-'), {int4 1} ORDER BY {0}, {1})",
              "jsonb_agg(jsonb_build_object('k', {int4 0}, 'v', {text 1}) ORDER BY {0}, {1})"],
}  # fmt: skip
SETS = ("UNION", "UNION ALL", "INTERSECT", "EXCEPT", "INTERSECT ALL", "EXCEPT ALL")
FRAMES = ["", "", "", "ROWS UNBOUNDED PRECEDING", "ROWS BETWEEN 2 PRECEDING AND CURRENT ROW", "ROWS BETWEEN 1 FOLLOWING AND 3 FOLLOWING",
          "ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING", "GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING",
          "RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW", "ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE CURRENT ROW",
          "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE TIES", "ROWS BETWEEN 3 PRECEDING AND 1 PRECEDING",
          "GROUPS UNBOUNDED PRECEDING EXCLUDE GROUP", "RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING EXCLUDE NO OTHERS",
          "ROWS CURRENT ROW", "GROUPS BETWEEN CURRENT ROW AND 2 FOLLOWING", "RANGE BETWEEN CURRENT ROW AND CURRENT ROW"]  # fmt: skip
OVER: dict[str, list[str]] = {
    "int8": ["row_number()", "rank()", "dense_rank()", "count(*)", "sum({int4})", "count({text})", "lag({int8}, 2)"],
    "int4": ["ntile(3)", "lag({int4})", "lead({int4}, 2, 0)", "first_value({int4})", "max({int4})", "nth_value({int4}, 2)",
             "lag({int4}, {int4 column}, -1)", "min({int4})", "last_value({int4})", "bit_or({int4})"],
    "numeric": ["sum({numeric})", "avg({numeric})", "avg({int4})", "lag({numeric}, 1, 0.00)", "max({numeric})", "min({numeric money})",
                "sum({int8})", "first_value({numeric})", "stddev({int4})", "nth_value({numeric}, 3)"],
    "float8": ["percent_rank()", "cume_dist()", "sum(floor({float8} * 8))", "avg(floor({float8} * 8))", "last_value({float8})",
               "max({float8})", "lead({float8})"],
    "text": ["lag({text})", "last_value({text})", "min({text})", "string_agg({text}, ',')", "lead({text}, 1, 'z')", "max({text})",
             "first_value({text})", "nth_value({text}, 2)"],
    "bool": ["bool_or({bool})", "lag({bool})", "every({bool})", "first_value({bool})"],
    "date": ["max({date})", "first_value({date})", "lag({date}, 1, '2024-01-01')"],
    "timestamp": ["max({timestamp})", "lead({timestamp})", "first_value({timestamp})"],
    "timestamptz": ["min({timestamptz})", "lag({timestamptz})"],
    "interval": ["max({interval})", "sum({interval})", "lag({interval})"],
    "time": ["max({time})", "lead({time})"],
    "uuid": ["lag({uuid})", "first_value({uuid})"],
    "bytea": ["lag({bytea})", "last_value({bytea})"],
    "_int4": ["array_agg({int4})", "max({_int4})"],
    "_text": ["array_agg({text})", "lead({_text})"],
    "jsonb": ["jsonb_agg({int4})", "lag({jsonb})"],
}  # fmt: skip
FILTERED = (
    "count",
    "sum",
    "avg",
    "min",
    "max",
    "bool_or",
    "every",
    "string_agg",
    "array_agg",
    "jsonb_agg",
    "stddev",
    "bit_or",
)


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
    ("generate_series(0.5, 2.0, 0.5)", "numeric"), ("unnest(ARRAY[{numeric}, {numeric}])", "numeric"),
    ("generate_series({timestamptz}, {timestamptz} + interval '3 days', interval '1 day')", "timestamptz"),
    ("regexp_matches({text}, {:regex}, 'g')", "_text"), ("jsonb_path_query({jsonb}, {:json path})", "jsonb"),
    ("json_array_elements_text(json_build_array({int4}, {text}))", "text"),
]  # fmt: skip
SEVERAL = [
    ("jsonb_each(jsonb_build_object('k', {int4}, 'l', {text}))", ("text", "jsonb")),
    ("jsonb_each_text(jsonb_build_object('k', {int4}, 'l', {bool}))", ("text", "text")),
    ("unnest({_int4}, {_text})", ("int4", "text")), ("unnest(ARRAY[{date}, {date}], {_int4})", ("date", "int4")),
    ("ROWS FROM (generate_series(1, {:small}), unnest({_text}))", ("int4", "text")),
    (("LATERAL (SELECT * FROM jsonb_to_recordset(jsonb_build_array(jsonb_build_object('p', {int4}, 'q', {text}), "
     "jsonb_build_object('p', 7))) AS r(p int, q text))"), ("int4", "text")),
]  # fmt: skip
