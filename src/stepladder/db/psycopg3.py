"""PostgreSQL by psycopg 3."""

from __future__ import annotations

import select
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
from psycopg.adapt import Loader
from psycopg.errors import error_from_result
from psycopg.pq import Escaping, ExecStatus, Format, TransactionStatus
from psycopg.rows import tuple_row
from psycopg.types.json import set_json_loads

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
from stepladder.errors import ConnectionFailed, DatabaseError
from stepladder.sql import Column, Span, Type, printed_interval, python_json

_CANCEL_SECONDS = 5.0


class PsycopgConnection(PostgresConnection):
    """One psycopg 3 connection in autocommit: transactions are begun by us, in words."""

    def __init__(self, conninfo: str) -> None:
        self._raw = connect(conninfo)
        self._raw.autocommit = True
        self._raw.prepare_threshold = None  # literals are in the text: no statement comes twice
        _read_our_way(self._raw)
        self._escaping = Escaping(self._raw.pgconn)
        self._send(SESSION)

    def _cursor(self) -> psycopg.Cursor[tuple[Any, ...]]:
        return self._raw.cursor()

    def _send(self, text: str, values: NativeValues = None) -> Result:
        cursor = self._cursor()
        try:
            cursor.execute(text.encode(), values)
            while cursor.nextset():
                pass
            if cursor.description is None:
                return Result((), [], affected(cursor.statusmessage))
            columns = tuple(Column(part.name, _type(part)) for part in cursor.description)
            return Result(columns, self._rows(cursor, columns), affected(cursor.statusmessage))
        except psycopg.Error as error:
            raise self._fault(error, text) from error
        finally:
            cursor.close()

    def _rows(self, cursor: Any, columns: tuple[Column, ...]) -> list[tuple[Any, ...]]:
        try:
            return list(cursor.fetchall())
        except _NO_VALUE as error:
            raise self._unreadable(cursor, columns) or error from error

    def _unreadable(self, cursor: Any, columns: tuple[Column, ...]) -> DatabaseError | None:
        """The error for the first value that its loader does not take."""
        adapters, result = cursor.adapters, cursor.pgresult
        loaders = [adapters.get_loader(result.ftype(place), Format.TEXT) for place in range(len(columns))]
        ready = [
            loader and loader(result.ftype(place), self._raw).load for place, loader in enumerate(loaders)
        ]
        for row in range(result.ntuples):
            for place, load in enumerate(ready):
                value = result.get_value(row, place)
                try:
                    if load is not None and value is not None:
                        load(value)
                except _NO_VALUE:
                    return unreadable(columns[place], row + 1, value.decode())
        return None

    def _copy(self, statement: str, data: bytes) -> int:
        cursor = self._cursor()
        try:
            with cursor.copy(statement.encode()) as copy:
                copy.write(data)
        except psycopg.Error as error:
            raise self._fault(error, statement) from error
        else:
            return cursor.rowcount
        finally:
            cursor.close()

    def _copy_out(self, statement: str, take: Callable[[bytes | memoryview], None]) -> None:
        # libpq's own calls: the driver's Copy object needs longer for a row than the server does.
        raw = self._raw.pgconn
        try:
            raw.send_query(statement.encode())
            self._finish_sending(raw)
            result = self._next_result(raw)
            if result.status == ExecStatus.COPY_OUT:
                self._take_rows(raw, take)
                result = self._next_result(raw)
            while raw.get_result() is not None:
                pass
            _refuse_failed(result)
        except psycopg.Error as error:
            raise self._fault(error, statement) from error
        except BaseException:
            self._raw.cancel_safe(timeout=_CANCEL_SECONDS)
            self._drain(raw)
            raise

    def _finish_sending(self, raw: Any) -> None:
        while raw.flush():
            self._wait(select.POLLIN | select.POLLOUT)
            raw.consume_input()

    def _next_result(self, raw: Any) -> Any:
        while raw.is_busy():
            self._wait(select.POLLIN)
            raw.consume_input()
        return raw.get_result()

    def _take_rows(self, raw: Any, take: Callable[[bytes | memoryview], None]) -> None:
        get = raw.get_copy_data
        while True:
            length, message = get(1)
            if length > 0:
                take(message)
            elif length == 0:
                self._wait(select.POLLIN)
                raw.consume_input()
            else:
                return

    def _drain(self, raw: Any) -> None:
        """Read on to the end of a statement that was canceled, so that the connection can be used again."""
        while (result := raw.get_result()) is not None:
            if result.status == ExecStatus.COPY_OUT:
                while raw.get_copy_data(0)[0] >= 0:
                    pass

    def _wait(self, events: int) -> None:
        waiting = select.poll()
        waiting.register(self._raw.fileno(), events)
        waiting.poll()

    def _fault(self, error: psycopg.Error, statement: str) -> DatabaseError:
        if error.sqlstate is None and self._raw.closed:
            return self._lost(statement, str(error))
        return self._said(statement, error.sqlstate, str(error), error.diag)

    def _escape(self, text: str) -> str:
        return bytes(self._escaping.escape_literal(text.encode())).decode()

    def _socket(self) -> int:
        return self._raw.fileno()

    def _is_open(self) -> bool:
        return not self._raw.closed

    def _in_transaction(self) -> bool:
        return self._raw.info.transaction_status != TransactionStatus.IDLE

    def _transaction_failed(self) -> bool:
        return self._raw.info.transaction_status == TransactionStatus.INERROR

    def close(self) -> None:
        self._raw.close()


