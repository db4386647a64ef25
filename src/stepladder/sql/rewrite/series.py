"""Functions in FROM as recursive queries: c1 is the value, c2 the number of the row."""
# ruff: noqa: S608 - printing SQL is what this module does; names are quoted, values are parameters or literals

from __future__ import annotations

from stepladder.sql.infer.context import refuse
from stepladder.sql.infer.tree import FunctionSource
from stepladder.sql.rewrite.printer import Printer
from stepladder.sql.rewrite.rules import string

_INTEGERS = ("int4", "int8")
_MOMENTS = ("timestamp", "timestamptz")


def rows_of(printer: Printer, source: FunctionSource) -> str:
    """The rows of a set-returning function."""
    return _unnest(printer, source) if source.name == "unnest" else _series(printer, source)


def _series(printer: Printer, source: FunctionSource) -> str:
    """generate_series(): each value is the one before and the step; none where an argument is NULL."""
    kind = source.arguments[0].type.name
    if kind not in (*_INTEGERS, *_MOMENTS) or len(source.arguments) > 3:
        raise refuse(f"generate_series over {kind}", source.arguments[0].position)
    start, stop, *steps = map(printer.expression, source.arguments)
    step = steps[0] if steps else "1"
    following = "g.c1 + a.step" if kind in _INTEGERS else "pg_add_span(g.c1, a.step)"
    return (
        f"WITH RECURSIVE a(first, last, step, sign) AS (SELECT {start}, {stop}, {step}, pg_step_sign({step})),"
        " g(c1, c2) AS (SELECT first, 1 FROM a WHERE (sign > 0 AND first <= last) OR (sign < 0 AND first >= last)"
        f" UNION ALL SELECT {following}, g.c2 + 1 FROM g, a"
        f" WHERE (sign > 0 AND {following} <= last) OR (sign < 0 AND {following} >= last)) SELECT c1, c2 FROM g"
    )


def _unnest(printer: Printer, source: FunctionSource) -> str:
    """unnest(): the elements by their places."""
    (argument,) = source.arguments
    element = argument.type.element
    if element is None:
        raise refuse("unnest over this type", argument.position)
    return (
        f"WITH RECURSIVE a(held, size) AS (SELECT {printer.expression(argument)}, pg_cardinality({printer.expression(argument)})),"
        " g(c2) AS (SELECT 1 FROM a WHERE size > 0 UNION ALL SELECT g.c2 + 1 FROM g, a WHERE g.c2 < size)"
        f" SELECT pg_element({string(element.name)}, held, c2) AS c1, c2 FROM g, a"
    )
