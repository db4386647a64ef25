"""Rows of functions in FROM as JSON arrays, which SQLite's json_each() reads: one item a row, an array where it has
several columns. JSON's numbers would lose digits of floats, and it has no bytes: those are items of text."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import zip_longest
from typing import Any

from stepladder.sql.functions.registry import Scalar


def json_rows(rows: Iterable[Any]) -> str:
    """Rows of values in the form that expressions have; a row of several columns is a tuple."""
    return json.dumps([_item(row) for row in rows], ensure_ascii=False)


def _item(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_item(each) for each in value]
    if isinstance(value, float):
        return repr(value)
    return "\\x" + value.hex() if isinstance(value, bytes) else value


def one_row(value: Any) -> str:
    """A value as the only row."""
    return json_rows([value])


def side_by_side(*arguments: Any) -> str:
    """Several functions' rows in lock step; `arguments` are each one's number of columns, and its rows."""
    counts, texts = arguments[::2], arguments[1::2]
    missing = [[None] * count for count in counts]
    lists = [[] if text is None else json.loads(text) for text in texts]
    joined = []
    for rows in zip_longest(*lists, fillvalue=_MISSING):
        parts = [_columns(row, none) for row, none in zip(rows, missing, strict=True)]
        joined.append([value for part in parts for value in part])
    return json.dumps(joined, ensure_ascii=False)


_MISSING: Any = object()


def _columns(row: Any, missing: list[None]) -> list[Any]:
    if row is _MISSING:
        return missing
    return [row] if len(missing) == 1 else list(row)


SCALARS: tuple[Scalar, ...] = (
    Scalar("pg_one_row", 1, one_row),
    Scalar("pg_side_by_side", -1, side_by_side),
)
