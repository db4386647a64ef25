"""A statement as a tree of its parts, and the smaller statements that it can be cut down to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import Enum, auto

_TRIES = 400


class Kind(Enum):
    """What may be done to a part to make the statement smaller."""

    FIXED = auto()
    CLAUSE = auto()  # may be left out
    LIST = auto()  # any but the last item may be left out
    VALUE = auto()  # may become a part of it that has its type, or its `least`


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a statement; `str()` is its text."""

    parts: tuple[Node | str, ...]
    kind: Kind = Kind.FIXED
    type: str = ""
    separator: str = ""
    least: str = ""  # the simplest value of the type

    def __str__(self) -> str:
        return self.separator.join(map(str, self.parts))


def fixed(*parts: Node | str) -> Node:
    """Parts that stay together."""
    return Node(parts)


def clause(*parts: Node | str) -> Node:
    """A part that the statement can do without."""
    return Node(parts, Kind.CLAUSE)


def listed(*items: Node | str, separator: str = ", ") -> Node:
    """A list."""
    return Node(items, Kind.LIST, separator=separator)


def value(type_: str, least: str, *parts: Node | str) -> Node:
    """An expression of a type; where nothing smaller will do it becomes `least`, if there is one."""
    return Node(parts, Kind.VALUE, type_, least=least)


def smaller(node: Node) -> Iterator[Node]:
    """The statements that are one step smaller, those that leave out most first."""
    yield from _own(node)
    for place, part in enumerate(node.parts):
        if isinstance(part, Node):
            for other in smaller(part):
                yield replace(node, parts=(*node.parts[:place], other, *node.parts[place + 1 :]))


def _own(node: Node) -> Iterator[Node]:
    if node.kind is Kind.CLAUSE and node.parts:
        yield replace(node, parts=())
    elif node.kind is Kind.LIST and len(node.parts) > 1:
        half = len(node.parts) // 2
        yield replace(node, parts=node.parts[:half])
        yield replace(node, parts=node.parts[half:])
        if half > 1:
            for place in range(len(node.parts)):
                yield replace(node, parts=node.parts[:place] + node.parts[place + 1 :])
    elif node.kind is Kind.VALUE:
        yield from _inside(node, node.type)
        if node.least not in ("", str(node)):
            yield replace(node, parts=(node.least,))


def _inside(node: Node, type_: str) -> Iterator[Node]:
    for part in node.parts:
        if isinstance(part, Node):
            if part.kind is Kind.VALUE and part.type == type_:
                yield part
            else:
                yield from _inside(part, type_)


def values_in(node: Node) -> Iterator[Node]:
    """Every expression in a part."""
    for part in node.parts:
        if isinstance(part, Node):
            if part.kind is Kind.VALUE:
                yield part
            yield from values_in(part)


def shrunk(node: Node, still: Callable[[Node], bool]) -> Node:
    """The smallest statement found of which `still` holds."""
    tries, found = 0, True
    while found:
        found = False
        for other in smaller(node):
            tries += 1
            if tries > _TRIES:
                return node
            if still(other):
                node, found = other, True
                break
    return node
