"""Whatever can be loaded, as batches: a file, Rows, dicts, tuples; frames and Arrow's data by `incoming_frames`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, Protocol

from stepladder.db.loading.incoming_frames import arrow_batches, frame_batches
from stepladder.db.loading.new_table import common_type
from stepladder.db.rows import Row, Rows
from stepladder.db.stream import Stream
from stepladder.errors import AmbiguousColumn, UsageError
from stepladder.files import Batch, ColumnBatch, ParquetSource, Reject, Source, open_source
from stepladder.sql import Column

BATCH_ROWS = 10_000


class Incoming(Protocol):
    """Data on its way in, read once."""

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names in order; none for tuples: they fill the table's columns in the table's order."""

    @property
    def decoded(self) -> bool:
        """Whether a str in a column of jsonb is JSON's string itself; else it is JSON's text."""

    @property
    def size_bytes(self) -> int | None:
        """The size of the file; None without a file."""

    @property
    def bytes_read(self) -> int | None:
        """How many of them are read."""

    def typed(self) -> tuple[Column, ...]:
        """The columns of a table that is made for the data; none where they cannot be told."""

    def bulk(self, rows: int = BATCH_ROWS) -> Iterator[Batch | ColumnBatch]:
        """The data in batches; of about `rows` rows where they are Python's."""


class Given:
    """Rows that are in memory already."""

    size_bytes = None
    bytes_read = None

    def __init__(
        self,
        names: tuple[str, ...],
        rows: Iterable[tuple[Any, ...] | Reject],
        typed: Callable[[], tuple[Column, ...]] = tuple,
        *,
        decoded: bool = False,
    ) -> None:
        self.names = names
        self.decoded = decoded
        self.typed = typed  # asked only when a table is made: the values may fit one that is there
        self._rows = rows

    def bulk(self, rows: int = BATCH_ROWS) -> Iterator[Batch | ColumnBatch]:
        first, source = 1, iter(self._rows)
        while batch := list(islice(source, rows)):
            good = [row for row in batch if not isinstance(row, Reject)]
            yield Batch(first, good, [None] * len(good), [row for row in batch if isinstance(row, Reject)])
            first += len(batch)


@dataclass(frozen=True, slots=True)
class _Columns:
    """Columns that are there as columns: frames, Arrow's data, Parquet."""

    names: tuple[str, ...]
    typed: Callable[[], tuple[Column, ...]]
    batches: Callable[[], Iterator[ColumnBatch]]
    source: ParquetSource | None = None
    decoded: bool = False

    @property
    def size_bytes(self) -> int | None:
        return None if self.source is None else self.source.size_bytes

    @property
    def bytes_read(self) -> int | None:
        return None if self.source is None else self.source.bytes_read

    def bulk(self, rows: int = BATCH_ROWS) -> Iterator[Batch | ColumnBatch]:  # noqa: ARG002 - columns come in larger ones
        return self.batches()


@dataclass(frozen=True, slots=True)
class _File:
    """A file whose rows are read one by one, or by columns where the file allows."""

    source: Source

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.source.columns)

    @property
    def decoded(self) -> bool:
        return self.source.decoded

    @property
    def size_bytes(self) -> int:
        return self.source.size_bytes

    @property
    def bytes_read(self) -> int:
        return self.source.bytes_read

    def typed(self) -> tuple[Column, ...]:
        return self.source.columns

    def bulk(self, rows: int = BATCH_ROWS) -> Iterator[Batch | ColumnBatch]:
        return self.source.bulk(rows)


def incoming(data: object, format_: str | None) -> Incoming:
    """The data as batches. Raises UsageError for what cannot be loaded, MissingExtra for frames without Arrow."""
    if isinstance(data, str | Path):
        found = open_source(Path(data), format=format_)
        if isinstance(found, ParquetSource):
            return _Columns(*arrow_batches(found.reader()), found)
        return _File(found)
    if isinstance(data, Rows | Stream):
        names = unique(tuple(column.name for column in data.columns))
        tuples = data.tuples() if isinstance(data, Rows) else chain.from_iterable(data.batches())
        return Given(names, iter(tuples), lambda: data.columns, decoded=True)
    frame = frame_batches(data)
    if frame is not None:
        names, typed, batches = frame
        return _Columns(unique(names), typed, batches)
    if isinstance(data, Mapping | str | bytes) or not isinstance(data, Iterable):
        raise UsageError(
            f"cannot load a {type(data).__name__}. Give a path, Rows, a frame (pandas, polars, Arrow), "
            "or an iterable of dicts or tuples (one a row)."
        )
    return _from_iterable(iter(data))


def created_columns(data: object) -> tuple[Column, ...]:
    """The columns of a table that a load makes for this data, which must be readable twice; none for tuples. Raises what
    a load raises."""
    return incoming(data, None).typed()


def unique(names: tuple[str, ...]) -> tuple[str, ...]:
    """The names. Raises AmbiguousColumn where two are equal."""
    if len(set(names)) < len(names):
        raise AmbiguousColumn(f"two columns have one name ({', '.join(names)}): name them apart with AS.")
    return names


def _from_iterable(rows: Iterator[Any]) -> Given:
    first = next(rows, None)
    if first is None:
        return Given((), ())
    if isinstance(first, Row):
        first = first.dict()
        rows = (row.dict() for row in rows)
    if isinstance(first, Mapping):
        return _from_dicts(chain([first], rows))
    if isinstance(first, tuple | list):
        return Given((), (tuple(row) for row in chain([first], rows)))
    raise UsageError(f"a row must be a dict or a tuple, not {type(first).__name__}.")


def _from_dicts(rows: Iterable[Any]) -> Given:
    source = iter(rows)
    head = list(islice(source, 1000))
    names = tuple(dict.fromkeys(name for row in head for name in row))
    known = set(names)

    def tuples() -> Iterator[tuple[Any, ...] | Reject]:
        for number, row in enumerate(chain(head, source), 1):
            if row.keys() <= known:
                yield tuple(map(row.get, names))
                continue
            name = min(row.keys() - known)
            yield Reject(number, None, name, str(row[name]), "no row before it has this column", str(row))

    def typed() -> tuple[Column, ...]:
        return tuple(Column(name, common_type(name, (row.get(name) for row in head))) for name in names)

    return Given(names, tuples(), typed)
