"""A random statement, or several that belong together."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tests.fuzz.node import Node


@dataclass(frozen=True, slots=True)
class Statement:
    """`ordered`: its rows come in one order. `after`: what is read when it has written.

    `parts`: its expressions stand alone, so that an error of one need not hide the others.
    """

    node: Node
    kind: str
    ordered: bool = False
    after: str = ""
    parts: bool = False

    def __str__(self) -> str:
        return str(self.node)

    def with_node(self, node: Node) -> Statement:
        """The same with another text."""
        return replace(self, node=node)
