"""What a statement reads, seen in its raw tree: tables, whether it returns rows."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any

from stepladder.errors import NotPortable, SqlSyntaxError
from stepladder.sql.infer.raw import Raw, body_of, kind_of
from stepladder.sql.names import TableName
from stepladder.sql.parameters import numbered
from stepladder.sql.parse import deep, parse, parse_one


def is_query(sql: str) -> bool:
    """Whether `sql` is one SELECT, VALUES or TABLE. Raises SqlSyntaxError."""
    with deep():
        found = parse(numbered(sql))
    return len(found) == 1 and kind_of(found[0]) == "SelectStmt" and "intoClause" not in body_of(found[0])


def has_plan(sql: str) -> bool:
    """Whether `sql` is a query or a write of rows: what an engine can explain. Raises SqlSyntaxError."""
    with deep():
        _, tree = parse_one(sql)
    if kind_of(tree) == "SelectStmt":
        return "intoClause" not in body_of(tree)
    return kind_of(tree) in ("InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt")


def means_the_same_prepared(sql: str) -> bool:
    """Whether parameters may stand in a query or a write where its values stand now.

    In ORDER BY, GROUP BY and DISTINCT ON a number is a column's place, a parameter is a constant. False for what does
    not parse.
    """
    try:
        with deep():
            _, tree = parse_one(sql)
            kind, body = kind_of(tree), body_of(tree)
            prepares = kind in ("SelectStmt", "InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt")
            return prepares and "intoClause" not in body and not _places_by_parameter(tree, inside=False)
    except (SqlSyntaxError, NotPortable):
        return False


def _places_by_parameter(node: Any, *, inside: bool) -> bool:
    if isinstance(node, list):
        return any(_places_by_parameter(each, inside=inside) for each in node)
    if not isinstance(node, dict):
        return False
    return (inside and "ParamRef" in node) or any(
        _places_by_parameter(value, inside=inside or key in ("sortClause", "groupClause", "distinctClause"))
        for key, value in node.items()
    )


class Answer(Enum):
    """What a statement gives back. A QUERY only reads, as far as its text says; ROWS are those of RETURNING, EXPLAIN, …"""

    QUERY = "query"
    ROWS = "rows"
    NOTHING = "nothing"


_ANSWER_WITH_ROWS = ("VariableShowStmt", "ExplainStmt", "CallStmt", "FetchStmt", "ExecuteStmt")


def answer(sql: str) -> Answer:
    """What one statement gives back. Raises SqlSyntaxError."""
    with deep():
        _, tree = parse_one(sql)
    kind, body = kind_of(tree), body_of(tree)
    if kind == "SelectStmt" and "intoClause" not in body:
        parts = body.get("withClause", {}).get("ctes", [])
        reads = all(kind_of(each["CommonTableExpr"]["ctequery"]) == "SelectStmt" for each in parts)
        return Answer.QUERY if reads else Answer.ROWS
    return Answer.ROWS if kind in _ANSWER_WITH_ROWS or "returningList" in body else Answer.NOTHING


def references(sql: str) -> tuple[TableName, ...]:
    """The tables that a statement reads, each once, in order; names of WITH are not tables where they are in sight."""
    with deep():
        _, tree = parse_one(sql)
        return tuple(dict.fromkeys(_tables(tree, frozenset())))


def _tables(node: Any, hidden: frozenset[str]) -> Iterator[TableName]:
    if isinstance(node, list):
        for each in node:
            yield from _tables(each, hidden)
    elif isinstance(node, dict):
        if "RangeVar" in node:
            yield from _table(node["RangeVar"], hidden)
            return
        if "withClause" in node:
            found, hidden = _with(node["withClause"], hidden)
            yield from found
        for key, value in node.items():
            if key not in ("withClause", "relation") or kind_of(value) == "RangeVar":
                yield from _tables(value, hidden)


def _table(body: Raw, hidden: frozenset[str]) -> Iterator[TableName]:
    if "schemaname" in body or body["relname"] not in hidden:
        yield TableName(body.get("schemaname"), body["relname"])


def _with(clause: Raw, hidden: frozenset[str]) -> tuple[list[TableName], frozenset[str]]:
    """The tables that WITH's queries read, and the names that are hidden behind it."""
    found: list[TableName] = []
    names = [each["CommonTableExpr"]["ctename"] for each in clause["ctes"]]
    inside = hidden | frozenset(names) if clause.get("recursive") else hidden
    for each in clause["ctes"]:
        found += _tables(each["CommonTableExpr"]["ctequery"], inside)
        inside |= {each["CommonTableExpr"]["ctename"]}
    return found, hidden | frozenset(names)
