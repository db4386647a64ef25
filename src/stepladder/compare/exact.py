"""Two forms of a value that can be hashed: `exact` and `loose`.

Exact forms are equal only for the same value of the same Python type, loose ones for values that probably
stand for the same thing.

Python's own `==` is neither: 1 == True == 1.0 == Decimal(1), Decimal("1.0") == Decimal("1.00"), NaN != NaN.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Hashable, Mapping
from decimal import Context, Decimal, InvalidOperation
from typing import Any

_SIX_DIGITS = Context(prec=6)


def exact(value: Any) -> Hashable:
    """Equal forms: the same value of the same type.

    Decimals count their zeros, floats the sign of zero, NaN is NaN; aware datetimes are one where their
    instants are; of lists, tuples and dicts every item counts. A value of a type that no database driver
    here returns goes by its repr.
    """
    kind = type(value)
    form: Hashable = value
    # Most cells are one of these three: they stand for themselves, all others have their type beside them.
    if value is None or kind is int or kind is str:
        return form
    return kind, _EXACT.get(kind, repr)(value)


def _decimal(value: Decimal) -> Hashable:
    return "NaN" if value.is_nan() else tuple(value.as_tuple())


def _datetime(value: dt.datetime) -> Hashable:
    # Not astimezone: it overflows in the years 1 and 9999.
    offset = value.utcoffset()
    since = value.replace(tzinfo=None) - dt.datetime.min  # noqa: DTZ901
    return ("naive", since) if offset is None else ("aware", since - offset)


def _time(value: dt.time) -> Hashable:
    return value.replace(tzinfo=None, fold=0), value.utcoffset()


def _items(value: list[Any] | tuple[Any, ...]) -> Hashable:
    return tuple(map(exact, value))


def _mapping(value: Mapping[Any, Any]) -> Hashable:
    return frozenset((exact(key), exact(item)) for key, item in value.items())


def _itself(value: Hashable) -> Hashable:
    return value


_EXACT: dict[type, Callable[[Any], Hashable]] = {
    bool: _itself,
    bytes: _itself,
    dt.date: _itself,
    dt.timedelta: _itself,
    float: float.hex,
    Decimal: _decimal,
    dt.datetime: _datetime,
    dt.time: _time,
    memoryview: bytes,
    list: _items,
    tuple: _items,
    dict: _mapping,
}


def loose(value: Any) -> str:
    """Equal for values that probably stand for the same thing, to bring together rows that differ.

    Numbers of any type meet at six digits, text without its case and outer white space, dates and times at
    the second whatever their zone.
    """
    if isinstance(value, bool | int | float | Decimal):
        return _six_digits(value)
    if isinstance(value, str):
        return _loose_text(value)
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=None, microsecond=0).isoformat()
    if isinstance(value, dt.date):
        return f"{value.isoformat()}T00:00:00"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(loose, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(sorted(f'{loose(key)}: {loose(item)}' for key, item in value.items()))}}}"
    return str(value).casefold()


def _six_digits(value: float | Decimal) -> str:
    rounded = _SIX_DIGITS.create_decimal(Decimal(value))
    return str(rounded.normalize(_SIX_DIGITS)) if rounded else "0"


def _loose_text(value: str) -> str:
    number = as_number(value)
    if number is not None:
        return _six_digits(number)
    moment = as_datetime(value)
    return value.strip().casefold() if moment is None else loose(moment)


def as_number(text: str) -> Decimal | None:
    """The number that a text spells, if it does."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def as_datetime(text: str) -> dt.datetime | None:
    """The date and time that a text spells, if it does."""
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        return None
