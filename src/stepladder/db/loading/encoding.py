"""A column of Python's values made fit for its type, and the ones that do not fit, each with a reason."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from stepladder.errors import DataError, NotPortable, ParameterError
from stepladder.sql import Column, Span, Type, first_unstorable, fits_integer

Encode = Callable[[Any], Any]
Misfits = dict[int, str]
"""Place in the batch (from 0) -> why the value there does not fit."""

_NONE = type(None)
_SCALARS = frozenset([str, int, float, bool, Decimal, date, datetime, time, timedelta, UUID, bytes])
_MICROSECOND = 1_000  # nanoseconds


@dataclass(frozen=True, slots=True)
class Cell:
    """How a column's values are checked. `filled`: NULL does not fit, and why."""

    column: Column
    encode: Encode | None
    filled: str | None


def encode_column(values: Sequence[Any], cell: Cell) -> tuple[Sequence[Any], Misfits]:
    """The stored values, NULL where one does not fit, and the misfits.

    Frames' own kinds of nothing (NaT, NA) are NULL; numpy's scalars, whole floats for integers and midnights for
    dates are taken as what they mean.
    """
    kinds = set(map(type, values))
    kinds.discard(_NONE)
    stored = _at_once(values, kinds, cell)
    if stored is None:
        stored, misfits = _one_by_one(values, cell, plain=kinds <= _SCALARS)
    else:
        misfits = {}
    if cell.filled is not None and None in stored:
        for place, value in enumerate(stored):
            if value is None:
                misfits.setdefault(place, cell.filled)
    return stored, misfits


def _at_once(values: Sequence[Any], kinds: set[type], cell: Cell) -> Sequence[Any] | None:
    """The column where every value is of the type's own kind, and in order; None: look at each."""
    if cell.encode is None:
        return values
    found = _WHOLE_COLUMNS.get(cell.column.type.name)
    if found is None or not kinds <= {found[0]}:
        return None
    return found[1](values, cell.column.type) if kinds else values


def _one_by_one(values: Sequence[Any], cell: Cell, *, plain: bool) -> tuple[list[Any], Misfits]:
    stored: list[Any] = []
    misfits: Misfits = {}
    encode, type_ = cell.encode, cell.column.type
    for place, given in enumerate(values):
        try:
            value = given if plain else pythonic(given)
            stored.append(value if value is None or encode is None else _encoded(value, encode, type_))
        except (DataError, ParameterError, NotPortable) as error:
            stored.append(None)
            misfits[place] = error.message.splitlines()[0]
    return stored, misfits


def _encoded(value: Any, encode: Encode, type_: Type) -> Any:
    try:
        return encode(value)
    except ParameterError:
        meant = _MEANT.get(type_.name)
        other = None if meant is None else meant(value)
        if other is None:
            raise
        return encode(other)


def pythonic(value: Any) -> Any:
    """numpy's and pandas' scalars as Python's own; their NaT and NA as None. Raises ParameterError for nanoseconds."""
    if isinstance(value, list | tuple) and type(value) in (list, tuple):
        return [pythonic(item) for item in value]
    library = type(value).__module__.partition(".")[0]
    if library == "numpy":
        return pythonic(value.tolist())
    if library != "pandas":
        return value
    if type(value).__name__ in ("NaTType", "NAType"):
        return None
    if getattr(value, "nanosecond", 0) or getattr(value, "nanoseconds", 0):
        raise ParameterError(nanoseconds(value))
    for name in ("to_pydatetime", "to_pytimedelta"):
        if hasattr(value, name):
            return getattr(value, name)()
    return value


def nanoseconds(value: object) -> str:
    """Why a moment is refused that falls between two microseconds."""
    return f"{value} has nanoseconds, and PostgreSQL keeps microseconds. Round it first."


# -- values of another Python type that mean the same
def _whole(value: Any) -> int | None:
    if isinstance(value, float | Decimal) and math.isfinite(value) and value == int(value):
        return int(value)
    return None


def _midnight(value: Any) -> date | None:
    naive = isinstance(value, datetime) and value.tzinfo is None
    return value.date() if naive and value.time() == time() else None


def _span(value: Any) -> str | None:
    """Arrow's interval of months, days and nanoseconds, as text."""
    if type(value).__name__ != "MonthDayNano":
        return None
    if value.nanoseconds % _MICROSECOND:
        raise ParameterError(nanoseconds(value))
    return str(Span(value.months, value.days, value.nanoseconds // _MICROSECOND))


def _uuid(value: Any) -> UUID | None:
    return UUID(bytes=bytes(value)) if isinstance(value, bytes) and len(value) == 16 else None


_MEANT: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("int2", "int4", "int8"), _whole),
    "date": _midnight,
    "interval": _span,
    "uuid": _uuid,
}


# -- whole columns at once
def _integers(values: Sequence[Any], type_: Type) -> Sequence[Any] | None:
    there = [value for value in values if value is not None]
    ok = fits_integer(type_.name, min(there)) and fits_integer(type_.name, max(there))
    return values if ok else None


def _doubles(values: Sequence[Any], _: Type) -> Sequence[Any] | None:
    return None if any(value is not None and math.isnan(value) for value in values) else values


def _texts(values: Sequence[Any], type_: Type) -> Sequence[Any] | None:
    if type_.length is not None or type_.name == "bpchar":
        return None
    if any(value is not None and first_unstorable(value) is not None for value in values):
        return None
    return values


def _truths(values: Sequence[Any], _: Type) -> Sequence[Any]:
    return [None if value is None else int(value) for value in values]


def _instants(values: Sequence[Any], type_: Type) -> Sequence[Any] | None:
    if type_.precision not in (None, 6) or any(
        value is not None and value.tzinfo is not UTC for value in values
    ):
        return None
    return [None if value is None else value.isoformat(" ") for value in values]


_WHOLE_COLUMNS: dict[str, tuple[type, Callable[[Sequence[Any], Type], Sequence[Any] | None]]] = {
    **dict.fromkeys(("int2", "int4", "int8"), (int, _integers)),
    **dict.fromkeys(("text", "varchar", "unknown"), (str, _texts)),
    "float8": (float, _doubles),
    "bool": (bool, _truths),
    "timestamptz": (datetime, _instants),
}