class LentPsycopg(LentPostgres, PsycopgConnection):
    """A psycopg 3 connection of the user's."""

    def __init__(self, raw: psycopg.Connection[Any]) -> None:
        self._raw = raw
        self._escaping = Escaping(raw.pgconn)
        self._begun = not raw.autocommit
        self.refuse_encoding()

    def _cursor(self) -> psycopg.Cursor[tuple[Any, ...]]:
        cursor = psycopg.Cursor(self._raw, row_factory=tuple_row)  # whatever the user's own cursors give
        _read_our_way(cursor)
        return cursor

    def _send(self, text: str, values: NativeValues = None) -> Result:
        with self._with_our_settings(super()._send):
            return super()._send(text, values)

    def _copy(self, statement: str, data: bytes) -> int:
        with self._with_our_settings(super()._send):
            return super()._copy(statement, data)

    def _setting(self, name: str) -> str:
        return self._raw.info.parameter_status(name) or ""

    def stands_alone(self) -> bool:
        return self._raw.autocommit and not self._in_transaction()


def connect(conninfo: str) -> psycopg.Connection[tuple[Any, ...]]:
    """A new connection of the driver's. Raises ConnectionFailed."""
    try:
        return psycopg.connect(
            conninfo,
            connect_timeout=CONNECT_SECONDS,
            application_name="stepladder",
            client_encoding="utf8",
        )
    except psycopg.Error as error:
        # Not `from error`: libpq quotes a URL that it cannot read, password and all.
        raise ConnectionFailed(cannot_connect(error), sqlstate=error.sqlstate) from None


def _read_our_way(owner: psycopg.Connection[Any] | psycopg.Cursor[Any]) -> None:
    """A connection, or a cursor, reads what the driver's own loaders read otherwise."""
    owner.adapters.register_loader("interval", _IntervalLoader)
    set_json_loads(python_json, owner)


class _IntervalLoader(Loader):
    """The driver's own makes 365 days of a year and 30 of a month, and overflows in silence."""

    def load(self, data: Any) -> timedelta | Span:
        return printed_interval(bytes(data).decode())


# What loaders raise for a value that Python does not have.
_NO_VALUE = (psycopg.DataError, DatabaseError, ValueError, OverflowError)


def _refuse_failed(result: Any) -> None:
    if result.status != ExecStatus.COMMAND_OK:
        raise error_from_result(result)


def cannot_connect(error: Exception) -> str:
    return f"cannot connect: {str(error).strip()}\nNothing was sent. Is the server up, and are host, port, database and password right?"


def _type(part: Any) -> Type:
    length = part.display_size
    return result_type(part.type_code, precision=part.precision, scale=part.scale, length=length)
