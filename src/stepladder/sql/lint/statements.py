"""Lints one statement, or a script whose DDL makes tables known to what follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from stepladder.errors import (
    DatabaseError,
    Error,
    NotPortable,
    SqlSyntaxError,
    UndefinedFunction,
    UndefinedObject,
    UndefinedTable,
)
from stepladder.sql.alterations import altered
from stepladder.sql.definition import Definition, Dependents, TableColumn
from stepladder.sql.effects import Created, Dropped, Effect, IndexDropped, OfSchema, OfSequence, Renamed
from stepladder.sql.infer.context import Scope
from stepladder.sql.infer.merge import merge
from stepladder.sql.infer.queries import query
from stepladder.sql.infer.raw import body_of, kind_of
from stepladder.sql.infer.tree import Query, Write
from stepladder.sql.infer.writes import delete, insert, update
from stepladder.sql.lint.clock import clock, zone
from stepladder.sql.lint.collation import collation
from stepladder.sql.lint.finding import Finding, Text, failing, found
from stepladder.sql.lint.nondeterminism import nondeterminism
from stepladder.sql.lint.speed import slow
from stepladder.sql.lint.warning import Warned, bytewise_places
from stepladder.sql.names import TableName
from stepladder.sql.parameters import Numbered, first_word, parameter_names, statements
from stepladder.sql.parse import deep, parse_one, placed
from stepladder.sql.translation import Schema, analysis_of, translate
from stepladder.sql.types import Column, Type

_DEFINES = ("CREATE", "ALTER")
_WRITES = {"InsertStmt": insert, "UpdateStmt": update, "DeleteStmt": delete, "MergeStmt": merge}


@dataclass(frozen=True, slots=True)
class Setting:
    """What is known around a statement. `complete`: the schema knows every table that there is; `model`: the statement's
    rows become a table; `by_bytes`: the server orders text by its bytes."""

    complete: bool
    zone: str = "UTC"
    model: bool = False
    by_bytes: bool = False


def lint_statement(
    source: Text, sql: str, schema: Schema, parameters: Mapping[str, Type], setting: Setting
) -> tuple[Finding, ...]:
    """What is to be said of one statement of `source`, in the order of its places."""
    return _linted(source, sql, schema, parameters, setting)[0]


def lint_script(source: Text, schema: Schema, setting: Setting) -> tuple[Finding, ...]:
    """What is to be said of each statement of a script. A parameter has the type that its context gives it."""
    try:
        parts = statements(source.text)
    except SqlSyntaxError as error:
        return (_failure(source, error, setting),)
    known, findings = _Script(schema), list[Finding]()
    for part in parts:
        types = {name: Type("unknown") for name in parameter_names(part.text)}
        some, effects = _linted(replace(source, offset=part.offset), part.text, known, types, setting)
        findings += some
        for effect in effects:
            known.follow(effect)
        if failing(some) and first_word(part.text) in _DEFINES:  # what it would have made is not known
            setting = replace(setting, complete=False)
    return tuple(findings)


def _linted(
    source: Text, sql: str, schema: Schema, parameters: Mapping[str, Type], setting: Setting
) -> tuple[tuple[Finding, ...], tuple[Effect, ...]]:
    findings, effects = list[Finding](), tuple[Effect, ...]()
    try:
        translation = translate(sql, schema, parameters)
        effects = translation.effects
        findings += [found(source, None, *said) for said in slow(translation)]
    except (NotPortable, DatabaseError) as error:
        findings.append(_failure(source, error, setting))
    findings += _warnings(source, sql, schema, parameters, setting)
    return tuple(sorted(findings, key=lambda each: (each.line, each.column))), effects


def _failure(source: Text, error: Error, setting: Setting) -> Finding:
    position = getattr(error, "position", None)
    if isinstance(error, NotPortable):
        return found(
            source,
            position,
            "refused",
            f"not portable to SQLite: {error.what}",
            error.why,
            error.instead or _elsewhere(error.what),
        )
    said, *why = error.message.splitlines()
    if isinstance(error, UndefinedTable) and not setting.complete:
        return found(
            source,
            position,
            "undecided",
            f"cannot decide: {said}",
            "types decide what is portable, and the columns of this table are not known",
            "name a target that has it (--target), or let a CREATE TABLE come before",
        )
    if isinstance(error, UndefinedObject):
        # The server may have it: a geometric type, one of an extension, an enum.
        return found(
            source,
            position,
            "refused",
            f"not portable to SQLite: {said.replace(' does not exist', ' is not known')}",
            "geometric types, those of extensions and your own are not on SQLite",
            "text with a CHECK, or run this only on PostgreSQL",
        )
    reason = " ".join(why)
    if isinstance(error, UndefinedFunction):
        reason = reason or "PostgreSQL has none of its own; one of an extension or of yours is not on SQLite"
    return found(source, position, "error", said, reason)


def _elsewhere(what: str) -> str:
    if what == "the statement Transaction":
        return "leave it out, and say in Python: with db.transaction() as tx"
    return "run this only on PostgreSQL"


def zone_findings(
    source: Text, sql: str, schema: Schema, parameters: Mapping[str, Type], name: str
) -> tuple[Finding, ...]:
    """Where one statement takes a day or an hour in UTC, and the project's zone is another one; nothing else."""
    return tuple(
        _said(
            source, sql, schema, parameters, lambda tree, _: [] if name == "UTC" else list(zone(tree, name))
        )
    )


