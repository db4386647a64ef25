"""UNION, INTERSECT and EXCEPT, with ALL too; the union that is a query of WITH RECURSIVE."""
# ruff: noqa: S608 - printing SQL is what this module does; names are quoted, values are parameters or literals

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from stepladder.sql.infer.tree import Expression, Query, RecursiveUnion, SetOperation
from stepladder.sql.rewrite.printer import Printer
from stepladder.sql.types import Column


def numbered(names: int) -> str:
    """The names of so many output columns."""
    return ", ".join(f"c{place}" for place in range(1, names + 1))


def set_operation(printer: Printer, query: SetOperation) -> str:
    """The operation without ORDER BY and limits."""
    every = query.all and query.word != "UNION"
    sides = [
        _side(printer, query, query.left, query.left_id, query.casts_left, every=every),
        _side(printer, query, query.right, query.right_id, query.casts_right, every=every),
    ]
    if not every:
        return f" {'UNION ALL' if query.all else query.word} ".join(sides)
    # SQLite has no ALL here: equal rows are numbered, which makes them different.
    return f"SELECT {numbered(len(query.columns))} FROM ({f' {query.word} '.join(sides)})"


def _side(
    printer: Printer,
    query: SetOperation,
    branch: Query,
    source: int,
    casts: Sequence[Expression],
    *,
    every: bool,
) -> str:
    printer.references[source] = lambda node: f"t{source}.c{node.place + 1}"
    values = [
        _side_value(printer, query, branch, value, column)
        for value, column in zip(casts, query.columns, strict=True)
    ]
    columns = [f"{value} AS c{place}" for place, value in enumerate(values, 1)]
    if every:
        columns.append(f"row_number() OVER (PARTITION BY {', '.join(values)}) AS n")
    return f"SELECT {', '.join(columns)} FROM ({printer.query(branch)}) AS t{source}"


def _side_value(
    printer: Printer, query: SetOperation, branch: Query, value: Expression, column: Column
) -> str:
    if query.word == "UNION" and query.all:
        return printer.expression(value)
    if query.word == "EXCEPT":  # shows the left side only
        return printer.distinct_key(value) if branch is query.left else printer.key(value)
    return compared(printer, value, column)


def compared(printer: Printer, value: Expression, column: Column) -> str:
    """A branch's value where the branches are compared."""
    return (
        printer.distinct_key(replace(value, type=column.type))
        if column.type.name in ("numeric", "jsonb")
        else printer.key(value)
    )


def recursive_union(printer: Printer, query: RecursiveUnion) -> str:
    """SQLite wants the recursive term as a plain SELECT; it takes rows one by one, which is the same without windows."""
    source = query.first_id
    printer.references[source] = lambda node: f"t{source}.c{node.place + 1}"
    columns = ", ".join(
        f"{printer.expression(value) if query.all else compared(printer, value, column)} AS c{place}"
        for place, (value, column) in enumerate(zip(query.casts, query.columns, strict=True), 1)
    )
    first = f"SELECT {columns} FROM ({printer.query(query.first)}) AS t{source}"
    return f"{first} UNION {'ALL ' if query.all else ''}{printer.query(query.again)}"
