"""What a comparison found, and how it is said."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

_LONGEST_VALUE = 60


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where two results differ.

    `key`: the row's key where one was given. `row`: its place from 1, on the left side, or for an "extra
    row" on the right. `column` is None where a whole row is meant; `left` and `right` are then the row, or
    None on the side that has none. For columns themselves `key` and `row` are None. `reason` is one of
    `reason()`'s, or "missing row" (not on the right), "extra row" (not on the left), "duplicate row" (one side has
    it more often), "duplicate key" (`left` and `right` count its rows), "order", "missing column", "extra column",
    "column position", "column type".
    """

    key: tuple[Any, ...] | None
    row: int | None
    column: str | None
    left: Any
    right: Any
    reason: str

    def line(self, left: str = "left", right: str = "right") -> str:
        """The difference on one line; `left` and `right` name the sides."""
        values = self._values(left, right)
        return f"{self._place()}: {values} ({self.reason})" if values else f"{self._place()} ({self.reason})"

    def _place(self) -> str:
        if self.row is None and self.key is None:
            return f"column {self.column}"
        place = f"key {', '.join(map(shown, self.key))}" if self.key is not None else f"row {self.row}"
        return place if self.column is None else f"{place}, {self.column}"

    def _values(self, left: str, right: str) -> str:
        if self.reason in ("missing row", "missing column"):
            return f"only {left} has it: {shown(self.left)}"
        if self.reason in ("extra row", "extra column"):
            return f"only {right} has it: {shown(self.right)}"
        if self.reason == "duplicate row":
            side, row = (left, self.left) if self.left is not None else (right, self.right)
            return f"{side} has it once more: {shown(row)}"
        one, other = shown(self.left), shown(self.right)
        if self.reason == "type":
            one, other = f"{one} ({type(self.left).__name__})", f"{other} ({type(self.right).__name__})"
        return f"{left} {one}, {right} {other}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two results beside each other.

    `only_left`, `only_right` and `changed` count rows, `left_rows` and `right_rows` all of a side.
    `differences` are the first found (ten, unless more are asked for); `reasons` counts all of them by reason, the most frequent first.
    `compared` is False where the columns are so different that no row could be set beside another.
    """

    equal: bool
    left_rows: int
    right_rows: int
    only_left: int
    only_right: int
    changed: int
    differences: tuple[Difference, ...]
    reasons: tuple[tuple[str, int], ...]
    compared: bool = True

    def summary(self, left: str = "left", right: str = "right") -> str:
        """One sentence; `left` and `right` name the sides."""
        if self.equal:
            return (
                f"All {_rows(self.left_rows)} agree."
                if self.left_rows
                else "Both are empty, with the same columns."
            )
        why = ", ".join(f"{name} ({count:,})" for name, count in self.reasons)
        if not self.compared:
            return f"The columns differ, so no rows were compared: {why}."
        counts = (
            (self.changed, f"{_rows(self.changed)} {'differs' if self.changed == 1 else 'differ'}"),
            (self.only_left, f"{_rows(self.only_left)} only {left}"),
            (self.only_right, f"{_rows(self.only_right)} only {right}"),
        )
        what = (
            "; ".join(text for count, text in counts if count)
            or "Not the same, though every row has its equal"
        )
        return f"{what}; of {self.left_rows:,} {left} and {self.right_rows:,} {right}: {why}."

    def lines(self, left: str = "left", right: str = "right") -> list[str]:
        """The summary, then a line for each of `differences`, then how many more there are."""
        more = sum(count for _, count in self.reasons) - len(self.differences)
        rest = [f"and {more:,} more"] if more else []
        return [self.summary(left, right), *(found.line(left, right) for found in self.differences), *rest]


def _rows(count: int) -> str:
    return f"{count:,} {'row' if count == 1 else 'rows'}"


def shown(value: Any) -> str:
    """A value as in SQL's output, text in quotes; cut at sixty characters."""
    text = _text(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"


def _text(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, Decimal | dt.timedelta):
        return str(value)
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, tuple):
        return f"({', '.join(map(_text, value))})"
    return repr(value)
