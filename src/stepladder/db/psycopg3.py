"""PostgreSQL by psycopg 3."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import lru_cache
from typing import Any

import psycopg
from psycopg.adapt import Loader, Transformer
from psycopg.conninfo import make_conninfo
from psycopg.errors import Diagnostic
from psycopg.pq import DiagnosticField, Escaping, ExecStatus, Format, PGconn, Ping, TransactionStatus
from psycopg.pq.abc import PGresult
from psycopg.types.json import set_json_loads
from psycopg.types.string import TextLoader

from stepladder.db.connection import Result
from stepladder.db.native import NativeValues
from stepladder.db.postgres import CONNECT_SECONDS, SESSION, PostgresConnection
from stepladder.db.postgres_values import AS_TEXT, affected, modified_type, unreadable
from stepladder.errors import ConnectionFailed, DatabaseError, ParameterError, ProgrammingError
from stepladder.sql import Column, Span, printed_interval, python_json

_DONE = (ExecStatus.COMMAND_OK, ExecStatus.EMPTY_QUERY)
_COPYING = (ExecStatus.COPY_IN, ExecStatus.COPY_OUT, ExecStatus.COPY_BOTH)
_STOP_SECONDS = 5.0
_MILLISECONDS_BETWEEN_FLUSHES = 20
# What loaders raise for a value that Python does not have.
_NO_VALUE = (psycopg.DataError, DatabaseError, ValueError, OverflowError)


class PsycopgConnection(PostgresConnection):
    """One psycopg 3 connection in autocommit: transactions are begun by us, in words."""

    _raw: psycopg.Connection[Any]
    _escaping: Any  # an Escaping and a Transformer: the driver's own names for them are no types
    _reader: Any

    def __init__(self, conninfo: str) -> None:
        super().__init__()
        self._raw = connect(conninfo)
        self._raw.autocommit = True
        read_our_way(self._raw)
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
            return self._read(self._answer(text.encode()), text)
        except psycopg.Error as error:
            raise self._fault(error, text) from error

    def _send_native(self, text: str, values: NativeValues) -> Result:
        if self._raw.closed:
            raise self._lost_before()
        cursor = self._cursor()
        try:
            cursor.execute(text.encode(), values)
            while cursor.nextset():
                pass
            assert cursor.pgresult is not None
            return self._read(cursor.pgresult, text)
        except psycopg.ProgrammingError as error:
            if error.sqlstate is not None:
                raise self._fault(error, text) from error
            raise ParameterError(f"the driver cannot bind the values: {error}. Nothing was run.") from error
        except psycopg.Error as error:
            raise self._fault(error, text) from error
        finally:
            cursor.close()

    def _cursor(self) -> psycopg.Cursor[Any]:
        return self._raw.cursor()

    def _answer(self, command: bytes) -> PGresult:
        """Send, and wait for the last result, or for the first that is an error.

        By libpq's calls and not by a cursor: for a point query that takes half of the time. Waiting in poll() runs
        signal handlers: what they raise ends the statement on the server.
        """
        try:
            self._begin_sending(command)
            last: PGresult | None = None
            while (result := self._next_result()) is not None:
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

    def _begin_sending(self, command: bytes) -> None:
        server = self._raw.pgconn
        server.send_query(command)
        while server.flush():  # more than the socket takes at once
            self._waiter().poll(_MILLISECONDS_BETWEEN_FLUSHES)
            server.consume_input()

    def _next_result(self) -> PGresult | None:
        server = self._raw.pgconn
        if server.is_busy():
            wait = self._waiter()
            while server.is_busy():
                wait.poll()
                server.consume_input()
        return server.get_result()

    def cancel(self) -> None:
        with suppress(psycopg.Error):  # it is closed, or its server is: nothing runs there
            self._raw.cancel_safe(timeout=_STOP_SECONDS)

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
                result = server.get_result()
                if result is None:
                    return
                if result.status == ExecStatus.COPY_OUT:  # rows that were under way: read over
                    while server.get_copy_data(0)[0] >= 0:
                        pass
        except BaseException as error:
            self._raw.close()
            if not isinstance(error, psycopg.Error):
                raise

    def _read(self, result: PGresult, text: str) -> Result:
        if result.status == ExecStatus.TUPLES_OK:
            columns = _columns(result)
            return Result(columns, self._rows(result, columns), affected(result.command_status))
        if result.status in _DONE:
            return Result((), [], affected(result.command_status))
        raise self._refused(result, text)

    def _rows(self, result: PGresult, columns: tuple[Column, ...]) -> list[tuple[Any, ...]]:
        self._reader.set_pgresult(result)
        try:
            rows: list[tuple[Any, ...]] = self._reader.load_rows(0, result.ntuples, tuple)
        except _NO_VALUE as error:
            raise self._unreadable(result, columns) or error from error
        else:
            return rows
        finally:
            self._reader.set_pgresult(None)

    def _unreadable(self, result: PGresult, columns: tuple[Column, ...]) -> DatabaseError | None:
        """The error for the first value that its loader does not take."""
        loaders = [self._reader.get_loader(result.ftype(place), Format.TEXT) for place in range(len(columns))]
        for row in range(result.ntuples):
            for place, loader in enumerate(loaders):
                value = result.get_value(row, place)
                if value is None:
                    continue
                try:
                    loader.load(value)
                except _NO_VALUE:
                    return unreadable(columns[place], row + 1, value.decode())
        return None

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

    def _copy(self, statement: str, data: bytes | memoryview) -> int:
        if self._raw.closed:
            raise self._lost_before()
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
        """COPY … TO STDOUT by libpq's own calls: the driver's Copy object needs longer for a row than the server does."""
        if self._raw.closed:
            raise self._lost_before()
        server = self._raw.pgconn
        try:
            self._begin_sending(statement.encode())
            result = self._next_result()
            if result is not None and result.status == ExecStatus.COPY_OUT:
                self._take_rows(take)
                result = self._next_result()
            while server.get_result() is not None:
                pass
        except psycopg.Error as error:
            raise self._fault(error, statement) from error
        except BaseException:
            self._stop_statement()
            raise
        if result is not None and result.status not in _DONE:
            raise self._refused(result, statement)

    def _take_rows(self, take: Callable[[bytes | memoryview], None]) -> None:
        server, wait = self._raw.pgconn, self._waiter()
        get = server.get_copy_data
        while True:
            length, message = get(1)
            if length > 0:
                take(message)
            elif length == 0:
                wait.poll()
                server.consume_input()
            else:
                return

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


def connect(conninfo: str) -> psycopg.Connection[tuple[Any, ...]]:
    """A new connection of the driver's. Raises ConnectionFailed."""
    try:
        return psycopg.connect(
            conninfo,
            connect_timeout=CONNECT_SECONDS,
            application_name="stepladder",
            client_encoding="utf8",
            prepare_threshold=None,  # literals are in the text: no statement comes twice
        )
    except psycopg.Error as error:
        # Not `from error`: libpq quotes a URL that it cannot read, password and all.
        raise cannot_connect(error, conninfo) from None


def read_our_way(owner: psycopg.Connection[Any] | psycopg.Cursor[Any]) -> None:
    """A connection, or a cursor, reads what the driver's own loaders read otherwise."""
    owner.adapters.register_loader("interval", _IntervalLoader)
    for oid in AS_TEXT:
        owner.adapters.register_loader(oid, TextLoader)
    set_json_loads(python_json, owner)


class _IntervalLoader(Loader):
    """The driver's own makes 365 days of a year and 30 of a month, and overflows in silence."""

    def load(self, data: Any) -> timedelta | Span:
        return printed_interval(bytes(data).decode())


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
