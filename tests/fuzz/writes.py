"""Random writes, after each of which the table is read."""

from __future__ import annotations

import random
from collections.abc import Sequence

from tests.fuzz import grammar, values
from tests.fuzz.expressions import Column, Expressions
from tests.fuzz.node import Node, clause, fixed, listed
from tests.fuzz.schemas import Table
from tests.fuzz.statement import Statement


class Writes:
    """INSERT, UPDATE, DELETE and upserts; an UPDATE never moves what is unique from row to row."""

    def __init__(self, chance: random.Random, tables: Sequence[Table]) -> None:
        self._chance = chance
        self._tables = [each for each in tables if not each.edges]
        self._safe = Expressions(chance, grammar.safe(), values.everyday, constants=False)

    def statement(self) -> Statement:
        """A write of any kind."""
        table = self._chance.choice(self._tables)
        made = self._chance.choice(
            (
                self._insert,
                self._upsert,
                self._update,
                self._update,
                self._delete,
                self._select,
                self._update_from,
                self._delete_using,
            )
        )
        return Statement(made(table), "write", after=f"SELECT * FROM {table.name} ORDER BY id")

    def _returning(self, table: Table) -> Node | str:
        way = self._chance.random()
        if way < 0.3:
            return ""
        if way < 0.5 and not any(each.type == "interval" for each in table.columns):
            return clause(" RETURNING *")
        types = self._chance.choices([each.type for each in table.columns if each.type != "interval"], k=2)
        return clause(" RETURNING ", listed(*(self._safe.of(each, self._own(table), 1) for each in types)))

    @staticmethod
    def _own(table: Table) -> list[Column]:
        return [Column(f"{table.name}.{each.name}", each.type) for each in table.columns]

    def _row(self, table: Table, key: int) -> Node:
        cells = [
            self._safe.of(each.type, [], 1) if self._chance.random() < 0.9 else "DEFAULT"
            for each in table.columns[1:]
        ]
        return fixed(f"({key}, ", *[part for cell in cells for part in (cell, ", ")][:-1], ")")

    def _insert(self, table: Table) -> Node:
        first = self._chance.choice((100, 100, 100, 1))  # 1 is taken; beside it no other row may be wrong
        rows = [
            self._row(table, first + place)
            for place in range(1 if first == 1 else self._chance.randint(1, 3))
        ]
        return fixed(f"INSERT INTO {table.name} VALUES ", listed(*rows), self._returning(table))

    def _upsert(self, table: Table) -> Node:
        rows = [
            self._row(table, self._chance.choice((1, 2, 3, 4)) * 10 + place if place else 2)
            for place in range(2)
        ]
        changed = self._chance.sample(table.columns[1:], k=2)
        scope = [*self._own(table), *(Column(f"excluded.{each.name}", each.type) for each in table.columns)]
        sets = [fixed(f"{each.name} = ", self._safe.of(each.type, scope, 1)) for each in changed]
        where = clause(" WHERE ", self._safe.of("bool", scope, 1)) if self._chance.random() < 0.3 else ""
        action = (
            clause(" ON CONFLICT DO NOTHING")
            if self._chance.random() < 0.3
            else fixed(" ON CONFLICT (id) DO UPDATE SET ", listed(*sets), where)
        )
        return fixed(f"INSERT INTO {table.name} VALUES ", listed(*rows), action, self._returning(table))

    def _select(self, table: Table) -> Node:
        other = self._chance.choice(self._tables)
        cells = [self._safe.of(each.type, other.columns, 1) for each in table.columns[1:]]
        parts = [part for cell in cells for part in (cell, ", ")][:-1]
        where = clause(" WHERE ", self._safe.of("bool", other.columns, 2))
        return fixed(
            f"INSERT INTO {table.name} SELECT id + {self._chance.choice((100, 100, 5))}, ",
            *parts,
            f" FROM {other.name}",
            where,
            self._returning(table),
        )

    def _update(self, table: Table) -> Node:
        changed = self._chance.sample(table.columns[1:], k=self._chance.randint(1, 3))
        sets = [fixed(f"{each.name} = ", self._safe.of(each.type, table.columns, 2)) for each in changed]
        where = clause(" WHERE ", self._safe.of("bool", table.columns, 2))
        return fixed(f"UPDATE {table.name} SET ", listed(*sets), where, self._returning(table))

    def _update_from(self, table: Table) -> Node:
        other = self._chance.choice(self._tables)
        scope = [*self._own(table), *(Column(f"o.{each.name}", each.type) for each in other.columns)]
        changed = self._chance.sample(table.columns[1:], k=2)
        sets = [fixed(f"{each.name} = ", self._safe.of(each.type, scope, 1)) for each in changed]
        also = clause(" AND ", self._safe.of("bool", scope, 2))
        return fixed(
            f"UPDATE {table.name} SET ",
            listed(*sets),
            f" FROM {other.name} AS o WHERE o.id = {table.name}.id",
            also,
            self._returning(table),
        )

    def _delete(self, table: Table) -> Node:
        where = clause(" WHERE ", self._safe.of("bool", table.columns, 2))
        return fixed(f"DELETE FROM {table.name}", where, self._returning(table))

    def _delete_using(self, table: Table) -> Node:
        other = self._chance.choice(self._tables)
        scope = [*self._own(table), *(Column(f"o.{each.name}", each.type) for each in other.columns)]
        also = clause(" AND ", self._safe.of("bool", scope, 2))
        return fixed(
            f"DELETE FROM {table.name} USING {other.name} AS o WHERE o.id = {table.name}.id",
            also,
            self._returning(table),
        )
