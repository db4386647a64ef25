"""ALTER TABLE … ADD, DROP, RENAME CONSTRAINT."""
# ruff: noqa: S608 - printing SQL is what this module does; names are quoted, values are parameters or literals

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from stepladder.errors import DuplicateTable, UndefinedColumn
from stepladder.sql.definition import Check, Definition, ForeignKey, Key, joined, shown_name
from stepladder.sql.expression_text import show
from stepladder.sql.infer.coercion import boolean
from stepladder.sql.infer.context import refuse, wrong
from stepladder.sql.infer.expressions import expression
from stepladder.sql.infer.raw import Raw, strings
from stepladder.sql.names import parse_name, quote
from stepladder.sql.rewrite.alteration import Alteration
from stepladder.sql.rewrite.columns import (
    foreign_key,
    refuse_foreign_options,
    refuse_options,
    refuse_unsteady,
)
from stepladder.sql.rewrite.constraints import ConstraintNames, resolved
from stepladder.sql.rewrite.tables import exists, fault

Constraint = Key | ForeignKey | Check


def add_constraint(state: Alteration, body: Raw) -> None:
    """ADD CONSTRAINT: the rows that are there must fulfil it."""
    for word in ("indexname", "skip_validation", "is_no_inherit"):
        if body.get(word):
            raise refuse("this kind of ADD CONSTRAINT", body.get("location"))
    rule = _RULES.get(body["contype"])
    if rule is None:
        raise refuse(f"the constraint {body['contype'].removeprefix('CONSTR_')}", body.get("location"))
    refuse_options(body)
    rule(state, body)


def _names(state: Alteration) -> ConstraintNames:
    return ConstraintNames(state.analysis, state.table, state.definition.names)


def _key_columns(state: Alteration, body: Raw) -> tuple[str, ...]:
    names = tuple(strings(body.get("keys") or body.get("fk_attrs")))
    there = {column.name for column in state.definition.columns}
    for place, name in enumerate(names):
        if name not in there:
            kind = "referenced in foreign key constraint" if "fk_attrs" in body else "named in key"
            message = f'column "{name}" {kind} does not exist'
            raise wrong(UndefinedColumn, message, body.get("location"))
        if name in names[:place] and "fk_attrs" not in body:
            kind = "primary key" if body["contype"] == "CONSTR_PRIMARY" else "unique"
            message = f'column "{name}" appears twice in {kind} constraint'
            raise fault("42701", message, body.get("location"))
    return names


def _refuse_taken(state: Alteration, body: Raw) -> None:
    """A key's index is a relation: its name may not be another one's."""
    if body.get("conname") and body["conname"] not in state.definition.names:
        name = replace(state.table, name=body["conname"])
        exists(state.analysis, name, body, allowed=False)
        if state.analysis.schema.taken(name):
            raise wrong(DuplicateTable, f'relation "{body["conname"]}" already exists', body.get("location"))


def _unique(state: Alteration, body: Raw) -> None:
    columns = _key_columns(state, body)
    _refuse_taken(state, body)
    key = _names(state).key(Key(body.get("conname", ""), columns), joined(columns), "key")
    state.create_unique(key)
    state.definition = replace(state.definition, unique=(*state.definition.unique, key)).in_order()


def _primary(state: Alteration, body: Raw) -> None:
    if state.definition.primary_key:
        message = f'multiple primary keys for table "{state.table.name}" are not allowed'
        raise fault("42P16", message, body.get("location"))
    columns = _key_columns(state, body)
    _refuse_taken(state, body)
    for name in columns:
        if not state.column(name).not_null:
            require_not_null(state, name)
    key = _names(state).key(Key(body.get("conname", ""), columns), None, "pkey")
    state.redefine(
        replace(
            state.definition,
            primary_key=key,
            columns=tuple(
                replace(each, not_null=each.not_null or each.name in columns)
                for each in state.definition.columns
            ),
        )
    )


def require_not_null(state: Alteration, name: str) -> None:
    """Raise an error if a row has NULL in the column."""
    message = f'column "{name}" of relation "{state.table.name}" contains null values'
    state.require_none(f"{quote(name)} IS NULL", "23502", message)


def _check(state: Alteration, body: Raw) -> None:
    node = boolean(expression(state.analysis, body["raw_expr"], state.scope()), "CHECK")
    refuse_unsteady(node)
    check = Check(_names(state).check(body.get("conname", ""), node), show(node))
    message = f'check constraint "{check.name}" of relation "{state.table.name}" is violated by some row'
    state.require_none(f"NOT ({state.printer.expression(node)})", "23514", message)
    state.redefine(replace(state.definition, checks=(*state.definition.checks, check)).in_order())


