"""Which of the tables that a SELECT reads it reads only around `:start` and `:end`, seen in its raw tree.

A table is read in a window where every row that counts has passed `column >= :start` and `column < :end`, each with a
constant margin or none: in WHERE, or in ON of a join that drops what does not match. A window on a column that a
subquery or a query of WITH hands on as it is belongs to the table below. Whatever else is read is read whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeAlias

from stepladder.sql.infer.raw import Raw, body_of, integer_constant, kind_of, strings
from stepladder.sql.names import TableName
from stepladder.sql.parameters import Numbered
from stepladder.sql.parse import deep, parse_one
from stepladder.sql.span_spellings import parse_span
from stepladder.sql.spans import Span, later

NOTHING = Span(0, 0, 0)


@dataclass(frozen=True, slots=True)
class Window:
    """A source that is read by `column >= :start - before AND column < :end + after`; margins may be negative.

    `zone` is that of the column's values where they have none; None: UTC, as SQL compares them with an instant.
    """

    table: TableName
    column: str
    before: Span = NOTHING
    after: Span = NOTHING
    zone: str | None = None

    def around(self, start: date, end: date) -> tuple[date, date]:
        """The first moment that is read and the one after the last, for an interval of instants or of dates."""
        return later(start, self.before, -1), later(end, self.after, 1)


@dataclass(frozen=True, slots=True)
class Windows:
    """What a SELECT reads around its interval (`inside`), and the tables that it reads (also) beyond (`whole`)."""

    inside: tuple[Window, ...]
    whole: tuple[TableName, ...]


Columns: TypeAlias = Callable[
    [TableName], "Sequence[str] | None"
]  # a table's columns; None where they are unknown


def windows(sql: str, columns: Columns = lambda _: None) -> Windows:
    """The windows of one SELECT. A column without its table's name is found by `columns`, or where FROM has one table.

    Raises SqlSyntaxError.
    """
    with deep():
        text, tree = parse_one(sql)
        reader = _Reader(text, columns)
        reader.walk(tree, {})
    return Windows(tuple(dict.fromkeys(reader.inside)), tuple(dict.fromkeys(reader.whole)))


@dataclass(slots=True)
class _Edges:
    """How far a column is held on both sides."""

    start: Span | None = None
    end: Span | None = None

    @property
    def closed(self) -> bool:
        return self.start is not None and self.end is not None


_Held: TypeAlias = Mapping[str, _Edges]  # by column


@dataclass(slots=True)
class _With:
    """A query of WITH, and by which columns each of its uses is held."""

    query: Raw
    sight: _Sight
    loops: bool
    uses: list[_Held] = field(default_factory=list)


_Sight: TypeAlias = Mapping[str, _With]


@dataclass(slots=True)
class _Source:
    """One thing in FROM."""

    alias: str
    table: TableName | None = None
    named: _With | None = None
    query: Raw | None = None
    renamed: bool = False
    held: dict[str, _Edges] = field(default_factory=dict)


_Condition: TypeAlias = tuple[
    Raw, Sequence[_Source]
]  # and the sources whose rows do not count unless it holds


class _Reader:
    def __init__(self, text: Numbered, columns: Columns) -> None:
        self._text, self._columns = text, columns
        self.inside: list[Window] = []
        self.whole: list[TableName] = []

    def walk(self, node: Any, sight: _Sight) -> None:
        """Read the queries in an expression."""
        if isinstance(node, list):
            for each in node:
                self.walk(each, sight)
        elif isinstance(node, dict):
            if "SelectStmt" in node:
                self._query(node["SelectStmt"], sight, {})
            elif "RangeVar" in node:
                self._use(_table(node["RangeVar"], sight))
            else:
                for value in node.values():
                    self.walk(value, sight)

    # -- queries
    def _query(self, body: Raw, sight: _Sight, held: _Held) -> None:
        parts: list[_With] = []
        if "withClause" in body:
            parts, sight = _sight(body["withClause"], sight)
        if "larg" in body:
            self._arms(body, sight, {} if _limited(body) else held)
        else:
            self._select(body, sight, held if _hands_on(body) else {})
        for part in reversed(parts):
            self._query(part.query, part.sight, {} if part.loops else _common(part.uses))

    def _arms(self, body: Raw, sight: _Sight, held: _Held) -> None:
        """The arms of UNION, INTERSECT, EXCEPT: columns meet by their places."""
        names = _output(_first_arm(body))
        for side in ("larg", "rarg"):
            arm = body[side]
            here = _output(_first_arm(arm))
            passed = (
                {here[names.index(name)]: edges for name, edges in held.items() if names.count(name) == 1}
                if names and here and len(names) == len(here)
                else {}
            )
            self._query(arm, sight, passed)

    def _select(self, body: Raw, sight: _Sight, held: _Held) -> None:
        sources, conditions = _from(body.get("fromClause", []), sight)
        if "whereClause" in body:
            conditions.append((body["whereClause"], sources))
        for condition, reach in conditions:
            for test in _conjuncts(condition):
                found = _bound(test, self._text)
                if found is not None:
                    self._hold(found, sources, reach)
        for name, edges in held.items():
            self._hand_down(name, edges, body, sources)
        for source in sources:
            self._use(source, sight)
        for key, value in body.items():
            if key not in ("withClause", "fromClause", "lockingClause"):
                self.walk(value, sight)
        self.walk(list(_expressions(body.get("fromClause", []))), sight)

    # -- windows
    def _hold(self, bound: _Bound, sources: Sequence[_Source], reach: Sequence[_Source]) -> None:
        source = self._source(bound.alias, bound.column, sources)
        if source is None or not any(source is each for each in reach) or source.renamed:
            return
        edges = source.held.setdefault(bound.column, _Edges())
        if bound.edge == "start" and edges.start is None:
            edges.start = bound.margin
        elif bound.edge == "end" and edges.end is None:
            edges.end = bound.margin

    def _hand_down(self, name: str, edges: _Edges, body: Raw, sources: Sequence[_Source]) -> None:
        """A window on an output column that is a source's own is a window on that source."""
        found = [path for path in map(_path, body.get("targetList", [])) if path and path[0] in (name, "*")]
        if len(found) != 1:
            return
        alias, column = found[0][1], name if found[0][0] == "*" else found[0][2]
        source = self._source(alias, column, sources)
        if source is not None and not source.renamed:
            source.held.setdefault(column, edges)

    def _source(self, alias: str | None, column: str, sources: Sequence[_Source]) -> _Source | None:
        if alias is not None:
            return next((source for source in sources if source.alias == alias), None)
        if len(sources) == 1:
            return sources[0]
        names = [self._names(source) for source in sources]
        owners = [source for source, found in zip(sources, names, strict=True) if found and column in found]
        return owners[0] if len(owners) == 1 and None not in names else None

    def _names(self, source: _Source) -> Sequence[str] | None:
        """The columns of a source; None where they are unknown."""
        if source.table is not None:
            return self._columns(source.table)
        query = source.named.query if source.named else source.query
        return None if query is None or source.renamed else _output(_first_arm(query))

    def _use(self, source: _Source, sight: _Sight | None = None) -> None:
        held = {column: edges for column, edges in source.held.items() if edges.closed}
        if source.named is not None:
            source.named.uses.append(held)
        elif source.query is not None:
            self._query(source.query, sight or {}, held)
        elif source.table is not None and held:
            column, edges = next(iter(held.items()))
            self.inside.append(Window(source.table, column, edges.start or NOTHING, edges.end or NOTHING))
        elif source.table is not None:
            self.whole.append(source.table)


