"""A batch of what comes in, made fit for the table: rows ready to be written, and the rows that do not fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from stepladder.db.arrow.fit import fit, plain
from stepladder.db.arrow.stored import stored_array
from stepladder.db.arrow.types import has_arrow, pyarrow
from stepladder.db.arrow.values import arrow_of
from stepladder.db.loading.encoding import Cell, Misfits, encode_column, nanoseconds
from stepladder.files import Batch, ColumnBatch, Reject

_MANY_ROWS = 1_000  # fewer are done before Arrow is loaded


@dataclass(frozen=True, slots=True)
class Fitted:
    """Rows that fit: tuples of stored values, or a pyarrow RecordBatch of fitted columns (see `stepladder.db.arrow.fit`).

    `numbers` are the rows' numbers in the data, from 1.
    """

    rows: Any
    numbers: Sequence[int]
    rejects: list[Reject]
    line_of: Callable[[int], int | None]

    def __len__(self) -> int:
        return len(self.numbers)

    def part(self, start: int, end: int) -> Any:
        """The rows from `start` to before `end`, in the same form."""
        return self.rows[start:end] if isinstance(self.rows, list) else self.rows.slice(start, end - start)


def fitted(batch: Batch | ColumnBatch, cells: Sequence[Cell], *, holds_nan: bool) -> Fitted:
    """What of `batch` can be written; the rest is among the rejects, in order."""
    if isinstance(batch, Batch):
        turned = _turned(batch, len(cells))
        if turned is None:
            return _fit_rows(batch, cells)
        batch = turned
    return _fit_columns(batch, cells, holds_nan=holds_nan)


# -- rows
def _turned(batch: Batch, width: int) -> ColumnBatch | None:
    """Many rows as columns, where Arrow is there to take them; else they are looked at as Python's values."""
    rows = batch.rows
    if len(rows) < _MANY_ROWS or batch.rejects or set(map(len, rows)) != {width} or not has_arrow():
        return None
    columns = [list(values) for values in zip(*rows, strict=True)]
    return ColumnBatch(batch.first_row, columns, len(rows), batch.lines.__getitem__)


def _fit_rows(batch: Batch, cells: Sequence[Cell]) -> Fitted:
    numbers = _numbers(batch)
    misfits = _Misfits()
    for place, row in enumerate(batch.rows):
        if len(row) != len(cells):
            misfits[place] = (None, f"{len(row)} values for {len(cells)} columns")
    places = [place for place in range(len(batch.rows)) if place not in misfits]
    columns = list(zip(*(batch.rows[place] for place in places), strict=True)) or [()] * len(cells)
    stored = []
    for cell, values in zip(cells, columns, strict=True):
        found, bad = encode_column(values, cell)
        stored.append(found)
        misfits.add(cell, {places[place]: reason for place, reason in bad.items()})
    ready = list(zip(*stored, strict=True))
    if not misfits:
        return Fitted(ready, numbers, list(batch.rejects), batch.lines.__getitem__)
    rejects = _rejected(misfits, cells, numbers, batch.lines.__getitem__, batch.rows.__getitem__)
    kept = [place for place in places if place not in misfits]
    return Fitted(
        [row for row, place in zip(ready, places, strict=True) if place not in misfits],
        [numbers[place] for place in kept],
        sorted([*batch.rejects, *rejects], key=lambda reject: reject.row or 0),
        lambda place: batch.lines[kept[place]],
    )


def _rejected(
    misfits: _Misfits,
    cells: Sequence[Cell],
    numbers: Sequence[int],
    line_of: Callable[[int], int | None],
    row_of: Callable[[int], tuple[Any, ...]],
) -> list[Reject]:
    """What is said of each misfit, in order."""
    at = {cell.column.name: place for place, cell in enumerate(cells)}
    found = []
    for place, (name, reason) in sorted(misfits.items()):
        row = row_of(place)
        value = None if name is None or row[at[name]] is None else str(row[at[name]])
        found.append(Reject(numbers[place], line_of(place), name, value, reason, str(row)))
    return found


class _Misfits(dict[int, tuple[str | None, str]]):
    """Place -> column and reason: of each row the first column that does not fit."""

    def add(self, cell: Cell, found: Misfits) -> None:
        for place, reason in found.items():
            self.setdefault(place, (cell.column.name, reason))


