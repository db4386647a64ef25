"""Which format a file has: by its name, unless it is said."""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike
from pathlib import Path

from stepladder.errors import UsageError
from stepladder.files.delimited import csv_source
from stepladder.files.json_lines import jsonl_source
from stepladder.files.lines import Lines
from stepladder.files.parquet import ParquetSource
from stepladder.files.source import Source
from stepladder.files.web_log import combined_source

_SOURCES: dict[str, Callable[[Lines], Source | ParquetSource]] = {
    "csv": csv_source,
    "jsonl": jsonl_source,
    "parquet": ParquetSource,
    "combined": combined_source,
}
_SUFFIXES = {".csv": "csv", ".jsonl": "jsonl", ".parquet": "parquet"}
FORMATS = tuple(_SOURCES)
_READABLE = (
    "Readable are .csv, .jsonl, .csv.gz, .jsonl.gz and .parquet, and a web server's log with "
    f'format="combined"; a file of any other name with format= one of {", ".join(FORMATS)}.'
)


def open_source(path: str | PathLike[str], *, format: str | None = None) -> Source | ParquetSource:  # noqa: A002 - the contract's word
    """A file as a source of rows.

    `format` is "csv", "jsonl", "parquet" or "combined" (a web server's log); without it the name's ending decides.
    All but Parquet may be followed by `.gz`, which always means gzip.
    Raises UsageError for a format that is not read, MissingFile for a file that is not there, LoadError for
    one whose beginning is not of its format, MissingExtra for Parquet without pyarrow.
    """
    file = Path(path)
    return _SOURCES[_format(file, format)](Lines(file))


def _format(file: Path, said: str | None) -> str:
    if said is not None:
        if said not in _SOURCES:
            raise UsageError(f'The format "{said}" is not known. {_READABLE}')
        return said
    name = file.name.lower().removesuffix(".gz")
    for suffix, found in _SUFFIXES.items():
        if name.endswith(suffix):
            return found
    raise UsageError(f"{file}: the name does not say what the file holds. {_READABLE}")
