"""SQLite by Python's sqlite3: PostgreSQL's SQL is translated, PostgreSQL's functions are registered.

The standard library's sqlite3 is the only SQLite library that may open the file in this process: a second
copy drops the process's file locks, and another process's acknowledged rows can be lost.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from types import NoneType
from typing import Any, ClassVar
from uuid import UUID

from stepladder.db import type_catalogue
from stepladder.db.connection import Connection, Result
from stepladder.db.faults import with_caret
from stepladder.db.sqlite_callbacks import Callbacks, Prepared
from stepladder.db.sqlite_waiting import SLICE_SECONDS, PatientConnection, is_busy
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

_KEPT_TRANSLATIONS = 1024

# Python's types whose every value is sent as the same type of PostgreSQL's.
_OF_ONE_TYPE = frozenset((str, NoneType, bool, float, Decimal, date, UUID, bytes))

Decode = Callable[[Any], Any]


class SqliteConnection(Connection):
    """One sqlite3 connection in autocommit: transactions are begun by us."""

    product: ClassVar[str] = "SQLite"

    def __init__(self, address: str, *, wal: bool) -> None:
        try:
            self._raw = sqlite3.connect(
                address,
                timeout=SLICE_SECONDS,
                isolation_level=None,
                check_same_thread=False,
                cached_statements=512,
                uri=True,
                factory=PatientConnection,
            )
            if wal:
                self._raw.execute("PRAGMA journal_mode = WAL")
            self._raw.execute("PRAGMA synchronous = NORMAL")
            self._raw.execute("PRAGMA foreign_keys = ON")
        except sqlite3.Error as error:
            raise ConnectionFailed(
                f"cannot open the SQLite file: {error}. Nothing was written. Does its folder exist, may you write there, "
                "and is it a SQLite database?",
                sqlstate="08004",  # it would not be otherwise in a moment, as with a server that starts
            ) from error
        self._open = True
        self._callbacks = Callbacks(self._raw, now=lambda: self._now or _now())
        self._callbacks.guard_preparing()
        self._cursor = self._raw.cursor()  # of every statement whose rows are fetched at once
        self._cursor.row_factory = None
        self._now: str | None = None
        self._refuses_writes = False
        self._stamp: tuple[int, int, int] | None = None
        self._reads_foreign = False
        self._known: dict[str, tuple[Column, ...]] = {}
        self._temporary: dict[str, tuple[Column, ...]] = {}
        self._temporary_changes = 0
        self._plans: dict[Any, _Plan] = {}

    # -- statements
    def run(self, sql: str, values: Mapping[str, object]) -> Result:
        plan = self._plans.get((sql, *values, *map(_kind, values.values())))
        if plan is not None and plan.repeatable and self._stamp is not None:
            self._callbacks.prepares = False
            try:
                return self._run(plan, plan.arguments(values), sql)
            except Prepared:
                pass  # nothing was run: SQLite has let go of the statement, or the schema has changed
            finally:
                self._callbacks.prepares = True
        plan = self._plan(sql, values)
        arguments = plan.arguments(values)
        if plan.translation.effects and not self._raw.in_transaction:
            return self._alone(lambda: self._run(plan, arguments, sql))
        return self._run(plan, arguments, sql)

    def run_many(self, sql: str, rows: Sequence[Mapping[str, object]]) -> int:
        return sum(self.run(sql, row).affected for row in rows)

    def copy_rows(self, table: TableName, columns: Sequence[Column], rows: Sequence[Sequence[object]]) -> int:
        names = ", ".join(quote(column.name) for column in columns)
        marks = ", ".join("?" * len(columns))
        statement = f"INSERT INTO {table.sqlite} ({names}) VALUES ({marks})"
        with self._callbacks.watching(statement):
            return self._raw.executemany(statement, rows).rowcount

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

    def _run(self, plan: _Plan, arguments: Sequence[object], sql: str) -> Result:
        translation = plan.translation
        self._callbacks.start()
        try:
            try:
                cursor = self._cursor.execute(translation.sql, arguments)
            except sqlite3.OperationalError as error:
                if not is_busy(error):
                    raise
                cursor = self._raw.execute(translation.sql, arguments)  # which waits
            rows = cursor.fetchall()
        except sqlite3.Error as error:
            self._callbacks.fail(error, sql)
        finally:
            if self._callbacks.limit is not None:
                self._callbacks.stop()
        for effect in translation.effects:
            self._note(effect)
        affected = max(cursor.rowcount, 0) if translation.writes and not translation.effects else 0
        return Result(translation.columns, _decoded(rows, plan.decoders), affected)

    def _translate(self, sql: str, values: Mapping[str, object]) -> Translation:
        return self._plan(sql, values).translation

    def _plan(self, sql: str, values: Mapping[str, object]) -> _Plan:
        self._notice_changes()
        key = (sql, *values, *map(_kind, values.values()))
        found = self._plans.get(key)
        if found is None:
            types = {name: type_of(value) for name, value in values.items()}
            try:
                translation = translate(sql, _Schema(self), types)
            except DatabaseError as error:
                raise with_caret(error, sql) from error
            if len(self._plans) >= _KEPT_TRANSLATIONS:
                self._plans.clear()
            repeatable = self._callbacks.guards and not translation.effects and not self._reads_foreign
            as_given = all(
                type(values[name]) is int and types[name] == type_ for name, type_ in translation.parameters
            )
            found = _Plan(translation, _decoders(translation.columns), repeatable, as_given)
            self._plans[key] = found
        return found

    def _notice_changes(self) -> None:
        """Forget what is known of the tables when their schema has changed, by whomever."""
        (version,) = self._raw.execute("PRAGMA schema_version").fetchone()
        stamp = (version, self._temporary_changes, self._foreign_stamp() if self._reads_foreign else 0)
        if stamp != self._stamp:
            self._forget_schema()
            self._stamp = stamp

    def _foreign_stamp(self) -> int:
        """Changes when another connection has written: a foreign table's values must then be looked at again."""
        return int(self._raw.execute("PRAGMA data_version").fetchone()[0])

    # -- transactions
    def begin(self, *, read_only: bool, isolation: str | None, deferrable: bool = False) -> None:  # noqa: ARG002 - always serializable
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
        if self._raw.in_transaction:
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
        self._plans.clear()

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
        if read_only != self._refuses_writes:
            self._plain(f"PRAGMA query_only = {int(read_only)}")
            self._refuses_writes = read_only

    def version(self) -> str:
        return f"SQLite {sqlite3.sqlite_version}"

    def usable(self) -> bool:
        return self._open

    def close(self) -> None:
        self._open = False
        with suppress(sqlite3.ProgrammingError):  # another thread is in it: it is closed when that one ends
            self._raw.close()


