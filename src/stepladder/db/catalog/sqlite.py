"""What a SQLite file says of a table: by our catalogue of types, and of a foreign table by SQLite's own.

Of a foreign table what is known is told, values are never looked at: a column whose type its declaration does
not say has that declaration for its type.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence

from stepladder.db import type_catalogue
from stepladder.db.catalog.foreign import checks, generated_columns
from stepladder.db.catalog.record import from_json
from stepladder.sql import (
    Check,
    Column,
    Definition,
    ForeignKey,
    Index,
    IndexPart,
    Key,
    TableColumn,
    TableName,
    Type,
    canonical,
    canonical_default,
    canonical_generated,
    check,
    joined,
    object_name,
    quote,
    spelled,
)

_COUNTED = 1000  # tables of so few rows are counted


def definition(raw: sqlite3.Connection, table: str) -> tuple[str, Definition] | None:
    """Whether it is a table or a view, and its definition; None where there is none of that name."""
    found = raw.execute(
        "SELECT type, sql FROM sqlite_schema WHERE name = ? AND type IN ('table', 'view')", (table,)
    ).fetchone()
    if found is None:
        return None
    kind, sql = found
    columns = type_catalogue.recorded(raw, table, sql)
    details = None if columns is None else type_catalogue.details(raw, table)
    if columns is not None and details is not None:
        return kind, from_json(details, columns)
    return kind, structure(raw, table, columns, sql)


def structure(raw: sqlite3.Connection, table: str, columns: Sequence[Column] | None, sql: str) -> Definition:
    """A definition as SQLite tells it; `columns` where their types are known. Names are by PostgreSQL's rule."""
    known = _columns(raw, table, columns, sql)
    names: set[str] = set()

    def name(middle: str | None, label: str) -> str:
        found = object_name(TableName.from_stored(table).name, middle, label, names.__contains__)
        names.add(found)
        return found

    primary = [row[1] for row in sorted(_info(raw, table), key=lambda row: row[5]) if row[5]]
    indexes = raw.execute(f"PRAGMA index_list({quote(table)})").fetchall()
    unique = [_indexed(raw, index) for _, index, _, origin, _ in indexes if origin == "u"]
    guards = {check(column.type, quote(column.name)) for column in known}
    return Definition(
        columns=known,
        primary_key=Key(name(None, "pkey"), tuple(primary)) if primary else None,
        unique=tuple(Key(name(joined(columns), "key"), columns) for columns in unique),
        foreign_keys=tuple(_foreign_keys(raw, table, name)),
        checks=tuple(
            Check(name(None, "check"), canonical(text, known)) for text in checks(sql) if text not in guards
        ),
        indexes=tuple(
            _index(raw, index, unique=bool(unique), partial=bool(partial))
            for _, index, unique, origin, partial in indexes
            if origin == "c"
        ),
    ).in_order()


def estimated_rows(raw: sqlite3.Connection, table: str) -> int | None:
    """The rows of a small table; of a large one what ANALYZE has written, else its largest row number."""
    (counted,) = raw.execute(
        f"SELECT count(*) FROM (SELECT 1 FROM {quote(table)} LIMIT {_COUNTED + 1})"
    ).fetchone()
    if counted <= _COUNTED:
        return int(counted)
    if raw.execute("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_stat1'").fetchone():
        found = raw.execute(
            "SELECT max(CAST(stat AS INTEGER)) FROM sqlite_stat1 WHERE tbl = ?", (table,)
        ).fetchone()
        if found[0] is not None:
            return int(found[0])
    try:
        return int(raw.execute(f"SELECT max(rowid) FROM {quote(table)}").fetchone()[0])
    except sqlite3.OperationalError:  # WITHOUT ROWID
        return None


def _info(raw: sqlite3.Connection, table: str) -> list[tuple[int, str, str, int, str | None, int, int]]:
    """cid, name, declared type, not null, default, place in the primary key, hidden (2, 3: generated)."""
    return raw.execute(f"PRAGMA table_xinfo({quote(table)})").fetchall()


def _columns(
    raw: sqlite3.Connection, table: str, columns: Sequence[Column] | None, sql: str
) -> tuple[TableColumn, ...]:
    types = {column.name: column for column in columns or ()}
    rows = _info(raw, table)
    plain = [
        types.get(name) or Column(name, _foreign_type(declared), bool(not_null))
        for _, name, declared, not_null, _, _, _ in rows
    ]
    made = generated_columns(sql)
    return tuple(
        TableColumn(
            column.name,
            column.type,
            column.not_null,
            default=None if row[4] is None else canonical_default(row[4], column),
            generated=canonical_generated(made[column.name], column, plain) if column.name in made else None,
        )
        for column, row in zip(plain, rows, strict=True)
    )


def _foreign_type(declared: str) -> Type:
    return Type(type_catalogue.declared_type(declared) or declared.lower() or "unknown")


def _indexed(raw: sqlite3.Connection, index: str) -> tuple[str, ...]:
    return tuple(name for _, _, name in raw.execute(f"PRAGMA index_info({quote(index)})"))


def _index(raw: sqlite3.Connection, name: str, *, unique: bool, partial: bool) -> Index:
    rows = raw.execute(f"PRAGMA index_xinfo({quote(name)})").fetchall()
    parts = [(column, bool(descending)) for _, _, column, descending, _, key in rows if key]
    odd = partial or any(column is None for column, _ in parts)
    (sql,) = raw.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (name,)).fetchone()
    return Index(
        TableName.from_stored(name).name,
        tuple(
            IndexPart("(expression)" if column is None else spelled(column), descending, descending)
            for column, descending in parts
        ),
        unique=unique,
        other=sql if odd else None,
    )


def _foreign_keys(
    raw: sqlite3.Connection, table: str, name: Callable[[str | None, str], str]
) -> Iterator[ForeignKey]:
    rows = raw.execute(f"PRAGMA foreign_key_list({quote(table)})").fetchall()
    for number in sorted({row[0] for row in rows}, reverse=True):  # SQLite counts them from the last
        mine = sorted((row for row in rows if row[0] == number), key=lambda row: row[1])
        columns = tuple(row[3] for row in mine)
        referenced = tuple(row[4] for row in mine if row[4]) or _primary(raw, mine[0][2])
        yield ForeignKey(
            name(joined(columns), "fkey"),
            columns,
            TableName.from_stored(mine[0][2]).sql,
            referenced,
            on_delete=mine[0][6],
            on_update=mine[0][5],
        )


def _primary(raw: sqlite3.Connection, table: str) -> tuple[str, ...]:
    return tuple(row[1] for row in sorted(_info(raw, table), key=lambda row: row[5]) if row[5])
