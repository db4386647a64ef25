"""JSON Lines (https://jsonlines.org): one object a line.

Values stay what they are: text, whole numbers as int, fractions as Decimal with all digits, true and false,
null as None, nested ones as dict and list.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import closing
from decimal import Decimal, InvalidOperation
from itertools import islice
from typing import Any

from stepladder.errors import LoadError
from stepladder.files.lines import Lines, readable, without_last_blank
from stepladder.files.source import FileSource, Record, Reject
from stepladder.sql import Column, Type

HEAD = 1_000
"""How many lines decide on the columns."""

_HALF_PAIR = re.compile("[\ud800-\udfff]")
_INT8 = range(-(2**63), 2**63)


class _NoRowError(Exception):
    """The line is no row; the message is the reason."""

    def __init__(self, reason: str, column: str | None = None, value: str | None = None) -> None:
        super().__init__(reason)
        self.column = column
        self.value = value


def jsonl_source(lines: Lines) -> FileSource:
    """A file of JSON Lines.

    The columns are the keys of the first 1,000 lines in the order in which they come up, typed by their
    values: bool, int8, numeric, text, or jsonb for nested and for mixed ones. A key that comes up later is
    a reject. Raises LoadError when none of the first 1,000 lines is an object.
    """
    objects, first_reason = _head(lines)
    if not objects and first_reason is not None:
        raise LoadError(f"{lines.path} does not look like JSON Lines: {first_reason}.")
    types: dict[str, set[str]] = {}
    for found in objects:
        for key, value in found.items():
            types.setdefault(key, set()).add(_type_name(value))
    columns = tuple(Column(key, Type(_common(names))) for key, names in types.items())
    return FileSource(columns, lines, lambda: _rows(lines, tuple(types)), decoded=True)


def _head(lines: Lines) -> tuple[list[dict[str, Any]], str | None]:
    """The objects of the first lines, and why the first other line is none."""
    objects = []
    first_reason = None
    with closing(iter(lines)) as start:
        for number, line in islice(without_last_blank(start), HEAD):
            try:
                objects.append(_object(line))
            except _NoRowError as error:
                first_reason = first_reason or f"line {number}: {error}"
    return objects, first_reason


def _rows(lines: Lines, keys: tuple[str, ...]) -> Iterator[Record]:
    known = frozenset(keys)
    with closing(iter(lines)) as start:
        for number, line in without_last_blank(start):
            try:
                found = _object(line)
                if not known.issuperset(found):
                    raise _unknown_key(found, known)
                yield number, tuple(map(found.get, keys))
            except _NoRowError as error:
                yield Reject(None, number, error.column, error.value, str(error), readable(line))


def _unknown_key(found: dict[str, Any], known: frozenset[str]) -> _NoRowError:
    key = next(key for key in found if key not in known)
    value = found[key]
    shown = value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
    return _NoRowError(f"the key {key!r} is in none of the first {HEAD:,} lines", key, shown)


def _object(line: bytes) -> dict[str, Any]:
    if line.isspace() or not line:
        raise _NoRowError("empty line")
    try:
        text = line.decode().rstrip("\r\n")
        found = _DECODER.decode(text)
    except UnicodeDecodeError as error:
        raise _NoRowError(
            f"byte 0x{line[error.start]:02x}, number {error.start + 1} of its line, is not UTF-8"
        ) from error
    except json.JSONDecodeError as error:
        raise _NoRowError(f"no JSON: {error.msg} (character {error.pos + 1})") from error
    except InvalidOperation as error:
        raise _NoRowError("a number whose exponent is out of range") from error
    except RecursionError as error:
        raise _NoRowError("nested too deeply") from error
    except ValueError as error:
        raise _NoRowError(str(error)) from error
    if not isinstance(found, dict):
        raise _NoRowError(f"{_KINDS[type(found)]}, not an object")
    if "\\u" in text:
        _refuse_unstorable(found)
    return found


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(
            f"the key {next(key for key in keys if keys.count(key) > 1)!r} comes twice in an object"
        )
    return found


def _no_number(word: str) -> None:
    raise ValueError(f"no JSON: {word} is no number")


_DECODER = json.JSONDecoder(parse_float=Decimal, parse_constant=_no_number, object_pairs_hook=_pairs)
_KINDS = {
    list: "a JSON array",
    str: "a JSON string",
    int: "a JSON number",
    Decimal: "a JSON number",
    bool: "a JSON boolean",
    type(None): "null",
}


def _refuse_unstorable(found: dict[str, Any]) -> None:
    """JSON can escape what no UTF-8 text holds: NUL for PostgreSQL, and halves of surrogate pairs for all."""
    for key, value in found.items():
        for text in (key, *_texts(value)):
            if "\0" in text or _HALF_PAIR.search(text):
                raise _NoRowError(
                    "\\u0000 or half of a surrogate pair cannot stand in text", ascii(key)[1:-1]
                )


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from value
        yield from _all_texts(value.values())
    elif isinstance(value, list):
        yield from _all_texts(value)


def _all_texts(values: Iterable[Any]) -> Iterator[str]:
    for value in values:
        yield from _texts(value)


def _type_name(value: Any) -> str:
    """PostgreSQL's type for one value; "" for null, which fits all."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int8" if value in _INT8 else "numeric"
    if isinstance(value, Decimal):
        return "numeric"
    return "text" if isinstance(value, str) else "jsonb"


def _common(names: set[str]) -> str:
    """The type that holds values of all these."""
    told = names - {""}
    if told == {"int8", "numeric"}:
        return "numeric"
    if len(told) > 1:
        return "jsonb"
    return next(iter(told), "text")
