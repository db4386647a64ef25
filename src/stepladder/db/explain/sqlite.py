"""SQLite's plan (EXPLAIN QUERY PLAN of the translated statement) as our value, in the user's names.

SQLite names neither conditions nor numbers of rows, and knows joins as one loop inside the other only.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from stepladder.db.explain.advice import advise
from stepladder.db.explain.plan import Node, Plan, numbered
from stepladder.db.explain.sqlite_statistics import Statistics
from stepladder.sql import Access, Accesses, Comparison, TableName, index_columns

Step = tuple[int, int, int, str]
"""A row of EXPLAIN QUERY PLAN: number, number of the one above, nothing, words."""

# What PostgreSQL takes for the share of rows that a condition keeps when it knows nothing of the values.
_EQUAL, _BETWEEN, _BEYOND = 0.005, 0.005, 1 / 3
_ACCESS = re.compile(r"(?P<word>SCAN|SEARCH) (?P<name>\S+)(?: USING (?P<using>.*?))?(?P<left> LEFT-JOIN)?$")
_INDEX = re.compile(
    r"(?P<auto>AUTOMATIC )?(?:PARTIAL )?(?P<covering>COVERING )?INDEX ?(?P<name>.*?)(?: ?\((?P<condition>[^()]*[=<>][^()]*)\))?$"
)
_SORT = re.compile(r"USE TEMP B-TREE FOR (?:(?:RIGHT PART|LAST TERM|LAST \d+ TERMS) OF )?(?P<for>.*)")
_OWN = re.compile(r"[tws]\d+|s|\(.*\)|json_each|json_tree")
_MADE = re.compile(r"(?:CO-ROUTINE|MATERIALIZE) (?P<name>\S+)$")
_SORTED = {"ORDER BY": "sort", "GROUP BY": "group", "DISTINCT": "distinct"}
_READS = ("scan", "index scan", "index search", "automatic index")
_WORDS = (
    ("CONSTANT ROW", "values"),
    ("CORRELATED", "subquery for each row"),
    ("SCALAR SUBQUERY", "subquery"),
    ("LIST SUBQUERY", "subquery"),
)


def read_plan(raw: sqlite3.Connection, steps: Sequence[Step], found: Accesses) -> Node:
    """The tree of a statement's plan."""
    root = _Reader(raw, found).below(0, steps)
    if found.target is not None:
        return Node(operation=found.verb, table=found.target.sql, children=(root,) if root else ())
    return root or Node(operation="values")


def plan_of(
    root: Node, *, analyzed: bool = False, milliseconds: float | None = None, rows: int | None = None
) -> Plan:
    """The plan, with what is slow in it."""
    done = numbered(root)
    return Plan("SQLite", done, advise(done, sorts_by_scan=True), analyzed, milliseconds, rows)