def _warnings(
    source: Text, sql: str, schema: Schema, parameters: Mapping[str, Type], setting: Setting
) -> list[Finding]:
    return _said(source, sql, schema, parameters, lambda tree, raw: _warned(tree, raw, schema, setting))


def _said(
    source: Text,
    sql: str,
    schema: Schema,
    parameters: Mapping[str, Type],
    warn: Callable[[Query | Write, Any], list[Warned]],
) -> list[Finding]:
    try:
        with deep():
            text, raw = parse_one(sql)
            tree = _tree(text, raw, schema, parameters)
            warned = [] if tree is None else warn(tree, raw)
    except (NotPortable, DatabaseError):  # said already, by what translates
        return []
    places = [(None if each.place is None else text.bytes_to_user(each.place), each) for each in warned]
    once = dict.fromkeys(
        found(source, place, each.severity, each.what, each.why, each.instead) for place, each in places
    )
    return list(once)


def _tree(text: Numbered, raw: Any, schema: Schema, parameters: Mapping[str, Type]) -> Query | Write | None:
    analysis, kind, body = analysis_of(text, schema, parameters), kind_of(raw), body_of(raw)
    with placed(text):
        if kind == "SelectStmt":
            return query(analysis, raw, Scope())
        if kind in _WRITES:
            return _WRITES[kind](analysis, body, Scope())
        if kind in ("CreateTableAsStmt", "ViewStmt"):
            return query(analysis, body["query"], Scope())
    return None


def _warned(tree: Query | Write, raw: Any, schema: Schema, setting: Setting) -> list[Warned]:
    warned = list(nondeterminism(tree, schema))
    if not setting.by_bytes:
        warned += collation(tree, bytewise_places(raw), unseen_order=setting.model)
    if setting.model:
        warned += clock(tree)
    if setting.zone != "UTC":
        warned += zone(tree, setting.zone)
    return warned


class _Script:
    """The tables of a schema, as the statements of a script have left them."""

    def __init__(self, before: Schema) -> None:
        self._before = before
        self._now: dict[TableName, Definition | None] = {}

    def columns(self, table: TableName) -> Sequence[Column] | None:
        name = _plain(table)
        if name in self._now:
            definition = self._now[name]
            return None if definition is None else definition.columns
        return self._before.columns(table)

    def keys(self, table: TableName) -> Sequence[Sequence[str]]:
        definition = self._now.get(_plain(table))
        return definition.keys if definition is not None else self._before.keys(table)

    def definition(self, table: TableName) -> Definition | None:
        name = _plain(table)
        return self._now[name] if name in self._now else self._before.definition(table)

    def taken(self, name: TableName) -> bool:
        plain = _plain(name)
        return self._now[plain] is not None if plain in self._now else self._before.taken(name)

    def kind(self, name: TableName) -> str | None:
        if _plain(name) not in self._now:
            return self._before.kind(name)
        return None if self._now[_plain(name)] is None else "table"

    def dependents(self, table: TableName) -> Dependents:
        return Dependents() if _plain(table) in self._now else self._before.dependents(table)

    def relations(self, schema: str) -> Sequence[TableName]:  # noqa: ARG002 - a statement before may have made it
        return ()

    def follow(self, effect: Effect) -> None:
        """Take a statement's change of a table in."""
        if isinstance(effect, IndexDropped | OfSequence | OfSchema):
            return
        name = _plain(effect.table)
        if isinstance(effect, Created):
            self._now[name] = effect.definition
        elif isinstance(effect, Dropped):
            self._now[name] = None
        elif isinstance(effect, Renamed):
            self._now[_plain(effect.new)], self._now[name] = self._definition(effect.table), None
        else:
            self._now[name] = altered(self._definition(effect.table), effect)

    def _definition(self, table: TableName) -> Definition:
        known = self.definition(table)
        if known is not None:
            return known
        return Definition(
            tuple(TableColumn(each.name, each.type, each.not_null) for each in self.columns(table) or ())
        )


def _plain(name: TableName) -> TableName:
    return TableName(None if name.schema == "public" else name.schema, name.name)
