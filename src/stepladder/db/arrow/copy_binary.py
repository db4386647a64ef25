"""COPY's binary form, as it comes from the server, to Arrow: a batch of rows at a time, a whole column at once.

The form: a header of 19 bytes and an extension, then for each row a count of fields (int16) and for each field its
length in bytes (int32, -1 is NULL) and its value as the type's send function writes it, big end first
(https://www.postgresql.org/docs/current/sql-copy.html). The protocol carries one row in one message, so where each
row begins is known, and the fields of all rows of a batch are found by a few additions of whole columns.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from stepladder.db.arrow.table import arrow_schema, decimal_of, is_open, no_number, table
from stepladder.errors import InvalidDatetime, NotPortable, NumericOutOfRange, SerializationFailure
from stepladder.sql import Column, Type

# Small batches stay in the processor's cache and reuse their memory: twice as fast as 65,536 rows at a time.
_BATCH_ROWS = 8192
_BATCH_BYTES = 1 << 26
_SIGNATURE_BYTES = 15
_WINDOW = 64
_PADDING = b"\0" * (
    _WINDOW + 16
)  # what a NULL's place is read as, and room behind the last value for whoever reads further
_EPOCH_DAYS = 10_957  # PostgreSQL counts from 2000-01-01, Arrow from 1970-01-01
_DAY_MICROSECONDS = 86_400_000_000
_EPOCH_MICROSECONDS = _EPOCH_DAYS * _DAY_MICROSECONDS
_NEGATIVE, _SPECIAL = 0x4000, 0xC000
_SPECIAL_NAMES = {0xC000: "NaN", 0xD000: "Infinity", 0xF000: "-Infinity"}
_INT64_DIGITS = 18
_POWERS = 10 ** np.arange(5)
_MOST_NANOSECONDS = 2**63 - 1

Integers = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True, slots=True)
class _Cells:
    """The values of one column: where each begins in `data`, how many bytes it has, and which are NULL."""

    column: str
    data: np.ndarray[Any, np.dtype[np.uint8]]
    start: Integers
    length: Integers
    null: np.ndarray[Any, np.dtype[np.bool_]] | None

    def read(self, dtype: str, offset: int = 0) -> Any:
        """The number at each value's beginning."""
        return _numbers(self.data, dtype, self.start + offset if offset else self.start)

    def refuse_other_widths(self, width: int) -> None:
        """A field of another width was sent for another type than the one that was asked for."""
        length = self.length if self.null is None else self.length[~self.null]
        if (length != width).any():
            raise SerializationFailure(
                f"column {self.column} changed its type while it was read. Nothing was returned: ask again."
            )

    def validity(self) -> Any:
        return None if self.null is None else pa.array(~self.null).buffers()[1]

    def array(self, type_: Any, values: Any) -> Any:
        """An Arrow array over the memory of `values`, one of Arrow's own layout."""
        return pa.Array.from_buffers(type_, len(self.start), [self.validity(), pa.py_buffer(values)])


class CopiedRows:
    """Takes COPY's messages, one at a time, and gives them back as one Arrow table."""

    def __init__(self, columns: Sequence[Column]) -> None:
        arrow_schema(columns)  # a column that Arrow cannot hold is refused before anything is sent
        self._columns = columns
        self._decoders = [_decoder(column.type) for column in columns]
        self._batches: list[list[Any]] = []
        self._buffer = io.BytesIO()
        self._write = self._buffer.write
        self._lengths: list[int] = []
        self._bytes = 0
        self._header_read = False

    def take(self, message: bytes | memoryview) -> None:
        """One message: a row, with COPY's header before the first one."""
        length = self._write(message)
        self._lengths.append(length)
        self._bytes += length
        if len(self._lengths) == _BATCH_ROWS or self._bytes > _BATCH_BYTES:
            self._decode()

    def table(self) -> Any:
        """All rows as a pyarrow Table; see `stepladder.db.arrow.table.table`."""
        self._decode()
        return table(self._columns, self._batches)

    def _decode(self) -> None:
        if not self._lengths:
            return
        self._write(_PADDING)
        with self._buffer.getbuffer() as view:
            self._batches.append(self._batch(np.frombuffer(view, np.uint8)))
        self._buffer.seek(0)
        self._lengths.clear()
        self._bytes = 0

    def _batch(self, data: Any) -> list[Any]:
        lengths = np.array(self._lengths, np.int64)
        begin = np.cumsum(lengths) - lengths
        if not self._header_read:
            self._header_read = True
            extension = int(_numbers(data, ">i4", np.array([_SIGNATURE_BYTES]))[0])
            begin[0] += _SIGNATURE_BYTES + 4 + extension  # it comes in one message with what follows
        fields = _numbers(data, ">i2", begin)
        begin = begin[fields >= 0]  # the last message is the trailer, -1
        if (fields[fields >= 0] != len(self._columns)).any():
            raise SerializationFailure("the query's columns changed while it was read. Ask again.")
        at = begin + 2
        arrays = []
        for column, decode in zip(self._columns, self._decoders, strict=True):
            cells, at = _next_cells(column.name, data, at)
            arrays.append(decode(cells))
        return arrays


