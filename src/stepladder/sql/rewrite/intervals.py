"""Rules of arithmetic with intervals."""

from __future__ import annotations

from stepladder.sql.infer.tree import Call
from stepladder.sql.rewrite.rules import Print, Rule, function, template

_MADE_OF = ("int4", "int4", "int4", "int4", "int4", "int4", "float8")


def _made(show: Print, call: Call) -> str:
    """make_interval(); what is left out is zero."""
    given = [show(node) for node in call.arguments]
    return f"pg_make_interval({', '.join([*given, *['0'] * (len(_MADE_OF) - len(given))])})"


RULES: dict[str, Rule] = {
    "interval_pl(interval,interval)": function("pg_span_sum"),
    "interval_mi(interval,interval)": function("pg_span_difference"),
    "interval_um(interval)": function("pg_span_negate"),
    "interval_mul(interval,float8)": function("pg_span_times"),
    "mul_d_interval(float8,interval)": template("pg_span_times({1}, {0})"),
    "interval_div(interval,float8)": function("pg_span_divided"),
    "justify_hours(interval)": function("pg_justify_hours"),
    "justify_days(interval)": function("pg_justify_days"),
    "justify_interval(interval)": function("pg_justify_interval"),
    **{f"make_interval({','.join(_MADE_OF[:count])})": _made for count in range(len(_MADE_OF) + 1)},
}
