"""ALTER TABLE … ADD, DROP, ALTER COLUMN."""
# ruff: noqa: S608 - printing SQL is what this module does; names are quoted, values are parameters or literals

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from stepladder.errors import DatabaseError, DatatypeMismatch
from stepladder.sql.canonical_text import canonical
from stepladder.sql.definition import Check, Definition, ForeignKey, Key, TableColumn, as_part
from stepladder.sql.expression_text import show, show_default
from stepladder.sql.infer.coercion import assign
from stepladder.sql.infer.context import Scope, refuse, wrong
from stepladder.sql.infer.expressions import expression
from stepladder.sql.infer.raw import Raw, strings
from stepladder.sql.infer.tree import Constant, Expression, Reference, walk
from stepladder.sql.infer.types import type_of_name
from stepladder.sql.names import quote
from stepladder.sql.parse import parsed_expression
from stepladder.sql.rewrite.alter_constraints import (
    free,
    remove,
    require_not_null,
)
from stepladder.sql.rewrite.alteration import Alteration
from stepladder.sql.rewrite.columns import (
    TableText,
    column_text,
    refuse_unsteady,
    refuse_unsteady_default,
)
from stepladder.sql.rewrite.parts import Earlier
from stepladder.sql.rewrite.tables import fault
from stepladder.sql.rewrite.writes import stored
from stepladder.sql.types import Type

_CONSTRAINTS = ("CONSTR_UNIQUE", "CONSTR_PRIMARY", "CONSTR_CHECK", "CONSTR_FOREIGN")


# -- ADD
def add_column(state: Alteration, command: Raw) -> list[Raw]:
    """ADD COLUMN without its constraints, which are returned: they are added when every column is there."""
    body = command["def"]["ColumnDef"]
    name = body["colname"]
    there = {column.name for column in state.definition.columns}
    if name in there:
        if command.get("missing_ok"):
            return []
        message = f'column "{name}" of relation "{state.table.name}" already exists'
        raise fault("42701", message, body.get("location"))
    if name.lower() in {each.lower() for each in there}:
        raise refuse(f"two columns whose names differ by case only: {name}", body.get("location"))
    given = [each["Constraint"] for each in body.get("constraints", ())]
    alone = [
        {"Constraint": each} for each in given if each["contype"] not in (*_CONSTRAINTS, "CONSTR_GENERATED")
    ]
    text = TableText(state.table)
    column_text(state.analysis, {**body, "constraints": alone}, text, state.printer)
    if text.columns[0].identity:
        raise refuse(
            "ADD COLUMN that numbers itself",
            body.get("location"),
            instead="make a new table and copy the rows",
        )
    (column,) = text.definitions()
    made = next((each for each in given if each["contype"] == "CONSTR_GENERATED"), None)
    if made is not None:
        _add_generated(state, column, made)
    else:
        _add_plain(state, column)
    if column.not_null:
        set_not_null(state, name)
    return [_of_table(each, name) for each in given if each["contype"] in _CONSTRAINTS]


def _of_table(constraint: Raw, name: str) -> Raw:
    """A column's constraint as the table's."""
    listed = [{"String": {"sval": name}}]
    if constraint["contype"] == "CONSTR_FOREIGN":
        return {**constraint, "fk_attrs": listed}
    return constraint if constraint["contype"] == "CONSTR_CHECK" else {**constraint, "keys": listed}


def _add_plain(state: Alteration, column: TableColumn) -> None:
    """A column that may be NULL; one whose default is no literal gets its value row by row."""
    bare = replace(column, not_null=False)
    literal = column.default is None or isinstance(_default(state, column), Constant)
    first = bare if literal else replace(bare, default=None)
    state.run(f"ALTER TABLE {state.table.sqlite} ADD COLUMN {state.column_text(first)}")
    state.definition = replace(state.definition, columns=(*state.definition.columns, first))
    if not literal:
        state.run(f"UPDATE {state.table.sqlite} SET {quote(column.name)} = {state.default_text(column)}")
        state.redefine(_with(state, bare))


