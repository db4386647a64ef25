"""jsonb: what makes another document out of one. Parsed documents are shared: every change copies."""

from __future__ import annotations

from typing import Any

from stepladder.errors import DataError, InvalidArgument
from stepladder.sql.functions.jsonb import Document, document, place_of, texts
from stepladder.sql.functions.registry import Scalar, strict
from stepladder.sql.jsons import jsonb_text


def concat(text: str, other: str) -> str:
    """`||`: two objects are merged, all else are arrays put one behind the other."""
    one, two = document(text), document(other)
    if isinstance(one, dict) and isinstance(two, dict):
        return jsonb_text({**one, **two})
    return jsonb_text(_listed(one) + _listed(two))


def _listed(value: Document) -> list[Any]:
    return value if isinstance(value, list) else [value]


# -- deleting
def delete_keys(text: str, *keys: str | None) -> str:
    """`- 'key'`: keys of an object, strings in an array."""
    value = document(text)
    if not isinstance(value, list | dict):
        raise DataError("cannot delete from scalar", sqlstate="22023")
    if isinstance(value, dict):
        return jsonb_text({key: each for key, each in value.items() if key not in keys})
    return jsonb_text([each for each in value if not (isinstance(each, str) and each in keys)])


def delete_place(text: str, place: int) -> str:
    """`- 1`: an element of an array."""
    value = document(text)
    if isinstance(value, dict):
        raise DataError("cannot delete from object using integer index", sqlstate="22023")
    if not isinstance(value, list):
        raise DataError("cannot delete from scalar", sqlstate="22023")
    return jsonb_text([each for at, each in enumerate(value) if at != place % (len(value) or 1)]
                      if -len(value) <= place < len(value) else value)  # fmt: skip


def delete_path(text: str, path: str) -> str:
    """`#-`."""
    value, steps = document(text), texts(path)
    if not isinstance(value, list | dict):
        raise DataError("cannot delete path in scalar", sqlstate="22023")
    return jsonb_text(_deleted(value, steps)) if steps else text


def _deleted(value: Document, steps: Any, at: int = 1) -> Document:
    if not value and at == 1:
        return value  # the path is not even looked at
    key, rest = _step(steps, at), steps[1:]
    if isinstance(value, dict) and key in value:
        if not rest:
            return {name: each for name, each in value.items() if name != key}
        return {**value, key: _deleted(value[key], rest, at + 1)}
    if isinstance(value, list):
        place = _place(key, at, len(value))
        if 0 <= place < len(value):
            middle = [_deleted(value[place], rest, at + 1)] if rest else []
            return [*value[:place], *middle, *value[place + 1 :]]
    return value


def _step(steps: Any, at: int) -> str:
    if steps[0] is None:
        raise DataError(f"path element at position {at} is null", sqlstate="22004")
    return str(steps[0])


def _place(key: str, at: int, size: int) -> int:
    place = place_of(key)
    if place is None:
        raise DataError(f'path element at position {at} is not an integer: "{key}"', sqlstate="22P02")
    return place + size if place < 0 else place


# -- setting
def set_(text: str, path: str, new: str, create: int = 1) -> str:
    """jsonb_set(): where the last step is not there it is made, if `create`."""
    value, steps = document(text), texts(path)
    if not isinstance(value, list | dict):
        raise DataError("cannot set path in scalar", sqlstate="22023")
    if not value and not create:
        return text
    return jsonb_text(_set(value, steps, document(new), bool(create))) if steps else text


def _set(value: Document, steps: Any, new: Document, create: bool, at: int = 1) -> Document:  # noqa: FBT001
    key, rest = _step(steps, at), steps[1:]
    if isinstance(value, dict):
        if rest:
            return {**value, key: _set(value[key], rest, new, create, at + 1)} if key in value else value
        return {**value, key: new} if create or key in value else value
    if isinstance(value, list):
        place = _place(key, at, len(value))
        if 0 <= place < len(value):
            inner = _set(value[place], rest, new, create, at + 1) if rest else new
            return [*value[:place], inner, *value[place + 1 :]]
        if create and not rest:
            return [new, *value] if place < 0 else [*value, new]
    return value


def set_lax(
    text: str | None,
    path: str | None,
    new: str | None,
    create: int | None = 1,
    null: str | None = "use_json_null",
) -> str | None:
    """jsonb_set_lax(): `null` says what a NULL does."""
    if text is None or path is None or create is None:
        return None
    if null is None:
        raise _treatment()
    if new is not None:
        return set_(text, path, new, create)
    if null == "raise_exception":
        raise DataError("JSON value must not be null", sqlstate="22004")
    if null == "use_json_null":
        return set_(text, path, "null", create)
    if null == "delete_key":
        return delete_path(text, path)
    if null == "return_target":
        return text
    raise _treatment()


def _treatment() -> InvalidArgument:
    return InvalidArgument(
        'null_value_treatment must be "delete_key", "return_target", "use_json_null", or "raise_exception"'
    )


def insert(text: str, path: str, new: str, after: int = 0) -> str:
    """jsonb_insert(): before, or after, an element of an array; a new key of an object."""
    value, steps = document(text), texts(path)
    if not isinstance(value, list | dict):
        raise DataError("cannot set path in scalar", sqlstate="22023")
    return jsonb_text(_inserted(value, steps, document(new), after)) if steps else text


def _inserted(value: Document, steps: Any, new: Document, after: int, at: int = 1) -> Document:
    key, rest = _step(steps, at), steps[1:]
    if isinstance(value, dict):
        if rest:
            return {**value, key: _inserted(value[key], rest, new, after, at + 1)} if key in value else value
        if key in value:
            raise DataError("cannot replace existing key", sqlstate="22023")
        return {**value, key: new}
    if isinstance(value, list):
        place = _place(key, at, len(value))
        if rest:
            if not 0 <= place < len(value):
                return value
            return [*value[:place], _inserted(value[place], rest, new, after, at + 1), *value[place + 1 :]]
        cut = max(0, min(place + (after if 0 <= place < len(value) else 0), len(value)))
        return [*value[:cut], new, *value[cut:]]
    return value


def strip_nulls(text: str, in_arrays: int = 0) -> str:
    """jsonb_strip_nulls()."""
    return jsonb_text(_stripped(document(text), in_arrays))


def _stripped(value: Document, in_arrays: int) -> Document:
    if isinstance(value, dict):
        return {key: _stripped(each, in_arrays) for key, each in value.items() if each is not None}
    if isinstance(value, list):
        return [_stripped(each, in_arrays) for each in value if each is not None or not in_arrays]
    return value


SCALARS: tuple[Scalar, ...] = (
    strict("pg_jsonb_concat", 2, concat),
    strict("pg_jsonb_delete_key", 2, delete_keys),
    strict("pg_jsonb_delete_keys", 2, lambda text, keys: delete_keys(text, *texts(keys))),
    strict("pg_jsonb_delete_place", 2, delete_place),
    strict("pg_jsonb_delete_path", 2, delete_path),
    strict("pg_jsonb_set", -1, set_),
    Scalar("pg_jsonb_set_lax", -1, set_lax),
    strict("pg_jsonb_insert", -1, insert),
    strict("pg_jsonb_strip_nulls", -1, strip_nulls),
)
