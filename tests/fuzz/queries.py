"""Random queries of many shapes over tables of everyday values, on which no expression fails.

What PostgreSQL leaves open is not asked for: aggregates that depend on their rows' order say it, windows are ordered by
what tells their rows apart, LIMIT stands beside an order of all columns, and sums of floats are exact.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from tests.fuzz import grammar, patterns, values
from tests.fuzz.calls import Columns
from tests.fuzz.expressions import Expressions
from tests.fuzz.node import Node, clause, fixed, listed
from tests.fuzz.schemas import Table
from tests.fuzz.shapes import Shapes
from tests.fuzz.statement import Statement


class Queries(Shapes):
    """Statements that read, from a seed."""

    def __init__(self, chance: random.Random, tables: Sequence[Table]) -> None:
        super().__init__(chance, tables)
        self._wild = Expressions(chance, grammar.wild(), values.edge, constants=False)

    # -- statements
    def expressions(self) -> Statement:
        """Many expressions over the table of edges: any may fail."""
        (table,) = self._edges
        types = self._chance.choices([*patterns.SHOWN, *patterns.SHOWN, *patterns.RARE], k=8)
        targets = [self._shown(self._wild.of(each, table.columns, 2), each) for each in types]
        where = f" WHERE id = {self._chance.randint(1, 3)}"
        return Statement(
            fixed("SELECT ", listed(*targets), f" FROM {table.name}{where}"), "expressions", parts=True
        )

    def everyday(self) -> Statement:
        """Many expressions over a table, none of which fails."""
        table = self._chance.choice(self._tables)
        types = self._chance.choices([*patterns.SHOWN, *patterns.SHOWN, *patterns.RARE], k=8)
        targets = [self._shown(self._safe.of(each, table.columns, 3), each) for each in types]
        where = self._where(list(table.columns), 2)
        text = fixed("SELECT ", listed(*targets), f" FROM {table.name}", where, " ORDER BY id")
        return Statement(text, "everyday", ordered=True, parts=True)

    def query(self) -> Statement:
        """A query of any shape, ordered by all of its columns."""
        types = self._chance.choices(
            [*patterns.SHOWN, *patterns.SHOWN, *patterns.RARE], k=self._chance.randint(1, 4)
        )
        body = self._query(2, [], types)
        if self._chance.random() < 0.25:
            body = fixed(*self._with(types, body))
        order = self._order(len(types), uncertain="numeric" in types)
        targets = listed(*[self._shown(f"c{place}", each) for place, each in enumerate(types)])
        # The server's min() of a constant fails beside WITH TIES: "more than one row returned by a subquery".
        ordered = str(body).startswith("SELECT DISTINCT ON")
        wrapped = (
            ordered or "interval" in types or str(order[1]).endswith("TIES") or self._chance.random() < 0.1
        )
        if wrapped:
            body = fixed("SELECT ", targets, " FROM (", body, ") AS q")
        return Statement(fixed(body, *order), "query", ordered=True)

    def defined(self) -> Statement:
        """A view or a table of a query, and what it holds."""
        types = [
            each
            for each in self._chance.choices([*patterns.SHOWN, *patterns.RARE], k=4)
            if each != "interval"
        ] or ["int4"]
        made = self._word("CREATE VIEW v1", "CREATE TABLE v1", "CREATE TEMP TABLE v1")
        if self._chance.random() < 0.3:
            made += f"({', '.join(f'n{place}' for place, _ in enumerate(types))})"
        order = ", ".join(str(place) for place, _ in enumerate(types, 1))
        return Statement(
            fixed(f"{made} AS ", self._query(1, [], types)),
            "definition",
            after=f"SELECT * FROM v1 ORDER BY {order}",
        )

    def _with(self, types: Sequence[str], body: Node) -> tuple[Node | str, ...]:
        word = self._word("", "", " MATERIALIZED", " NOT MATERIALIZED")
        if self._chance.random() < 0.5:
            return f"WITH v AS{word} (", body, ") SELECT * FROM v"
        names = ", ".join(f"c{place}" for place in range(len(types)))
        other = self._query(1, [], types)
        return (
            f"WITH v({names}) AS{word} (",
            body,
            "), u AS (",
            other,
            f") SELECT * FROM v UNION {self._word('ALL ', '')}SELECT * FROM u",
        )

    def _order(self, count: int, *, uncertain: bool) -> tuple[Node | str, ...]:
        ways = ("", " DESC", " NULLS FIRST", " DESC NULLS LAST")
        named = self._chance.random() < 0.3
        order = ", ".join(
            f"{f'c{place - 1}' if named else place}{self._word(*ways)}" for place in range(1, count + 1)
        )
        # Which of 0 and 0.00 comes first is open.
        limit = (
            ""
            if uncertain
            else self._word(
                "",
                "",
                "",
                " LIMIT 5",
                " OFFSET 1 LIMIT 3",
                " FETCH FIRST 2 ROWS ONLY",
                " FETCH FIRST 3 ROWS WITH TIES",
                " LIMIT (SELECT 2)",
                " LIMIT ALL OFFSET 2",
            )
        )
        return f" ORDER BY {order}", clause(limit)

    @staticmethod
    def _shown(what: Node | str, type_: str) -> Node | str:
        """A target; an interval as text, for the driver counts a month as 30 days."""
        return fixed(what, "::text") if type_ == "interval" else what

    # -- queries
    def _query(self, depth: int, outer: Columns, types: Sequence[str]) -> Node:
        way = self._chance.random()
        if depth > 0 and way < 0.10:
            one, two = (self._query(depth - 1, outer, types) for _ in range(2))
            return fixed("(", one, f") {self._word(*patterns.SETS)} (", two, ")")
        if way < 0.22:
            return self._special(way, depth, outer, types)
        source, inside = self._from(depth, outer)
        scope = inside + outer
        where = self._where(scope, 2, depth) if self._chance.random() < 0.5 else fixed()
        for limit, made in (
            (0.38, self._grouped), (0.44, self._by_expressions), (0.57, self._over), (0.62, self._ranged), (0.65, self._ranked),
        ):  # fmt: skip
            if way < limit:
                return made(source, where, inside, types)
        targets = [self._target(scope, each, place, depth) for place, each in enumerate(types)]
        distinct = (
            clause("DISTINCT ")
            if self._chance.random() < 0.15 and set(types) <= set(patterns.GROUPED)
            else ""
        )
        if distinct or way < 0.92:
            return fixed("SELECT ", distinct, listed(*targets), " FROM ", source, where)
        return self._distinct_on(source, where, inside, targets)

    def _special(self, way: float, depth: int, outer: Columns, types: Sequence[str]) -> Node:
        if depth > 0 and way < 0.13:
            return self._outer(depth - 1, outer, types)
        made = (self._using, self._natural, self._chain, self._recursive)
        return self._chance.choice(made)(types)

    def _target(self, scope: Columns, type_: str, place: int, depth: int) -> Node:
        if depth > 0 and self._chance.random() < 0.08 and type_ in (*patterns.SHOWN, "_int4", "_text"):
            return fixed(self._scalar(type_, scope), f" AS c{place}")
        return fixed(self._safe.of(type_, scope, self._chance.choice((0, 1, 2))), f" AS c{place}")

    # -- conditions
    def _where(self, scope: Columns, depth: int, nested: int = 0) -> Node:
        return clause(" WHERE ", self._test(scope, depth, nested))

    def _test(self, scope: Columns, depth: int, nested: int = 0) -> Node:
        if nested > 0 and self._chance.random() < 0.25:
            type_ = self._word(*patterns.SHOWN)
            inner = self._query(nested - 1, scope, [type_])
            tests = (
                lambda: fixed(
                    self._safe.of(type_, scope, 1),
                    f" {self._word('IN', 'NOT IN', '= ANY', '> ALL', '< ANY')} (",
                    inner,
                    ")",
                ),
                lambda: fixed(f"{self._word('', 'NOT ')}EXISTS (", inner, ")"),
                lambda: self._row_test(scope, nested),
            )
            return self._chance.choice(tests)()
        return self._safe.of("bool", scope, depth)
