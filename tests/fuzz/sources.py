"""What stands in FROM of a random query, with the columns that it brings."""

from __future__ import annotations

import random
from abc import abstractmethod
from collections.abc import Sequence

from tests.fuzz import patterns, values
from tests.fuzz.calls import Calls, Columns
from tests.fuzz.expressions import Column
from tests.fuzz.node import Node, clause, fixed
from tests.fuzz.schemas import Table

Source = tuple[Node, Columns]


class Sources(Calls):
    """Tables, subqueries, functions and joins of them."""

    def __init__(self, chance: random.Random, tables: Sequence[Table]) -> None:
        super().__init__(chance)
        self._tables = [each for each in tables if not each.edges]
        self._edges = [each for each in tables if each.edges]
        self._names = 0

    @abstractmethod
    def _query(self, depth: int, outer: Columns, types: Sequence[str]) -> Node:
        """A query of the columns `c0`, `c1` … of the types."""

    @abstractmethod
    def _where(self, scope: Columns, depth: int, nested: int = 0) -> Node: ...

    def _name(self) -> str:
        self._names += 1
        return f"s{self._names}"

    def _source(self, depth: int, neighbours: Columns) -> Source:
        name, way = self._name(), self._chance.random()
        if depth > 0 and way < 0.3:
            lateral = bool(neighbours) and way < 0.12
            types = self._chance.choices(patterns.SHOWN, k=self._chance.randint(1, 3))
            body = self._query(depth - 1, neighbours if lateral else [], types)
            columns = [Column(f"{name}.c{place}", each) for place, each in enumerate(types)]
            return fixed("LATERAL (" if lateral else "(", body, f") AS {name}"), columns
        if neighbours and way < 0.36:
            return self._top(name, neighbours)
        if way < 0.41:
            return self._listed(name)
        if way < 0.50:
            return self._function(name, neighbours)
        table = self._chance.choice(self._tables)
        if way < 0.55:
            renamed = f"{name}(k, {', '.join(f'x{place}' for place, _ in enumerate(table.columns[1:-1]))})"
            names = [
                "k",
                *(f"x{place}" for place, _ in enumerate(table.columns[1:-1])),
                table.columns[-1].name,
            ]
            columns = [
                Column(f"{name}.{new}", each.type) for new, each in zip(names, table.columns, strict=True)
            ]
            return fixed(f"{table.name} AS {renamed}"), columns
        columns = [Column(f"{name}.{each.name}", each.type) for each in table.columns]
        return fixed(f"{table.name} AS {name}"), columns

    def _top(self, name: str, neighbours: Columns) -> Source:
        """The first rows of a table, of those that belong to a neighbour's row."""
        table, inner = self._chance.choice(self._tables), self._name()
        own = [Column(f"{inner}.{each.name}", each.type) for each in table.columns]
        types = self._chance.choices(patterns.SHOWN, k=2)
        targets = [
            fixed(self._safe.of(each, own + neighbours, 1), f" AS c{place}")
            for place, each in enumerate(types)
        ]
        where = self._where(own + neighbours, 1)
        order = (
            f" ORDER BY {inner}.{self._word('c1', 'c2')}{self._word('', ' DESC', ' NULLS FIRST')}, {inner}.id"
        )
        text = fixed(
            "LATERAL (SELECT ", targets[0], ", ", targets[1], f" FROM {table.name} AS {inner}", where, order
        )
        columns = [Column(f"{name}.c{place}", each) for place, each in enumerate(types)]
        return fixed(text, f" LIMIT {self._chance.randint(1, 3)}) AS {name}"), columns

    def _listed(self, name: str) -> Source:
        if self._chance.random() < 0.5:
            columns = [Column(f"{name}.m", "int4"), Column(f"{name}.n", "text")]
            return fixed(f"(VALUES (1, 'p'), (NULL, 'q'), (2, NULL)) AS {name}(m, n)"), columns
        types = self._chance.choices(patterns.SHOWN, k=2)
        rows = ", ".join(
            f"({', '.join(values.everyday(self._chance, each) for each in types)})"
            for _ in range(self._chance.randint(1, 3))
        )
        columns = [Column(f"{name}.column{place}", each) for place, each in enumerate(types, 1)]
        return fixed(f"(VALUES {rows}) AS {name}"), columns

    def _function(self, name: str, neighbours: Columns) -> Source:
        way = self._chance.random()
        if way < 0.2:
            columns = [Column(f"{name}.g", "int4")]
            return fixed(f"generate_series(1, {self._chance.randint(1, 4)}) AS {name}(g)"), columns
        if way < 0.45:
            pattern, types = self._chance.choice(patterns.SEVERAL)
            names = [f"e{place}" for place, _ in enumerate(types)]
            columns = [Column(f"{name}.{new}", each) for new, each in zip(names, types, strict=True)]
            return fixed(self._filled(pattern, neighbours), f" AS {name}({', '.join(names)})"), columns
        pattern, type_ = self._chance.choice(patterns.ROWS)
        made = self._filled(pattern, neighbours)
        if way < 0.65:
            columns = [Column(f"{name}.e", type_), Column(f"{name}.o", "int8")]
            return fixed(made, f" WITH ORDINALITY AS {name}(e, o)"), columns
        return fixed(made, f" AS {name}(e)"), [Column(f"{name}.e", type_)]

    # -- joins
    def _from(self, depth: int, outer: Columns) -> Source:
        text, columns = self._source(depth, [])
        for _ in range(self._chance.choice((0, 0, 0, 1, 1, 2))):
            text, columns = self._joined(text, columns, depth, outer)
        if self._chance.random() < 0.1:
            other, new = self._source(depth, columns)
            text, columns = fixed(text, ", ", other), columns + new
        return text, columns

    def _joined(self, text: Node, columns: Columns, depth: int, outer: Columns) -> Source:
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
