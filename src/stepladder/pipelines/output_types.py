"""The columns of what a function gave: as its decorator says, else as its table has them, else as the rows say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from stepladder.db import Rows, Transaction, created_columns
from stepladder.errors import RunFailed, UndefinedTable
from stepladder.pipelines.calling import is_frame
from stepladder.pipelines.model import Function, Model
from stepladder.sql import Column


def output_columns(tx: Transaction, model: Model, body: Function, pieces: Sequence[Any]) -> Sequence[Column]:
    """The columns, in the order in which the rows have them. Raises RunFailed where they cannot be told."""
    if body.columns is not None:
        for piece in pieces:
            _refuse_others(piece, [column.name for column in body.columns])
        return body.columns
    kept = _kept(tx, model)
    names = list(dict.fromkeys(name for piece in pieces for name in _names(piece)))
    if not names and not kept:
        raise RunFailed(
            "its first call gives no column, so the table cannot be made. Say them: columns={…} in the decorator."
        )
    found = {**(_said_by(pieces) if set(names) - set(kept) else {}), **kept}
    for name in names:
        if name not in found:
            raise RunFailed(
                f"column {name!r} holds no value in the first rows that it gives, so its type is unknown. "
                f'Say the types: columns={{"{name}": "text", …}} in the decorator.'
            )
    return [found[name] for name in names or kept]


def _kept(tx: Transaction, model: Model) -> dict[str, Column]:
    """The table's columns: the types of the first run stay, whatever a later interval happens to hold."""
    try:
        return {column.name: Column(column.name, column.type) for column in tx.table(model.name).columns}
    except UndefinedTable:
        return {}


def _said_by(pieces: Sequence[Any]) -> dict[str, Column]:
    found: dict[str, Column] = {}
    for piece in pieces:
        empty = set(_untyped(piece))
        for column in created_columns(piece):
            if column.name not in empty:
                found.setdefault(column.name, column)
    return found


def _refuse_others(piece: Any, wanted: Sequence[str]) -> None:
    """`columns` says all of them: what a frame lacks would be NULL without a word."""
    names = _names(piece)
    strange = [name for name in names if name not in wanted]
    missing = [name for name in wanted if names and name not in names and is_frame(piece)]
    if strange or missing:
        said = (
            f"gives {', '.join(map(str, strange))} too" if strange else f"does not give {', '.join(missing)}"
        )
        raise RunFailed(f"it {said}; by the decorator its columns are {', '.join(wanted)}.")


def _names(piece: Any) -> Sequence[str]:
    if isinstance(piece, list):
        return list(piece[0]) if isinstance(piece[0], Mapping) else ()
    if isinstance(piece, Rows):
        return [column.name for column in piece.columns]
    if hasattr(getattr(piece, "schema", None), "names") and hasattr(piece.schema, "field"):  # Arrow's
        return list(piece.schema.names)
    return list(piece.columns)


def _untyped(piece: Any) -> Iterator[str]:
    """The columns of which neither a value nor a frame's own type says what they are."""
    if isinstance(piece, list):
        if isinstance(piece[0], Mapping):
            yield from (name for name in piece[0] if all(row[name] is None for row in piece))
    elif type(piece).__module__.startswith("pandas."):
        loose = [
            name for name in piece.columns if piece[name].dtype == object or piece[name].dtype.kind == "f"
        ]
        yield from (name for name in loose if piece[name].isna().all())
    elif not isinstance(piece, Rows) and hasattr(piece, "schema"):
        schema = piece.schema
        fields = schema.items() if hasattr(schema, "items") else ((each.name, each.type) for each in schema)
        yield from (name for name, type_ in fields if str(type_).lower() == "null")
