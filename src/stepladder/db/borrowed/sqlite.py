"""A sqlite3 connection of the user's, borrowed (see `wrap`)."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from stepladder.db.connection import Cursor, Lent, Result
from stepladder.db.native import NativeValues
from stepladder.db.sqlite import SqliteConnection
from stepladder.sql import Column, TableName


class LentSqlite(SqliteConnection, Lent):
    """Transactions are begun as its own cursors would begin them; its authorizer and progress handler stay."""

    def __init__(self, raw: sqlite3.Connection) -> None:
        self._adopt(raw)

    def run(self, sql: str, values: Mapping[str, object]) -> Result:
        with self._reading_our_way():
            if self._translate(sql, values).writes:
                self._join()
            return super().run(sql, values)

    def run_native(self, text: str, values: NativeValues) -> Result:
        with self._reading_our_way():
            return super().run_native(text, values)

    def arrow(self, sql: str, values: Mapping[str, object]) -> Any:
        with self._reading_our_way():
            return super().arrow(sql, values)

    def cursor(self, sql: str, values: Mapping[str, object], *, ahead: int) -> Cursor:
        with self._reading_our_way():
            return super().cursor(sql, values, ahead=ahead)

    def run_many(self, sql: str, rows: Sequence[Mapping[str, object]]) -> int:
        with self._reading_our_way():
            return super().run_many(sql, rows)

    def copy_rows(self, table: TableName, columns: Sequence[Column], rows: Iterable[Sequence[object]]) -> int:
        with self._reading_our_way():
            return super().copy_rows(table, columns, rows)

    def savepoint(self, name: str) -> None:
        self._join()
        super().savepoint(name)

    def stands_alone(self) -> bool:
        return self._raw.isolation_level is None and not self._raw.in_transaction

    def transaction_failed(self, *, known: bool) -> bool:
        return known and self._raw.in_transaction

    def _alone(self, work: Callable[[], Result]) -> Result:
        if self.stands_alone():
            return super()._alone(work)
        self._join()
        return work()

    def _join(self) -> None:
        """Begin the transaction that the connection's own cursors would begin; its end is the user's."""
        if not self._raw.in_transaction and self._raw.isolation_level is not None:
            self._plain(f"BEGIN {self._raw.isolation_level}")

    @contextmanager
    def _reading_our_way(self) -> Iterator[None]:
        theirs = self._raw.row_factory, self._raw.text_factory
        self._raw.row_factory, self._raw.text_factory = None, str
        try:
            yield
        finally:
            self._raw.row_factory, self._raw.text_factory = theirs
