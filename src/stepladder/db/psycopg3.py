"""PostgreSQL by psycopg 3."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg
from psycopg.adapt import Loader
from psycopg.pq import Escaping, Format, TransactionStatus
from psycopg.types.json import set_json_loads

from stepladder.db.connection import Result
from stepladder.db.postgres import (
    CONNECT_SECONDS,
    SESSION,
    PostgresConnection,
    affected,
    result_type,
    unreadable,
)
from stepladder.errors import ConnectionFailed, DatabaseError
from stepladder.sql import Column, Span, Type, printed_interval, python_json


class PsycopgConnection(PostgresConnection):
    """One psycopg 3 connection in autocommit: transactions are begun by us, in words."""

    def __init__(self, conninfo: str) -> None:
        try:
            self._raw = psycopg.connect(
                conninfo,
                autocommit=True,
                connect_timeout=CONNECT_SECONDS,
                application_name="stepladder",
                client_encoding="utf8",
                prepare_threshold=None,  # literals are in the text: no statement comes twice
            )
        except psycopg.Error as error:
            raise ConnectionFailed(cannot_connect(error), sqlstate=error.sqlstate) from error
        self._raw.adapters.register_loader("interval", _IntervalLoader)
        set_json_loads(python_json, self._raw)
        self._escaping = Escaping(self._raw.pgconn)
        self._send(SESSION)

    def _send(self, text: str) -> Result:
        cursor = self._raw.cursor()
        try:
            cursor.execute(text.encode())
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
            raise self._unreadable(cursor.pgresult, columns) or error from error

    def _unreadable(self, result: Any, columns: tuple[Column, ...]) -> DatabaseError | None:
        """The error for the first value that its loader does not take."""
        adapters = self._raw.adapters
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
        cursor = self._raw.cursor()
        try:
            with cursor.copy(statement.encode()) as copy:
                copy.write(data)
        except psycopg.Error as error:
            raise self._fault(error, statement) from error
        else:
            return cursor.rowcount
        finally:
            cursor.close()

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

    def close(self) -> None:
        self._raw.close()


class _IntervalLoader(Loader):
    """The driver's own makes 365 days of a year and 30 of a month, and overflows in silence."""

    def load(self, data: Any) -> timedelta | Span:
        return printed_interval(bytes(data).decode())


# What loaders raise for a value that Python does not have.
_NO_VALUE = (psycopg.DataError, DatabaseError, ValueError, OverflowError)


def cannot_connect(error: Exception) -> str:
    return f"cannot connect: {str(error).strip()}\nNothing was sent. Is the server up, and are host, port, database and password right?"


def _type(part: Any) -> Type:
    length = part.display_size
    return result_type(part.type_code, precision=part.precision, scale=part.scale, length=length)
