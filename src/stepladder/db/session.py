"""What can be asked of a database, and of a transaction in it: the same words on both."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from time import perf_counter
from typing import Any

from stepladder.db.arrow.frames import frame_of, refuse_unknown_kind
from stepladder.db.catalog.values import Table
from stepladder.db.catalog.views_upon import ViewUpon
from stepladder.db.connection import Connection, Result
from stepladder.db.explain.plan import Plan
from stepladder.db.faults import with_caret
from stepladder.db.loading.load import LoadResult, Progress, load
from stepladder.db.native import Native
from stepladder.db.prints import Parts, Print
from stepladder.db.rows import Rows
from stepladder.db.stream import Guard, Stream, checked_batch_rows
from stepladder.errors import DatabaseError, ParameterError, UndefinedTable, UsageError
from stepladder.sql import Column, TableName, first_word, has_plan, parse_name, statements

_TRANSACTION_WORDS = frozenset(
    ("BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE")
)
HOME = "stepladder"  # the schema of our own tables
Parameters = Mapping[str, object] | None


class Session(ABC):
    """The verbs that a Database and a Transaction share."""

    @abstractmethod
    def _connection(self) -> AbstractContextManager[Connection]:
        """A connection for one statement."""

    @abstractmethod
    def _transaction(self) -> AbstractContextManager[Connection]:
        """A connection inside a transaction, for several statements that belong together."""

    @abstractmethod
    def _undone(self) -> AbstractContextManager[Connection]:
        """A connection inside a transaction, or a savepoint, that is rolled back."""

    @abstractmethod
    def _reading(self) -> AbstractContextManager[tuple[Connection, Guard]]:
        """A connection inside a transaction for as long as a stream is open, and what each call on it goes through."""

    def query(
        self, sql: str | Native, params: Parameters | Sequence[object] = None, /, **named: object
    ) -> Rows:
        """Run one statement and fetch its rows; a statement without rows returns empty Rows."""
        result = self._run(sql, params, named)
        return Rows(result.columns, result.rows)

    def frame(self, sql: str, params: Parameters = None, /, *, kind: str = "pandas", **named: object) -> Any:
        """Run one statement and return its rows as a frame: `kind` is "pandas", "polars" or "arrow" (a pyarrow Table).

        Values are exact: integers stay integers beside NULLs, numerics decimals, timestamptz is in UTC; the types are in
        docs/reference/frames.md. Raises AmbiguousColumn for two columns of one name, ParameterError for a type that no
        frame has, NumericOutOfRange for a numeric of more than 76 digits or NaN, MissingExtra.
        """
        refuse_unknown_kind(kind)
        _refuse_transaction_words(sql)
        with self._connection() as connection:
            table = connection.timed_arrow(sql, _values(params, named))
        return frame_of(table, kind)

    @contextmanager
    def stream(
        self, sql: str, params: Parameters = None, /, batch_rows: int = 10_000, **named: object
    ) -> Iterator[Stream]:
        """`with db.stream(sql) as s: for row in s: ...`: a query's rows in memory that does not grow with their number.

        `batch_rows` are fetched at a time. It holds a connection until the block ends, in a transaction of its own that
        only reads, or in this one. Only a query is streamed: UsageError for any other statement.
        """
        rows = checked_batch_rows(batch_rows)
        _refuse_transaction_words(sql)
        values = _values(params, named)
        with self._reading() as (connection, guard):
            began = perf_counter()
            with guard():
                cursor = connection.cursor(sql, values, ahead=rows)
            opening = perf_counter() - began
            stream = Stream(cursor, rows, guard)
            try:
                yield stream
            except DatabaseError:
                stream.end()  # whatever it broke, the transaction's end closes the cursor
                raise
            except BaseException:
                with suppress(DatabaseError):  # the first error is the news; the guard has noted this one
                    stream.close()
                raise
            else:
                stream.close()
            finally:
                stream.end()
                connection.took(sql, values, opening + stream.seconds, stream.rows)

    def execute(
        self, sql: str | Native, params: Parameters | Sequence[object] = None, /, **named: object
    ) -> int:
        """Run one statement; the number of rows that it wrote."""
        return self._run(sql, params, named).affected

    def _run(
        self, sql: str | Native, params: Parameters | Sequence[object], named: Mapping[str, object]
    ) -> Result:
        if isinstance(sql, Native):
            _refuse_transaction_words(sql.text)
            _refuse_several(sql.text)
            with self._connection() as connection:
                return connection.timed_native(sql.text, named or None if params is None else params)
        _refuse_transaction_words(sql)
        values = _values(params, named) if params is not None else named
        return self._timed(sql, values)

    def _timed(self, sql: str, values: Mapping[str, object]) -> Result:
        """One statement of the user's."""
        with self._connection() as connection:
            return connection.timed(sql, values)

    def explain(
        self,
        sql: str,
        params: Parameters = None,
        /,
        analyze: bool = False,  # noqa: FBT001, FBT002 - the contract's
        **named: object,
    ) -> Plan:
        """How the engine means to run a query or a write, and what is slow in it.

        `analyze` runs the statement, measures it, and rolls it back; what no rollback undoes (a sequence's next
        number) is done. Raises UsageError for a statement that has no plan.
        """
        _refuse_without_plan(sql)
        values = _values(params, named)
        if analyze:
            with self._undone() as connection:
                return connection.analyze(sql, values)
        with self._connection() as connection:
            return connection.explain(sql, values)

    def execute_many(self, sql: str, rows: Iterable[Mapping[str, object]], /) -> int:
        """Run one statement for each row of values, in one transaction; the rows written in all.

        An error says the row, from 1; then nothing was written.
        """
        _refuse_transaction_words(sql)
        given = list(rows)
        for number, row in enumerate(given, 1):
            if not isinstance(row, Mapping):
                raise ParameterError(
                    f"row {number}: values are given by name, {{'name': value}}; got {type(row).__name__}."
                )
        with self._transaction() as connection:
            return connection.timed_many(sql, given)

    def script(self, sql: str) -> None:
        """Run the statements one by one in one transaction. An error names the statement's number and line."""
        with self._transaction() as connection:
            for number, statement in enumerate(statements(sql), 1):
                _refuse_transaction_words(statement.text)
                try:
                    connection.timed(statement.text, {})
                except DatabaseError as error:
                    raise error.at(f"statement {number}, line {statement.line}") from error

    def load(
        self,
        data: object,
        table: str,
        *,
        mode: str,
        key: Iterable[str] | str | None = None,
        where: str | None = None,
        params: Parameters = None,
        create: bool = False,
        format: str | None = None,  # noqa: A002 - the contract's word
        on_duplicate: str = "error",
        once: str | None = None,
        rejects: str | None = None,
        progress: Progress | None = None,
    ) -> LoadResult:
        """Write many rows into `table`, in one transaction: readers see all of them or none.

        `data` is a frame of pandas or polars, anything that speaks Arrow, Rows, an iterable of dicts or tuples, or a
        path: .csv, .jsonl (each also .gz), .parquet, a web server log with format="combined". In pandas NaN is NULL
        and the index is left out. `mode` is "append", "replace" (every row goes first), "upsert" (on `key`) or
        "replace_where" (the rows that `where` finds, with `params`, go first; the new ones must all be such rows).
        `create` makes the table where it is missing. With a `key`, in any mode, no two rows of the data may have
        the same one: on_duplicate="first" or "last" keeps one of them, "error" names them (LoadError). A second load
        with the same `once` does nothing. Rows that do not fit are named, the first 100 at once, and nothing is
        loaded (LoadError); rejects="table" keeps them in `<table>_rejects` instead, which is the default for
        format="combined". A row that a constraint or trigger refuses is named too, and nothing is loaded.
        """
        with self._transaction() as connection:
            done = load(
                connection,
                data,
                parse_name(table),
                mode=mode,
                key=(key,) if isinstance(key, str) else tuple(key or ()),
                where=where,
                params=dict(params or {}),
                create=create,
                format=format,
                on_duplicate=on_duplicate,
                once=once,
                rejects=rejects,
                progress=progress,
            )
            connection.figures.add(f"load into {table}", done.seconds, done.inserted + done.updated)
        return done

    def tables(self, schema: str | None = None) -> tuple[str, ...]:
        """The names of all tables and views but the engine's and Stepladder's own; or those of one schema."""
        with self._connection() as connection:
            return tuple(
                name.sql
                for name in connection.tables()
                if (name.schema != HOME if schema is None else (name.schema or "public") == schema)
            )

    def table(self, name: str) -> Table:
        """What the catalogue says of a table or view: equal for equal tables on both engines. Raises UndefinedTable."""
        found = parse_name(name)
        with self._connection() as connection:
            table = connection.describe(found)
        if table is None:
            raise _no_table(found)
        return table

    def columns(self, name: str) -> tuple[Column, ...]:
        """The columns of a table or view and nothing else, which costs less than `table`. Raises UndefinedTable."""
        found = parse_name(name)
        with self._connection() as connection:
            columns = connection.columns(found)
        if columns is None:
            raise _no_table(found)
        return columns

    def prints(self, parts: Parts) -> tuple[Print, ...]:
        """What each part of a table holds, to be compared with what it held before: see `stepladder.db.prints`."""
        with self._connection() as connection:
            return connection.prints(parts)

    def view_reads(self, name: str) -> tuple[TableName, ...]:
        """The tables and views that a view reads, through other views too; none for a table."""
        found = parse_name(name)
        with self._connection() as connection:
            return connection.view_reads(found)

    def views_upon(self, name: str, columns: Sequence[str]) -> tuple[ViewUpon, ...]:
        """The views that keep the engine from changing the type of a table's columns: see `db.catalog.views_upon`."""
        with self._connection() as connection:
            return connection.views_upon(parse_name(name), columns)

    def server(self) -> str:
        """Product and version, for people: "PostgreSQL 18.6"."""
        with self._connection() as connection:
            return connection.version()


