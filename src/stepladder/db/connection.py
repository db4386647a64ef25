"""What Stepladder asks of one open connection, whichever driver holds it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any, ClassVar, NamedTuple
from weakref import ref

from stepladder.config import Target
from stepladder.db.catalog.values import Table
from stepladder.db.catalog.views_upon import ViewUpon
from stepladder.db.explain.plan import Plan
from stepladder.db.faults import with_caret
from stepladder.db.health.findings import Finding
from stepladder.db.monitor import NEVER, StatementFigures, report_slow
from stepladder.db.native import NativeValues
from stepladder.db.prints import Parts, Print
from stepladder.errors import Error, SqlSyntaxError, UsageError
from stepladder.sql import Answer, Column, Encode, TableName, Type, answer, encoder, quote


class Result(NamedTuple):
    """Rows and their columns, and how many rows the statement wrote (0 where it writes none)."""

    columns: tuple[Column, ...]
    rows: list[tuple[Any, ...]]
    affected: int


class Cursor(ABC):
    """The rows of an open query, read in order, some at a time."""

    columns: tuple[Column, ...]

    @abstractmethod
    def fetch(self, rows: int) -> list[tuple[Any, ...]]:
        """The next rows, at most so many; fewer only at the end."""

    @abstractmethod
    def fetch_arrow(self, rows: int) -> list[Any]:
        """The same as Arrow arrays of `arrow_type`, one a column."""

    @abstractmethod
    def close(self) -> None:
        """Let go of what the engine holds for it. Inside its transaction."""


@dataclass(frozen=True, slots=True)
class LoadFacts:
    """What a load must know of a table beside its columns.

    `refers_to_itself`: a row may need another row of the same load. `fills_nulls`: a trigger may put a value where
    NULL is given.
    """

    refers_to_itself: bool
    fills_nulls: bool


class Connection(ABC):
    """One connection, used by one thread at a time. Every error that leaves it is of our tree.

    Outside begin() each statement is its own transaction.
    """

    product: ClassVar[str]
    holds_nan: ClassVar[bool]
    limited: float | None = None
    read_only: bool = False
    figures: StatementFigures = StatementFigures()  # a pool gives each of its connections its own
    slow_seconds: float = NEVER
    key: ref[Connection]  # what its pool knows it by

    def settle(self, *, limit: float | None, read_only: bool) -> None:
        """Make the session as the options want it; says nothing to the server where it is so already."""
        if limit != self.limited:
            self.limit(limit)
            self.limited = limit
        if read_only != self.read_only:
            self.restrict(read_only=read_only)
            self.read_only = read_only

    def timed(self, sql: str, values: Mapping[str, object]) -> Result:
        """run() for a user's statement: counted, timed, and logged with its plan when it was slow."""
        began = perf_counter()
        try:
            result = self.run(sql, values)
        except Error:
            self.took(sql, values, perf_counter() - began, None)
            raise
        seconds = perf_counter() - began
        rows = len(result.rows) or result.affected
        if seconds < self.slow_seconds:
            self.figures.add(sql, seconds, rows)
        else:
            self.took(sql, values, seconds, rows)
        return result

    def timed_native(self, text: str, values: NativeValues) -> Result:
        """run_native() for a user's statement, likewise; it has no plan to log."""
        began = perf_counter()
        rows = None
        try:
            result = self.run_native(text, values)
            rows = len(result.rows) or result.affected
        finally:
            self.took(text, {}, perf_counter() - began, rows)
        return result

    def timed_many(self, sql: str, rows: Sequence[Mapping[str, object]]) -> int:
        """run_many(), counted as one statement; its plan is that of the first row."""
        began = perf_counter()
        written = None
        try:
            written = self.run_many(sql, rows)
        finally:
            self.took(sql, rows[0] if rows else {}, perf_counter() - began, written)
        return written

    def timed_arrow(self, sql: str, values: Mapping[str, object]) -> Any:
        """arrow() for a user's statement, likewise."""
        began = perf_counter()
        rows = None
        try:
            found = self.arrow(sql, values)
            rows = found.num_rows
        finally:
            self.took(sql, values, perf_counter() - began, rows)
        return found

    def took(self, sql: str, values: Mapping[str, object], seconds: float, rows: int | None) -> None:
        """Count a user's statement; log it, with its plan, when it was slow. `rows` is None where it failed."""
        self.figures.add(sql, seconds, rows)
        if seconds >= self.slow_seconds:
            report_slow(sql, seconds, rows, lambda: self.explain_aside(sql, values))

    @abstractmethod
    def run(self, sql: str, values: Mapping[str, object]) -> Result:
        """One statement in PostgreSQL's SQL, with `:name` values."""

    def run_each(self, sql: str, rows: Sequence[Mapping[str, object]]) -> int:
        """run_many, one by one."""
        written = 0
        for number, row in enumerate(rows, 1):
            try:
                written += self.run(sql, row).affected
            except Error as error:
                raise error.at(f"row {number}") from error
        return written

    @abstractmethod
    def run_native(self, text: str, values: NativeValues) -> Result:
        """One statement in the driver's own SQL, with its own placeholders."""

    @abstractmethod
    def explain(self, sql: str, values: Mapping[str, object]) -> Plan:
        """How the engine means to run a query or a write; nothing of it is run."""

    @abstractmethod
    def analyze(self, sql: str, values: Mapping[str, object]) -> Plan:
        """The same, with what was measured: the statement *is run*. For a transaction that is rolled back."""

    @abstractmethod
    def explain_aside(self, sql: str, values: Mapping[str, object]) -> Plan | None:
        """explain(), where the session's state allows it, leaving that state as it was; else None."""

    @abstractmethod
    def arrow(self, sql: str, values: Mapping[str, object]) -> Any:
        """The rows of one statement as a pyarrow Table of exact types (`stepladder.db.arrow.table.table`)."""

    @abstractmethod
    def cursor(self, sql: str, values: Mapping[str, object], *, ahead: int) -> Cursor:
        """Open a query and read the first `ahead` rows. Inside a transaction only."""

    @abstractmethod
    def run_many(self, sql: str, rows: Sequence[Mapping[str, object]]) -> int:
        """One statement for each row of values; the sum of the rows affected. Inside a transaction only.

        An error that leaves it says the row, from 1.
        """

    def encoder(self, type_: Type) -> Encode | None:
        """A function from a value to the stored form that copy_rows takes; it raises what `stepladder.sql.encoder` does."""
        return encoder(type_)

    @abstractmethod
    def copy_rows(self, table: TableName, columns: Sequence[Column], rows: Sequence[Sequence[object]]) -> int:
        """Append rows of *stored* values (`encoder`). Inside a transaction only."""

    @abstractmethod
    def copy_arrow(self, table: TableName, columns: Sequence[Column], batch: Any) -> int:
        """Append a pyarrow RecordBatch of *fitted* columns (`stepladder.db.arrow.fit`). Inside a transaction only."""

    def copy_batch(self, table: TableName, columns: Sequence[Column], rows: Any) -> int:
        """Append stored rows or fitted columns, whichever they are; the number of rows."""
        copy = self.copy_rows if isinstance(rows, list) else self.copy_arrow
        return copy(table, columns, rows)

    def upsert(
        self, table: TableName, columns: Sequence[Column], key: Sequence[str], rows: str
    ) -> tuple[int, int]:
        """Insert the rows of a query, or update the ones whose key is there; how many of each. No key comes twice.

        Nobody else may write to the table meanwhile: what is there when it is counted must be there when the rows come.
        """
        match = " AND ".join(f"t.{quote(name)} = s.{quote(name)}" for name in key)
        ((total, there),) = self.run(
            f"SELECT count(*), count(*) FILTER (WHERE EXISTS (SELECT 1 FROM {table.sql} t WHERE {match})) FROM ({rows}) s",
            {},
        ).rows
        self.run(upsert_statement(table, columns, key, rows), {})
        return total - there, there if len(columns) > len(key) else 0

    @abstractmethod
    def load_facts(self, table: TableName) -> LoadFacts: ...

    @abstractmethod
    def begin(self, *, read_only: bool, isolation: str | None, deferrable: bool = False) -> None:
        """Open a transaction; a writing one on SQLite takes the write lock at once."""

    @abstractmethod
    def begin_staging(self) -> None:
        """Open a transaction that sees one moment and makes temporary tables; it writes others from begin_writing() on."""

    @abstractmethod
    def begin_writing(self) -> None:
        """On SQLite only now the write lock is taken: others may have written since the moment that was seen."""

    @abstractmethod
    def hold(self, table: TableName, columns: Sequence[str], *, to_change: bool) -> None:
        """Until the transaction ends nobody else changes what the table is. SerializationFailure where somebody has since the
        moment that the transaction sees, when its columns were these."""

    @abstractmethod
    def be_brief(self, *, lock_seconds: float | None, idle_seconds: float | None) -> None:
        """In the open transaction: give up waiting for a lock after so long; be ended when idle for so long."""

    @abstractmethod
    def index_temporary(self, table: str, columns: Sequence[str]) -> None:
        """Make it quick to find the rows of a temporary table by these columns."""

    @abstractmethod
    def commit(self) -> None: ...

    @abstractmethod
    def rollback(self) -> None:
        """Leave whatever transaction is open. Does nothing where none is."""

    @abstractmethod
    def reset(self) -> None:
        """Roll back, and undo what statements have set in the session: the next one to use it finds it new."""

    @abstractmethod
    def savepoint(self, name: str) -> None: ...

    @abstractmethod
    def release(self, name: str) -> None: ...

    @abstractmethod
    def rollback_to(self, name: str) -> None: ...

    @abstractmethod
    def columns(self, table: TableName) -> tuple[Column, ...] | None:
        """The table's columns in order; None where there is no such table."""

    @abstractmethod
    def keys(self, table: TableName) -> tuple[tuple[str, ...], ...]:
        """The column names of each unique key, the primary key first."""

    @abstractmethod
    def prints(self, parts: Parts) -> tuple[Print, ...]:
        """What each part of a table holds: see `stepladder.db.prints`."""

    @abstractmethod
    def describe(self, table: TableName) -> Table | None:
        """All that the catalogue says of a table or view; None where there is none."""

    @abstractmethod
    def view_reads(self, view: TableName) -> tuple[TableName, ...]:
        """The tables and views that a view reads, through other views too; none for what is no view."""

    @abstractmethod
    def views_upon(self, table: TableName, columns: Sequence[str]) -> tuple[ViewUpon, ...]:
        """The views that keep the engine from changing the type of these columns: see `db.catalog.views_upon`."""

    @abstractmethod
    def tables(self) -> tuple[TableName, ...]:
        """Every table and view that is not the engine's own."""

    @abstractmethod
    def make_home(self) -> None:
        """Make the schema `stepladder` where it is missing, one session at a time. Inside a transaction."""

    @abstractmethod
    def limit(self, seconds: float | None) -> None:
        """Cancel every later statement that runs longer; None: never."""

    @abstractmethod
    def restrict(self, *, read_only: bool) -> None:
        """Refuse every later write, or allow them again."""

    @abstractmethod
    def version(self) -> str:
        """The server's or library's version, for people."""

    @abstractmethod
    def examine(self, target: Target, pool_size: int) -> tuple[Finding, ...]:
        """Whether all is fit for work: see `stepladder.db.examination`. Writes nothing."""

    @abstractmethod
    def usable(self) -> bool:
        """False when the other side is known to be gone. Costs no round trip."""

    def answers(self) -> bool:
        """Whether the other side still answers; a round trip, where there is another side."""
        return True

    @abstractmethod
    def cancel(self) -> None:
        """From another thread: end the statement that runs, if any, with StatementCanceled."""

    @abstractmethod
    def close(self) -> None: ...