def _numbers(batch: Batch) -> Sequence[int]:
    end = batch.first_row + len(batch.rows) + len(batch.rejects)
    if not batch.rejects:
        return range(batch.first_row, end)
    taken = {reject.row for reject in batch.rejects}
    return [number for number in range(batch.first_row, end) if number not in taken]


# -- columns
def _fit_columns(batch: ColumnBatch, cells: Sequence[Cell], *, holds_nan: bool) -> Fitted:
    pa = pyarrow("Arrow data")
    arrays, misfits = [], _Misfits()
    for given, cell in zip(batch.columns, cells, strict=True):
        array, bad = _fit_column(pa, given, cell, holds_nan=holds_nan)
        arrays.append(array)
        misfits.add(cell, bad)
    rows = pa.record_batch(arrays, names=[cell.column.name for cell in cells])
    numbers: Sequence[int] = range(batch.first_row, batch.first_row + batch.length)
    line_of = batch.line_of or (lambda _: None)
    if not misfits:
        return Fitted(rows, numbers, [], line_of)
    rejects = _rejected(
        misfits, cells, numbers, line_of, lambda place: tuple(_value(each, place) for each in batch.columns)
    )
    kept = [place for place in range(batch.length) if place not in misfits]
    return Fitted(
        rows.take(pa.array(kept, pa.int64())),
        [numbers[place] for place in kept],
        rejects,
        lambda place: line_of(kept[place]),
    )


def _fit_column(pa: Any, given: Any, cell: Cell, *, holds_nan: bool) -> tuple[Any, Misfits]:
    """The column as Arrow has it, and its misfits: at once where that can be, else value by value."""
    type_ = cell.column.type
    source = arrow_of(pa, given, type_) if isinstance(given, list) else given
    array = None if source is None else fit(source, type_)
    if array is not None and not (_has_nan(pa, array) and not holds_nan):
        return array, _nulls(pa, array, cell)
    values, finer = (given, {}) if isinstance(given, list) else _values(pa, given)
    stored, misfits = encode_column(values, cell)
    return stored_array(stored, type_), misfits | finer


def _has_nan(pa: Any, array: Any) -> bool:
    return bool(pa.types.is_floating(array.type) and pa.compute.any(pa.compute.is_nan(array)).as_py())


def _nulls(pa: Any, array: Any, cell: Cell) -> Misfits:
    if cell.filled is None or not array.null_count:
        return {}
    places = pa.compute.indices_nonzero(array.is_null()).to_pylist()
    return dict.fromkeys(places, cell.filled)


def _values(pa: Any, given: Any) -> tuple[list[Any], Misfits]:
    """Python's values of an array, and the ones that fall between two microseconds (NULL in their place)."""
    array = plain(given)
    kinds, type_ = pa.types, array.type
    misfits: Misfits = {}
    if getattr(type_, "unit", None) == "ns":
        array, misfits = _without_nanoseconds(pa, array)
    elif kinds.is_float16(type_) or kinds.is_float32(type_):
        # The double of the fewest digits: 0.1, not 0.10000000149.
        array = array.cast(pa.string()).cast(pa.float64())
    if kinds.is_map(type_):
        return list(array.to_pylist(maps_as_pydicts="strict")), misfits
    try:
        return list(array.to_pylist()), misfits
    except (ValueError, OverflowError):
        values = [None] * len(array)
        for place, scalar in enumerate(array):
            try:
                values[place] = scalar.as_py()
            except (ValueError, OverflowError):
                misfits[place] = f"{scalar} is outside the years 1 to 9999"
        return values, misfits


def _without_nanoseconds(pa: Any, array: Any) -> tuple[Any, Misfits]:
    compute, kinds, type_ = pa.compute, pa.types, array.type
    ticks = array.cast(pa.int64())
    whole = compute.divide(ticks, 1000)
    finer = compute.not_equal(compute.multiply(whole, 1000), ticks)
    places = compute.indices_nonzero(finer).to_pylist()
    misfits = {place: nanoseconds(_value(array, place)) for place in places}
    coarser = (
        pa.timestamp("us", type_.tz)
        if kinds.is_timestamp(type_)
        else pa.duration("us")
        if kinds.is_duration(type_)
        else pa.time64("us")
    )
    return compute.if_else(finer, None, whole).cast(coarser), misfits


def _value(column: Any, place: int) -> object:
    """One value, for people."""
    value = column[place]
    if isinstance(column, list):
        return value
    try:
        return value.as_py()
    except (ValueError, OverflowError):
        return str(value)
