"""What depends on a table of a SQLite file: the views that read it, and the foreign keys that refer to it.

Which columns a view reads SQLite tells an authorizer. It is asked on an empty copy of the schema, in memory: the
connection's own authorizer stays as it is, and no statement of its is prepared anew.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass

from stepladder.db import sequences, type_catalogue
from stepladder.db.catalog import sqlite as catalog_sqlite
from stepladder.db.sqlite_callbacks import Callbacks
from stepladder.sql import Dependents, ForeignKey, TableName, parse_name, quote

# View -> what it reads, in small letters -> the columns. Temporary ones are called pg_temp.x.
Reads = Mapping[str, Mapping[str, frozenset[str]]]


def dependents(raw: sqlite3.Connection, table: TableName, reads: Reads) -> Dependents:
    """Those of a table or view, each kind in the order of their names; `reads` is what `view_reads` says."""
    temporary = table.schema == "pg_temp"
    key = f"pg_temp.{table.name}".lower() if temporary else table.stored_name.lower()
    views = [(TableName.from_stored(view), tables[key]) for view, tables in reads.items() if key in tables]
    return Dependents(tuple(views), () if temporary else tuple(_references(raw, table.stored_name)))


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
    """What each view reads: those of the file in the order of their names, then temporary ones."""
    views = [
        _View(database, name, sql)
        for database in ("main", "temp")
        for name, sql in raw.execute(
            f"SELECT name, sql FROM {database}.sqlite_master WHERE type = 'view' ORDER BY name"
        ).fetchall()
    ]
    if not views:
        return {}
    found = {}
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as copy:
        Callbacks(copy, now=str)  # views call PostgreSQL's functions
        texts = _copy_names(raw, copy)
        for view in views:
            if view.key in texts:
                copy.execute(f"DROP TABLE {view.inside}")
                reads = _read(copy, view, texts.keys())
                found[view.key] = {table: frozenset(columns) for table, columns in reads.items()}
                copy.execute(texts[view.key])
    return found


@dataclass(frozen=True, slots=True)
class _View:
    database: str  # main or temp
    name: str
    sql: str = ""

    @property
    def key(self) -> str:
        return f"pg_temp.{self.name}" if self.database == "temp" else self.name

    @property
    def inside(self) -> str:
        """Its name for SQLite."""
        return f"{self.database}.{quote(self.name)}"

    @property
    def made(self) -> str:
        """The statement that makes it; SQLite keeps it without the word TEMP."""
        return self.sql.replace("CREATE VIEW", "CREATE TEMP VIEW", 1) if self.database == "temp" else self.sql


def _copy_names(raw: sqlite3.Connection, copy: sqlite3.Connection) -> dict[str, str]:
    """Every table and view as a table of these columns; the texts that made them, by their keys. What cannot be read as
    it is (a view over a table that is gone) is left out."""
    texts = {}
    for database in ("main", "temp"):
        rows = raw.execute(f"SELECT name FROM {database}.sqlite_master WHERE type IN ('table', 'view')")
        for (name,) in rows.fetchall():
            each = _View(database, name)
            with suppress(sqlite3.OperationalError):
                columns = raw.execute(f"PRAGMA {database}.table_xinfo({quote(name)})").fetchall()
                text = f"CREATE TABLE {each.inside} ({', '.join(quote(column[1]) for column in columns)})"
                copy.execute(text)
                texts[each.key] = text
    return texts


def _read(copy: sqlite3.Connection, view: _View, keys: Collection[str]) -> Mapping[str, set[str]]:
    """The columns that the view reads, by the key of their table or view in small letters."""
    found: dict[str, set[str]] = {}
    temporary = {key.lower() for key in keys if key.startswith("pg_temp.")}

    def collect(
        action: int, table: str | None, column: str | None, database: str | None, _: str | None
    ) -> int:
        if action == sqlite3.SQLITE_READ and table is not None and table != view.name:
            hidden = f"pg_temp.{table}".lower()
            # Of a table without any of its columns the database is not said.
            is_temporary = database == "temp" or (
                database is None and view.database == "temp" and hidden in temporary
            )
            key = hidden if is_temporary else table.lower()
            found.setdefault(key, set()).update([column] if column else ())
        return sqlite3.SQLITE_OK

    with suppress(sqlite3.OperationalError):
        copy.execute(view.made)
        copy.set_authorizer(collect)
        copy.execute(f"EXPLAIN SELECT * FROM {view.inside}")
    copy.set_authorizer(None)
    copy.execute(f"DROP VIEW IF EXISTS {view.inside}")
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
