"""Rows as SQLite stores them: values on the way in, cells on the way out, and queries that stand open."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from stepladder.db.connection import Cursor
from stepladder.db.faults import odd_value
from stepladder.db.sqlite_callbacks import Callbacks
from stepladder.errors import DataError
from stepladder.sql import Column, Translation, Type, decoder, encode_parameter

_CURSORS = itertools.count(1)

Decode = Callable[[Any], Any]


def encode(parameters: Sequence[tuple[str, Type]], values: Mapping[str, object]) -> list[object]:
    """Values as SQLite stores them, in the order of the translated statement's numbers."""
    return [encode_parameter(name, type_, values[name]) for name, type_ in parameters]


def decoders_of(columns: Sequence[Column]) -> list[tuple[int, Decode]]:
    """What reads the cells that are not stored as Python has them, each with its place."""
    return [(place, found) for place, column in enumerate(columns) if (found := decoder(column.type))]


def decoded(
    rows: list[tuple[Any, ...]], decoders: Sequence[tuple[int, Decode]], columns: Sequence[Column]
) -> list[tuple[Any, ...]]:
    """Stored rows as Python has them. Raises DataError with the row and the column of a value that is none of its type."""
    read: list[tuple[Any, ...]] = []
    place = 0
    try:
        for row in rows:
            cells = list(row)
            for place, decode in decoders:
                if cells[place] is not None:
                    cells[place] = decode(cells[place])
            read.append(tuple(cells))
    except DataError as error:
        raise error.at(f'row {len(read) + 1}, column "{columns[place].name}"') from error
    except (ValueError, TypeError) as error:
        raise odd_value(cells[place], columns[place].type).at(
            f'row {len(read) + 1}, column "{columns[place].name}"'
        ) from error
    return read


def arrow_arrays(columns: Sequence[Column], rows: list[tuple[Any, ...]]) -> list[Any]:
    """Stored rows as Arrow arrays, one a column. Raises as `decoded` does."""
    from stepladder.db.arrow.from_stored import arrays_of_stored

    try:
        return arrays_of_stored(columns, rows)
    except (ValueError, TypeError) as error:  # pyarrow's are ValueErrors
        decoded(rows, decoders_of(columns), columns)  # says which value, unless Python takes it as it is
        raise odd_value(str(error), None) from error


class OpenQuery(Cursor):
    """A query of a transaction that only reads: SQLite runs it as its rows are asked for."""

    def __init__(
        self,
        raw: sqlite3.Connection,
        callbacks: Callbacks,
        translation: Translation,
        arguments: Sequence[object],
        ahead: int,
    ) -> None:
        self.columns = translation.columns
        self._callbacks = callbacks
        self._decoders = decoders_of(self.columns)
        self._sql = translation.sql
        self._ahead: list[tuple[Any, ...]] | None = None
        with callbacks.watching(self._sql):
            self._cursor = self._open(raw, arguments)
        self._ahead = self._stored(ahead)

    def _open(self, raw: sqlite3.Connection, arguments: Sequence[object]) -> sqlite3.Cursor:
        return raw.execute(self._sql, arguments)

    def _stored(self, rows: int) -> list[tuple[Any, ...]]:
        if self._ahead is not None:
            found, self._ahead = self._ahead, None
            return found
        with self._callbacks.watching(self._sql):
            return self._next(rows)

    def _next(self, rows: int) -> list[tuple[Any, ...]]:
        return self._cursor.fetchmany(rows)

    def fetch(self, rows: int) -> list[tuple[Any, ...]]:
        return decoded(self._stored(rows), self._decoders, self.columns)

    def fetch_arrow(self, rows: int) -> list[Any]:
        return arrow_arrays(self.columns, self._stored(rows))

    def close(self) -> None:
        self._cursor.close()


class KeptQuery(OpenQuery):
    """A query of a transaction that may write: a query of SQLite's that is open would see, or miss, what is written
    meanwhile, where a server's cursor sees nothing of it. So its rows are set aside first, in a temporary table."""

    def _open(self, raw: sqlite3.Connection, arguments: Sequence[object]) -> sqlite3.Cursor:
        self._raw = raw
        self._table = f"temp.stepladder_stream_{next(_CURSORS)}"
        self._taken = 0
        return raw.execute(f"CREATE TABLE {self._table} AS {self._sql}", arguments)

    def _next(self, rows: int) -> list[tuple[Any, ...]]:
        # By ranges: a query that stood open would be ended by a savepoint's rollback, and be in a load's way.
        place = (self._taken, self._taken + rows)
        self._taken += rows
        return self._raw.execute(
            f"SELECT * FROM {self._table} WHERE rowid > ? AND rowid <= ? ORDER BY rowid", place
        ).fetchall()

    def close(self) -> None:
        super().close()
        with self._callbacks.watching(self._sql):
            self._raw.execute(f"DROP TABLE {self._table}")
