"""Ctrl-C ends a statement that a driver waits for in C, where Python does not look for signals: psycopg2's.

A signal writes its number to the process's wakeup descriptor (https://docs.python.org/3/library/signal.html, the
standard library's own door for this). It is ours only while the main thread is inside a statement; a thread of ours
reads it, and has the server cancel the statement. The driver then returns, and Python raises KeyboardInterrupt.
No other connection of the process is touched, as a global wait callback of psycopg2's would.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from types import TracebackType

_SECONDS_BETWEEN_CANCELS = 0.25  # one that comes before the statement has begun on the server ends nothing
_CANCELS = 40


class _Watch:
    """The thread that reads the signals, and the statement that they would end."""

    def __init__(self) -> None:
        self.cancel: Callable[[], None] | None = None
        self.at_it = threading.Lock()  # held while a cancel is under way
        self._reader, writer = socket.socketpair()
        writer.settimeout(0)  # as set_wakeup_fd wants it
        self._writer = writer
        self.descriptor = writer.fileno()
        threading.Thread(target=self._read, name="stepladder-interrupt", daemon=True).start()

    def _read(self) -> None:
        while True:
            # Another handler than Python's own may mean the statement to go on.
            stop = signal.SIGINT in self._reader.recv(64)
            if stop and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
                self._end()

    def _end(self) -> None:
        """Cancel until the statement is over; the next one has a `cancel` of its own."""
        cancel = self.cancel
        for _ in range(_CANCELS):
            with self.at_it:
                if cancel is None or self.cancel is not cancel:
                    return
                cancel()
            time.sleep(_SECONDS_BETWEEN_CANCELS)


_watch: _Watch | None = None
_main = threading.main_thread().ident


class Interruptible:
    """Around a driver's blocking call: `cancel` is called, from another thread, when Ctrl-C comes meanwhile.

    Only in the main thread, where signals go; only where Ctrl-C raises KeyboardInterrupt; and only while nobody else,
    an event loop for instance, has the wakeup descriptor. Inside, call heed() when the blocking call has ended: where
    Python looks for signals next is where it raises, and that must not be in the midst of __exit__.
    """

    __slots__ = ("_cancel", "_set")

    def __init__(self, cancel: Callable[[], None]) -> None:
        self._cancel = cancel
        self._set: _Watch | None = None

    def __enter__(self) -> None:
        if threading.get_ident() != _main:
            return
        watch = _watch or _watching()
        before = signal.set_wakeup_fd(watch.descriptor, warn_on_full_buffer=False)
        if before not in (-1, watch.descriptor):
            signal.set_wakeup_fd(before)
            return
        watch.cancel = self._cancel
        self._set = watch

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        watch = self._set
        if watch is None:
            return
        with watch.at_it:  # a cancel under way must not hit the next statement of this connection
            watch.cancel = None
        signal.set_wakeup_fd(-1)


def heed() -> None:
    """Nothing: entering a function is where Python runs the handlers of signals."""


def _watching() -> _Watch:
    global _watch  # noqa: PLW0603 - one wakeup descriptor a process, one reader
    if _watch is None:
        _watch = _Watch()
    return _watch


def _forked() -> None:
    """The thread is not in the child, whose signals must not be read by its parent either."""
    global _watch, _main
    if _watch is not None and (before := signal.set_wakeup_fd(-1)) not in (-1, _watch.descriptor):
        signal.set_wakeup_fd(before)
    _watch, _main = None, threading.main_thread().ident


os.register_at_fork(after_in_child=_forked)
