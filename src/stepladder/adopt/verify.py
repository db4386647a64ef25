"""Whether the copy means what the original says: a hash of each column, tied to its row, on both sides.

The two sides are read by different code: the original by Python's own readers of dates, numbers and JSON, the copy as
Stepladder reads any of its tables.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from hashlib import blake2b
from typing import Any
from uuid import UUID

from stepladder.adopt.plan import ColumnPlan, TablePlan
from stepladder.db.foreign_file import ForeignFile
from stepladder.sql import Type, decoder, quote

_MASK = (1 << 128) - 1
Meaning = Callable[[Any], object]


def differences(original: ForeignFile, copy: ForeignFile, table: TablePlan) -> list[str]:
    """What of the table is not the same: columns, or the number of rows."""
    before_rows, before = _hashes(original, table, [_original(column) for column in table.columns])
    after_rows, after = _hashes(copy, table, [_stored(column.type) for column in table.columns])
    if before_rows != after_rows:
        return [f"{table.name}: {before_rows} rows became {after_rows}"]
    return [
        f"{table.name}.{column.name}: its values are not the same"
        for column, one, other in zip(table.columns, before, after, strict=True)
        if one != other
    ]


def _hashes(file: ForeignFile, table: TablePlan, meanings: Sequence[Meaning]) -> tuple[int, list[int]]:
    """The number of rows, and of each column the sum of a hash of row and value: no order matters."""
    names = ", ".join(quote(column.name) for column in table.columns)
    places = [at for at, column in enumerate(table.columns, 1) if column.name in table.key]
    sums, rows = [0] * len(meanings), 0
    for batch in file.as_stored(f"SELECT {table.rowid or 'NULL'}, {names} FROM {quote(table.name)}"):
        numbers, *cells = zip(*batch, strict=True)
        means = [
            [_of(meaning, value) for value in column] for meaning, column in zip(meanings, cells, strict=True)
        ]
        keys: Sequence[object] = numbers
        if table.rowid is None:
            keys = (
                list(zip(*(means[at - 1] for at in places), strict=True)) if places else [None] * len(batch)
            )
        marks = [repr(key).encode() for key in keys]
        for place, column in enumerate(means):
            sums[place] += sum(_hash(mark, value) for mark, value in zip(marks, column, strict=True))
        rows += len(batch)
    return rows, [each & _MASK for each in sums]


def _of(meaning: Meaning, value: Any) -> object:
    return None if value is None else meaning(value.decode() if type(value) is bytearray else value)


def _hash(mark: bytes, value: object) -> int:
    return int.from_bytes(blake2b(mark + b"|" + repr(value).encode(), digest_size=16).digest())


def _stored(type_: Type) -> Meaning:
    """What a stored value means to Stepladder."""
    decode = decoder(type_)
    return lambda value: _plain(value if decode is None else decode(value), type_)


def _original(column: ColumnPlan) -> Meaning:
    """What a value of the foreign table means. Where only the user's word says it, the reading is the meaning."""
    type_, decode = column.type, decoder(column.type)
    own = _OWN.get(type_.name)

    def meaning(value: Any) -> object:
        found = own(value) if own is not None and isinstance(value, str) else _UNREAD
        if own is None and not column.converted:
            found = value if decode is None else decode(value)
        if found is _UNREAD or (
            isinstance(found, datetime) and (found.tzinfo is None) != (type_.name != "timestamptz")
        ):
            stored = column.reading.convert(value)
            found = stored if decode is None else decode(stored)
        return _plain(found, type_)

    return meaning


_UNREAD = object()


def _datetime(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo is None else found.astimezone(UTC)


_OWN: dict[str, Callable[[str], object]] = {
    "text": str,
    "varchar": str,
    "numeric": Decimal,
    "date": lambda text: date.fromisoformat(text[:10]) if len(text) == 10 else _UNREAD,
    "time": time.fromisoformat,
    "timestamp": _datetime,
    "timestamptz": _datetime,
    "uuid": lambda text: UUID(text.strip("{}")),
    "jsonb": json.loads,
    "json": json.loads,
}


def _plain(value: object, type_: Type) -> object:
    """One spelling for equal values."""
    if type_.name == "numeric":
        exact = (
            value
            if isinstance(value, Decimal)
            else Decimal(repr(value) if isinstance(value, float) else str(value))
        )
        return f"{exact:f}".rstrip("0").rstrip(".") if "." in f"{exact:f}" else f"{exact:f}"
    if type_.name in ("json", "jsonb"):
        return json.dumps(value, sort_keys=True)
    return value
