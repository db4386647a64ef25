"""connect(): the only door to a database."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

from stepladder.config import Target, find_project, resolve_target, slow_seconds
from stepladder.db.connection import Connection
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
    UsageError,
    UseTransaction,
)

if TYPE_CHECKING:
    from sqlalchemy import Engine

T = TypeVar("T")
_IDLE_SECONDS = 20.0  # a process that is frozen while it makes our tables must not lock others out for ever
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
        self._thread = threading.local()

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
        lock_timeout: float | None = None,
        idle_timeout: float | None = None,
    ) -> Iterator[Transaction]:
        """Commit at the end of the block, or roll back and raise.

        `isolation` is PostgreSQL's word ("repeatable read", "serializable"); on SQLite every transaction is
        serializable. After a failed statement the transaction is dead on both engines. `lock_timeout` (seconds) gives
        up waiting for a lock with DatabaseBusy; a server ends a transaction that stands idle for `idle_timeout`.
        """
        if isolation not in _ISOLATION:
            raise UsageError(
                f"isolation must be one of {', '.join(map(repr, _ISOLATION[1:]))}, not {isolation!r}."
            )
        with self._own_transaction(read_only=read_only, isolation=isolation) as (connection, transaction):
            connection.be_brief(lock_seconds=lock_timeout, idle_seconds=idle_timeout)
            yield transaction
            transaction.refuse_dead()
            connection.commit()

    def sqlalchemy(self) -> Engine:
        """A SQLAlchemy Engine on the same target, for Alembic and ORMs; its pool is its own, and yours to dispose of.

        Raises MissingExtra; UsageError for a database in memory.
        """
        from stepladder.db.alchemy import engine

        return engine(self.target, read_only=self._read_only)

    @contextmanager
    def scratch(self) -> Iterator[Transaction]:
        """A transaction that is always rolled back: try what you like, nothing stays."""
        with self._own_transaction(read_only=False, isolation=None) as (_, transaction):
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

    def run_transaction(
        self,
        work: Callable[[Transaction], T],
        *,
        attempts: int = 5,
        isolation: str | None = None,
        idle_timeout: float | None = None,
    ) -> T:
        """work(tx) in a transaction; again, after a pause, when a retryable error ended it.

        A COMMIT of unknown outcome is raised, never repeated.
        """
        for attempt in range(1, attempts + 1):
            try:
                with self.transaction(isolation=isolation, idle_timeout=idle_timeout) as transaction:
                    return work(transaction)
            except DatabaseError as error:
                if not error.retryable or getattr(error, "outcome", "") == "unknown" or attempt == attempts:
                    raise
                time.sleep(random.uniform(0.5, 1.0) * min(2.0, 0.02 * 2**attempt))  # noqa: S311 - a pause, no secret
        raise UsageError(f"attempts must be at least 1, not {attempts}.")

    @contextmanager
    def _own_transaction(
        self, *, read_only: bool, isolation: str | None
    ) -> Iterator[tuple[Connection, Transaction]]:
        """A transaction that this thread is in until the block ends; whatever is not committed is rolled back."""
        with self._connection() as connection:
            connection.begin(read_only=read_only or self._read_only, isolation=isolation)
            transaction = Transaction(connection)
            self._thread.transaction = transaction
            try:
                yield connection, transaction
            finally:
                self._thread.transaction = None
                transaction.end()

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        if getattr(self._thread, "transaction", None) is not None:
            raise UseTransaction(
                "This thread has a transaction open: what is asked of the database now would run outside it. "
                "Ask the transaction: `with db.transaction() as tx: tx.query(...)`."
            )
        self._refuse_waiting_for_itself()
        with self._checked_out() as connection:
            yield connection

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with self._connection() as connection:
            connection.begin(read_only=self._read_only, isolation=None)
            yield connection
            connection.commit()

    @contextmanager
    def _undone(self) -> Iterator[Connection]:
        with self._connection() as connection:
            connection.begin(read_only=self._read_only, isolation=None)
            yield connection  # given back, it is rolled back

    @contextmanager
    def _reading(self) -> Iterator[tuple[Connection, Guard]]:
        with self._connection() as connection:
            connection.begin(read_only=True, isolation=None)
            streams = self._open_streams()
            streams.append(connection)
            try:
                yield connection, nullcontext
            finally:
                streams.remove(connection)

    def _open_streams(self) -> list[Connection]:
        """The connections of the streams that this thread has open."""
        if not hasattr(self._thread, "streams"):
            self._thread.streams = []
        found: list[Connection] = self._thread.streams
        return found

    def _refuse_waiting_for_itself(self) -> None:
        streams = len(self._open_streams())
        if streams >= self._pool.size:
            raise UsageError(
                f"This thread reads {streams} stream{'s' * (streams > 1)}, and that is every connection there may be: it would "
                "wait for itself. End the stream first; or `with db.transaction() as tx` and ask tx for both; or raise pool_size."
            )

    @contextmanager
    def _checked_out(self) -> Iterator[Connection]:
        connection = self._pool.take()
        broken = False
        try:
            connection.settle(limit=self._limit, read_only=self._read_only)
            connection.slow_seconds = self._slow
            yield connection
        except ConnectionFailed:
            broken = True
            raise
        finally:
            self._pool.give_back(connection, broken=broken)
