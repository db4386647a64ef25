"""LIMIT, OFFSET, FETCH, FOR UPDATE: what stands behind a query."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypedDict

from stepladder.errors import ProgrammingError, SqlSyntaxError, UndefinedTable
from stepladder.sql.infer.catalog import ASSIGNMENT
from stepladder.sql.infer.coercion import coerce
from stepladder.sql.infer.context import INT8, Analysis, Scope, refuse, wrong
from stepladder.sql.infer.expressions import expression
from stepladder.sql.infer.raw import Raw
from stepladder.sql.infer.tree import Expression, Reference, Select, WindowCall, walk


class Limits(TypedDict):
    """The fields of a query that say which of its rows are wanted."""

    limit: Expression | None
    offset: Expression | None
    ties: bool


def limits(analysis: Analysis, body: Raw, scope: Scope) -> Limits:
    """LIMIT and OFFSET, or FETCH."""
    ties = body.get("limitOption") == "LIMIT_OPTION_WITH_TIES"
    if ties and "sortClause" not in body:
        raise wrong(SqlSyntaxError, "WITH TIES cannot be specified without ORDER BY clause", None)
    return Limits(
        limit=_count(analysis, body, scope, "limitCount"),
        offset=_count(analysis, body, scope, "limitOffset"),
        ties=ties and not body["limitCount"].get("A_Const", {}).get("isnull"),
    )


def _count(analysis: Analysis, body: Raw, scope: Scope, word: str) -> Expression | None:
    if word not in body:
        return None
    name = "LIMIT" if word == "limitCount" else "OFFSET"
    node = expression(analysis, body[word], Scope(scope.parent, scope.items, scope.ctes, clause="LIMIT"))
    used = {each.source for each in walk(node) if isinstance(each, Reference)}
    if used & scope.sources():
        message = f"argument of {name} must not contain variables"
        raise wrong(ProgrammingError, message, node.position, sqlstate="42P10")
    if used & {source for level in scope.levels() for source in level.sources()}:
        raise refuse(f"{name} by a column of an outer query", node.position, instead="use row_number()")
    return coerce(node, INT8, ASSIGNMENT, what=f"argument of {name}")


_WORDS = {
    "LCS_FORKEYSHARE": "FOR KEY SHARE",
    "LCS_FORSHARE": "FOR SHARE",
    "LCS_FORNOKEYUPDATE": "FOR NO KEY UPDATE",
    "LCS_FORUPDATE": "FOR UPDATE",
}


def check_locking(body: Raw, scope: Scope, query: Select | None) -> None:
    """FOR UPDATE and its kin lock nothing: a SQLite file has one writer, which meets no locked row that SKIP LOCKED would
    leave out. The rules for them are PostgreSQL's."""
    for each in body.get("lockingClause", ()):
        clause = each["LockingClause"]
        word = _WORDS[clause["strength"]]
        what = "UNION/INTERSECT/EXCEPT" if query is None else next(_unlockable(query), None)
        if what is not None:
            raise wrong(ProgrammingError, f"{word} is not allowed with {what}", None, sqlstate="0A000")
        _check_tables(clause.get("lockedRels", ()), scope, word)


def _unlockable(query: Select) -> Iterator[str]:
    values = [target.value for target in query.targets]
    if query.distinct:
        yield "DISTINCT clause"
    if query.group or query.sets:
        yield "GROUP BY clause"
    if query.having is not None:
        yield "HAVING clause"
    if query.grouped:
        yield "aggregate functions"
    if any(isinstance(node, WindowCall) for value in values for node in walk(value)):
        yield "window functions"


def _check_tables(named: Iterable[Raw], scope: Scope, word: str) -> None:
    names = [each["RangeVar"]["relname"] for each in named]
    there = {item.alias: item for item in scope.items if item.by_name}
    for name in names:
        if name not in there:
            message = f'relation "{name}" in {word} clause not found in FROM clause'
            raise wrong(UndefinedTable, message, None)
    for item in there.values():
        if item.nullable and (not names or item.alias in names):
            message = f"{word} cannot be applied to the nullable side of an outer join"
            raise wrong(ProgrammingError, message, None, sqlstate="0A000")
