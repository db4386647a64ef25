"""How a call prints: one rule for each implementation that PostgreSQL's catalogs name, none by symbol.

A rule is keyed `implementation(argument,types)`. A call without one is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from stepladder.sql.infer.tree import Call, Expression, Logic
from stepladder.sql.infer.types import catalog_name

Print = Callable[[Expression], str]
Rule = Callable[[Print, Call], str]
Rules = Mapping[str, Rule]


def signature(name: str, arguments: Iterable[Expression]) -> str:
    """The key of a call."""
    return f"{name}({','.join(catalog_name(node.type) for node in arguments)})"


def template(text: str) -> Rule:
    """A rule from a pattern with `{0}`, `{1}` for the arguments; each must stand in it once."""

    def rule(show: Print, call: Call) -> str:
        return text.format(*map(show, call.arguments))

    return rule


def function(name: str, *before: str) -> Rule:
    """A rule that calls a registered function, with constant arguments `before` the call's own."""

    def rule(show: Print, call: Call) -> str:
        return f"{name}({', '.join([*before, *map(show, call.arguments)])})"

    return rule


def keyed(names: Iterable[str], types: str, rule: Rule) -> dict[str, Rule]:
    """The same rule under several names, for one list of argument types."""
    return {f"{name}({types})": rule for name in names}


def string(text: Any) -> str:
    """A string literal of SQLite's."""
    return "'" + str(text).replace("'", "''") + "'"


def is_position(key: Expression, text: str) -> bool:
    """Whether SQLite may read a printed key of ORDER BY or GROUP BY as a column's place: a number alone.

    It makes 0 of `x AND 0` while it parses.
    """
    may_be_zero = isinstance(key, Logic) or (key.type.name in _AS_INTEGERS and " AND " in text)
    return may_be_zero or _POSITION.fullmatch(text) is not None


_AS_INTEGERS = ("bool", "int2", "int4", "int8")


_POSITION = re.compile(r"[-+~( ]*\d+[) ]*")
