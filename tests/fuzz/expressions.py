"""Random expressions of a given type over the columns in scope."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.fuzz import node, values
from tests.fuzz.grammar import WORDS, Pattern, Patterns
from tests.fuzz.node import Node

Literal = Callable[[random.Random, str], str]


@dataclass(frozen=True, slots=True)
class Column:
    """A column in scope, as it is written there."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Expressions:
    """Expressions by patterns; leaves are columns or literals.

    `constants`: literals stand beside columns. Not so where expressions may fail: what is computed of constants before a
    row is read, and what is left out because of them, PostgreSQL leaves open.
    """

    chance: random.Random
    patterns: Patterns
    literal: Literal
    constants: bool

    def of(self, type_: str, scope: Sequence[Column], depth: int) -> Node:
        """An expression of the type, with at most `depth` patterns inside one another."""
        patterns = self.patterns.get(type_)
        if depth <= 0 or not patterns or self.chance.random() < 0.15:
            return self._leaf(type_, scope, 0.8 if self.constants else 1)
        return self._filled(type_, self.chance.choice(patterns), scope, depth)

    def _leaf(self, type_: str, scope: Sequence[Column], share: float) -> Node:
        own = [column.name for column in scope if column.type == type_]
        if own and self.chance.random() < share:
            return self._value(type_, self.chance.choice(own))
        return self._value(type_, f"({self.literal(self.chance, type_)})")

    def _filled(self, type_: str, pattern: Pattern, scope: Sequence[Column], depth: int) -> Node:
        parts: list[Node | str] = list(pattern.parts)
        for place in range(1, len(parts), 2):
            slot = pattern.parts[place]
            parts[place] = (
                self.chance.choice(WORDS[slot[1:]]) if slot[0] == ":" else self.of(slot, scope, depth - 1)
            )
        return self._value(type_, "(", *parts, ")")

    def _value(self, type_: str, *parts: Node | str) -> Node:
        spelled = values.spelled(type_)
        return node.value(spelled, f"NULL::{spelled}" if self.constants else "", *parts)