def _numbers(data: Any, dtype: str, start: Any) -> Any:
    """The numbers that begin at these bytes, aligned or not."""
    kind = np.dtype(dtype)
    window: Any = np.ndarray((len(data) - kind.itemsize + 1,), kind, data, strides=(1,))
    return window[start]


def _next_cells(column: str, data: Any, at: Any) -> tuple[_Cells, Any]:
    """The cells whose lengths stand at `at`, and the place behind each."""
    length = _numbers(data, ">i4", at).astype(np.int64)
    start = at + 4
    null = length < 0
    if not null.any():
        return _Cells(column, data, start, length, None), start + length
    length[null] = 0
    behind = start + length
    start[null] = len(data) - len(_PADDING)
    return _Cells(column, data, start, length, null), behind


# -- one function a type
Decode = Callable[[_Cells], Any]


def _decoder(type_: Type) -> Decode:
    if type_.element is not None:
        return _list_of(type_.element)
    if type_.name == "numeric":
        return _numeric_of(type_)
    return _DECODERS[type_.name]


def _number(dtype: str, arrow: Any, *, add: int = 0) -> Decode:
    width = np.dtype(dtype).itemsize

    def decode(cells: _Cells) -> Any:
        cells.refuse_other_widths(width)
        values = cells.read(dtype).astype(dtype[1:])
        if add:
            _refuse_infinity(cells, values)
            values += add
        return cells.array(arrow, values)

    return decode


def _refuse_infinity(cells: _Cells, values: Any) -> None:
    """A date or timestamp of `infinity` is the largest number of its width, `-infinity` the smallest."""
    ends = np.iinfo(values.dtype)
    if ((values == ends.max) | (values == ends.min)).any():
        raise InvalidDatetime(
            f"column {cells.column} holds infinity, which is no moment. Cast it in the query: {cells.column}::text.",
            sqlstate="22008",
        )


def _time(cells: _Cells) -> Any:
    if (cells.read(">i8") >= _DAY_MICROSECONDS).any():
        raise InvalidDatetime(
            f"column {cells.column} holds 24:00:00, which no frame has. Cast it in the query: {cells.column}::text.",
            sqlstate="22008",
        )
    return _number(">i8", pa.time64("us"))(cells)


def _bool(cells: _Cells) -> Any:
    cells.refuse_other_widths(1)
    return cells.array(pa.bool_(), np.packbits(cells.data[cells.start], bitorder="little"))


def _bytes_at(cells: _Cells, skip: int = 0) -> tuple[Any, Any]:
    """Offsets, and the bytes of all values one after the other."""
    start, length = cells.start + skip, np.maximum(cells.length - skip, 0)
    offsets = np.zeros(len(length) + 1, np.int64)
    np.cumsum(length, out=offsets[1:])
    longest = int(length.max(initial=0))
    if 0 < longest <= _WINDOW:
        # As many bytes of each as the longest has, less those that are not its own: a third of the time.
        windows = _numbers(cells.data, f"V{longest}", start).view(np.uint8).reshape(-1, longest)
        return offsets, windows[np.arange(longest) < length[:, None]]
    places = np.repeat(start - offsets[:-1], length)
    places += np.arange(offsets[-1])
    return offsets, cells.data[places]


