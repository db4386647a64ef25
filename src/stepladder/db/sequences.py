"""The sequences of a SQLite file, in a table of ours beside the type catalogue; nextval() and its kin.

A number is taken in the transaction that asks for it: after ROLLBACK it comes again, where PostgreSQL leaves a gap.
currval() and lastval() are the connection's own.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from stepladder.db import type_catalogue
from stepladder.db.faults import sqlite_fault
from stepladder.errors import (
    DatabaseError,
    NotPortable,
    UndefinedColumn,
    UndefinedTable,
    database_error,
)
from stepladder.sql import (
    NumberSequence,
    TableName,
    advanced,
    object_name,
    parse_name,
    quote,
    relation_name,
    set_to,
)

_COLUMNS = "type, start, increment, minimum, maximum, cycle, last, called"


def read(raw: sqlite3.Connection, name: str) -> NumberSequence | None:
    """The sequence of that stored name; None where there is none."""
    if raw.execute("SELECT 1 FROM sqlite_schema WHERE name = 'stepladder.sequence'").fetchone() is None:
        return None
    found = raw.execute(
        f'SELECT {_COLUMNS} FROM "stepladder.sequence" WHERE sequence_name = ?',
        (name,),
    ).fetchone()
    if found is None:
        return None
    type_, start, increment, minimum, maximum, cycle, last, called = found
    return NumberSequence(type_, start, increment, minimum, maximum, bool(cycle), last, bool(called))


def names(raw: sqlite3.Connection) -> list[str]:
    """The stored names of all sequences that were made."""
    if raw.execute("SELECT 1 FROM sqlite_schema WHERE name = 'stepladder.sequence'").fetchone() is None:
        return []
    return [name for (name,) in raw.execute('SELECT sequence_name FROM "stepladder.sequence"')]


def write(raw: sqlite3.Connection, name: str, sequence: NumberSequence) -> None:
    """Record a sequence as it is now. The table must be there (`type_catalogue.make`)."""
    each = sequence
    raw.execute(
        f'INSERT OR REPLACE INTO "stepladder.sequence" (sequence_name, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
        (
            name,
            each.type,
            each.start,
            each.increment,
            each.minimum,
            each.maximum,
            each.cycle,
            each.last,
            each.called,
        ),
    )


def drop(raw: sqlite3.Connection, name: str) -> None:
    """Forget a sequence."""
    raw.execute('DELETE FROM "stepladder.sequence" WHERE sequence_name = ?', (name,))


@dataclass(frozen=True, slots=True)
class _Numbering:
    """A key that numbers the rows of a table: SQLite counts for it, and has no place for what a sequence can be told."""

    table: str
    column: str


def is_sequence(raw: sqlite3.Connection, name: TableName) -> bool:
    """Whether there is a sequence of that name: one that was made, or a numbering key's."""
    return read(raw, name.stored_name) is not None or _numbering(raw, name) is not None


def _numbering(raw: sqlite3.Connection, name: TableName) -> _Numbering | None:
    """The table and key whose sequence has that name in PostgreSQL."""
    rows = raw.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND sql LIKE '%AUTOINCREMENT%'")
    schema = TableName.from_stored(name.stored_name).schema
    for (stored,) in rows.fetchall():
        table = TableName.from_stored(stored)
        columns = raw.execute(f"PRAGMA table_info({quote(stored)})").fetchall()
        key = next((column[1] for column in columns if column[5]), "")
        if table.schema == schema and object_name(table.name, key, "seq", lambda _: False) == name.name:
            return _Numbering(stored, key)
    return None


def _counted(raw: sqlite3.Connection, numbering: _Numbering) -> NumberSequence:
    found = raw.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (numbering.table,)).fetchone()
    last = raw.execute(f"SELECT max(rowid) FROM {quote(numbering.table)}").fetchone()[0]
    last = max(found[0] if found else 0, last or 0)
    return NumberSequence("int8", 1, 1, 1, 2**63 - 1, cycle=False, last=max(last, 1), called=last > 0)


def _count_on(raw: sqlite3.Connection, numbering: _Numbering, sequence: NumberSequence) -> None:
    """SQLite gives the number behind this one, or behind the table's largest."""
    last = sequence.last if sequence.called else sequence.last - 1
    done = raw.execute("UPDATE sqlite_sequence SET seq = ? WHERE name = ?", (last, numbering.table))
    if done.rowcount == 0:
        raw.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (numbering.table, last))


