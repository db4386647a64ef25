"""A fair pool of connections: first come, first served.

Fairness is worth more than a fast median: with 200 threads on 10 connections an unfair queue had a p99 of
seconds where a fair one had 106 ms.

No place is ever counted: what is free is `size` less what is idle and what is out. What is out is known by weak
references, so that a connection that nobody holds any more (a KeyboardInterrupt came between taking it and the
`try`; a stream was dropped) frees its place by itself. Every step below leaves a connection in two lists, not in
none, when it is interrupted half way; the next one to take it puts that right.
"""

from __future__ import annotations

import contextlib
import os
import random
import sys
import threading
import time
import warnings
from collections import deque
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from weakref import ref

from stepladder.db.connection import Connection
from stepladder.db.monitor import PoolStats, StatementFigures
from stepladder.errors import ConnectionFailed, DatabaseError, Disconnected, PoolTimeout, UsageError

_NOT_THE_USERS = (str(Path(__file__).parents[1]) + os.sep, contextlib.__file__)
_ASKED_AFTER = 30.0  # seconds idle: a router may have forgotten the connection without telling either side
_LOOK_SECONDS = 1.0  # whoever waits looks this often for a place that was freed by no one
_PAUSES = (0.02, 0.5)  # the shortest and the longest pause between attempts to reach a server that is down
_DOWN = ("08001", "57P03")  # nobody answers, or the server is starting up or shutting down
_forks = 0  # between the first process and this one
_inherited: list[
    object
] = []  # in a forked child: the parent's connections, never to be touched nor collected


_Place = tuple[str, int]  # a file and a line in it
# Who took a connection, when, and at which line of the user's code. A plain tuple of what is at hand, for one is made
# for each query and hardly any is ever read.
_Loan = tuple[threading.Thread, float, _Place | None]


class _Loans(dict["ref[Connection]", _Loan]):
    """Who has which connection. One that nobody holds any more leaves by itself: `key` makes a connection's key."""

    watched = True  # whether that is worth a warning

    def key(self, connection: Connection) -> ref[Connection]:
        return ref(connection, self._gone)

    def _gone(self, key: ref[Connection]) -> None:
        """Called at any moment, in any thread: it takes no lock."""
        loan = self.pop(key, None)
        if loan is not None and self.watched:
            _warn(loan, "a connection was never given back: what its transaction wrote is rolled back")


class _Turn:
    """A place in the queue. Once `given` it owns `connection`, or (None) the right to open one."""

    __slots__ = ("__weakref__", "connection", "given", "loan", "woken")

    def __init__(self, loan: _Loan) -> None:
        self.loan = loan
        self.given = False
        self.woken = threading.Event()
        self.connection: Connection | None = None


