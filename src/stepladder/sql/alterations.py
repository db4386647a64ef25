"""What ALTER TABLE, CREATE INDEX and COMMENT ON make of a table's definition. Pure."""

from __future__ import annotations

from dataclasses import replace

from stepladder.sql.canonical_text import canonical, canonical_generated
from stepladder.sql.definition import Definition, ForeignKey, Index, Key, TableColumn, as_part, shown_name
from stepladder.sql.effects import (
    ColumnRenamed,
    Commented,
    Created,
    Effect,
    IndexDropped,
    Indexed,
    Renamed,
)


def altered(table: Definition, effect: Effect) -> Definition:
    """The definition of the table that the statement was about, after it."""
    match effect:
        case Created():
            return effect.definition
        case Renamed():
            return replace(table, indexes=tuple(_index_moved(each, effect) for each in table.indexes))
        case ColumnRenamed():
            return _with_column_renamed(table, effect.column, effect.new)
        case Indexed():
            return replace(table, indexes=(*table.indexes, effect.index)).in_order()
        case IndexDropped():
            kept = (index for index in table.indexes if index.name != effect.index.name)
            return replace(table, indexes=tuple(kept))
        case Commented():
            return _commented(table, effect.column, effect.comment)
        case _:
            return table


def repointed(table: Definition, effect: Effect) -> Definition:
    """The definition of a table whose foreign keys may refer to the one that the statement was about."""
    if isinstance(effect, Renamed | ColumnRenamed):
        table = _without_stale_query(table, effect)
    if isinstance(effect, Renamed):
        return _references(table, shown_name(effect.table).sql, to=shown_name(effect.new).sql)
    if isinstance(effect, ColumnRenamed):
        return _references(table, shown_name(effect.table).sql, column=(effect.column, effect.new))
    return table


def _without_stale_query(view: Definition, effect: Renamed | ColumnRenamed) -> Definition:
    """SQLite writes new names into its own text of a view only."""
    old = effect.table.name if isinstance(effect, Renamed) else effect.column
    stale = view.query is not None and old.lower() in view.query.lower()
    return replace(view, query=None) if stale else view


def _commented(table: Definition, column: str | None, comment: str | None) -> Definition:
    """The table with another comment, its own or a column's."""
    if column is None:
        return replace(table, comment=comment)
    return replace(
        table,
        columns=tuple(
            replace(each, comment=comment) if each.name == column else each for each in table.columns
        ),
    )


def _with_column_renamed(table: Definition, old: str, new: str) -> Definition:
    """The table with a column called otherwise, in its keys and expressions too. Constraints keep their names."""
    change = {old: new}

    def key(each: Key) -> Key:
        return replace(each, columns=_renamed(each.columns, old, new))

    def column(each: TableColumn) -> TableColumn:
        name = change.get(each.name, each.name)
        if each.generated is None:
            return replace(each, name=name)
        generated = canonical_generated(each.generated, each, table.columns, renamed=change)
        return replace(each, name=name, generated=generated)

    def expression(text: str) -> str:
        return canonical(text, table.columns, renamed=change)

    return replace(
        table,
        columns=tuple(map(column, table.columns)),
        primary_key=key(table.primary_key) if table.primary_key else None,
        unique=tuple(map(key, table.unique)),
        foreign_keys=tuple(
            replace(each, columns=_renamed(each.columns, old, new)) for each in table.foreign_keys
        ),
        checks=tuple(replace(each, expression=expression(each.expression)) for each in table.checks),
        indexes=tuple(_index_renamed(each, table, old, new) for each in table.indexes),
    )


def _index_renamed(index: Index, table: Definition, old: str, new: str) -> Index:
    def part(text: str) -> str:
        return as_part(new) if text == as_part(old) else canonical(text, table.columns, renamed={old: new})

    return replace(
        index,
        parts=tuple(replace(each, sql=part(each.sql)) for each in index.parts),
        where=None if index.where is None else part(index.where),
    )


def _index_moved(index: Index, effect: Renamed) -> Index:
    """The index of a table that has another name: its words say the table's."""
    old, new = (replace(each, schema=each.schema or "public").sql for each in (effect.table, effect.new))
    return (
        index
        if index.other is None
        else replace(index, other=index.other.replace(f" ON {old} ", f" ON {new} "))
    )


def _renamed(columns: tuple[str, ...], old: str, new: str) -> tuple[str, ...]:
    return tuple(new if column == old else column for column in columns)


def _references(
    table: Definition, target: str, *, to: str | None = None, column: tuple[str, str] | None = None
) -> Definition:
    """The table after `target`, which its foreign keys may refer to, was renamed; or one of that table's columns."""

    def key(each: ForeignKey) -> ForeignKey:
        if each.table != target:
            return each
        referenced = each.referenced if column is None else _renamed(each.referenced, *column)
        return replace(each, table=to or target, referenced=referenced)

    return replace(table, foreign_keys=tuple(map(key, table.foreign_keys)))