def _common(uses: Sequence[_Held]) -> _Held:
    """By which columns every use is held, as far as the widest."""
    if not uses:
        return {}
    found = {}
    for column in uses[0]:
        edges = [held[column] for held in uses if column in held]
        if len(edges) == len(uses):
            found[column] = _Edges(_widest(each.start for each in edges), _widest(each.end for each in edges))
    return found


def _widest(margins: Iterable[Span | None]) -> Span:
    return max((margin for margin in margins if margin is not None), key=lambda span: span.order)


def _limited(body: Raw) -> bool:
    return any(key in body for key in ("limitCount", "limitOffset"))


def _hands_on(body: Raw) -> bool:
    """Whether leaving rows out of a query's output is the same as leaving them out of its sources."""
    if _limited(body) or any(
        key in body for key in ("groupClause", "havingClause", "valuesLists", "windowClause")
    ):
        return False
    if any(body.get("distinctClause", [])):  # DISTINCT ON; a plain DISTINCT holds one empty node
        return False
    return not _windowed(body.get("targetList", []))


def _windowed(node: Any) -> bool:
    """Whether an expression has a window function: FuncCall with OVER, outside of subqueries."""
    if isinstance(node, list):
        return any(map(_windowed, node))
    return (
        isinstance(node, dict)
        and "SelectStmt" not in node
        and ("over" in node or any(map(_windowed, node.values())))
    )


