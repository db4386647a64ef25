"""Text whose order the server's collation decides."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from stepladder.sql.infer.tree import (
    Aggregate,
    AnyAll,
    Call,
    Expression,
    Extreme,
    Order,
    Query,
    Reference,
    TableSource,
    WindowCall,
    Write,
    walk,
)
from stepladder.sql.lint.warning import TEXTS, Warned, place_of

_COMPARISONS = {
    f"{type_}{word}": sign
    for type_ in ("text_", "bpchar")
    for word, sign in (("lt", "<"), ("le", "<="), ("gt", ">"), ("ge", ">="))
}
_WHY = 'a server orders text by its collation (en_US: a < B < c), SQLite and COLLATE "C" by bytes (B < a < c)'


def collation(tree: Query | Write, bytewise: Collection[int], *, unseen_order: bool) -> Iterator[Warned]:
    """Every place where text is ordered. `bytewise` are the places of expressions with COLLATE "C"; `unseen_order`: the
    outermost ORDER BY only sorts rows that become a table."""
    named = _named(tree)
    skipped = (
        frozenset(map(id, tree.order))
        if unseen_order and isinstance(tree, Query) and tree.limit is None
        else ()
    )

    def decided(node: Expression) -> bool:
        return node.type.name in TEXTS and not any(
            place_of(each) in bytewise or (isinstance(each, Reference) and (each.source, each.place) in named)
            for each in walk(node)
        )

    for node in walk(tree):
        if isinstance(node, Order) and id(node) not in skipped and decided(node.key):
            yield _warned(place_of(node.key), "ORDER BY over text", _instead(node.key))
        elif (said := _ordering(node)) and all(decided(each) for each in said[1]):
            yield _warned(place_of(node), said[0], _instead(said[1][0]))


def _ordering(node: Any) -> tuple[str, tuple[Expression, ...]] | None:
    """What orders text without ORDER BY, and the values that it compares."""
    if isinstance(node, Call) and node.name in _COMPARISONS:
        return f"{_COMPARISONS[node.name]} over text", node.arguments
    if isinstance(node, Aggregate | WindowCall) and node.name in ("min", "max"):
        return f"{node.name}() over text", node.arguments
    if isinstance(node, Extreme):
        return f"{node.word.lower()}() over text", node.arguments
    if isinstance(node, AnyAll) and node.operator in ("<", "<=", ">", ">="):
        return f"{node.operator} {node.word} over text", (node.left,)
    return None


def _named(tree: Any) -> frozenset[tuple[int, int]]:
    """The columns that their table declares with a collation of bytes."""
    return frozenset(
        (node.id, place)
        for node in walk(tree)
        if isinstance(node, TableSource)
        for place, column in enumerate(node.columns)
        if getattr(column, "collation", None) in ("C", "POSIX", "ucs_basic")
    )


def _instead(node: Expression) -> str:
    name = node.name if isinstance(node, Reference) else "(…)"
    return f'say the order: {name} COLLATE "C"'


def _warned(place: int | None, what: str, instead: str) -> Warned:
    return Warned(place, "collation", f"{what}: the server's collation decides", _WHY, instead)
