"""Queries as SQLite's text. Output columns are called c1, c2, …: the user's names may repeat, or differ by case only."""
# ruff: noqa: S608 - printing SQL is what this module does; names are quoted, values are parameters or literals

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from stepladder.sql.definition import TableColumn
from stepladder.sql.infer.context import refuse
from stepladder.sql.infer.tree import (
    Constant,
    Cte,
    CteSource,
    Expression,
    FunctionSource,
    Join,
    Logic,
    Order,
    Parameter,
    Query,
    QuerySource,
    RecursiveUnion,
    Reference,
    Select,
    SetOperation,
    Source,
    TableSource,
    Values,
    WriteQuery,
    leaves,
    walk,
)
from stepladder.sql.names import TableName, quote
from stepladder.sql.rewrite.comparisons import order_collation
from stepladder.sql.rewrite.grouping_sets import expanded, needs_expansion
from stepladder.sql.rewrite.lateral import column_of_json, inlined_size, rows_as_json
from stepladder.sql.rewrite.lost_tests import with_tests_in_where
from stepladder.sql.rewrite.outer_columns import has_outer_columns, has_own_columns
from stepladder.sql.rewrite.printer import Printer
from stepladder.sql.rewrite.rows import print_rows, row_reference
from stepladder.sql.rewrite.rules import is_position
from stepladder.sql.rewrite.set_operations import numbered, recursive_union, set_operation
from stepladder.sql.rewrite.varying_digits import with_same_digits
from stepladder.sql.storage import is_native_numeric
from stepladder.sql.types import Column


def print_query(printer: Printer, query: Query) -> str:
    """A query's text, WITH and ORDER BY included."""
    plain = expanded(query, printer.new_id) if isinstance(query, Select) and needs_expansion(query) else query
    plain = with_same_digits(printer, plain)
    printer.result = plain if printer.result is query else printer.result
    query = plain
    printer.unfilled = {}
    head = print_with(printer, query.with_)
    if query.ties:
        return head + _with_ties(printer, replace(query, with_=()))
    if isinstance(query, Select):
        return head + (_distinct_on(printer, query) if query.distinct_on else _select(printer, query))
    if isinstance(query, SetOperation):
        return head + _outside(printer, query, set_operation(printer, query), query.id)
    if isinstance(query, Values):
        return head + _values(printer, query)
    if isinstance(query, RecursiveUnion):
        return recursive_union(printer, query)
    raise AssertionError(f"no text for {type(query).__name__}")


def kept_rows(cte: Cte) -> str:
    """The temporary table that holds what a write in WITH has returned, while its statement runs."""
    return f"stepladder_w{cte.id}"


def print_with(printer: Printer, ctes: Sequence[Cte]) -> str:
    """WITH and its queries; nothing where there are none."""
    parts = []
    for cte in ctes:
        if isinstance(cte.query, WriteQuery):
            if cte.query.columns:
                parts.append(f"w{cte.id} AS (SELECT * FROM temp.{kept_rows(cte)})")
            continue
        word = {True: "MATERIALIZED ", False: "NOT MATERIALIZED ", None: ""}[cte.materialized]
        parts.append(f"w{cte.id}({numbered(len(cte.query.columns))}) AS {word}({printer.query(cte.query)})")
    recursive = "RECURSIVE " if any(isinstance(cte.query, RecursiveUnion) for cte in ctes) else ""
    return f"WITH {recursive}{', '.join(parts)} " if parts else ""


# -- FROM
def stored_column(alias: str, column: Column) -> str:
    """A table's column in the form that expressions have."""
    name = f"{alias}.{quote(column.name)}" if alias else quote(column.name)
    if is_native_numeric(column.type):
        return f"pg_numeric_stored({name}, {column.type.scale or 0})"
    return f"({name} COLLATE BINARY)" if has_own_collation(column) else name


def has_own_collation(column: Column) -> bool:
    """Whether SQLite would compare a foreign table's column by another collation than by bytes: NOCASE, RTRIM."""
    return isinstance(column, TableColumn) and column.collation not in (None, "C", "POSIX")


