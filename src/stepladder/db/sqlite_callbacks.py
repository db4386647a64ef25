"""What SQLite calls back into: PostgreSQL's functions, and a look now and then at the clock and at Ctrl-C.

sqlite3 turns an exception of a registered function into "user-defined function raised exception". Here the
exception itself is kept, and raised in its place when the statement ends.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from stepladder.db.faults import sqlite_fault
from stepladder.sql import AGGREGATES, COLLATIONS, SCALARS

_STEPS_BETWEEN_LOOKS = (
    20_000  # of SQLite's machine: some milliseconds, so that Ctrl-C and timeouts are prompt
)


class Callbacks:
    """The callbacks of one connection. `limit` is the seconds that a statement may take, or None."""

    def __init__(self, raw: sqlite3.Connection, *, now: Callable[[], str]) -> None:
        self.limit: float | None = None
        self._deadline: float | None = None
        self._raised: BaseException | None = None
        for scalar in SCALARS:
            raw.create_function(
                scalar.name, scalar.arity, self._keeping(scalar.function), deterministic=scalar.deterministic
            )
        for aggregate in AGGREGATES:
            kept = self._keeping_methods(aggregate.factory)
            if hasattr(aggregate.factory, "inverse"):
                raw.create_window_function(aggregate.name, aggregate.arity, kept)
            else:
                raw.create_aggregate(aggregate.name, aggregate.arity, kept)
        for collation in COLLATIONS:
            raw.create_collation(collation.name, collation.compare)
        raw.create_function("pg_now", 0, now)
        self._raw = raw

    def look_at_times(self) -> None:
        """Let limits and Ctrl-C end a statement that is running. Takes the connection's one progress handler."""
        self._raw.set_progress_handler(self._look, _STEPS_BETWEEN_LOOKS)

    @contextmanager
    def watching(self, statement: str) -> Iterator[None]:
        """Run a statement inside: its limit counts from here, and its errors leave as ours."""
        self._raised = None
        self._deadline = None if self.limit is None else time.monotonic() + self.limit
        try:
            yield
        except sqlite3.Error as error:
            if self._raised is not None:
                raise self._raised from None
            if self._was_stopped(error):
                raise KeyboardInterrupt from None
            raise sqlite_fault(error, statement) from error
        finally:
            self._raised = None
            self._deadline = None

    def _was_stopped(self, error: sqlite3.Error) -> bool:
        """Whether a signal handler's exception ended the statement: one that is raised on the very entrance of a
        callback, before its `try`, is seen by nobody but sqlite3, which only says that there was one."""
        late = self._deadline is not None and time.monotonic() > self._deadline
        return "raised e" in str(error) or (str(error) == "interrupted" and not late)

    def _look(self) -> int:
        # Entering this function is where Python runs signal handlers: a KeyboardInterrupt of one of them is
        # swallowed by sqlite3, which ends the statement all the same; keep it to raise it afterwards.
        try:
            return int(self._deadline is not None and time.monotonic() > self._deadline)
        except BaseException as raised:
            self._raised = raised
            raise

    def _keeping(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def kept(*arguments: Any) -> Any:
            try:
                return function(*arguments)
            except BaseException as raised:
                self._raised = raised
                raise

        return kept

    def _keeping_methods(self, factory: type[Any]) -> type[Any]:
        names = [name for name in ("step", "finalize", "inverse", "value") if hasattr(factory, name)]
        return type(
            factory.__name__, (factory,), {name: self._keeping_method(factory, name) for name in names}
        )

    def _keeping_method(self, factory: type[Any], name: str) -> Callable[..., Any]:
        return self._keeping(getattr(factory, name))
