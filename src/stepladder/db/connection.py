"""What Stepladder asks of one open connection, whichever driver holds it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from stepladder.sql import Column, TableName, Type, encoder, quote


@dataclass(frozen=True, slots=True)
class Result:
    """Rows and their columns, and how many rows the statement wrote (0 where it writes none)."""

    columns: tuple[Column, ...]
    rows: list[tuple[Any, ...]]
    affected: int


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
    def run_many(self, sql: str, rows: Sequence[Mapping[str, object]]) -> int:
        """One statement for each row of values; the sum of the rows affected. Inside a transaction only."""

    @abstractmethod
    def copy_rows(self, table: TableName, columns: Sequence[Column], rows: Sequence[Sequence[object]]) -> int:
        """Append rows of *stored* values (`encoder`). Inside a transaction only."""

    @abstractmethod
    def copy_arrow(self, table: TableName, columns: Sequence[Column], batch: Any) -> int:
        """Append a pyarrow RecordBatch of *fitted* columns (`stepladder.db.arrow_fit`). Inside a transaction only."""

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

    def encoder(self, type_: Type) -> Callable[[Any], Any] | None:
        """A function from a Python value to the one that is stored; None: as it is. See `stepladder.sql.encoder`."""
        return encoder(type_)

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
