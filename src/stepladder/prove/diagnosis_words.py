"""What a diagnosis is asked, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from stepladder.sql import Constructs


@dataclass(frozen=True, slots=True)
class Cause:
    """The class of a difference, and one sentence that says why it is that."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Case:
    """Two values, what the model's SQL uses, and whether the server orders text by bytes."""

    left: Any
    right: Any
    uses: Constructs
    by_bytes: bool

    def has(self, *words: str) -> bool:
        """Whether the SQL uses one of these."""
        return not self.uses.words.isdisjoint(words)


def missing(case: Case) -> str:
    """The one side that has anything; empty when both have."""
    return "PostgreSQL" if case.left is None else "SQLite" if case.right is None else ""
