"""What can be asked of a database, and of a transaction in it: the same words on both."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

from stepladder.db.connection import Connection
from stepladder.db.load import LoadResult, Progress, load
from stepladder.db.rows import Rows
from stepladder.errors import DatabaseError, ParameterError, UndefinedTable, UsageError
from stepladder.sql import Column, first_word, parse_name, statements

_TRANSACTION_WORDS = ("BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE")
HOME = "stepladder"  # the schema of our own tables
Parameters = Mapping[str, object] | None


@dataclass(frozen=True, slots=True)
class Table:
    """A table or view: its columns with their PostgreSQL types, and its unique keys, the primary one first."""

    name: str
    columns: tuple[Column, ...]
    keys: tuple[tuple[str, ...], ...]


class Session(ABC):
    """The verbs that a Database and a Transaction share."""

    @abstractmethod
    def _connection(self) -> AbstractContextManager[Connection]:
        """A connection for one statement."""

    @abstractmethod
    def _transaction(self) -> AbstractContextManager[Connection]:
        """A connection inside a transaction, for several statements that belong together."""

    def query(self, sql: str, params: Parameters = None, /, **named: object) -> Rows:
        """Run one statement and fetch its rows; a statement without rows returns empty Rows."""
        _refuse_transaction_words(sql)
        with self._connection() as connection:
            result = connection.run(sql, _values(params, named) if params else named)
        return Rows(result.columns, result.rows)

    def execute(self, sql: str, params: Parameters = None, /, **named: object) -> int:
        """Run one statement; the number of rows that it wrote."""
        _refuse_transaction_words(sql)
        with self._connection() as connection:
            return connection.run(sql, _values(params, named)).affected

    def execute_many(self, sql: str, rows: Iterable[Mapping[str, object]], /) -> int:
        """Run one statement for each row of values, in one transaction; the rows written in all."""
        with self._transaction() as connection:
            return connection.run_many(sql, list(rows))

    def script(self, sql: str) -> None:
        """Run the statements one by one in one transaction. An error names the statement's number and line."""
        with self._transaction() as connection:
            for number, statement in enumerate(statements(sql), 1):
                _refuse_transaction_words(statement.text)
                try:
                    connection.run(statement.text, {})
                except DatabaseError as error:
                    raise error.at(f"statement {number}, line {statement.line}") from error

    def load(
        self,
        data: object,
        table: str,
        *,
        mode: str,
        key: Iterable[str] | None = None,
        where: str | None = None,
        params: Parameters = None,
        create: bool = False,
        format: str | None = None,  # noqa: A002 - the contract's word
        once: str | None = None,
        rejects: str | None = None,
        progress: Progress | None = None,
    ) -> LoadResult:
        """Write many rows into `table`, in one transaction: readers see all of them or none.

        `data` is a path (.csv, .jsonl, each also .gz; a web server log with format="combined"), Rows, or an
        iterable of dicts or tuples. `mode` is "append", "replace" (every row goes first), "upsert" (on `key`)
        or "replace_where" (the rows that `where` finds, with `params`, go first). `create` makes the table
        where it is missing. A second load with the same `once` does nothing. Rows that do not fit are named,
        the first 100 at once, and nothing is loaded (LoadError); rejects="table" keeps them in
        `<table>_rejects` instead, which is the default for format="combined".
        """
        with self._transaction() as connection:
            return load(
                connection,
                data,
                parse_name(table),
                mode=mode,
                key=tuple(key or ()),
                where=where,
                params=dict(params or {}),
                create=create,
                format=format,
                once=once,
                rejects=rejects,
                progress=progress,
            )

    def tables(self, schema: str | None = None) -> tuple[str, ...]:
        """The names of all tables and views but the engine's and Stepladder's own; or those of one schema."""
        with self._connection() as connection:
            return tuple(
                name.sql
                for name in connection.tables()
                if (name.schema != HOME if schema is None else (name.schema or "public") == schema)
            )

    def table(self, name: str) -> Table:
        """What the catalogue says of a table or view. Raises UndefinedTable."""
        found = parse_name(name)
        with self._connection() as connection:
            columns, keys = connection.columns(found), connection.keys(found)
        if columns is None:
            raise UndefinedTable(f"there is no table {found.sql}. See what there is: stepladder tables")
        return Table(found.sql, columns, keys)

    def server(self) -> str:
        """Product and version, for people: "PostgreSQL 18.6"."""
        with self._connection() as connection:
            return connection.version()


def _refuse_transaction_words(sql: str) -> None:
    """A transaction is a block: a COMMIT in the middle of it would keep half of the work."""
    word = first_word(sql)
    if word in _TRANSACTION_WORDS:
        raise UsageError(
            f"{word} is not sent: a transaction is a block, `with db.transaction() as tx`, that commits at its end. "
            "Nothing was done."
        )


def _values(params: Parameters, named: Mapping[str, object]) -> Mapping[str, object]:
    if not params:
        return named
    if not isinstance(params, Mapping):
        raise ParameterError(
            f"values are given by name: {{'name': value}} or name=value, and written :name in the SQL; got {type(params).__name__}."
        )
    twice = params.keys() & named.keys()
    if twice:
        raise ParameterError(f"given twice: {', '.join(sorted(twice))}.")
    return {**params, **named}
