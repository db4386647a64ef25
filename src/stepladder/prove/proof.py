"""What a proof found: values."""

from __future__ import annotations

from dataclasses import dataclass

from stepladder.compare import Difference
from stepladder.prove.diagnosis import Cause
from stepladder.prove.text_order import TextOrder


@dataclass(frozen=True, slots=True)
class Input:
    """A table that models read: how many rows of it went to both sides, and which, in words."""

    table: str
    rows: int
    read: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference (its left side is SQLite) and its class."""

    difference: Difference
    cause: Cause


@dataclass(frozen=True, slots=True)
class ModelProof:
    """What came of one model.

    `state` is "equal", "different", "empty" (equal, but without a row), "failed" (with the same error on both sides),
    "refused" (SQL that SQLite is not given), "not run" (what it reads could not be made). `findings` are the first
    differences, and the first of each class; `causes` counts the classes of all that were looked at, of `differences`
    that there are. `said` is an error's message, by side.
    """

    name: str
    state: str
    intervals: int = 0
    sqlite_rows: int = 0
    postgres_rows: int = 0
    compared: str = ""
    findings: tuple[Finding, ...] = ()
    causes: tuple[tuple[str, int], ...] = ()
    differences: int = 0
    notes: tuple[str, ...] = ()
    said: tuple[tuple[str, str], ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Proof:
    """All of it. `engines` are products and versions, SQLite's first."""

    source: str
    target: str
    engines: tuple[str, str]
    text_order: TextOrder
    inputs: tuple[Input, ...]
    models: tuple[ModelProof, ...]
    notes: tuple[str, ...]
    seconds: float

    def count(self, *states: str) -> int:
        return sum(model.state in states for model in self.models)

    @property
    def equal(self) -> bool:
        """Whether every model was run on both sides without a difference."""
        return self.count("equal", "empty") == len(self.models)
