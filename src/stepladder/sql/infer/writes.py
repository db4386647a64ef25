"""INSERT, UPDATE, DELETE: raw trees to typed ones. Values become their columns' types by assignment casts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from stepladder.errors import ProgrammingError, SqlSyntaxError, UndefinedColumn
from stepladder.sql.definition import shown_name
from stepladder.sql.infer import own_values
from stepladder.sql.infer.coercion import assign, boolean
from stepladder.sql.infer.conflicts import arbiter
from stepladder.sql.infer.context import UNKNOWN, Analysis, Item, Scope, refuse, wrong
from stepladder.sql.infer.expressions import expression
from stepladder.sql.infer.own_values import check_update, is_generated, left_out
from stepladder.sql.infer.queries import read_with, select_body
from stepladder.sql.infer.raw import Raw, body_of, kind_of
from stepladder.sql.infer.returning import no_row, of, returning
from stepladder.sql.infer.sources import read_from
from stepladder.sql.infer.tree import (
    Conflict,
    Constant,
    Delete,
    Expression,
    Insert,
    Query,
    Reference,
    Select,
    TableSource,
    Update,
    Values,
)
from stepladder.sql.infer.written_views import Written, written
from stepladder.sql.parse import parsed_expression
from stepladder.sql.types import Column, Type


def insert(analysis: Analysis, body: Raw, scope: Scope) -> Insert:
    """INSERT."""
    ctes = read_with(analysis, body.get("withClause"), scope)
    about = written(analysis, body["relation"], alias_of(body["relation"]), "INSERT")
    target, item = about.target, about.item
    named = about.columns(body["cols"], "INSERT") if body.get("cols") else about.every_column()
    columns = insert_columns({"cols": named}, target)
    query, given, own = _insert_source(analysis, body, scope, target, columns)
    if about.view is not None and body.get("onConflictClause"):
        raise refuse("ON CONFLICT of a view", None, instead="write into its table")
    conflict = _conflict(analysis, body.get("onConflictClause"), scope, target, item)
    old_id = analysis.new_id()
    return Insert(
        target=target,
        with_=ctes,
        columns=tuple(name for name, _ in given),
        query=query,
        query_id=own,
        values=tuple(value for _, value in given),
        conflict=conflict,
        returning=returning(
            analysis,
            body,
            Scope(items=[item], ctes=scope.ctes),
            about,
            old=of(old_id) if conflict is not None and conflict.assignments else no_row,
            new=of(target.id),
        ),
        old_id=old_id,
    )


def alias_of(relation: Raw) -> str:
    """The name under which a write's table is in sight."""
    return str(relation.get("alias", {}).get("aliasname", relation["relname"]))


def target_column(target: TableSource, name: str, position: int | None) -> Column:
    """The column of a write's table. Raises UndefinedColumn."""
    for column in target.columns:
        if column.name == name:
            return column
    message = f'column "{name}" of relation "{target.table.name}" does not exist'
    raise wrong(UndefinedColumn, message, position)


def insert_columns(body: Raw, target: TableSource) -> tuple[str, ...]:
    """The columns that INSERT names, else all. Raises UndefinedColumn."""
    named = [each["ResTarget"] for each in body.get("cols", ())]
    for each in named:
        if each.get("indirection"):
            raise refuse("a part of a column as the target", each.get("location"))
        target_column(target, each["name"], each.get("location"))
    names = tuple(each["name"] for each in named) or tuple(column.name for column in target.columns)
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise wrong(ProgrammingError, f'column "{twice}" specified more than once', None, sqlstate="42701")
    return names


def _insert_source(
    analysis: Analysis, body: Raw, scope: Scope, target: TableSource, names: Sequence[str]
) -> tuple[Query | None, tuple[tuple[str, Expression], ...], int]:
    """The rows, the value of each column that gets one, and the number of the source that the values are over."""
    own = analysis.new_id()
    if "selectStmt" not in body:
        return None, (), own
    select = body_of(body["selectStmt"])
    types = [target_column(target, name, None).type for name in names]
    if select.get("valuesLists") and not select.keys() & {
        "withClause",
        "sortClause",
        "limitCount",
        "limitOffset",
    }:
        rows = _insert_values(analysis, body, scope, target, names, types, own)
        if not rows.columns:
            return None, (), own
        return rows, tuple((each.name, each) for each in _references(rows, own)), own
    query = select_body(analysis, select, Scope(scope), keep_unknown=True)
    _check_width(len(query.columns), names, body, None)
    given = list(zip(names, types, strict=True))[: len(query.columns)]
    values = [
        (
            name,
            own_values.given(
                analysis, target.table, name, assign(_branch_value(query, own, place), type_, name)
            ),
        )
        for place, (name, type_) in enumerate(given)
    ]
    dropped = left_out(analysis, target.table, [name for name, _ in values], body)
    kept = tuple(each for each in values if each[0] not in dropped)
    if not kept:
        raise refuse("a row of nothing but OVERRIDING USER VALUE", None, instead="INSERT … DEFAULT VALUES")
    return query, kept, own


