"""What a statement reads, seen in its raw tree: tables, windows of time, whether it returns rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from stepladder.errors import NotPortable, SqlSyntaxError
from stepladder.sql.infer.raw import Raw, body_of, kind_of, strings
from stepladder.sql.names import TableName
from stepladder.sql.parameters import Numbered, numbered
from stepladder.sql.parse import deep, parse, parse_one


@dataclass(frozen=True, slots=True)
class Window:
    """A source that is read by `column >= :start AND column < :end`."""

    table: TableName
    column: str


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


# -- windows
def windows(sql: str) -> tuple[Window, ...]:
    """The sources that one SELECT compares with both `:start` (>=) and `:end` (<)."""
    with deep():
        text, tree = parse_one(sql)
        return tuple(dict.fromkeys(_windows(tree, text, frozenset())))


def _windows(node: Any, text: Numbered, hidden: frozenset[str]) -> Iterator[Window]:
    if isinstance(node, list):
        for each in node:
            yield from _windows(each, text, hidden)
    elif isinstance(node, dict):
        inside = hidden
        if "withClause" in node:
            for each in node["withClause"]["ctes"]:
                yield from _windows(each["CommonTableExpr"]["ctequery"], text, inside)
                inside |= {each["CommonTableExpr"]["ctename"]}
        if "whereClause" in node or "fromClause" in node:
            yield from _select_windows(node, text, inside)
        for key, value in node.items():
            if key != "withClause":
                yield from _windows(value, text, inside)


def _select_windows(body: Raw, text: Numbered, hidden: frozenset[str]) -> Iterator[Window]:
    sources = dict(_sources(body.get("fromClause", []), hidden))
    conditions = [body["whereClause"]] if "whereClause" in body else []
    conditions += _join_conditions(body.get("fromClause", []))
    lower: set[tuple[str | None, str]] = set()
    upper: list[tuple[str | None, str]] = []
    for test in (part for condition in conditions for part in _conjuncts(condition)):
        found = _bound(test, text)
        if found and found[2] == "start":
            lower.add(found[:2])
        elif found:
            upper.append(found[:2])
    for alias, column in upper:
        if (alias, column) in lower:
            table = (
                sources.get(alias) if alias else next(iter(sources.values())) if len(sources) == 1 else None
            )
            if table is not None:
                yield Window(table, column)


def _sources(nodes: Any, hidden: frozenset[str]) -> Iterator[tuple[str, TableName | None]]:
    """Everything in FROM by its alias; None for what is no table."""
    for node in nodes:
        kind, body = kind_of(node), body_of(node)
        alias = body.get("alias", {}).get("aliasname")
        if kind == "RangeVar":
            table = next(_table(body, hidden), None)
            yield alias or body["relname"], table
        elif kind == "JoinExpr":
            yield from _sources([body["larg"], body["rarg"]], hidden)
        else:
            yield alias or f"?{id(node)}", None


def _join_conditions(nodes: Any) -> list[Any]:
    found = []
    for node in nodes:
        if kind_of(node) == "JoinExpr":
            body = body_of(node)
            found += [body["quals"]] if "quals" in body else []
            found += _join_conditions([body["larg"], body["rarg"]])
    return found


def _conjuncts(node: Raw) -> Iterator[Raw]:
    body = body_of(node)
    if kind_of(node) == "BoolExpr" and body["boolop"] == "AND_EXPR":
        for each in body["args"]:
            yield from _conjuncts(each)
    else:
        yield node


_EDGES = {(">=", "start"), ("<", "end")}
_MIRRORED = {"<=": ">=", ">": "<"}


def _bound(node: Raw, text: Numbered) -> tuple[str | None, str, str] | None:
    """(alias, column, parameter) of `column >= :start` or `column < :end`, either way round."""
    body = body_of(node)
    if kind_of(node) != "A_Expr" or body["kind"] != "AEXPR_OP" or "lexpr" not in body:
        return None
    symbol, left, right = strings(body["name"])[-1], body["lexpr"], body["rexpr"]
    if kind_of(left) == "ParamRef":
        symbol, left, right = _MIRRORED.get(symbol, ""), right, left
    if kind_of(left) != "ColumnRef" or kind_of(right) != "ParamRef":
        return None
    parameter = text.names[body_of(right).get("number", 1) - 1]
    names = strings(body_of(left)["fields"])
    if (symbol, parameter) not in _EDGES or len(names) < len(body_of(left)["fields"]):
        return None
    return (names[-2] if len(names) > 1 else None), names[-1], parameter
