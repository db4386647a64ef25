"""DROP and TRUNCATE as SQLite's text: in an order that foreign keys allow, and never under what depends on it."""
# ruff: noqa: S608 - printing SQL is what this module does; names are quoted, values are parameters or literals

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from stepladder.errors import DatabaseError, ProgrammingError, UndefinedObject, UndefinedTable
from stepladder.sql.definition import Definition, shown_name
from stepladder.sql.effects import Dropped, Effect, IndexDropped
from stepladder.sql.infer.context import Analysis, Schema, refuse, wrong
from stepladder.sql.infer.raw import Raw, body_of, strings
from stepladder.sql.infer.sources import refuse_shadowed, table_name
from stepladder.sql.names import TableName
from stepladder.sql.rewrite.alter_constraints import remove
from stepladder.sql.rewrite.alteration import Alteration
from stepladder.sql.rewrite.parts import Earlier
from stepladder.sql.rewrite.printer import Printer
from stepladder.sql.rewrite.rules import string
from stepladder.sql.rewrite.schema_definitions import dropped_schemas, gone_with
from stepladder.sql.rewrite.sequence_definitions import drop_sequences
from stepladder.sql.rewrite.tables import NOTHING, Defined, fault, known

_WORDS = {"OBJECT_TABLE": "table", "OBJECT_VIEW": "view", "OBJECT_INDEX": "index"}
_ARTICLES = {"table": "a table", "view": "a view", "index": "an index", "sequence": "a sequence"}


# -- DROP
def drop(analysis: Analysis, body: Raw, printer: Printer) -> Defined:
    """DROP TABLE, VIEW, INDEX; CASCADE takes views and foreign keys along."""
    if body["removeType"] == "OBJECT_SCHEMA":
        return _drop_schemas(analysis, body, printer)
    if body["removeType"] == "OBJECT_SEQUENCE":
        return drop_sequences(analysis, body, printer)
    word = _WORDS.get(body["removeType"])
    if word is None:
        raise refuse(
            f"DROP {body['removeType'].removeprefix('OBJECT_').replace('_', ' ')}",
            None,
            instead="run this only on PostgreSQL",
        )
    names = [strings(body_of(each).get("items")) for each in body["objects"]]
    tables = [TableName(each[-2] if len(each) > 1 else None, each[-1]) for each in names]
    rule = _drop_indexes if word == "index" else _drop_tables
    return rule(analysis, word, list(dict.fromkeys(tables)), body, printer)


def _drop_tables(
    analysis: Analysis, word: str, names: list[TableName], body: Raw, printer: Printer
) -> Defined:
    schema = analysis.schema
    tables = [each for each in names if _is_there(schema, word, each, missing=bool(body.get("missing_ok")))]
    cascades = body.get("behavior") == "DROP_CASCADE"
    dependents = list(_dependents(schema, tables, {each.stored_name for each in tables}))
    if dependents and not cascades:
        raise _needed(word, tables, [line for _, line in dependents])
    views = [view for view, _ in reversed(dependents) if view is not None]
    texts = [f"DROP VIEW {view.sqlite}" for view in views]
    texts += [f"DROP {word.upper()} {table.sqlite}" for table in _children_first(schema, tables)]
    freed = _without_keys(analysis, tables, printer) if cascades else ()
    printer.before += map(Earlier, texts[:-1])
    return texts[-1] if texts else NOTHING, (*freed, *map(Dropped, [*views, *tables])), False


def _drop_schemas(analysis: Analysis, body: Raw, printer: Printer) -> Defined:
    """DROP SCHEMA, and with CASCADE what is in it and what depends on that."""
    schema = analysis.schema
    kinds, effects = gone_with(analysis, dropped_schemas(analysis, body))
    tables = kinds["table"]
    inside = [*kinds["view"], *tables]
    outside = _dependents(schema, inside, {each.stored_name for each in inside})
    views = [*(view for view, _ in outside if view is not None), *kinds["view"]]
    freed = _without_keys(analysis, tables, printer)
    texts = [f"DROP VIEW {view.sqlite}" for view in views]
    texts += [f"DROP TABLE {table.sqlite}" for table in _children_first(schema, tables)]
    printer.before += map(Earlier, texts)
    return NOTHING, (*freed, *map(Dropped, [*views, *tables]), *effects), False


def _without_keys(analysis: Analysis, tables: Sequence[TableName], printer: Printer) -> tuple[Effect, ...]:
    """The other tables, their foreign keys that refer to what is dropped taken away."""
    dropped = {each.stored_name for each in tables}
    states: dict[str, Alteration] = {}
    for table in tables:
        for other, key in analysis.schema.dependents(table).foreign_keys:
            if other.stored_name not in dropped:
                definition = analysis.schema.definition(other) or Definition()
                state = states.setdefault(other.stored_name, Alteration(analysis, other, definition, printer))
                remove(state, key)
    return tuple(effect for state in states.values() for effect in state.effects())


def _is_there(schema: Schema, word: str, table: TableName, *, missing: bool) -> bool:
    """Whether there is a table or view of that name. Raises where it is of another kind, or has to be there."""
    refuse_shadowed(schema, table, None)
    kind = schema.kind(table)
    if kind is None and not missing:
        if table.schema not in (None, "pg_temp") and schema.relations(table.schema or "") is None:
            raise fault("3F000", f'schema "{table.schema}" does not exist')
        raise wrong(UndefinedTable, f'{word} "{table.name}" does not exist', None)
    if kind not in (None, word):
        raise _of_another_kind(table, word, kind)
    return kind is not None


