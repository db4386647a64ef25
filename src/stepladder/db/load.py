"""Many rows into a table, in one transaction: values are checked here, row by row, before they are sent."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from stepladder.db import marks
from stepladder.db.connection import Connection
from stepladder.db.incoming import BATCH_ROWS, Given, incoming
from stepladder.errors import (
    DataError,
    LoadError,
    ParameterError,
    UndefinedTable,
    UsageError,
)
from stepladder.files import Batch, Reject, Source
from stepladder.sql import Column, TableName, Type, quote

MODES = ("append", "replace", "upsert", "replace_where")
_REJECTS_SHOWN = 100
_REJECT_COLUMNS = (
    Column("load_id", Type("text"), not_null=True),
    Column("row", Type("int8")),
    Column("line", Type("int8")),
    Column("column", Type("text")),
    Column("value", Type("text")),
    Column("reason", Type("text"), not_null=True),
    Column("raw", Type("text")),
)


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What a load did, in rows. `skipped` is True when its once-token had been used before."""

    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    rejected: int = 0
    skipped: bool = False
    seconds: float = 0.0


# Called after each batch with (rows so far, bytes of the file read, its size), the last two None without a file.
Progress = Callable[[int, int | None, int | None], None]


@dataclass(frozen=True, slots=True)
class _Request:
    """What was asked for, checked."""

    table: TableName
    mode: str
    key: tuple[str, ...]
    where: str | None
    params: Mapping[str, object]
    keep_rejects: bool


def load(
    connection: Connection,
    data: object,
    table: TableName,
    *,
    mode: str,
    key: tuple[str, ...],
    where: str | None,
    params: Mapping[str, object],
    create: bool,
    format: str | None,  # noqa: A002 - the contract's word
    once: str | None,
    rejects: str | None,
    progress: Progress | None,
) -> LoadResult:
    """Write `data` into `table`. The connection is inside a transaction; see Session.load."""
    started = time.monotonic()
    request = _checked(table, mode, key, where, params, rejects, format)
    if format is not None and not isinstance(data, str | Path):
        raise UsageError(f"format={format!r} is for a file; the data is a {type(data).__name__}.")
    source = incoming(data, format)
    if once is not None and not marks.take(connection, once):
        return LoadResult(skipped=True, seconds=time.monotonic() - started)
    columns = _target_columns(connection, request, source, create=create)
    deleted = _clear(connection, request)
    writer = _writer(connection, request, columns)
    rejected = _write(connection, writer, source, columns, request, progress)
    if rejected and not request.keep_rejects:
        raise LoadError(_refusal(request.table, rejected))
    _keep_rejects(connection, request.table, rejected)
    inserted, updated = writer.finish()
    return LoadResult(inserted, updated, deleted, len(rejected), seconds=time.monotonic() - started)


def _checked(
    table: TableName,
    mode: str,
    key: tuple[str, ...],
    where: str | None,
    params: Mapping[str, object],
    rejects: str | None,
    format_: str | None,
) -> _Request:
    if mode not in MODES:
        raise UsageError(f"mode must be one of {', '.join(MODES)}, not {mode!r}. Nothing was read.")
    if (mode == "upsert") != bool(key) and mode == "upsert":
        raise UsageError(
            'mode="upsert" needs key=[...]: the columns that tell whether a row is there already.'
        )
    if (mode == "replace_where") != (where is not None):
        raise UsageError(
            'mode="replace_where" and where="..." belong together: the rows that it finds go first.'
        )
    if params and where is None:
        raise ParameterError(
            f'no where="..." uses the values {", ".join(sorted(params))}. Nothing was loaded.'
        )
    if rejects not in (None, "table"):
        raise UsageError(f'rejects is "table" or not given, not {rejects!r}.')
    return _Request(table, mode, key, where, params, rejects == "table" or format_ == "combined")


