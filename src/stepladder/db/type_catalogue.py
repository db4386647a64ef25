"""SQLite's catalogue of PostgreSQL types: what type each column of each table has.

SQLite's declared types cannot say it: a column declared `timestamptz` would turn text into numbers. So the
exact type is kept in two tables of ours in the same file, written in the transaction that changes the table:

    "stepladder.table"    table_name, definition    (a hash of the table's `sqlite_schema.sql`)
                          details                   (defaults, constraints, indexes, comments in PostgreSQL's SQL, as JSON)
    "stepladder.column"   table_name, position, name, type, not_null

A definition that no longer matches was changed behind our back: the table is then refused until `adopt` has looked at
it. One that Stepladder never made is *foreign*. A foreign column has the type that its declaration says, and every value is looked
at before the first read: a value that does not fit refuses the table; none is ever coerced.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence

from stepladder.errors import NotPortable
from stepladder.sql import Column, TableColumn, Type, parse_type, quote

# Numbered steps: append, never change. `stepladder.version` says how far a file has come.
STEPS: tuple[tuple[str, ...], ...] = (
    (
        'CREATE TABLE "stepladder.table" (table_name TEXT NOT NULL PRIMARY KEY, definition TEXT NOT NULL)',
        """CREATE TABLE "stepladder.column" (
            table_name TEXT NOT NULL, position INTEGER NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL,
            not_null INTEGER NOT NULL, PRIMARY KEY (table_name, position))""",
    ),
    ('ALTER TABLE "stepladder.table" ADD COLUMN details TEXT',),
    (
        """CREATE TABLE "stepladder.sequence" (
            sequence_name TEXT NOT NULL PRIMARY KEY, type TEXT NOT NULL, start INTEGER NOT NULL, increment INTEGER NOT NULL,
            minimum INTEGER NOT NULL, maximum INTEGER NOT NULL, cycle INTEGER NOT NULL, last INTEGER NOT NULL,
            called INTEGER NOT NULL)""",
    ),
    ('CREATE TABLE "stepladder.schema" (schema_name TEXT NOT NULL PRIMARY KEY)',),
)
_PART = "type catalogue"
_VERSION = (
    'CREATE TABLE IF NOT EXISTS "stepladder.version"'
    " (part TEXT NOT NULL PRIMARY KEY, number INTEGER NOT NULL, applied_at TEXT NOT NULL)"
)
_VERSION_COLUMNS = (
    Column("part", Type("text"), not_null=True),
    Column("number", Type("int4"), not_null=True),
    Column("applied_at", Type("timestamptz"), not_null=True),
)
# Affinity by SQLite's own rules (https://sqlite.org/datatype3.html, 3.1): the first word found decides.
_FOREIGN = (
    ("INT", "int8"),
    ("CHAR", "text"),
    ("CLOB", "text"),
    ("TEXT", "text"),
    ("REAL", "float8"),
    ("FLOA", "float8"),
    ("DOUB", "float8"),
    ("BLOB", "bytea"),
)
_COMPARISONS = ("Eq", "Ne", "Lt", "Le", "Gt", "Ge")
_STORAGE = {"int8": ("integer",), "text": ("text",), "float8": ("real",), "bytea": ("blob",)}


def read(raw: sqlite3.Connection, table: str) -> tuple[tuple[Column, ...], bool] | None:
    """The columns of a table or view, and whether it is foreign; None where there is none of that name.

    A table of ours that something else has changed is foreign from then on. Raises NotPortable for a foreign one whose
    types cannot be told.
    """
    found = raw.execute(
        "SELECT name, sql FROM sqlite_schema WHERE name = ? AND type IN ('table', 'view')", (table,)
    ).fetchone()
    if found is None:
        return None
    columns = recorded(raw, *found)
    if columns is not None:
        return columns, False
    return _foreign(raw, table), True


def recorded(raw: sqlite3.Connection, table: str, definition: str) -> tuple[Column, ...] | None:
    """The columns of a table of ours whose `sqlite_schema.sql` is `definition`; None for a foreign one."""
    if not _made(raw) or _recorded(raw, table) != _hash(definition):
        return None
    rows = raw.execute(
        'SELECT name, type, not_null FROM "stepladder.column" WHERE table_name = ? ORDER BY position',
        (table,),
    )
    return tuple(Column(column, parse_type(type_), bool(not_null)) for column, type_, not_null in rows)


def details(raw: sqlite3.Connection, table: str) -> str | None:
    """What is recorded of a table beside its columns' types; None for a file that an older version made."""
    if not _has_details(raw):
        return None
    found = raw.execute('SELECT details FROM "stepladder.table" WHERE table_name = ?', (table,)).fetchone()
    return None if found is None else found[0]


