"""INSERT, UPDATE, DELETE as SQLite's text."""
# ruff: noqa: S608 - printing SQL is what this module does; names are quoted, values are parameters or literals

from __future__ import annotations

from collections.abc import Sequence

from stepladder.sql.functions.numbers import nan_is_not_kept
from stepladder.sql.infer.context import refuse
from stepladder.sql.infer.returning import uses_row_inside
from stepladder.sql.infer.tree import (
    Cast,
    Conflict,
    Constant,
    Delete,
    Expression,
    Insert,
    Query,
    Reference,
    Source,
    TableSource,
    Update,
    Values,
    Write,
    leaves,
    walk,
)
from stepladder.sql.names import quote
from stepladder.sql.rewrite.comparisons import collation
from stepladder.sql.rewrite.lost_tests import with_tests_in_where
from stepladder.sql.rewrite.printer import Printer
from stepladder.sql.rewrite.queries import (
    from_clause,
    print_with,
    put_in_sight,
    sqlite_name,
    stored_column,
)
from stepladder.sql.storage import declared, is_native_numeric
from stepladder.sql.types import Column, Type


def print_write(printer: Printer, write: Write) -> str:
    """A write's text."""
    head = print_with(printer, write.with_)
    if isinstance(write, Insert):
        return head + _insert(printer, write)
    if isinstance(write, Update):
        return head + _update(printer, write)
    assert isinstance(write, Delete)
    return head + _delete(printer, write)


def stored(printer: Printer, node: Expression, type_: Type) -> str:
    """A value in the form that its column stores."""
    text = printer.expression(node)
    if not is_native_numeric(type_):
        return text
    plain = node
    while isinstance(plain, Cast):
        plain = plain.argument
    if isinstance(plain, Constant) and plain.value == "NaN":
        raise nan_is_not_kept(type_.precision or 0, type_.scale or 0, plain.position)
    return as_number(text, type_)


def as_number(text: str, type_: Type) -> str:
    """The text of a numeric(p,s) as the number that a column holds."""
    return f"CAST(pg_kept_numeric({text}, {type_.precision}, {type_.scale or 0}) AS NUMERIC)"


def _returning(printer: Printer, write: Write, sources: Sequence[Source] = ()) -> str:
    """RETURNING sees the bare names of the table's columns only.

    Whether such a column is NULL SQLite (3.40) takes from the constraint of another one: a bare `IS NULL` may be false for
    NULL. Behind COLLATE it looks at the value. Nor does it know a text column for one: '42' would equal '042'.
    """
    if not write.returning:
        return ""
    target = write.target
    columns = target.columns
    printer.stored[target.id] = lambda node: quote(columns[node.place].name)
    printer.references[target.id] = lambda node: _returned(columns[node.place])
    beside = {leaf.id for source in sources for leaf in leaves(source)}
    for each in write.returning:
        for node in walk(each.value):
            if isinstance(node, Reference) and node.source == write.old_id:
                raise refuse("RETURNING old", each.value.position, instead=_ALONE)
            if isinstance(node, Reference) and node.source in beside:
                raise refuse("RETURNING of another table's column", each.value.position, instead=_ALONE)
    if uses_row_inside(write):
        place = write.returning[0].value.position
        raise refuse("a subquery of RETURNING that reads the row, or a query of WITH", place, instead=_ALONE)
    texts = [f"{printer.expression(each.value)} AS c{place}" for place, each in enumerate(write.returning, 1)]
    return f" RETURNING {', '.join(texts)}"


_ALONE = "read it by a query of its own, in the same transaction"


def _returned(column: Column) -> str:
    text = stored_column("", column)
    if is_native_numeric(column.type):
        return text
    if declared(column.type) == "TEXT":
        text = f"CAST({text} AS TEXT)"
    return f"({text} COLLATE BINARY)"


# -- INSERT
def _insert(printer: Printer, write: Insert) -> str:
    text = f"INSERT INTO {sqlite_name(write.target.table)} AS t{write.target.id}"
    if write.query is None:
        text += " DEFAULT VALUES"
    else:
        text += f" ({', '.join(map(quote, write.columns))}) {_rows(printer, write)}"
    return text + _conflict(printer, write) + _returning(printer, write)


def _rows(printer: Printer, write: Insert) -> str:
    """The rows as a SELECT: `WHERE true` keeps ON CONFLICT from being read as a join's ON."""
    assert write.query is not None
    types = {column.name: column.type for column in write.target.columns}
    conflict = write.conflict
    guarded = (
        conflict is not None and bool(conflict.assignments) and bool(set(conflict.key) & set(write.columns))
    )
    query = write.query
    if isinstance(query, Values) and _is_all(query) and (not guarded or len(query.rows) == 1):
        rows = [
            f"({', '.join(stored(printer, node, types[name]) for node, name in zip(row, write.columns, strict=True))})"
            for row in query.rows
        ]
        return f"VALUES {', '.join(rows)}"
    printer.references[write.query_id] = lambda node: f"s.c{node.place + 1}"
    values = [
        stored(printer, value, types[name]) for value, name in zip(write.values, write.columns, strict=True)
    ]
    source = printer.query(write.query)
    if not guarded:
        return f"SELECT {', '.join(values)} FROM ({source}) AS s WHERE true"
    return _guarded(write, values, source)