class Pool:
    """At most `size` open connections, opened when first needed. Thread-safe; a forked child starts empty.

    The first connection must come at once. After that, a server that is down or starting up is waited for, until
    `timeout` seconds after the caller began to wait; a server that refuses (password, no such database) never is.
    """

    _closed = True  # until there is something to close

    def __init__(self, open_connection: Callable[[], Connection], *, size: int, timeout: float) -> None:
        if size < 1:
            raise UsageError(f"pool_size must be at least 1, not {size}.")
        self._open = open_connection
        self._size = size
        self._timeout = timeout
        self._reached = False  # whether the server has answered yet
        self._start_empty()

    def _start_empty(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[tuple[Connection, float]] = []
        self._out = _Loans()
        self._opening: dict[ref[_Turn], _Loan] = {}
        self._waiting: deque[_Turn] = deque()
        self._closing = threading.Event()
        self._closed = False
        self._opened = self._dropped = self._checkouts = 0
        self._waited = 0.0  # seconds
        self.figures: list[StatementFigures] = []  # one for each place
        self._spare: list[StatementFigures] = []  # of connections that are gone
        self._forks = _forks

    def _leave_to_parent(self) -> None:
        """In a forked child, which must not speak on its parent's sockets, nor close them: it opens its own."""
        _inherited.append(self._idle)
        self._out.watched = False
        self._start_empty()

    @property
    def size(self) -> int:
        """How many connections may be open at once."""
        return self._size

    def stats(self) -> PoolStats:
        """The pool's figures now, and since it began."""
        with self._lock:
            idle, out = len(self._idle), len(self._out)
            return PoolStats(
                size=self._size,
                open=idle + out,
                idle=idle,
                out=out,
                waiting=len(self._waiting),
                opened=self._opened,
                dropped=self._dropped,
                checkouts=self._checkouts,
                waited_seconds=self._waited,
            )

    # -- taking
    def take(self) -> Connection:
        """A connection that is not known to be broken. Raises PoolTimeout, ConnectionFailed."""
        return self._take(_users_line(sys._getframe(1)))

    def take_within_call(self) -> Connection:
        """The same, for one that is given back before the user's call returns: should anybody ask, the thread's stack
        tells the line, and a query of microseconds need not look for it."""
        return self._take(None)

    def _take(self, place: _Place | None) -> Connection:
        if self._forks != _forks:
            self._leave_to_parent()
        loan = threading.current_thread(), time.monotonic(), place
        with self._lock:
            self._checkouts += 1
            found = self._lend_idle(loan) if self._idle and not self._waiting else None
        if found is None:
            self._refuse_closed()
            return self._take_in_turn(_Turn(loan))
        connection, since = found
        try:
            if connection.usable() and (loan[1] - since < _ASKED_AFTER or connection.answers()):
                return connection
        except BaseException:
            self._drop(connection)
            raise
        return self._replace(connection, _Turn(loan))

    def _take_in_turn(self, turn: _Turn) -> Connection:
        deadline = turn.loan[1] + self._timeout
        with self._lock:
            self._waiting.append(turn)
            self._serve()
        try:
            self._wait(turn, deadline)
            if turn.connection is None:
                return self._open_new(turn, deadline)
            if turn.connection.usable():
                return turn.connection
        except BaseException:
            self._leave(turn)
            raise
        return self._replace(turn.connection, turn)

    def _wait(self, turn: _Turn, deadline: float) -> None:
        while not turn.given:
            left = deadline - time.monotonic()
            if left <= 0:
                raise self._exhausted()
            turn.woken.wait(min(left, _LOOK_SECONDS))
            with self._lock:
                self._waited += left - max(0.0, deadline - time.monotonic())
                self._refuse_closed()
                self._serve()

    def _replace(self, broken: Connection, turn: _Turn) -> Connection:
        """A new connection in the place of one that broke while it was idle."""
        try:
            with self._lock:
                self._opening[ref(turn, self._given_up)] = turn.loan
                self._out.pop(broken.key, None)
                self._let_go(broken)
            broken.close()
            return self._open_new(turn, turn.loan[1] + self._timeout)
        except BaseException:
            turn.connection = None
            self._leave(turn)
            raise

    def _open_new(self, turn: _Turn, deadline: float) -> Connection:
        connection = self._reach(deadline)
        with self._lock:
            self._reached = True
            self._opened += 1
            closed = self._closed
            self._give_figures(connection)
            connection.key = self._out.key(connection)
            if not closed:
                self._out[connection.key] = turn.loan
            self._opening.pop(ref(turn), None)
        if closed:
            connection.close()
            self._refuse_closed()
        return connection

    def _reach(self, deadline: float) -> Connection:
        """Open a connection, waiting for a server that has answered before."""
        pause, longest = _PAUSES
        refused = False
        while True:
            try:
                return self._open()
            except ConnectionFailed as error:
                # A server that goes away under a connection that has said nothing yet is down as well. One that was
                # asked why it refused may have come up before it was asked: it has to refuse twice.
                down = error.sqlstate in _DOWN or isinstance(error, Disconnected)
                if not self._reached or (refused and not down):
                    raise
                refused = not down
                wait = random.uniform(0.5, 1.0) * pause  # noqa: S311 - a pause, no secret
                if time.monotonic() + wait > deadline:
                    raise ConnectionFailed(
                        f"The server has been away for {self._timeout:g} s (pool_timeout): {error.message}",
                        sqlstate=error.sqlstate,
                    ) from error
            if self._closing.wait(wait):
                self._refuse_closed()
            pause = min(longest, 2 * pause)

    def _leave(self, turn: _Turn) -> None:
        """Give up what `turn` has been given, or its place in the queue."""
        with self._lock:
            with contextlib.suppress(ValueError):
                self._waiting.remove(turn)
            self._opening.pop(ref(turn), None)
            self._serve()
        if turn.connection is not None:
            self.give_back(turn.connection)

    # -- giving back
    def give_back(self, connection: Connection, *, broken: bool = False) -> None:
        """Take `connection` back: rolled back, or dropped when it is broken."""
        if self._forks != _forks:
            return  # the parent's, whose transaction is the parent's to end
        try:
            if not broken:
                connection.reset()
        except DatabaseError:
            broken = True  # it cannot be cleaned; whoever used it has an error of their own
        except BaseException:
            self._drop(connection)
            raise
        if broken:
            self._drop(connection)
            return
        with self._lock:
            kept = not self._closed
            if kept:
                self._idle.append((connection, time.monotonic()))
            self._out.pop(connection.key, None)
            if self._waiting:
                self._serve()
        if not kept:
            connection.close()

    def _drop(self, connection: Connection) -> None:
        try:
            connection.close()
        finally:
            with self._lock:
                self._out.pop(connection.key, None)
                self._let_go(connection)
                self._serve()

    def cancel(self) -> None:
        """End the statements that run on the connections that are out."""
        with self._lock:
            out = [found for each in self._out if (found := each()) is not None]
        for connection in out:
            connection.cancel()

    def close(self) -> None:
        """Close the idle connections; those that are out are closed when they come back, and named in a warning."""
        if self._forks != _forks:
            self._leave_to_parent()
        with self._lock:
            out = [] if self._closed else list(self._out.values())
            self._closed = True
            self._out.watched = False
            idle, self._idle = self._idle, []
            for turn in self._waiting:
                turn.woken.set()
        self._closing.set()
        for connection, _ in idle:
            connection.close()
        for loan in out:
            _warn(loan, "the database was closed while a connection was out: it is closed when it comes back")

    def __del__(self) -> None:
        if not self._closed and self._forks == _forks:
            self.close()

    # -- under the lock
    def _give_figures(self, connection: Connection) -> None:
        """A new connection goes on counting where one that is gone has ended: what is kept does not grow."""
        if self._spare:
            connection.figures = self._spare.pop()
        else:
            connection.figures = StatementFigures()
            self.figures.append(connection.figures)

    def _let_go(self, broken: Connection) -> None:
        self._dropped += 1
        self._spare.append(broken.figures)

    def _serve(self) -> None:
        """Hand idle connections and free places to those who wait longest."""
        while self._waiting and not self._closed:
            turn = self._waiting[0]
            if turn.given:
                pass  # an interrupt came between giving and the next line but one
            elif self._idle:
                turn.connection = self._lend_idle(turn.loan)[0]
            elif len(self._out) + len(self._opening) < self._size:
                self._opening[ref(turn, self._given_up)] = turn.loan
            else:
                return
            turn.given = True
            self._waiting.popleft()
            turn.woken.set()

    def _lend_idle(self, loan: _Loan) -> tuple[Connection, float]:
        found = self._idle[-1]
        self._out[found[0].key] = loan
        self._idle.pop()
        return found

    def _given_up(self, key: ref[_Turn]) -> None:
        """Nobody waits any more. Called at any moment, in any thread: it takes no lock."""
        self._opening.pop(key, None)

    def _refuse_closed(self) -> None:
        if self._closed:
            raise UsageError("The database is closed. Connect again.")

    def _exhausted(self) -> PoolTimeout:
        with self._lock:
            opening = [f"{_said(loan)} (opening it)" for loan in self._opening.values()]
            holders = "; ".join([*map(_said, self._out.values()), *opening])
        return PoolTimeout(
            f"No connection came free within {self._timeout:g} s: all {self._size} are out ({holders}). "
            "Nothing was sent. Give connections back sooner, or raise pool_size."
        )


def _users_line(frame: FrameType) -> _Place:
    """The innermost line that is not of this package."""
    while _is_ours(frame) and frame.f_back is not None:
        frame = frame.f_back
    return frame.f_code.co_filename, frame.f_lineno


def _is_ours(frame: FrameType) -> bool:
    return frame.f_code.co_filename.startswith(_NOT_THE_USERS)


def _place(loan: _Loan) -> _Place:
    thread, _, place = loan
    if place is not None:
        return place
    frame = sys._current_frames().get(thread.ident or 0)
    while frame is not None and not _is_ours(frame):  # a driver, which this package has called
        frame = frame.f_back
    return ("a call that has just ended", 0) if frame is None else _users_line(frame)


def _said(loan: _Loan) -> str:
    file, line = _place(loan)
    return f"{loan[0].name} for {time.monotonic() - loan[1]:.1f} s, taken at {file}:{line}"


def _warn(loan: _Loan, what: str) -> None:
    """A ResourceWarning at the user's line."""
    message = f"{what} ({_said(loan)}). Close what you open: use `with`."
    warnings.warn_explicit(message, ResourceWarning, *_place(loan))


def _forked() -> None:
    global _forks  # noqa: PLW0603 - each fork makes every pool of this process its parent's
    _forks += 1


os.register_at_fork(after_in_child=_forked)
