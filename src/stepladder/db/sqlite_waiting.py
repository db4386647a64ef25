"""Waiting for a lock that another process holds, so that Ctrl-C and a statement's limit end it.

SQLite waits by itself, but in C, where neither is seen. Here it waits a moment only, and Python begins anew: a
statement that found the file busy has done nothing.
"""

from __future__ import annotations

import sqlite3
import time
from typing import Any

SECONDS = 30.0
SLICE_SECONDS = 0.1


class PatientConnection(sqlite3.Connection):
    """A connection of `SLICE_SECONDS` timeout whose statements wait for `SECONDS`, or until `give_up_at`."""

    give_up_at: float | None = None  # of time.monotonic()

    def execute(self, statement: str, /, *arguments: Any) -> sqlite3.Cursor:
        try:
            return super().execute(statement, *arguments)
        except sqlite3.OperationalError as error:
            if not self._may_wait(error, statement):
                raise
        end = time.monotonic() + SECONDS
        while True:
            try:
                return super().execute(statement, *arguments)
            except sqlite3.OperationalError as error:
                now = time.monotonic()
                late = now > end or (self.give_up_at is not None and now > self.give_up_at)
                if late or not self._may_wait(error, statement):
                    raise

    def _may_wait(self, error: sqlite3.OperationalError, statement: str) -> bool:
        # Who holds a lock and waits for another would wait for ever: SQLite says so at once.
        alone = not self.in_transaction or statement == "COMMIT"
        return alone and is_busy(error) and error.sqlite_errorname != "SQLITE_BUSY_SNAPSHOT"


def is_busy(error: sqlite3.Error) -> bool:
    """Another connection holds the lock."""
    return (getattr(error, "sqlite_errorname", None) or "").startswith("SQLITE_BUSY")
