"""One transaction, and the savepoints in it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from stepladder.db import marks
from stepladder.db.connection import Connection
from stepladder.db.session import Session
from stepladder.db.stream import Guard
from stepladder.errors import DatabaseError, StatementCanceled, TransactionDead, UsageError, UseTransaction
from stepladder.sql import parse_name


class Transaction(Session):
    """One transaction. It has every verb of the database; `transaction()` is a savepoint in it."""

    def __init__(self, connection: Connection, *, depth: int = 0) -> None:
        self._raw = connection
        self._depth = depth
        self._failed: DatabaseError | None = None
        self._inner: Transaction | None = None
        self._over = False
        self._process = os.getpid()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """A savepoint: rolled back to when the block raises."""
        name = f"stepladder_{self._depth + 1}"
        with self._connection() as connection:
            connection.savepoint(name)
        inner = Transaction(self._raw, depth=self._depth + 1)
        self._inner = inner
        try:
            yield inner
            inner.refuse_dead()
        except BaseException:
            if self._process == os.getpid():
                self._go_back(name)
            raise
        else:
            self._raw.release(name)
        finally:
            self._inner = None
            inner.end()

    def _go_back(self, name: str) -> None:
        try:
            self._raw.rollback_to(name)
        except DatabaseError as lost:
            # SQLite rolls the whole transaction back when it interrupts a write: what followed would be kept alone.
            self._failed = lost

    def take_mark(self, token: str) -> bool:
        """Write the once-token, to be kept if the transaction is; False where it was there before."""
        with self._connection() as connection:
            return marks.take(connection, token)

    def begin_writing(self) -> None:
        """In a `Database.staging` transaction: from here on it may write more than temporary tables."""
        with self._connection() as connection:
            connection.begin_writing()

    def hold(self, table: str, columns: Sequence[str], *, to_change: bool = False) -> None:
        """From here on nobody else changes what the table is; `to_change`: this transaction is about to, and nobody reads it.

        Raises SerializationFailure where somebody has since the moment that this transaction sees, when its columns were
        these: a table that was rewritten meanwhile would look empty.
        """
        with self._connection() as connection:
            connection.hold(parse_name(table), columns, to_change=to_change)

    def index_temporary(self, table: str, columns: Sequence[str]) -> None:
        """Make it quick to find the rows of a temporary table by these columns, where the engine does not see to that."""
        with self._connection() as connection:
            connection.index_temporary(table, columns)

    def end(self) -> None:
        """From here on every verb is refused: the connection is somebody else's."""
        self._over = True

    def refuse_dead(self) -> None:
        """Raise TransactionDead after a failed statement; UsageError in a forked child, whose parent's it is."""
        if self._process != os.getpid():
            raise UsageError(
                "This transaction belongs to the process that began it; nothing was sent from this one. Ask the database."
            )
        if self._failed is not None:
            raise TransactionDead(
                f"An earlier statement of this transaction failed ({self._failed.message.splitlines()[0]}): nothing of it is "
                "kept. Let the error leave the block, or put what may fail into `with tx.transaction():`."
            ) from self._failed

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        with self._alive():
            if self._inner is not None:
                raise UseTransaction(
                    "A savepoint is open in this transaction: ask it (`with tx.transaction() as inner`)."
                )
            yield self._raw

    @contextmanager
    def _alive(self) -> Iterator[None]:
        """Do something on the connection: refused when the transaction is over or dead, which a failure makes it."""
        if self._over:
            raise UsageError("This transaction is over. Ask inside its block, or ask the database.")
        self.refuse_dead()
        try:
            yield
        except DatabaseError as error:
            self._failed = error
            raise
        except Exception:
            raise  # found before anything was sent
        except BaseException:
            self._failed = StatementCanceled("interrupted while a statement ran")
            raise

    @contextmanager
    def _reading(self) -> Iterator[tuple[Connection, Guard]]:
        with self._connection():
            pass
        # A savepoint may be open while its rows are read: load() makes one, and a cursor outlives it.
        yield self._raw, self._alive

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        # A savepoint: what several statements have done before one of them fails goes with it, even when the
        # caller catches the error and commits.
        try:
            with self.transaction() as inner, inner._connection() as connection:
                yield connection
        except DatabaseError as error:
            self._failed = error
            raise

    @contextmanager
    def _undone(self) -> Iterator[Connection]:
        try:
            with suppress(_Undo), self.transaction() as inner, inner._connection() as connection:
                yield connection
                raise _Undo
        except DatabaseError as error:
            self._failed = error
            raise


class _Undo(Exception):
    """Leaves a savepoint's block so that it is rolled back."""
