"""Values as a SQLite file stores them to Arrow, a column at a time, without a Python object for each moment or number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stepladder.db.arrow.rows import array_of
from stepladder.db.arrow.types import arrow_type
from stepladder.sql import Column, decoder, is_native_numeric

Values = Sequence[Any]


def arrays_of_stored(columns: Sequence[Column], rows: Sequence[tuple[Any, ...]]) -> list[Any]:
    """One Arrow array of `arrow_type` a column; see `array_of` for numerics without a precision."""
    values = zip(*rows, strict=True) if rows else ((),) * len(columns)
    return [_array(column, each) for column, each in zip(columns, values, strict=True)]


def _array(column: Column, values: Values) -> Any:
    type_ = column.type
    if is_native_numeric(type_) and not any(isinstance(value, str) for value in values):
        return _native_numeric(column, values)
    make = _MAKERS.get(type_.name)
    if make is not None and type_.length is None:
        return make(column, values)
    decode = decoder(type_)
    return array_of(column, [value if value is None or decode is None else decode(value) for value in values])


def _native_numeric(column: Column, values: Values) -> Any:
    """Integers and doubles of at most 15 digits: times 10^scale each is the integer that is nearest."""
    arrow = arrow_type(column.type)
    numbers = pa.array(values, pa.float64())
    floats = numbers.fill_null(0).to_numpy(zero_copy_only=False)
    unscaled = np.rint(floats * 10.0**arrow.scale).astype(np.int64)
    words = np.stack([unscaled, unscaled >> 63], axis=1)  # 128 bits, the low ones first
    return pa.Array.from_buffers(arrow, len(numbers), [_validity(numbers), pa.py_buffer(words)])


def _validity(array: Any) -> Any:
    return array.is_valid().buffers()[1] if array.null_count else None


def _as_is(column: Column, values: Values) -> Any:
    return pa.array(values, arrow_type(column.type))


def _cast_from(given: Any) -> Callable[[Column, Values], Any]:
    def make(column: Column, values: Values) -> Any:
        return pa.array(values, given).cast(arrow_type(column.type), safe=False)

    return make


def _time(column: Column, values: Values) -> Any:
    """Arrow reads moments, not times of day."""
    moments = pc.binary_join_element_wise("1970-01-01", pa.array(values, pa.string()), " ")
    return moments.cast(pa.timestamp("us")).cast(arrow_type(column.type))


def _uuid(column: Column, values: Values) -> Any:
    texts = pa.array(values, pa.string())
    digits = "".join(texts.fill_null("0" * 32).to_pylist()).replace("-", "")
    buffers = [_validity(texts), pa.py_buffer(bytes.fromhex(digits))]
    storage = pa.Array.from_buffers(pa.binary(16), len(texts), buffers)
    return pa.ExtensionArray.from_storage(arrow_type(column.type), storage)


def _jsonb(column: Column, values: Values) -> Any:
    return pa.ExtensionArray.from_storage(arrow_type(column.type), pa.array(values, pa.string()))


_MAKERS: dict[str, Callable[[Column, Values], Any]] = {
    **dict.fromkeys(("int2", "int4", "int8", "float8", "text", "varchar", "unknown", "bytea"), _as_is),
    **dict.fromkeys(("date", "timestamp", "timestamptz"), _cast_from(pa.string())),
    "float4": _cast_from(pa.float64()),
    "bool": _cast_from(pa.int8()),
    "time": _time,
    "uuid": _uuid,
    "jsonb": _jsonb,
}
