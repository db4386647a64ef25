"""Rows that do not fit: named in one error, or kept aside in `<table>_rejects`."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from stepladder.db.connection import Connection
from stepladder.errors import LoadError
from stepladder.files import Reject
from stepladder.sql import Column, TableName, Type, quote

SHOWN = 100
_COLUMNS = (
    Column("load_id", Type("text"), not_null=True),
    Column("row", Type("int8")),
    Column("line", Type("int8")),
    Column("column", Type("text")),
    Column("value", Type("text")),
    Column("reason", Type("text"), not_null=True),
    Column("raw", Type("text")),
)


class Rejects:
    """What a load does with rows that do not fit. `count` is how many there were."""

    def __init__(self, connection: Connection, table: TableName, *, kept: bool) -> None:
        self.count = 0
        self._connection = connection
        self._table = table
        self._kept = kept
        self._shown: list[Reject] = []
        self._load_id = uuid.uuid4().hex
        self._there = False

    @property
    def refuse(self) -> bool:
        """Whether the load will end with an error: nothing more is to be written."""
        return bool(self._shown)

    def take(self, rejects: Sequence[Reject]) -> None:
        """Keep them aside, in the load's transaction; or raise LoadError as soon as there are enough to show."""
        self.count += len(rejects)
        if rejects and self._kept:
            self._keep(rejects)
            return
        self._shown += rejects
        if len(self._shown) >= SHOWN:
            self.raise_any()

    def raise_any(self) -> None:
        """Raise LoadError where rows were refused."""
        if self._shown:
            raise LoadError(_refusal(self._table, self._shown))

    def _keep(self, rejects: Sequence[Reject]) -> None:
        aside = TableName(self._table.schema, f"{self._table.name}_rejects")
        if not self._there and self._connection.columns(aside) is None:
            lines = [f"{quote(c.name)} {c.type}{' NOT NULL' if c.not_null else ''}" for c in _COLUMNS]
            self._connection.run(f"CREATE TABLE {aside.sql} ({', '.join(lines)})", {})
        self._there = True
        rows = [
            (
                self._load_id,
                each.row,
                each.line,
                each.column,
                _storable(each.value),
                each.reason,
                _storable(each.raw),
            )
            for each in rejects
        ]
        self._connection.copy_batch(aside, _COLUMNS, rows)


def _storable(text: str | None) -> str | None:
    """No text column holds NUL, or half of a surrogate pair."""
    if text is None:
        return None
    return text.replace("\0", "\\x00").encode("utf-8", "backslashreplace").decode()


def _refusal(table: TableName, rejected: Sequence[Reject]) -> str:
    shown = rejected[:SHOWN]
    count = f"the first {len(shown)} rows" if len(rejected) >= SHOWN else f"{len(shown)} rows"
    said = "1 row does" if len(shown) == 1 else f"{count} do"
    return "\n".join(
        [
            f"{said} not fit {table.sql}; nothing was loaded:",
            *map(_line, shown),
            f'Mend them, or keep them aside in {table.sql}_rejects: rejects="table" (--rejects table).',
        ]
    )


def _line(reject: Reject) -> str:
    line = "" if reject.line is None else f", line {reject.line}"
    cell = f", column {reject.column} = {reject.value!r}" if reject.column else ""
    return f"  row {reject.row or '?'}{line}{cell}: {reject.reason}"
