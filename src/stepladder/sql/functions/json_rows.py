"""jsonb's and json's functions in FROM: members, elements, keys, records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from stepladder.errors import DataError
from stepladder.sql.encoding import encoder
from stepladder.sql.functions import json, jsonb, jsonpath
from stepladder.sql.functions.registry import Scalar, strict
from stepladder.sql.functions.rows import json_rows
from stepladder.sql.jsons import jsonb_text
from stepladder.sql.numerals import fit_numeric, numeric_text, parse_numeric
from stepladder.sql.types import Type, parse_type


def _error(message: str) -> DataError:
    return DataError(message, sqlstate="22023")


def _object(name: str, text: str, whats: tuple[str, str]) -> dict[str, Any]:
    value = jsonb.document(text)
    if isinstance(value, dict):
        return value
    raise _error(f"cannot call {name} on {whats[0] if isinstance(value, list) else whats[1]}")


_NO_OBJECT = ("a non-object", "a non-object")
_NO_KEYS = ("an array", "a scalar")


def each(text: str) -> str:
    """jsonb_each()."""
    pairs = _object("jsonb_each", text, _NO_OBJECT).items()
    return json_rows((key, jsonb_text(value)) for key, value in pairs)


def each_text(text: str) -> str:
    """jsonb_each_text()."""
    pairs = _object("jsonb_each_text", text, _NO_OBJECT).items()
    return json_rows((key, jsonb.as_text(value)) for key, value in pairs)


def keys(text: str) -> str:
    """jsonb_object_keys()."""
    return json_rows(_object("jsonb_object_keys", text, _NO_KEYS))


def _elements(text: str) -> list[Any]:
    value = jsonb.document(text)
    if isinstance(value, list):
        return value
    raise _error(f"cannot extract elements from {'an object' if isinstance(value, dict) else 'a scalar'}")


def array_elements(text: str) -> str:
    """jsonb_array_elements()."""
    return json_rows(map(jsonb_text, _elements(text)))


def array_elements_text(text: str) -> str:
    """jsonb_array_elements_text()."""
    return json_rows(map(jsonb.as_text, _elements(text)))


def path_query(text: str, path: str, variables: str = "{}") -> str:
    """jsonb_path_query()."""
    return json_rows(map(jsonb_text, jsonpath.found(text, path, variables)))


# -- json
def _json_members(name: str, text: str, whats: tuple[str, str]) -> Iterator[tuple[str, str]]:
    kind = json.json_typeof(text)
    if kind != "object":
        raise _error(f"cannot call {name} on {whats[0] if kind == 'array' else whats[1]}")
    return json.members(json.checked(text))


def json_each(text: str) -> str:
    """json_each()."""
    return json_rows(_json_members("json_each", text, _NO_OBJECT))


def json_each_text(text: str) -> str:
    """json_each_text()."""
    pairs = _json_members("json_each_text", text, _NO_OBJECT)
    return json_rows((key, json.as_text(value)) for key, value in pairs)


def json_keys(text: str) -> str:
    """json_object_keys(): equal ones come again."""
    return json_rows(key for key, _ in _json_members("json_object_keys", text, _NO_KEYS))


def _json_elements(text: str) -> Iterator[str]:
    kind = json.json_typeof(text)
    if kind != "array":
        raise _error(f"cannot extract elements from {'an object' if kind == 'object' else 'a scalar'}")
    return json.items(json.checked(text))


def json_array_elements(text: str) -> str:
    """json_array_elements()."""
    return json_rows(_json_elements(text))


def json_array_elements_text(text: str) -> str:
    """json_array_elements_text()."""
    return json_rows(map(json.as_text, _json_elements(text)))


# -- records
def record(text: str, *columns: str) -> str:
    """jsonb_to_record(): `columns` are names and types by turns."""
    value = jsonb.document(text)
    if not isinstance(value, dict):
        raise _error(
            f"cannot call jsonb_to_record on {'an array' if isinstance(value, list) else 'a scalar'}"
        )
    return json_rows(_rows([value], columns))


def record_set(text: str, *columns: str) -> str:
    """jsonb_to_recordset(): `columns` are names and types by turns."""
    value = jsonb.document(text)
    if not isinstance(value, list):
        what = "an object" if isinstance(value, dict) else "a scalar"
        raise _error(f"cannot call jsonb_to_recordset on {what}")
    if not all(isinstance(item, dict) for item in value):
        raise _error("argument of jsonb_to_recordset must be an array of objects")
    return json_rows(_rows(value, columns))


def _rows(values: Iterable[dict[str, Any]], columns: Sequence[str]) -> Iterator[Any]:
    readers = [(name, _reader(spelling)) for name, spelling in zip(columns[::2], columns[1::2], strict=True)]
    for value in values:
        row = tuple(read(value.get(name)) for name, read in readers)
        yield row if len(row) > 1 else row[0]


@lru_cache(maxsize=256)
def _reader(spelling: str) -> Callable[[Any], Any]:
    """A function from a member to a column's value: a string by the type's input, all else by its text."""
    type_ = parse_type(spelling)

    def read(value: Any) -> Any:
        if value is None:
            return None
        text = jsonb_text(value) if type_.name in ("json", "jsonb") else jsonb.as_text(value)
        return _input(type_, str(text))

    return read


def _input(type_: Type, text: str) -> Any:
    if type_.name == "numeric":
        return numeric_text(fit_numeric(parse_numeric(text), type_))
    encode = encoder(type_)
    return encode(text) if encode else text


SCALARS: tuple[Scalar, ...] = (
    strict("pg_rows_jsonb_each", 1, each),
    strict("pg_rows_jsonb_each_text", 1, each_text),
    strict("pg_rows_jsonb_object_keys", 1, keys),
    strict("pg_rows_jsonb_array_elements", 1, array_elements),
    strict("pg_rows_jsonb_array_elements_text", 1, array_elements_text),
    strict("pg_rows_jsonb_path_query", -1, path_query),
    strict("pg_rows_json_each", 1, json_each),
    strict("pg_rows_json_each_text", 1, json_each_text),
    strict("pg_rows_json_object_keys", 1, json_keys),
    strict("pg_rows_json_array_elements", 1, json_array_elements),
    strict("pg_rows_json_array_elements_text", 1, json_array_elements_text),
    strict("pg_rows_jsonb_to_record", -1, record),
    strict("pg_rows_jsonb_to_recordset", -1, record_set),
)
