"""PostgreSQL by psycopg2."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import lru_cache
from operator import attrgetter
from typing import Any

import psycopg2 as driver
from psycopg2 import extensions, extras

from stepladder.db.connection import Result
from stepladder.db.interrupt import Interruptible, heed
from stepladder.db.native import NativeValues
from stepladder.db.postgres import CONNECT_SECONDS, SESSION, PostgresConnection
from stepladder.db.postgres_values import AS_TEXT, affected, result_type, unreadable
from stepladder.db.psycopg3 import cannot_connect
from stepladder.errors import DatabaseError, ParameterError
from stepladder.sql import Column, Type, printed_interval, python_json


class Psycopg2Connection(PostgresConnection):
    """One psycopg2 connection in autocommit: transactions are begun by us, in words."""

    _raw: Any
    _unread: list[_Unread]

    def __init__(self, conninfo: str) -> None:
        super().__init__()
        self._raw = connect(conninfo)
        self._unread = []
        try:
            self._raw.autocommit = True
            read_like_psycopg3(self._raw, self._unread)
            self._send(SESSION)
        except BaseException:
            self._raw.close()
            raise

    def _cursor(self) -> Any:
        cursor = self._raw.cursor()
        cursor.tzinfo_factory = utc
        return cursor

    def _send(self, text: str) -> Result:
        return self._execute(text, None)

    def _send_native(self, text: str, values: NativeValues) -> Result:
        try:
            return self._execute(text, values)
        except (IndexError, KeyError, TypeError, ValueError) as error:  # Python's own, of `%`
            raise ParameterError(f"the driver cannot bind the values: {error}. Nothing was run.") from error

    def cancel(self) -> None:
        with suppress(driver.Error):  # it is closed, or its server is: nothing runs there
            self._raw.cancel()

    def _execute(self, text: str, values: NativeValues) -> Result:
        if self._raw.closed:
            raise self._lost_before()
        cursor = self._cursor()
        try:
            with Interruptible(self._raw.cancel):
                try:
                    cursor.execute(text, values)
                finally:
                    heed()
            if cursor.description is None:
                return Result((), [], affected(cursor.statusmessage))
            columns = _columns(tuple(map(_COLUMN_PARTS, cursor.description)))
            return Result(columns, self._rows(cursor, columns), affected(cursor.statusmessage))
        except driver.Error as error:
            raise self._fault(error, text) from error
        finally:
            cursor.close()

    def _rows(self, cursor: Any, columns: tuple[Column, ...]) -> list[tuple[Any, ...]]:
        self._unread.clear()
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        if self._unread:
            first = self._unread[0]
            raise next(
                unreadable(columns[place], number, first.text)
                for number, row in enumerate(rows, 1)
                for place, value in enumerate(row)
                if value is first or (isinstance(value, list) and _holds(value, first))
            )
        return rows

    def _copy(self, statement: str, data: bytes | memoryview) -> int:
        return self._copy_by(statement, io.BytesIO(data))

    def _copy_out(self, statement: str, take: Callable[[bytes | memoryview], None]) -> None:
        self._copy_by(statement, _Taker(take))

    def _copy_by(self, statement: str, file: Any) -> int:
        if self._raw.closed:
            raise self._lost_before()
        cursor = self._cursor()
        try:
            with Interruptible(self._raw.cancel):
                try:
                    cursor.copy_expert(statement, file)
                finally:
                    heed()
            return int(cursor.rowcount)
        except driver.Error as error:
            raise self._fault(error, statement) from error
        except BaseException:
            # What stopped it came from here: the server would send the rest of the rows before it hears anything else.
            self._raw.cancel()
            raise
        finally:
            cursor.close()

    def _fault(self, error: driver.Error, statement: str) -> DatabaseError:
        # What libpq says by itself, without the server, has no SQLSTATE: that the connection is lost. Neither it nor the
        # driver always marks it as closed.
        if error.pgcode is None and type(error) in (driver.OperationalError, driver.DatabaseError):
            self._raw.close()
            return self._lost(statement, str(error))
        return self._said(statement, error.pgcode, str(error), error.diag)

    def _escape(self, text: str) -> str:
        quoted = extensions.QuotedString(text)
        quoted.encoding = "utf8"
        quoted.prepare(self._raw)
        return str(quoted.getquoted().decode())

    def _socket(self) -> int:
        return int(self._raw.fileno())

    def _is_open(self) -> bool:
        return not self._raw.closed

    def _in_transaction(self) -> bool:
        return bool(self._raw.get_transaction_status() != extensions.TRANSACTION_STATUS_IDLE)

    def _in_failed_transaction(self) -> bool:
        return bool(self._raw.get_transaction_status() == extensions.TRANSACTION_STATUS_INERROR)

    def close(self) -> None:
        self._raw.close()


def connect(conninfo: str) -> Any:
    """A new connection of the driver's. Raises ConnectionFailed."""
    try:
        return driver.connect(
            conninfo,
            connect_timeout=CONNECT_SECONDS,
            application_name="stepladder",
            client_encoding="utf8",
        )
    except driver.Error as error:
        # Not `from error`: libpq quotes a URL that it cannot read, password and all.
        raise cannot_connect(error, conninfo) from None


