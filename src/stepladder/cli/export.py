"""Rows as CSV, JSON and Parquet, written as they come: memory does not grow with their number."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stepladder.cli.output import to_json
from stepladder.errors import AmbiguousColumn, MissingExtra, MissingFile, ParameterError, ResourceError
from stepladder.sql import Column, input_text, jsonb_text

_QUOTED = frozenset('",\r\n')

Tuples = Iterable[tuple[object, ...]]


def write_csv(columns: Sequence[Column], rows: Tuples) -> None:
    """RFC 4180 on standard output, values as PostgreSQL's input functions read them: NULL is empty, an empty text `""`."""
    out = sys.stdout
    texts = [_text_of(column) for column in columns]
    out.write(",".join(_quoted(column.name) for column in columns) + "\r\n")
    for row in rows:
        cells = [
            "" if value is None else _quoted(text(value)) for text, value in zip(texts, row, strict=True)
        ]
        out.write(",".join(cells) + "\r\n")


def _text_of(column: Column) -> Callable[[Any], str]:
    return jsonb_text if column.type.name in ("jsonb", "json") else input_text


def _quoted(text: str) -> str:
    if text and _QUOTED.isdisjoint(text):
        return text
    return '"' + text.replace('"', '""') + '"'


def write_json(columns: Sequence[Column], rows: Tuples) -> None:
    """An array of objects on standard output, one a line. Raises AmbiguousColumn for two columns of one name."""
    out = sys.stdout
    names = [column.name for column in columns]
    if len(set(names)) < len(names):
        raise AmbiguousColumn(
            f"two columns have one name ({', '.join(names)}), and an object has one of each. Name them apart with AS."
        )
    keys = [json.dumps(name, ensure_ascii=False) for name in names]
    start = "[\n"
    for row in rows:
        pairs = ", ".join(f"{key}: {to_json(value)}" for key, value in zip(keys, row, strict=True))
        out.write(f"{start}{{{pairs}}}")
        start = ",\n"
    out.write("[]\n" if start == "[\n" else "\n]\n")


# -- Parquet
def check_parquet(path: Path) -> None:
    """Before anything is run: MissingExtra, and MissingFile where there is no such folder."""
    try:
        import pyarrow.parquet  # noqa: F401
    except ModuleNotFoundError as error:
        raise MissingExtra("--parquet", "arrow") from error
    if not path.absolute().parent.is_dir() or path.is_dir():
        raise MissingFile(f"{path} cannot be written: its folder is missing, or it is one. Nothing was run.")


def write_parquet(path: Path, reader: Any, limit: int | None) -> int:
    """The batches of a RecordBatchReader as the file `path`, whole or not at all; the rows that it holds."""
    import pyarrow.parquet as pq

    _refuse_intervals(reader.schema)
    written = 0
    with _replacing(path) as temporary, pq.ParquetWriter(temporary, reader.schema) as writer:
        for batch in reader:
            part = batch if limit is None else batch.slice(0, limit - written)
            if part.num_rows:
                writer.write_batch(part)
            written += part.num_rows
            if written == limit:
                break
    return written


def _refuse_intervals(schema: Any) -> None:
    spans = [field.name for field in schema if str(field.type).find("interval") >= 0]
    if spans:
        raise ParameterError(
            f"Parquet has no interval. Cast it in the query: {spans[0]}::text. Nothing was written."
        )


@contextmanager
def _replacing(path: Path) -> Iterator[str]:
    """A new file beside `path`, which takes its place at the end of the block, or goes when the block raises."""
    try:
        handle, temporary = tempfile.mkstemp(dir=path.absolute().parent, prefix=f".{path.name}.")
        os.close(handle)
        try:
            yield temporary
            Path(temporary).chmod(0o666 & ~_umask())
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ResourceError(
            f"{path} was not written: {error}. What was there before is there still."
        ) from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