def _is_all(query: Values) -> bool:
    """Whether nothing stands beside VALUES that orders or limits its rows, or gives them names."""
    return not (query.order or query.with_) and query.limit is None and query.offset is None


def _guarded(write: Insert, values: Sequence[str], source: str) -> str:
    """Rows whose key comes twice are an error in PostgreSQL; SQLite would update one row twice."""
    conflict = write.conflict
    assert conflict is not None
    # With a WHERE the first of them may have changed nothing, and PostgreSQL then takes the second.
    once = "pg_only_once" if conflict.where is None else "pg_only_once_where"
    names = [f"v{place}" for place in range(1, len(values) + 1)]
    inner = ", ".join(f"{value} AS {name}" for value, name in zip(values, names, strict=True))
    keys = [names[write.columns.index(name)] for name in conflict.key if name in write.columns]
    present = " AND ".join(f"{key} IS NOT NULL" for key in keys)
    rows = f"CASE WHEN {present} THEN count(*) OVER (PARTITION BY {', '.join(keys)}) ELSE 1 END"
    checked = [f"{once}({rows}, {names[0]})", *names[1:]]
    return f"SELECT {', '.join(checked)} FROM (SELECT {inner} FROM ({source}) AS s) WHERE true"


def _conflict(printer: Printer, write: Insert) -> str:
    conflict = write.conflict
    if conflict is None:
        return ""
    put_in_sight(printer, write.target)
    columns = write.target.columns
    printer.references[conflict.excluded] = lambda node: stored_column("excluded", columns[node.place])
    key = _conflict_key(printer, write, conflict)
    if not conflict.assignments:
        return f" ON CONFLICT{key} DO NOTHING"
    where = f" WHERE {printer.expression(conflict.where)}" if conflict.where is not None else ""
    sets = _sets(printer, conflict.assignments, write.target)
    return f" ON CONFLICT{key} DO UPDATE SET {sets}{where}"


def _conflict_key(printer: Printer, write: Insert, conflict: Conflict) -> str:
    """The key, spelled as the index is: SQLite compares the words."""
    if not conflict.parts:
        return f" ({', '.join(map(quote, conflict.key))})" if conflict.key else ""
    if conflict.assignments and not (isinstance(write.query, Values) and len(write.query.rows) == 1):
        raise refuse(
            "ON CONFLICT DO UPDATE of several rows over an index on expressions or of some rows only",
            conflict.parts[0].position,
            why="a key that comes twice is an error in PostgreSQL; SQLite would update one row twice",
            instead="insert the rows one by one, or name a key of columns",
        )
    columns = write.target.columns
    printer.stored[conflict.row] = lambda node: quote(columns[node.place].name)
    printer.references[conflict.row] = lambda node: stored_column("", columns[node.place])
    parts = ", ".join(index_key(printer, part) for part in conflict.parts)
    where = "" if conflict.predicate is None else f" WHERE {printer.expression(conflict.predicate)}"
    return f" ({parts}){where}"


def index_key(printer: Printer, node: Expression) -> str:
    """What an index is over. SQLite uses one for a column only when it names the bare column."""
    if isinstance(node, Reference):
        return quote(node.name)
    return f"({printer.expression(node)}){collation(node.type)}"


def _sets(printer: Printer, assignments: Sequence[tuple[str, Expression]], target: TableSource) -> str:
    types = {column.name: column.type for column in target.columns}
    return ", ".join(f"{quote(name)} = {stored(printer, value, types[name])}" for name, value in assignments)


# -- UPDATE, DELETE
def _update(printer: Printer, write: Update) -> str:
    write = with_tests_in_where(write)
    put_in_sight(printer, write.target)
    if not write.sources:
        printer.alone.add(write.target.id)
    sources = from_clause(printer, write.sources)
    if not sources and any(isinstance(node, Query) for _, value in write.assignments for node in walk(value)):
        # Its new values are then found for all rows before the first is written: a subquery may read this table.
        sources = " FROM (SELECT 1)"
    sets = _sets(printer, write.assignments, write.target)
    where = f" WHERE {printer.expression(write.where)}" if write.where is not None else ""
    text = f"UPDATE {sqlite_name(write.target.table)} AS t{write.target.id} SET {sets}{sources}{where}"
    return text + _returning(printer, write, write.sources)


def _delete(printer: Printer, write: Delete) -> str:
    write = with_tests_in_where(write)
    put_in_sight(printer, write.target)
    if not write.sources:
        printer.alone.add(write.target.id)
    name = f"t{write.target.id}"
    text = f"DELETE FROM {sqlite_name(write.target.table)} AS {name}"
    if write.sources:
        # SQLite has no USING: the row is deleted where the join has a partner.
        sources = from_clause(printer, write.sources)
        where = f" WHERE {printer.expression(write.where)}" if write.where is not None else ""
        text += f" WHERE EXISTS (SELECT 1{sources}{where})"
    elif write.where is not None:
        text += f" WHERE {printer.expression(write.where)}"
    return text + _returning(printer, write, write.sources)
