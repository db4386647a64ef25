"""The same target as a SQLAlchemy Engine, for Alembic and ORMs. An extra; nothing of ours runs through it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from stepladder.config import Target
from stepladder.db.openers import libpq_url, sqlite_address
from stepladder.errors import MissingExtra, UsageError

if TYPE_CHECKING:
    from sqlalchemy import Engine

_BUSY_SECONDS = 30.0


def engine(target: Target, *, read_only: bool) -> Engine:
    """An Engine with a pool of its own. Its URL holds no password: it cannot show one.

    Its sessions are set as ours are: the zone is UTC, foreign keys hold on SQLite. Raises MissingExtra; UsageError for
    a database in memory, which belongs to its one connection.
    """
    try:
        from sqlalchemy import create_engine
    except ModuleNotFoundError as error:
        raise MissingExtra("db.sqlalchemy()", "sqlalchemy") from error
    url, connect = _DIALECTS[target.driver](target, read_only)
    return create_engine(url, creator=connect)


Dialect = tuple[str, Callable[[], Any]]


def _sqlite(target: Target, read_only: bool) -> Dialect:  # noqa: FBT001 - a row of the table below
    if target.path is None:
        raise UsageError("an Engine would open another database in memory, an empty one. Use a file.")
    address = sqlite_address(target, read_only=read_only)

    def connect() -> sqlite3.Connection:
        raw = sqlite3.connect(address, uri=True, timeout=_BUSY_SECONDS, check_same_thread=False)
        raw.execute("PRAGMA foreign_keys = ON")
        raw.execute(f"PRAGMA query_only = {int(read_only)}")
        return raw

    return f"sqlite:///{target.path}", connect


def _psycopg(target: Target, read_only: bool) -> Dialect:  # noqa: FBT001
    from stepladder.db.psycopg3 import connect

    return "postgresql+psycopg://", _session(connect, libpq_url(target), read_only=read_only)


def _psycopg2(target: Target, read_only: bool) -> Dialect:  # noqa: FBT001
    from stepladder.db.psycopg2 import connect

    return "postgresql+psycopg2://", _session(connect, libpq_url(target), read_only=read_only)


def _session(connect: Callable[[str], Any], url: str, *, read_only: bool) -> Callable[[], Any]:
    from stepladder.db.postgres import SESSION

    def open_session() -> Any:
        raw = connect(url)
        with raw.cursor() as cursor:
            cursor.execute(f"{SESSION}; SET default_transaction_read_only = {'on' if read_only else 'off'}")
        raw.commit()
        return raw

    return open_session


_DIALECTS: Mapping[str, Callable[[Target, bool], Dialect]] = {
    "sqlite3": _sqlite,
    "psycopg": _psycopg,
    "psycopg2": _psycopg2,
    "embedded": _psycopg,
}