class _Reader:
    def __init__(self, raw: sqlite3.Connection, found: Accesses) -> None:
        self._file = Statistics(raw)
        self._found = found

    def below(self, parent: int, steps: Sequence[Step]) -> Node | None:
        """Everything below a step as one node: what is read in a loop, and what is sorted around it."""
        read: dict[str, Node] = {}  # by SQLite's names, in order
        made: dict[str, Node] = {}  # what is read in here was made ready by a step of its own
        others: list[Node] = []
        sorts: list[Node] = []
        for number, _, _, words in [step for step in steps if step[1] == parent]:
            inner = self.below(number, steps)
            children = (inner,) if inner else ()
            access, ready, sort = _ACCESS.match(words), _MADE.match(words), _SORT.match(words)
            if access and "CONSTANT ROW" not in words:
                name = self._number(access["name"], top=parent == 0)
                if name is None:
                    others += self._check(access)
                else:
                    read[name] = self._read(name, access, read.keys(), children + _taken(made, name))
            elif ready:
                made[ready["name"]] = inner or Node(operation="values")
            elif sort:
                sorts.append(Node(operation=_SORTED.get(sort["for"], "sort")))
            elif words == "COMPOUND QUERY" or words.startswith("MERGE ("):
                others.append(self._compound(number, steps))
            else:
                operation = next((known for word, known in _WORDS if word in words), _plain(words))
                others.append(Node(operation=operation, children=children))
        body = _loop(list(read.values()), [*others, *made.values()])
        for each in sorts:
            keys = self._keys(each.operation, body)
            body = replace(each, keys=keys, index_columns=keys, children=(body,) if body else ())
        return body

    def _keys(self, word: str, body: Node | None) -> tuple[str, ...]:
        """The bare columns by which the only table below is sorted."""
        if body is None or body.table is None or body.operation not in _READS:
            return ()
        for access in self._found.tables.values():
            if (access.table.sql, access.alias) == (body.table, body.alias):
                return {"sort": access.order, "group": access.group}.get(word, access.distinct)
        return ()

    def _compound(self, number: int, steps: Sequence[Step]) -> Node:
        """UNION and its kin: a branch a child."""
        mine = [step for step in steps if step[1] == number]
        branches = tuple(node for step in mine if (node := self.below(step[0], steps)))
        words = " ".join(step[3] for step in steps if step[0] == number or step in mine)
        for word, operation in (("UNION ALL", "append"), ("UNION", "union")):
            if word in words:
                return Node(operation=operation, children=branches)
        return Node(operation="set operation", children=branches)

    def _read(
        self, name: str, match: re.Match[str], seen: Collection[str], children: tuple[Node, ...]
    ) -> Node:
        """SCAN or SEARCH; `seen` are the sources that are read before it in the same loop."""
        access = self._access(name)
        index = _INDEX.match(match["using"] or "")
        if access is None:
            return self._read_inner(name, match, index, children)
        parts = [part for part in access.parts if {f"t{number}" for number in part.needs} <= set(seen)]
        compared = [each for part in parts for each in part.comparisons]
        columns = index_columns(compared)
        return Node(
            operation=_operation(match, index),
            table=access.table.sql,
            alias=access.alias,
            index=self._index(match["using"], index),
            condition=_condition(match["using"], index),
            filter=" AND ".join(part.text for part in parts) or None,
            detail="left" if match["left"] else "index only" if index and index["covering"] else None,
            rows=self._found_rows(access.table, index),
            table_rows=self._file.rows(access.table),
            share=_share(compared),
            index_columns=columns,
            has_index=bool(columns) and columns[0] in self._file.leading_columns(access.table),
            children=children,
        )

    def _number(self, name: str, *, top: bool) -> str | None:
        """The name by which the translated text calls it: t3; None for what SQLite reads on its own account."""
        if _OWN.fullmatch(name):
            return name
        if top and self._found.verb in ("update", "delete"):
            return None
        # count(*) of a whole table is shown under the table's own name.
        tables = self._found.tables.items()
        return next((f"t{number}" for number, each in tables if each.table.stored_name == name), None)

    def _check(self, match: re.Match[str]) -> list[Node]:
        """What SQLite reads under a table's own name: those that refer to the rows that are written."""
        target = self._found.target
        if target is None or self._found.verb == "insert":  # then it is there for REPLACE, and not run
            return []
        table = TableName.from_stored(match["name"])
        columns = self._file.referring_columns(table, target)
        searched = match["word"] == "SEARCH"
        return [
            Node(
                operation="foreign key check",
                table=table.sql,
                condition=" AND ".join(f"{column}=?" for column in columns) or None,
                detail=None if searched else "scan",
                table_rows=self._file.rows(table),
                index_columns=() if searched else columns,
            )
        ]

    def _read_inner(
        self, name: str, match: re.Match[str], index: re.Match[str] | None, children: tuple[Node, ...]
    ) -> Node:
        """A read of what is no table: a function, one of WITH, a subquery."""
        number = re.fullmatch(r"t(\d+)", name)
        source = int(number[1]) if number else 0
        if source in self._found.functions:
            return Node(operation="function", table=self._found.functions[source])
        cte = self._found.names.get(self._found.uses.get(source, 0))
        operation = _operation(match, index)
        return Node(operation="subquery" if operation == "scan" else operation, table=cte, children=children)

    def _access(self, name: str) -> Access | None:
        """The table that t1 stands for; None for one of WITH, a subquery, or where it is not certain."""
        match = re.fullmatch(r"t(\d+)", name)
        if match is None:
            return None
        access = self._found.tables.get(int(match[1]))
        views = [each.table for each in self._found.tables.values() if self._file.view(each.table)]
        if not views:
            return access
        # A view's text has numbers of its own: only what no view could mean is certain.
        inside = {found for view in views if (found := self._inside(view, name))}
        if access is not None and not self._file.view(access.table):
            return access if not inside else None
        return Access(TableName.from_stored(inside.pop())) if len(inside) == 1 else None

    def _inside(self, view: TableName, name: str) -> str | None:
        match = re.search(rf'"((?:[^"]|"")+)" AS {name}\b', self._file.view(view) or "")
        return match[1].replace('""', '"') if match else None

    def _index(self, using: str | None, index: re.Match[str] | None) -> str | None:
        if using and using.startswith("INTEGER PRIMARY KEY"):
            return "its primary key"
        name = index["name"].strip() if index else ""
        if name.startswith("sqlite_autoindex_"):
            return f"its key ({', '.join(self._file.index_columns(name))})"
        return TableName.from_stored(name).sql if name else None

    def _found_rows(self, table: TableName, index: re.Match[str] | None) -> float | None:
        """Rows that one search finds, by the statistics."""
        if index is None or not index["condition"] or not index["name"]:
            return None
        return self._file.rows_of_a_key(table, index["name"].strip(), index["condition"].count("=?"))


