"""From a target to what opens its connections. A driver is imported when its first target is opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import quote as percent

from stepladder.config import Target
from stepladder.db.connection import Connection
from stepladder.errors import MissingExtra, UsageError

Open = Callable[[], Connection]


def opener(target: Target, *, read_only: bool) -> Open:
    """What opens one connection to `target`. An embedded server is started here. Raises MissingExtra, UsageError."""
    return _OPENERS[target.driver](target, read_only)


def sqlite_address(target: Target, *, read_only: bool) -> str:
    """The URI of the target's file, or of a database in memory (https://sqlite.org/uri.html)."""
    options = target.url.partition("?")[2]
    if target.path is None:
        return f"file::memory:?{options}" if options else "file::memory:"
    if read_only and "mode=" not in options:
        # A file that is not there is not made by somebody who only wants to read.
        options = f"{options}&mode=rw".removeprefix("&")
    address = f"file:{percent(str(target.path))}"
    return f"{address}?{options}" if options else address


def libpq_url(target: Target) -> str:
    """The target's URL as libpq takes it: several hosts, `?host=/socket`, `service`, `options` are its own business."""
    if target.driver != "embedded":
        return "postgresql://" + target.url.partition("://")[2]
    from stepladder.db import embedded

    if target.path is None:
        raise UsageError("an embedded target needs a folder: postgresql+embedded:///folder")
    return embedded.start(target.path)


def _sqlite(target: Target, read_only: bool) -> Open:  # noqa: FBT001 - a row of the table below
    from stepladder.db.sqlite import SqliteConnection

    address = sqlite_address(target, read_only=read_only)
    # A reader must not turn somebody's file into WAL for good.
    wal = not read_only and "mode=ro" not in address
    return lambda: SqliteConnection(address, wal=wal)


def _psycopg(target: Target, _read_only: bool) -> Open:  # noqa: FBT001
    from stepladder.db.psycopg3 import PsycopgConnection

    url = libpq_url(target)
    return lambda: PsycopgConnection(url)


def _psycopg2(target: Target, _read_only: bool) -> Open:  # noqa: FBT001
    try:
        from stepladder.db.psycopg2 import Psycopg2Connection
    except ModuleNotFoundError as error:
        raise MissingExtra("A postgresql+psycopg2:// target", "psycopg2") from error

    url = libpq_url(target)
    return lambda: Psycopg2Connection(url)


_OPENERS: Mapping[str, Callable[[Target, bool], Open]] = {
    "sqlite3": _sqlite,
    "psycopg": _psycopg,
    "psycopg2": _psycopg2,
    "embedded": _psycopg,
}