def _foreign(state: Alteration, body: Raw) -> None:
    refuse_foreign_options(body)
    columns = _key_columns(state, body)
    own = state.definition.keys
    key = resolved(
        state.analysis,
        state.table,
        state.definition.columns,
        own,
        foreign_key(body, columns, tuple(strings(body.get("pk_attrs")))),
        body.get("location"),
    )
    key = replace(key, name=_names(state).of(key.name, joined(key.columns), "fkey"))
    _require_parents(state, key)
    state.redefine(replace(state.definition, foreign_keys=(*state.definition.foreign_keys, key)).in_order())


def _require_parents(state: Alteration, key: ForeignKey) -> None:
    present = " AND ".join(f"c.{quote(name)} IS NOT NULL" for name in key.columns)
    equal = " AND ".join(
        f"p.{quote(other)} = c.{quote(name)}" for name, other in zip(key.columns, key.referenced, strict=True)
    )
    parent = parse_name(key.table).sqlite
    orphan = (
        f"rowid IN (SELECT c.rowid FROM {state.table.sqlite} AS c WHERE {present}"
        f" AND NOT EXISTS (SELECT 1 FROM {parent} AS p WHERE {equal}))"
    )
    message = (
        f'insert or update on table "{state.table.name}" violates foreign key constraint "{key.name}": '
        f'a key is not present in table "{parse_name(key.table).name}"'
    )
    state.require_none(orphan, "23503", message)


_RULES: dict[str, Callable[[Alteration, Raw], None]] = {
    "CONSTR_UNIQUE": _unique,
    "CONSTR_PRIMARY": _primary,
    "CONSTR_CHECK": _check,
    "CONSTR_FOREIGN": _foreign,
}


# -- DROP
def drop_constraint(state: Alteration, command: Raw) -> None:
    """DROP CONSTRAINT. Columns of a primary key stay NOT NULL."""
    found = _named(state.definition, command["name"])
    if found is None:
        if command.get("missing_ok"):
            return
        message = f'constraint "{command["name"]}" of relation "{state.table.name}" does not exist'
        raise fault("42704", message)
    if isinstance(found, Key):
        free(state, found, cascades=command.get("behavior") == "DROP_CASCADE")
    remove(state, found)


def _named(definition: Definition, name: str) -> Constraint | None:
    primary = (definition.primary_key,) if definition.primary_key else ()
    every = (*primary, *definition.unique, *definition.foreign_keys, *definition.checks)
    return next((each for each in every if each.name == name), None)


def free(state: Alteration, key: Key, *, cascades: bool) -> None:
    """Take the foreign keys away that refer to a key that is to go; without CASCADE they are an error."""
    others = state.analysis.schema.dependents(state.table).foreign_keys
    own = [(state.table, each) for each in state.definition.foreign_keys]
    mine = shown_name(state.table).sql
    for table, each in [*(each for each in others if each[0] != state.table), *own]:
        if each.table == mine and set(each.referenced) == set(key.columns):
            if not cascades:
                message = (
                    f"cannot drop constraint {key.name} on table {state.table.name} because other objects depend on it:"
                    f" constraint {each.name} on table {table.name}"
                )
                raise fault("2BP01", message)
            remove(state.beside(table), each)


def remove(state: Alteration, gone: Constraint) -> None:
    """Take a constraint away."""
    state.redefine(_without(state, gone))
    if isinstance(gone, Key):
        state.drop_index(gone.name)


def _without(state: Alteration, gone: Constraint) -> Definition:
    known = state.definition
    if gone == known.primary_key:
        if any(
            each.identity and each.sequence is None and each.name in gone.columns for each in known.columns
        ):
            raise refuse("dropping the primary key of a column that numbers itself", None)
        return replace(known, primary_key=None)
    return replace(
        known,
        unique=tuple(each for each in known.unique if each != gone),
        foreign_keys=tuple(each for each in known.foreign_keys if each != gone),
        checks=tuple(each for each in known.checks if each != gone),
    )


# -- RENAME
def rename_constraint(state: Alteration, old: str, new: str) -> None:
    """RENAME CONSTRAINT; a key's index has its name too."""
    found = _named(state.definition, old)
    if found is None:
        message = f'constraint "{old}" for table "{state.table.name}" does not exist'
        raise fault("42704", message)
    if isinstance(found, Key):
        _refuse_taken(state, {"conname": new})
    if new in state.definition.names:
        message = f'constraint "{new}" for relation "{state.table.name}" already exists'
        raise fault("42P07" if isinstance(found, Key) else "42710", message)
    known = state.definition

    def called(each: Any) -> Any:
        return replace(each, name=new) if each == found else each

    renamed = replace(
        known,
        primary_key=known.primary_key and called(known.primary_key),
        unique=tuple(map(called, known.unique)),
        foreign_keys=tuple(map(called, known.foreign_keys)),
        checks=tuple(map(called, known.checks)),
    ).in_order()
    state.redefine(renamed)
    if isinstance(found, Key) and found != known.primary_key:
        state.drop_index(found.name)
        state.create_unique(replace(found, name=new))
