"""A query's rows, some at a time: memory does not grow with their number."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from itertools import chain
from time import perf_counter
from typing import Any

from stepladder.db.connection import Cursor
from stepladder.db.rows import Row, row_class
from stepladder.errors import UsageError
from stepladder.sql import Column

Guard = Callable[[], AbstractContextManager[None]]


class Stream:
    """The rows of a query that is open: read them once, in order, before the block ends.

    Iterate over it for Rows' rows; or take `batches()` of plain tuples, or `arrow()`; or load it. `columns` are the
    names and PostgreSQL types.
    """

    def __init__(self, cursor: Cursor, batch_rows: int, guard: Guard) -> None:
        self.columns: tuple[Column, ...] = cursor.columns
        self._cursor: Cursor | None = cursor
        self._batch_rows = batch_rows
        self._guard = guard  # what its session has to say of every call that is made for it
        self._begun = False
        self.seconds = 0.0  # spent in fetching
        self.rows = 0  # that were fetched

    def __iter__(self) -> Iterator[Row]:
        make = row_class(tuple(column.name for column in self.columns))
        return map(make, chain.from_iterable(self.batches()))

    def batches(self) -> Iterator[list[tuple[Any, ...]]]:
        """Lists of at most `batch_rows` plain tuples."""
        self._begin()
        return self._batches(lambda cursor: cursor.fetch(self._batch_rows), len)

    def arrow(self) -> Any:
        """A pyarrow RecordBatchReader; a numeric without a precision is decimal256(76, 38) in it."""
        from stepladder.db.arrow.rows import fixed
        from stepladder.db.arrow.table import arrow_schema
        from stepladder.db.arrow.types import pyarrow

        pa = pyarrow("Stream.arrow()")
        schema = arrow_schema(self.columns)
        self._begin()
        found = self._batches(lambda cursor: cursor.fetch_arrow(self._batch_rows), _rows_of)
        return pa.RecordBatchReader.from_batches(
            schema,
            (pa.RecordBatch.from_arrays(fixed(self.columns, arrays), schema=schema) for arrays in found),
        )

    def end(self) -> None:
        """From here on reading is refused: the block is over."""
        self._cursor = None

    def close(self) -> None:
        """End it, and let go of what the engine holds for it."""
        cursor, self._cursor = self._cursor, None
        if cursor is not None:
            with self._guard():
                cursor.close()

    def _begin(self) -> None:
        if self._begun:
            raise UsageError("A stream is read once, and this one was begun. Open another, or query().")
        self._refuse_ended()
        self._begun = True

    def _refuse_ended(self) -> Cursor:
        if self._cursor is None:
            raise UsageError("This stream is over: it is read inside its block, `with db.stream(...) as s`.")
        return self._cursor

    def _batches(self, fetch: Callable[[Cursor], Any], count: Callable[[Any], int]) -> Iterator[Any]:
        rows = self._batch_rows
        while rows == self._batch_rows:
            cursor = self._refuse_ended()
            began = perf_counter()
            with self._guard():
                batch = fetch(cursor)
            self.seconds += perf_counter() - began
            rows = count(batch)
            self.rows += rows
            if rows:
                yield batch


def _rows_of(arrays: list[Any]) -> int:
    return len(arrays[0]) if arrays else 0


def checked_batch_rows(batch_rows: object) -> int:
    """UsageError unless it is a positive integer."""
    if not isinstance(batch_rows, int) or isinstance(batch_rows, bool) or batch_rows < 1:
        raise UsageError(f"batch_rows must be a positive integer, not {batch_rows!r}. Nothing was run.")
    return batch_rows