def _first_arm(body: Raw) -> Raw:
    while "larg" in body:
        body = body["larg"]
    return body


def _output(body: Raw) -> list[str] | None:
    """The names of a SELECT's columns, "" where one has none of its own; None with a star."""
    paths = [_path(target) for target in body.get("targetList", [])]
    if not paths or any(path and path[0] == "*" for path in paths):
        return None
    return [
        path[0] if path else body_of(target).get("name", "")
        for path, target in zip(paths, body["targetList"], strict=True)
    ]


def _path(target: Raw) -> tuple[str, str | None, str] | None:
    """(output name, alias, column) of a target that is a column or a star as it is."""
    body = body_of(target)
    if kind_of(body.get("val")) != "ColumnRef":
        return None
    fields = body_of(body["val"])["fields"]
    names = strings(fields)
    if len(names) < len(fields):
        return "*", names[-1] if names else None, "*"
    return body.get("name", names[-1]), names[-2] if len(names) > 1 else None, names[-1]


def _sight(clause: Raw, sight: _Sight) -> tuple[list[_With], _Sight]:
    """WITH's queries, and what is in sight behind them."""
    parts: list[_With] = []
    loops = bool(clause.get("recursive"))
    behind = dict(sight)
    for each in clause["ctes"]:
        body = each["CommonTableExpr"]
        part = _With(
            body_of(body["ctequery"]), {} if loops else dict(behind), loops or "aliascolnames" in body
        )
        behind[body["ctename"]] = part
        parts.append(part)
    for part in parts:
        part.sight = behind if loops else part.sight
    return parts, behind


def _table(body: Raw, sight: _Sight) -> _Source:
    alias = body.get("alias", {})
    found = _Source(alias.get("aliasname", body["relname"]), renamed="colnames" in alias)
    if "schemaname" not in body and body["relname"] in sight:
        found.named = sight[body["relname"]]
    else:
        found.table = TableName(body.get("schemaname"), body["relname"])
    return found


def _from(nodes: Iterable[Raw], sight: _Sight) -> tuple[list[_Source], list[_Condition]]:
    """Everything in FROM, and the joins' conditions with the sources that they thin out."""
    sources: list[_Source] = []
    conditions: list[_Condition] = []
    for node in nodes:
        kind, body = kind_of(node), body_of(node)
        alias = body.get("alias", {})
        if kind == "JoinExpr":
            left, inner = _from([body["larg"]], sight)
            right, more = _from([body["rarg"]], sight)
            type_ = body.get("jointype", "JOIN_INNER")
            reach = [
                *(left if type_ in ("JOIN_INNER", "JOIN_RIGHT") else []),
                *(right if type_ in ("JOIN_INNER", "JOIN_LEFT") else []),
            ]
            conditions += [*inner, *more, *([(body["quals"], reach)] if "quals" in body else [])]
            sources += [*left, *right]
        elif kind == "RangeVar":
            sources.append(_table(body, sight))
        elif kind == "RangeSubselect":
            sources.append(
                _Source(
                    alias.get("aliasname", ""), query=body_of(body["subquery"]), renamed="colnames" in alias
                )
            )
        else:
            sources.append(_Source(alias.get("aliasname", ""), renamed=True))
    return sources, conditions


