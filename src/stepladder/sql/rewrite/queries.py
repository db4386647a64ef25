"""Queries as SQLite's text. Output columns are called c1, c2, …: the user's names may repeat, or differ by case only."""
# ruff: noqa: S608 - printing SQL is what this module does; names are quoted, values are parameters or literals

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from stepladder.sql.infer.context import refuse
from stepladder.sql.infer.set_returning import numbers
from stepladder.sql.infer.tree import (
    Aggregate,
    Constant,
    Cte,
    CteSource,
    Expression,
    FunctionSource,
    Join,
    Order,
    Parameter,
    Query,
    QuerySource,
    Reference,
    Select,
    SetOperation,
    Source,
    TableSource,
    Values,
    WindowCall,
    walk,
)
from stepladder.sql.names import TableName, quote
from stepladder.sql.rewrite.comparisons import collation
from stepladder.sql.rewrite.printer import Printer
from stepladder.sql.rewrite.rows import print_rows, row_reference
from stepladder.sql.storage import is_native_numeric
from stepladder.sql.types import Column


def print_query(printer: Printer, query: Query) -> str:
    """A query's text, WITH and ORDER BY included."""
    head = print_with(printer, query.with_)
    if isinstance(query, Select):
        return head + (_distinct_on(printer, query) if query.distinct_on else _select(printer, query))
    if isinstance(query, SetOperation):
        return head + _set_operation(printer, query)
    if isinstance(query, Values):
        return head + _values(printer, query)
    raise AssertionError(f"no text for {type(query).__name__}")


def print_with(printer: Printer, ctes: Sequence[Cte]) -> str:
    """WITH and its queries; nothing where there are none."""
    parts = []
    for cte in ctes:
        word = {True: "MATERIALIZED ", False: "NOT MATERIALIZED ", None: ""}[cte.materialized]
        parts.append(f"w{cte.id}({_names(len(cte.query.columns))}) AS {word}({printer.query(cte.query)})")
    return f"WITH {', '.join(parts)} " if parts else ""


def _names(count: int) -> str:
    return ", ".join(f"c{place}" for place in range(1, count + 1))


# -- FROM
def stored_column(alias: str, column: Column) -> str:
    """A table's column in the form that expressions have."""
    name = f"{alias}.{quote(column.name)}" if alias else quote(column.name)
    if is_native_numeric(column.type):
        return f"pg_numeric_stored({name}, {column.type.scale or 0})"
    return name


def put_in_sight(printer: Printer, source: Source) -> None:
    """Tell the printer how references to a source's columns are spelled."""
    if isinstance(source, Join):
        put_in_sight(printer, source.left)
        put_in_sight(printer, source.right)
    elif isinstance(source, TableSource):
        columns = source.columns
        printer.stored[source.id] = lambda node: f"t{node.source}.{quote(columns[node.place].name)}"
        printer.references[source.id] = lambda node: stored_column(f"t{node.source}", columns[node.place])
    elif isinstance(source, FunctionSource):
        printer.references[source.id] = row_reference(source)
    elif isinstance(source, QuerySource | CteSource):
        printer.references[source.id] = _numbered


def _numbered(node: Reference) -> str:
    return f"t{node.source}.c{node.place + 1}"


def print_source(printer: Printer, source: Source) -> str:
    """One source of FROM."""
    if isinstance(source, TableSource):
        return f"{sqlite_name(source.table)} AS t{source.id}"
    if isinstance(source, CteSource):
        return f"w{source.cte} AS t{source.id}"
    if isinstance(source, QuerySource):
        return f"({printer.query(source.query)}) AS t{source.id}"
    if isinstance(source, FunctionSource):
        return print_rows(printer.expression, source)
    if isinstance(source, Join):
        right = print_source(printer, source.right)
        right = _apart(source.right, right) if isinstance(source.right, Join) else right
        left = print_source(printer, source.left)
        if source.on is None:
            return f"{left} CROSS JOIN {right}"
        return f"{left} {source.kind} JOIN {right} ON {printer.expression(source.on)}"
    raise AssertionError(f"no text for {type(source).__name__}")


def sqlite_name(table: TableName) -> str:
    """A table's quoted name."""
    return table.sqlite


def from_clause(printer: Printer, sources: Sequence[Source]) -> str:
    """FROM, with the sources put in sight; a comma is CROSS JOIN, which keeps ON conditions apart."""
    for source in sources:
        put_in_sight(printer, source)
    texts = [print_source(printer, source) for source in sources]
    texts[1:] = [
        _apart(source, text) if _needs_parentheses(source) else text
        for source, text in zip(sources[1:], texts[1:], strict=True)
    ]
    return f" FROM {' CROSS JOIN '.join(texts)}" if texts else ""


def _needs_parentheses(source: Source) -> bool:
    """Whether a source behind a CROSS JOIN means something else without parentheses."""
    if not isinstance(source, Join):
        return False
    return source.kind in ("RIGHT", "FULL") or _needs_parentheses(source.left)


def _apart(source: Source, text: str) -> str:
    """A join in parentheses: SQLite lets nothing in there see what stands outside."""
    inside = set(numbers(source))
    for each in walk(source):
        if isinstance(each, FunctionSource) and each.lateral and not each.lateral <= inside:
            raise refuse(
                "a function in a nested join that uses columns from outside it",
                each.functions[0].call.position,
                instead="write the joins one behind the other",
            )
    return f"({text})"


