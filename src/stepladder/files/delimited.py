"""CSV files: the header, and the rows after it, one by one or by columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from importlib.util import find_spec

from stepladder.errors import LoadError
from stepladder.files.delimited_columns import column_batches
from stepladder.files.delimited_records import MalformedError, Records, record
from stepladder.files.lines import Lines, without_last_blank
from stepladder.files.source import Batch, ColumnBatch, FileSource, Record
from stepladder.sql import Column, Type

WORTH_IT = 1 << 20  # bytes: a smaller file is read before pyarrow is loaded


def csv_source(lines: Lines) -> FileSource:
    """A CSV file with a header line; every column is text. Raises LoadError for a header that is none."""
    with closing(iter(lines)) as start:
        names = _header(lines, Records(lines, start))
    columns = tuple(Column(name, Type("text")) for name in names)
    return FileSource(columns, lines, lambda: _rows(lines, names), _columnwise(lines, names))


def _columnwise(
    lines: Lines, names: tuple[str, ...]
) -> Callable[[int], Iterator[Batch | ColumnBatch]] | None:
    """A faster way to the same rows; none for a small file, or without pyarrow."""
    if len(names) < 2 or lines.size_bytes < WORTH_IT or find_spec("pyarrow") is None:
        return None

    return lambda rows: column_batches(lines, names, rows)


def _header(lines: Lines, records: Records) -> tuple[str, ...]:
    if not records.advance():
        raise LoadError(f"{lines.path} is empty: a CSV file begins with a line of column names.")
    try:
        fields = records.fields()
    except MalformedError as error:
        raise LoadError(f"{lines.path}, line 1: the header cannot be read: {error}.") from error
    names = tuple(field or "" for field in fields)
    if "" in names:
        raise LoadError(f"{lines.path}, line 1: column {names.index('') + 1} of the header has no name.")
    doubled = [name for name, count in Counter(names).items() if count > 1]
    if doubled:
        raise LoadError(f"{lines.path}, line 1: the header names {doubled[0]!r} twice.")
    return names


def _rows(lines: Lines, names: tuple[str, ...]) -> Iterator[Record]:
    # In a file of one column an empty line is a row, NULL, as it is for COPY.
    with closing(iter(lines)) as start:
        records = Records(lines, start if len(names) == 1 else without_last_blank(start))
        records.advance()
        records.fields()
        while records.advance():
            yield record(records, names)
