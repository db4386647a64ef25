"""Of what kind the difference between two values is, in a word or two that say where to look."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Callable
from decimal import Decimal
from itertools import starmap
from typing import Any

from stepladder.compare.exact import as_datetime, as_number, exact

# Sums in another order differ in the last few of a double's 53 bits; a wrong formula differs in more.
_FLOAT_NOISE = 1e-9


def reason(left: Any, right: Any) -> str:
    """Why two values that are not exactly equal are not.

    "NULL" (one of them is), "type" (of Python), "scale" (the zeros after a decimal's point), "rounding"
    (one decimal is the other with fewer digits), "float rounding", "sign of zero", "case of letters",
    "white space", "text form" (two spellings of one number, date or JSON value), "time zone" (one clock
    reading, two instants; or one of them has no zone), "fraction of a second", else "value". Of lists and
    dicts: that of the first items that differ. Raises ValueError for two values that are equal.
    """
    if exact(left) == exact(right):
        raise ValueError(f"{left!r} and {right!r} do not differ: there is no reason to give.")
    if left is None or right is None:
        return "NULL"
    if type(left) is not type(right):
        return "type"
    return _BY_TYPE.get(type(left), _other)(left, right)


def _other(left: Any, right: Any) -> str:  # noqa: ARG001
    return "value"


def _decimals(left: Decimal, right: Decimal) -> str:
    if not (left.is_finite() and right.is_finite()):
        return "value"
    if left == right:
        return "scale"
    coarse, fine = sorted((left, right), key=_places)
    last_digit = Decimal(1).scaleb(-_places(coarse))
    return "rounding" if _places(coarse) < _places(fine) and abs(left - right) < last_digit else "value"


def _places(value: Decimal) -> int:
    return -int(value.as_tuple().exponent)


def _floats(left: float, right: float) -> str:
    if left == right:
        return "sign of zero"
    return "float rounding" if math.isclose(left, right, rel_tol=_FLOAT_NOISE) else "value"


def _texts(left: str, right: str) -> str:
    if left.casefold() == right.casefold():
        return "case of letters"
    if left.split() == right.split():
        return "white space"
    return "text form" if _spell_the_same(left, right) else "value"


def _spell_the_same(left: str, right: str) -> bool:
    for read in (as_number, as_datetime, _as_json):
        one, other = read(left), read(right)
        if one is not None and other is not None:
            return bool(exact(one) == exact(other) or (read is as_number and one == other))
    return False


def _as_json(text: str) -> Any:
    """An object or array that a text spells, else None."""
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError):
        return None


def _datetimes(left: dt.datetime, right: dt.datetime) -> str:
    if (left.tzinfo is None) != (right.tzinfo is None):
        return "time zone"
    if left.replace(tzinfo=None) == right.replace(tzinfo=None):
        return "time zone"
    return "fraction of a second" if abs(left - right) < dt.timedelta(seconds=1) else "value"


def _times(left: dt.time, right: dt.time) -> str:
    if left.replace(tzinfo=None) == right.replace(tzinfo=None):
        return "time zone"
    same_second = left.replace(microsecond=0) == right.replace(microsecond=0)
    return "fraction of a second" if same_second else "value"


def _sequences(left: list[Any] | tuple[Any, ...], right: list[Any] | tuple[Any, ...]) -> str:
    if len(left) != len(right):
        return "value"
    return next(starmap(reason, (pair for pair in zip(left, right, strict=True) if _differ(*pair))))


def _mappings(left: dict[Any, Any], right: dict[Any, Any]) -> str:
    if left.keys() != right.keys():
        return "value"
    pairs = ((item, right[key]) for key, item in left.items())
    return next(starmap(reason, (pair for pair in pairs if _differ(*pair))), "type")


def _differ(left: Any, right: Any) -> bool:
    return exact(left) != exact(right)


_BY_TYPE: dict[type, Callable[[Any, Any], str]] = {
    Decimal: _decimals,
    float: _floats,
    str: _texts,
    dt.datetime: _datetimes,
    dt.time: _times,
    list: _sequences,
    tuple: _sequences,
    dict: _mappings,
}
