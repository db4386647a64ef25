"""PostgreSQL's types and Arrow's, either way.

uuid and jsonb travel as Arrow's own extension types (`arrow.uuid`, `arrow.json`), so that what comes out goes in
again as what it was (https://arrow.apache.org/docs/format/CanonicalExtensions.html).
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from typing import Any

from stepladder.errors import MissingExtra, ParameterError
from stepladder.sql import Type

# A numeric of no precision has no scale of its own; this holds 38 digits on either side of the point.
ANY_NUMERIC = (76, 38)
_DECIMAL128_DIGITS = 38
_DECIMAL256_DIGITS = 76


def pyarrow(what: str) -> Any:
    """The library, loaded when first needed. Raises MissingExtra: `what` needs it."""
    try:
        import pyarrow
        import pyarrow.compute  # it is no attribute of pyarrow before
    except ModuleNotFoundError as error:
        raise MissingExtra(what, "arrow") from error
    return pyarrow


@cache
def has_arrow() -> bool:
    """Whether pyarrow is installed; it is not loaded by asking."""
    return find_spec("pyarrow") is not None


def arrow_type(type_: Type) -> Any:
    """The pyarrow DataType of a column of `type_`. Raises ParameterError for a type that has none."""
    pa = pyarrow("Arrow data")
    if type_.element is not None:
        return pa.list_(arrow_type(type_.element))
    if type_.name == "numeric":
        return _decimal(pa, type_)
    found = {
        "int2": pa.int16, "int4": pa.int32, "int8": pa.int64, "float4": pa.float32, "float8": pa.float64,
        "bool": pa.bool_, "text": pa.string, "varchar": pa.string, "bpchar": pa.string, "unknown": pa.string,
        "date": pa.date32, "time": lambda: pa.time64("us"), "timestamp": lambda: pa.timestamp("us"),
        "timestamptz": lambda: pa.timestamp("us", "UTC"), "interval": pa.month_day_nano_interval,
        "uuid": pa.uuid, "jsonb": pa.json_, "json": pa.json_, "bytea": pa.binary, "void": pa.null,
    }.get(type_.name)  # fmt: skip
    if found is None:
        raise ParameterError(
            f"a column of type {type_} has no Arrow form. Cast it in the query: column::text."
        )
    return found()


def _decimal(pa: Any, type_: Type) -> Any:
    precision, scale = (type_.precision, type_.scale or 0) if type_.precision else ANY_NUMERIC
    if not 0 <= scale <= precision <= _DECIMAL256_DIGITS:
        raise ParameterError(
            f"{type_} has no Arrow form: at most {_DECIMAL256_DIGITS} digits, a scale from 0 to the precision. "
            "Cast it in the query: column::numeric(38,10), or column::text."
        )
    return (
        pa.decimal128(precision, scale)
        if precision <= _DECIMAL128_DIGITS
        else pa.decimal256(precision, scale)
    )


def type_of_arrow(data_type: Any) -> Type:
    """The PostgreSQL type that holds every value of an Arrow type: unsigned integers are widened, nested data is jsonb.

    Raises ParameterError for an Arrow type that no column holds.
    """
    pa = pyarrow("Arrow data")
    kinds = pa.types
    if kinds.is_dictionary(data_type) or kinds.is_run_end_encoded(data_type):
        return type_of_arrow(data_type.value_type)
    if kinds.is_decimal(data_type):
        scale = max(0, data_type.scale)
        return Type("numeric", precision=data_type.precision + scale - data_type.scale, scale=scale)
    if kinds.is_timestamp(data_type):
        return Type("timestamp" if data_type.tz is None else "timestamptz")
    if _is_list(kinds, data_type):
        return _array(data_type)
    if kinds.is_struct(data_type) or kinds.is_map(data_type):
        return Type("jsonb")
    name = _NAMES.get(str(data_type))
    if name is None and isinstance(data_type, pa.BaseExtensionType):
        name = _EXTENSIONS.get(data_type.extension_name)
        return type_of_arrow(data_type.storage_type) if name is None else Type(name)
    if name is None and kinds.is_fixed_size_binary(data_type):
        name = "bytea"
    if name is None:
        raise ParameterError(f"no column holds Arrow's {data_type}. Cast it before it is loaded.")
    return Type(name, precision=20, scale=0) if name == "numeric" else Type(name)


_EXTENSIONS = {"arrow.uuid": "uuid", "arrow.json": "jsonb"}
_NAMES = {
    "null": "text", "bool": "bool", "int8": "int2", "int16": "int2", "int32": "int4", "int64": "int8",
    "uint8": "int2", "uint16": "int4", "uint32": "int8", "uint64": "numeric", "halffloat": "float4", "float": "float4",
    "double": "float8", "string": "text", "large_string": "text", "string_view": "text", "binary": "bytea",
    "large_binary": "bytea", "binary_view": "bytea", "date32[day]": "date", "date64[ms]": "date",
    "time32[s]": "time", "time32[ms]": "time", "time64[us]": "time", "time64[ns]": "time",
    "duration[s]": "interval", "duration[ms]": "interval", "duration[us]": "interval", "duration[ns]": "interval",
    "month_day_nano_interval": "interval",
}  # fmt: skip


def _is_list(kinds: Any, data_type: Any) -> bool:
    return bool(
        kinds.is_list(data_type)
        or kinds.is_large_list(data_type)
        or kinds.is_fixed_size_list(data_type)
        or kinds.is_list_view(data_type)
        or kinds.is_large_list_view(data_type)
    )


def _array(data_type: Any) -> Type:
    inner = data_type.value_type
    element = type_of_arrow(inner)
    if element.element is not None or pyarrow("Arrow data").types.is_nested(inner):
        return Type("jsonb")  # an array of one dimension is all that both engines hold alike
    return Type("array", element=element)