def _references(query: Query, source: int) -> list[Reference]:
    return [
        Reference(type=column.type, source=source, place=place, name=column.name)
        for place, column in enumerate(query.columns)
    ]


def _branch_value(query: Query, source: int, place: int) -> Expression:
    column = query.columns[place]
    if column.type == UNKNOWN and isinstance(query, Select):
        return query.targets[place].value
    return Reference(type=column.type, source=source, place=place, name=column.name)


def _check_width(given: int, names: Sequence[str], body: Raw, last: int | None) -> None:
    """Columns that are named must all be given; `last` is the place of the last expression."""
    if given > len(names):
        raise wrong(SqlSyntaxError, "INSERT has more expressions than target columns", last)
    if body.get("cols") and given < len(names):
        first = body["cols"][given]["ResTarget"].get("location")
        raise wrong(SqlSyntaxError, "INSERT has more target columns than expressions", first)


def _insert_values(
    analysis: Analysis,
    body: Raw,
    scope: Scope,
    target: TableSource,
    names: Sequence[str],
    types: Sequence[Type],
    own: int,
) -> Values:
    """Every value is assigned to its own column: rows need no common type, and DEFAULT may stand there alone."""
    given = [each["List"]["items"] for each in body_of(body["selectStmt"])["valuesLists"]]
    if len({len(items) for items in given}) > 1:
        raise wrong(SqlSyntaxError, "VALUES lists must all be the same length", None)
    _check_width(len(given[0]), names, body, body_of(given[0][-1]).get("location"))
    # What every row leaves to the default is left out, so that SQLite fills it in.
    places = [place for place in range(len(given[0])) if not all(is_default(row[place]) for row in given)]
    dropped = left_out(analysis, target.table, [names[place] for place in places], body)
    places = [place for place in places if names[place] not in dropped]
    if not places and len(given) > 1:
        raise refuse("several rows of nothing but DEFAULT", None, instead="insert them one by one")
    inner = Scope(scope, clause="VALUES")

    def value(item: Raw, name: str, type_: Type) -> Expression:
        if is_default(item):
            return default_of(analysis, target, name, body_of(item).get("location"))
        found = assign(expression(analysis, item, inner), type_, name)
        return own_values.given(analysis, target.table, name, found)

    rows = tuple(tuple(value(row[place], names[place], types[place]) for place in places) for row in given)
    return Values(columns=tuple(Column(names[place], types[place]) for place in places), rows=rows, id=own)


def is_default(item: Raw) -> bool:
    """Whether a value is the word DEFAULT."""
    return kind_of(item) == "SetToDefault"


def default_of(analysis: Analysis, target: TableSource, name: str, position: int | None) -> Expression:
    """What DEFAULT means for a column: its default's expression; NULL where it has none, or numbers itself."""
    definition = analysis.schema.definition(target.table)
    found = next((each for each in definition.columns if each.name == name), None) if definition else None
    if found is None or found.generated:
        raise refuse(f"DEFAULT for the column {name}", position, instead="leave the column out")
    default = found.default
    if found.sequence is not None:
        default = f"nextval({_quoted(shown_name(replace(target.table, name=found.sequence)).sql)})"
    if default is None:
        return Constant(type=found.type, value=None)
    raw = parsed_expression(default)
    return assign(expression(analysis, raw, Scope(clause="DEFAULT")), found.type, name)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _conflict(
    analysis: Analysis, clause: Raw | None, scope: Scope, target: TableSource, item: Item
) -> Conflict | None:
    if not clause:
        return None
    key = arbiter(analysis, clause, target)
    excluded = analysis.new_id()
    columns: list[tuple[str, Expression]] = [
        (column.name, Reference(type=column.type, source=excluded, place=place, name=column.name))
        for place, column in enumerate(target.columns)
    ]
    inner = Scope(items=[item, Item("excluded", columns)], ctes=scope.ctes, clause="UPDATE")
    sets = assignments(analysis, clause.get("targetList"), inner, target)
    where = (
        boolean(expression(analysis, clause["whereClause"], inner), "WHERE")
        if "whereClause" in clause
        else None
    )
    return Conflict(
        key=key.columns,
        parts=key.parts,
        predicate=key.predicate,
        row=key.row,
        assignments=sets,
        where=where,
        excluded=excluded,
    )