class Sequences:
    """One connection's use of sequences."""

    def __init__(self, raw: sqlite3.Connection) -> None:
        self._raw = raw
        self._current: dict[str, int] = {}
        self._last: str | None = None

    def functions(self) -> Iterator[tuple[str, int, Callable[..., int | str | None]]]:
        """What is registered: name, number of arguments, function."""
        yield "pg_nextval", 1, self.nextval
        yield "pg_currval", 1, self.currval
        yield "pg_setval", 2, self.setval
        yield "pg_setval", 3, self.setval
        yield "pg_lastval", 0, self.lastval
        yield "pg_serial_sequence", 2, self.serial_sequence

    def forget(self) -> None:
        """A new session begins."""
        self._current.clear()
        self._last = None

    def nextval(self, name: str | None) -> int | None:
        """The next number. Raises UndefinedTable, DatabaseError."""
        if name is None:
            return None
        table = parse_name(name)
        with self._faults("nextval"):
            sequence = self._change(table, lambda before: advanced(before, table.name))
        self._current[table.stored_name] = sequence.last
        self._last = table.stored_name
        return sequence.last

    def currval(self, name: str | None) -> int | None:
        """The number that this session took last from the sequence."""
        if name is None:
            return None
        table = parse_name(name)
        if read(self._raw, table.stored_name) is None:
            if _numbering(self._raw, table) is not None:
                raise NotPortable(
                    f"currval() of {table.sql}, which numbers the rows of a table", instead="write RETURNING"
                )
            raise _missing(table)
        if table.stored_name not in self._current:
            raise _undefined(f'currval of sequence "{table.name}" is not yet defined in this session')
        return self._current[table.stored_name]

    def lastval(self) -> int:
        """The number that this session took last from any sequence."""
        numbered = self._raw.execute("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_sequence'").fetchone()
        if numbered is not None:
            raise NotPortable(
                "lastval() where tables number their rows", instead="write RETURNING, or currval('sequence')"
            )
        if self._last is None or read(self._raw, self._last) is None:
            raise _undefined("lastval is not yet defined in this session")
        return self._current[self._last]

    def setval(self, name: str | None, value: int | None, called: int | None = 1) -> int | None:
        """Set the number that came last, or that comes next where it was not `called`."""
        if name is None or value is None or called is None:
            return None
        table = parse_name(name)
        with self._faults("setval"):
            self._change(table, lambda before: set_to(before, table.name, value, called=bool(called)))
        if called:
            self._current[table.stored_name] = value
        return value

    def serial_sequence(self, table: str | None, column: str | None) -> str | None:
        """The sequence of a numbered column, as SQL; None for a column without one."""
        if table is None or column is None:
            return None
        name = relation_name(table)
        columns = self._raw.execute(f"PRAGMA table_xinfo({quote(name.stored_name)})").fetchall()
        if not columns:
            raise _missing(name)
        if all(each[1] != column for each in columns):
            raise UndefinedColumn(f'column "{column}" of relation "{name.name}" does not exist')
        details = json.loads(type_catalogue.details(self._raw, name.stored_name) or "{}")
        known: dict[str, Any] = next(
            (each for each in details.get("columns", ()) if each["name"] == column), {}
        )
        if known.get("identity") is None:
            return None
        sequence = known.get("sequence") or object_name(name.name, column, "seq", lambda _: False)
        return TableName(name.schema or "public", sequence).sql

    def _change(self, table: TableName, change: Callable[[NumberSequence], NumberSequence]) -> NumberSequence:
        found = read(self._raw, table.stored_name)
        if found is not None:
            after = change(found)
            write(self._raw, table.stored_name, after)
            return after
        numbering = _numbering(self._raw, table)
        if numbering is None:
            raise _missing(table)
        after = change(_counted(self._raw, numbering))
        _count_on(self._raw, numbering, after)
        return after

    @contextmanager
    def _faults(self, word: str) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            fault = sqlite_fault(error)
            if isinstance(fault, DatabaseError) and fault.sqlstate == "25006":
                message = f"cannot execute {word}() in a read-only transaction"
                raise type(fault)(message, sqlstate="25006") from error
            raise fault from error


def _missing(table: TableName) -> UndefinedTable:
    return UndefinedTable(f'relation "{table.sql}" does not exist')


def _undefined(message: str) -> DatabaseError:
    return database_error("55000")(message, sqlstate="55000")
