"""What a server and SQLite answer to a statement, in one form."""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import psycopg
from psycopg.adapt import Loader

import stepladder as sl
from stepladder.errors import DatabaseError, NotPortable
from stepladder.sql import Type, decoder

CRASHED = "57P02"


@dataclass(frozen=True, slots=True)
class Answer:
    """`kind` is rows, error or refused; `what` the error's SQLSTATE or the reason."""

    kind: str
    what: str = ""
    columns: tuple[tuple[str, str], ...] = ()
    rows: tuple[Any, ...] = ()
    written: int = 0


def shown(value: Any) -> Any:
    """A value that is equal only to one of the same Python type and the same digits."""
    if isinstance(value, dt.datetime) and value.tzinfo:
        value = value.astimezone(dt.UTC)
    if isinstance(value, list):
        return [shown(each) for each in value]
    return type(value).__name__, f"{value:f}" if isinstance(value, Decimal) and value.is_finite() else repr(
        value
    )


def _row(values: Sequence[Any]) -> tuple[Any, ...]:
    """A row's values as `shown`; a column on SQLite has no negative zero (docs/reference/values.md)."""
    return tuple([shown(each + 0.0 if isinstance(each, float) else each) for each in values])


def told(one: Answer, other: Answer) -> str:
    """An answer in a line: of its rows only those that the other has not."""
    if one.kind != "rows":
        return f"{one.kind} {one.what}"
    rows = [str(row) for row in one.rows if row not in other.rows] or [f"{len(one.rows)} rows"]
    names = "" if one.columns == other.columns else f"{one.columns} "
    return f"{names}{' | '.join(rows[:3])}{f', {one.written} written' if one.written else ''}"


def _keys(rows: tuple[Any, ...]) -> list[str]:
    """Rows as their order tells them apart: 1.0 from 1.00 it does not."""
    return [_ZEROS.sub(r"\1", repr(row)) for row in rows]


_ZEROS = re.compile(r"(?<=\('Decimal', ')(-?\d+(?:\.\d*[1-9])?)\.?0*(?=')")


def same(one: Answer, other: Answer, *, ordered: bool) -> bool:
    """Whether two answers are equal; the rows of one that is not ordered in any order."""
    if one.kind != "rows":
        return one == other
    if ordered and _keys(one.rows) != _keys(other.rows):
        return False
    if (one.kind, one.columns, one.written) != (other.kind, other.columns, other.written):
        return False
    return sorted(map(repr, one.rows)) == sorted(map(repr, other.rows))


class IntervalLoader(Loader):
    """An interval as our own drivers give it, months included."""

    _decode = staticmethod(decoder(Type("interval")) or str)

    def load(self, data: Any) -> Any:
        return self._decode(bytes(data).decode())


class OnServer:
    """A schema of its own on a server."""

    def __init__(self, url: str, name: str) -> None:
        self._url, self._name = url, name
        self._raw = self._connected()
        self._types = dict(self._raw.execute("SELECT oid, format_type(oid, NULL) FROM pg_type").fetchall())
        self._raw.execute(f"DROP SCHEMA IF EXISTS {name} CASCADE; CREATE SCHEMA {name}".encode())

    def _connected(self) -> psycopg.Connection[Any]:
        options = f"-c timezone=UTC -c statement_timeout=10s -c search_path={self._name}"
        raw = psycopg.connect(self._url, autocommit=True, options=options)
        raw.adapters.register_loader("interval", IntervalLoader)
        return raw

    def close(self) -> None:
        self._raw.execute(f"SET client_min_messages = warning; DROP SCHEMA {self._name} CASCADE".encode())
        self._raw.close()

    def define(self, statements: Sequence[str]) -> None:
        self._raw.execute(";".join(statements).encode())

    def ask(self, sql: str) -> Answer:
        try:
            return self._answer(sql)
        except psycopg.Error as error:
            return self._crashed() if self._raw.closed else Answer("error", error.sqlstate or "")

    def write(self, statements: Sequence[str]) -> list[Answer]:
        """The statements one after another, each in a savepoint; nothing stays."""
        try:
            with self._raw.transaction(force_rollback=True):
                return [self._in_savepoint(sql) for sql in statements]
        except psycopg.Error:
            if not self._raw.closed:
                raise
            return [self._crashed() for _ in statements]

    def _in_savepoint(self, sql: str) -> Answer:
        try:
            with self._raw.transaction():
                return self._answer(sql)
        except psycopg.Error as error:
            if self._raw.closed:
                raise
            return Answer("error", error.sqlstate or "")

    def _crashed(self) -> Answer:
        """A statement that PostgreSQL itself dies of: the server comes back, with all that was there."""
        deadline = time.monotonic() + 60
        while self._raw.closed:
            try:
                self._raw = self._connected()
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
        return Answer("error", CRASHED)

    def _answer(self, sql: str) -> Answer:
        cursor = self._raw.execute(sql.encode())
        if cursor.description is None:
            defines = sql.startswith("CREATE")
            return Answer("rows", written=0 if defines else cursor.rowcount)
        columns = tuple((each.name, self._types[each.type_code]) for each in cursor.description)
        rows = tuple([_row(row) for row in cursor.fetchall()])
        return Answer("rows", columns=columns, rows=rows)


class OnSqlite:
    """A database in memory."""

    def __init__(self) -> None:
        self._db = sl.connect("sqlite:///:memory:", statement_timeout=10)

    def close(self) -> None:
        self._db.close()

    def define(self, statements: Sequence[str]) -> None:
        for sql in statements:
            self._db.execute(sql)

    def ask(self, sql: str) -> Answer:
        return _answered(lambda: self._db._run(sql, None, {}))

    def write(self, statements: Sequence[str]) -> list[Answer]:
        """The statements one after another, each in a savepoint; nothing stays."""
        with self._db.scratch() as outer:
            return [_answered(lambda sql=sql: _in_savepoint(outer, sql)) for sql in statements]


def _in_savepoint(outer: sl.Transaction, sql: str) -> Any:
    with outer.transaction() as inner:
        return inner._run(sql, None, {})


def _answered(run: Callable[[], Any]) -> Answer:
    try:
        result = run()
    except NotPortable as error:
        return Answer("refused", error.what)
    except DatabaseError as error:
        return Answer("error", error.sqlstate or f"{type(error).__name__}: {error}")
    except Exception as error:  # noqa: BLE001 - whatever else it is, it is a difference
        return Answer("error", f"{type(error).__name__}: {error}")
    columns = tuple((each.name, str(each.type.bare)) for each in result.columns)
    if not columns:
        return Answer("rows", written=result.affected)
    return Answer("rows", columns=columns, rows=tuple([_row(row) for row in result.rows]))
