"""What a file gives: batches of rows, and the lines that are no rows.

A *record* is what the file holds one after another: a CSV row (however many lines), a line of the others.
Records are numbered from 1, the header not counted, rejected ones counted: so a row's number is its place in
the file, whatever came before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol

from stepladder.files.lines import Lines
from stepladder.sql import Column


@dataclass(frozen=True, slots=True)
class Reject:
    """A record that is no row.

    `row` and `line` count from 1 (`line`: where the record begins); `column` and `value` say which value it
    was, where it was one. `raw` is the record as it stands in the file, without the end of the line, bytes
    that are no UTF-8 as `\\xe9`, NUL as `\\x00`.
    """

    row: int | None
    line: int
    column: str | None
    value: str | None
    reason: str
    raw: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows that follow each other in the file, and the rejects among them.

    `first_row` is the number of the first record, row or reject. `lines` holds the line of each row, from 1.
    """

    first_row: int
    rows: list[tuple[Any, ...]]
    lines: list[int]
    rejects: list[Reject]

    def row_number(self, index: int) -> int:
        """The number of `rows[index]` in the file, from 1, rejects counted."""
        number = self.first_row + index
        for reject in self.rejects:
            if reject.row is not None and reject.row <= number:
                number += 1
        return number


class Source(Protocol):
    """A file whose columns are known. Each call of `batches` reads it from the start."""

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of every row, in order."""

    @property
    def size_bytes(self) -> int:
        """The size of the file as it is stored (compressed, if it is)."""

    @property
    def bytes_read(self) -> int:
        """How many of `size_bytes` the latest pass has taken from the file."""

    def batches(self, rows: int = 10_000) -> Iterator[Batch]:
        """The file in batches of at most `rows` records. Raises LoadError if it cannot be read to its end."""


Record = tuple[int, tuple[Any, ...]] | Reject
"""A line number and a row; or a reject that has no number yet."""


@dataclass(frozen=True, slots=True)
class FileSource:
    """The one Source there is: the formats differ in what reads the records."""

    columns: tuple[Column, ...]
    lines: Lines
    records: Callable[[], Iterator[Record]]

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
        batch = Batch(1, [], [], [])
        for number, record in enumerate(self.records(), 1):
            if isinstance(record, Reject):
                batch.rejects.append(replace(record, row=number))
            else:
                batch.lines.append(record[0])
                batch.rows.append(record[1])
            if number - batch.first_row + 1 >= rows:
                yield batch
                batch = Batch(number + 1, [], [], [])
        if batch.rows or batch.rejects:
            yield batch