def put_in_sight(printer: Printer, source: Source, *, nullable: bool = False) -> None:
    """Tell the printer how references to a source's columns are spelled; an outer join makes them `nullable`."""
    if isinstance(source, Join):
        put_in_sight(printer, source.left, nullable=nullable or source.kind in ("RIGHT", "FULL"))
        always = source.on is None or (isinstance(source.on, Constant) and source.on.value == 1)
        outer = source.kind == "FULL" or (source.kind == "LEFT" and not always)
        put_in_sight(printer, source.right, nullable=nullable or outer)
    elif isinstance(source, TableSource):
        columns = source.columns
        if not nullable:
            printer.unfilled[source.id] = columns
        printer.stored[source.id] = lambda node: f"t{node.source}.{quote(columns[node.place].name)}"
        printer.references[source.id] = lambda node: stored_column(f"t{node.source}", columns[node.place])
    elif isinstance(source, FunctionSource):
        printer.references[source.id] = row_reference(source)
    elif isinstance(source, QuerySource) and source.lateral:
        _put_lateral_in_sight(printer, source, nullable=nullable)
    elif isinstance(source, QuerySource | CteSource):
        printer.references[source.id] = _numbered


def _put_lateral_in_sight(printer: Printer, source: QuerySource, *, nullable: bool) -> None:
    size = None if nullable else inlined_size(printer, source)
    query = source.query
    if size is None or not isinstance(query, Select):
        printer.references[source.id] = column_of_json
        return
    values = [target.value for target in query.targets]
    printer.inlined[source.id] = size
    printer.references[source.id] = lambda node: f"({printer.expression(values[node.place])})"


def _numbered(node: Reference) -> str:
    return f"t{node.source}.c{node.place + 1}"


def print_source(printer: Printer, source: Source, *, kept: bool = False) -> str:
    """One source of FROM; `kept` where a RIGHT or FULL JOIN around it keeps rows that it has none for."""
    if isinstance(source, TableSource):
        return f"{sqlite_name(source.table)} AS t{source.id}"
    if isinstance(source, CteSource):
        return f"w{source.cte} AS t{source.id}"
    if isinstance(source, QuerySource) and source.id in printer.inlined:
        return f"(SELECT 1) AS t{source.id}"
    if isinstance(source, QuerySource) and source.lateral:
        return rows_as_json(printer, source)
    if isinstance(source, QuerySource):
        return f"({printer.query(source.query)}) AS t{source.id}"
    if isinstance(source, FunctionSource):
        return print_rows(printer.expression, source)
    if isinstance(source, Join):
        under_outer = kept or source.kind in ("RIGHT", "FULL")
        left, right = (
            print_source(printer, source.left, kept=under_outer),
            _print_right(printer, source.right),
        )
        if source.on is None:
            return f"{left} JOIN {right}"
        return f"{left} {source.kind} JOIN {right} ON {_on(printer, source, kept=kept)}"
    raise AssertionError(f"no text for {type(source).__name__}")


def _print_right(printer: Printer, source: Source) -> str:
    text = print_source(printer, source)
    if not isinstance(source, Join):
        return text
    inside = list(leaves(source))
    own = {each.id for each in inside}
    if any(isinstance(node, QuerySource) and node.lateral for node in walk(source)) or any(
        isinstance(node, FunctionSource) and not node.lateral <= own for node in inside
    ):
        raise refuse(
            "LATERAL inside a join in parentheses", None, instead="write the joins one after another"
        )
    return f"({text})"


def _on(printer: Printer, join: Join, *, kept: bool) -> str:
    """A join's condition. SQLite tests one that uses no table before all joins, and then forgets the rows to keep."""
    assert join.on is not None
    text = printer.expression(join.on)
    own = {
        each.id
        for each in walk(join)
        if isinstance(each, TableSource | QuerySource | CteSource | FunctionSource)
    }
    free = [
        test
        for test in _conjuncts(join.on)
        if not any(isinstance(node, Reference) and node.source in own for node in walk(test))
        and not (isinstance(test, Constant) and test.value == 1)
    ]
    if not kept or join.kind != "INNER" or not free:
        return text
    column = _some_column(join)
    return f"(CASE WHEN {column} IS NULL THEN {text} ELSE {text} END)"