def _plain(words: str) -> str:
    """SQLite's own words for a step, without the names behind them: RIGHT-JOIN t3, BLOOM FILTER ON t2 (c1=?)."""
    match = re.match(r"[A-Z-]+(?: [A-Z-]+)*", words)
    return match[0].removesuffix(" ON").lower() if match else "step"


def _operation(match: re.Match[str], index: re.Match[str] | None) -> str:
    if index and index["auto"]:
        return "automatic index"
    # SEARCH without a condition looks for the first or last row of the index: min() and max().
    if match["word"] == "SEARCH" and _condition(match["using"], index):
        return "index search"
    return "index scan" if match["using"] else "scan"


def _condition(using: str | None, index: re.Match[str] | None) -> str | None:
    if index and index["condition"]:
        return str(index["condition"])
    inside = re.search(r"\((.*)\)$", using or "")
    return inside[1] if inside else None


def _share(compared: Iterable[Comparison]) -> float | None:
    """What the comparisons keep, by PostgreSQL's own guesses; None where there are none."""
    given = list(compared)
    if not given:
        return None
    share = 1.0
    for column in dict.fromkeys(each.column for each in given):
        mine = [each for each in given if each.column == column]
        equal = any(each.equal for each in mine)
        share *= _EQUAL if equal else _BETWEEN if len(mine) > 1 else _BEYOND
    return share


def _taken(made: dict[str, Node], name: str) -> tuple[Node, ...]:
    return (made.pop(name),) if name in made else ()


def _loop(read: Sequence[Node], others: Sequence[Node]) -> Node | None:
    """What is read, each inside the one before; what runs beside it comes last. One node, or none."""
    if len(read) > 1:
        return Node(operation="nested loop", children=(*read, *others))
    if read:
        return replace(read[0], children=(*read[0].children, *others))
    if len(others) > 1:
        return Node(operation="append", children=tuple(others))
    return others[0] if others else None
