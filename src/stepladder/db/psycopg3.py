"""PostgreSQL by psycopg 3."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.pq import Escaping, PGconn, Ping, TransactionStatus

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
            raise cannot_connect(error, conninfo) from error
        self._escaping = Escaping(self._raw.pgconn)
        try:
            self._send(SESSION)
        except BaseException:
            self._raw.close()
            raise

    def _send(self, text: str) -> Result:
        self._refuse_lost()
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

    def _copy(self, statement: str, data: bytes) -> int:
        self._refuse_lost()
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

    def _in_failed_transaction(self) -> bool:
        return self._raw.info.transaction_status == TransactionStatus.INERROR

    def close(self) -> None:
        self._raw.close()


# Who answered, as SQLSTATE says it: the server refuses; it starts up, shuts down or recovers; nobody is there.
_ANSWERS: dict[int, str] = {Ping.OK: "08004", Ping.REJECT: "57P03", Ping.NO_RESPONSE: "08001"}


def cannot_connect(error: Exception, conninfo: str) -> ConnectionFailed:
    """The error for a connection that was not made; its `sqlstate` tells a server that refuses from one that is down.

    A refused connection has no SQLSTATE in either driver, and its text is in the server's language: libpq is asked.
    """
    return ConnectionFailed(
        f"cannot connect: {str(error).strip()}\nNothing was sent. Is the server up, and are host, port, database and password right?",
        sqlstate=_ANSWERS.get(_ping(conninfo), "08004"),
    )


def _ping(conninfo: str) -> int:
    try:
        asked = make_conninfo(conninfo, connect_timeout=CONNECT_SECONDS)
    except psycopg.ProgrammingError:
        return Ping.NO_ATTEMPT  # libpq does not understand it
    return PGconn.ping(asked.encode())


def _type(part: Any) -> Type:
    length = part.display_size
    return result_type(part.type_code, precision=part.precision, scale=part.scale, length=length)