def write(raw: sqlite3.Connection, table: str, columns: Sequence[Column], details: str) -> None:
    """Record a table that was made or changed in this transaction."""
    make(raw)
    _record(raw, table, columns, details)


def intact(raw: sqlite3.Connection) -> tuple[str, ...]:
    """The tables that are as they were recorded."""
    if not _made(raw):
        return ()
    rows = raw.execute(
        'SELECT t.table_name, t.definition, s.sql FROM "stepladder.table" t JOIN sqlite_schema s ON s.name = t.table_name'
    )
    return tuple(name for name, recorded, sql in rows if sql and recorded == _hash(sql))


def forget(raw: sqlite3.Connection, table: str) -> None:
    """Drop the record of a table that was dropped in this transaction."""
    if _made(raw):
        raw.execute('DELETE FROM "stepladder.table" WHERE table_name = ?', (table,))
        raw.execute('DELETE FROM "stepladder.column" WHERE table_name = ?', (table,))


def tables(raw: sqlite3.Connection) -> list[str]:
    """Every table and view that is not SQLite's own."""
    rows = raw.execute(
        "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
    )
    return [name for (name,) in rows]


def keys(raw: sqlite3.Connection, table: str) -> tuple[tuple[str, ...], ...]:
    """The columns of each unique key, the primary key first."""
    primary = [
        (place, name)
        for _, name, _, _, _, place in raw.execute(f"PRAGMA table_info({quote(table)})")
        if place
    ]
    found = [tuple(name for _, name in sorted(primary))] if primary else []
    for _, index, unique, _, partial in raw.execute(f"PRAGMA index_list({quote(table)})"):
        if unique and not partial:
            names = tuple(name for _, _, name in raw.execute(f"PRAGMA index_info({quote(index)})"))
            if None not in names and names not in found:
                found.append(names)
    return tuple(found)


def _made(raw: sqlite3.Connection) -> bool:
    return raw.execute("SELECT 1 FROM sqlite_schema WHERE name = 'stepladder.table'").fetchone() is not None


def has_schema(raw: sqlite3.Connection, name: str) -> bool:
    """Whether CREATE SCHEMA has made it."""
    if raw.execute("SELECT 1 FROM sqlite_schema WHERE name = 'stepladder.schema'").fetchone() is None:
        return False
    found = raw.execute('SELECT 1 FROM "stepladder.schema" WHERE schema_name = ?', (name,))
    return found.fetchone() is not None


def note_schema(raw: sqlite3.Connection, name: str, *, there: bool) -> None:
    """Record that a schema was made or dropped in this transaction."""
    make(raw)
    raw.execute('DELETE FROM "stepladder.schema" WHERE schema_name = ?', (name,))
    if there:
        raw.execute('INSERT INTO "stepladder.schema" VALUES (?)', (name,))


