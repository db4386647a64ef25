"""FROM: tables, subqueries, queries of WITH, joins; what they put in sight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from stepladder.errors import AmbiguousColumn, ProgrammingError, UndefinedColumn, UndefinedTable
from stepladder.sql.infer.coercion import boolean, unify
from stepladder.sql.infer.context import BOOL, Analysis, Item, Schema, Scope, refuse, wrong
from stepladder.sql.infer.expressions import expression
from stepladder.sql.infer.operators import apply
from stepladder.sql.infer.raw import Raw, body_of, kind_of, strings
from stepladder.sql.infer.row_functions import is_value, read_functions
from stepladder.sql.infer.tree import (
    Coalesce,
    Cte,
    CteSource,
    Expression,
    FunctionSource,
    Join,
    Logic,
    QuerySource,
    Reference,
    Source,
    TableSource,
    walk,
)
from stepladder.sql.names import TableName
from stepladder.sql.types import Column

Found = tuple[Source, list[Item]]
_KINDS = {"JOIN_INNER": "INNER", "JOIN_LEFT": "LEFT", "JOIN_RIGHT": "RIGHT", "JOIN_FULL": "FULL"}


def read_from(analysis: Analysis, nodes: Sequence[Raw] | None, scope: Scope) -> tuple[Source, ...]:
    """FROM's sources; their names and columns are put into `scope`."""
    found = []
    for node in nodes or ():
        source, items = _source(analysis, node, scope)
        _refuse_twins(scope.items, items, body_of(node).get("location"))
        scope.items += items
        found.append(source)
    return tuple(found)


def _refuse_twins(there: Sequence[Item], new: Sequence[Item], position: int | None) -> None:
    names = {item.alias for item in there if item.by_name}
    for item in new:
        if item.by_name and item.alias is not None and item.alias in names:
            message = f'table name "{item.alias}" specified more than once'
            raise wrong(ProgrammingError, message, position, sqlstate="42712")


def _source(analysis: Analysis, node: Raw, scope: Scope) -> Found:
    kind, body = kind_of(node), body_of(node)
    if kind == "RangeVar":
        return _named(analysis, body, scope)
    if kind == "RangeSubselect":
        return _subquery(analysis, body, scope)
    if kind == "JoinExpr":
        return _join(analysis, body, scope)
    if kind == "RangeFunction":
        return _function(analysis, body, scope)
    raise refuse(_REFUSED.get(kind, f"{kind} in FROM"), body.get("location"))


_REFUSED = {
    "RangeTableSample": "TABLESAMPLE",
    "JsonTable": "JSON_TABLE",
}


# -- tables and queries
def table_name(body: Raw) -> TableName:
    """The table that a RangeVar names."""
    if body.get("catalogname"):
        raise refuse("a table of another database", body.get("location"))
    return TableName(body.get("schemaname"), body["relname"])


def _refuse_system(table: TableName, position: int | None) -> None:
    """PostgreSQL's own tables: SQLite has others."""
    system = table.schema in ("information_schema", "pg_catalog") or (
        table.schema is None and table.name.startswith("pg_")
    )
    if system:
        raise refuse(
            table.sql,
            position,
            why="SQLite keeps no such table",
            instead="use db.tables(), `stepladder tables`",
        )


def refuse_shadowed(schema: Schema, table: TableName, position: int | None) -> None:
    """Raise NotPortable for public.x where there is a temporary x: on SQLite x is that one."""
    if table.schema == "public" and schema.kind(TableName("pg_temp", table.name)) is not None:
        raise refuse(
            f"{table.sql} beside a temporary table of that name",
            position,
            why="on SQLite the temporary table hides it",
            instead="give the temporary table another name",
        )


def find_table(analysis: Analysis, body: Raw) -> TableSource:
    """A table of the schema as a source. Raises UndefinedTable."""
    table = table_name(body)
    refuse_shadowed(analysis.schema, table, body.get("location"))
    columns = analysis.schema.columns(table)
    if columns is None:
        _refuse_system(table, body.get("location"))
        if analysis.schema.kind(table) == "sequence":
            raise refuse(f"the sequence {table.sql} as a table", body.get("location"), instead="currval()")
        raise wrong(UndefinedTable, f'relation "{table.sql}" does not exist', body.get("location"))
    alias = body.get("alias", {}).get("aliasname")
    return TableSource(id=analysis.new_id(), table=table, columns=tuple(columns), alias=alias)


