"""connect(): the only door to a database."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import TypeVar, overload
from urllib.parse import quote as percent

from stepladder.config import Target, find_project, resolve_target
from stepladder.db.connection import Connection
from stepladder.db.pool import Pool
from stepladder.db.session import Session
from stepladder.db.steps import done_so_far, take
from stepladder.db.transaction import Transaction
from stepladder.errors import (
    ConnectionFailed,
    DatabaseError,
    Disconnected,
    MissingExtra,
    UsageError,
    UseTransaction,
)

T = TypeVar("T")
_IDLE_SECONDS = 20.0  # a process that is frozen while it makes our tables must not lock others out for ever
_LOOKS = 5  # for a token, when the answer of a COMMIT was lost
_FRESH_CONNECTIONS = 3  # that may break while they are made ready, before the last error is raised
_ISOLATION = (None, "read committed", "repeatable read", "serializable")


def connect(
    target: str | Target | None = None,
    /,
    *,
    pool_size: int = 10,
    pool_timeout: float = 30.0,
    statement_timeout: float | None = None,
    read_only: bool = False,
) -> Database:
    """A database, by URL or by a target's name in stepladder.toml; None: STEPLADDER_TARGET, else `default`.

    The first connection is made here, so that a server that is down or a wrong password shows at once. Times
    are seconds. Raises ConfigError, ConnectionFailed, MissingExtra.
    """
    found = target if isinstance(target, Target) else resolve_target(target, find_project())
    size = 1 if found.is_sqlite and found.path is None else pool_size
    pool = Pool(_OPENERS[found.driver](found, read_only=read_only), size=size, timeout=pool_timeout)
    database = Database(pool, found, statement_timeout=statement_timeout, read_only=read_only)
    try:
        with database._connection():
            pass
    except BaseException:
        pool.close()
        raise
    return database


class _Thread(threading.local):
    """What a thread has open."""

    transaction: Transaction | None = None


class Database(Session):
    """A pool of connections to one target. Thread-safe. Close it, or use it as a context manager."""

    def __init__(
        self, pool: Pool, target: Target, *, statement_timeout: float | None, read_only: bool
    ) -> None:
        self.target = target
        self._pool = pool
        self._limit = statement_timeout
        self._read_only = read_only
        self._thread = _Thread()

    def __enter__(self) -> Database:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Database {self.target}>"

    def close(self) -> None:
        """Close every connection: the idle ones now, the others when they come back."""
        self._pool.close()

    def options(self, *, statement_timeout: float | None = None, read_only: bool | None = None) -> Database:
        """The same pool, with a limit in seconds for each statement, or refusing to write; None: as it is here."""
        view = Database(
            self._pool,
            self.target,
            statement_timeout=self._limit if statement_timeout is None else statement_timeout,
            read_only=self._read_only if read_only is None else read_only,
        )
        view._thread = self._thread
        return view

    @contextmanager
    def transaction(
        self,
        *,
        read_only: bool = False,
        isolation: str | None = None,
        deferrable: bool = False,
        lock_timeout: float | None = None,
        idle_timeout: float | None = None,
    ) -> Iterator[Transaction]:
        """Commit at the end of the block, or roll back and raise.

        `isolation` is PostgreSQL's word ("repeatable read", "serializable"); on SQLite every transaction is
        serializable. `deferrable`, for a serializable one that only reads, waits for a moment from which on it can
        neither fail nor be in another's way. After a failed statement the transaction is dead on both engines.
        `lock_timeout` (seconds) gives up waiting for a lock with DatabaseBusy; a server ends a transaction that stands
        idle for `idle_timeout`.
        """
        if isolation not in _ISOLATION:
            raise UsageError(
                f"isolation must be one of {', '.join(map(repr, _ISOLATION[1:]))}, not {isolation!r}."
            )
        if deferrable and not (isolation == "serializable" and (read_only or self._read_only)):
            raise UsageError(
                'deferrable=True is for transaction(read_only=True, isolation="serializable", deferrable=True) only: '
                "PostgreSQL ignores it elsewhere. Nothing was done."
            )

        def ready(connection: Connection) -> None:
            self._begin(connection, read_only=read_only, isolation=isolation, deferrable=deferrable)
            connection.be_brief(lock_seconds=lock_timeout, idle_seconds=idle_timeout)

        with self._own_transaction(ready) as (connection, transaction):
            yield transaction
            transaction.refuse_dead()
            connection.commit()

    @contextmanager
    def scratch(self) -> Iterator[Transaction]:
        """A transaction that is always rolled back: try what you like, nothing stays."""
        with self._own_transaction(self._begin) as (_, transaction):
            yield transaction

    def take_steps(self, part: str, steps: Sequence[str]) -> None:
        """Bring a part of our own tables (schema `stepladder`) to its last numbered step."""
        with self._transaction() as connection:
            connection.be_brief(lock_seconds=None, idle_seconds=_IDLE_SECONDS)
            take(connection, part, steps)

    def steps_taken(self, part: str) -> int:
        """The number of the last step that was taken; 0 where there are none of its tables."""
        with self._connection() as connection:
            return done_so_far(connection, part)

    @overload
    def run_transaction(
        self,
        work: Callable[[Transaction], T],
        *,
        attempts: int = 5,
        once: None = None,
        isolation: str | None = None,
        idle_timeout: float | None = None,
    ) -> T: ...
    @overload
    def run_transaction(
        self,
        work: Callable[[Transaction], T],
        *,
        attempts: int = 5,
        once: str,
        isolation: str | None = None,
        idle_timeout: float | None = None,
    ) -> T | None: ...
    def run_transaction(
        self,
        work: Callable[[Transaction], T],
        *,
        attempts: int = 5,
        once: str | None = None,
        isolation: str | None = None,
        idle_timeout: float | None = None,
    ) -> T | None:
        """work(tx) in a transaction, and what it returned; again, after a pause, when a retryable error ended it.

        Retryable are serialization failures, deadlocks, busy files and lost connections. Whether a COMMIT whose answer
        was lost took effect is told by the token `once`, which is written in the same transaction: if so, what that
        attempt's work returned is returned; if not, the work is done again. Without a token such a COMMIT is raised,
        Disconnected with outcome "unknown", and never repeated. A later call with a token that is there does nothing,
        whoever wrote it, and returns None. A token is unique per target.
        """
        if attempts < 1:
            raise UsageError(f"attempts must be at least 1, not {attempts}.")
        results: list[T] = []  # of an attempt that came as far as its COMMIT

        def attempt() -> T | None:
            results.clear()
            with self.transaction(isolation=isolation, idle_timeout=idle_timeout) as transaction:
                if once is not None and not transaction.take_mark(once):
                    return None
                results.append(work(transaction))
            return results[0]

        for left in reversed(range(attempts)):
            try:
                return attempt()
            except DatabaseError as error:
                if getattr(error, "outcome", "") == "unknown":
                    if once is None or not results:
                        raise
                    if self._took_effect(once, error):
                        return results[0]
                    if not left:
                        raise _rolled_back(error) from error
                if not error.retryable or not left:
                    raise
                _pause(attempts - left)
        raise AssertionError("not reached")

    def _took_effect(self, once: str, unknown: DatabaseError) -> bool:
        """Whether the COMMIT that broke off had been done. Raises `unknown` again where nobody can be asked."""
        for tries in range(1, _LOOKS + 1):
            try:
                # To write it again waits for a session that is still at it, as reading it would not.
                with self.scratch() as transaction:
                    return not transaction.take_mark(once)
            except DatabaseError as error:
                if not error.retryable:
                    break
                _pause(tries)
        raise unknown

    @contextmanager
    def _own_transaction(
        self, ready: Callable[[Connection], None]
    ) -> Iterator[tuple[Connection, Transaction]]:
        """A transaction that this thread is in until the block ends; whatever is not committed is rolled back."""
        with self._connection(ready) as connection:
            transaction = Transaction(connection)
            self._thread.transaction = transaction
            try:
                yield connection, transaction
            finally:
                self._thread.transaction = None
                transaction.end()

    def _connection(self, ready: Callable[[Connection], None] | None = None) -> _Lease:
        if self._thread.transaction is not None:
            raise UseTransaction(
                "This thread has a transaction open: what is asked of the database now would run outside it. "
                "Ask the transaction: `with db.transaction() as tx: tx.query(...)`."
            )
        return _Lease(self._pool, ready or self._settle)

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with self._connection(self._begin) as connection:
            yield connection
            connection.commit()

    def _settle(self, connection: Connection) -> None:
        if connection.limited != self._limit or connection.read_only != self._read_only:
            connection.settle(limit=self._limit, read_only=self._read_only)

    def _begin(
        self,
        connection: Connection,
        *,
        read_only: bool = False,
        isolation: str | None = None,
        deferrable: bool = False,
    ) -> None:
        self._settle(connection)
        connection.begin(read_only=read_only or self._read_only, isolation=isolation, deferrable=deferrable)


class _Lease:
    """A connection for the length of a block: made ready, and given back at the end; dropped if it broke."""

    __slots__ = ("_connection", "_pool", "_ready")
    _connection: Connection

    def __init__(self, pool: Pool, ready: Callable[[Connection], None]) -> None:
        self._pool = pool
        self._ready = ready

    def __enter__(self) -> Connection:
        broken = 0
        while True:
            connection = self._pool.take()
            try:
                self._ready(connection)
            except Disconnected:
                # Nothing of the user's was sent yet: another connection will do as well.
                self._pool.give_back(connection, broken=True)
                broken += 1
                if broken == _FRESH_CONNECTIONS:
                    raise
            except BaseException:
                self._pool.give_back(connection)
                raise
            else:
                self._connection = connection
                return connection

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.give_back(self._connection, broken=isinstance(error, ConnectionFailed))


def _rolled_back(unknown: DatabaseError) -> Disconnected:
    return Disconnected(
        f"the connection was lost while the transaction was committed: {unknown.message.splitlines()[0]}\n"
        "It was rolled back: its token is not there. Run it again.",
        sqlstate=unknown.sqlstate,
    )


def _pause(tries: int) -> None:
    """Longer from try to try, and of random length: two that are in each other's way must fall out of step."""
    time.sleep(random.uniform(0.5, 1.0) * min(2.0, 0.02 * 2**tries))  # noqa: S311 - a pause, no secret


