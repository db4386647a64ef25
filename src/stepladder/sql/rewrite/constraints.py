"""The definition of a table that is being made: constraints named as PostgreSQL names them, references resolved."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from stepladder.errors import DatabaseError, DuplicateTable
from stepladder.sql.definition import Check, Definition, ForeignKey, Key, joined, object_name, shown_name
from stepladder.sql.expression_text import show
from stepladder.sql.infer.catalog import catalog
from stepladder.sql.infer.context import Analysis, refuse, wrong
from stepladder.sql.infer.tree import Expression, Reference, walk
from stepladder.sql.infer.types import catalog_name
from stepladder.sql.names import TableName, parse_name
from stepladder.sql.rewrite.columns import TableText
from stepladder.sql.rewrite.tables import fault
from stepladder.sql.types import Column, Type


def definition(analysis: Analysis, text: TableText) -> Definition:
    """All that CREATE TABLE (or ADD COLUMN) says. Raises DuplicateTable, UndefinedTable, ProgrammingError."""
    names = ConstraintNames(analysis, text.table)
    own = [*([text.primary] if text.primary else []), *(each.columns for each in text.unique)]
    checks = tuple(Check(names.check(name, node), show(node)) for name, node in text.checks)
    primary, unique = _without_twins(text)
    return Definition(
        columns=text.definitions(),
        primary_key=None if primary is None else names.key(primary, None, "pkey"),
        unique=tuple(names.key(key, joined(key.columns), "key") for key in unique),
        foreign_keys=tuple(
            replace(
                resolved(analysis, text.table, text.definitions(), own, key, place),
                name=names.of(key.name, joined(key.columns), "fkey"),
            )
            for key, place in text.foreign
        ),
        checks=checks,
    ).in_order()


class ConstraintNames:
    """The names of one table's constraints; `own` are those that it has."""

    def __init__(self, analysis: Analysis, table: TableName, own: Iterable[str] = ()) -> None:
        self._table = table
        self._own = set(own)
        self._taken: Callable[[TableName], bool] = analysis.schema.taken

    def of(self, given: str, middle: str | None, label: str) -> str:
        """The given name, or one by PostgreSQL's rule."""
        name = given or object_name(self._table.name, middle, label, self._is_taken)
        if name in self._own:
            message = f'constraint "{name}" for relation "{self._table.name}" already exists'
            raise wrong(DuplicateTable, message, None, sqlstate="42710")
        self._own.add(name)
        return name

    def check(self, given: str, node: Expression) -> str:
        """A check is named after its column, where it is about one only."""
        columns = {each.name for each in walk(node) if isinstance(each, Reference)}
        return self.of(given, columns.pop() if len(columns) == 1 else None, "check")

    def key(self, key: Key, middle: str | None, label: str) -> Key:
        """A key with its name."""
        return replace(key, name=self.of(key.name, middle, label))

    def _is_taken(self, name: str) -> bool:
        return name in self._own or name == self._table.name or self._taken(replace(self._table, name=name))


def _without_twins(text: TableText) -> tuple[Key | None, list[Key]]:
    """PostgreSQL makes one index of keys over the same columns; the first one gets the other's name if it has none."""
    primary = [Key(text.primary_name, text.primary)] if text.primary else []
    kept: list[Key] = []
    for key in (*primary, *text.unique):
        place = next((place for place, each in enumerate(kept) if each.columns == key.columns), None)
        if place is None:
            kept.append(key)
        elif not kept[place].name:
            kept[place] = replace(kept[place], name=key.name)
    return (kept[0], kept[1:]) if primary else (None, kept)


def resolved(
    analysis: Analysis,
    table: TableName,
    columns: Sequence[Column],
    own: Sequence[tuple[str, ...]],
    key: ForeignKey,
    place: int | None,
) -> ForeignKey:
    """A foreign key with the columns that it refers to: the primary key's where none are named. `columns` and `own` are
    the table's own columns and keys."""
    target = parse_name(key.table)
    itself = target == shown_name(table)
    theirs = columns if itself else analysis.schema.columns(target)
    if theirs is None:
        raise fault("42P01", f'relation "{key.table}" does not exist', place)
    if not itself and analysis.schema.kind(target) == "view":
        raise fault("42809", f'referenced relation "{target.name}" is not a table', place)
    keys = [*(own if itself else []), *map(tuple, analysis.schema.keys(target))]
    referenced = key.referenced or (keys[0] if keys else ())
    there = {column.name: column.type for column in theirs}
    for name in referenced:
        if name not in there:
            message = f'column "{name}" referenced in foreign key constraint does not exist'
            raise fault("42703", message, place)
    if len(referenced) != len(key.columns):
        message = "number of referencing and referenced columns for foreign key disagree"
        raise fault("42830", message, place)
    if all(set(each) != set(referenced) for each in keys):
        message = f'there is no unique constraint matching given keys for referenced table "{target.name}"'
        raise fault("42830", message, place)
    types = {column.name: column.type for column in columns}
    for name, other in zip(key.columns, referenced, strict=True):
        _refuse_unlike(types[name], there[other], (name, other), place)
    return replace(key, referenced=referenced)


def _refuse_unlike(one: Type, other: Type, names: tuple[str, str], place: int | None) -> None:
    """Raise for types that have no =, or whose values SQLite does not store in one form."""
    whole, texts = {"int2", "int4", "int8"}, {"text", "varchar"}
    if one.bare == other.bare or any({one.name, other.name} <= kinds for kinds in (whole, texts)):
        return
    try:
        catalog().operator("=", (catalog_name(other), catalog_name(one)))
    except DatabaseError as error:
        message = f'foreign key constraint cannot be implemented: columns "{names[0]}" and "{names[1]}" are of incompatible types'
        raise fault("42804", f"{message}: {one} and {other}", place) from error
    raise refuse(f"a foreign key from {one} to {other}", place, instead="give both columns one type")
