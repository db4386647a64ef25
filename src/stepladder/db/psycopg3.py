"""PostgreSQL by psycopg 3."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.pq import Escaping, TransactionStatus
from psycopg.rows import tuple_row

from stepladder.db.connection import Result
from stepladder.db.native import NativeValues
from stepladder.db.postgres import (
    CONNECT_SECONDS,
    SESSION,
    LentPostgres,
    PostgresConnection,
    affected,
    result_type,
)
from stepladder.errors import ConnectionFailed, DatabaseError
from stepladder.sql import Column, Type


class PsycopgConnection(PostgresConnection):
    """One psycopg 3 connection in autocommit: transactions are begun by us, in words."""

    def __init__(self, conninfo: str) -> None:
        self._raw = connect(conninfo)
        self._raw.autocommit = True
        self._raw.prepare_threshold = None  # literals are in the text: no statement comes twice
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
            return Result(columns, cursor.fetchall(), affected(cursor.statusmessage))
        except psycopg.Error as error:
            raise self._fault(error, text) from error
        finally:
            cursor.close()

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
        return psycopg.Cursor(self._raw, row_factory=tuple_row)  # whatever the user's own cursors give

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


def cannot_connect(error: Exception) -> str:
    return f"cannot connect: {str(error).strip()}\nNothing was sent. Is the server up, and are host, port, database and password right?"


def _type(part: Any) -> Type:
    length = part.display_size
    return result_type(part.type_code, precision=part.precision, scale=part.scale, length=length)
