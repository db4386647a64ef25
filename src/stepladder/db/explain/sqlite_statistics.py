"""What a SQLite file says of its tables' sizes and indexes, at the cost of some look-ups.

Sizes are from sqlite_stat1 where ANALYZE was run, else from the row ids: too large where many rows were deleted.
"""

from __future__ import annotations

import sqlite3
from contextlib import suppress

from stepladder.sql import TableName


class Statistics:
    """One connection's view of them."""

    def __init__(self, raw: sqlite3.Connection) -> None:
        self._raw = raw

    def rows(self, table: TableName) -> float | None:
        """About how many rows a table has; None for a view, and for one that has no row ids."""
        for stat in self._stats(table):
            return float(stat.split()[0])
        with suppress(sqlite3.Error):
            # Two queries: of one with both, SQLite would read every row.
            (low,), (high,) = (
                self._raw.execute(f"SELECT {word}(rowid) FROM {table.sqlite}").fetchone()
                for word in ("min", "max")
            )
            return 0.0 if high is None else float(high - low + 1)
        return None

    def rows_of_a_key(self, table: TableName, index: str, columns: int) -> float | None:
        """About how many rows have one value of an index's first columns; None where ANALYZE was not run."""
        for stat in self._stats(table, index):
            numbers = [word for word in stat.split() if word.isdigit()]
            return float(numbers[min(columns, len(numbers) - 1)]) if columns else None
        return None

    def _stats(self, table: TableName, index: str | None = None) -> list[str]:
        with suppress(sqlite3.Error):  # ANALYZE was never run: there is no such table
            rows = self._raw.execute(
                "SELECT stat FROM sqlite_stat1 WHERE tbl = ?1 AND (?2 IS NULL OR idx = ?2) AND stat IS NOT NULL",
                (table.stored_name, index),
            )
            return [str(stat) for (stat,) in rows]
        return []

    def leading_columns(self, table: TableName) -> set[str]:
        """The first column of each index of a table."""
        names = [row[1] for row in self._raw.execute(f"PRAGMA index_list({_quoted(table.stored_name)})")]
        return {columns[0] for name in names if (columns := self.index_columns(name))}

    def index_columns(self, index: str) -> list[str]:
        """The columns of an index, by its stored name."""
        return [row[2] for row in self._raw.execute(f"PRAGMA index_info({_quoted(index)})")]

    def referring_columns(self, table: TableName, target: TableName) -> tuple[str, ...]:
        """The columns of the foreign keys by which a table refers to another."""
        keys = self._raw.execute(f"PRAGMA foreign_key_list({_quoted(table.stored_name)})")
        return tuple(str(row[3]) for row in keys if row[2] == target.stored_name)

    def view(self, table: TableName) -> str | None:
        """The text of a view; None for a table."""
        row = self._raw.execute(
            "SELECT sql FROM sqlite_schema WHERE type = 'view' AND name = ?", (table.stored_name,)
        ).fetchone()
        return None if row is None else str(row[0])


def _quoted(stored: str) -> str:
    return '"' + stored.replace('"', '""') + '"'