def make(raw: sqlite3.Connection) -> None:
    """Make what is missing of the catalogue's own tables."""
    first = not _made(raw)
    done = (
        0
        if first
        else raw.execute('SELECT number FROM "stepladder.version" WHERE part = ?', (_PART,)).fetchone()[0]
    )
    if done == len(STEPS):
        return
    raw.execute(_VERSION)
    for step in STEPS[done:]:
        for statement in step:
            raw.execute(statement)
    raw.execute(
        "INSERT OR REPLACE INTO \"stepladder.version\" VALUES (?, ?, strftime('%Y-%m-%d %H:%M:%f+00:00', 'now'))",
        (_PART, len(STEPS)),
    )
    if first:
        _record(raw, "stepladder.version", _VERSION_COLUMNS, None)


def _has_details(raw: sqlite3.Connection) -> bool:
    found = raw.execute("SELECT 1 FROM pragma_table_info('stepladder.table') WHERE name = 'details'")
    return found.fetchone() is not None


def _record(raw: sqlite3.Connection, table: str, columns: Sequence[Column], details: str | None) -> None:
    forget(raw, table)
    (definition,) = raw.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
    raw.execute(
        'INSERT INTO "stepladder.table" (table_name, definition, details) VALUES (?, ?, ?)',
        (table, _hash(definition), details),
    )
    raw.executemany(
        'INSERT INTO "stepladder.column" VALUES (?, ?, ?, ?, ?)',
        [(table, place, c.name, str(c.type), int(c.not_null)) for place, c in enumerate(columns, 1)],
    )


def _recorded(raw: sqlite3.Connection, table: str) -> str | None:
    found = raw.execute('SELECT definition FROM "stepladder.table" WHERE table_name = ?', (table,)).fetchone()
    return None if found is None else str(found[0])


def _hash(definition: str) -> str:
    return hashlib.blake2b(definition.encode(), digest_size=16).hexdigest()


def _foreign(raw: sqlite3.Connection, table: str) -> tuple[Column, ...]:
    columns = []
    for _, name, declared, not_null, _, _ in raw.execute(f"PRAGMA table_info({quote(table)})").fetchall():
        type_ = declared_type(declared)
        if type_ is None:
            raise NotPortable(
                f"column {table}.{name} is declared {declared or 'without a type'}, and Stepladder did not make the table",
                why="what PostgreSQL type its values have cannot be told from that",
                instead="give the file known types: `stepladder adopt FILE`",
            )
        _look_at_values(raw, table, name, type_)
        collation = _collation(raw, table, name) if type_ == "text" else None
        columns.append(TableColumn(name, Type(type_), bool(not_null), collation=collation))
    return tuple(columns)


def _collation(raw: sqlite3.Connection, table: str, column: str) -> str | None:
    """The collation that a foreign column was declared with, NOCASE say; None for BINARY. SQLite's plan for a comparison
    names it: no PRAGMA does."""
    try:
        steps = raw.execute(f"EXPLAIN SELECT {quote(column)} > 'x' FROM {quote(table)}").fetchall()
    except sqlite3.OperationalError:  # one that only the program that made the table has
        return "unknown"
    names = [str(p4).rpartition("-")[0] for _, opcode, _, _, _, p4, *_ in steps if opcode in _COMPARISONS]
    return next((name for name in names if name not in ("", "BINARY")), None)


def declared_type(declared: str) -> str | None:
    """The type that a foreign column's declaration says; None where it cannot be told."""
    return next((known for word, known in _FOREIGN if word in declared.upper()), None)


def _look_at_values(raw: sqlite3.Connection, table: str, column: str, type_: str) -> None:
    marks = ", ".join("?" * len(_STORAGE[type_]))
    odd = raw.execute(
        f"SELECT {quote(column)} FROM {quote(table)} WHERE {quote(column)} IS NOT NULL"
        f" AND typeof({quote(column)}) NOT IN ({marks}) LIMIT 1",
        _STORAGE[type_],
    ).fetchone()
    if odd is not None:
        raise NotPortable(
            f"column {table}.{column} reads as {Type(type_)}, but holds {odd[0]!r}",
            why="a stored value is never coerced",
            instead="`stepladder adopt FILE` names every such value; mend them, or say the type there",
        )