def _of_another_kind(table: TableName, word: str, kind: str) -> ProgrammingError:
    message = f'"{table.name}" is not {_ARTICLES[word]}\nUse DROP {kind.upper()} to remove {_ARTICLES[kind]}.'
    return ProgrammingError(message, sqlstate="42809")


def _dependents(
    schema: Schema, tables: Sequence[TableName], dropped: set[str]
) -> Iterator[tuple[TableName | None, str]]:
    """What is left over and depends on what is dropped: views, with those over them, and foreign keys, by None; and
    PostgreSQL's words for each."""
    seen = set(dropped)
    waiting = list(tables)
    while waiting:
        table = waiting.pop(0)
        found = schema.dependents(table)
        kind = schema.kind(table)
        for other, key in found.foreign_keys:
            if other.stored_name not in dropped:
                yield None, f"constraint {key.name} on table {_shown(other)} depends on table {_shown(table)}"
        for view, _ in found.views:
            if view.stored_name not in seen:
                seen.add(view.stored_name)
                waiting.append(view)
                yield view, f"view {_shown(view)} depends on {kind} {_shown(table)}"


def _needed(word: str, tables: Sequence[TableName], lines: Sequence[str]) -> DatabaseError:
    if len(tables) == 1:
        what = f"cannot drop {word} {_shown(tables[0])} because other objects depend on it"
    else:
        what = "cannot drop desired object(s) because other objects depend on them"
    hint = "Use DROP ... CASCADE to drop the dependent objects too."
    return DatabaseError("\n".join([what, *lines, hint]), sqlstate="2BP01")


def _shown(table: TableName) -> str:
    return shown_name(table).sql


def _children_first(schema: Schema, tables: Sequence[TableName]) -> list[TableName]:
    """Tables before those that their foreign keys refer to."""
    names = {each.stored_name: each for each in tables}
    children = {
        name: {
            other.stored_name
            for other, _ in schema.dependents(table).foreign_keys
            if other.stored_name in names and other.stored_name != name
        }
        for name, table in names.items()
    }
    found: list[TableName] = []
    while names:
        free = next((name for name in names if not children[name] & names.keys()), None)
        if free is None:
            raise refuse(
                "tables whose foreign keys refer to each other in a circle",
                None,
                why="on SQLite one has to go before the other",
                instead="set one of the columns to NULL, and empty or drop the tables one by one",
            )
        found.append(names.pop(free))
    return found


def _drop_indexes(
    analysis: Analysis, word: str, names: list[TableName], body: Raw, printer: Printer
) -> Defined:
    schema = analysis.schema
    texts, effects = [], []
    for index in names:
        kind = schema.kind(index)
        if kind == "index":
            texts.append(f"DROP {word.upper()} {index.sqlite}")
            effects.append(IndexDropped(index))
        elif kind is not None:
            raise _of_another_kind(index, word, kind)
        elif schema.taken(index):
            message = f"cannot drop index {index.name} because a constraint requires it\nYou can drop the constraint instead."
            raise DatabaseError(message, sqlstate="2BP01")
        elif not body.get("missing_ok"):
            raise wrong(UndefinedObject, f'index "{index.name}" does not exist', None)
    printer.before += map(Earlier, texts[:-1])
    return texts[-1] if texts else NOTHING, tuple(effects), False


# -- TRUNCATE
def truncate(analysis: Analysis, body: Raw, printer: Printer) -> Defined:
    """TRUNCATE: the named tables, and with CASCADE those that refer to them. It counts no rows."""
    schema = analysis.schema
    tables: dict[str, TableName] = {}
    for each in body["relations"]:
        table = table_name(each["RangeVar"])
        known(analysis, table, each["RangeVar"])
        if schema.kind(table) == "view":
            raise wrong(ProgrammingError, f'"{table.name}" is not a table', None, sqlstate="42809")
        tables[table.stored_name] = table
    for table, other in _referring(schema, tables):
        if body.get("behavior") != "DROP_CASCADE":
            lines = (
                "cannot truncate a table referenced in a foreign key constraint",
                f'Table "{other.name}" references "{table.name}".',
                f'Truncate table "{other.name}" at the same time, or use TRUNCATE ... CASCADE.',
            )
            raise DatabaseError("\n".join(lines), sqlstate="0A000")
        tables[other.stored_name] = other
    for table in _children_first(schema, list(tables.values())):
        if body.get("restart_seqs"):
            printer.before += map(Earlier, _restarts(schema, table))
        printer.before.append(Earlier(f"DELETE FROM {table.sqlite}"))
    return NOTHING, (), False


def _referring(schema: Schema, tables: dict[str, TableName]) -> Iterator[tuple[TableName, TableName]]:
    """Each table, and one that is not among them and refers to it; `tables` may grow meanwhile."""
    waiting = list(tables.values())
    while waiting:
        table = waiting.pop()
        for other, _ in schema.dependents(table).foreign_keys:
            if other.stored_name not in tables:
                waiting.append(other)
                yield table, other


def _restarts(schema: Schema, table: TableName) -> Iterator[str]:
    """What has a table's numbered columns begin anew."""
    definition = schema.definition(table)
    for column in definition.columns if definition is not None else ():
        if column.sequence is not None:
            name = string(replace(table, name=column.sequence).stored_name)
            yield f'UPDATE "stepladder.sequence" SET last = start, called = 0 WHERE sequence_name = {name}'
        elif column.identity:
            yield f"DELETE FROM sqlite_sequence WHERE name = {string(table.stored_name)}"
