"""What depends on a table of a SQLite file: the views that read it, and the foreign keys that refer to it.

Which columns a view reads SQLite tells an authorizer. It is asked on an empty copy of the schema, in memory: the
connection's own authorizer stays as it is, and no statement of its is prepared anew.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress

from stepladder.db import sequences, type_catalogue
from stepladder.db.catalog import sqlite as catalog_sqlite
from stepladder.db.sqlite_callbacks import Callbacks
from stepladder.sql import Dependents, ForeignKey, TableName, parse_name, quote

Reads = Mapping[str, Mapping[str, frozenset[str]]]  # view -> what it reads, in small letters -> the columns


def dependents(raw: sqlite3.Connection, table: str, reads: Reads) -> Dependents:
    """Those of a table or view, each kind in the order of their names; `reads` is what `view_reads` says."""
    views = [
        (TableName.from_stored(view), tables[table.lower()])
        for view, tables in reads.items()
        if table.lower() in tables
    ]
    return Dependents(tuple(views), tuple(_references(raw, table)))


def kind(raw: sqlite3.Connection, name: TableName) -> str | None:
    """What the file has by that name: a table, a view, an index, a sequence; None for nothing. A temporary table's indexes count."""
    found = raw.execute(
        "SELECT type FROM sqlite_schema WHERE name = ?1 AND type <> 'trigger' AND ?2"
        " UNION ALL SELECT type FROM sqlite_temp_schema WHERE name = ?1 AND type = 'index' AND ?3",
        (name.stored_name, name.schema != "pg_temp", name.schema in (None, "pg_temp")),
    ).fetchone()
    if found is None and sequences.is_sequence(raw, name):
        return "sequence"
    return None if found is None else str(found[0])


def relations(raw: sqlite3.Connection, schema: str) -> tuple[TableName, ...] | None:
    """The tables, views and sequences of a schema by name; None where there is no such schema."""
    rows = raw.execute("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')").fetchall()
    names = sorted([*(row[0] for row in rows), *sequences.names(raw)])
    found = tuple(each for each in map(TableName.from_stored, names) if (each.schema or "public") == schema)
    there = found or schema in ("public", "stepladder") or type_catalogue.has_schema(raw, schema)
    return found if there else None


# -- views
def reached(view: str, reads: Reads) -> tuple[TableName, ...]:
    """The tables and views that a view reads, through other views too, by their names in small letters."""
    below = {name.lower(): tables for name, tables in reads.items()}
    found: set[str] = set()
    todo = list(below.get(view.lower(), ()))
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += below.get(name, ())
    return tuple(map(TableName.from_stored, sorted(found)))


def view_reads(raw: sqlite3.Connection) -> Reads:
    """What each view of the file reads, in the order of their names."""
    views = raw.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'view' ORDER BY name").fetchall()
    if not views:
        return {}
    found = {}
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as copy:
        Callbacks(copy, now=str)  # views call PostgreSQL's functions
        texts = _copy_names(raw, copy)
        for name, sql in views:
            if name in texts:
                copy.execute(f"DROP TABLE {quote(name)}")
                found[name] = {table: frozenset(columns) for table, columns in _read(copy, name, sql).items()}
                copy.execute(texts[name])
    return found


def _copy_names(raw: sqlite3.Connection, copy: sqlite3.Connection) -> dict[str, str]:
    """Every table and view as a table of these columns; the texts that made them. What cannot be read as it is (a view
    over a table that is gone) is left out."""
    texts = {}
    rows = raw.execute("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')").fetchall()
    for (name,) in rows:
        with suppress(sqlite3.OperationalError):
            columns = raw.execute(f"PRAGMA table_xinfo({quote(name)})").fetchall()
            text = f"CREATE TABLE {quote(name)} ({', '.join(quote(column[1]) for column in columns)})"
            copy.execute(text)
            texts[name] = text
    return texts


def _read(copy: sqlite3.Connection, view: str, sql: str) -> Mapping[str, set[str]]:
    """The columns that the view reads, by the name of their table or view in small letters."""
    found: dict[str, set[str]] = {}

    def collect(action: int, table: str | None, column: str | None, *_: str | None) -> int:
        if action == sqlite3.SQLITE_READ and table is not None and table != view:
            found.setdefault(table.lower(), set()).update([column] if column else ())
        return sqlite3.SQLITE_OK

    with suppress(sqlite3.OperationalError):
        copy.execute(sql)
        copy.set_authorizer(collect)
        copy.execute(f"EXPLAIN SELECT * FROM {quote(view)}")
    copy.set_authorizer(None)
    copy.execute(f"DROP VIEW IF EXISTS {quote(view)}")
    return found


# -- foreign keys
def _references(raw: sqlite3.Connection, table: str) -> Iterator[tuple[TableName, ForeignKey]]:
    rows = raw.execute(
        "SELECT DISTINCT s.name FROM sqlite_schema AS s, pragma_foreign_key_list(s.name) AS f"
        " WHERE s.type = 'table' AND lower(f.\"table\") = lower(?) ORDER BY s.name",
        (table,),
    )
    for (name,) in rows.fetchall():
        found = catalog_sqlite.definition(raw, name)
        for key in () if found is None else found[1].foreign_keys:
            if _is(key, table):
                yield TableName.from_stored(name), key


def _is(key: ForeignKey, table: str) -> bool:
    return parse_name(key.table).stored_name.lower() == table.lower()
