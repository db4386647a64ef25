"""What hangs on a table: whether it means the same once the table's types are what they are."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Container, Iterable, Sequence
from typing import Any

from stepladder.adopt.misfit import Misfit
from stepladder.adopt.plan import ColumnPlan, Obstacle, TablePlan
from stepladder.adopt.readings import class_name
from stepladder.db.foreign_file import Entry
from stepladder.errors import DatabaseError, NotPortable
from stepladder.sql import WrittenTable, constants, named_things, quote

_NUMBER = re.compile(r"\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)
_LEAVE = "leave the table out: --leave TABLE"


def written_obstacles(table: str, written: WrittenTable) -> list[Obstacle]:
    """What stands in CREATE TABLE and makes SQLite answer otherwise than PostgreSQL."""
    found = []
    for column in written.columns:
        if column.collation is not None and column.collation.upper() != "BINARY":
            why = f"COLLATE {column.collation}: comparisons would find other rows than PostgreSQL's"
            found.append(Obstacle(table, column.name, why, f"make the table without it, or {_LEAVE}"))
    for name, words in (
        *((column.name, column.words) for column in written.columns),
        *((None, words) for words in written.words),
    ):
        rule = next(
            (words[at + 2] for at, word in enumerate(words[:-2]) if words[at : at + 2] == ("on", "conflict")),
            "abort",
        )
        if rule != "abort":
            why = f"ON CONFLICT {rule.upper()}: an INSERT that PostgreSQL refuses would not be refused"
            found.append(Obstacle(table, name, why, f"make the table without it, or {_LEAVE}"))
    return found


def expression_obstacles(
    table: str, written: WrittenTable, columns: Sequence[ColumnPlan], indexes: Iterable[tuple[Entry, bool]]
) -> list[Obstacle]:
    """CHECKs, generated columns and unique indexes over something else than columns, where what they compute with
    changes its form."""
    changed = {column.name.lower(): column for column in columns if column.changes}
    found = []
    every: list[tuple[str | None, str, str]] = [
        (column.name, "its CHECK or generated column", text)
        for column in written.columns
        for text in column.expressions
    ]
    every += [(None, "a CHECK", text) for text in written.expressions]
    every += [
        (None, f"the unique index {index.name}", index.sql.partition("(")[2])
        for index, computes in indexes
        if computes
    ]
    for name, what, text in every:
        for column in _meant(text, changed):
            why = f"{what} ({text}) computes with {column.name}, whose stored form changes to {column.type}'s"
            found.append(Obstacle(table, name or column.name, why, _LEAVE))
    return found


def _meant(text: str, changed: dict[str, ColumnPlan]) -> list[ColumnPlan]:
    named = named_things(text)
    # A new affinity alone matters only beside what looks like a number.
    numbers = any(_NUMBER.fullmatch(constant) for constant in constants(text))
    return [column for name, column in changed.items() if name in named and (column.converted or numbers)]


def default_obstacle(
    table: str, column: ColumnPlan, default: str, value_of: Callable[[str, str], Any], declared: str
) -> Obstacle | None:
    """Whether a column's default is what the type stores."""
    instead = f"make the table with another default, or {_LEAVE}"
    try:
        value = value_of(declared, default)
    except DatabaseError as error:
        return Obstacle(
            table, column.name, f"its default {default} cannot be computed: {error.message}", instead
        )
    if value is None:
        return None
    try:
        stored = column.reading.convert(value)
    except Misfit as misfit:
        why = f"its default {default} gives {value!r}, which {misfit}; the column is {column.type}"
        return Obstacle(table, column.name, why, instead)
    if stored == value and type(stored) is type(value):
        return None
    why = f"its default {default} gives {value!r} ({class_name(value)}), which {column.type} stores as {stored!r}"
    return Obstacle(table, column.name, why, instead)


def trigger_obstacles(
    triggers: Iterable[Entry], tables: Iterable[TablePlan], leave: Container[str]
) -> list[Obstacle]:
    """Triggers: code that PostgreSQL would not run. One that is left as it is has to mean the same."""
    changed = {table.name.lower(): table.name for table in tables if table.changes}
    found = []
    for trigger in triggers:
        drop = f"DROP TRIGGER {quote(trigger.name)}"
        if trigger.name not in leave:
            why = f"trigger {trigger.name} is code for SQLite, which PostgreSQL would not run"
            instead = f"--leave {shlex.quote(trigger.name)} keeps it, on SQLite only; or {drop}"
            found.append(Obstacle(trigger.table, None, why, instead))
            continue
        try:
            named = named_things(trigger.sql)
        except NotPortable as error:
            found.append(Obstacle(trigger.table, None, f"trigger {trigger.name}: {error.why}", _LEAVE))
            continue
        for name in sorted(named & changed.keys()):
            why = f"trigger {trigger.name} works with {changed[name]}, whose stored form changes"
            found.append(Obstacle(trigger.table, None, why, f"drop it and make it again afterwards: {drop}"))
    return found
