"""The scale that all values of a numeric expression have, where it is known: it rides on the type.

A type with a scale and no precision is `numeric` to PostgreSQL; the scale only says how its values print. Where
none is claimed it varies from row to row (division, avg), and equal values may print apart: 1.0 and 1.00.
"""

from __future__ import annotations

from collections.abc import Sequence

from stepladder.sql.infer.tree import Constant, Expression
from stepladder.sql.types import Type

_LARGER = frozenset(("numeric_add", "numeric_sub", "numeric_mod", "mod"))
_SAME = frozenset(
    (
        "abs",
        "numeric_abs",
        "numeric_uminus",
        "sum",
        "min",
        "max",
        "first_value",
        "last_value",
        "nth_value",
        "lag",
        "lead",
        "any_value",
    )
)
_WHOLE = frozenset(("ceil", "ceiling", "floor", "div", "sign"))


def scale(type_: Type) -> int | None:
    """The scale that all values of the type have."""
    if type_.name in ("int2", "int4", "int8"):
        return 0
    return type_.scale if type_.name == "numeric" else None


def width(type_: Type) -> int | None:
    """The width to which all values of a character type are padded; without a length it rides as its scale."""
    return (type_.length or type_.scale) if type_.name == "bpchar" else None


def with_scale(name: str, result: Type, arguments: Sequence[Expression]) -> Type:
    """`result`, the type of a call of `name`, with the scale that follows from its arguments."""
    if result.name == "bpchar" and name in _SAME and arguments:
        widths = {width(node.type) for node in arguments if node.type.name == "bpchar"}
        return Type("bpchar", scale=widths.pop() if len(widths) == 1 else None)
    if result.name != "numeric":
        return result
    return Type("numeric", scale=_scale(name, arguments))


def _scale(name: str, arguments: Sequence[Expression]) -> int | None:
    # The second argument of these is a count, not a value.
    values = [*arguments[:1], *arguments[2:]] if name in ("lag", "lead", "nth_value") else arguments
    scales = [scale(node.type) for node in values]
    if name in _WHOLE:
        return 0
    if name in ("round", "trunc"):
        return _rounded(arguments)
    if name == "extract":
        return _extracted(arguments)
    known = [found for found in scales if found is not None]
    if len(known) < len(scales) or not known:
        return None
    if name in _LARGER:
        return max(known)
    if name == "numeric_mul":
        return sum(known)
    return known[0] if name in _SAME and len(set(known)) == 1 else None


_WHOLE_FIELDS = frozenset(
    [
        "century",
        "decade",
        "doy",
        "dow",
        "day",
        "hour",
        "isodow",
        "isoyear",
        "microseconds",
        "millennium",
        "minute",
        "month",
        "quarter",
        "week",
        "year",
    ]
)


def _extracted(arguments: Sequence[Expression]) -> int | None:
    """extract(): whole but for seconds."""
    field = arguments[0]
    name = field.value.lower() if isinstance(field, Constant) and isinstance(field.value, str) else ""
    if name in _WHOLE_FIELDS:
        return 0
    if name == "epoch" and arguments[1].type.name == "date":
        return 0
    return {"second": 6, "milliseconds": 3, "epoch": 6}.get(name)


def _rounded(arguments: Sequence[Expression]) -> int | None:
    if len(arguments) == 1:
        return 0
    digits = arguments[1]
    return max(digits.value, 0) if isinstance(digits, Constant) and isinstance(digits.value, int) else None


def same_digits(type_: Type) -> bool:
    """Whether equal values of the type print alike: numbers inside jsonb have a scale, too."""
    return type_.name not in ("numeric", "jsonb") or type_.scale is not None
