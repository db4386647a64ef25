"""Many rows into a table, in one transaction: values are checked here, column by column, before they are sent."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from stepladder.db import marks
from stepladder.db.connection import Connection
from stepladder.db.loading.encoding import Cell, Encode
from stepladder.db.loading.fitting import fitted
from stepladder.db.loading.incoming import BATCH_ROWS, Incoming, incoming
from stepladder.db.loading.rejects import Rejects
from stepladder.db.loading.writers import Request, Writer, writer
from stepladder.errors import LoadError, ParameterError, UndefinedTable, UsageError
from stepladder.sql import Column, TableName, quote

MODES = ("append", "replace", "upsert", "replace_where")
DUPLICATES = ("error", "first", "last")


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What a load did, in rows. `skipped` is True when its once-token had been used before.

    `duplicates` counts the rows that on_duplicate="first" or "last" left out.
    """

    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    rejected: int = 0
    skipped: bool = False
    seconds: float = 0.0
    duplicates: int = 0


# Called after each batch with (rows so far, bytes of the file read, its size), the last two None without a file.
Progress = Callable[[int, int | None, int | None], None]


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
    on_duplicate: str,
    once: str | None,
    rejects: str | None,
    progress: Progress | None,
) -> LoadResult:
    """Write `data` into `table`. The connection is inside a transaction; see Session.load."""
    started = time.monotonic()
    keep_rejects = rejects == "table" or format == "combined"
    request = Request(table, mode, key, where, params, on_duplicate, keep_rejects)
    _check(request, rejects)
    if format is not None and not isinstance(data, str | Path):
        raise UsageError(f"format={format!r} is for a file; the data is a {type(data).__name__}.")
    source = incoming(data, format)
    if once is not None and not marks.take(connection, once):
        return LoadResult(skipped=True, seconds=time.monotonic() - started)
    columns = _target_columns(connection, request, source, create=create)
    deleted = _clear(connection, request)
    aside = Rejects(connection, table, kept=keep_rejects)
    target = writer(connection, request, columns)
    _write(
        target,
        source,
        _cells(connection, request, columns, decoded=source.decoded),
        aside,
        connection.holds_nan,
        progress,
    )
    done = target.finish()
    aside.take(done.refused)
    aside.raise_any()
    return LoadResult(
        done.inserted,
        done.updated,
        deleted,
        aside.count,
        seconds=time.monotonic() - started,
        duplicates=done.duplicates,
    )


def _check(request: Request, rejects: str | None) -> None:
    mode, key, where = request.mode, request.key, request.where
    if mode not in MODES:
        raise UsageError(f"mode must be one of {', '.join(MODES)}, not {mode!r}. Nothing was read.")
    if mode == "upsert" and not key:
        raise UsageError(
            'mode="upsert" needs key=[...]: the columns that tell whether a row is there already.'
        )
    if (mode == "replace_where") != (where is not None):
        raise UsageError(
            'mode="replace_where" and where="..." belong together: the rows that it finds go first.'
        )
    if request.params and where is None:
        names = ", ".join(sorted(request.params))
        raise ParameterError(f'no where="..." uses the values {names}. Nothing was loaded.')
    if rejects not in (None, "table"):
        raise UsageError(f'rejects is "table" or not given, not {rejects!r}.')
    if request.on_duplicate not in DUPLICATES:
        raise UsageError(
            f"on_duplicate must be one of {', '.join(DUPLICATES)}, not {request.on_duplicate!r}."
        )
    if request.on_duplicate != "error" and not key:
        raise UsageError(
            f'on_duplicate="{request.on_duplicate}" needs key=[...]: the columns in which no two rows may be equal.'
        )


# -- where it goes
def _target_columns(
    connection: Connection, request: Request, source: Incoming, *, create: bool
) -> tuple[Column, ...]:
    """The table's columns that the data fills, in the data's order. Makes the table where that was asked for."""
    there = connection.columns(request.table)
    if there is None:
        if not create:
            raise UndefinedTable(
                f"there is no table {request.table.sql}. Make it with CREATE TABLE, or let the load make it: create=True (--create)."
            )
        columns = source.typed()
        if not columns:
            raise UsageError(
                f"{request.table.sql} cannot be made from tuples or from no rows: give dicts, Rows, a frame or a file."
            )
        _create(connection, request.table, columns, request.key)
        there = connection.columns(request.table) or ()
    if not source.names:
        return there
    known = {column.name: column for column in there}
    strange = [name for name in source.names if name not in known]
    if strange:
        raise LoadError(
            f"the data has columns that {request.table.sql} has not: {', '.join(strange)}. It has: {', '.join(known)}. Nothing was loaded."
        )
    return tuple(known[name] for name in source.names)


def _create(
    connection: Connection, table: TableName, columns: Sequence[Column], key: tuple[str, ...]
) -> None:
    lines = [f"{quote(column.name)} {column.type}" for column in columns]
    if key:
        lines.append(f"PRIMARY KEY ({', '.join(map(quote, key))})")
    connection.run(f"CREATE TABLE {table.sql} ({', '.join(lines)})", {})


def _clear(connection: Connection, request: Request) -> int:
    # DELETE, not TRUNCATE: readers go on, grants and views stay, and a foreign key may point here.
    if request.mode == "replace":
        return connection.run(f"DELETE FROM {request.table.sql}", {}).affected
    if request.mode == "replace_where":
        sql = f"DELETE FROM {request.table.sql} WHERE {request.where}"
        return connection.run(sql, request.params).affected
    return 0


# -- batch by batch
def _cells(
    connection: Connection, request: Request, columns: Sequence[Column], *, decoded: bool
) -> list[Cell]:
    fills = connection.load_facts(request.table).fills_nulls

    def filled(column: Column) -> str | None:
        if column.name in request.key:
            return "NULL in the key"  # no row could be found by it again
        return "NULL, and the column is NOT NULL" if column.not_null and not fills else None

    def encode(column: Column) -> Encode | None:
        found = connection.encoder(column.type)
        if not decoded or column.type.name != "jsonb" or found is None:
            return found
        return lambda value: found(json.dumps(value) if isinstance(value, str) else value)

    return [Cell(column, encode(column), filled(column)) for column in columns]


def _write(
    target: Writer,
    source: Incoming,
    cells: Sequence[Cell],
    aside: Rejects,
    holds_nan: bool,  # noqa: FBT001 - a fact about the engine
    progress: Progress | None,
) -> None:
    seen = 0
    for batch in source.bulk(BATCH_ROWS):
        found = fitted(batch, cells, holds_nan=holds_nan)
        aside.take(found.rejects)
        if len(found) and not aside.refuse:
            target.write(found)
        seen += len(found) + len(found.rejects)
        if progress is not None:
            progress(seen, source.bytes_read, source.size_bytes)
    aside.raise_any()
