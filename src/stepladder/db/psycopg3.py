"""PostgreSQL by psycopg 3."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.pq import Escaping, TransactionStatus

from stepladder.db.connection import Result
from stepladder.db.postgres import CONNECT_SECONDS, SESSION, PostgresConnection, affected, result_type
from stepladder.errors import ConnectionFailed, DatabaseError
from stepladder.sql import Column, Type


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
            return Result(columns, cursor.fetchall(), affected(cursor.statusmessage))
        except psycopg.Error as error:
            raise self._fault(error, text) from error
        finally:
            cursor.close()

    def _copy(self, statement: str, data: bytes | memoryview) -> int:
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


def cannot_connect(error: Exception) -> str:
    return f"cannot connect: {str(error).strip()}\nNothing was sent. Is the server up, and are host, port, database and password right?"


def _type(part: Any) -> Type:
    length = part.display_size
    return result_type(part.type_code, precision=part.precision, scale=part.scale, length=length)
