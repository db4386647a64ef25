"""What a file gives: batches of rows, and the lines that are no rows.

A *record* is what the file holds one after another: a CSV row (however many lines), a line of the others.
Records are numbered from 1, the header not counted, rejected ones counted: so a row's number is its place in
the file, whatever came before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from stepladder.files.lines import Lines
from stepladder.sql import Column


@dataclass(frozen=True, slots=True)
class Reject:
    """A record that is no row.

    `row` and `line` count from 1 (`line`: where the record begins; None for what is in no file); `column` and `value` say which value it
    was, where it was one. `raw` is the record as it stands in the file, without the end of the line, bytes
    that are no UTF-8 as `\\xe9`, NUL as `\\x00`.
    """

    row: int | None
    line: int | None
    column: str | None
    value: str | None
    reason: str
    raw: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows that follow each other in the file, and the rejects among them.

    `first_row` is the number of the first record, row or reject. `lines` holds the line of each row, from 1 (None: no file).
    """

    first_row: int
    rows: list[tuple[Any, ...]]
    lines: Sequence[int | None]
    rejects: list[Reject]

    def row_number(self, index: int) -> int:
        """The number of `rows[index]` in the file, from 1, rejects counted."""
        number = self.first_row + index
        for reject in self.rejects:
            if reject.row is not None and reject.row <= number:
                number += 1
        return number


@dataclass(frozen=True, slots=True)
class ColumnBatch:
    """Rows that follow each other, column by column: pyarrow Arrays of any type, or lists of Python's values.

    `first_row` is the number of the first row. `line_of` gives the line of a row by its place in the batch (from
    0); None where there are no lines. None of these rows is a reject.
    """

    first_row: int
    columns: list[Any]
    length: int
    line_of: Callable[[int], int | None] | None = None


class Source(Protocol):
    """A file whose columns are known. Each call of `batches` reads it from the start."""

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of every row, in order."""

    @property
    def decoded(self) -> bool:
        """Whether a str in a column of jsonb is JSON's string itself; else it is JSON's text."""

    @property
    def size_bytes(self) -> int:
        """The size of the file as it is stored (compressed, if it is)."""

    @property
    def bytes_read(self) -> int:
        """How many of `size_bytes` the latest pass has taken from the file."""

    def batches(self, rows: int = 10_000) -> Iterator[Batch]:
        """The file in batches of at most `rows` records. Raises LoadError if it cannot be read to its end."""

    def bulk(self, rows: int = 10_000) -> Iterator[Batch | ColumnBatch]:
        """The same rows and rejects in the same order, by columns where that is faster."""


Record = tuple[int, tuple[Any, ...]] | Reject
"""A line number and a row; or a reject that has no number yet."""


@dataclass(frozen=True, slots=True)
class FileSource:
    """The one Source there is: the formats differ in what reads the records."""

    columns: tuple[Column, ...]
    lines: Lines
    records: Callable[[], Iterator[Record]]
    columnwise: Callable[[int], Iterator[Batch | ColumnBatch]] | None = None
    decoded: bool = False

    @property
    def size_bytes(self) -> int:
        """The size of the file as it is stored."""
        return self.lines.size_bytes

    @property
    def bytes_read(self) -> int:
        """How many of `size_bytes` the latest pass has taken from the file."""
        return self.lines.bytes_read

    def batches(self, rows: int = 10_000) -> Iterator[Batch]:
        """The file from the start, in batches of at most `rows` records: rejects cannot pile up either."""
        return batched(self.records(), rows)

    def bulk(self, rows: int = 10_000) -> Iterator[Batch | ColumnBatch]:
        """The same rows and rejects in the same order, by columns where that is faster."""
        return self.batches(rows) if self.columnwise is None else self.columnwise(rows)


def batched(records: Iterator[Record], rows: int, *, first: int = 1) -> Iterator[Batch]:
    """Records in batches of at most `rows`, numbered from `first`."""
    found: list[Record] = []
    for record in records:
        found.append(record)
        if len(found) >= rows:
            yield one_batch(found, first)
            first += len(found)
            found = []
    if found:
        yield one_batch(found, first)


def one_batch(records: Sequence[Record], first: int) -> Batch:
    """Records as one batch whose first one has the number `first`."""
    good = [record for record in records if not isinstance(record, Reject)]
    rejects = [
        replace(record, row=number)
        for number, record in enumerate(records, first)
        if isinstance(record, Reject)
    ]
    return Batch(first, [row for _, row in good], [line for line, _ in good], rejects)