def _default(state: Alteration, column: TableColumn) -> Expression:
    assert column.default is not None
    raw = expression(state.analysis, parsed_expression(column.default), Scope(clause="DEFAULT"))
    return assign(raw, column.type, column.name)


def _add_generated(state: Alteration, column: TableColumn, body: Raw) -> None:
    """SQLite fills in a generated column when it writes a row."""
    if body.get("generated_when", "a") != "a" or body.get("generated_kind") == "v":
        raise refuse("a virtual generated column", body.get("location"), instead="write STORED")
    node = assign(expression(state.analysis, body["raw_expr"], state.scope()), column.type, column.name)
    refuse_unsteady(node)
    before = state.definition.columns
    if any(isinstance(each, Reference) and _is_generated(state, each.name) for each in walk(node)):
        message = f'cannot use generated column in column generation expression: "{column.name}"'
        raise fault("42P17", message, body.get("location"))
    bare = replace(column, not_null=False, generated=show(node))
    state.redefine(replace(state.definition, columns=(*before, bare)))
    plain = next((each.name for each in before if each.generated is None), None)
    if plain is None:
        raise refuse("ADD COLUMN to a table of generated columns", None)
    state.run(f"UPDATE {state.table.sqlite} SET {quote(plain)} = {quote(plain)}")


def _is_generated(state: Alteration, name: str) -> bool:
    return state.column(name).generated is not None


def _with(state: Alteration, column: TableColumn) -> Definition:
    """The definition with a column of that name replaced."""
    columns = tuple(column if each.name == column.name else each for each in state.definition.columns)
    return replace(state.definition, columns=columns)


# -- DROP
def drop_column(state: Alteration, command: Raw) -> None:
    """DROP COLUMN, with the constraints and indexes that are about it."""
    name, cascades = command["name"], command.get("behavior") == "DROP_CASCADE"
    if command.get("missing_ok") and all(each.name != name for each in state.definition.columns):
        return
    column = state.column(name)
    _refuse_read(state, name, cascades=cascades)
    for other in state.definition.columns:
        if other.generated is not None and other.name != name and state.uses(other.generated, name):
            raise _needed(state, name, f"column {other.name} of table {state.table.name}")
    if column.sequence is not None:
        state.sequences.append(replace(state.table, name=column.sequence))
    elif column.identity:
        raise refuse("dropping the column that numbers the rows", None)
    if len(state.definition.columns) == 1:
        raise refuse("a table without columns", None)
    for index in state.definition.indexes:
        if state.index_uses(index, name):
            state.drop_index(index.name)
            kept = tuple(each for each in state.definition.indexes if each != index)
            state.definition = replace(state.definition, indexes=kept)
    known = state.definition
    for key in _keys_of(known, name):
        free(state, key, cascades=cascades)
        remove(state, key)
    gone: list[ForeignKey | Check] = [each for each in known.foreign_keys if name in each.columns]
    gone += [each for each in known.checks if state.uses(each.expression, name)]
    for each in gone:
        remove(state, each)
    state.run(f"ALTER TABLE {state.table.sqlite} DROP COLUMN {quote(name)}")
    columns = tuple(each for each in state.definition.columns if each.name != name)
    state.definition = replace(state.definition, columns=columns)


def _keys_of(definition: Definition, column: str) -> Iterator[Key]:
    primary = (definition.primary_key,) if definition.primary_key else ()
    yield from (key for key in (*primary, *definition.unique) if column in key.columns)


def _refuse_read(state: Alteration, column: str, *, cascades: bool) -> None:
    for view, columns in state.analysis.schema.dependents(state.table).views:
        if column in columns and cascades:
            raise refuse(
                f"DROP COLUMN … CASCADE over the view {view.sql}", None, instead=f"DROP VIEW {view.sql} first"
            )
        if column in columns:
            raise _needed(state, column, f"view {view.name}")


