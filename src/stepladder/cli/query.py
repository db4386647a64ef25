"""`stepladder query SQL`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from itertools import chain, islice
from pathlib import Path

from stepladder.cli.export import check_parquet, write_csv, write_json, write_parquet
from stepladder.cli.output import count, data, prose, table
from stepladder.cli.session import open_target
from stepladder.cli.values import named_values
from stepladder.db import Database, Rows, Stream
from stepladder.errors import SqlSyntaxError, UsageError
from stepladder.sql import Answer, answer, first_word

_PARQUET_ROWS = 50_000  # of a row group: what readers of columns like
_WRITES = ("INSERT", "UPDATE", "DELETE", "MERGE", "WITH")


def command(arguments: argparse.Namespace) -> int:
    if arguments.limit is not None and arguments.limit < 0:
        raise UsageError(f"--limit takes a number of rows, not {arguments.limit}.")
    if arguments.parquet is not None:
        check_parquet(Path(arguments.parquet))
    sql = sys.stdin.read() if arguments.sql == "-" else arguments.sql
    values = named_values(arguments.param)
    kind = _kind(sql)
    # A new SQLite file is for who makes something in it; for anybody else a missing one is a wrong name.
    makes = kind is Answer.NOTHING and first_word(sql) == "CREATE"
    with open_target(arguments.target, must_exist=not makes) as db:
        if kind is Answer.NOTHING:
            _execute(db, sql, values, arguments)
        elif kind is Answer.ROWS:
            rows = db.query(sql, values)
            _show(rows, arguments)
            if first_word(sql) in _WRITES:
                _say_written(len(rows))
        else:
            batch = _PARQUET_ROWS if arguments.parquet else 10_000
            with db.stream(sql, values, batch_rows=batch) as stream:
                _show(stream, arguments)
    return 0


def _kind(sql: str) -> Answer:
    try:
        return answer(sql)
    except SqlSyntaxError:
        return Answer.ROWS  # the database says it, with its place


def _execute(db: Database, sql: str, values: dict[str, object], arguments: argparse.Namespace) -> None:
    if arguments.parquet is not None:
        raise UsageError("this statement returns no rows to be written to a file. Nothing was run.")
    written = db.execute(sql, values)
    if arguments.json:
        write_json((), ())
    if first_word(sql) in _WRITES:
        _say_written(written)
    else:
        prose().print("done", style="dim")


def _say_written(rows: int) -> None:
    prose().print(f"{count(rows, 'row')} written", style="dim")


def _show(found: Rows | Stream, arguments: argparse.Namespace) -> None:
    if arguments.parquet is not None:
        _to_parquet(found, Path(arguments.parquet), arguments.limit)
    elif arguments.json or arguments.csv:
        write = write_json if arguments.json else write_csv
        write(found.columns, islice(_tuples(found), arguments.limit))
    else:
        _to_table(found, arguments.limit)


def _tuples(found: Rows | Stream) -> Iterable[tuple[object, ...]]:
    return chain.from_iterable(found.batches()) if isinstance(found, Stream) else iter(found.tuples())


def _to_table(found: Rows | Stream, limit: int | None) -> None:
    rows = list(islice(_tuples(found), None if limit is None else limit + 1))
    shown = rows[:limit]
    if found.columns:
        data().print(table([column.name for column in found.columns], shown))
    said = count(len(shown), "row")
    prose().print(said if len(shown) == len(rows) else f"the first {said}; there are more", style="dim")


def _to_parquet(found: Rows | Stream, path: Path, limit: int | None) -> None:
    reader = found.arrow() if isinstance(found, Stream) else found.frame("arrow").to_reader()
    wide = [field.name for field in reader.schema if str(field.type).startswith("decimal256")]
    if wide:
        prose().print(
            f"{', '.join(wide)}: decimals of 76 digits, which many readers of Parquet do not take. A cast makes them "
            f"narrower: {wide[0]}::numeric(20,2)",
            markup=False,
        )
    written = write_parquet(path, reader, limit)
    prose().print(f"{count(written, 'row')} in {path}", style="dim", markup=False)
