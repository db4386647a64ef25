"""Distances between moments as SQLite's own integers of microseconds: `at - lag(at) OVER w <= interval '30 minutes'`.

The stored text is read twice (its seconds, its fraction), so only what is cheap to name twice is read so. Where the
value of a window function is asked for, its argument is turned into microseconds instead.
"""

from __future__ import annotations

from dataclasses import replace

from stepladder.sql.infer.tree import Call, Constant, Expression, Reference, WindowCall
from stepladder.sql.rewrite.rules import Print, Rule
from stepladder.sql.span_spellings import parse_span
from stepladder.sql.types import Type

_WHOLE_SECONDS = {"timestamp": 19, "timestamptz": 25}  # characters of a moment without a fraction
_DIFFERENCES = ("timestamp_mi", "timestamptz_mi")
_CARRIED = ("lag", "lead", "first_value", "last_value")


def epoch(show: Print, call: Call) -> str | None:
    """Microseconds that extract(epoch FROM …) of a moment, or of a distance between two, counts; None for others."""
    word, value = call.arguments
    if not isinstance(word, Constant) or str(word.value).lower() != "epoch":
        return None
    if value.type.name in _WHOLE_SECONDS:
        found = _counted(value)
        return show(found) if found is not None else None
    return _difference(show, value)


def span_order(show: Print, node: Expression) -> str | None:
    """Microseconds of a literal interval, or of the distance between two moments, in PostgreSQL's order of intervals."""
    if isinstance(node, Constant) and node.value is not None:
        return str(parse_span(node.value).order)
    return _difference(show, node)


def is_difference(node: Expression) -> bool:
    """Whether this is one moment minus another."""
    return isinstance(node, Call) and node.name in _DIFFERENCES


def _difference(show: Print, node: Expression) -> str | None:
    if not isinstance(node, Call) or not is_difference(node):
        return None
    one, other = map(_counted, node.arguments)
    return None if one is None or other is None else f"({show(one)} - {show(other)})"


def _counted(node: Expression) -> Expression | None:
    """The moment's microseconds since 1970, as a node; None where its text would be computed twice."""
    if isinstance(node, Reference | Constant):
        return Call(type=Type("int8"), name="moment_microseconds", arguments=(node,))
    # The third argument of lag() and lead() would have to be counted too.
    if isinstance(node, WindowCall) and node.name in _CARRIED and len(node.arguments) < 3:
        first = _counted(node.arguments[0])
        return first and replace(node, type=Type("int8"), arguments=(first, *node.arguments[1:]))
    return None


def _microseconds(show: Print, call: Call) -> str:
    """The seconds without their fraction, since SQLite's versions round it differently, and its six digits. Most moments
    have none, and are read whole in a third of the time."""
    moment = call.arguments[0]
    text, whole = show(moment), _WHOLE_SECONDS[moment.type.name]
    fraction = f"unixepoch(substr({text}, 1, 19)) * 1000000 + CAST(substr({text}, 21, 6) AS INTEGER)"
    return f"(CASE length({text}) WHEN {whole} THEN unixepoch({text}) * 1000000 ELSE {fraction} END)"


OPEN_RULES: dict[str, Rule] = {"moment_microseconds": _microseconds}