def _needed(state: Alteration, column: str, by: str) -> DatabaseError:
    message = f"cannot drop column {column} of table {state.table.name} because other objects depend on it: {by} depends on it"
    return fault("2BP01", message)


# -- ALTER
def set_not_null(state: Alteration, name: str) -> None:
    """SET NOT NULL: no row may have NULL there."""
    column = state.column(name)
    if not column.not_null:
        require_not_null(state, name)
        state.redefine(_with(state, replace(column, not_null=True)))


def drop_not_null(state: Alteration, name: str) -> None:
    """DROP NOT NULL, but of a key's column."""
    column = state.column(name)
    if column.identity in ("always", "by default"):
        message = f'column "{name}" of relation "{state.table.name}" is an identity column'
        raise fault("42601", message)
    primary = state.definition.primary_key
    if primary and name in primary.columns:
        raise fault("42P16", f'column "{name}" is in a primary key')
    if column.not_null:
        state.redefine(_with(state, replace(column, not_null=False)))


def set_default(state: Alteration, name: str, raw: Raw | None) -> None:
    """SET DEFAULT, or DROP DEFAULT where there is none."""
    column = state.column(name)
    if column.generated is not None:
        message = f'column "{name}" of relation "{state.table.name}" is a generated column'
        raise fault("42601", message)
    if column.identity in ("always", "by default"):
        message = f'column "{name}" of relation "{state.table.name}" is an identity column'
        raise fault("42601", message)
    if column.identity:
        raise refuse("another default for a serial column", None)
    default = None
    if raw is not None:
        node = assign(expression(state.analysis, raw, Scope(clause="DEFAULT")), column.type, column.name)
        refuse_unsteady_default(state.analysis, node)
        default = show_default(node)
    if default != column.default:
        state.redefine(_with(state, replace(column, default=default)))


# -- TYPE
def set_type(state: Alteration, name: str, body: Raw) -> None:
    """TYPE, with USING: the values are computed from the rows as they are, then stored in their new form."""
    column, new = state.column(name), type_of_name(body["typeName"])
    if body.get("collClause") and strings(body["collClause"]["collname"])[-1] not in ("C", "POSIX"):
        raise refuse("a column's collation", body.get("location"), instead='COLLATE "C"')
    _refuse_fixed(state, column)
    if "raw_default" not in body and holds(column.type, new):
        changed = replace(column, type=new, default=_converted_default(state, column, new))
        state.redefine(_retyped(state, changed))
        return
    if column.generated is not None or column.identity or _in_foreign_key(state, name):
        raise refuse(
            "another type for a column that is generated, numbers the rows or is in a foreign key",
            None,
            instead="drop the foreign key first, and add it again",
        )
    if not _alike(column.type, new):
        _refuse_expressions(state, name)
    value = _converted(state, column, new, body.get("raw_default"))
    changed = replace(column, type=new, default=_converted_default(state, column, new))
    keys = list(_keys_of(state.definition, name))
    touched = {each.name for each in state.definition.indexes if state.index_uses(each, name)}
    for each in touched:
        state.drop_index(each)
    primary = state.definition.primary_key
    for key in keys:
        remove(state, key)
    rows = f"stepladder_a{state.printer.new_id()}"
    table = state.table.sqlite
    state.printer.before.append(Earlier(f"SELECT rowid, {value} FROM {table}", into=rows, columns=2))
    state.redefine(_retyped(state, changed))
    state.run(f"UPDATE {table} AS t SET {quote(name)} = n.c2 FROM temp.{rows} AS n WHERE n.c1 = t.rowid")
    for key in keys:
        if key == primary:
            state.redefine(replace(state.definition, primary_key=key))
        else:
            state.create_unique(key)
            state.definition = replace(state.definition, unique=(*state.definition.unique, key)).in_order()
    for index in state.definition.indexes:
        if index.name in touched:
            state.create_index(index)


