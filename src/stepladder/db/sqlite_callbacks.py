"""What SQLite calls back into: PostgreSQL's functions, and a look now and then at the clock and at Ctrl-C.

sqlite3 turns an exception of a registered function into "user-defined function raised exception". Here the
exception itself is kept, and raised in its place when the statement ends.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, NoReturn

from stepladder.db.faults import odd_value, sqlite_fault
from stepladder.db.sequences import Sequences
from stepladder.db.sqlite_waiting import PatientConnection, is_busy
from stepladder.errors import ResourceError, StatementCanceled, redact
from stepladder.sql import AGGREGATES, COLLATIONS, SCALARS

_STEPS_BETWEEN_LOOKS = (
    20_000  # of SQLite's machine: some milliseconds, so that Ctrl-C and timeouts are prompt
)


class Prepared(Exception):
    """A statement would have been prepared while `Callbacks.prepares` is False; it was not run."""


class Callbacks:
    """The callbacks of one connection. `limit` is the seconds that a statement may take, or None."""

    def __init__(self, raw: sqlite3.Connection, *, now: Callable[[], str]) -> None:
        self.now: str | None = None  # of the statement that runs, once it has asked
        self.limit: float | None = None
        self.guards = False
        self.prepares = True  # whether statements may be prepared; without `guards` they always may
        self._refused = False
        self._raw = raw
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
        raw.create_function("pg_now", 0, lambda: self._keep_now(now))
        self.sequences = Sequences(raw)
        for name, arity, function in self.sequences.functions():
            raw.create_function(name, arity, self._keeping(self._preparing(function)))

    def look_at_times(self) -> None:
        """Let limits and Ctrl-C end a statement that is running. Takes the connection's one progress handler."""
        self._raw.set_progress_handler(self._look, _STEPS_BETWEEN_LOOKS)

    def guard_preparing(self) -> None:
        """From here on no statement is prepared while `prepares` is False: Prepared is raised in its stead."""
        self._raw.set_authorizer(self._authorize)
        self.guards = True

    def _authorize(self, *_what: object) -> int:
        try:
            self._refused = not self.prepares
        except BaseException as raised:  # a signal handler's, as below
            self._raised = raised
            raise
        return sqlite3.SQLITE_DENY if self._refused else sqlite3.SQLITE_OK

    def watching(self, statement: str) -> _Watch:
        """Run a statement inside: its limit counts from here, and its errors leave as ours."""
        return _Watch(self, statement)

    def _keep_now(self, now: Callable[[], str]) -> str:
        if self.now is None:
            self.now = now()
        return self.now

    def start(self) -> None:
        """From here the limit of a statement counts, and its now() is one."""
        self.now = None
        self._raised = None
        self.canceled = False
        if self.limit is not None:
            self._set_deadline(time.monotonic() + self.limit)

    def cancel(self) -> None:
        """From another thread: end the statement that runs."""
        self.canceled = True
        self._raw.interrupt()

    def stop(self) -> None:
        """What follows is no statement of the user's, and has no limit."""
        if self._deadline is not None:
            self._set_deadline(None)

    def _set_deadline(self, at: float | None) -> None:
        self._deadline = at
        if isinstance(self._raw, PatientConnection):
            self._raw.give_up_at = at

    def fail(self, error: sqlite3.Error, statement: str) -> NoReturn:
        """Raise what is to be raised for what sqlite3 said of the statement."""
        if isinstance(
            self._raised, ValueError
        ):  # PostgreSQL's functions raise ours: the value is none of the type
            raise odd_value(self._raised, None) from self._raised
        if self._raised is not None:
            raise self._raised from None
        if self._refused:
            self._refused = False
            raise Prepared from error
        if self.canceled and str(error) == "interrupted":
            raise StatementCanceled(
                "canceled from another thread\nNothing of this statement was written.",
                statement=redact(statement),
            ) from error
        if self._was_stopped(error):
            raise KeyboardInterrupt from None
        if self._is_late() and (is_busy(error) or str(error) == "interrupted"):
            raise StatementCanceled(
                f"canceled: it took longer than {self.limit:g} s (statement_timeout)\nNothing of this statement was written.",
                statement=redact(statement),
            ) from error
        fault = sqlite_fault(error, statement)
        raise (fault.at(self._file()) if isinstance(fault, ResourceError) else fault) from error

    def _file(self) -> str:
        """The file that the connection is to, as SQLite knows it."""
        files = {name: file for _, name, file in self._raw.execute("PRAGMA database_list")}
        return files.get("main") or "the database in memory"

    def _was_stopped(self, error: sqlite3.Error) -> bool:
        """Whether a signal handler's exception ended the statement: one that is raised on the very entrance of a
        callback, before its `try`, is seen by nobody but sqlite3, which only says that there was one."""
        unheard = self.guards and str(error) == "not authorized"
        return unheard or "raised e" in str(error) or (str(error) == "interrupted" and not self._is_late())

    def _is_late(self) -> bool:
        return self._deadline is not None and time.monotonic() > self._deadline

    def _look(self) -> int:
        # Entering this function is where Python runs signal handlers: a KeyboardInterrupt of one of them is
        # swallowed by sqlite3, which ends the statement all the same; keep it to raise it afterwards.
        try:
            return int(self._is_late())
        except BaseException as raised:
            self._raised = raised
            raise

    def _preparing(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """For a function that runs statements: it is called by one that runs already."""

        def prepares(*arguments: Any) -> Any:
            before, self.prepares = self.prepares, True
            try:
                return function(*arguments)
            finally:
                self.prepares = before

        return prepares

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


class _Watch:
    """A class, for it stands around every statement, where a generator would cost as much as the statement."""

    __slots__ = ("_callbacks", "_statement")

    def __init__(self, callbacks: Callbacks, statement: str) -> None:
        self._callbacks = callbacks
        self._statement = statement

    def __enter__(self) -> None:
        self._callbacks.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if isinstance(error, sqlite3.Error):
                self._callbacks.fail(error, self._statement)
        finally:
            self._callbacks.stop()
