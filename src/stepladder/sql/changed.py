"""The tables that a write changes, and the parts of its statement that would see it.

Every part of one of PostgreSQL's statements sees the rows as they were before the statement. SQLite runs a write in
WITH before what follows it, and RETURNING and ON CONFLICT while or after rows are written.
"""

from __future__ import annotations

from collections.abc import Iterator

from stepladder.errors import NotPortable
from stepladder.sql.definition import shown_name
from stepladder.sql.infer.context import Schema, refuse
from stepladder.sql.infer.tree import (
    Cte,
    CteSource,
    Delete,
    Expression,
    Insert,
    Merge,
    Query,
    TableSource,
    Update,
    Write,
    walk,
)
from stepladder.sql.names import TableName

_ACTIONS = ("CASCADE", "SET NULL", "SET DEFAULT")


def changed(schema: Schema, write: Write) -> dict[str, TableName]:
    """The tables that a write changes, and the views that show it, by their stored names.

    A foreign key's action changes a table too; which of its columns is not asked.
    """
    target = write.target.table
    found = {target.stored_name: target}
    columns = _assigned(write)
    keys = [
        (table, key)
        for table, key in schema.dependents(target).foreign_keys
        if (_deletes(write) and key.on_delete in _ACTIONS)
        or (key.on_update in _ACTIONS and columns & set(key.referenced))
    ]
    for table, _ in keys:
        _with_actions(schema, table, found)
    for table in list(found.values()):
        _with_views(schema, table, found)
    return found


def _deletes(write: Write) -> bool:
    if isinstance(write, Merge):
        return any(action.command == "DELETE" for action in write.actions)
    return isinstance(write, Delete)


def _assigned(write: Write) -> frozenset[str]:
    if isinstance(write, Merge):
        updates = (each for each in write.actions if each.command == "UPDATE")
        return frozenset(name for each in updates for name, _ in each.assignments)
    if isinstance(write, Update):
        return frozenset(name for name, _ in write.assignments)
    if isinstance(write, Insert) and write.conflict is not None:
        return frozenset(name for name, _ in write.conflict.assignments)
    if isinstance(write, Merge):
        updates = (action for action in write.actions if action.command == "UPDATE")
        return frozenset(name for action in updates for name, _ in action.assignments)
    return frozenset()


def _with_actions(schema: Schema, table: TableName, found: dict[str, TableName]) -> None:
    if table.stored_name in found:
        return
    found[table.stored_name] = table
    for other, key in schema.dependents(table).foreign_keys:
        if key.on_delete in _ACTIONS or key.on_update in _ACTIONS:
            _with_actions(schema, other, found)


def _with_views(schema: Schema, table: TableName, found: dict[str, TableName]) -> None:
    for view, _ in schema.dependents(table).views:
        if view.stored_name not in found:
            found[view.stored_name] = view
            _with_views(schema, view, found)


def refuse_reading(part: object, tables: dict[str, TableName], write: Write, where: str) -> None:
    """Raise NotPortable where `part` reads one of `tables`, which `write` changes."""
    for node in walk(part):
        if isinstance(node, TableSource) and node.table.stored_name in tables:
            place = next((each.position for each in walk(part) if isinstance(each, Expression)), None)
            raise _seen(node, write, where, place)


def _seen(node: TableSource, write: Write, where: str, place: int | None) -> NotPortable:
    target, read = shown_name(write.target.table).sql, shown_name(node.table).sql
    also = "" if read == target else f", which changes with {target},"
    return refuse(
        f"reading {read}{also} in {where}",
        place,
        why="each part of a statement sees the rows as they were before it; on SQLite this part would see them changed",
        instead="read it by a statement of its own before the write, in the same transaction",
    )


def refuse_late_reading(schema: Schema, write: Write) -> None:
    """Raise NotPortable where RETURNING, or ON CONFLICT's part, reads what the write changes."""
    late: list[tuple[str, object]] = [("RETURNING", target.value) for target in write.returning]
    if isinstance(write, Insert) and write.conflict is not None:
        late += [("DO UPDATE", value) for _, value in write.conflict.assignments]
        late += [("DO UPDATE", write.conflict.where)] if write.conflict.where is not None else []
    reading = [(where, part) for where, part in late if any(_queries(part))]
    if not reading:
        return
    tables = changed(schema, write)
    for where, part in reading:
        refuse_reading(part, tables, write, where)
        for cte in _used(part, write.with_):
            refuse_reading(cte, tables, write, where)


def _queries(part: object) -> Iterator[bool]:
    return (True for node in walk(part) if isinstance(node, Query))


def _used(part: object, ctes: tuple[Cte, ...]) -> Iterator[Cte]:
    """The queries of WITH that a part reads, and that they read."""
    used = {node.cte for node in walk(part) if isinstance(node, CteSource)}
    for cte in reversed(ctes):
        if cte.id in used:
            used |= {node.cte for node in walk(cte) if isinstance(node, CteSource)}
            yield cte