# -- where it goes
def _target_columns(
    connection: Connection, request: _Request, source: Source | Given, *, create: bool
) -> tuple[Column, ...]:
    """The table's columns that the data fills, in the data's order. Makes the table where that was asked for."""
    names = source.names if isinstance(source, Given) else tuple(column.name for column in source.columns)
    there = connection.columns(request.table)
    if there is None:
        if not create:
            raise UndefinedTable(
                f"there is no table {request.table.sql}. Make it with CREATE TABLE, or let the load make it: create=True (--create)."
            )
        columns = source.typed() if isinstance(source, Given) else source.columns
        if not columns:
            raise UsageError(
                f"{request.table.sql} cannot be made from tuples or from no rows: give dicts, Rows or a file."
            )
        _create(connection, request.table, columns, request.key)
        there = connection.columns(request.table) or ()
    if not names:
        return there
    known = {column.name: column for column in there}
    strange = [name for name in names if name not in known]
    if strange:
        raise LoadError(
            f"the data has columns that {request.table.sql} has not: {', '.join(strange)}. It has: {', '.join(known)}. Nothing was loaded."
        )
    return tuple(known[name] for name in names)


def _create(
    connection: Connection, table: TableName, columns: Sequence[Column], key: tuple[str, ...]
) -> None:
    lines = [f"{quote(column.name)} {column.type}" for column in columns]
    if key:
        lines.append(f"PRIMARY KEY ({', '.join(map(quote, key))})")
    connection.run(f"CREATE TABLE {table.sql} ({', '.join(lines)})", {})


def _clear(connection: Connection, request: _Request) -> int:
    if request.mode == "replace":
        return connection.run(f"DELETE FROM {request.table.sql}", {}).affected
    if request.mode == "replace_where":
        return connection.run(
            f"DELETE FROM {request.table.sql} WHERE {request.where}", request.params
        ).affected
    return 0


class _Appender:
    """Straight into the table."""

    def __init__(self, connection: Connection, table: TableName, columns: Sequence[Column]) -> None:
        self._connection = connection
        self._table = table
        self._columns = columns
        self._written = 0

    def write(self, rows: Sequence[Sequence[object]]) -> None:
        self._written += self._connection.copy_rows(self._table, self._columns, rows)

    def finish(self) -> tuple[int, int]:
        return self._written, 0


class _Upserter:
    """Into a temporary table, and from there, by key, into the table."""

    _STAGE = TableName(None, "stepladder_load")

    def __init__(
        self, connection: Connection, table: TableName, columns: Sequence[Column], key: tuple[str, ...]
    ) -> None:
        self._connection = connection
        self._table = table
        self._key = [quote(name) for name in key]
        self._names = [quote(column.name) for column in columns]
        missing = set(key) - {column.name for column in columns}
        if missing:
            raise LoadError(
                f"the data lacks the key column {', '.join(sorted(missing))}. Nothing was loaded."
            )
        connection.run(
            f"CREATE TEMP TABLE {self._STAGE.sql} AS SELECT {self._list(self._names)} FROM {table.sql} WHERE false",
            {},
        )
        self._stage = _Appender(connection, self._STAGE, columns)

    def write(self, rows: Sequence[Sequence[object]]) -> None:
        self._stage.write(rows)

    def finish(self) -> tuple[int, int]:
        total, _ = self._stage.finish()
        self._refuse_twins()
        match = " AND ".join(f"t.{name} = s.{name}" for name in self._key)
        ((updated,),) = self._connection.run(
            f"SELECT count(*) FROM {self._STAGE.sql} s WHERE EXISTS (SELECT 1 FROM {self._table.sql} t WHERE {match})",
            {},
        ).rows
        rest = [f"{name} = excluded.{name}" for name in self._names if name not in self._key]
        then = f"UPDATE SET {self._list(rest)}" if rest else "NOTHING"
        self._connection.run(
            f"INSERT INTO {self._table.sql} ({self._list(self._names)}) SELECT {self._list(self._names)} FROM {self._STAGE.sql} "
            f"WHERE true ON CONFLICT ({self._list(self._key)}) DO {then}",
            {},
        )
        self._connection.run(f"DROP TABLE {self._STAGE.sql}", {})
        return total - updated, updated

    def _refuse_twins(self) -> None:
        keys = self._list(self._key)
        twins = self._connection.run(
            f"SELECT {keys} FROM {self._STAGE.sql} GROUP BY {keys} HAVING count(*) > 1 LIMIT 5", {}
        ).rows
        if twins:
            raise LoadError(
                f"the data holds more than one row of a key ({', '.join(self._key)}): {', '.join(map(str, twins))}. Nothing was loaded."
            )

    @staticmethod
    def _list(names: Iterable[str]) -> str:
        return ", ".join(names)


