"""A regular expression as a tree."""

from __future__ import annotations

from dataclasses import dataclass

from stepladder.sql.letters import Ranges


@dataclass(frozen=True, slots=True)
class Node:
    """Anything that matches a stretch of text."""


@dataclass(frozen=True, slots=True)
class Letter(Node):
    """One character out of these."""

    ranges: Ranges


@dataclass(frozen=True, slots=True)
class Edge(Node):
    """A place without width: `^`, `$`, or the letter of an escape: A, Z, m, M, y, Y."""

    kind: str


@dataclass(frozen=True, slots=True)
class Look(Node):
    """What must (or must not) follow, or stand before."""

    inner: Node
    ahead: bool
    negated: bool


@dataclass(frozen=True, slots=True)
class Chain(Node):
    """One after the other; none: the empty text."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice(Node):
    """One of several."""

    branches: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat(Node):
    """`inner` so many times (`high` None: any number). `greedy` is None for `{m}`, which has no preference."""

    inner: Node
    low: int
    high: int | None
    greedy: bool | None


@dataclass(frozen=True, slots=True)
class Group(Node):
    """A capture."""

    number: int
    inner: Node


@dataclass(frozen=True, slots=True)
class Back(Node):
    """What a capture matched, once more; `group` is the capture's own expression."""

    number: int
    group: Node


EMPTY = Chain(())


def below(node: Node) -> tuple[Node, ...]:
    """The nodes directly below a node; what a Back repeats is not."""
    if isinstance(node, Chain):
        return node.items
    if isinstance(node, Choice):
        return node.branches
    return (node.inner,) if isinstance(node, Look | Repeat | Group) else ()


def everything(node: Node) -> list[Node]:
    """A node and all below it."""
    return [node, *(each for child in below(node) for each in everything(child))]
