"""FILTER over a window, for registered aggregates: the condition is their first argument.

With SQLite's own FILTER, Python's sqlite3 asks an aggregate for its value before it has had a row, and crashes.
"""

from __future__ import annotations

from typing import Any

from stepladder.sql.functions.registry import Aggregate


def filtered(aggregate: Aggregate) -> Aggregate:
    """The aggregate with a condition before its arguments."""

    class Filtered:
        """Rows whose condition is not true pass by."""

        def __init__(self) -> None:
            self.inner = aggregate.factory()

        def step(self, keep: int | None, *given: Any) -> None:
            """Take a row in."""
            if keep:
                self.inner.step(*given)

        def inverse(self, keep: int | None, *given: Any) -> None:
            """Let a row go."""
            if keep:
                self.inner.inverse(*given)

        def value(self) -> Any:
            """The value of the frame."""
            return self.inner.value()

        def finalize(self) -> Any:
            """The value of the last frame."""
            return self.inner.finalize()

    return Aggregate(f"{aggregate.name}_where", aggregate.arity + 1, Filtered)
