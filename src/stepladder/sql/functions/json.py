"""json: the text as it was given. A member is the piece of that text where it stands; of equal keys the last is read."""

from __future__ import annotations

from collections.abc import Iterator
from json import JSONDecoder

from stepladder.errors import DataError
from stepladder.sql.functions.arrays import elements
from stepladder.sql.functions.jsonb import place_of, typeof
from stepladder.sql.functions.registry import Scalar, strict
from stepladder.sql.jsons import jsonb_text, parse_json

_BLANKS = " \t\n\r"
_DECODER = JSONDecoder(parse_float=str, parse_int=str)


def members(text: str) -> Iterator[tuple[str, str]]:
    """An object's keys, and the texts of their values, in the order of the text; none of anything else."""
    at = _skip(text, 0)
    if text[at] != "{":
        return
    at = _skip(text, at + 1)
    while text[at] != "}":
        key, at = _DECODER.raw_decode(text, at)
        at = _skip(text, _skip(text, at) + 1)
        end = _DECODER.raw_decode(text, at)[1]
        yield key, text[at:end]
        at = _skip(text, end)
        at = _skip(text, at + 1) if text[at] == "," else at


def items(text: str) -> Iterator[str]:
    """The texts of an array's elements; none of anything else."""
    at = _skip(text, 0)
    if text[at] != "[":
        return
    at = _skip(text, at + 1)
    while text[at] != "]":
        end = _DECODER.raw_decode(text, at)[1]
        yield text[at:end]
        at = _skip(text, end)
        at = _skip(text, at + 1) if text[at] == "," else at


def _skip(text: str, at: int) -> int:
    while text[at] in _BLANKS:
        at += 1
    return at


def checked(text: str) -> str:
    """`text`, of whose members one is read: its escapes must be characters that text holds, in all of it."""
    if "\\u" in text:
        jsonb_text(parse_json(text))
    return text


def field(text: str, key: str) -> str | None:
    """`-> 'key'`."""
    return dict(members(checked(text))).get(key)


def item(text: str, place: int) -> str | None:
    """`-> 0`; negative places count from the end."""
    found = list(items(checked(text)))
    return found[place] if -len(found) <= place < len(found) else None


def path(text: str, array: str) -> str | None:
    """`#>`."""
    found: str | None = checked(text)
    for step in elements(array, "text"):
        if found is None or step is None:
            return None
        if json_typeof(found) == "object":
            found = field(found, step)
        else:
            place = place_of(step)
            found = None if place is None else item(found, place)
    return found


def as_text(text: str | None) -> str | None:
    """`->>`: a string without its quotes, None for null, else the text."""
    if text is None or text == "null":
        return None
    if text[0] != '"':
        return text
    return str(parse_json(text))


def json_typeof(text: str) -> str:
    """json_typeof()."""
    return typeof(text.lstrip(_BLANKS))


def array_length(text: str) -> int:
    """json_array_length(). Raises DataError for what is no array."""
    kind = json_typeof(text)
    if kind == "array":
        return len(list(items(text)))
    what = "a non-array" if kind == "object" else "a scalar"
    raise DataError(f"cannot get array length of {what}", sqlstate="22023")


SCALARS: tuple[Scalar, ...] = (
    strict("pg_json_field", 2, field),
    strict("pg_json_field_text", 2, lambda text, key: as_text(field(text, key))),
    strict("pg_json_item", 2, item),
    strict("pg_json_item_text", 2, lambda text, place: as_text(item(text, place))),
    strict("pg_json_path", 2, path),
    strict("pg_json_path_text", 2, lambda text, array: as_text(path(text, array))),
    strict("pg_json_typeof", 1, json_typeof),
    strict("pg_json_array_length", 1, array_length),
)
