"""Columns of Arrow arrays, batch by batch, put together as one table of exact types."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from stepladder.db.arrow.types import arrow_type, pyarrow
from stepladder.errors import AmbiguousColumn, NumericOutOfRange, ParameterError
from stepladder.sql import Column, Type

MOST_DIGITS = 76  # of Arrow's widest decimal
_NARROW_DIGITS = 38


def refuse_twins(columns: Sequence[Column]) -> None:
    """Raise AmbiguousColumn where two columns have one name: what is kept by name would lose one of them."""
    names = [column.name for column in columns]
    twins = sorted({name for name in names if names.count(name) > 1})
    if twins:
        raise AmbiguousColumn(
            f"more than one column is called {', '.join(map(repr, twins))}. Name the columns apart with AS."
        )


def arrow_schema(columns: Sequence[Column]) -> Any:
    """The pyarrow Schema of these columns. Raises AmbiguousColumn, and ParameterError for a type that Arrow has not."""
    pa = pyarrow("Arrow data")
    refuse_twins(columns)
    fields = []
    for column in columns:
        try:
            fields.append(pa.field(column.name, arrow_type(column.type)))
        except ParameterError as error:
            raise ParameterError(f"column {column.name}: {error.message}") from error
    return pa.schema(fields)


def is_open(type_: Type) -> bool:
    """Whether it is numeric without a precision (or an array of it): each value then has a scale of its own."""
    if type_.element is not None:
        return is_open(type_.element)
    return type_.name == "numeric" and type_.precision is None


def table(columns: Sequence[Column], batches: Iterable[Sequence[Any]]) -> Any:
    """A pyarrow Table of batches of arrays, one array a column.

    A numeric column without a precision gets the smallest decimal(p,s) that holds all its values. Raises
    NumericOutOfRange where that needs more than 76 digits.
    """
    pa = pyarrow("Arrow data")
    schema = arrow_schema(columns)
    parts: list[list[Any]] = [[] for _ in columns]
    for batch in batches:
        for place, array in enumerate(batch):
            parts[place].append(array)
    for place, column in enumerate(columns):
        if is_open(column.type):
            found = _smallest(column, [part.type for part in parts[place]])
            parts[place] = [part.cast(found) for part in parts[place]]
            schema = schema.set(place, pa.field(column.name, found))
    arrays = [pa.chunked_array(part, field.type) for part, field in zip(parts, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)


def decimal_of(digits: int, scale: int, column: str) -> Any:
    """The smallest decimal type for `digits` in all, `scale` of them behind the point."""
    pa = pyarrow("Arrow data")
    if digits > MOST_DIGITS:
        raise NumericOutOfRange(
            f"column {column} needs {digits} digits ({scale} of them behind the point), and an Arrow decimal holds "
            f"{MOST_DIGITS}. Cast it in the query: {column}::numeric(38,10), or {column}::text."
        )
    width = max(digits, 1)
    return pa.decimal128(width, scale) if width <= _NARROW_DIGITS else pa.decimal256(width, scale)


def no_number(value: object, column: str) -> NumericOutOfRange:
    """The error of NaN or an infinity in a numeric column."""
    return NumericOutOfRange(
        f"column {column} holds {value}, and an Arrow decimal has no such number. Cast it in the query: "
        f"{column}::float8, or {column}::text."
    )


def _smallest(column: Column, types: Sequence[Any]) -> Any:
    pa = pyarrow("Arrow data")
    if column.type.element is not None:
        return pa.list_(_smallest(Column(column.name, column.type.element), [t.value_type for t in types]))
    scale = max((t.scale for t in types), default=0)
    whole = max((t.precision - t.scale for t in types), default=1)
    return decimal_of(whole + scale, scale, column.name)
