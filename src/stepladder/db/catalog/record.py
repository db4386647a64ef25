"""A table's definition as JSON, for SQLite's catalogue of types, and back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from stepladder.sql import Check, Column, Definition, ForeignKey, Index, IndexPart, Key, TableColumn


def to_json(definition: Definition) -> str:
    """Everything but the columns' types, which the catalogue keeps beside."""
    record = asdict(definition)
    for column in record["columns"]:
        del column["type"], column["not_null"]
    return json.dumps(record, ensure_ascii=False)


def from_json(text: str, columns: Sequence[Column]) -> Definition:
    """The definition of a table with these columns."""
    record = json.loads(text)
    extras = {each["name"]: each for each in record["columns"]}
    return Definition(
        columns=tuple(
            TableColumn(
                **{**extras.get(each.name, {"name": each.name}), "type": each.type, "not_null": each.not_null}
            )
            for each in columns
        ),
        primary_key=_made(Key, record["primary_key"]) if record["primary_key"] else None,
        unique=tuple(_made(Key, each) for each in record["unique"]),
        foreign_keys=tuple(_made(ForeignKey, each) for each in record["foreign_keys"]),
        checks=tuple(_made(Check, each) for each in record["checks"]),
        indexes=tuple(_index(each) for each in record["indexes"]),
        others=tuple(record["others"]),
        comment=record["comment"],
        query=record.get("query"),  # older versions kept none
    )


def _made(kind: Any, record: dict[str, Any]) -> Any:
    """A value from its fields; JSON's lists are tuples."""
    return kind(**{name: tuple(each) if isinstance(each, list) else each for name, each in record.items()})


def _index(record: dict[str, Any]) -> Index:
    return _made(Index, {**record, "parts": [IndexPart(**part) for part in record["parts"]]})  # type: ignore[no-any-return]