def _conjuncts(test: Expression) -> Iterator[Expression]:
    if isinstance(test, Logic) and test.word == "AND":
        for each in test.arguments:
            yield from _conjuncts(each)
    else:
        yield test


def _some_column(source: Source) -> str:
    while isinstance(source, Join):
        source = source.left
    if isinstance(source, TableSource):
        return f"t{source.id}.{quote(source.columns[0].name)}"
    if isinstance(source, QuerySource | CteSource):
        return f"t{source.id}.c1"
    if isinstance(source, FunctionSource):
        return f"t{source.id}.{'key' if source.lateral else 'c1'}"
    raise refuse("a join without columns of its own before a RIGHT or FULL JOIN", None)


def sqlite_name(table: TableName) -> str:
    """A table's quoted name."""
    return table.sqlite


def from_clause(printer: Printer, sources: Sequence[Source]) -> str:
    """FROM, with the sources put in sight. A comma is JOIN, not CROSS JOIN, by which SQLite fixes the order of joins."""
    for source in sources:
        put_in_sight(printer, source)
    if len(sources) == 1 and isinstance(sources[0], TableSource):
        printer.alone.add(sources[0].id)
    texts = [print_source(printer, source) for source in sources[:1]]
    for source in sources[1:]:
        texts.append(print_source(printer, source) if _is_chain(source) else _print_right(printer, source))
    return f" FROM {' JOIN '.join(texts)}" if texts else ""


def _is_chain(source: Source) -> bool:
    """Whether `x JOIN (source)` is the same without parentheses: inner and left joins, one after another."""
    if isinstance(source, Join):
        return source.kind in ("INNER", "LEFT") and _is_chain(source.left)
    return True


# -- SELECT
def _select(printer: Printer, query: Select) -> str:
    if any(has_outer_columns(query, each.key) for each in query.order):
        return _ordered_outside(printer, query)
    tail = _grouped_rows(printer, query)
    columns = ", ".join(_targets(printer, query))
    return f"SELECT {'DISTINCT ' if query.distinct else ''}{columns}{tail}{_tail(printer, query)}"


def _grouped_rows(printer: Printer, query: Select) -> str:
    """FROM to HAVING."""
    query = with_tests_in_where(query)
    text = from_clause(printer, query.sources)
    if query.where is not None:
        text += f" WHERE {printer.expression(query.where)}"
    if query.group:
        text += " GROUP BY " + ", ".join(_group_key(printer, query, key) for key in query.group)
    if query.having is not None:
        text += f" HAVING {printer.expression(query.having)}"
    return text


def _group_key(printer: Printer, query: Select, key: Expression) -> str:
    if has_outer_columns(query, key):  # which SQLite does not find there
        if has_own_columns(query, key):
            raise refuse("GROUP BY of a subquery's and an outer query's columns together", key.position)
        return "''"
    plain = isinstance(key, Constant | Parameter)
    text = printer.expression(key) if plain else printer.sort_key(key)
    return f"({text} || '')" if plain or is_position(key, text) else text


def _targets(printer: Printer, query: Select) -> list[str]:
    if not query.targets:
        if query is printer.result:
            raise refuse("a result without columns", None)
        return ["NULL AS c1"]
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


def _with_ties(printer: Printer, query: Query) -> str:
    """FETCH … WITH TIES: the rows by number and by rank."""
    if isinstance(query, Select) and query.distinct_on:
        raise refuse("DISTINCT ON with FETCH … WITH TIES", None)
    keys = [f"k{place}" for place in range(1, len(query.order) + 1)]
    order = ", ".join(_sorted(key, each) for key, each in zip(keys, query.order, strict=True))
    numbers = f"rank() OVER (ORDER BY {order}) AS r, row_number() OVER (ORDER BY {order}) AS n"
    skipped = _count(printer, query.offset, "OFFSET") if query.offset is not None else "0"
    wanted = _count(printer, query.limit, "LIMIT")
    return (
        f"SELECT {numbered(len(query.columns))} FROM (SELECT *, {numbers} FROM ({_keyed(printer, query, keys)}))"
        f" WHERE n > {skipped} AND ({wanted} < 0 OR ({wanted} > 0 AND r <= {skipped} + {wanted})) ORDER BY n"
    )


