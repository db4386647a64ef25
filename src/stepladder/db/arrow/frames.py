"""Arrow tables as the frames that people work with, exact in every column.

pandas gets Arrow's own types (`pandas.ArrowDtype`): an integer stays one beside a NULL, NaN is no NULL, decimals are
decimals, and a column's type never hangs on its values. Moments become datetime64, which pandas' tools for time series
ask for; uuid and jsonb become Python's values. docs/reference/frames.md has the table.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from stepladder.db.arrow.types import pyarrow
from stepladder.errors import MissingExtra, NumericOutOfRange, ParameterError, UsageError

KINDS = ("pandas", "polars", "arrow")


def refuse_unknown_kind(kind: str) -> None:
    """UsageError for a kind of frame that there is not; MissingExtra where its library is not installed."""
    if kind not in KINDS:
        raise UsageError(f"kind must be one of {', '.join(KINDS)}, not {kind!r}. Nothing was run.")
    pyarrow("A frame")
    _LIBRARIES[kind]()


def frame_of(table: Any, kind: str) -> Any:
    """A pyarrow Table as "pandas" | "polars" | "arrow"."""
    if kind == "arrow":
        return table
    return _to_pandas(table) if kind == "pandas" else _to_polars(table)


def _pandas() -> Any:
    try:
        import pandas
    except ModuleNotFoundError as error:
        raise MissingExtra("A pandas frame", "pandas") from error
    return pandas


def _polars() -> Any:
    try:
        import polars
    except ModuleNotFoundError as error:
        raise MissingExtra("A polars frame", "polars") from error
    return polars


_LIBRARIES: dict[str, Callable[[], Any]] = {"pandas": _pandas, "polars": _polars, "arrow": lambda: None}


# -- pandas
def _to_pandas(table: Any) -> Any:
    pa, pd = pyarrow("A frame"), _pandas()
    pandas_own = (pa.timestamp("us"), pa.timestamp("us", "UTC"), pa.duration("us"), pa.uuid())

    def dtype(type_: Any) -> Any:
        return None if type_ in pandas_own else pd.ArrowDtype(type_)

    plain = _each_column(table, _durations)
    frame = _without_json(plain).to_pandas(types_mapper=dtype)
    for field in table.schema:
        if field.type == pa.json_():
            frame[field.name] = pd.Series(_parsed(table[field.name]), dtype=object, index=frame.index)
    return frame[table.column_names]


def _without_json(table: Any) -> Any:
    pa = pyarrow("A frame")
    return table.select([field.name for field in table.schema if field.type != pa.json_()])


def _parsed(column: Any) -> list[Any]:
    pa = pyarrow("A frame")
    texts = pa.chunked_array([chunk.storage for chunk in column.chunks], pa.string()).to_pylist()
    return [None if text is None else json.loads(text) for text in texts]


# -- polars
def _to_polars(table: Any) -> Any:
    pa, pl = pyarrow("A frame"), _polars()

    def plain(field: Any, column: Any) -> Any:
        if pa.types.is_decimal256(field.type):
            raise NumericOutOfRange(
                f"column {field.name} needs {field.type}, and polars holds 38 digits. Cast it in the query: "
                f"{field.name}::numeric(38,10), or {field.name}::text."
            )
        return _durations(field, _texts(column))

    return pl.from_arrow(_each_column(table, plain))


def _texts(column: Any) -> Any:
    """uuid and jsonb as text, in lists too; other columns as they are."""
    pa = pyarrow("A frame")
    chunks = [_text(pa, chunk) for chunk in column.chunks]
    return pa.chunked_array(chunks) if chunks else _text(pa, pa.nulls(0, column.type))


def _text(pa: Any, array: Any) -> Any:
    if pa.types.is_list(array.type):
        inner = _text(pa, array.values)
        return pa.Array.from_buffers(
            pa.list_(inner.type), len(array), array.buffers()[:2], offset=array.offset, children=[inner]
        )
    if array.type == pa.uuid():
        return pa.array([None if value is None else str(value) for value in array.to_pylist()], pa.string())
    return array.storage if array.type == pa.json_() else array


# -- both
def _each_column(table: Any, change: Callable[[Any, Any], Any]) -> Any:
    pa = pyarrow("A frame")
    columns = [change(field, table[place]) for place, field in enumerate(table.schema)]
    return pa.Table.from_arrays(columns, names=table.column_names)


def _durations(field: Any, column: Any) -> Any:
    """An interval as a span of microseconds, a day being 24 hours; other columns as they are."""
    pa = pyarrow("A frame")
    if field.type != pa.month_day_nano_interval():
        return column
    spans = column.to_pylist()
    if any(span is not None and span.months for span in spans):
        raise ParameterError(
            f"column {field.name} holds months, which are no number of days. Cast it in the query: {field.name}::text, "
            'or take kind="arrow", which keeps them.'
        )
    microseconds = [
        None if span is None else span.days * 86_400_000_000 + span.nanoseconds // 1000 for span in spans
    ]
    return pa.chunked_array([pa.array(microseconds, pa.int64()).cast(pa.duration("us"))])
