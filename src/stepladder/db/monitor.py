"""What was sent and how long it took: the figures of `db.stats()`, and the log of slow statements.

The log is `stepladder.slow`, at WARNING: one record a statement that took longer than its threshold, with its text and
its plan, and none of its values.
"""

from __future__ import annotations

import logging
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from types import FrameType
from typing import Any

from stepladder.db.explain.plan import Node, Plan
from stepladder.errors import redact
from stepladder.sql import has_plan, masked

NEVER = math.inf  # seconds: the threshold that nothing exceeds
_TEXTS = 500  # how many texts are known one by one
_TEXT_LENGTH = 2_000  # characters of a text that are kept, and shown
_OURS = ("stepladder", "contextlib")  # modules that stand between a statement and who sent it
_COMMAND = ("/stepladder", "\\stepladder.exe")
_log = logging.getLogger("stepladder.slow")


@dataclass(frozen=True, slots=True)
class PoolStats:
    """The pool's connections: at most `size`; `open` are `idle` or `out`; `waiting` threads want one.

    Since the pool began: `opened` connections, `dropped` as broken, `checkouts`, and the seconds that threads have
    waited for one (`waited_seconds`).
    """

    size: int
    open: int
    idle: int
    out: int
    waiting: int
    opened: int
    dropped: int
    checkouts: int
    waited_seconds: float


@dataclass(frozen=True, slots=True)
class StatementStats:
    """The statements of one text, with `?` for its literals.

    `count` of them were sent, `failed` of these failed; they took `seconds` in all, the slowest one `slowest`;
    `rows` were returned or written.
    """

    text: str
    count: int
    failed: int
    seconds: float
    slowest: float
    rows: int


@dataclass(frozen=True, slots=True)
class Stats:
    """A pool's figures since it began. `statements` has the sums (its text is ""), `slowest` the one slowest
    statement, `top` the texts that took the most seconds, the longest first."""

    pool: PoolStats
    statements: StatementStats
    slowest: StatementStats | None
    top: tuple[StatementStats, ...]

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


class _Figures:
    __slots__ = ("count", "failed", "rows", "seconds", "slowest")

    def __init__(self) -> None:
        self.count = self.failed = self.rows = 0
        self.seconds = self.slowest = 0.0

    def add(self, other: _Figures) -> None:
        self.count += other.count
        self.failed += other.failed
        self.rows += other.rows
        self.seconds += other.seconds
        self.slowest = max(self.slowest, other.slowest)

    def shown(self, text: str) -> StatementStats:
        return StatementStats(text, self.count, self.failed, self.seconds, self.slowest, self.rows)


class StatementFigures:
    """The figures of one connection's statements, by text. A connection is one thread's at a time, so that nothing is
    locked; its memory is bounded."""

    def __init__(self) -> None:
        self.texts: dict[str, _Figures] = {}
        self.rest = _Figures()  # of the texts that are no longer known one by one

    def add(self, text: str, seconds: float, rows: int | None) -> None:
        """Count a statement; `rows` is None where it failed. Called for every one: it stays below a microsecond."""
        found = self.texts.get(text) or self._new(text[:_TEXT_LENGTH])
        found.count += 1
        found.seconds += seconds
        if seconds > found.slowest:
            found.slowest = seconds
        if rows is None:
            found.failed += 1
        else:
            found.rows += rows

    def _new(self, text: str) -> _Figures:
        """Room for a text; when there are too many, the half that took the least time is summed up."""
        if text in self.texts:  # the beginning of a long one
            return self.texts[text]
        if len(self.texts) >= 2 * _TEXTS:
            ordered = sorted(self.texts.items(), key=lambda item: item[1].seconds, reverse=True)
            for _, figures in ordered[_TEXTS:]:
                self.rest.add(figures)
            self.texts = dict(ordered[:_TEXTS])
        found = self.texts[text] = _Figures()
        return found


def stats(pool: PoolStats, figures: Sequence[StatementFigures], top: int) -> Stats:
    """The figures of a pool and of its connections, as a value."""
    sums, by_shape = _Figures(), dict[str, _Figures]()
    for each in figures:
        sums.add(each.rest)
        for text, found in list(each.texts.items()):  # a copy: its thread may be adding to it
            sums.add(found)
            by_shape.setdefault(shown(text), _Figures()).add(found)
    all_shown = [found.shown(shape) for shape, found in by_shape.items()]
    longest = sorted(all_shown, key=lambda one: one.seconds, reverse=True)
    slowest = max(all_shown, key=lambda one: one.slowest, default=None)
    return Stats(pool, sums.shown(""), slowest, tuple(longest[:top]))


def shown(text: str) -> str:
    """A statement's text for logs: without values and passwords, of a sane length."""
    safe = redact(masked(text))
    return safe if len(safe) <= _TEXT_LENGTH else safe[: _TEXT_LENGTH - 1] + "…"


# -- the log of slow statements
def report_slow(sql: str, seconds: float, rows: int | None, explain: Callable[[], Plan | None]) -> None:
    """Log a statement that took `seconds`; `rows` is None where it failed. Raises nothing."""
    if not _log.isEnabledFor(logging.WARNING):
        return
    caller, text, tree = _caller(), shown(sql), _tree(sql, explain)
    came = "failed" if rows is None else f"{rows:,} rows"
    at = f" at {caller}" if caller else ""
    _log.warning(
        "%.3f s, %s%s: %s%s",
        seconds,
        came,
        at,
        text,
        tree and f"\n{tree}",
        extra={"seconds": seconds, "rows": rows, "caller": caller, "statement": text, "plan": tree},
    )


def _tree(sql: str, explain: Callable[[], Plan | None]) -> str:
    """The plan in lines; nothing where there is none, the kind of error where it could not be had."""
    try:
        plan = explain() if has_plan(sql) else None
    except Exception as error:  # noqa: BLE001 - the user's statement has had its answer: nothing here may change it
        return f"(no plan: {type(error).__name__})"
    return "" if plan is None else str(without_values(plan))


def _caller() -> str | None:
    """file:line of the code outside Stepladder that asked; None where that is its own command line."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] in _OURS:
        frame = frame.f_back
    if frame is None or frame.f_globals.get("__package__") == "stepladder":
        return None
    file = frame.f_code.co_filename
    return None if file.endswith(_COMMAND) else f"{file}:{frame.f_lineno}"


def without_values(plan: Plan) -> Plan:
    """The plan with `?` for every literal of its conditions."""
    slow = tuple(replace(each, node=_without_values(each.node)) for each in plan.slow)
    return replace(plan, root=_without_values(plan.root), slow=slow)


def _without_values(node: Node) -> Node:
    return replace(
        node,
        condition=node.condition and masked(node.condition),
        filter=node.filter and masked(node.filter),
        keys=tuple(map(masked, node.keys)),
        children=tuple(map(_without_values, node.children)),
    )
