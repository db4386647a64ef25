"""Rows of Python's values, as the drivers return them, to Arrow: a column at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from stepladder.db.arrow.table import arrow_schema, decimal_of, is_open, no_number, table
from stepladder.db.arrow.types import arrow_type, pyarrow
from stepladder.errors import NumericOutOfRange
from stepladder.sql import Column, Span, Type, jsonb_text

_MICROSECOND = timedelta(microseconds=1)

Values = Sequence[Any]


def table_of_rows(columns: Sequence[Column], rows: Sequence[tuple[Any, ...]]) -> Any:
    """A pyarrow Table of rows that are in memory."""
    arrow_schema(columns)
    return table(columns, [arrays_of_rows(columns, rows)])


def arrays_of_rows(columns: Sequence[Column], rows: Sequence[tuple[Any, ...]]) -> list[Any]:
    """One Arrow array a column."""
    values = zip(*rows, strict=True) if rows else ((),) * len(columns)
    return [array_of(column, list(each)) for column, each in zip(columns, values, strict=True)]


def fixed(columns: Sequence[Column], arrays: Sequence[Any]) -> list[Any]:
    """The arrays with numerics of no precision brought to the one type that every batch of a stream has."""
    return [
        _widened(column, array) if is_open(column.type) else array
        for column, array in zip(columns, arrays, strict=True)
    ]


def array_of(column: Column, values: Values) -> Any:
    """The values of one column as an Arrow array of `arrow_type`; a numeric without a precision gets the smallest
    decimal that holds them. Raises NumericOutOfRange."""
    pa = pyarrow("Arrow data")
    type_ = column.type
    if type_.element is not None:
        return _lists(pa, column, type_.element, values)
    if type_.name == "numeric":
        return pa.array(values, _decimal(column, values))
    make = _MAKERS.get(type_.name)
    return make(pa, column, values) if make else pa.array(values, arrow_type(type_))


def _widened(column: Column, array: Any) -> Any:
    wanted = arrow_type(column.type)
    try:
        return array.cast(wanted)
    except pyarrow("Arrow data").ArrowInvalid as error:
        raise NumericOutOfRange(
            f"column {column.name}: a value does not fit {wanted}, which every batch of a stream has. Cast it in the query: "
            f"{column.name}::numeric(38,10), or {column.name}::text."
        ) from error


def _decimal(column: Column, values: Values) -> Any:
    special = next((value for value in values if value is not None and not value.is_finite()), None)
    if special is not None:
        raise no_number(special, column.name)
    if not is_open(column.type):
        return arrow_type(column.type)
    shapes = [_shape(value) for value in values if value is not None]
    scale = max((scale for _, scale in shapes), default=0)
    whole = max((whole for whole, _ in shapes), default=1)
    return decimal_of(whole + scale, scale, column.name)


def _shape(value: Decimal) -> tuple[int, int]:
    """Digits before and behind the point."""
    exponent = value.as_tuple().exponent
    scale = max(0, -exponent) if isinstance(exponent, int) else 0
    return (max(0, value.adjusted() + 1) if value else 0), scale


def _lists(pa: Any, column: Column, element: Type, values: Values) -> Any:
    offsets = [0]
    flat: list[Any] = []
    for value in values:
        flat += value or ()
        offsets.append(len(flat))
    inner = array_of(Column(column.name, element), flat)
    mask = pa.array([value is None for value in values], pa.bool_())
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), inner, mask=mask)


def _interval(pa: Any, column: Column, values: Values) -> Any:
    del column
    spans = [None if value is None else _month_day_nano(pa, value) for value in values]
    return pa.array(spans, pa.month_day_nano_interval())


def _month_day_nano(pa: Any, value: timedelta | Span) -> Any:
    if isinstance(value, Span):
        return pa.MonthDayNano([value.months, value.days, value.microseconds * 1000])
    rest = (value - timedelta(days=value.days)) // _MICROSECOND
    return pa.MonthDayNano([0, value.days, rest * 1000])


def _uuid(pa: Any, column: Column, values: Values) -> Any:
    del column
    storage = pa.array([None if value is None else value.bytes for value in values], pa.binary(16))
    return pa.ExtensionArray.from_storage(pa.uuid(), storage)


def _jsonb(pa: Any, column: Column, values: Values) -> Any:
    del column
    storage = pa.array([None if value is None else jsonb_text(value) for value in values], pa.string())
    return pa.ExtensionArray.from_storage(pa.json_(), storage)


def _void(pa: Any, column: Column, values: Values) -> Any:
    del column
    return pa.nulls(len(values))


_MAKERS: dict[str, Callable[[Any, Column, Values], Any]] = {
    "interval": _interval,
    "uuid": _uuid,
    "jsonb": _jsonb,
    "json": _jsonb,
    "void": _void,
}
