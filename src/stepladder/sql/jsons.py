"""jsonb's text: keys ordered by length and then by bytes, the last of equal keys, PostgreSQL's blanks and numbers."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, NoReturn

from stepladder.errors import DataError, InvalidText, ParameterError
from stepladder.sql.numerals import numeric_text, parse_numeric


def parse_json(text: str) -> Any:
    """The value in `text`; every number is a Decimal. Raises InvalidText for what is not JSON."""
    try:
        value = json.loads(
            text, parse_float=parse_numeric, parse_int=parse_numeric, parse_constant=_refuse_constant
        )
    except (ValueError, RecursionError) as error:
        raise InvalidText(f"invalid input syntax for type json: {text[:100]!r} ({error})") from error
    return value


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(f"token {word!r} is invalid")


def jsonb_text(value: Any) -> str:
    """A value as jsonb is printed. Raises ParameterError for a value that JSON does not have."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, int | float | Decimal):
        return _number(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(jsonb_text, value))}]"
    if isinstance(value, dict):
        keys = sorted(value, key=_key_order)
        return f"{{{', '.join(f'{_string(key)}: {jsonb_text(value[key])}' for key in keys)}}}"
    raise ParameterError(f"a value of type {type(value).__name__} has no JSON form")


def _key_order(key: Any) -> tuple[int, bytes]:
    if not isinstance(key, str):
        raise ParameterError(f"a JSON object's keys are text, not {type(key).__name__}")
    encoded = key.encode()
    return len(encoded), encoded


def _string(value: str) -> str:
    if "\0" in value:
        raise DataError(
            "unsupported Unicode escape sequence: \\u0000 cannot be converted to text", sqlstate="22P05"
        )
    return json.dumps(value, ensure_ascii=False)


def _number(value: float | Decimal) -> str:
    number = parse_numeric(repr(value)) if isinstance(value, float) else Decimal(value)
    if not number.is_finite():
        raise ParameterError(f"JSON has no number {value}")
    return numeric_text(number)


def python_json(text: str) -> Any:
    """The Python value of jsonb's text, as PostgreSQL's drivers load it: numbers are int or float."""
    return json.loads(text)
