"""The parser's raw tree, read: nodes are `{kind: body}`; fields that are zero or empty are left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Raw = Mapping[str, Any]


def kind_of(node: Raw | None) -> str:
    """The kind of a node; "" for none."""
    return next(iter(node), "") if node else ""


def body_of(node: Raw | None) -> Raw:
    """The fields of a node."""
    found: Raw = next(iter(node.values()), {}) if node else {}
    return found


def strings(nodes: Iterable[Raw] | None) -> list[str]:
    """The texts of the String nodes of a list: names."""
    return [node["String"].get("sval", "") for node in nodes or () if "String" in node]


def position_of(node: Raw | None) -> int | None:
    """Where a node stands, in bytes; for an operator that is its own place."""
    body = body_of(node)
    found = body.get("location")
    return found if isinstance(found, int) and found >= 0 else None


def integer_constant(node: Raw | None) -> int | None:
    """The value of an integer literal; None for anything else."""
    body = body_of(node)
    if kind_of(node) != "A_Const" or "ival" not in body:
        return None
    return int(body["ival"].get("ival", 0))
