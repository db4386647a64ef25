"""The copy, table by table: made anew with the right types, filled, and told to the type catalogue."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from stepladder.adopt.plan import Plan, TablePlan, ViewPlan
from stepladder.adopt.readings import Reading
from stepladder.db.foreign_file import Entry, ForeignFile
from stepladder.sql import Column, quote

_OLD = "stepladder is adopting"
_NUMBERED = "stepladder is counting"
Progress = Callable[[str, int], None]


def rewrite(copy: ForeignFile, plan: Plan, progress: Progress) -> None:
    """Rewrite every table and view of the plan in the copy. Raises DatabaseError's classes."""
    entries = copy.entries()
    numbers = _sequences(copy)
    for table in plan.tables:
        _rewrite_table(copy, table, [each for each in entries if each.table == table.name])
        progress(table.name, table.rows)
    if any(table.numbered for table in plan.tables):
        _make_sequences(copy)
    _set_sequences(copy, numbers)
    for view in plan.views:
        _rewrite_view(copy, view, [each for each in entries if each.table == view.name])
    for table in plan.tables:
        copy.record(
            table.name,
            [Column(each.name, each.type, each.not_null) for each in table.columns],
            table.numbered,
        )
    for view in plan.views:
        copy.record_view(view.name, view.definition)
    if copy.rows("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_stat1'"):
        copy.rows("ANALYZE")


def _rewrite_table(copy: ForeignFile, table: TablePlan, belongings: Sequence[Entry]) -> None:
    """Its indexes and triggers go with the old table, and are made again as they were written."""
    copy.rows(f"ALTER TABLE {quote(table.name)} RENAME TO {quote(_OLD)}")
    copy.rows(table.sql)
    written = [column for column in table.columns if not column.generated]
    values = []
    for place, column in enumerate(written):
        if column.converted:
            copy.with_function(f"adopted_{place}", _strict(column.reading))
            values.append(f"adopted_{place}({quote(column.name)})")
        else:
            values.append(quote(column.name))
    names = [quote(column.name) for column in written]
    if table.rowid is not None and table.numbered is None:
        names, values = [table.rowid, *names], [table.rowid, *values]
    order = f" ORDER BY {table.rowid}" if table.rowid else ""
    copy.rows(
        f"INSERT INTO {quote(table.name)} ({', '.join(names)}) SELECT {', '.join(values)} FROM {quote(_OLD)}{order}"
    )
    copy.rows(f"DROP TABLE {quote(_OLD)}")
    for kind in ("index", "trigger"):
        for each in belongings:
            if each.kind == kind:
                copy.rows(each.sql)


def _strict(reading: Reading) -> Callable[[Any], Any]:
    return lambda value: None if value is None else reading.convert(value)


def _rewrite_view(copy: ForeignFile, view: ViewPlan, belongings: Sequence[Entry]) -> None:
    copy.rows(f"DROP VIEW {quote(view.name)}")
    copy.rows(view.sql)
    for each in belongings:
        if each.kind == "trigger":
            copy.rows(each.sql)


def _sequences(copy: ForeignFile) -> list[tuple[str, int]]:
    if not copy.rows("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_sequence'"):
        return []
    return copy.rows("SELECT name, seq FROM sqlite_sequence")


def _make_sequences(copy: ForeignFile) -> None:
    """SQLite's table of numbers, which TRUNCATE … RESTART IDENTITY writes: it comes with the first table that needs it."""
    copy.rows(f"CREATE TABLE {quote(_NUMBERED)} (n INTEGER PRIMARY KEY AUTOINCREMENT)")
    copy.rows(f"DROP TABLE {quote(_NUMBERED)}")


def _set_sequences(copy: ForeignFile, numbers: Sequence[tuple[str, int]]) -> None:
    """As they were: a number that was given once is not given again."""
    if numbers:
        copy.rows("DELETE FROM sqlite_sequence")
    for name, number in numbers:
        copy.rows("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (name, number))
