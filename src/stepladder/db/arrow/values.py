"""A list of Python's values as an Arrow array, where all are of one kind: nothing is converted, nothing lost."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from stepladder.sql import Type


def arrow_of(pa: Any, values: list[Any], type_: Type) -> Any | None:
    """The values, on their way to a column of `type_`; None where they are of several kinds, or of none of Arrow's."""
    kinds = set(map(type, values))
    kinds.discard(type(None))
    if not kinds:
        return pa.nulls(len(values))
    make = _ARRAYS.get(next(iter(kinds))) if len(kinds) == 1 else None
    if make is None or (Decimal in kinds and type_.precision is None):
        return None  # a column of Decimals has one scale in Arrow, where a numeric of none keeps each value's own
    try:
        return make(pa, values, type_)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError, ValueError):
        return None


def _decimals(pa: Any, values: list[Any], type_: Type) -> Any:
    if (
        type_.name == "numeric"
        and type_.precision is not None
        and 0 <= (type_.scale or 0) <= type_.precision <= 38
    ):
        with suppress(pa.ArrowInvalid):  # told the type, pyarrow need not look at each value first
            return pa.array(values, pa.decimal128(type_.precision, type_.scale or 0))
    return pa.array(values)


def _moments(pa: Any, values: list[Any], _: Type) -> Any | None:
    naive = {value.tzinfo is None for value in values if value is not None}
    if len(naive) != 1:
        return None
    return pa.array(values, pa.timestamp("us", None if naive.pop() else "UTC"))


_ARRAYS: dict[type, Callable[[Any, list[Any], Type], Any | None]] = {
    int: lambda pa, values, _: pa.array(values, pa.int64()),
    str: lambda pa, values, _: pa.array(values, pa.string()),
    float: lambda pa, values, _: pa.array(values, pa.float64()),
    bool: lambda pa, values, _: pa.array(values, pa.bool_()),
    date: lambda pa, values, _: pa.array(values, pa.date32()),
    bytes: lambda pa, values, _: pa.array(values, pa.binary()),
    Decimal: _decimals,
    datetime: _moments,
}
