"""Values of any type as JSON: to_jsonb() and to_json(), and what builds objects and arrays out of such texts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

from stepladder.errors import DataError, NotPortable
from stepladder.sql.display import printer
from stepladder.sql.functions.arrays import elements
from stepladder.sql.functions.registry import Scalar, strict
from stepladder.sql.jsons import jsonb_text, key_order, parse_json
from stepladder.sql.moments import printed
from stepladder.sql.numerals import float_text, numeric_text, parse_numeric
from stepladder.sql.types import Type

Show = Callable[[Any], str]


def quoted(text: str) -> str:
    """A string of JSON."""
    return json.dumps(text, ensure_ascii=False)


def _number(text: str) -> str:
    return text if text not in ("NaN", "Infinity", "-Infinity") else quoted(text)


def _jsonb_float(type_: Type, value: float) -> str:
    text = float_text(float(value), type_)
    return _number(text) if not text[-1].isdigit() else numeric_text(parse_numeric(text))


def _json_float(type_: Type, value: float) -> str:
    return _number(float_text(float(value), type_))


def moment(value: str) -> str:
    """A stored date or time stamp as JSON spells it: a T in it, and the zone with its minutes."""
    text = printed(value).replace(" ", "T")
    return f"{text}:00" if text.endswith("+00") else text


def _as_text(type_: Type) -> Show:
    show = printer(type_)
    return lambda value: quoted(show(value))


_COMMON: dict[str, Show] = {
    **dict.fromkeys(("int2", "int4", "int8"), str),
    "bool": lambda value: "true" if value else "false",
    "numeric": lambda value: _number(numeric_text(parse_numeric(str(value)))),
    **dict.fromkeys(("date", "timestamp", "timestamptz"), lambda value: quoted(moment(value))),
    "jsonb": str,
}
_TEXTS = ("text", "varchar", "bpchar", "time", "interval", "uuid", "bytea")


@lru_cache(maxsize=256)
def _shown(form: str, name: str) -> Show:
    """A function from a value of the type to JSON's text in one of the two forms, json or jsonb."""
    if name.startswith("_"):
        return lambda value: _array(form, name[1:], value)
    if name in ("float4", "float8"):
        show = _jsonb_float if form == "jsonb" else _json_float
        return lambda value: show(Type(name), value)
    if name == "json":
        return (lambda value: jsonb_text(parse_json(value))) if form == "jsonb" else str
    found = _COMMON.get(name) or (_as_text(Type(name)) if name in _TEXTS else None)
    if found is None:
        raise NotPortable(f"a value of type {name} as {form}")
    return found


def _array(form: str, element: str, text: str) -> str:
    show = _shown(form, element)
    items = ["null" if item is None else show(item) for item in elements(text, element)]
    return f"[{(', ' if form == 'jsonb' else ',').join(items)}]"


def to_jsonb(name: str, value: Any) -> str:
    """A value of the type `name` (an array's begins with `_`) as jsonb's text."""
    return _shown("jsonb", name)(value)


def to_json(name: str, value: Any) -> str:
    """The same as json's, which keeps a float's own spelling."""
    return _shown("json", name)(value)


# -- objects and arrays out of texts of JSON; None is null
def array_text(items: Iterable[str | None]) -> str:
    """An array of values that are JSON's text: jsonb's form, and json_build_array()'s."""
    return f"[{', '.join(item or 'null' for item in items)}]"


def object_text(pairs: Iterable[tuple[str, str | None]]) -> str:
    """jsonb's object: keys in its order, the last of equal ones."""
    found = dict(pairs)
    keys = sorted(found, key=key_order)
    return "{" + ", ".join(f"{quoted(key)}: {found[key] or 'null'}" for key in keys) + "}"


def json_object_text(pairs: Iterable[tuple[str, str | None]]) -> str:
    """json's object: every key where it was given."""
    return "{" + ", ".join(f"{quoted(key)} : {value or 'null'}" for key, value in pairs) + "}"


def row_text(*parts: str | None) -> str:
    """row_to_json(): names and values by turns."""
    pairs = zip(parts[::2], parts[1::2], strict=True)
    return "{" + ",".join(f"{quoted(str(key))}:{value or 'null'}" for key, value in pairs) + "}"


def _pairs(parts: Sequence[str | None]) -> list[tuple[str, str | None]]:
    found = []
    for place in range(0, len(parts), 2):
        key = parts[place]
        if key is None:
            raise DataError(f"argument {place + 1}: key must not be null", sqlstate="22023")
        found.append((key, parts[place + 1]))
    return found


def build_object(*parts: str | None) -> str:
    """jsonb_build_object(): keys as text and values as jsonb's text, by turns."""
    return object_text(_pairs(parts))


def json_build_object(*parts: str | None) -> str:
    """json_build_object()."""
    return json_object_text(_pairs(parts))


def build_array(*parts: str | None) -> str:
    """jsonb_build_array() and json_build_array()."""
    return array_text(parts)


# -- jsonb_object() and json_object() of arrays of text
def _key_value_pairs(texts: Sequence[str | None]) -> list[tuple[str, str | None]]:
    if len(texts) % 2:
        raise DataError("array must have even number of elements", sqlstate="2202E")
    return _key_values(texts[::2], texts[1::2])


def _key_values(keys: Sequence[str | None], values: Sequence[str | None]) -> list[tuple[str, str | None]]:
    if len(keys) != len(values):
        raise DataError("mismatched array dimensions", sqlstate="2202E")
    if None in keys:
        raise DataError("null value not allowed for object key", sqlstate="22004")
    return [
        (str(key), None if value is None else quoted(value)) for key, value in zip(keys, values, strict=True)
    ]


def _of_arrays(build: Callable[[Iterable[tuple[str, str | None]]], str], *arrays: str) -> str:
    lists = [elements(text, "text") for text in arrays]
    return build(_key_value_pairs(lists[0]) if len(lists) == 1 else _key_values(lists[0], lists[1]))


def jsonb_object(*arrays: str) -> str:
    """jsonb_object(): one array of keys and values by turns, or one of keys and one of values."""
    return _of_arrays(object_text, *arrays)


def json_object(*arrays: str) -> str:
    """json_object()."""
    return _of_arrays(json_object_text, *arrays)


SCALARS: tuple[Scalar, ...] = (
    strict("pg_to_jsonb", 2, to_jsonb),
    strict("pg_to_json", 2, to_json),
    strict("pg_moment_key", 1, moment),
    Scalar("pg_jsonb_build_object", -1, build_object),
    Scalar("pg_jsonb_build_array", -1, build_array),
    Scalar("pg_json_build_object", -1, json_build_object),
    Scalar("pg_json_row", -1, row_text),
    strict("pg_jsonb_object", -1, jsonb_object),
    strict("pg_json_object", -1, json_object),
)
