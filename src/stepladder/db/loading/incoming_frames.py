"""Frames of pandas and polars, and whatever speaks Arrow, as batches of columns."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from stepladder.db.arrow.types import pyarrow, type_of_arrow
from stepladder.db.loading.encoding import pythonic
from stepladder.db.loading.new_table import common_type
from stepladder.errors import ParameterError, UsageError
from stepladder.files import ColumnBatch
from stepladder.sql import Column, Type

_BATCH_ROWS = 65_536
_BATCH_BYTES = 32 * 1024 * 1024

Found = tuple[tuple[str, ...], Callable[[], tuple[Column, ...]], Callable[[], Iterator[ColumnBatch]]]
"""Names; the types of a table that is made for them; the batches."""


def frame_batches(data: Any) -> Found | None:
    """A frame's columns; None for what is no frame. Raises MissingExtra without pyarrow."""
    pandas, polars = sys.modules.get("pandas"), sys.modules.get("polars")
    if pandas is not None and isinstance(data, pandas.DataFrame):
        pyarrow("A pandas DataFrame")
        return _pandas(data)
    if polars is not None and isinstance(data, polars.LazyFrame):
        pyarrow("A polars LazyFrame")
        return _polars(polars, data.collect())
    if polars is not None and isinstance(data, polars.DataFrame):
        pyarrow("A polars DataFrame")
        return _polars(polars, data)
    if hasattr(data, "__arrow_c_stream__") or hasattr(data, "__arrow_c_array__"):
        return arrow_batches(data)
    return None


# -- Arrow
def arrow_batches(data: Any) -> Found:
    """Whatever speaks Arrow: a Table, a RecordBatch, a reader, an object with `__arrow_c_stream__`."""
    pa = pyarrow(f"Arrow data ({type(data).__name__})")
    try:
        reader = _reader(pa, data)
    except (pa.ArrowInvalid, TypeError) as error:
        raise UsageError(
            f"a {type(data).__name__} is no table of named columns ({error}). Give a frame of them."
        ) from error
    schema = reader.schema

    def typed() -> tuple[Column, ...]:
        return tuple(Column(field.name, _type(field.name, field.type)) for field in schema)

    return tuple(schema.names), typed, lambda: _in_batches(_pieces(reader))


def _reader(pa: Any, data: Any) -> Any:
    if isinstance(data, pa.RecordBatchReader):
        return data
    if isinstance(data, pa.Table):
        return data.to_reader()
    if hasattr(data, "__arrow_c_stream__"):
        return pa.RecordBatchReader.from_stream(data)
    batch = pa.record_batch(data)
    return pa.RecordBatchReader.from_batches(batch.schema, [batch])


def _type(name: str, data_type: Any) -> Type:
    try:
        return type_of_arrow(data_type)
    except ParameterError as error:
        raise ParameterError(f"column {name!r}: {error.message}") from error


def _pieces(batches: Iterable[Any]) -> Iterator[Any]:
    """Batches of bounded size: what a source calls a batch may be the whole of it."""
    for batch in batches:
        rows = max(1, min(_BATCH_ROWS, _BATCH_BYTES * len(batch) // max(1, batch.nbytes)))
        for start in range(0, len(batch), rows):
            yield batch.slice(start, rows)


def _in_batches(batches: Iterable[Any]) -> Iterator[ColumnBatch]:
    first = 1
    for batch in batches:
        yield ColumnBatch(first, batch.columns, len(batch))
        first += len(batch)


def _polars(polars: Any, frame: Any) -> Found:
    pa = pyarrow("A polars DataFrame")
    try:
        objects = [name for name, dtype in frame.schema.items() if dtype == polars.Object]
        if not objects:
            return arrow_batches(frame.to_arrow())
        said = f"{', '.join(objects)} of dtype Object"
    except pa.ArrowInvalid as error:
        said = str(error)
    raise ParameterError(
        f"the frame has a column without an Arrow form ({said}). Cast it first: pl.col(...).cast(...)."
    )


# -- pandas
def _pandas(frame: Any) -> Found:
    odd = [name for name in frame.columns if not isinstance(name, str)]
    if odd:
        raise UsageError(
            f"the frame has columns whose names are no text: {', '.join(map(repr, odd[:5]))}. Name them: frame.columns = [...]."
        )
    names = tuple(frame.columns)

    def typed() -> tuple[Column, ...]:
        return tuple(_pandas_column(name, frame.iloc[:, place]) for place, name in enumerate(names))

    def batches() -> Iterator[ColumnBatch]:
        for start in range(0, len(frame), _BATCH_ROWS):
            part = frame.iloc[start : start + _BATCH_ROWS]
            columns = [_series(name, part.iloc[:, place]) for place, name in enumerate(names)]
            yield ColumnBatch(start + 1, columns, len(part))

    return names, typed, batches


def _pandas_column(name: str, series: Any) -> Column:
    """A new table's column: by the dtype, and by the values where that says nothing."""
    if series.dtype == object:
        values = (pythonic(value) for value in series.iloc[:1000])
        return Column(name, common_type(name, (None if _is_nan(value) else value for value in values)))
    return Column(name, _type(name, _series(name, series.iloc[:0]).type))


def _series(name: str, series: Any) -> Any:
    """A column as Arrow has it, or as Python's values where pandas holds objects. NaN is NULL, as pandas means it."""
    pa = pyarrow("A pandas DataFrame")
    if series.dtype == object:
        values = series.tolist()
        return (
            [None if _is_nan(value) else value for value in values]
            if float in set(map(type, values))
            else values
        )
    try:
        array = pa.Array.from_pandas(series)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        raise ParameterError(
            f"column {name!r} of dtype {series.dtype} has no Arrow form ({error}). Convert it first: frame[{name!r}].astype(...)."
        ) from error
    if isinstance(array.type, pa.BaseExtensionType) and array.type.extension_name.startswith("pandas."):
        raise ParameterError(
            f"column {name!r} of dtype {series.dtype} has no column's type. Convert it first: frame[{name!r}].astype(str)."
        )
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    if pa.types.is_floating(array.type):
        return pa.compute.if_else(pa.compute.is_nan(array), None, array)
    return array


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)
