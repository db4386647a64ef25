"""What depends on a table of a SQLite file: the views that read it, and the foreign keys that refer to it.

Which columns a view reads SQLite tells an authorizer. It is asked on an empty copy of the schema, in memory: the
connection's own authorizer stays as it is, and no statement of its is prepared anew.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress

from stepladder.db.catalog import sqlite as catalog_sqlite
from stepladder.db.sqlite_callbacks import Callbacks
from stepladder.sql import Dependents, ForeignKey, TableName, parse_name, quote


def dependents(raw: sqlite3.Connection, table: str) -> Dependents:
    """Those of a table or view, each kind in the order of their names."""
    return Dependents(tuple(_views(raw, table)), tuple(_references(raw, table)))


def is_view(raw: sqlite3.Connection, table: str) -> bool:
    """Whether the file has a view of that name."""
    found = raw.execute("SELECT 1 FROM sqlite_schema WHERE type = 'view' AND name = ?", (table,))
    return found.fetchone() is not None


# -- views
def _views(raw: sqlite3.Connection, table: str) -> Iterator[tuple[TableName, frozenset[str]]]:
    views = raw.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'view' ORDER BY name").fetchall()
    if not views:
        return
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as copy:
        Callbacks(copy, now=str)  # views call PostgreSQL's functions
        texts = _copy_names(raw, copy)
        for name, sql in views:
            if name not in texts:
                continue
            copy.execute(f"DROP TABLE {quote(name)}")
            columns = _read(copy, name, sql).get(table.lower())
            copy.execute(texts[name])
            if columns is not None:
                yield TableName.from_stored(name), frozenset(columns)


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
