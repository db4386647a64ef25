"""character(n): held without its trailing blanks, which only some functions see."""

from __future__ import annotations

from stepladder.sql.infer.context import refuse
from stepladder.sql.infer.tree import Expression
from stepladder.sql.rewrite.rules import Print


def padded(show: Print, node: Expression) -> str:
    """An expression printed; one of type character(n) with its blanks."""
    if node.type.name != "bpchar":
        return show(node)
    if node.type.length is None:
        raise refuse(
            "a value of type character without a length, where its blanks count",
            node.position,
            instead="cast it to text",
        )
    return f"pg_rpad({show(node)}, {node.type.length})"
