"""The new CREATE TABLE: the old text with other types where they must be, and a CHECK for each column's values."""

from __future__ import annotations

from collections.abc import Sequence

from stepladder.adopt.declared import affinity
from stepladder.adopt.plan import ColumnPlan
from stepladder.errors import NotPortable
from stepladder.sql import WrittenTable, check, collation, declared, edited, is_native_numeric, quote

_STRICT = {"INTEGER": "INT", "TEXT": "TEXT", "REAL": "REAL", "BLOB": "BLOB"}


def stored_type(column: ColumnPlan, *, strict: bool) -> str:
    """The type that the column is declared with when its own does not do. A STRICT table knows five only."""
    words = declared(column.type)
    if strict and column.type.name == "bool":
        return "INT"
    if strict:
        found = _STRICT.get(affinity(words))
        if found is None:
            raise NotPortable(
                f"{column.name} as {column.type} in a STRICT table", why="it has no such columns"
            )
        return found
    # SQLite would number a lone key declared INTEGER by itself; INT it takes as any other.
    return "INT" if words.upper() == "INTEGER" else words


def rewritten_table(
    sql: str,
    written: WrittenTable,
    columns: Sequence[ColumnPlan],
    key: Sequence[str],
    numbered: str | None,
) -> str:
    """Raises NotPortable where the text cannot say it."""
    strict = "strict" in written.options
    changes: list[tuple[int, int, str]] = []
    for column, text in zip(columns, written.columns, strict=True):
        if column.name == numbered:
            continue
        words = stored_type(column, strict=strict)
        if affinity(words) != affinity(column.declared):
            changes.append(
                (text.type_start, text.type_end, words if text.type_start < text.type_end else f" {words}")
            )
        changes.append((text.end, text.end, _behind(column, in_key=column.name in key)))
    return edited(sql, changes)


def _behind(column: ColumnPlan, *, in_key: bool) -> str:
    """What is added to a column's definition."""
    guard = check(column.type, quote(column.name))
    words = ["" if is_native_numeric(column.type) else collation(column.type).strip()]
    words.append("NOT NULL" if in_key else "")
    words.append(f"CHECK ({guard})" if guard else "")
    return "".join(f" {word}" for word in words if word)
