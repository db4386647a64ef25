"""What one kind of check says of a typed tree, before it has its line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from stepladder.sql.infer.raw import body_of, kind_of, strings
from stepladder.sql.infer.tree import walk

TEXTS = ("text", "varchar", "bpchar", "name")


@dataclass(frozen=True, slots=True)
class Warned:
    """`place` counts bytes in the numbered text; None where the tree does not know it."""

    place: int | None
    severity: str
    what: str
    why: str = ""
    instead: str = ""


def place_of(node: Any) -> int | None:
    """Where a node, or the first that is below it and has a place, stands."""
    if node is None:
        return None
    own = getattr(node, "position", None)
    if own is not None:
        return int(own)
    places = [each.position for each in walk(node) if getattr(each, "position", None) is not None]
    return min(places, default=None)


def bytewise_places(raw: Any) -> frozenset[int]:
    """Where the expressions stand that have COLLATE "C": the typed tree does not keep it."""
    return frozenset(_bytewise(raw))


def _bytewise(node: Any) -> Iterator[int]:
    if isinstance(node, list):
        for each in node:
            yield from _bytewise(each)
    elif isinstance(node, dict):
        if kind_of(node) == "CollateClause" and strings(body_of(node)["collname"])[-1] in (
            "C",
            "POSIX",
            "ucs_basic",
        ):
            yield body_of(body_of(node)["arg"]).get("location", -1)
        for value in node.values():
            yield from _bytewise(value)
