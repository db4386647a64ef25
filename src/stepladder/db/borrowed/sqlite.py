"""A sqlite3 connection of the user's, borrowed (see `wrap`)."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Concatenate, ParamSpec, TypeVar

from stepladder.db.connection import Cursor, Lent, Result
from stepladder.db.sqlite import SqliteConnection

P = ParamSpec("P")
T = TypeVar("T")


def _our_way(
    method: Callable[Concatenate[Any, P], T],
) -> Callable[Concatenate[LentSqlite, P], T]:
    """The method, with rows and texts as we read them, whatever the user's connection gives."""

    def called(self: LentSqlite, /, *given: P.args, **named: P.kwargs) -> T:
        with self._reading_our_way():
            return method(self, *given, **named)

    return called


class LentSqlite(SqliteConnection, Lent):
    """Transactions are begun as its own cursors would begin them; its authorizer and progress handler stay."""

    def __init__(self, raw: sqlite3.Connection) -> None:
        self._adopt(raw)

    def run(self, sql: str, values: Mapping[str, object]) -> Result:
        with self._reading_our_way():
            translation = self._translate(sql, values)
            if translation.writes or translation.before:
                self._join()
            return super().run(sql, values)

    run_native = _our_way(SqliteConnection.run_native)
    run_many = _our_way(SqliteConnection.run_many)
    copy_rows = _our_way(SqliteConnection.copy_rows)
    arrow = _our_way(SqliteConnection.arrow)
    explain = _our_way(SqliteConnection.explain)
    analyze = _our_way(SqliteConnection.analyze)
    columns = _our_way(SqliteConnection.columns)
    keys = _our_way(SqliteConnection.keys)
    tables = _our_way(SqliteConnection.tables)
    describe = _our_way(SqliteConnection.describe)
    load_facts = _our_way(SqliteConnection.load_facts)

    def cursor(self, sql: str, values: Mapping[str, object], *, ahead: int) -> Cursor:
        with self._reading_our_way():
            return _OurCursor(super().cursor(sql, values, ahead=ahead), self._reading_our_way)

    def savepoint(self, name: str) -> None:
        self._join()
        super().savepoint(name)

    def is_open(self) -> bool:
        try:
            return self._raw.total_changes >= 0
        except sqlite3.ProgrammingError:
            return False

    def stands_alone(self) -> bool:
        return self._in_autocommit() and not self._raw.in_transaction

    def _in_autocommit(self) -> bool:
        # From Python 3.12 on a connection has `autocommit`; where it is no bool, `isolation_level` says it as before.
        said = getattr(self._raw, "autocommit", None)
        return said if isinstance(said, bool) else self._raw.isolation_level is None

    def transaction_failed(self, *, known: bool) -> bool:
        return known and self._raw.in_transaction

    def _as_one(self, work: Callable[[], Result]) -> Result:
        if not self.stands_alone():
            self._join()
        return super()._as_one(work)

    def _join(self) -> None:
        """Begin the transaction that the connection's own cursors would begin; its end is the user's."""
        if not self._raw.in_transaction and not self._in_autocommit():
            self._plain(f"BEGIN {self._raw.isolation_level or ''}")

    @contextmanager
    def _reading_our_way(self) -> Iterator[None]:
        theirs = self._raw.row_factory, self._raw.text_factory
        self._raw.row_factory, self._raw.text_factory = None, str
        try:
            yield
        finally:
            self._raw.row_factory, self._raw.text_factory = theirs


class _OurCursor(Cursor):
    """A cursor that is read our way, batch by batch."""

    def __init__(self, cursor: Cursor, our_way: Callable[[], AbstractContextManager[None]]) -> None:
        self.columns = cursor.columns
        self._cursor = cursor
        self._our_way = our_way

    def fetch(self, rows: int) -> list[tuple[Any, ...]]:
        with self._our_way():
            return self._cursor.fetch(rows)

    def fetch_arrow(self, rows: int) -> list[Any]:
        with self._our_way():
            return self._cursor.fetch_arrow(rows)

    def close(self) -> None:
        with self._our_way():
            self._cursor.close()
