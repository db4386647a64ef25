"""PostgreSQL by psycopg2."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any

import psycopg2 as driver
from psycopg2 import extensions, extras

from stepladder.db.connection import Result
from stepladder.db.native import NativeValues
from stepladder.db.postgres import (
    CONNECT_SECONDS,
    SESSION,
    LentPostgres,
    PostgresConnection,
    affected,
    result_type,
    unreadable,
)
from stepladder.db.psycopg3 import cannot_connect
from stepladder.errors import ConnectionFailed, DatabaseError
from stepladder.sql import Column, Type, printed_interval, python_json


class Psycopg2Connection(PostgresConnection):
    """One psycopg2 connection in autocommit: transactions are begun by us, in words."""

    def __init__(self, conninfo: str) -> None:
        self._raw = connect(conninfo)
        self._raw.autocommit = True
        self._unread: list[_Unread] = []
        _read_like_psycopg3(self._raw, self._unread)
        self._send(SESSION)

    def _cursor(self) -> Any:
        cursor = self._raw.cursor()
        cursor.tzinfo_factory = _utc
        return cursor

    def _send(self, text: str, values: NativeValues = None) -> Result:
        cursor = self._cursor()
        try:
            cursor.execute(text, values)
            if cursor.description is None:
                return Result((), [], affected(cursor.statusmessage))
            columns = tuple(Column(part.name, _type(part)) for part in cursor.description)
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

    def _copy(self, statement: str, data: bytes) -> int:
        cursor = self._cursor()
        try:
            cursor.copy_expert(statement, io.BytesIO(data))
            return int(cursor.rowcount)
        except driver.Error as error:
            raise self._fault(error, statement) from error
        finally:
            cursor.close()

    def _copy_out(self, statement: str, take: Callable[[bytes | memoryview], None]) -> None:
        cursor = self._raw.cursor()
        try:
            cursor.copy_expert(statement, _Taker(take))
        except driver.Error as error:
            raise self._fault(error, statement) from error
        except BaseException:
            # What stopped it came from here: the server would send the rest of the rows before it hears anything else.
            self._raw.cancel()
            raise
        finally:
            cursor.close()

    def _fault(self, error: driver.Error, statement: str) -> DatabaseError:
        if error.pgcode is None and self._raw.closed:
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
        return bool(self._raw.info.transaction_status != extensions.TRANSACTION_STATUS_IDLE)

    def _transaction_failed(self) -> bool:
        return bool(self._raw.info.transaction_status == extensions.TRANSACTION_STATUS_INERROR)

    def close(self) -> None:
        self._raw.close()


class LentPsycopg2(LentPostgres, Psycopg2Connection):
    """A psycopg2 connection of the user's."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self._unread = []
        self._begun = not raw.autocommit
        self.refuse_encoding()

    def _cursor(self) -> Any:
        cursor = self._raw.cursor(cursor_factory=extensions.cursor)  # whatever the user's own cursors give
        cursor.tzinfo_factory = _utc
        _read_like_psycopg3(cursor, self._unread)
        return cursor

    def _send(self, text: str, values: NativeValues = None) -> Result:
        with self._with_our_settings(super()._send):
            return super()._send(text, values)

    def _copy(self, statement: str, data: bytes) -> int:
        with self._with_our_settings(super()._send):
            return super()._copy(statement, data)

    def _setting(self, name: str) -> str:
        return self._raw.get_parameter_status(name) or ""

    def stands_alone(self) -> bool:
        return bool(self._raw.autocommit) and not self._in_transaction()


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
        raise ConnectionFailed(cannot_connect(error), sqlstate=error.pgcode) from None


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


def _read_like_psycopg3(raw: Any, unread: list[_Unread]) -> None:
    """psycopg2 reads uuid as text, bytea as memoryview, infinity as the year 9999 and 24:00 as 00:00, and makes days
    of months; here both drivers read the same."""
    extras.register_uuid(conn_or_curs=raw)  # type: ignore[no-untyped-call]
    _register(raw, 17, 1001, "BYTES", _bytes)
    for oid, array, name, read in _READ:
        _register(raw, oid, array, name, _reader(read, unread))


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


def _utc(offset: timedelta | None) -> timezone:
    return timezone(offset) if offset else UTC


def _type(part: Any) -> Type:
    length = part.internal_size if part.internal_size and part.internal_size > 0 else None
    if part.precision in (None, _NO_PRECISION):
        return result_type(part.type_code, precision=None, scale=None, length=length)
    scale = part.scale if part.scale < _SCALES // 2 else part.scale - _SCALES
    return result_type(part.type_code, precision=part.precision, scale=scale, length=length)


_NO_PRECISION = 65_535  # psycopg2's word for a numeric without a modifier
_SCALES = 2048  # it reads a numeric's scale, a number of eleven bits with a sign, without the sign