def _binary(arrow: Any, skip: int = 0) -> Decode:
    def decode(cells: _Cells) -> Any:
        offsets, data = _bytes_at(cells, skip)
        # 32-bit offsets are enough: a batch ends at 64 MiB, and a value has at most 1 GiB.
        buffers = [cells.validity(), pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(data)]
        return pa.Array.from_buffers(arrow, len(cells.start), buffers)

    return decode


def _uuid(cells: _Cells) -> Any:
    cells.refuse_other_widths(16)
    values = cells.data[cells.start[:, None] + np.arange(16)]
    return pa.ExtensionArray.from_storage(pa.uuid(), cells.array(pa.binary(16), values))


def _jsonb(cells: _Cells) -> Any:
    return pa.ExtensionArray.from_storage(pa.json_(), _binary(pa.string(), skip=1)(cells))


def _json(cells: _Cells) -> Any:
    return pa.ExtensionArray.from_storage(pa.json_(), _binary(pa.string())(cells))


def _interval(cells: _Cells) -> Any:
    cells.refuse_other_widths(16)
    microseconds = cells.read(">i8").astype(np.int64)
    if (np.abs(microseconds) > _MOST_NANOSECONDS // 1000).any():
        raise NumericOutOfRange(
            f"column {cells.column} holds an interval of more than 292 years in hours. Cast it in the query: "
            f"{cells.column}::text."
        )
    values = np.zeros(len(cells.start), [("months", "i4"), ("days", "i4"), ("nanoseconds", "i8")])
    values["months"], values["days"] = cells.read(">i4", 12), cells.read(">i4", 8)
    values["nanoseconds"] = microseconds * 1000
    return cells.array(pa.month_day_nano_interval(), values)


def _void(cells: _Cells) -> Any:
    return pa.nulls(len(cells.start))


_DECODERS: dict[str, Decode] = {
    "int2": _number(">i2", pa.int16()),
    "int4": _number(">i4", pa.int32()),
    "int8": _number(">i8", pa.int64()),
    "float4": _number(">f4", pa.float32()),
    "float8": _number(">f8", pa.float64()),
    "date": _number(">i4", pa.date32(), add=_EPOCH_DAYS),
    "time": _time,
    "timestamp": _number(">i8", pa.timestamp("us"), add=_EPOCH_MICROSECONDS),
    "timestamptz": _number(">i8", pa.timestamp("us", "UTC"), add=_EPOCH_MICROSECONDS),
    **dict.fromkeys(("text", "varchar", "bpchar", "unknown"), _binary(pa.string())),
    "bool": _bool,
    "bytea": _binary(pa.binary()),
    "uuid": _uuid,
    "jsonb": _jsonb,
    "json": _json,
    "interval": _interval,
    "void": _void,
}


# -- numeric: int16 count of digits to base 10,000, weight of the first, sign, digits behind the point, the digits
def _numeric_of(type_: Type) -> Decode:
    known = None if is_open(type_) else (type_.precision or 0, type_.scale or 0)

    def decode(cells: _Cells) -> Any:
        sign = cells.read(">u2", 4)
        _refuse_special(cells, sign)
        count, weight = cells.read(">i2").astype(np.int64), cells.read(">i2", 2).astype(np.int64)
        digits, scale = known or _shape(cells, count, weight)
        arrow = decimal_of(digits, scale, cells.column)
        if digits > _INT64_DIGITS:
            return _wide_decimals(cells, arrow, count, weight, sign)
        unscaled = _unscaled(cells, count, weight, scale)
        np.negative(unscaled, out=unscaled, where=sign == _NEGATIVE)
        return cells.array(arrow, _signed(unscaled, arrow.bit_width // 64))

    return decode


def _refuse_special(cells: _Cells, sign: Any) -> None:
    special = sign & _SPECIAL == _SPECIAL
    if special.any():
        raise no_number(_SPECIAL_NAMES[int(sign[special][0])], cells.column)


def _shape(cells: _Cells, count: Any, weight: Any) -> tuple[int, int]:
    """How many digits the values need in all, and behind the point."""
    scale = int(cells.read(">i2", 6).max(initial=0))
    leading = np.searchsorted(_POWERS, cells.read(">i2", 8), side="right")
    whole = np.where((count > 0) & (weight >= 0), 4 * weight + leading, 0)
    return int(whole.max(initial=0)) + scale, scale


def _unscaled(cells: _Cells, count: Any, weight: Any, scale: int) -> Integers:
    """Each value times 10^scale, where that has at most 18 digits: the digits of one weight at a time."""
    total = np.zeros(len(count), np.int64)
    first, units = cells.start + 8, cells.start + 8 + 2 * weight
    behind = first + 2 * count
    nothing = len(cells.data) - len(_PADDING)
    lowest = -((scale + 3) // 4)
    for place in range(int(weight.max(initial=0)), lowest - 1, -1):
        at = units - 2 * place
        digit = _numbers(cells.data, ">i2", np.where((at >= first) & (at < behind), at, nothing)).astype(
            np.int64
        )
        power = 4 * place + scale
        # Digits behind the scale are zeros that fill up a group of four.
        total += digit * 10**power if power >= 0 else digit // 10**-power
    return total


def _signed(values: Integers, words: int) -> Any:
    """64-bit integers with their sign carried on to so many words, the low one first."""
    wide = np.empty((len(values), words), np.int64)
    wide[:, 0] = values
    wide[:, 1:] = (values >> 63)[:, None]
    return wide


def _wide_decimals(cells: _Cells, arrow: Any, count: Any, weight: Any, sign: Any) -> Any:
    """Values of more than 18 digits, one by one."""
    width, scale = arrow.bit_width // 8, arrow.scale
    parts = []
    for start, digits, first, mark in zip(
        cells.start.tolist(), count.tolist(), weight.tolist(), sign.tolist(), strict=True
    ):
        value = 0
        for digit in cells.data[start + 8 : start + 8 + 2 * digits].view(">i2").tolist():
            value = value * 10_000 + digit
        power = 4 * (first - digits + 1) + scale
        value = value * 10**power if power >= 0 else value // 10**-power
        parts.append((-value if mark == _NEGATIVE else value).to_bytes(width, "little", signed=True))
    return cells.array(arrow, b"".join(parts))


# -- arrays: int32 dimensions, flags, element's oid; for each dimension its length and first index; the elements
def _list_of(element: Type) -> Decode:
    decode_element = _decoder(element)

    def decode(cells: _Cells) -> Any:
        dimensions = cells.read(">i4")
        if (dimensions > 1).any():
            raise NotPortable(
                f"column {cells.column}: an array of more than one dimension in a frame",
                instead=f"cast it to text: {cells.column}::text",
            )
        sizes = np.where(dimensions == 1, cells.read(">i4", 12), 0).astype(np.int64)
        offsets = np.zeros(len(sizes) + 1, np.int64)
        np.cumsum(sizes, out=offsets[1:])
        values = decode_element(_elements(cells, sizes, offsets))
        lists = pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values)
        buffers = [cells.validity(), lists.buffers()[1]]
        return pa.Array.from_buffers(lists.type, len(sizes), buffers, children=[values])

    return decode


def _elements(cells: _Cells, sizes: Any, offsets: Any) -> _Cells:
    """The elements of all arrays, in order: the first of each is found, then the second of each, and so on."""
    start, length = np.zeros(offsets[-1], np.int64), np.zeros(offsets[-1], np.int64)
    null = np.zeros(offsets[-1], np.bool_)
    rows, at = np.nonzero(sizes)[0], cells.start + 20
    place = 0
    while len(rows):
        found, behind = _next_cells(cells.column, cells.data, at[rows])
        to = offsets[rows] + place
        start[to], length[to] = found.start, found.length
        null[to] = False if found.null is None else found.null
        at[rows] = behind
        place += 1
        rows = rows[sizes[rows] > place]
    return _Cells(cells.column, cells.data, start, length, null if null.any() else None)
