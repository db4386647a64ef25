"""Rules of arrays: their functions and operators, and unnest()."""

from __future__ import annotations

from collections.abc import Callable

from stepladder.sql.infer.context import refuse
from stepladder.sql.infer.tree import SetCall
from stepladder.sql.rewrite.rules import Print, string


def _unnest(show: Print, call: SetCall) -> str:
    (argument,) = call.arguments
    element = argument.type.element
    if element is None:
        raise refuse("unnest over this type", argument.position)
    return f"pg_unnest({string(element.name)}, {show(argument)})"


OPEN_ROWS: dict[str, Callable[[Print, SetCall], str]] = {"unnest": _unnest}
