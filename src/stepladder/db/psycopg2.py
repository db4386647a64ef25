"""PostgreSQL by psycopg2."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from datetime import UTC, timedelta, timezone
from typing import Any

import psycopg2 as driver
from psycopg2 import extensions, extras

from stepladder.db.connection import Result
from stepladder.db.postgres import CONNECT_SECONDS, SESSION, PostgresConnection, affected, result_type
from stepladder.db.psycopg3 import cannot_connect
from stepladder.errors import ConnectionFailed, DatabaseError
from stepladder.sql import Column, Type

_NO_PRECISION = 65535  # what the driver says for a numeric that has none


class Psycopg2Connection(PostgresConnection):
    """One psycopg2 connection in autocommit: transactions are begun by us, in words."""

    def __init__(self, conninfo: str) -> None:
        try:
            self._raw = driver.connect(
                conninfo,
                connect_timeout=CONNECT_SECONDS,
                application_name="stepladder",
                client_encoding="utf8",
            )
        except driver.Error as error:
            raise ConnectionFailed(cannot_connect(error), sqlstate=error.pgcode) from error
        self._raw.autocommit = True
        _read_like_psycopg3(self._raw)
        self._send(SESSION)

    def _send(self, text: str) -> Result:
        cursor = self._raw.cursor()
        cursor.tzinfo_factory = _utc
        try:
            cursor.execute(text)
            if cursor.description is None:
                return Result((), [], affected(cursor.statusmessage))
            columns = tuple(Column(part.name, _type(part)) for part in cursor.description)
            return Result(columns, cursor.fetchall(), affected(cursor.statusmessage))
        except driver.Error as error:
            raise self._fault(error, text) from error
        finally:
            cursor.close()

    def _copy(self, statement: str, data: bytes) -> int:
        cursor = self._raw.cursor()
        try:
            cursor.copy_expert(statement, io.BytesIO(data))
            return int(cursor.rowcount)
        except driver.Error as error:
            raise self._fault(error, statement) from error
        finally:
            cursor.close()

    def _copy_out(self, statement: str, take: Callable[[bytes | memoryview], None]) -> None:
        # In a thread of its own: the driver waits for the server in C, where Ctrl-C is not heard; a join hears it.
        failed: list[BaseException] = []
        copying = threading.Thread(target=self._copy_to, args=(statement, take, failed), daemon=True)
        copying.start()
        try:
            copying.join()
        except BaseException:
            self._raw.cancel()
            copying.join()
            raise
        for error in failed:
            if isinstance(error, driver.Error):
                raise self._fault(error, statement) from error
            # It came from here: the server would send the rest of the rows before it hears anything else.
            self._raw.cancel()
            raise error

    def _copy_to(
        self, statement: str, take: Callable[[bytes | memoryview], None], failed: list[BaseException]
    ) -> None:
        with self._raw.cursor() as cursor:
            try:
                cursor.copy_expert(statement, _Taker(take))
            except BaseException as error:  # noqa: BLE001 - raised by the thread that asked
                failed.append(error)

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

    def close(self) -> None:
        self._raw.close()


class _Taker:
    """What copy_expert writes to."""

    def __init__(self, take: Callable[[bytes | memoryview], None]) -> None:
        self.write = take


def _read_like_psycopg3(raw: Any) -> None:
    """psycopg2 reads uuid as text and bytea as memoryview; read them as psycopg 3 does."""
    extras.register_uuid(conn_or_curs=raw)  # type: ignore[no-untyped-call]
    as_bytes = extensions.new_type((17,), "BYTES", _bytes)
    extensions.register_type(as_bytes, raw)
    extensions.register_type(extensions.new_array_type((1001,), "BYTES[]", as_bytes), raw)


def _bytes(value: str | bytes | None, cursor: Any) -> bytes | None:
    view = driver.BINARY(value, cursor)
    return None if view is None else bytes(view)


def _utc(_offset: timedelta | None) -> timezone:
    # The session's zone is UTC, so every offset is zero; psycopg 3 gives timezone.utc itself.
    return UTC


def _type(part: Any) -> Type:
    length = part.internal_size - 4 if part.internal_size and part.internal_size > 4 else None
    precision = None if part.precision == _NO_PRECISION else part.precision
    return result_type(part.type_code, precision=precision, scale=part.scale, length=length)