class Lent(Connection):
    """A connection that is the user's: see `wrap`."""

    @abstractmethod
    def is_open(self) -> bool:
        """Whether its owner, or the server, has not closed it."""

    @abstractmethod
    def stands_alone(self) -> bool:
        """Whether each statement is its own transaction now: autocommit, and none is open."""

    @abstractmethod
    def transaction_failed(self, *, known: bool) -> bool:
        """Whether the open transaction is dead. `known`: a statement of ours has failed in it."""


def refuse_no_rows(sql: str) -> Answer:
    """What the statement gives back; UsageError where that is nothing."""
    try:
        found = answer(sql)
    except SqlSyntaxError as error:
        raise with_caret(error, sql) from error
    if found is Answer.NOTHING:
        raise UsageError("this statement returns no rows. Run it with execute(). Nothing was run.")
    return found


def refuse_all_but_queries(sql: str) -> None:
    """Raise UsageError unless the statement is a query."""
    if refuse_no_rows(sql) is not Answer.QUERY:
        raise UsageError(
            "only a query is streamed: SELECT, VALUES or TABLE, writing nothing. Run this one with query(). Nothing was run."
        )


def upsert_statement(table: TableName, columns: Sequence[Column], key: Sequence[str], rows: str) -> str:
    """INSERT … ON CONFLICT of a query's rows; a table of nothing but keys has nothing to update."""
    names = ", ".join(quote(column.name) for column in columns)
    rest = ", ".join(
        f"{quote(column.name)} = excluded.{quote(column.name)}"
        for column in columns
        if column.name not in key
    )
    then = f"UPDATE SET {rest}" if rest else "NOTHING"
    return f"INSERT INTO {table.sql} ({names}) {rows} ON CONFLICT ({', '.join(map(quote, key))}) DO {then}"
