"""Gives a table of a SQLite file another text, its rows untouched: CHECK, NOT NULL, DEFAULT, foreign keys, types.

SQLite's own way for changes that touch no row (https://sqlite.org/lang_altertable.html, 7): the text is written into
`sqlite_schema`, and the schema is read again. The row of an index that a UNIQUE or PRIMARY KEY made by itself
becomes that of an index with a name, or the other way round: the index itself is the same. All of it is part of the
transaction: killed or rolled back, the file is as it was.
"""

from __future__ import annotations

import sqlite3

from stepladder.sql import Redefined, quote

_MADE = "stepladder.key"  # an index on its way to be a primary key's


def redefine(raw: sqlite3.Connection, part: Redefined) -> None:
    """Write the table's text."""
    name = part.table.stored_name
    own = _own_indexes(raw, name)
    if part.primary and not any(columns == part.primary and primary for _, columns, primary in own):
        listed = ", ".join(map(quote, part.primary))
        raw.execute(f"CREATE UNIQUE INDEX {quote(_MADE)} ON {quote(name)} ({listed})")
        own.append((_MADE, part.primary, True))
    raw.execute("PRAGMA writable_schema = ON")
    try:
        raw.execute("UPDATE sqlite_schema SET sql = ? WHERE type = 'table' AND name = ?", (part.sql, name))
        for index, columns, primary in own:
            if not (primary and columns == part.primary):
                _call(raw, index, *_wanted(part, columns))
        for index, columns, primary in own:
            if primary and columns == part.primary:
                _call(raw, index, f"sqlite_autoindex_{name}_1", None)
        (version,) = raw.execute("PRAGMA schema_version").fetchone()
        raw.execute(f"PRAGMA schema_version = {version + 1}")
    finally:
        raw.execute("PRAGMA writable_schema = RESET")


def _own_indexes(raw: sqlite3.Connection, table: str) -> list[tuple[str, tuple[str, ...], bool]]:
    """The indexes that UNIQUE and PRIMARY KEY made: name, columns, whether it is the primary key's."""
    found = raw.execute(f"PRAGMA index_list({quote(table)})").fetchall()
    return [
        (index, tuple(row[2] for row in raw.execute(f"PRAGMA index_info({quote(index)})")), origin == "pk")
        for _, index, _, origin, _ in found
        if origin in ("u", "pk")
    ]


def _wanted(part: Redefined, columns: tuple[str, ...]) -> tuple[str, str]:
    name, sql = next((name, sql) for each, name, sql in part.unique if each == columns)
    return name.stored_name, sql


def _call(raw: sqlite3.Connection, index: str, name: str, sql: str | None) -> None:
    raw.execute(
        "UPDATE sqlite_schema SET name = ?, sql = ? WHERE type = 'index' AND name = ?", (name, sql, index)
    )