def table_item(analysis: Analysis, source: TableSource, alias: str) -> Item:
    """What a table puts in sight."""
    keys = [tuple(key) for key in analysis.schema.keys(source.table)]
    not_null = {column.name for column in source.columns if column.not_null}
    key = keys[0] if keys and set(keys[0]) <= not_null else ()
    columns = _references(source.id, source.columns)
    marker = next((value for name, value in columns if name in not_null), None)
    is_table = analysis.schema.kind(source.table) != "view"
    return Item(alias, columns, key=key, marker=marker, is_table=is_table)


def _named(analysis: Analysis, body: Raw, scope: Scope) -> Found:
    alias = body.get("alias", {})
    cte = None if body.get("schemaname") else scope.cte(body["relname"])
    source: Source
    if cte is not None:
        source = CteSource(id=analysis.new_id(), cte=cte.id, columns=cte.query.columns)
        item = Item(body["relname"], _references(source.id, source.columns))
    else:
        source = find_table(analysis, body)
        item = table_item(analysis, source, body["relname"])
    return source, [_aliased(item, alias, body.get("location"))]


def _references(source: int, columns: Sequence[Column]) -> list[tuple[str, Expression]]:
    return [
        (column.name, Reference(type=column.type, source=source, place=place, name=column.name))
        for place, column in enumerate(columns)
    ]


def _aliased(item: Item, alias: Raw, position: int | None) -> Item:
    """`item` under its alias; with the names of `AS t(a, b)`."""
    if not alias:
        return item
    names = strings(alias.get("colnames"))
    if len(names) > len(item.columns):
        message = f'table "{alias["aliasname"]}" has {len(item.columns)} columns available but {len(names)} columns specified'
        raise wrong(ProgrammingError, message, position, sqlstate="42P10")
    renamed = [(name, value) for name, (_, value) in zip(names, item.columns, strict=False)]
    columns = renamed + item.columns[len(names) :]
    return replace(item, alias=alias["aliasname"], columns=columns, key=() if names else item.key)


def _subquery(analysis: Analysis, body: Raw, scope: Scope) -> Found:
    # A subquery sees the queries around it, and WITH; only a lateral one sees its neighbours.
    neighbours = scope.items if body.get("lateral") else []
    around = Scope(scope.parent, list(neighbours), scope.ctes, clause="FROM")
    query = analysis.query(analysis, body["subquery"], Scope(around))
    lateral = bool(around.sources() & _used(query))
    source = QuerySource(id=analysis.new_id(), query=query, lateral=lateral)
    return source, [_aliased(Item(None, _references(source.id, query.columns)), body.get("alias", {}), None)]


def _uses(source: Source, neighbours: set[int]) -> bool:
    """Whether a lateral source in a join uses columns of these."""
    if isinstance(source, Join):
        return _uses(source.left, neighbours) or _uses(source.right, neighbours)
    if isinstance(source, FunctionSource):
        return bool(source.lateral & neighbours)
    return isinstance(source, QuerySource) and source.lateral and bool(_used(source.query) & neighbours)


def _used(query: object) -> set[int]:
    return {node.source for node in walk(query) if isinstance(node, Reference)}


def _function(analysis: Analysis, body: Raw, scope: Scope) -> Found:
    source, columns = read_functions(analysis, body, scope)
    alias = body.get("alias", {})
    references = _references(source.id, columns)
    item = Item(source.name, references, row=references[0][1] if is_value(source) else None)
    return source, [_aliased(item, alias, body_of(body["functions"][0]["List"]["items"][0]).get("location"))]


