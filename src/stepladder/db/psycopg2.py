"""PostgreSQL by psycopg2."""

from __future__ import annotations

import io
from datetime import UTC, timedelta, timezone
from functools import lru_cache
from typing import Any

import psycopg2 as driver
from psycopg2 import extensions, extras

from stepladder.db.connection import Result
from stepladder.db.interrupt import Interruptible, heed
from stepladder.db.postgres import CONNECT_SECONDS, SESSION, PostgresConnection, affected, result_type
from stepladder.db.psycopg3 import cannot_connect
from stepladder.errors import DatabaseError
from stepladder.sql import Column, Type


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
            raise cannot_connect(error, conninfo) from error
        try:
            self._raw.autocommit = True
            _read_like_psycopg3(self._raw)
            self._send(SESSION)
        except BaseException:
            self._raw.close()
            raise

    def _send(self, text: str) -> Result:
        if self._raw.closed:
            raise self._lost_before()
        cursor = self._raw.cursor()
        cursor.tzinfo_factory = _utc
        try:
            with Interruptible(self._raw.cancel):
                try:
                    cursor.execute(text)
                finally:
                    heed()
            if cursor.description is None:
                return Result((), [], affected(cursor.statusmessage))
            columns = _columns(
                tuple([(part[0], part[1], part[3], part[4], part[5]) for part in cursor.description])
            )
            return Result(columns, cursor.fetchall(), affected(cursor.statusmessage))
        except driver.Error as error:
            raise self._fault(error, text) from error
        finally:
            cursor.close()

    def _copy(self, statement: str, data: bytes) -> int:
        if self._raw.closed:
            raise self._lost_before()
        cursor = self._raw.cursor()
        try:
            with Interruptible(self._raw.cancel):
                try:
                    cursor.copy_expert(statement, io.BytesIO(data))
                finally:
                    heed()
            return int(cursor.rowcount)
        except driver.Error as error:
            raise self._fault(error, statement) from error
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


@lru_cache(maxsize=1024)
def _columns(parts: tuple[tuple[str, int, int | None, int | None, int | None], ...]) -> tuple[Column, ...]:
    return tuple(
        Column(name, _type(oid, size, precision, scale)) for name, oid, size, precision, scale in parts
    )


def _type(oid: int, size: int | None, precision: int | None, scale: int | None) -> Type:
    return result_type(oid, precision=precision, scale=scale, length=size - 4 if size and size > 4 else None)