def _ordered_outside(printer: Printer, query: Select) -> str:
    """SQLite finds no columns of queries around in ORDER BY: the keys stand in the list, and the order outside."""
    keys = [f"k{place}" for place in range(1, len(query.order) + 1)]
    order = ", ".join(_sorted(key, each) for key, each in zip(keys, query.order, strict=True))
    rows = _keyed(printer, replace(query, with_=()), keys)
    return f"SELECT {numbered(len(query.targets))} FROM ({rows}) ORDER BY {order}{_tail(printer, query, ())}"


def _keyed(printer: Printer, query: Query, keys: Sequence[str]) -> str:
    """The query's rows with the keys of its order beside them."""
    if isinstance(query, Select) and not query.distinct:
        tail = _grouped_rows(printer, query)
        values = [printer.expression(each.key) for each in query.order]
        columns = [
            *_targets(printer, query),
            *(f"{value} AS {key}" for value, key in zip(values, keys, strict=True)),
        ]
        return f"SELECT {', '.join(columns)}{tail}"
    places = [_place(query, each.key) for each in query.order]
    rows = printer.query(replace(query, order=(), limit=None, offset=None, ties=False))
    return f"SELECT *, {', '.join(f'c{place} AS {key}' for place, key in zip(places, keys, strict=True))} FROM ({rows})"


def _place(query: Query, key: Expression) -> int:
    if isinstance(query, Select):
        return [target.value for target in query.targets].index(key) + 1
    if not isinstance(key, Reference):
        raise refuse("FETCH … WITH TIES ordered by an expression", key.position)
    return key.place + 1


def _sorted(name: str, order: Order) -> str:
    direction = "DESC" if order.descending else "ASC"
    return f"{name}{order_collation(order.key.type)} {direction} NULLS {'FIRST' if order.nulls_first else 'LAST'}"


def _distinct_on(printer: Printer, query: Select) -> str:
    """The first row of each key by row_number(); the order and the limits go outside."""
    tail = _grouped_rows(printer, query)
    keys = ", ".join(map(printer.key, query.distinct_on))
    order = f" ORDER BY {printer.order(query.order)}" if query.order else ""
    columns = [*_targets(printer, query), f"row_number() OVER (PARTITION BY {keys}{order}) AS place"]
    columns += [f"{printer.expression(each.key)} AS k{place}" for place, each in enumerate(query.order, 1)]
    inner = f"SELECT {', '.join(columns)}{tail}"
    sort = ", ".join(_sorted(f"k{place}", each) for place, each in enumerate(query.order, 1))
    outer = f" ORDER BY {sort}" if sort else ""
    return f"SELECT {numbered(len(query.targets))} FROM ({inner}) WHERE place = 1{outer}{_tail(printer, query, ())}"


# -- VALUES and its kin
def _outside(printer: Printer, query: Query, text: str, source: int) -> str:
    """ORDER BY and limits over a text whose columns are c1, c2, …"""
    if not query.order and query.limit is None and query.offset is None:
        return text
    printer.references[source] = _numbered
    names = ", ".join(f"t{source}.c{place}" for place in range(1, len(query.columns) + 1))
    return f"SELECT {names} FROM ({text}) AS t{source}{_tail(printer, query)}"


def _values(printer: Printer, query: Values) -> str:
    if any(isinstance(node, Reference) for node in walk(query.rows)):
        # SQLite does not find the columns of a VALUES that uses those of queries around it.
        text = " UNION ALL ".join(_row(printer, row) for row in query.rows)
        return _outside(printer, query, text, query.id)
    rows = ", ".join(f"({printer.list(row)})" for row in query.rows)
    # SQLite calls VALUES' columns column1, column2, …
    names = ", ".join(f"column{place} AS c{place}" for place in range(1, len(query.columns) + 1))
    return _outside(printer, query, f"SELECT {names} FROM (VALUES {rows})", query.id)


def _row(printer: Printer, row: Sequence[Expression]) -> str:
    values = ", ".join(f"{printer.expression(value)} AS c{place}" for place, value in enumerate(row, 1))
    return f"SELECT {values}"
