"""SQLite's catalogue of types follows every statement of DDL, in its transaction.

A statement may change the text of other tables too: SQLite writes a renamed table's new name into the foreign
keys and views that name it. What was intact before the statement is intact behind it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from stepladder.db import sequences, type_catalogue
from stepladder.db.catalog import sqlite as catalog_sqlite
from stepladder.db.catalog.record import to_json
from stepladder.errors import NotPortable, database_error
from stepladder.sql import (
    Commented,
    Created,
    Definition,
    Dropped,
    Effect,
    IndexDropped,
    Indexed,
    OfSchema,
    OfSequence,
    OfTable,
    Renamed,
    SchemaDropped,
    SchemaMade,
    SequenceAltered,
    SequenceDropped,
    SequenceMade,
    TableName,
    altered,
    altered_sequence,
    repointed,
    shown_name,
)


@dataclass(frozen=True, slots=True)
class Before:
    """What was recorded before the statement: the definition of each intact table, and of the one that it is about."""

    intact: dict[str, Definition] = field(default_factory=dict)
    subject: Definition | None = None


def look(raw: sqlite3.Connection, effects: Sequence[Effect]) -> Before:
    """What `follow` must know of the time before the statement."""
    for effect in effects:
        if not isinstance(effect, Created | Dropped | OfSequence | OfSchema):
            intact = {name: _definition(raw, name) for name in type_catalogue.intact(raw)}
            return Before(intact, _subject(raw, effect, intact))
    return Before()


def _definition(raw: sqlite3.Connection, name: str) -> Definition:
    found = catalog_sqlite.definition(raw, name)
    return Definition() if found is None else found[1]


def _subject(raw: sqlite3.Connection, effect: OfTable, intact: dict[str, Definition]) -> Definition | None:
    if isinstance(effect, IndexDropped):
        return None
    name = effect.table.stored_name
    if isinstance(effect, Commented) and name not in intact:
        raise NotPortable(
            f"a comment on {effect.table.sql}, which Stepladder did not make",
            instead="give the file known types: `stepladder adopt FILE`",
        )
    return intact.get(name) or _definition(raw, name)


def follow(raw: sqlite3.Connection, effect: Effect, before: Before) -> None:
    """Bring the catalogue behind a statement that has run."""
    match effect:
        case SchemaMade() | SchemaDropped():
            type_catalogue.note_schema(raw, effect.name, there=isinstance(effect, SchemaMade))
        case SequenceMade() | SequenceAltered() | SequenceDropped():
            _follow_sequence(raw, effect)
        case Created():
            _write(raw, effect.table.stored_name, effect.definition)
        case Dropped():
            for column in json.loads(type_catalogue.details(raw, effect.table.stored_name) or "{}").get(
                "columns", ()
            ):
                if column.get("sequence") is not None:
                    sequences.drop(raw, replace(effect.table, name=column["sequence"]).stored_name)
            type_catalogue.forget(raw, effect.table.stored_name)
        case Indexed():
            _indexed(raw, effect, before)
        case IndexDropped():
            for name in before.intact:  # as another index of the statement has left it
                definition = _definition(raw, name)
                _refuse_key(name, definition, effect)
                after = altered(definition, effect)
                if after != definition and TableName.from_stored(name).schema == _schema(effect.index):
                    _write(raw, name, after)
        case _:
            _altered(raw, effect, before)


def _refuse_key(table: str, definition: Definition, effect: IndexDropped) -> None:
    """Raise an error for the index of a constraint, which goes with it only."""
    keys = [*definition.unique, *((definition.primary_key,) if definition.primary_key else ())]
    name = effect.index.name
    if TableName.from_stored(table).schema == _schema(effect.index) and any(
        each.name == name for each in keys
    ):
        raise database_error("2BP01")(
            f"cannot drop index {name} because constraint {name} on table {table} requires it\n"
            f"Drop the constraint: ALTER TABLE {table} DROP CONSTRAINT {name}",
            sqlstate="2BP01",
        )


def _follow_sequence(raw: sqlite3.Connection, effect: OfSequence) -> None:
    name = effect.table.stored_name
    if isinstance(effect, SequenceMade):
        type_catalogue.make(raw)
        sequences.write(raw, name, effect.sequence)
    elif isinstance(effect, SequenceAltered):
        before = sequences.read(raw, name)
        assert before is not None
        sequences.write(raw, name, altered_sequence(before, dict(effect.options)))
    else:
        _refuse_used(raw, effect.table)
        sequences.drop(raw, name)


def _refuse_used(raw: sqlite3.Connection, sequence: TableName) -> None:
    """Raise an error for a sequence that a column's default takes its numbers from."""
    call = f"nextval('{shown_name(sequence).sql}'::regclass)"
    for table in type_catalogue.intact(raw):
        for column in _definition(raw, table).columns:
            own = column.sequence and TableName(TableName.from_stored(table).schema, column.sequence)
            if call in (column.default or "") or (own and own.stored_name == sequence.stored_name):
                raise database_error("2BP01")(
                    f"cannot drop sequence {sequence.name} because other objects depend on it\n"
                    f"default value for column {column.name} of table {table} depends on sequence {sequence.name}",
                    sqlstate="2BP01",
                )


def _schema(table: TableName) -> str | None:
    return TableName.from_stored(table.stored_name).schema


def _indexed(raw: sqlite3.Connection, effect: Indexed, before: Before) -> None:
    """A foreign table's indexes are read from SQLite; nor is one recorded that was there (IF NOT EXISTS)."""
    name = effect.table.stored_name
    there = any(
        effect.index.name in definition.names
        for other, definition in before.intact.items()
        if TableName.from_stored(other).schema == TableName.from_stored(name).schema
    )
    if name in before.intact and not there:
        _write(raw, name, altered(before.intact[name], effect))


def _altered(raw: sqlite3.Connection, effect: OfTable, before: Before) -> None:
    assert before.subject is not None
    assert not isinstance(effect, IndexDropped)
    old = new = effect.table.stored_name
    if isinstance(effect, Renamed):
        new = effect.new.stored_name
        type_catalogue.forget(raw, old)
    _write(raw, new, repointed(altered(before.subject, effect), effect))
    still = type_catalogue.intact(raw)
    for name, definition in before.intact.items():
        after = repointed(definition, effect)
        if name != old and (after != definition or name not in still):
            _write(raw, name, after)


def _write(raw: sqlite3.Connection, name: str, definition: Definition) -> None:
    type_catalogue.write(raw, name, definition.columns, to_json(definition))


def taken(raw: sqlite3.Connection, name: TableName) -> bool:
    """Whether a table, an index or a constraint of the schema has the name."""
    if raw.execute("SELECT 1 FROM sqlite_schema WHERE name = ?", (name.stored_name,)).fetchone():
        return True
    return any(
        name.name in _definition(raw, table).names
        for table in type_catalogue.intact(raw)
        if TableName.from_stored(table).schema == _schema(name)
    )
