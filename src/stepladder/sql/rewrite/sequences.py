"""nextval() and its kin: functions of the connection, which counts.

PostgreSQL takes the numbers of a query's list in the order of its rows; SQLite may take them before it puts the rows in
order. Where there is an order, or a LIMIT, nextval() is refused.
"""

from __future__ import annotations

from collections.abc import Iterator

from stepladder.sql.infer.context import refuse
from stepladder.sql.infer.tree import Call, Cast, Constant, Query, Select, WindowCall, level, walk
from stepladder.sql.rewrite.rules import Print, Rule, function, string

_TAKING = ("nextval", "setval")


def _rule(name: str) -> Rule:
    def rule(show: Print, call: Call) -> str:
        if not call.arguments:
            return f"{name}()"
        sequence, *rest = call.arguments
        if isinstance(sequence, Constant):
            shown = "NULL" if sequence.value is None else string(sequence.value)
        elif isinstance(sequence, Cast) and sequence.argument.type.name in ("text", "varchar"):
            shown = show(sequence.argument)
        else:
            raise refuse("a sequence whose name is computed", call.position, instead="write its name")
        return f"{name}({', '.join([shown, *map(show, rest)])})"

    return rule


RULES: dict[str, Rule] = {
    "nextval(regclass)": _rule("pg_nextval"),
    "currval(regclass)": _rule("pg_currval"),
    "setval(regclass,int8)": _rule("pg_setval"),
    "setval(regclass,int8,bool)": _rule("pg_setval"),
    "lastval()": _rule("pg_lastval"),
    "pg_get_serial_sequence(text,text)": function("pg_serial_sequence"),
}


def refuse_numbers_in_order(statement: object) -> None:
    """Raise NotPortable where the numbers that nextval() gives hang on an order that SQLite may not keep."""
    nodes = list(walk(statement))
    if not any(isinstance(node, Call) and node.name in _TAKING for node in nodes):
        return
    for node in nodes:
        if isinstance(node, Select) and node.sources:
            _refuse_in(node)


def _refuse_in(query: Select) -> None:
    position = next((call.position for call in _numbers(query.targets)), None)
    conditions = (query.where, query.having, query.group, query.order, query.distinct_on)
    elsewhere = next(_numbers(tuple(each for each in conditions if each)), None)
    if elsewhere is not None:
        raise refuse(f"{elsewhere.name}() outside a query's list", elsewhere.position)
    if position is None:
        return
    inside = [node for node in walk((query.sources, query.with_)) if isinstance(node, Query)]
    windows = any(isinstance(node, WindowCall) for each in query.targets for node in level(each))
    if (
        query.group
        or query.sets
        or query.distinct
        or query.distinct_on
        or windows
        or any(map(_is_ordered, [query, *inside]))
    ):
        raise refuse(
            "nextval() in a query with an order, a LIMIT or groups",
            position,
            why="SQLite may take the numbers before it puts the rows in order",
            instead="let the column's DEFAULT take them: INSERT INTO … SELECT … ORDER BY, without the column",
        )


def _is_ordered(query: Query) -> bool:
    return bool(query.order) or query.limit is not None or query.offset is not None


def _numbers(nodes: object) -> Iterator[Call]:
    return (node for node in walk(nodes) if isinstance(node, Call) and node.name in _TAKING)
