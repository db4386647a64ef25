"""Whether the copy means what the original says: a hash of each column, tied to its rows, on both sides.

A column whose values were not written anew must hold the very same ones. Where they were, the two sides are read by
different code: the original by Python's own readers of dates, numbers and JSON, the copy as Stepladder reads any table.
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

Meaning = Callable[[Any], object]


def differences(original: ForeignFile, copy: ForeignFile, table: TablePlan) -> list[str]:
    """What of the table is not the same: columns, or the number of rows."""
    before_rows, before = _hashes(
        original, table, [_original(each) if each.converted else None for each in table.columns]
    )
    after_rows, after = _hashes(
        copy, table, [_stored(each.type) if each.converted else None for each in table.columns]
    )
    if before_rows != after_rows:
        return [f"{table.name}: {before_rows} rows became {after_rows}"]
    names = ["the rows' numbers", *(f"{table.name}.{column.name}" for column in table.columns)]
    return [
        f"{name}: its values are not the same"
        for name, one, other in zip(names, before, after, strict=True)
        if one != other
    ]


def _hashes(
    file: ForeignFile, table: TablePlan, meanings: Sequence[Meaning | None]
) -> tuple[int, list[bytes]]:
    """The number of rows, and a hash of the rows' numbers and of each column. None: of the values as they are stored."""
    names = ", ".join(quote(column.name) for column in table.columns)
    order = f" ORDER BY {table.rowid}" if table.rowid else ""
    every = [None, *meanings]
    hashes, rows = [blake2b(digest_size=16) for _ in every], 0
    sums = [0] * len(every)
    for batch in file.as_stored(f"SELECT {table.rowid or 'NULL'}, {names} FROM {quote(table.name)}{order}"):
        means = [
            cells if meaning is None else [_of(meaning, value) for value in cells]
            for meaning, cells in zip(every, zip(*batch, strict=True), strict=True)
        ]
        rows += len(batch)
        if _keeps_order(table):
            for found, cells in zip(hashes, means, strict=True):
                found.update(repr(list(cells)).encode())
        else:
            _add(sums, means, [at for at, column in enumerate(table.columns, 1) if column.name in table.key])
    return rows, [found.digest() + str(total).encode() for found, total in zip(hashes, sums, strict=True)]


def _keeps_order(table: TablePlan) -> bool:
    """Whether rows come in the same order from both: by number, or by a key that was not written anew."""
    return table.rowid is not None or not any(
        each.converted for each in table.columns if each.name in table.key
    )


def _add(sums: list[int], means: Sequence[Sequence[object]], key: Sequence[int]) -> None:
    """In whatever order: a hash of each value with its row's key, summed up."""
    keys = list(zip(*(means[at] for at in key), strict=True))
    for place, cells in enumerate(means):
        for one, value in zip(keys, cells, strict=True):
            sums[place] += int.from_bytes(blake2b(repr((one, value)).encode(), digest_size=16).digest())


def _of(meaning: Meaning, value: Any) -> object:
    return None if value is None else meaning(value.decode() if type(value) is bytearray else value)


def _stored(type_: Type) -> Meaning:
    """What a stored value means to Stepladder."""
    if type_.name in ("json", "jsonb"):
        return lambda value: _document(str(value))
    decode = decoder(type_)
    return lambda value: _plain(value if decode is None else decode(value), type_)


def _original(column: ColumnPlan) -> Meaning:
    """What a value of the foreign table means. Where only the user's word says it, the reading is the meaning."""
    type_, decode = column.type, decoder(column.type)
    if type_.name in ("json", "jsonb"):
        return lambda value: _document(value if isinstance(value, str) else repr(value))
    own = _OWN.get(type_.name)

    def meaning(value: Any) -> object:
        found = own(value) if own is not None and isinstance(value, str) else _UNREAD
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
}


def _document(text: str) -> str:
    """JSON's keys in one order and its numbers in one spelling."""
    return json.dumps(json.loads(text, parse_float=_digits, parse_int=_digits), sort_keys=True)


def _digits(text: str) -> list[str]:
    """A number's digits, told from a text by the list around them."""
    return [_plain_number(Decimal(text))]


def _plain_number(value: Decimal) -> str:
    text = f"{value:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) if value else "0"


def _plain(value: object, type_: Type) -> object:
    """One spelling for equal values."""
    if type_.name == "numeric":
        exact = (
            value
            if isinstance(value, Decimal)
            else Decimal(repr(value) if isinstance(value, float) else str(value))
        )
        return _plain_number(exact)
    return value
