"""Fitted columns (see `stepladder.db.arrow.fit`) as each engine takes them: SQLite's values, COPY's text, pgpq's binary."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from stepladder.db.arrow.types import pyarrow
from stepladder.sql import Column, Type, is_native_numeric, numeric_text

_SPECIAL_IN_COPY = r"[\\\t\n\r]"
_NO_FRACTION = ".000000"
_SENT_AS_TEXT = {"text", "varchar", "bpchar"}


def stored_array(values: Sequence[Any], type_: Type) -> Any:
    """A column of values that `stepladder.sql.encoder` made, NULLs among them, as Arrow has it."""
    pa = pyarrow("Arrow data")
    typed = {
        "int2": pa.int16(), "int4": pa.int32(), "int8": pa.int64(), "float4": pa.float32(), "float8": pa.float64(),
        "bytea": pa.binary(),
    }.get(type_.name)  # fmt: skip
    if typed is not None:
        return pa.array(values, typed)
    if type_.name == "bool":
        return pa.array([None if value is None else bool(value) for value in values], pa.bool_())
    return pa.array([value if value is None else str(value) for value in values], pa.string())


def stored_values(array: Any, type_: Type) -> list[Any]:
    """A fitted column as a SQLite file stores it."""
    pa = pyarrow("Arrow data")
    kinds = pa.types
    if is_native_numeric(type_):  # the column's affinity makes whole ones integers
        return list(
            (array if kinds.is_string(array.type) else array.cast(pa.string())).cast(pa.float64()).to_pylist()
        )
    if kinds.is_boolean(array.type):
        return list(array.cast(pa.int8()).to_pylist())
    if kinds.is_integer(array.type) or kinds.is_floating(array.type) or kinds.is_binary(array.type):
        return list(array.to_pylist())
    return list(stored_text(array).to_pylist())


def stored_text(array: Any) -> Any:
    """A fitted column as text: ISO moments in UTC, every digit of a numeric, bytes as \\x…"""
    pa = pyarrow("Arrow data")
    kinds, type_ = pa.types, array.type
    if kinds.is_string(type_):
        return array
    if kinds.is_timestamp(type_):
        naive = array.cast(pa.int64()).cast(pa.timestamp("us"))
        text = _trimmed(pa, naive.cast(pa.string()))
        return text if type_.tz is None else pa.compute.binary_join_element_wise(text, "+00:00", "")
    if kinds.is_time(type_):
        return _trimmed(pa, array.cast(pa.string()))
    if kinds.is_decimal(type_):
        return _decimal_text(pa, array)
    if kinds.is_fixed_size_binary(type_):
        return pa.array(
            [None if one is None else str(UUID(bytes=one)) for one in array.to_pylist()], pa.string()
        )
    if kinds.is_binary(type_):
        return pa.array(
            [None if one is None else "\\x" + one.hex() for one in array.to_pylist()], pa.string()
        )
    return array.cast(pa.string())


def _trimmed(pa: Any, text: Any) -> Any:
    """Times as Python's isoformat() writes them: no fraction where it is zero."""
    whole = pa.compute.ends_with(text, _NO_FRACTION)
    if not pa.compute.any(whole).as_py():
        return text
    return pa.compute.if_else(whole, pa.compute.utf8_slice_codeunits(text, 0, -len(_NO_FRACTION)), text)


def _decimal_text(pa: Any, array: Any) -> Any:
    text = array.cast(pa.string())
    if not pa.compute.any(pa.compute.match_substring(text, "E")).as_py():
        return text
    return pa.array([None if one is None else numeric_text(one) for one in array.to_pylist()], pa.string())


def copy_text(arrays: Sequence[Any]) -> memoryview:
    """Fitted columns as lines of COPY's text format, made column by column."""
    pa = pyarrow("Arrow data")
    compute = pa.compute
    cells = [_escaped(pa, stored_text(array)) for array in arrays]
    large = pa.large_string()
    last = compute.coalesce(cells[-1], pa.scalar("\\N", large))
    cells[-1] = compute.binary_join_element_wise(last, pa.scalar("\n", large), pa.scalar("", large))
    lines = compute.binary_join_element_wise(
        *cells, pa.scalar("\t", large), null_handling="replace", null_replacement="\\N"
    )
    return memoryview(lines.buffers()[2])[: compute.sum(compute.binary_length(lines)).as_py() or 0]


def _escaped(pa: Any, text: Any) -> Any:
    if pa.compute.any(pa.compute.match_substring_regex(text, _SPECIAL_IN_COPY)).as_py():
        for plain, written in (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r")):
            text = pa.compute.replace_substring(text, plain, written)
    return text.cast(pa.large_string())


def copy_binary(arrays: Sequence[Any], columns: Sequence[Column]) -> list[bytes] | None:
    """Fitted columns in COPY's binary format; None where one of them has no binary form here."""
    pa = pyarrow("Arrow data")
    ready = [_sent(pa, array, column.type) for array, column in zip(arrays, columns, strict=True)]
    if any(array is None for array in ready):
        return None
    batch = pa.record_batch(ready, names=[f"c{place}" for place in range(len(ready))])
    try:
        from pgpq import ArrowToPostgresBinaryEncoder
    except ModuleNotFoundError:
        return None  # text is slower, and says the same
    encoder = ArrowToPostgresBinaryEncoder(batch.schema)
    return [encoder.write_header(), encoder.write_batch(batch), encoder.finish()]


def _sent(pa: Any, array: Any, type_: Type) -> Any | None:
    """A column whose bytes on the wire are those of the type's own binary form."""
    kinds = pa.types
    if type_.name == "jsonb":  # a version, 1, and the text
        return pa.compute.binary_join_element_wise(b"\x01", array.cast(pa.binary()), b"")
    if kinds.is_string(array.type):
        return array if type_.name in _SENT_AS_TEXT else None
    if kinds.is_decimal256(array.type):
        return None
    return array
