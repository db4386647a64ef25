"""Where a load's rows go: straight into the table, or by way of a temporary one that is looked at as a whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from stepladder.db.connection import Connection
from stepladder.db.loading.fitting import Fitted
from stepladder.errors import DatabaseError, LoadError
from stepladder.files import Reject
from stepladder.sql import Column, TableName, Type, quote

T = TypeVar("T")
_SAVEPOINT = "stepladder_load"
_NUMBER = Column("stepladder_row", Type("int8"))
_STAGE = TableName(None, "stepladder_load")
_BLAMES_A_ROW = ("22", "23", "P0")  # SQLSTATE's classes: data, constraints, exceptions of triggers
_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for, checked."""

    table: TableName
    mode: str
    key: tuple[str, ...]
    where: str | None
    params: Mapping[str, object]
    on_duplicate: str
    keep_rejects: bool


@dataclass(frozen=True, slots=True)
class Written:
    """What a writer did, in rows; `refused` are rows that only showed when all were there."""

    inserted: int
    updated: int = 0
    duplicates: int = 0
    refused: tuple[Reject, ...] = ()


class Writer(Protocol):
    """Takes batches, then finishes."""

    def write(self, batch: Fitted) -> None: ...

    def finish(self) -> Written: ...


def writer(connection: Connection, request: Request, columns: Sequence[Column]) -> Writer:
    """The one that the request needs: a key, a predicate or a table that refers to itself wants all rows at hand."""
    facts = connection.load_facts(request.table)
    if request.key or request.mode == "replace_where" or facts.refers_to_itself:
        return _Staged(connection, request, columns)
    return _Direct(connection, request.table, columns)


class _Direct:
    """Straight into the table."""

    def __init__(self, connection: Connection, table: TableName, columns: Sequence[Column]) -> None:
        self._connection = connection
        self._table = table
        self._columns = columns
        self._written = 0

    def write(self, batch: Fitted) -> None:
        def put(start: int, end: int) -> int:
            return self._connection.copy_batch(self._table, self._columns, batch.part(start, end))

        def where(place: int) -> str:
            line = batch.line_of(place)
            return f"row {batch.numbers[place]}" + (f", line {line}" if line is not None else "")

        self._written += _placed(self._connection, self._table, put, (0, len(batch)), where)

    def finish(self) -> Written:
        return Written(self._written)


