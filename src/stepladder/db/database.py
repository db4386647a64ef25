"""connect(): the only door to a database."""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar, overload

from stepladder.config import Target, find_project, resolve_target, slow_seconds
from stepladder.db.connection import Connection, Result
from stepladder.db.monitor import NEVER, Stats, stats
from stepladder.db.openers import opener
from stepladder.db.pool import Pool
from stepladder.db.session import Session
from stepladder.db.steps import done_so_far, take
from stepladder.db.stream import Guard
from stepladder.db.transaction import Transaction
from stepladder.errors import (
    ConnectionFailed,
    DatabaseError,
    Disconnected,
    UsageError,
    UseTransaction,
)

if TYPE_CHECKING:
    from sqlalchemy import Engine

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
    are seconds. STEPLADDER_SLOW_SECONDS sets the threshold of `options(slow_seconds=…)`. Raises ConfigError,
    ConnectionFailed, MissingExtra.
    """
    if target is not None and not isinstance(target, str | Target):
        raise UsageError(f"a target is a URL or a name, not a {type(target).__name__}. Nothing was opened.")
    if not isinstance(pool_size, int):
        raise UsageError(f"pool_size is a whole number, not {pool_size!r}. Nothing was opened.")
    _refuse_no_seconds(pool_timeout=pool_timeout, statement_timeout=statement_timeout)
    project = find_project()
    found = target if isinstance(target, Target) else resolve_target(target, project)
    size = 1 if found.is_sqlite and found.path is None else pool_size
    pool = Pool(opener(found, read_only=read_only), size=size, timeout=pool_timeout)
    database = Database(pool, found, statement_timeout=statement_timeout, read_only=read_only)
    threshold = slow_seconds(project)
    database._slow = NEVER if threshold is None else threshold
    try:
        with database._connection():
            pass
    except BaseException:
        pool.close()
        raise
    return database


def temporary() -> Database:
    """A SQLite database in a file without a name (https://sqlite.org/inmemorydb.html, "Temporary Databases"): whatever
    becomes of the process, nothing of it is left."""
    from stepladder.db.sqlite import SqliteConnection

    pool = Pool(lambda: SqliteConnection("file:", wal=False), size=1, timeout=0.0)
    return Database(pool, Target("sqlite:///", "sqlite3"), statement_timeout=None, read_only=False)


def _refuse_no_seconds(**given: object) -> None:
    for name, value in given.items():
        if value is not None and (not isinstance(value, int | float) or not value >= 0):
            raise UsageError(f"{name} is a number of seconds, not {value!r}. Nothing was done.")


class _Thread(threading.local):
    """What a thread has open."""

    transaction: Transaction | None = None

    def __init__(self) -> None:
        self.streams: list[Connection] = []


class Database(Session):
    """A pool of connections to one target. Thread-safe. Close it, or use it as a context manager."""

    def __init__(
        self, pool: Pool, target: Target, *, statement_timeout: float | None, read_only: bool
    ) -> None:
        self.target = target
        self._pool = pool
        self._limit = statement_timeout
        self._read_only = read_only
        self._slow = NEVER
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

    def options(
        self,
        *,
        statement_timeout: float | None = None,
        read_only: bool | None = None,
        slow_seconds: float | None = None,
    ) -> Database:
        """The same pool, with a limit in seconds for each statement, or refusing to write; None: as it is here.

        A statement that takes `slow_seconds` or more is logged by the logger `stepladder.slow`, with its plan and
        without its values (math.inf: none is).
        """
        _refuse_no_seconds(statement_timeout=statement_timeout, slow_seconds=slow_seconds)
        view = Database(
            self._pool,
            self.target,
            statement_timeout=self._limit if statement_timeout is None else statement_timeout,
            read_only=self._read_only if read_only is None else read_only,
        )
        view._slow = self._slow if slow_seconds is None else slow_seconds
        view._thread = self._thread
        return view

    def stats(self, *, top: int = 20) -> Stats:
        """The figures of the pool, and of the statements that were sent through it and its views: sums, and the `top`
        texts that took the longest. A load, and execute_many, count as one."""
        return stats(self._pool.stats(), self._pool.figures, top)

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
    def staging(
        self, *, lock_timeout: float | None = None, idle_timeout: float | None = None
    ) -> Iterator[Transaction]:
        """A transaction that first makes temporary tables out of what it sees at one moment, and writes others only after
        `tx.begin_writing()`: until then nobody waits for it on SQLite either, where a transaction that writes keeps all
        others from writing. On PostgreSQL it is one "repeatable read" transaction; on SQLite what it sees after
        begin_writing() is of that later moment.
        """

        def ready(connection: Connection) -> None:
            self._settle(connection)
            connection.begin_staging()
            connection.be_brief(lock_seconds=lock_timeout, idle_seconds=idle_timeout)

        with self._own_transaction(ready) as (connection, transaction):
            yield transaction
            transaction.refuse_dead()
            connection.commit()

    def cancel(self) -> None:
        """End every statement that runs now, in whatever thread, with StatementCanceled."""
        self._pool.cancel()

    def sqlalchemy(self) -> Engine:
        """A SQLAlchemy Engine on the same target, for Alembic and ORMs; its pool is its own, and yours to dispose of.

        Raises MissingExtra; UsageError for a database in memory.
        """
        from stepladder.db.alchemy import engine

        return engine(self.target, read_only=self._read_only)

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
            here = self._thread.__dict__  # this thread's: a generator may be closed by another one
            try:
                yield connection, transaction
            finally:
                if here["transaction"] is transaction:
                    here["transaction"] = None
                transaction.end()

    def _connection(self, ready: Callable[[Connection], None] | None = None) -> _Lease:
        self._refuse_second()
        return _Lease(self._pool, ready or self._settle)

    def _timed(self, sql: str, values: Mapping[str, object]) -> Result:
        # Without a context manager: around a query of microseconds it is one of them.
        here = self._thread
        if here.transaction is not None or here.streams:
            self._refuse_second()
        connection = _taken(self._pool.take_within_call, self._pool, self._settle)
        try:
            result = connection.timed(sql, values)
        except BaseException as error:
            self._pool.give_back(connection, broken=isinstance(error, ConnectionFailed))
            raise
        self._pool.give_back(connection)
        return result

    def _refuse_second(self) -> None:
        """A thread has one connection: a second one might be waited for without end, or see another state."""
        if self._thread.transaction is not None:
            raise UseTransaction(
                "This thread has a transaction open: what is asked of the database now would run outside it. "
                "Ask the transaction: `with db.transaction() as tx: tx.query(...)`."
            )
        if self._thread.streams:
            self._refuse_waiting_for_itself()

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with self._connection(self._begin) as connection:
            yield connection
            connection.commit()

    @contextmanager
    def _undone(self) -> Iterator[Connection]:
        with self._connection(self._begin) as connection:
            yield connection  # given back, it is rolled back

    @contextmanager
    def _reading(self) -> Iterator[tuple[Connection, Guard]]:
        def ready(connection: Connection) -> None:
            self._begin(connection, read_only=True)

        process = os.getpid()

        @contextmanager
        def guard() -> Iterator[None]:
            if process != os.getpid():
                raise UsageError("This stream belongs to the process that opened it. Open one here.")
            yield

        with self._connection(ready) as connection:
            streams = self._thread.streams
            streams.append(connection)
            try:
                yield connection, guard
            finally:
                streams.remove(connection)

    def _refuse_waiting_for_itself(self) -> None:
        streams = len(self._thread.streams)
        if streams >= self._pool.size:
            raise UsageError(
                f"This thread reads {streams} stream{'s' * (streams > 1)}, and that is every connection there may be: it would "
                "wait for itself. End the stream first; or `with db.transaction() as tx` and ask tx for both; or raise pool_size."
            )

    def _settle(self, connection: Connection) -> None:
        connection.slow_seconds = self._slow
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
        self._connection = _taken(self._pool.take, self._pool, self._ready)
        return self._connection

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.give_back(self._connection, broken=isinstance(error, ConnectionFailed))


def _taken(take: Callable[[], Connection], pool: Pool, ready: Callable[[Connection], None]) -> Connection:
    """A connection that was made ready."""
    broken = 0
    while True:
        connection = take()
        try:
            ready(connection)
        except Disconnected:
            # Nothing of the user's was sent yet: another connection will do as well.
            pool.give_back(connection, broken=True)
            broken += 1
            if broken == _FRESH_CONNECTIONS:
                raise
        except BaseException:
            pool.give_back(connection)
            raise
        else:
            return connection


def _rolled_back(unknown: DatabaseError) -> Disconnected:
    return Disconnected(
        f"the connection was lost while the transaction was committed: {unknown.message.splitlines()[0]}\n"
        "It was rolled back: its token is not there. Run it again.",
        sqlstate=unknown.sqlstate,
    )


def _pause(tries: int) -> None:
    """Longer from try to try, and of random length: two that are in each other's way must fall out of step."""
    time.sleep(random.uniform(0.5, 1.0) * min(2.0, 0.02 * 2**tries))  # noqa: S311 - a pause, no secret