def _writer(connection: Connection, request: _Request, columns: Sequence[Column]) -> _Appender | _Upserter:
    if request.mode == "upsert":
        return _Upserter(connection, request.table, columns, request.key)
    return _Appender(connection, request.table, columns)


# -- row by row
def _write(
    connection: Connection,
    writer: _Appender | _Upserter,
    source: Source | Given,
    columns: tuple[Column, ...],
    request: _Request,
    progress: Progress | None,
) -> list[Reject]:
    encoders = [
        _Cell(column.name, connection.encoder(column.type), column.name in request.key) for column in columns
    ]
    rejected: list[Reject] = []
    seen = 0
    for batch in source.batches(BATCH_ROWS):
        stored, bad = _encode(batch, encoders)
        rejected += sorted([*batch.rejects, *bad], key=lambda reject: reject.line)
        if not request.keep_rejects and len(rejected) >= _REJECTS_SHOWN:
            break
        if stored and (request.keep_rejects or not rejected):
            writer.write(stored)
        seen += len(batch.rows) + len(batch.rejects)
        if progress is not None:
            progress(seen, source.bytes_read, source.size_bytes)
    return rejected


class _Cell(NamedTuple):
    """How a column's values are checked: NULL fits no key, since no row could be found by it again."""

    name: str
    encode: Callable[[Any], Any] | None
    is_key: bool


def _encode(batch: Batch, encoders: Sequence[_Cell]) -> tuple[list[tuple[Any, ...]], list[Reject]]:
    stored: list[tuple[Any, ...]] = []
    bad: list[Reject] = []
    for place, row in enumerate(batch.rows):
        if len(row) != len(encoders):
            bad.append(_reject(batch, place, None, None, f"{len(row)} values for {len(encoders)} columns"))
            continue
        cells = []
        for (name, encode, is_key), value in zip(encoders, row, strict=True):
            if value is None and is_key:
                bad.append(_reject(batch, place, name, value, "NULL in the key"))
                break
            try:
                cells.append(encode(value) if encode is not None and value is not None else value)
            except (DataError, ParameterError) as error:
                bad.append(_reject(batch, place, name, value, error.message))
                break
        else:
            stored.append(tuple(cells))
    return stored, bad


def _reject(batch: Batch, place: int, column: str | None, value: object, reason: str) -> Reject:
    shown = None if value is None else _printable(str(value))
    raw = _printable(str(batch.rows[place]))
    return Reject(batch.row_number(place), batch.lines[place], column, shown, _printable(reason), raw)


def _printable(text: str) -> str:
    """`text` as a table of rejects can hold it: what no database stores may be why the row is in it."""
    return text.encode(errors="backslashreplace").decode().replace("\0", "\\0")


def _refusal(table: TableName, rejected: Sequence[Reject]) -> str:
    shown = rejected[:_REJECTS_SHOWN]
    lines = [
        f"  row {reject.row or '?'}, line {reject.line}"
        + (f", column {reject.column} = {reject.value!r}" if reject.column else "")
        + f": {reject.reason}"
        for reject in shown
    ]
    count = f"the first {len(shown)} rows" if len(rejected) >= _REJECTS_SHOWN else f"{len(shown)} rows"
    said = "1 row does" if len(shown) == 1 else f"{count} do"
    return "\n".join(
        [
            f"{said} not fit {table.sql}; nothing was loaded:",
            *lines,
            f'Mend them, or keep them aside in {table.sql}_rejects: rejects="table" (--rejects table).',
        ]
    )


def _keep_rejects(connection: Connection, table: TableName, rejected: Sequence[Reject]) -> None:
    if not rejected:
        return
    aside = TableName(table.schema, f"{table.name}_rejects")
    if connection.columns(aside) is None:
        lines = [f"{quote(c.name)} {c.type}{' NOT NULL' if c.not_null else ''}" for c in _REJECT_COLUMNS]
        connection.run(f"CREATE TABLE {aside.sql} ({', '.join(lines)})", {})
    load_id = uuid.uuid4().hex
    rows = [(load_id, r.row, r.line, r.column, r.value, r.reason, r.raw) for r in rejected]
    connection.copy_rows(aside, _REJECT_COLUMNS, rows)