def assignments(
    analysis: Analysis, nodes: Sequence[Raw] | None, scope: Scope, target: TableSource
) -> tuple[tuple[str, Expression], ...]:
    found: dict[str, Expression] = {}
    for node in nodes or ():
        body = node["ResTarget"]
        position = body.get("location")
        if body.get("indirection"):
            raise refuse("a part of a column as the target", position)
        column = target_column(target, body["name"], position)
        if column.name in found:
            message = f'multiple assignments to same column "{column.name}"'
            raise wrong(SqlSyntaxError, message, position)
        raw = _one_of_several(body["val"], position)
        if not is_default(raw):
            check_update(analysis, target.table, column.name, position)
        elif is_generated(analysis, target.table, column.name):
            continue
        found[column.name] = _assigned(analysis, raw, scope, target, column)
    if nodes and not found:
        raise refuse(
            "SET … = DEFAULT of generated columns only",
            None,
            instead="leave it out: they are computed anyway",
        )
    return tuple(found.items())


def _one_of_several(raw: Raw, position: int | None) -> Raw:
    """The value of one column of `(a, b) = (1, 2)` or `(a, b) = (SELECT x, y …)`."""
    if kind_of(raw) != "MultiAssignRef":
        return raw
    source, place, columns = body_of(raw)["source"], body_of(raw)["colno"] - 1, body_of(raw)["ncolumns"]
    query: Raw = body_of(body_of(source)["subselect"]) if kind_of(source) == "SubLink" else {}
    if kind_of(source) == "RowExpr":
        given = body_of(source)["args"]
    elif query and not query.keys() & _NOT_ALONE and query.get("op", "SETOP_NONE") == "SETOP_NONE":
        given = query.get("targetList", [])
    else:
        raise refuse("this kind of assignment", position, instead="assign column by column")
    if len(given) != columns:
        raise wrong(SqlSyntaxError, "number of columns does not match number of values", position)
    if not query:
        return dict(given[place])
    alone = {"SelectStmt": {**query, "targetList": [given[place]]}}
    return {"SubLink": {**body_of(source), "subLinkType": "EXPR_SUBLINK", "subselect": alone}}


# Where a query has these, one of its columns is not the same query with that column alone.
_NOT_ALONE = frozenset(
    ("distinctClause", "valuesLists", "sortClause", "groupClause", "withClause", "larg", "rarg")
)


def _assigned(analysis: Analysis, raw: Raw, scope: Scope, target: TableSource, column: Column) -> Expression:
    if not is_default(raw):
        return assign(expression(analysis, raw, scope), column.type, column.name)
    value = default_of(analysis, target, column.name, body_of(raw).get("location"))
    definition = analysis.schema.definition(target.table)
    if definition and any(each.identity for each in definition.columns if each.name == column.name):
        raise refuse("a new number by SET … = DEFAULT", body_of(raw).get("location"))
    return value


def update(analysis: Analysis, body: Raw, scope: Scope) -> Update:
    """UPDATE."""
    about, ctes, sources = _begin(analysis, body, scope, "UPDATE")
    target = about.target
    scope.clause = "UPDATE"
    sets = assignments(analysis, about.columns(body["targetList"], "UPDATE"), scope, target)
    where = _where(analysis, body, scope)
    old_id = analysis.new_id()
    return Update(
        target=target,
        with_=ctes,
        assignments=sets,
        sources=sources,
        where=about.narrowed(where),
        returning=returning(analysis, body, scope, about, old=of(old_id), new=of(target.id)),
        old_id=old_id,
    )


def delete(analysis: Analysis, body: Raw, scope: Scope) -> Delete:
    """DELETE."""
    about, ctes, sources = _begin(analysis, body, scope, "DELETE")
    target = about.target
    where = _where(analysis, body, scope)
    return Delete(
        target=target,
        with_=ctes,
        sources=sources,
        where=about.narrowed(where),
        returning=returning(analysis, body, scope, about, old=of(target.id), new=no_row),
    )


def _begin(analysis: Analysis, body: Raw, scope: Scope, verb: str) -> tuple[Written, Any, Any]:
    ctes = read_with(analysis, body.get("withClause"), scope)
    about = written(analysis, body["relation"], alias_of(body["relation"]), verb)
    scope.items.append(about.item)
    sources = body.get("fromClause" if verb == "UPDATE" else "usingClause")
    return about, ctes, read_from(analysis, sources, scope)


def _where(analysis: Analysis, body: Raw, scope: Scope) -> Expression | None:
    if "whereClause" not in body:
        return None
    outer, scope.clause = scope.clause, "WHERE"
    if kind_of(body["whereClause"]) == "CurrentOfExpr":
        raise refuse("WHERE CURRENT OF", None)
    found = boolean(expression(analysis, body["whereClause"], scope), "WHERE")
    scope.clause = outer
    return found
