"""wrap(): an open connection of the user's, borrowed. Its transaction is joined, never ended; it is never closed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from stepladder.db.connection import Lent
from stepladder.db.transaction import Transaction
from stepladder.errors import ConnectionFailed, UsageError


def wrap(connection: Any) -> Transaction:
    """An open sqlite3, psycopg or psycopg2 connection as a Transaction: every verb joins its transaction.

    Committing, rolling back and closing stay yours. Where no transaction is open, the connection's own habit decides:
    one is begun and left to you; in autocommit each statement stands alone, and `load`, `script` and the like are a
    transaction each. After a failed statement, roll back before you go on. The session's settings are as they were
    after each statement; a SQLite connection keeps its PRAGMAs, and gets PostgreSQL's functions under names of ours.

    Raises UsageError for anything else, and for a PostgreSQL session whose client_encoding is not UTF8.
    """
    modules = {base.__module__.partition(".")[0] for base in type(connection).__mro__}
    found = [borrow for module, borrow in _DRIVERS.items() if module in modules]
    if not found or not hasattr(connection, "rollback") or type(connection).__name__.startswith("Async"):
        raise UsageError(
            f"wrap() takes an open connection of sqlite3, psycopg or psycopg2, not a {type(connection).__module__}."
            f"{type(connection).__qualname__}. Of SQLAlchemy, give connection.connection.driver_connection."
        )
    return _Borrowed(found[0](connection))


class _Borrowed(Transaction):
    """A transaction that is somebody else's to end."""

    _raw: Lent

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """A savepoint; on a connection in autocommit, outside any transaction, a transaction of its own."""
        self.refuse_dead()
        if not self._raw.stands_alone():
            with super().transaction() as inner:
                yield inner
            return
        self._raw.begin(read_only=False, isolation=None)
        try:
            with super().transaction() as inner:
                yield inner
            self._raw.commit()
        except BaseException:
            self._raw.rollback()
            self._failed = None
            raise

    def refuse_dead(self) -> None:
        """Raise TransactionDead until the user has rolled back; ConnectionFailed when the connection is closed."""
        if not self._raw.is_open():
            raise ConnectionFailed(
                "the borrowed connection is closed. Nothing was sent. Open one, and wrap() that.",
                sqlstate="08003",
            )
        if not self._raw.transaction_failed(known=self._failed is not None):
            self._failed = None
        super().refuse_dead()


def _sqlite(raw: Any) -> Lent:
    from stepladder.db.borrowed.sqlite import LentSqlite

    return LentSqlite(raw)


def _psycopg(raw: Any) -> Lent:
    from stepladder.db.borrowed.psycopg3 import LentPsycopg

    return LentPsycopg(raw)


def _psycopg2(raw: Any) -> Lent:
    from stepladder.db.borrowed.psycopg2 import LentPsycopg2

    return LentPsycopg2(raw)


_DRIVERS: Mapping[str, Callable[[Any], Lent]] = {
    "sqlite3": _sqlite,
    "psycopg": _psycopg,
    "psycopg2": _psycopg2,
}