@dataclass(frozen=True, slots=True)
class _Plan:
    """A translation, and what reads its result: found once for a text and its parameters' types.

    A `repeatable` one need not be preceded by a look at the schema: SQLite itself prepares a statement anew when its
    schema has changed, and that is refused (`Callbacks.prepares`).
    """

    translation: Translation
    decoders: list[tuple[int, Decode]]
    repeatable: bool
    stored_as_given: bool

    def arguments(self, values: Mapping[str, object]) -> list[object]:
        """The values as SQLite stores them."""
        if self.stored_as_given:
            return [values[name] for name, _ in self.translation.parameters]
        return _encode(self.translation.parameters, values)


class _Schema:
    """What the translator asks of the tables while one statement is translated."""

    def __init__(self, connection: SqliteConnection) -> None:
        self.columns = connection.known_columns
        self.keys = connection.keys


def _kind(value: object) -> object:
    """Equal only for values of one type: to find that type each time would take longer than the query."""
    kind = type(value)
    if kind is int:
        return kind if -(2**31) <= value < 2**31 else type_of(value)  # type: ignore[operator]
    return kind if kind in _OF_ONE_TYPE else type_of(value)


def _encode(parameters: Sequence[tuple[str, Type]], values: Mapping[str, object]) -> list[object]:
    """Values as SQLite stores them, in the order of the translated statement's numbers."""
    found: list[object] = []
    for name, type_ in parameters:
        value = values[name]
        encode = None if value is None else encoder(type_)
        found.append(encode(value) if encode else value)
    return found


def _decoders(columns: Sequence[Column]) -> list[tuple[int, Decode]]:
    return [(place, found) for place, column in enumerate(columns) if (found := decoder(column.type))]


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