def _expressions(nodes: Iterable[Raw]) -> Iterator[Any]:
    """What FROM holds beside its tables and subqueries: conditions, functions, samples."""
    for node in nodes:
        body = body_of(node)
        if kind_of(node) == "JoinExpr":
            yield from _expressions([body["larg"], body["rarg"]])
            yield body.get("quals")
        elif kind_of(node) not in ("RangeVar", "RangeSubselect"):
            yield body


# -- conditions
def _conjuncts(node: Raw) -> Iterator[Raw]:
    body = body_of(node)
    if kind_of(node) == "BoolExpr" and body["boolop"] == "AND_EXPR":
        for each in body["args"]:
            yield from _conjuncts(each)
    else:
        yield node


@dataclass(frozen=True, slots=True)
class _Bound:
    """`column >= :start` or `column < :end`, with a margin outwards."""

    alias: str | None
    column: str
    edge: str
    margin: Span


_EDGES = {(">=", "start"), ("<", "end")}
_MIRRORED = {"<=": ">=", ">": "<"}


def _bound(node: Raw, text: Numbered) -> _Bound | None:
    body = body_of(node)
    if kind_of(node) != "A_Expr" or body["kind"] != "AEXPR_OP" or "lexpr" not in body:
        return None
    symbol, left, right = strings(body["name"])[-1], body["lexpr"], body["rexpr"]
    if kind_of(left) != "ColumnRef":
        symbol, left, right = _MIRRORED.get(symbol, ""), right, left
    if kind_of(left) != "ColumnRef":
        return None
    names = strings(body_of(left)["fields"])
    edge = _edge(right, text)
    if edge is None or (symbol, edge[0]) not in _EDGES or len(names) < len(body_of(left)["fields"]):
        return None
    outwards = Span(*(-part for part in edge[1])) if edge[0] == "start" else edge[1]
    return _Bound(names[-2] if len(names) > 1 else None, names[-1], edge[0], outwards)


def _edge(node: Raw, text: Numbered) -> tuple[str, Span] | None:
    """A parameter's name, and the constant that is added to it."""
    kind, body = kind_of(node), body_of(node)
    if kind == "ParamRef":
        return text.names[body.get("number", 1) - 1], NOTHING
    if kind == "TypeCast" and strings(body["typeName"].get("names"))[-1:] == ["timestamptz"]:
        return _edge(body["arg"], text)
    if kind != "A_Expr" or body["kind"] != "AEXPR_OP" or "lexpr" not in body:
        return None
    symbol, edge, margin = strings(body["name"])[-1], _edge(body["lexpr"], text), _span(body["rexpr"])
    if symbol not in ("+", "-") or edge is None or margin is None:
        return None
    sign = 1 if symbol == "+" else -1
    return edge[0], Span(*(one + sign * other for one, other in zip(edge[1], margin, strict=True)))


_FIELDS = {2: "month", 4: "year", 8: "day", 1024: "hour", 2048: "minute", 4096: "second"}


def _span(node: Raw) -> Span | None:
    """A constant interval, or a number of days."""
    days = integer_constant(node)
    if days is not None:
        return Span(0, days, 0)
    body = body_of(node)
    if kind_of(node) != "TypeCast" or strings(body["typeName"].get("names"))[-1:] != ["interval"]:
        return None
    literal = body_of(body["arg"]).get("sval", {}).get("sval")
    masks = [integer_constant(each) for each in body["typeName"].get("typmods", [])]
    if not literal or len(masks) > 1 or any(mask not in _FIELDS for mask in masks):
        return None
    return parse_span(literal, *(_FIELDS[mask] for mask in masks if mask))