def cte_named(cte: Cte, names: Sequence[str], position: int | None) -> Cte:
    """`WITH name (a, b) AS`: the query with its columns renamed."""
    columns = cte.query.columns
    if len(names) > len(columns):
        message = (
            f'WITH query "{cte.name}" has {len(columns)} columns available but {len(names)} columns specified'
        )
        raise wrong(ProgrammingError, message, position, sqlstate="42P10")
    renamed = tuple(replace(column, name=name) for name, column in zip(names, columns, strict=False))
    return replace(cte, query=replace(cte.query, columns=renamed + columns[len(names) :]))


# -- joins
def _join(analysis: Analysis, body: Raw, scope: Scope) -> Found:
    left, left_items = _source(analysis, body["larg"], scope)
    beside = Scope(scope.parent, scope.items + left_items, scope.ctes)
    right, right_items = _source(analysis, body["rarg"], beside)
    _refuse_twins(left_items, right_items, body_of(body["rarg"]).get("location"))
    kind = _KINDS.get(body.get("jointype", "JOIN_INNER"), "")
    if not kind:
        raise refuse("this kind of join", None)
    if kind in ("RIGHT", "FULL") and _uses(right, {node for item in left_items for node in item.sources()}):
        message = "invalid reference to a FROM-clause entry: the combining JOIN type must be INNER or LEFT for a LATERAL reference"
        raise wrong(ProgrammingError, message, None, sqlstate="42P10")
    inner = Scope(scope.parent, left_items + right_items, scope.ctes, clause="JOIN conditions")
    for item in (right_items if kind in ("LEFT", "FULL") else []) + (
        left_items if kind in ("RIGHT", "FULL") else []
    ):
        item.nullable = True
    names = _using(body, left_items, right_items)
    if names:
        return _join_using(kind, names, (left, left_items), (right, right_items), body)
    on = boolean(expression(analysis, body["quals"], inner), "JOIN/ON") if "quals" in body else None
    return _wrapped(Join(kind=kind, left=left, right=right, on=on), left_items + right_items, body)


def _wrapped(join: Join, items: list[Item], body: Raw) -> Found:
    """A join under an alias hides what is inside."""
    if "alias" not in body:
        return join, items
    columns = [column for item in items if item.in_sight for column in item.columns]
    return join, [_aliased(Item(None, columns), body["alias"], None)]


def _using(body: Raw, left: Sequence[Item], right: Sequence[Item]) -> list[str]:
    if not body.get("isNatural"):
        return strings(body.get("usingClause"))
    there = {name for item in right if item.in_sight for name, _ in item.columns}
    return [name for item in left if item.in_sight for name, _ in item.columns if name in there]


def _join_using(kind: str, names: Sequence[str], left: Found, right: Found, body: Raw) -> Found:
    merged: list[tuple[str, Expression]] = []
    tests: list[Expression] = []
    used: set[int] = set()
    for name in names:
        one, other = _side(name, left[1], "left"), _side(name, right[1], "right")
        used |= {id(one), id(other)}
        tests.append(apply("=", (one, other), None))
        type_, (first, second) = unify((one, other), "JOIN/USING")
        both = Coalesce(type=type_, arguments=(first, second))
        merged.append((name, {"RIGHT": second, "FULL": both}.get(kind, first)))
    on = tests[0] if len(tests) == 1 else Logic(type=BOOL, word="AND", arguments=tuple(tests))
    items = left[1] + right[1]
    rest = [
        (name, value)
        for item in items
        if item.in_sight
        for name, value in item.columns
        if id(value) not in used
    ]
    for item in items:
        item.in_sight = False
    join = Join(kind=kind, left=left[0], right=right[0], on=on)
    found = [Item(None, merged + rest, by_name=False), *items]
    using = body.get("join_using_alias")
    if using:
        found.append(Item(using["aliasname"], merged, in_sight=False))
    return _wrapped(join, found, body)


def _side(name: str, items: Sequence[Item], which: str) -> Expression:
    hits = [value for item in items if item.in_sight for column, value in item.columns if column == name]
    if not hits:
        message = f'column "{name}" specified in USING clause does not exist in {which} table'
        raise wrong(UndefinedColumn, message, None)
    if len(hits) > 1:
        message = f'common column name "{name}" appears more than once in {which} table'
        raise wrong(AmbiguousColumn, message, None)
    return hits[0]