def _no_table(name: TableName) -> UndefinedTable:
    return UndefinedTable(f"there is no table {name.sql}. See what there is: stepladder tables")


def _refuse_transaction_words(sql: str) -> None:
    """A transaction is a block: a COMMIT in the middle of it would keep half of the work."""
    if not isinstance(sql, str):
        raise UsageError(
            f"PostgreSQL's SQL is given as text, not as a {type(sql).__name__}. Nothing was sent."
        )
    if first_word(sql) in _TRANSACTION_WORDS:
        raise UsageError(
            f"{first_word(sql)} is not sent: a transaction is a block, `with db.transaction() as tx`, that commits at its end. "
            "Nothing was done."
        )


def _refuse_several(native: str) -> None:
    """One statement, as PostgreSQL's own protocol has it: a COMMIT behind another one would end the block's transaction."""
    try:
        several = len(statements(native)) > 1
    except DatabaseError:
        return  # the driver's own dialect: it is the driver that reads it
    if several:
        raise UsageError("native() takes one statement, and this text holds several. Nothing was sent.")


def _refuse_without_plan(sql: object) -> None:
    if not isinstance(sql, str):
        raise UsageError(
            f"explain() takes PostgreSQL's SQL as text, not a {type(sql).__name__}. Nothing was run."
        )
    try:
        explained = has_plan(sql)
    except DatabaseError as error:
        raise with_caret(error, sql) from error
    if not explained:
        raise UsageError("only a query and INSERT, UPDATE, DELETE or MERGE have a plan. Nothing was run.")


def _values(params: Parameters | Sequence[object], named: Mapping[str, object]) -> Mapping[str, object]:
    if params is None:
        return named
    if not isinstance(params, Mapping) or not all(isinstance(name, str) for name in params):
        raise ParameterError(
            f"values are given by name: {{'name': value}} or name=value, and written :name in the SQL; got {type(params).__name__}."
        )
    twice = params.keys() & named.keys()
    if twice:
        raise ParameterError(f"given twice: {', '.join(sorted(twice))}.")
    return {**params, **named}