class _Taker:
    """What copy_expert writes to."""

    def __init__(self, take: Callable[[bytes | memoryview], None]) -> None:
        self.write = take


class _Unread:
    """Stands in a row for a value that Python does not have: a typecaster does not know which column it reads."""

    def __init__(self, text: str) -> None:
        self.text = text


def _holds(values: list[Any], wanted: _Unread) -> bool:
    return any(value is wanted or (isinstance(value, list) and _holds(value, wanted)) for value in values)


def read_like_psycopg3(raw: Any, unread: list[_Unread]) -> None:
    """psycopg2 reads uuid as text, bytea as memoryview, infinity as the year 9999 and 24:00 as 00:00, and makes days
    of months; here both drivers read the same."""
    extras.register_uuid(conn_or_curs=raw)  # type: ignore[no-untyped-call]
    _register(raw, 17, 1001, "BYTES", _bytes)
    for oid, array, name, read in _READ:
        _register(raw, oid, array, name, _reader(read, unread))
    for oid, array in AS_TEXT.items():
        _register(raw, oid, array, "TEXT_FORM", driver.extensions.UNICODE)


def _register(raw: Any, oid: int, array: int, name: str, cast: Callable[[Any, Any], Any]) -> None:
    one = extensions.new_type((oid,), name, cast)
    extensions.register_type(one, raw)
    extensions.register_type(extensions.new_array_type((array,), f"{name}[]", one), raw)


def _reader(read: Callable[[str], Any], unread: list[_Unread]) -> Callable[[Any, Any], Any]:
    def cast(value: str | None, _cursor: Any) -> Any:
        if value is None:
            return None
        try:
            return read(value)
        except (ValueError, DatabaseError):
            unread.append(_Unread(value))
            return unread[-1]

    return cast


def _time(text: str) -> time:
    if text.startswith("24"):
        raise ValueError(text)
    return time.fromisoformat(text)


_READ: tuple[tuple[int, int, str, Callable[[str], Any]], ...] = (
    (1082, 1182, "DAY", date.fromisoformat),
    (1083, 1183, "TIME_OF_DAY", _time),
    (1114, 1115, "MOMENT", datetime.fromisoformat),
    (1184, 1185, "INSTANT", datetime.fromisoformat),
    (1186, 1187, "SPAN", printed_interval),
    (114, 199, "JSON", python_json),
    (3802, 3807, "JSONB", python_json),
)


def _bytes(value: str | bytes | None, cursor: Any) -> bytes | None:
    view = driver.BINARY(value, cursor)
    return None if view is None else bytes(view)


def utc(offset: timedelta | None) -> timezone:
    return timezone(offset) if offset else UTC


_COLUMN_PARTS = attrgetter("name", "type_code", "internal_size", "precision", "scale")
_NO_PRECISION = 65_535  # psycopg2's word for a numeric without a modifier
_SCALES = 2048  # it reads a numeric's scale, a number of eleven bits with a sign, without the sign


@lru_cache(maxsize=1024)
def _columns(parts: tuple[tuple[str, int, int | None, int | None, int | None], ...]) -> tuple[Column, ...]:
    return tuple(
        Column(name, _type(oid, size, precision, scale)) for name, oid, size, precision, scale in parts
    )


def _type(oid: int, size: int | None, precision: int | None, scale: int | None) -> Type:
    length = size if size and size > 0 else None
    if precision in (None, _NO_PRECISION) or scale is None:
        return result_type(oid, precision=None, scale=None, length=length)
    signed = scale if scale < _SCALES // 2 else scale - _SCALES
    return result_type(oid, precision=precision, scale=signed, length=length)
