"""PostgreSQL by psycopg 3."""

from __future__ import annotations

import time
from functools import lru_cache
from typing import Any

import psycopg
from psycopg.adapt import Transformer
from psycopg.conninfo import make_conninfo
from psycopg.errors import Diagnostic
from psycopg.pq import DiagnosticField, Escaping, ExecStatus, PGconn, Ping, TransactionStatus
from psycopg.pq.abc import PGresult

from stepladder.db.connection import Result
from stepladder.db.postgres import CONNECT_SECONDS, SESSION, PostgresConnection, affected, modified_type
from stepladder.errors import ConnectionFailed, DatabaseError, ProgrammingError
from stepladder.sql import Column

_DONE = (ExecStatus.COMMAND_OK, ExecStatus.EMPTY_QUERY)
_COPYING = (ExecStatus.COPY_IN, ExecStatus.COPY_OUT, ExecStatus.COPY_BOTH)
_STOP_SECONDS = 5.0
_MILLISECONDS_BETWEEN_FLUSHES = 20


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
        self._reader = Transformer(self._raw)
        try:
            self._send(SESSION)
        except BaseException:
            self._raw.close()
            raise

    def _send(self, text: str) -> Result:
        if self._raw.closed:
            raise self._lost_before()
        try:
            result = self._answer(text.encode())
            if result.status == ExecStatus.TUPLES_OK:
                return Result(_columns(result), self._rows(result), affected(result.command_status))
            if result.status in _DONE:
                return Result((), [], affected(result.command_status))
        except psycopg.Error as error:
            raise self._fault(error, text) from error
        raise self._refused(result, text)

    def _answer(self, command: bytes) -> PGresult:
        """Send, and wait for the last result, or for the first that is an error.

        By libpq's calls and not by a cursor: for a point query that takes half of the time. Waiting in poll() runs
        signal handlers: what they raise ends the statement on the server.
        """
        server = self._raw.pgconn
        wait = self._waiter()
        server.send_query(command)
        try:
            while server.flush():  # more than the socket takes at once
                wait.poll(_MILLISECONDS_BETWEEN_FLUSHES)
                server.consume_input()
            last: PGresult | None = None
            while True:
                while server.is_busy():
                    wait.poll()
                    server.consume_input()
                result = server.get_result()
                if result is None:
                    break
                last = result
                if result.status in _COPYING:
                    self._raw.close()  # its protocol is another one, and nobody speaks it here
                    break
        except BaseException as stop:
            if not isinstance(stop, Exception):
                self._stop_statement()
            raise
        assert last is not None  # the text may be empty: that is a result too
        return last

    def _stop_statement(self) -> None:
        """Cancel on the server what runs there, and read its answer; close the connection where that takes long."""
        server = self._raw.pgconn
        try:
            self._raw.cancel_safe(timeout=_STOP_SECONDS)
            deadline = time.monotonic() + _STOP_SECONDS
            while True:
                while server.is_busy():
                    if not self._waiter().poll(max(0.0, deadline - time.monotonic()) * 1000):
                        self._raw.close()
                        return
                    server.consume_input()
                if server.get_result() is None:
                    return
        except BaseException as error:
            self._raw.close()
            if not isinstance(error, psycopg.Error):
                raise

    def _rows(self, result: PGresult) -> list[tuple[Any, ...]]:
        self._reader.set_pgresult(result)
        try:
            return self._reader.load_rows(0, result.ntuples, tuple)
        finally:
            self._reader.set_pgresult(None)

    def _refused(self, result: PGresult, text: str) -> DatabaseError:
        """The error for a result that is none."""
        if result.status in _COPYING:
            return ProgrammingError(
                "COPY is not sent this way: its connection was closed, a transaction on it is rolled back. Use load(), or "
                "query() and frame()."
            )
        state = result.error_field(DiagnosticField.SQLSTATE)
        message = result.get_error_message()
        if (
            state is None
        ):  # said by libpq and not by the server: the connection is lost, marked as closed or not
            self._raw.close()
            return self._lost(text, message)
        return self._said(text, state.decode(), message, Diagnostic(result))

    def _copy(self, statement: str, data: bytes) -> int:
        if self._raw.closed:
            raise self._lost_before()
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
        if error.sqlstate is None and isinstance(error, psycopg.OperationalError):
            self._raw.close()
            return self._lost(statement, str(error))
        return self._said(statement, error.sqlstate, str(error), error.diag)

    def _escape(self, text: str) -> str:
        return bytes(self._escaping.escape_literal(text.encode())).decode()

    def _socket(self) -> int:
        return self._raw.fileno()

    def _is_open(self) -> bool:
        return not self._raw.closed

    def _in_transaction(self) -> bool:
        return self._raw.pgconn.transaction_status != TransactionStatus.IDLE

    def _in_failed_transaction(self) -> bool:
        return self._raw.pgconn.transaction_status == TransactionStatus.INERROR

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


def _columns(result: PGresult) -> tuple[Column, ...]:
    places = range(result.nfields)
    return _made_columns(
        tuple([(result.fname(place), result.ftype(place), result.fmod(place)) for place in places])
    )


@lru_cache(maxsize=1024)
def _made_columns(parts: tuple[tuple[bytes | None, int, int], ...]) -> tuple[Column, ...]:
    return tuple(
        Column((name or b"").decode(), modified_type(oid, modifier)) for name, oid, modifier in parts
    )