def _sqlite(target: Target, *, read_only: bool) -> Callable[[], Connection]:
    from stepladder.db.sqlite import SqliteConnection

    options = target.url.partition("?")[2]
    address = f"file:{percent(str(target.path))}" if target.path else "file::memory:"
    # A reader must not turn somebody's file into WAL for good.
    wal = not read_only and "mode=ro" not in options
    return lambda: SqliteConnection(f"{address}?{options}" if options else address, wal=wal)


def _psycopg(target: Target, **_: bool) -> Callable[[], Connection]:
    from stepladder.db.psycopg3 import PsycopgConnection

    return lambda: PsycopgConnection(_libpq_url(target.url))


def _psycopg2(target: Target, **_: bool) -> Callable[[], Connection]:
    try:
        from stepladder.db.psycopg2 import Psycopg2Connection
    except ModuleNotFoundError as error:
        raise MissingExtra("A postgresql+psycopg2:// target", "psycopg2") from error

    return lambda: Psycopg2Connection(_libpq_url(target.url))


def _embedded(target: Target, **_: bool) -> Callable[[], Connection]:
    from stepladder.db import embedded
    from stepladder.db.psycopg3 import PsycopgConnection

    if target.path is None:
        raise UsageError("an embedded target needs a folder: postgresql+embedded:///folder")
    url = embedded.start(target.path)
    return lambda: PsycopgConnection(url)


def _libpq_url(url: str) -> str:
    return "postgresql://" + url.partition("://")[2]


_OPENERS: Mapping[str, Callable[..., Callable[[], Connection]]] = {
    "sqlite3": _sqlite,
    "psycopg": _psycopg,
    "psycopg2": _psycopg2,
    "embedded": _embedded,
}
