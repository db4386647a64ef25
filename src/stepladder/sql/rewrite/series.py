"""generate_series()."""
# ruff: noqa: S608 - printing SQL is what this module does; names are quoted, values are parameters or literals

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stepladder.sql.infer.tree import FunctionSource, SetCall
from stepladder.sql.rewrite.rules import Print, function

_INTEGERS = ("int4", "int8")
_SERIES = {
    **{
        f"generate_series({','.join([type_] * count)})": "pg_integers"
        for type_ in _INTEGERS
        for count in (2, 3)
    },
    **{f"generate_series({','.join(['numeric'] * count)})": "pg_numerics" for count in (2, 3)},
    "generate_series(timestamp,timestamp,interval)": "pg_moments",
    "generate_series(timestamptz,timestamptz,interval)": "pg_moments",
    "generate_series(timestamptz,timestamptz,interval,text)": "pg_moments_in_zone",
}
ROWS: dict[str, Callable[[Print, Any], str]] = {key: function(name) for key, name in _SERIES.items()}


def recursive(show: Print, source: FunctionSource) -> str | None:
    """A query for integers, whose rows need no memory; None for what depends on other sources, and other types."""
    call = source.functions[0].call
    if len(source.functions) > 1 or source.lateral or not isinstance(call, SetCall):
        return None
    if call.name != "generate_series" or call.type.name not in _INTEGERS:
        return None
    start, stop, *steps = map(show, call.arguments)
    step = steps[0] if steps else "1"
    return (
        f"WITH RECURSIVE a(first, last, step, sign) AS (SELECT {start}, {stop}, {step}, pg_step_sign({step})),"
        " g(c1, c2) AS (SELECT first, 1 FROM a WHERE (sign > 0 AND first <= last) OR (sign < 0 AND first >= last)"
        " UNION ALL SELECT g.c1 + a.step, g.c2 + 1 FROM g, a"
        " WHERE (sign > 0 AND g.c1 + a.step <= last) OR (sign < 0 AND g.c1 + a.step >= last)) SELECT c1, c2 FROM g"
    )
