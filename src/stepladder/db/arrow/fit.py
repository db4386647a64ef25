"""Arrow columns made to fit PostgreSQL's types, a column at a time.

`fit` gives the column's own Arrow type (integers, floats, decimals, text, moments), or text as it is stored. It
converts only what the encoder of single values (`stepladder.sql.encoder`) converts alike, and says None for
anything in doubt: the values are then looked at one by one, so that the two can never disagree.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stepladder.db.arrow.types import pyarrow
from stepladder.sql import Type

_INTEGER_TEXT = r"^[+-]?[0-9]{1,18}$"
_FLOAT_TEXT = (
    r"^-?[0-9]{1,30}(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,2})?$"  # never infinite, or lost to zero, as a double
)
_NUMERIC_TEXT = r"^-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,18})?$"
_MINUS_ZERO = r"^-[0.]+$"
_DATE_TEXT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_MOMENT_TEXT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?"
_ZONE_TEXT = r"(Z|[+-](0[0-9]|1[0-5])(:?[0-5][0-9])?)$"
_DIGITS = 38  # of a decimal128
_UUID_TEXT = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
_BOOL_WORDS = {"true": True, "t": True, "false": False, "f": False}
# Years run from 1 to 9999, in days and microseconds since 1970.
_DAYS = (-719_162, 2_932_896)
_MICROSECONDS = (_DAYS[0] * 86_400_000_000, (_DAYS[1] + 1) * 86_400_000_000 - 1)


def fit(array: Any, type_: Type) -> Any | None:
    """`array` as the column of `type_` holds it, NULLs kept; None where a value of it is in doubt."""
    found = _FITS.get(type_.name)
    if found is None:
        return None
    pa = pyarrow("Arrow data")
    try:
        return found(pa, plain(array), type_)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError):
        return None


def plain(array: Any) -> Any:
    """The same values without dictionaries, run ends, views, extension types and large offsets."""
    pa = pyarrow("Arrow data")
    kinds, type_ = pa.types, array.type
    if isinstance(type_, pa.BaseExtensionType):
        return plain(array.storage)
    if kinds.is_dictionary(type_):
        return plain(array.dictionary_decode())
    if kinds.is_run_end_encoded(type_):
        return plain(pa.compute.run_end_decode(array))
    if kinds.is_large_string(type_) or kinds.is_string_view(type_):
        return array.cast(pa.string())
    if kinds.is_large_binary(type_) or kinds.is_binary_view(type_):
        return array.cast(pa.binary())
    return array


def _every(pa: Any, mask: Any) -> bool:
    """Whether no value of a mask is false; NULL says nothing."""
    return pa.compute.all(mask).as_py() is not False


def _matches(pa: Any, array: Any, pattern: str) -> bool:
    return _every(pa, pa.compute.match_substring_regex(array, pattern))


def _within(pa: Any, array: Any, ends: tuple[int, int]) -> bool:
    found = pa.compute.min_max(array.cast(pa.int64())).as_py()
    return found["min"] is None or (ends[0] <= found["min"] and found["max"] <= ends[1])


def _is_number(pa: Any, type_: Any) -> bool:
    kinds = pa.types
    return bool(
        kinds.is_integer(type_) or kinds.is_floating(type_) or kinds.is_decimal(type_) or kinds.is_null(type_)
    )


def _integer(pa: Any, array: Any, type_: Type) -> Any | None:
    wanted = {"int2": pa.int16(), "int4": pa.int32(), "int8": pa.int64()}[type_.name]
    if pa.types.is_string(array.type):
        if not _matches(pa, array, _INTEGER_TEXT):
            return None
        array = pa.compute.utf8_ltrim(array, "+").cast(pa.int64())
    return array.cast(wanted) if _is_number(pa, array.type) else None


def _float(pa: Any, array: Any, type_: Type) -> Any | None:
    kinds = pa.types
    if kinds.is_decimal(array.type):
        array = array.cast(pa.string())
    readable = _matches(pa, array, _FLOAT_TEXT) if kinds.is_string(array.type) else _is_number(pa, array.type)
    if not readable:
        return None
    if kinds.is_integer(array.type):
        array = pa.compute.cast(array, pa.float64(), safe=False)
    wide = array if kinds.is_float32(array.type) else array.cast(pa.float64())
    if type_.name == "float8":
        return wide.cast(pa.float64())
    narrow = pa.compute.cast(wide, pa.float32(), safe=False)
    kept = pa.compute.equal(pa.compute.is_inf(narrow), pa.compute.is_inf(wide))
    zeros = pa.compute.equal(pa.compute.equal(narrow, 0), pa.compute.equal(wide, 0))
    return narrow if _every(pa, kept) and _every(pa, zeros) else None


def _bool(pa: Any, array: Any, _: Type) -> Any | None:
    if pa.types.is_string(array.type):
        lowered = pa.compute.ascii_lower(array)
        if not _every(pa, pa.compute.is_in(lowered, pa.array([*_BOOL_WORDS, None]))):
            return None
        return pa.compute.if_else(pa.compute.is_null(array), None, pa.compute.starts_with(lowered, "t"))
    return array.cast(pa.bool_()) if array.type in (pa.bool_(), pa.null()) else None


def _text(pa: Any, array: Any, type_: Type) -> Any | None:
    if pa.types.is_null(array.type):
        return array.cast(pa.string())
    if not pa.types.is_string(array.type):
        return None
    array.validate(full=True)  # text from elsewhere may not be UTF-8
    if pa.compute.any(pa.compute.match_substring(array, "\0")).as_py():
        return None
    if type_.name == "bpchar":
        array = pa.compute.utf8_rtrim(array, " ")
    if type_.length is not None:
        longest = pa.compute.max(pa.compute.utf8_length(array)).as_py()
        if longest is not None and longest > type_.length:
            return None
    return array


def _numeric(pa: Any, array: Any, type_: Type) -> Any | None:
    kinds = pa.types
    if kinds.is_floating(array.type):
        if type_.precision is None:
            return None
        array = array.cast(pa.string())  # the fewest digits that read back the same, as repr has them
    elif kinds.is_integer(array.type):
        array = array.cast(pa.decimal128(20, 0))
    elif kinds.is_decimal(array.type) and array.type.scale < 0:
        return None
    elif kinds.is_decimal(array.type) and not kinds.is_decimal256(array.type):
        array = array.cast(pa.decimal128(array.type.precision, array.type.scale))
    if kinds.is_string(array.type):
        array = _numeric_text(pa, array, type_)
    if array is None:
        return None
    if not (kinds.is_string(array.type) or kinds.is_decimal(array.type) or kinds.is_null(array.type)):
        return None
    if type_.precision is None:
        return array.cast(pa.decimal128(1, 0)) if kinds.is_null(array.type) else array
    scale = type_.scale or 0
    if not 0 <= scale <= type_.precision <= 76 or kinds.is_decimal256(array.type):
        return None
    array = _rounded(pa, array, scale)
    if array is None:
        return None
    wide = pa.decimal128 if type_.precision <= 38 else pa.decimal256
    return array.cast(wide(type_.precision, scale))


def _rounded(pa: Any, array: Any, scale: int) -> Any | None:
    """Half away from zero, as numeric rounds."""
    if not pa.types.is_decimal(array.type) or array.type.scale <= scale:
        return array
    if array.type.precision == _DIGITS:
        return None
    # One digit more, for 9.5 becomes 10: round() makes a 0 of what its type cannot hold, without a word.
    wider = array.cast(pa.decimal128(array.type.precision + 1, array.type.scale))
    return pa.compute.round(wider, scale, round_mode="half_towards_infinity")


def _numeric_text(pa: Any, array: Any, type_: Type) -> Any | None:
    if not _matches(pa, array, _NUMERIC_TEXT):
        return None
    if pa.compute.any(pa.compute.match_substring_regex(array, _MINUS_ZERO)).as_py():
        return None
    # A numeric without a precision keeps the digits that were written: it stays text.
    return array if type_.precision is None else array.cast(pa.decimal128(_DIGITS - 1, 18))


def _date(pa: Any, array: Any, _: Type) -> Any | None:
    kinds = pa.types
    if kinds.is_timestamp(array.type) and array.type.tz is not None:
        return None
    if kinds.is_string(array.type) and not _matches(pa, array, _DATE_TEXT):
        return None
    held = kinds.is_string(array.type) or kinds.is_timestamp(array.type) or kinds.is_null(array.type)
    if not held and not kinds.is_date(array.type):
        return None
    found = array.cast(pa.date32())
    if kinds.is_timestamp(array.type) and not _every(pa, pa.compute.equal(found.cast(array.type), array)):
        return None  # a moment is a date only at midnight
    return found if _within(pa, found.cast(pa.int32()), _DAYS) else None


def _time(pa: Any, array: Any, type_: Type) -> Any | None:
    if not pa.types.is_time(array.type) or type_.precision not in (None, 6):
        return None
    return array.cast(pa.time64("us"))


def _moment(pa: Any, array: Any, type_: Type) -> Any | None:
    kinds, aware = pa.types, type_.name == "timestamptz"
    if type_.precision not in (None, 6):
        return None
    if kinds.is_string(array.type):
        array = _read_moments(pa, array, aware=aware)
    if array is None or kinds.is_null(array.type):
        return None if array is None else array.cast(pa.timestamp("us", "UTC" if aware else None))
    if not kinds.is_timestamp(array.type) or (array.type.tz is not None) != aware:
        return None
    found = array.cast(pa.timestamp("us", "UTC" if aware else None))
    return found if _within(pa, found, _MICROSECONDS) else None


def _read_moments(pa: Any, array: Any, *, aware: bool) -> Any | None:
    if _matches(pa, array, _MOMENT_TEXT + "$"):  # without a zone it is UTC's
        found = array.cast(pa.timestamp("us"))
        return found.cast(pa.int64()).cast(pa.timestamp("us", "UTC")) if aware else found
    if aware and _matches(pa, array, _MOMENT_TEXT + _ZONE_TEXT):
        return array.cast(pa.timestamp("us", "UTC"))
    return None


def _uuid(pa: Any, array: Any, _: Type) -> Any | None:
    if pa.types.is_string(array.type):
        return array if _matches(pa, array, _UUID_TEXT) else None
    return array.cast(pa.binary(16)) if array.type in (pa.binary(16), pa.null()) else None


def _bytea(pa: Any, array: Any, _: Type) -> Any | None:
    kinds = pa.types
    held = kinds.is_binary(array.type) or kinds.is_fixed_size_binary(array.type) or kinds.is_null(array.type)
    return array.cast(pa.binary()) if held else None


_FITS: dict[str, Callable[[Any, Any, Type], Any | None]] = {
    **dict.fromkeys(("int2", "int4", "int8"), _integer),
    **dict.fromkeys(("float4", "float8"), _float),
    **dict.fromkeys(("text", "varchar", "bpchar", "unknown"), _text),
    **dict.fromkeys(("timestamp", "timestamptz"), _moment),
    "bool": _bool,
    "numeric": _numeric,
    "date": _date,
    "time": _time,
    "uuid": _uuid,
    "bytea": _bytea,
}