# -- SELECT
def _select(printer: Printer, query: Select) -> str:
    tail = from_clause(printer, query.sources)
    if query.where is not None:
        tail += f" WHERE {printer.expression(query.where)}"
    if query.group:
        tail += " GROUP BY " + ", ".join(_group_key(printer, key) for key in query.group)
    if query.having is not None:
        if not query.group and not _aggregates_below(query):
            raise refuse("HAVING without GROUP BY and aggregates", query.having.position)
        tail += f" HAVING {printer.expression(query.having)}"
    columns = ", ".join(_targets(printer, query))
    return f"SELECT {'DISTINCT ' if query.distinct else ''}{columns}{tail}{_tail(printer, query)}"


def _aggregates_below(query: Select) -> bool:
    values: list[object] = [target.value for target in query.targets]
    return any(
        isinstance(node, Aggregate) for value in [*values, query.having] if value for node in walk(value)
    )


def _group_key(printer: Printer, key: Expression) -> str:
    # SQLite reads a number here as a position.
    return (
        f"({printer.expression(key)} || '')"
        if isinstance(key, Constant | Parameter)
        else printer.distinct_key(key)
    )


def _targets(printer: Printer, query: Select) -> list[str]:
    if not query.targets:
        raise refuse("SELECT without columns", None)
    found = []
    for place, target in enumerate(query.targets, 1):
        compared = query.distinct and not query.distinct_on
        if query is printer.result and not query.distinct:
            text = _result_value(printer, target.value)
        else:
            text = printer.distinct_key(target.value) if compared else printer.expression(target.value)
        found.append(f"{text} AS c{place}")
    return found


def _result_value(printer: Printer, value: Expression) -> str:
    """A value of the result: a table's column as it is stored, for what reads the result knows that form too."""
    if isinstance(value, Reference) and value.source in printer.stored:
        return printer.stored[value.source](value)
    return printer.expression(value)


def _tail(printer: Printer, query: Query, order: Sequence[Order] | None = None) -> str:
    keys = query.order if order is None else order
    text = f" ORDER BY {printer.order(keys)}" if keys else ""
    if query.limit is not None or query.offset is not None:
        text += f" LIMIT {_count(printer, query.limit, 'LIMIT')}"
    if query.offset is not None:
        text += f" OFFSET {_count(printer, query.offset, 'OFFSET')}"
    return text


def _count(printer: Printer, node: Expression | None, word: str) -> str:
    """LIMIT's or OFFSET's number; a negative one is an error, NULL is none."""
    if node is None:
        return "-1"
    plain = isinstance(node, Constant) and node.value is not None and node.value >= 0
    return printer.expression(node) if plain else f"pg_limit({printer.expression(node)}, '{word}')"


def _distinct_on(printer: Printer, query: Select) -> str:
    """The first row of each key by row_number(); the order and the limits go outside."""
    if query.grouped or any(_has_window(target.value) for target in query.targets):
        raise refuse("DISTINCT ON with aggregates or windows", query.distinct_on[0].position)
    tail = from_clause(printer, query.sources)
    where = f" WHERE {printer.expression(query.where)}" if query.where is not None else ""
    keys = ", ".join(map(printer.key, query.distinct_on))
    order = f" ORDER BY {printer.order(query.order)}" if query.order else ""
    columns = [*_targets(printer, query), f"row_number() OVER (PARTITION BY {keys}{order}) AS place"]
    columns += [f"{printer.expression(each.key)} AS k{place}" for place, each in enumerate(query.order, 1)]
    inner = f"SELECT {', '.join(columns)}{tail}{where}"
    sort = ", ".join(
        f"k{place}{collation(each.key.type)} {'DESC' if each.descending else 'ASC'} "
        f"NULLS {'FIRST' if each.nulls_first else 'LAST'}"
        for place, each in enumerate(query.order, 1)
    )
    outer = f" ORDER BY {sort}" if sort else ""
    return f"SELECT {_names(len(query.targets))} FROM ({inner}) WHERE place = 1{outer}{_tail(printer, query, ())}"


def _has_window(node: Expression) -> bool:
    return any(isinstance(each, WindowCall) for each in walk(node))


# -- set operations and VALUES
def _set_operation(printer: Printer, query: SetOperation) -> str:
    if query.all and query.word != "UNION":
        raise refuse(f"{query.word} ALL", None, why="SQLite has none")
    sides = []
    for branch, source, casts in (
        (query.left, query.left_id, query.casts_left),
        (query.right, query.right_id, query.casts_right),
    ):
        printer.references[source] = _numbered
        columns = ", ".join(
            f"{printer.expression(value) if query.all else _compared(printer, value, column)} AS c{place}"
            for place, (value, column) in enumerate(zip(casts, query.columns, strict=True), 1)
        )
        sides.append(f"SELECT {columns} FROM ({printer.query(branch)}) AS t{source}")
    word = "UNION ALL" if query.all else query.word
    return _outside(printer, query, f" {word} ".join(sides), query.id)


def _compared(printer: Printer, value: Expression, column: Column) -> str:
    """A branch's value where the branches are compared."""
    return (
        printer.distinct_key(replace(value, type=column.type))
        if column.type.name == "numeric"
        else printer.key(value)
    )


def _outside(printer: Printer, query: Query, text: str, source: int) -> str:
    """ORDER BY and limits over a text whose columns are c1, c2, …"""
    if not query.order and query.limit is None and query.offset is None:
        return text
    printer.references[source] = _numbered
    names = ", ".join(f"t{source}.c{place}" for place in range(1, len(query.columns) + 1))
    return f"SELECT {names} FROM ({text}) AS t{source}{_tail(printer, query)}"


def _values(printer: Printer, query: Values) -> str:
    rows = ", ".join(f"({printer.list(row)})" for row in query.rows)
    # SQLite calls VALUES' columns column1, column2, …
    names = ", ".join(f"column{place} AS c{place}" for place in range(1, len(query.columns) + 1))
    return _outside(printer, query, f"SELECT {names} FROM (VALUES {rows})", query.id)
