"""jsonb's text: keys ordered by length and then by bytes, the last of equal keys, PostgreSQL's blanks and numbers."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, NoReturn

from stepladder.errors import DataError, InvalidText, NumericOutOfRange, ParameterError
from stepladder.sql.numerals import numeric_text, parse_numeric, to_numeric
from stepladder.sql.texts import first_unstorable


def parse_json(text: str) -> Any:
    """The value in `text`; every number is a Decimal. Raises InvalidText for what is not JSON."""
    try:
        value = json.loads(
            text, parse_float=parse_numeric, parse_int=parse_numeric, parse_constant=_refuse_constant
        )
    except (ValueError, RecursionError) as error:
        raise InvalidText(f"invalid input syntax for type json: {text[:100]!r} ({error})") from error
    return value


# Made once: json.loads() makes one for each call that has hooks.
_CANONICAL = json.JSONDecoder(parse_float=Decimal, parse_int=Decimal)


def read_jsonb(text: str) -> Any:
    """The value of jsonb's own text, which has no exponents and was checked before; every number is a Decimal."""
    return _CANONICAL.decode(text)


def check_json(text: str) -> None:
    """Raise InvalidText for what is not JSON. json keeps the text: any number, and any escape that is well formed."""
    try:
        json.loads(text, parse_float=str, parse_int=str, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise InvalidText(f"invalid input syntax for type json: {text[:100]!r} ({error})") from error


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(f"token {word!r} is invalid")


def jsonb_text(value: Any) -> str:
    """A value as jsonb is printed.

    Raises ParameterError for a value that JSON does not have, DataError's classes for one that jsonb does not hold.
    """
    try:
        return _text(value)
    except RecursionError as error:
        raise ParameterError("JSON that nests this deeply") from error


def _text(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, int | float | Decimal):
        return _number(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_text, value))}]"
    if isinstance(value, dict):
        keys = sorted(value, key=key_order)
        return f"{{{', '.join(f'{_string(key)}: {_text(value[key])}' for key in keys)}}}"
    raise ParameterError(f"a value of type {type(value).__name__} has no JSON form")


def key_order(key: Any) -> tuple[int, bytes]:
    """What an object's keys are ordered by."""
    if not isinstance(key, str):
        raise ParameterError(f"a JSON object's keys are text, not {type(key).__name__}")
    encoded = key.encode(errors="surrogatepass")
    return len(encoded), encoded


def _string(value: str) -> str:
    place = first_unstorable(value)
    if place is None:
        return json.dumps(value, ensure_ascii=False)
    if value[place] == "\0":
        raise DataError(
            "unsupported Unicode escape sequence: \\u0000 cannot be converted to text", sqlstate="22P05"
        )
    raise InvalidText(f"invalid input syntax for type json: {value[place]!r} is half of a surrogate pair")


def _number(value: float | Decimal) -> str:
    number = to_numeric(value)
    if not number.is_finite():
        raise ParameterError(f"JSON has no number {value}")
    text = numeric_text(number)
    # jsonb keeps the scale: with a point in it, a float comes back as a float, 1e16 too.
    return f"{text}.0" if isinstance(value, float) and "." not in text else text


def python_json(text: str | bytes) -> Any:
    """The Python value of jsonb's text: a number with a point is a float, one without an int.

    Raises NumericOutOfRange for an integer of more digits than Python reads.
    """
    try:
        return json.loads(text)
    except ValueError as error:
        raise NumericOutOfRange(f"the JSON holds a number that Python does not read: {error}") from error
