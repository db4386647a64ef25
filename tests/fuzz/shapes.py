"""Queries of special shapes: set operations, recursion, DISTINCT ON, joins by name, rows of rows."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from tests.fuzz import patterns, values
from tests.fuzz.calls import Columns
from tests.fuzz.expressions import Column
from tests.fuzz.node import Node, clause, fixed, listed
from tests.fuzz.sources import Sources

_NARROWER = {"int8": "int4", "numeric": "int4", "float8": "int4", "timestamp": "date", "timestamptz": "date"}


class Shapes(Sources):
    """Bodies of queries with the columns `c0`, `c1` … of given types."""

    @abstractmethod
    def _target(self, scope: Columns, type_: str, place: int, depth: int) -> Node:
        """An expression of the SELECT list with its name."""

    def _targets(self, scope: Columns, types: Sequence[str]) -> Node:
        return listed(*(self._target(scope, each, place, 0) for place, each in enumerate(types)))

    def _distinct_on(self, source: Node, where: Node, inside: Columns, targets: Sequence[Node]) -> Node:
        rest = self._rest(inside)
        first = self._safe.of(self._word(*patterns.GROUPED), inside, 1)
        order = fixed(" ORDER BY ", first, f", {rest}" if rest else "")
        return fixed("SELECT DISTINCT ON (", first, ") ", listed(*targets), " FROM ", source, where, order)

    def _using(self, types: Sequence[str]) -> Node:
        """Two tables joined by their ids."""
        one, two = self._chance.choice(self._tables), self._chance.choice(self._tables)
        word = self._word("", "LEFT ", "RIGHT ", "FULL ")
        left, right = self._name(), self._name()
        scope = [Column("id", "int4")]
        scope += [Column(f"{left}.{each.name}", each.type) for each in one.columns]
        scope += [Column(f"{right}.{each.name}", each.type) for each in two.columns]
        joined = f" FROM {one.name} AS {left} {word}JOIN {two.name} AS {right} USING (id)"
        return fixed("SELECT ", self._targets(scope, types), joined, self._where(scope, 1))

    def _natural(self, types: Sequence[str]) -> Node:
        """Parts of two tables joined by what they have in common."""
        one, two = self._chance.choice(self._tables), self._chance.choice(self._tables)
        third, word = one.columns[4], self._word("", "LEFT ", "RIGHT ", "FULL ")
        scope = [
            Column("id", "int4"),
            Column("c1", "int4"),
            Column("z", "text"),
            Column(third.name, third.type),
        ]
        left = f"(SELECT id, c1, {third.name} FROM {one.name}) AS {self._name()}"
        right = f"(SELECT id, c1, c2 AS z FROM {two.name}) AS {self._name()}"
        joined = f" FROM {left} NATURAL {word}JOIN {right}"
        return fixed("SELECT ", self._targets(scope, types), joined, self._where(scope, 1))

    def _chain(self, types: Sequence[str]) -> Node:
        """Set operations one after another, some columns of a narrower type or NULL in the later ones."""
        parts: list[Node | str] = [self._branch(types, types)]
        for _ in range(self._chance.randint(1, 3)):
            given = [_NARROWER.get(each, each) if self._chance.random() < 0.2 else each for each in types]
            parts += [f" {self._word(*patterns.SETS)} ", self._branch(types, given)]
        return fixed(*parts)

    def _branch(self, types: Sequence[str], given: Sequence[str]) -> Node:
        if given is not types and self._chance.random() < 0.1:
            return fixed(f"VALUES ({', '.join(values.everyday(self._chance, each) for each in types)})")
        name, table = self._name(), self._chance.choice(self._tables)
        scope = [Column(f"{name}.{each.name}", each.type) for each in table.columns]
        made = [
            fixed("NULL")
            if given is not types and self._chance.random() < 0.08
            else self._safe.of(each, scope, 1)
            for each in given
        ]
        targets = [fixed(each, f" AS c{place}") for place, each in enumerate(made)]
        return fixed(
            "SELECT ",
            *[part for each in targets for part in (each, ", ")][:-1],
            f" FROM {table.name} AS {name}",
            self._where(scope, 1),
        )

    def _outer(self, depth: int, outer: Columns, types: Sequence[str]) -> Node:
        """All columns of a query, its rows chosen from without; or the first of them."""
        name, body = self._name(), self._query(depth, outer, types)
        scope = [Column(f"{name}.c{place}", each) for place, each in enumerate(types)]
        every = self._word("*", f"{name}.*")
        if self._chance.random() < 0.6:
            return fixed(f"SELECT {every} FROM (", body, f") AS {name}", self._where(scope, 2))
        order = ", ".join(
            f"{place}{self._word('', ' DESC', ' NULLS FIRST')}" for place in range(1, len(types) + 1)
        )
        limit = "" if "numeric" in types else self._word(" LIMIT 3", " OFFSET 2", " LIMIT 1 + 1")
        return fixed(
            f"SELECT {every} FROM (", body, f" ORDER BY {order}{limit}) AS {name}", self._where(scope, 1)
        )

    def _recursive(self, types: Sequence[str]) -> Node:
        """Rows counted up, or a walk through a table by its own ids."""
        name, way = self._name(), self._chance.random()
        table = self._chance.choice(self._tables).name
        if way < 0.4:
            step, word = self._word("n + 1", "n * 2", "n + n % 3 + 1"), self._word("UNION ALL", "UNION")
            rows = f"SELECT 1 AS n, 'a'::text AS p {word} SELECT {step}, p || 'b' FROM {name} WHERE n < {self._word('5', '9')}"
        elif way < 0.8:
            rows = (
                f"SELECT id AS n, ''::text AS p FROM {table} WHERE id <= 2 UNION ALL "
                f"SELECT t.id, r.p || '/' || t.c1::text FROM {table} AS t JOIN {name} AS r ON t.id = r.n + 2"
            )
        else:
            rows = (
                f"SELECT max(id), min(c2) FROM {table} UNION "
                f"SELECT t.id, coalesce(t.c2, r.p) FROM {name} AS r, {table} AS t WHERE t.id < r.n AND t.c1 > 0"
            )
        scope = [Column(f"{name}.n", "int4"), Column(f"{name}.p", "text")]
        targets, where = self._targets(scope, types), self._where(scope, 1)
        return fixed(f"WITH RECURSIVE {name}(n, p) AS ({rows}) SELECT ", targets, f" FROM {name}", where)

    # -- one value of a query
    def _scalar(self, type_: str, scope: Columns) -> Node:
        """A scalar subquery, or an array of one."""
        source, inside = self._source(0, [])
        where = self._where(inside + scope, 1)
        if type_ in ("_int4", "_text"):
            inner = self._safe.of(type_[1:], inside + scope, 1)
            return fixed("ARRAY(SELECT ", inner, " FROM ", source, where, " ORDER BY 1)")
        if type_ == "int8":
            counted = self._word("count(*)", "count(DISTINCT {text})", "sum({int4})")
            return fixed("(SELECT ", self._filled(counted, inside), " FROM ", source, where, ")")
        inner = self._safe.of(type_, inside, 1)
        if type_ in ("bool", "float8"):
            order = self._rest(inside)
            return fixed("(SELECT ", inner, " FROM ", source, where, f" ORDER BY {order} LIMIT 1)")
        return fixed(f"(SELECT {self._word('min', 'max')}(", inner, ") FROM ", source, where, ")")

    def _row_test(self, scope: Columns, nested: int) -> Node:
        """Two values that a query has beside each other."""
        types = [self._word("int4", "int8", "bool"), self._word("text", "date")]
        inner = self._query(nested - 1, scope, types)
        one, two = (self._safe.of(each, scope, 1) for each in types)
        return fixed("(", one, ", ", two, f") {self._word('IN', 'NOT IN', '= ANY')} (", inner, ")")

    def _ranked(self, source: Node, where: Node, inside: Columns, types: Sequence[str]) -> Node:
        """The first rows of each group, by their number."""
        name, rest = self._name(), self._rest(inside)
        number = self._word("row_number()", "rank()", "dense_rank()")
        group = self._safe.of(self._word(*patterns.GROUPED), inside, 1)
        targets = [self._safe.of(each, inside, 1) for each in types]
        listing = [part for place, each in enumerate(targets) for part in (each, f" AS c{place}, ")]
        over = fixed(f"{number} OVER (PARTITION BY ", group, f" ORDER BY {rest or '1'}) AS nth")
        names = ", ".join(f"c{place}" for place, _ in enumerate(types))
        inner = fixed("SELECT ", *listing, over, " FROM ", source, where)
        return fixed(
            f"SELECT {names} FROM (",
            inner,
            f") AS {name}",
            clause(f" WHERE nth <= {self._word('1', '2', '3')}"),
        )