class _Staged:
    """Into a temporary table with the rows' numbers, and from there into the table.

    There the rows are looked at together: equal keys, rows outside of `where`. One statement moves them, so that a
    table whose rows refer to each other takes them in any order.
    """

    def __init__(self, connection: Connection, request: Request, columns: Sequence[Column]) -> None:
        self._connection = connection
        self._request = request
        self._columns = columns
        self._names = ", ".join(quote(column.name) for column in columns)
        self._key = ", ".join(map(quote, request.key))
        missing = set(request.key) - {column.name for column in columns}
        if missing:
            raise LoadError(
                f"the data lacks the key column {', '.join(sorted(missing))}. Nothing was loaded."
            )
        connection.run(
            f"CREATE TEMP TABLE {_STAGE.sql} AS SELECT 0::bigint AS {_NUMBER.name}, {self._names} FROM {request.table.sql} WHERE false",
            {},
        )

    def write(self, batch: Fitted) -> None:
        self._connection.copy_batch(_STAGE, (_NUMBER, *self._columns), _numbered(batch))

    def finish(self) -> Written:
        refused = self._outside() if self._request.where is not None else ()
        if refused and not self._request.keep_rejects:
            return Written(0, refused=refused)
        duplicates = self._without_twins() if self._request.key else 0
        ((first, last),) = self._ask(f"SELECT min({_NUMBER.name}), max({_NUMBER.name}) FROM {_STAGE.sql}")
        inserted, updated = self._moved(first, last + 1) if first is not None else (0, 0)
        self._connection.run(f"DROP TABLE {_STAGE.sql}", {})
        return Written(inserted, updated, duplicates, refused)

    def _moved(self, first: int, end: int) -> tuple[int, int]:
        """The stage's rows into the table; how many were inserted and updated."""
        request, connection = self._request, self._connection

        def put(start: int, end: int) -> tuple[int, int]:
            rows = (
                f"SELECT {self._names} FROM {_STAGE.sql} WHERE {_NUMBER.name} >= {start} AND {_NUMBER.name} < {end}"
                f" ORDER BY {_NUMBER.name}"
            )
            if request.mode == "upsert":
                return connection.upsert(request.table, self._columns, request.key, rows)
            sql = f"INSERT INTO {request.table.sql} ({self._names}) {rows}"
            return connection.run(sql, {}).affected, 0

        return _placed(connection, request.table, put, (first, end), "row {}".format)

    def _outside(self) -> tuple[Reject, ...]:
        """Rows that `where` does not find: at the next load they would not go, and be there twice."""
        alias = quote(self._request.table.name)
        found = self._connection.run(
            f"SELECT {_NUMBER.name}, {self._names} FROM {_STAGE.sql} AS {alias} WHERE ({self._request.where}) IS NOT TRUE"
            f" ORDER BY {_NUMBER.name}" + ("" if self._request.keep_rejects else f" LIMIT {_SHOWN}"),
            self._request.params,
        ).rows
        if found and self._request.keep_rejects:
            self._connection.run(
                f"DELETE FROM {_STAGE.sql} AS {alias} WHERE ({self._request.where}) IS NOT TRUE",
                self._request.params,
            )
        reason = f"outside of where: {self._request.where}"
        return tuple(Reject(row[0], None, None, None, reason, str(row[1:])) for row in found)

    def _without_twins(self) -> int:
        """Leave one row of each key, or raise LoadError; the number of rows that went."""
        if self._request.on_duplicate == "error":
            self._refuse_twins()
            return 0
        order = "DESC" if self._request.on_duplicate == "last" else "ASC"
        return self._connection.run(
            f"DELETE FROM {_STAGE.sql} WHERE {_NUMBER.name} IN (SELECT {_NUMBER.name} FROM (SELECT {_NUMBER.name},"
            f" row_number() OVER (PARTITION BY {self._key} ORDER BY {_NUMBER.name} {order}) AS stepladder_place"
            f" FROM {_STAGE.sql}) AS ranked WHERE stepladder_place > 1)",
            {},
        ).affected

    def _refuse_twins(self) -> None:
        twins = self._ask(
            f"SELECT min({_NUMBER.name}), max({_NUMBER.name}), count(*), {self._key} FROM {_STAGE.sql} GROUP BY {self._key}"
            f" HAVING count(*) > 1 ORDER BY 1 LIMIT {_SHOWN}"
        )
        if twins:
            name = ", ".join(self._request.key)
            keys = [", ".join(map(str, key)) for _, _, _, *key in twins]
            lines = [
                f"  rows {first} and {last}{f' and {count - 2} more' if count > 2 else ''}: {name} = {key}"
                for (first, last, count, *_), key in zip(twins, keys, strict=True)
            ]
            raise LoadError(
                f"the data holds more than one row of a key ({name}): {'; '.join(keys[:5])}. Nothing was loaded.\n"
                + "\n".join(lines)
                + '\nMend them, or say which one counts: on_duplicate="first" or "last" (--on-duplicate).'
            )

    def _ask(self, sql: str) -> list[tuple[Any, ...]]:
        return self._connection.run(sql, {}).rows


def _numbered(batch: Fitted) -> Any:
    """The batch's rows with their numbers in front."""
    if isinstance(batch.rows, list):
        return [(number, *row) for number, row in zip(batch.numbers, batch.rows, strict=True)]
    from stepladder.db.arrow.types import pyarrow

    pa = pyarrow("Arrow data")
    numbers = pa.array(batch.numbers, pa.int64())
    return pa.record_batch([numbers, *batch.rows.columns], names=[_NUMBER.name, *batch.rows.schema.names])


def _placed(
    connection: Connection,
    table: TableName,
    put: Callable[[int, int], T],
    span: tuple[int, int],
    where: Callable[[int], str],
) -> T:
    """put(start, end) of a span of rows. When the database refuses a row of them, its error says which.

    The row is found by halves, each in a savepoint: that works alike for keys, checks, references and triggers, on
    every engine and in every language of a server.
    """
    connection.savepoint(_SAVEPOINT)
    try:
        done = put(*span)
    except DatabaseError as error:
        if not error.sqlstate.startswith(_BLAMES_A_ROW):
            raise
        connection.rollback_to(_SAVEPOINT)
        place = _first_refused(connection, put, span)
        refused = error.at(f"{where(place)} does not fit {table.sql}; nothing was loaded")
        refused.exit_code = LoadError.exit_code  # type: ignore[misc]  # a refused row is no failure of the database
        raise refused from error
    connection.release(_SAVEPOINT)
    return done


def _first_refused(connection: Connection, put: Callable[[int, int], T], span: tuple[int, int]) -> int:
    start, end = span
    while end - start > 1:
        middle = (start + end) // 2
        connection.savepoint(_SAVEPOINT)
        try:
            put(start, middle)
        except DatabaseError:
            connection.rollback_to(_SAVEPOINT)
            end = middle
        else:
            connection.release(_SAVEPOINT)
            start = middle
    return start
