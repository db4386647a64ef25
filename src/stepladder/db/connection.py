"""What Stepladder asks of one open connection, whichever driver holds it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from stepladder.db.faults import with_caret
from stepladder.errors import SqlSyntaxError, UsageError
from stepladder.sql import Answer, Column, TableName, answer


@dataclass(frozen=True, slots=True)
class Result:
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


class Connection(ABC):
    """One connection, used by one thread at a time. Every error that leaves it is of our tree.

    Outside begin() each statement is its own transaction.
    """

    product: ClassVar[str]
    limited: float | None = None
    read_only: bool = False

    def settle(self, *, limit: float | None, read_only: bool) -> None:
        """Make the session as the options want it; says nothing to the server where it is so already."""
        if limit != self.limited:
            self.limit(limit)
            self.limited = limit
        if read_only != self.read_only:
            self.restrict(read_only=read_only)
            self.read_only = read_only

    @abstractmethod
    def run(self, sql: str, values: Mapping[str, object]) -> Result:
        """One statement in PostgreSQL's SQL, with `:name` values."""

    @abstractmethod
    def arrow(self, sql: str, values: Mapping[str, object]) -> Any:
        """The rows of one statement as a pyarrow Table of exact types (`arrow_table.table`)."""

    @abstractmethod
    def cursor(self, sql: str, values: Mapping[str, object], *, ahead: int) -> Cursor:
        """Open a query and read the first `ahead` rows. Inside a transaction only."""

    @abstractmethod
    def run_many(self, sql: str, rows: Sequence[Mapping[str, object]]) -> int:
        """One statement for each row of values; the sum of the rows affected. Inside a transaction only."""

    @abstractmethod
    def copy_rows(self, table: TableName, columns: Sequence[Column], rows: Sequence[Sequence[object]]) -> int:
        """Append rows of *stored* values (`stepladder.sql.encoder`). Inside a transaction only."""

    @abstractmethod
    def begin(self, *, read_only: bool, isolation: str | None) -> None:
        """Open a transaction; a writing one on SQLite takes the write lock at once."""

    @abstractmethod
    def be_brief(self, *, lock_seconds: float | None, idle_seconds: float | None) -> None:
        """In the open transaction: give up waiting for a lock after so long; be ended when idle for so long."""

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
    def usable(self) -> bool:
        """False when the other side is known to be gone. Costs no round trip."""

    @abstractmethod
    def close(self) -> None: ...


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
