"""Random queries of many shapes over tables of everyday values, on which no expression fails.

What PostgreSQL leaves open is not asked for: aggregates that depend on their rows' order say it, windows are ordered by
what tells their rows apart, LIMIT stands beside an order of all columns, and sums of floats are exact.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from tests.fuzz import grammar, patterns, values
from tests.fuzz.calls import Calls, Columns
from tests.fuzz.expressions import Column, Expressions
from tests.fuzz.node import Node, clause, fixed, listed
from tests.fuzz.schemas import Table
from tests.fuzz.statement import Statement


class Queries(Calls):
    """Statements that read, from a seed."""

    def __init__(self, chance: random.Random, tables: Sequence[Table]) -> None:
        super().__init__(chance)
        self._tables = [each for each in tables if not each.edges]
        self._edges = [each for each in tables if each.edges]
        self._wild = Expressions(chance, grammar.wild(), values.edge, constants=False)
        self._names = 0

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
        order = ", ".join(f"{place}{self._word(*ways)}" for place in range(1, count + 1))
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
            )
        )
        return f" ORDER BY {order}", clause(limit)

    @staticmethod
    def _shown(what: Node | str, type_: str) -> Node | str:
        """A target; an interval as text, for the driver counts a month as 30 days."""
        return fixed(what, "::text") if type_ == "interval" else what

    # -- FROM
    def _name(self) -> str:
        self._names += 1
        return f"s{self._names}"

    def _source(self, depth: int, neighbours: Columns) -> tuple[Node, Columns]:
        name, way = self._name(), self._chance.random()
        if depth > 0 and way < 0.3:
            lateral = bool(neighbours) and way < 0.12
            types = self._chance.choices(patterns.SHOWN, k=self._chance.randint(1, 3))
            body = self._query(depth - 1, neighbours if lateral else [], types)
            columns = [Column(f"{name}.c{place}", each) for place, each in enumerate(types)]
            return fixed("LATERAL (" if lateral else "(", body, f") AS {name}"), columns
        if way < 0.36:
            return fixed(f"(VALUES (1, 'p'), (NULL, 'q'), (2, NULL)) AS {name}(m, n)"), [
                Column(f"{name}.m", "int4"),
                Column(f"{name}.n", "text"),
            ]
        if way < 0.40:
            return fixed(f"generate_series(1, {self._chance.randint(1, 4)}) AS {name}(g)"), [
                Column(f"{name}.g", "int4")
            ]
        if way < 0.48:
            pattern, type_ = self._chance.choice(patterns.ROWS)
            made = self._filled(pattern, neighbours)
            return fixed(made, f" AS {name}(e)"), [Column(f"{name}.e", type_)]
        table = self._chance.choice(self._tables)
        return fixed(f"{table.name} AS {name}"), [
            Column(f"{name}.{each.name}", each.type) for each in table.columns
        ]

    def _from(self, depth: int, outer: Columns) -> tuple[Node, Columns]:
        text, columns = self._source(depth, [])
        for _ in range(self._chance.choice((0, 0, 0, 1, 1, 2))):
            text, columns = self._joined(text, columns, depth, outer)
        return text, columns

    def _joined(self, text: Node, columns: Columns, depth: int, outer: Columns) -> tuple[Node, Columns]:
        word = self._word("CROSS", "INNER", "INNER", "LEFT", "LEFT", "RIGHT", "FULL")
        other, new = self._source(depth, [] if word in ("RIGHT", "FULL") else columns)
        pairs = [
            (one.name, two.name)
            for one in columns
            for two in new
            if one.type == two.type and one.type in patterns.SHOWN
        ]
        if word == "CROSS":
            return fixed(text, " CROSS JOIN ", other), columns + new
        if not pairs:
            return fixed(text, " LEFT JOIN ", other, " ON true"), columns + new
        test = "{} = {}".format(*self._chance.choice(pairs))
        also = (
            clause(" AND ", self._test(columns + new + outer, 1))
            if word != "FULL" and self._chance.random() < 0.25
            else ""
        )
        return fixed(text, f" {word} JOIN ", other, f" ON {test}", also), columns + new

    # -- queries
    def _query(self, depth: int, outer: Columns, types: Sequence[str]) -> Node:
        way = self._chance.random()
        if depth > 0 and way < 0.12:
            one, two = (self._query(depth - 1, outer, types) for _ in range(2))
            return fixed("(", one, f") {self._word(*patterns.SETS)} (", two, ")")
        if way < 0.18:
            return self._using(types)
        source, inside = self._from(depth, outer)
        scope = inside + outer
        where = self._where(scope, 2, depth) if self._chance.random() < 0.5 else fixed()
        if way < 0.40:
            return self._grouped(source, where, inside, types)
        if way < 0.55:
            return self._over(source, where, inside, types)
        if way < 0.60:
            return self._ranged(source, where, inside, types)
        if way < 0.64:
            return self._recursive(types)
        targets = [self._target(scope, each, place, depth) for place, each in enumerate(types)]
        distinct = (
            clause("DISTINCT ")
            if self._chance.random() < 0.15 and set(types) <= set(patterns.GROUPED)
            else ""
        )
        if distinct or way < 0.9:
            return fixed("SELECT ", distinct, listed(*targets), " FROM ", source, where)
        return self._distinct_on(source, where, inside, targets)

    def _distinct_on(self, source: Node, where: Node, inside: Columns, targets: Sequence[Node]) -> Node:
        rest = ", ".join(each.name for each in self._sortable(inside))
        first = self._safe.of(self._word(*patterns.GROUPED), inside, 1)
        return fixed(
            "SELECT DISTINCT ON (",
            first,
            ") ",
            listed(*targets),
            " FROM ",
            source,
            where,
            " ORDER BY ",
            first,
            f", {rest}" if rest else "",
        )

    def _using(self, types: Sequence[str]) -> Node:
        """Two tables joined by their ids."""
        one, two = self._chance.choice(self._tables), self._chance.choice(self._tables)
        word = self._word("", "LEFT ", "RIGHT ", "FULL ")
        left, right = self._name(), self._name()
        scope = [Column("id", "int4")]
        scope += [Column(f"{left}.{each.name}", each.type) for each in one.columns]
        scope += [Column(f"{right}.{each.name}", each.type) for each in two.columns]
        targets = [self._target(scope, each, place, 0) for place, each in enumerate(types)]
        return fixed(
            "SELECT ",
            listed(*targets),
            f" FROM {one.name} AS {left} {word}JOIN {two.name} AS {right} USING (id)",
            self._where(scope, 1),
        )

    def _target(self, scope: Columns, type_: str, place: int, depth: int) -> Node:
        if depth > 0 and self._chance.random() < 0.08 and type_ in patterns.SHOWN:
            inner = self._scalar(type_, scope)
            return fixed(inner, f" AS c{place}")
        return fixed(self._safe.of(type_, scope, self._chance.choice((0, 1, 2))), f" AS c{place}")

    def _scalar(self, type_: str, scope: Columns) -> Node:
        """A scalar subquery."""
        source, inside = self._source(0, [])
        inner = self._safe.of(type_, inside, 1)
        if type_ == "bool" or type_ == "float8":
            order = ", ".join(each.name for each in self._sortable(inside))
            return fixed(
                "(SELECT ",
                inner,
                " FROM ",
                source,
                self._where(inside + scope, 1),
                f" ORDER BY {order} LIMIT 1)",
            )
        return fixed(
            f"(SELECT {self._word('min', 'max')}(",
            inner,
            ") FROM ",
            source,
            self._where(inside + scope, 1),
            ")",
        )

    def _recursive(self, types: Sequence[str]) -> Node:
        """Rows counted up, or a walk through a table by its own ids."""
        name = self._name()
        if self._chance.random() < 0.5:
            step, word = self._word("n + 1", "n * 2", "n + n % 3 + 1"), self._word("UNION ALL", "UNION")
            rows = f"SELECT 1 AS n, 'a'::text AS p {word} SELECT {step}, p || 'b' FROM {name} WHERE n < {self._word('5', '9')}"
        else:
            table = self._chance.choice(self._tables).name
            rows = (
                f"SELECT id AS n, ''::text AS p FROM {table} WHERE id <= 2 UNION ALL "
                f"SELECT t.id, r.p || '/' || t.c1::text FROM {table} AS t JOIN {name} AS r ON t.id = r.n + 2"
            )
        scope = [Column(f"{name}.n", "int4"), Column(f"{name}.p", "text")]
        targets = [self._target(scope, each, place, 0) for place, each in enumerate(types)]
        where = self._where(scope, 1)
        return fixed(
            f"WITH RECURSIVE {name}(n, p) AS ({rows}) SELECT ", listed(*targets), f" FROM {name}", where
        )

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
            )
            return self._chance.choice(tests)()
        return self._safe.of("bool", scope, depth)
