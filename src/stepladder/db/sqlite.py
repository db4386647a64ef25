"""SQLite by Python's sqlite3: PostgreSQL's SQL is translated, PostgreSQL's functions are registered.

The standard library's sqlite3 is the only SQLite library that may open the file in this process: a second
copy drops the process's file locks, and another process's acknowledged rows can be lost.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, ClassVar

from stepladder.db import type_catalogue
from stepladder.db.arrow_stored import stored_values
from stepladder.db.connection import Connection, LoadFacts, Result
from stepladder.db.faults import with_caret
from stepladder.db.sqlite_callbacks import Callbacks
from stepladder.errors import ConnectionFailed, DatabaseError
from stepladder.sql import (
    Column,
    Created,
    TableName,
    Translation,
    Type,
    decoder,
    encoder,
    quote,
    translate,
    type_of,
)

_BUSY_SECONDS = 30.0
_KEPT_TRANSLATIONS = 1024

Decode = Callable[[Any], Any]


class SqliteConnection(Connection):
    """One sqlite3 connection in autocommit: transactions are begun by us."""

    product: ClassVar[str] = "SQLite"
    holds_nan: ClassVar[bool] = False

    def __init__(self, address: str, *, wal: bool) -> None:
        try:
            self._raw = sqlite3.connect(
                address,
                timeout=_BUSY_SECONDS,
                isolation_level=None,
                check_same_thread=False,
                cached_statements=512,
                uri=True,
            )
            if wal:
                self._raw.execute("PRAGMA journal_mode = WAL")
            self._raw.execute("PRAGMA synchronous = NORMAL")
            self._raw.execute("PRAGMA foreign_keys = ON")
        except sqlite3.Error as error:
            raise ConnectionFailed(
                f"cannot open the SQLite file: {error}. Nothing was written. Does its folder exist, may you write there, "
                "and is it a SQLite database?"
            ) from error
        self._open = True
        self._callbacks = Callbacks(self._raw, now=lambda: self._now or _now())
        self._now: str | None = None
        self._stamp: tuple[int, int, int] | None = None
        self._reads_foreign = False
        self._known: dict[str, tuple[Column, ...]] = {}
        self._temporary: dict[str, tuple[Column, ...]] = {}
        self._temporary_changes = 0
        self._translations: dict[Any, Translation] = {}

    # -- statements
    def run(self, sql: str, values: Mapping[str, object]) -> Result:
        translation = self._translate(sql, values)
        arguments = _encode(translation.parameters, values)
        if translation.effects and not self._raw.in_transaction:
            return self._alone(lambda: self._run(translation, arguments, sql))
        return self._run(translation, arguments, sql)

    def run_many(self, sql: str, rows: Sequence[Mapping[str, object]]) -> int:
        return sum(self.run(sql, row).affected for row in rows)

    def copy_rows(self, table: TableName, columns: Sequence[Column], rows: Iterable[Sequence[object]]) -> int:
        names = ", ".join(quote(column.name) for column in columns)
        marks = ", ".join("?" * len(columns))
        statement = f"INSERT INTO {table.sqlite} ({names}) VALUES ({marks})"
        with self._callbacks.watching(statement):
            return self._raw.executemany(statement, rows).rowcount

    def copy_arrow(self, table: TableName, columns: Sequence[Column], batch: Any) -> int:
        cells = [
            stored_values(array, column.type) for array, column in zip(batch.columns, columns, strict=True)
        ]
        # Not a list of tuples: each is freed at once, and the garbage collector has nothing to look through.
        return self.copy_rows(table, columns, zip(*cells, strict=True))

    def load_facts(self, table: TableName) -> LoadFacts:
        name = table.stored_name
        found = self._raw.execute(f"PRAGMA foreign_key_list({quote(name)})").fetchall()
        return LoadFacts(
            refers_to_itself=any(row[2].lower() == name.lower() for row in found), fills_nulls=False
        )

    def _alone(self, work: Callable[[], Result]) -> Result:
        """A statement of DDL outside a transaction: the type catalogue changes with it, or neither."""
        self.begin(read_only=False, isolation=None)
        try:
            result = work()
            self.commit()
        except BaseException:
            self.rollback()
            raise
        return result

    def _run(self, translation: Translation, arguments: Sequence[object], sql: str) -> Result:
        with self._callbacks.watching(sql):
            cursor = self._raw.execute(translation.sql, arguments)
            rows = cursor.fetchall()
        for effect in translation.effects:
            self._note(effect)
        decoders = [
            (place, found)
            for place, column in enumerate(translation.columns)
            if (found := decoder(column.type))
        ]
        affected = cursor.rowcount if translation.writes and not translation.effects else 0
        return Result(translation.columns, _decoded(rows, decoders), max(affected, 0))

    def _translate(self, sql: str, values: Mapping[str, object]) -> Translation:
        types = {name: type_of(value) for name, value in values.items()}
        self._notice_changes()
        key = (sql, tuple(types.items()))
        found = self._translations.get(key)
        if found is None:
            try:
                found = translate(sql, _Schema(self), types)
            except DatabaseError as error:
                raise with_caret(error, sql) from error
            if len(self._translations) >= _KEPT_TRANSLATIONS:
                self._translations.clear()
            self._translations[key] = found
        return found

    def _notice_changes(self) -> None:
        """Forget what is known of the tables when their schema has changed, by whomever."""
        version = self._raw.execute("PRAGMA schema_version").fetchone()[0]
        stamp = (version, self._temporary_changes, self._foreign_stamp())
        if stamp != self._stamp:
            self._forget_schema()
            self._stamp = stamp

    def _foreign_stamp(self) -> int:
        """Changes when another connection has written: a foreign table's values must then be looked at again."""
        return int(self._raw.execute("PRAGMA data_version").fetchone()[0]) if self._reads_foreign else 0

    # -- transactions
    def begin(self, *, read_only: bool, isolation: str | None) -> None:  # noqa: ARG002 - always serializable
        # A reader that wants to write later cannot upgrade while another writes: writers take the lock at once.
        self._plain("BEGIN" if read_only or self.read_only else "BEGIN IMMEDIATE")
        self.restrict(read_only=read_only or self.read_only)
        self._now = _now()

    def be_brief(self, *, lock_seconds: float | None, idle_seconds: float | None) -> None:
        """Nothing: the only lock of a SQLite transaction was taken when it began."""

    def commit(self) -> None:
        self._plain("COMMIT")
        self._after_transaction()

    def rollback(self) -> None:
        if not self._raw.in_transaction:
            self._after_transaction()
            return
        self._plain("ROLLBACK")
        self._after_transaction()
        self._forget_rolled_back()

    def reset(self) -> None:
        self.rollback()

    def savepoint(self, name: str) -> None:
        self._plain(f"SAVEPOINT {name}")

    def release(self, name: str) -> None:
        self._plain(f"RELEASE {name}")

    def rollback_to(self, name: str) -> None:
        self._plain(f"ROLLBACK TO {name}")
        self._plain(f"RELEASE {name}")
        self._forget_rolled_back()

    def _after_transaction(self) -> None:
        self._now = None
        self.restrict(read_only=self.read_only)

    def _plain(self, statement: str) -> None:
        with self._callbacks.watching(statement):
            self._raw.execute(statement)

    # -- catalogue
    def columns(self, table: TableName) -> tuple[Column, ...] | None:
        self._notice_changes()
        return self.known_columns(table)

    def known_columns(self, table: TableName) -> tuple[Column, ...] | None:
        """The same, without asking whether another connection has changed the schema since the last time."""
        if table.schema in (None, "pg_temp") and table.name in self._temporary:
            return self._temporary[table.name]
        name = table.stored_name
        if name not in self._known:
            known = type_catalogue.read(self._raw, name)
            if known is None:
                return None
            self._known[name], foreign = known
            self._reads_foreign = self._reads_foreign or foreign
        return self._known[name]

    def keys(self, table: TableName) -> tuple[tuple[str, ...], ...]:
        return type_catalogue.keys(self._raw, table.stored_name)

    def tables(self) -> tuple[TableName, ...]:
        return tuple(map(TableName.from_stored, type_catalogue.tables(self._raw)))

    def make_home(self) -> None:
        """Nothing: `stepladder.x` is a table of that name, and a writing transaction is alone."""

    def _note(self, effect: Any) -> None:
        if isinstance(effect, Created) and effect.temporary:
            self._temporary[effect.table.name] = effect.columns
            self._temporary_changes += 1
        elif isinstance(effect, Created):
            type_catalogue.write(self._raw, effect.table.stored_name, effect.columns)
        elif effect.table.name in self._temporary and effect.table.schema in (None, "pg_temp"):
            del self._temporary[effect.table.name]
            self._temporary_changes += 1
        else:
            type_catalogue.forget(self._raw, effect.table.stored_name)
        self._stamp = None

    def _forget_schema(self) -> None:
        self._known.clear()
        self._translations.clear()

    def _forget_rolled_back(self) -> None:
        """After a rollback SQLite counts its schema versions from the old number again: stamps lie."""
        there = {
            name for (name,) in self._raw.execute("SELECT name FROM sqlite_temp_schema WHERE type = 'table'")
        }
        self._temporary = {name: found for name, found in self._temporary.items() if name in there}
        self._temporary_changes += 1
        self._forget_schema()

    # -- the session
    def limit(self, seconds: float | None) -> None:
        self._callbacks.limit = seconds

    def restrict(self, *, read_only: bool) -> None:
        self._plain(f"PRAGMA query_only = {int(read_only)}")

    def version(self) -> str:
        return f"SQLite {sqlite3.sqlite_version}"

    def usable(self) -> bool:
        return self._open

    def close(self) -> None:
        self._open = False
        with suppress(sqlite3.ProgrammingError):  # another thread is in it: it is closed when that one ends
            self._raw.close()


class _Schema:
    """What the translator asks of the tables while one statement is translated."""

    def __init__(self, connection: SqliteConnection) -> None:
        self.columns = connection.known_columns
        self.keys = connection.keys


def _encode(parameters: Sequence[tuple[str, Type]], values: Mapping[str, object]) -> list[object]:
    """Values as SQLite stores them, in the order of the translated statement's numbers."""
    found: list[object] = []
    for name, type_ in parameters:
        value = values[name]
        encode = None if value is None else encoder(type_)
        found.append(encode(value) if encode else value)
    return found


def _decoded(rows: list[tuple[Any, ...]], decoders: Sequence[tuple[int, Decode]]) -> list[tuple[Any, ...]]:
    if not decoders:
        return rows
    decoded = []
    for row in rows:
        cells = list(row)
        for place, decode in decoders:
            if cells[place] is not None:
                cells[place] = decode(cells[place])
        decoded.append(tuple(cells))
    return decoded


def _now() -> str:
    return datetime.now(UTC).isoformat(sep=" ")
