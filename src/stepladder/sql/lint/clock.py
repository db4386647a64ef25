"""The clock and the zone: what another day, or another zone, answers otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from stepladder.sql.infer.tree import Call, Cast, Query, Write, walk
from stepladder.sql.lint.warning import Warned, place_of

_CLOCK = (
    "now", "clock_timestamp", "statement_timestamp", "transaction_timestamp", "timeofday",
    "current_date", "current_timestamp", "current_time", "localtimestamp", "localtime",
)  # fmt: skip
_FIELDS = ("extract", "date_part", "to_char", "date_trunc", "date", "time", "timestamp", "timetz")
_CASTS = ("date", "timestamp", "time")


def clock(tree: Query | Write) -> Iterator[Warned]:
    """A model that asks the clock: the same interval run again gives other rows."""
    for node in walk(tree):
        if isinstance(node, Call) and (
            node.name in _CLOCK or (node.name == "age" and len(node.arguments) == 1)
        ):
            yield Warned(
                place_of(node),
                "nondeterministic",
                f"{node.name} reads the clock",
                "an interval that is run again tomorrow gives other rows",
                "write :now, which --now fixes",
            )


def zone(tree: Query | Write, name: str) -> Iterator[Warned]:
    """A day or an hour of a timestamptz, taken in the connection's zone, which is UTC and not the project's."""
    for node in walk(tree):
        if _is_zoneless(node):
            what = "a cast" if isinstance(node, Cast) else node.name
            yield Warned(
                place_of(node),
                "zone",
                f"{what} of a timestamptz without a zone reads it in UTC; the project's zone is {name}",
                "every connection is in UTC, so that both engines agree",
                "write (at AT TIME ZONE :zone)::date, or date_trunc('day', at, :zone)",
            )


def _is_zoneless(node: Any) -> bool:
    if isinstance(node, Cast):
        return node.type.name in _CASTS and node.argument.type.name == "timestamptz"
    return (
        isinstance(node, Call)
        and node.name in _FIELDS
        and len(node.arguments) < 3
        and any(each.type.name == "timestamptz" for each in node.arguments)
    )