def _refuse_fixed(state: Alteration, column: TableColumn) -> None:
    """Raise where what depends on the column fixes its type."""
    others = [each for each in state.definition.columns if each.generated is not None]
    if any(state.uses(each.generated or "", column.name) for each in others if each.name != column.name):
        message = "cannot alter type of a column used by a generated column"
        raise fault("0A000", message)
    dependents = state.analysis.schema.dependents(state.table)
    if any(column.name in columns for _, columns in dependents.views):
        message = "cannot alter type of a column used by a view or rule"
        raise fault("0A000", message)


def _in_foreign_key(state: Alteration, column: str) -> bool:
    keys = [each.columns for each in state.definition.foreign_keys]
    keys += [each.referenced for _, each in state.analysis.schema.dependents(state.table).foreign_keys]
    return any(column in each for each in keys)


def _alike(old: Type, new: Type) -> bool:
    """Whether expressions over the column mean the same when they are read again."""
    return old.bare == new.bare or any({old.name, new.name} <= set(kinds) for kinds in (_WHOLE, _TEXTS))


def _refuse_expressions(state: Alteration, column: str) -> None:
    """PostgreSQL keeps the casts that an expression had over the old type; here they are not kept."""
    texts = [(f"the constraint {each.name}", each.expression) for each in state.definition.checks]
    for index in state.definition.indexes:
        parts = [part.sql for part in index.parts if part.sql != as_part(column)]
        texts += [(f"the index {index.name}", each) for each in [*parts, index.where] if each is not None]
    for what, text in texts:
        if state.uses(text, column):
            raise refuse(
                f"another type for the column {column}, which an expression of {what} is about",
                None,
                instead="drop that first, and make it again over the new type",
            )


_TEXTS = ("text", "varchar")
_WHOLE = ("int2", "int4", "int8")


def holds(old: Type, new: Type) -> bool:
    """Whether a column of the new type stores every value of the old one in the same form."""
    if old.name in _WHOLE and new.name in _WHOLE:
        return _WHOLE.index(old.name) <= _WHOLE.index(new.name)
    if old.name in _TEXTS and new.name in _TEXTS:
        return new.length is None or (old.length is not None and old.length <= new.length)
    return old == new


def _converted(state: Alteration, column: TableColumn, new: Type, using: Raw | None) -> str:
    scope = state.scope()
    raw = using or {"ColumnRef": {"fields": [{"String": {"sval": column.name}}]}}
    node = expression(state.analysis, raw, scope)
    refuse_unsteady(node)
    try:
        node = assign(node, new, column.name)
    except DatatypeMismatch as error:
        how = "result of USING clause for column" if using else "column"
        message = f'{how} "{column.name}" cannot be cast automatically to type {new}'
        raise wrong(DatatypeMismatch, message, None) from error
    return stored(state.printer, node, new)


def _converted_default(state: Alteration, column: TableColumn, new: Type) -> str | None:
    if column.default is None:
        return None
    try:
        return show_default(assign(_default(state, column), new, column.name))
    except DatatypeMismatch as error:
        message = f'default for column "{column.name}" cannot be cast automatically to type {new}'
        raise wrong(DatatypeMismatch, message, None) from error


def _retyped(state: Alteration, column: TableColumn) -> Definition:
    """The definition with another column, and its expressions as they read then."""
    known = _with(state, column)
    return replace(
        known,
        checks=tuple(
            replace(each, expression=canonical(each.expression, known.columns)) for each in known.checks
        ),
        indexes=tuple(
            replace(
                each,
                parts=tuple(replace(part, sql=canonical(part.sql, known.columns)) for part in each.parts),
                where=None if each.where is None else canonical(each.where, known.columns),
            )
            for each in known.indexes
        ),
    )
