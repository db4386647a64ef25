"""A SQLite file that another program made: read as it is, copied, and replaced by its copy.

Text that is read for examination comes as bytearray and blobs as bytes: such a file may hold text that is no UTF-8.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote as percent

from stepladder.db import type_catalogue
from stepladder.db.catalog.record import to_json
from stepladder.db.catalog.sqlite import structure
from stepladder.db.faults import sqlite_fault
from stepladder.db.health.sqlite import reading_option
from stepladder.db.sqlite_callbacks import Callbacks
from stepladder.errors import MissingFile, UsageError
from stepladder.sql import Column, Definition

BATCH_ROWS = 2048
_PAGES_AT_A_TIME = 2048
_OPENED = ("SQLITE_NOTADB", "SQLITE_CANTOPEN")


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of `sqlite_schema`. `kind` is table, view, index or trigger; `table` the one that it belongs to."""

    kind: str
    name: str
    table: str
    sql: str


class ForeignFile:
    """One connection to the file, in autocommit."""

    def __init__(self, raw: sqlite3.Connection, path: Path) -> None:
        self.raw = raw
        self.path = path

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[Any]:
        """All rows of a statement, text as str. Raises DatabaseError's classes."""
        try:
            return self.raw.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise sqlite_fault(error, sql) from error

    def as_stored(self, sql: str) -> Iterator[list[tuple[Any, ...]]]:
        """The rows of a query in batches; text as bytearray."""
        cursor = self.raw.cursor()
        before, self.raw.text_factory = self.raw.text_factory, bytearray
        try:
            cursor.execute(sql)
            while rows := cursor.fetchmany(BATCH_ROWS):
                yield rows
        except sqlite3.Error as error:
            raise sqlite_fault(error, sql) from error
        finally:
            self.raw.text_factory = before
            cursor.close()

    def with_function(self, name: str, function: Callable[[Any], Any]) -> None:
        """Let this connection's SQL call `function(value)`."""
        self.raw.create_function(name, 1, function, deterministic=True)

    # -- what it holds
    def entries(self) -> tuple[Entry, ...]:
        """Everything that a statement of the user's made."""
        rows = self.rows("SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE sql IS NOT NULL")
        return tuple(Entry(*row) for row in rows)

    def intact(self) -> frozenset[str]:
        """The tables and views that are as Stepladder recorded them."""
        return frozenset(type_catalogue.intact(self.raw))

    def recorded_types(self, table: str) -> Mapping[str, str]:
        """Column -> type, as Stepladder recorded it for a table that may have been changed since."""
        if not self.rows("SELECT 1 FROM sqlite_schema WHERE name = 'stepladder.column'"):
            return {}
        found = self.rows(
            'SELECT name, type FROM "stepladder.column" WHERE table_name = ? ORDER BY position', (table,)
        )
        return dict(found)

    def pragma(self, name: str) -> Any:
        """The value of a setting."""
        return self.rows(f"PRAGMA {name}")[0][0]

    def problems(self) -> list[str]:
        """What SQLite's quick check says of the file; nothing where all is well."""
        if self.path.stat().st_size % self.pragma("page_size"):  # SQLite would read zeros, and not mind
            return ["it ends within a page, so something is cut off"]
        try:
            return [str(line) for (line,) in self.raw.execute("PRAGMA quick_check(5)") if line != "ok"]
        except sqlite3.DatabaseError as error:
            return [str(error)]

    # -- what is written
    def record(self, table: str, columns: Sequence[Column], numbered: str | None) -> None:
        """Tell the type catalogue what the columns are; `numbered` is the one that SQLite numbers by itself."""
        (sql,) = self.rows("SELECT sql FROM sqlite_schema WHERE name = ?", (table,))[0]
        found = structure(self.raw, table, columns, sql)
        known = tuple(
            replace(each, identity="by default") if each.name == numbered else each for each in found.columns
        )
        type_catalogue.write(self.raw, table, columns, to_json(replace(found, columns=known)))

    def record_view(self, view: str, definition: Definition) -> None:
        """The same for a view that was translated."""
        type_catalogue.write(self.raw, view, definition.columns, to_json(definition))

    def copy_to(self, path: Path, progress: Callable[[int, int], None]) -> ForeignFile:
        """A copy, opened: its changes wait for no disk until `settle` is called."""
        target = sqlite3.connect(path, isolation_level=None)
        try:
            self.raw.backup(
                target,
                pages=_PAGES_AT_A_TIME,
                progress=lambda _status, left, total: progress(total - left, total),
            )
            for setting in ("journal_mode = OFF", "synchronous = OFF", "foreign_keys = OFF"):
                target.execute(f"PRAGMA {setting}")
            Callbacks(
                target, now=lambda: datetime.now(UTC).isoformat(sep=" ")
            )  # for the views that are made in it
            target.execute("PRAGMA legacy_alter_table = ON")  # names in views and triggers stay as they are
        except sqlite3.Error as error:
            target.close()
            raise sqlite_fault(error) from error
        except BaseException:
            target.close()
            raise
        return ForeignFile(target, path)

    def close(self) -> None:
        """Close the connection."""
        self.raw.close()


@contextmanager
def reading(path: Path) -> Iterator[ForeignFile]:
    """The file, read and left as it is. Raises MissingFile, UsageError for what is no SQLite file, DatabaseError."""
    if not path.is_file():
        raise MissingFile(f"there is no file {path}. Nothing was read or written.")
    found = open_file(path, reading_option(path))
    try:
        found.rows("BEGIN")  # one state of it, whoever writes meanwhile
        yield found
    finally:
        found.close()


def open_file(path: Path, option: str) -> ForeignFile:
    """The file by SQLite's URI option. Raises UsageError for what is no SQLite file, DatabaseError's classes."""
    address = f"file:{percent(str(path))}?{option}"
    raw = sqlite3.connect(address, uri=True, isolation_level=None, timeout=1.0)
    try:
        raw.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone()
    except sqlite3.Error as error:
        raw.close()
        name = getattr(error, "sqlite_errorname", "") or ""
        if name in _OPENED:
            raise UsageError(f"{path} is not a SQLite database: {error}. Nothing was written.") from error
        if name.startswith("SQLITE_READONLY"):
            raise UsageError(
                f"{path} has a journal beside it of a write that did not end. Keep both; whatever may write the file rolls "
                f'that write back when it opens it: sqlite3 {path} "PRAGMA user_version". Nothing was written.'
            ) from error
        raise sqlite_fault(error) from error
    return ForeignFile(raw, path)


def size_on_disk(path: Path) -> int:
    """Bytes of the file with its write-ahead log."""
    total = path.stat().st_size
    with suppress(FileNotFoundError):
        total += os.stat(f"{path}-wal").st_size  # noqa: PTH116 - a name beside, made of text
    return total


def default_value(declared: str, default: str) -> Any:
    """What a column of the declared type gets where its DEFAULT is `default`. Raises DatabaseError's classes."""
    raw = sqlite3.connect(":memory:", isolation_level=None)
    try:
        try:
            raw.execute(f"CREATE TABLE one (c {declared} DEFAULT {default}, d)")
        except sqlite3.OperationalError:  # an expression, whose parentheses SQLite does not tell
            raw.execute(f"CREATE TABLE one (c {declared} DEFAULT ({default}), d)")
        raw.execute("INSERT INTO one (d) VALUES (1)")
        return raw.execute("SELECT c FROM one").fetchone()[0]
    except sqlite3.Error as error:
        raise sqlite_fault(error) from error
    finally:
        raw.close()
