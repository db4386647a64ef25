"""Random writes, after each of which the table is read."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from tests.fuzz import grammar, values
from tests.fuzz.expressions import Column, Expressions
from tests.fuzz.node import Node, clause, fixed, listed
from tests.fuzz.schemas import Table
from tests.fuzz.statement import Statement

Write = Callable[[Table], Node]


class Writes:
    """INSERT, UPDATE, DELETE and upserts; an UPDATE never moves what is unique from row to row."""

    def __init__(self, chance: random.Random, tables: Sequence[Table]) -> None:
        self._chance = chance
        self._tables = [each for each in tables if not each.edges]
        self._safe = Expressions(chance, grammar.safe(), values.everyday, constants=False)

    def statement(self) -> Statement:
        """A write of any kind."""
        table = self._chance.choice(self._tables)
        ways: list[Write] = [
            self._insert,
            self._insert,
            self._upsert,
            self._upsert,
            self._select,
            self._upsert_select,
        ]
        ways += [self._update, self._update, self._update_from, self._update_rows, self._update_picked]
        ways += [self._delete, self._delete_using, self._delete_picked, self._moved, self._with_rows]
        ways += [self._merge, self._merge]
        return Statement(
            self._chance.choice(ways)(table), "write", after=f"SELECT * FROM {table.name} ORDER BY id"
        )

    def _test(self, scope: Sequence[Column], depth: int) -> Node:
        return self._safe.of("bool", scope, depth)

    def _returning(self, table: Table) -> Node | str:
        way = self._chance.random()
        if way < 0.3:
            return ""
        if way < 0.5 and not any(each.type == "interval" for each in table.columns):
            return clause(f" RETURNING {self._chance.choice(('*', f'{table.name}.*'))}")
        types = self._chance.choices([each.type for each in table.columns if each.type != "interval"], k=2)
        if way > 0.9:
            return clause(" RETURNING new.id, old.c1, new.c1, new.c2, old.c3")
        return clause(" RETURNING ", listed(*(self._safe.of(each, self._own(table), 1) for each in types)))

    @staticmethod
    def _own(table: Table) -> list[Column]:
        return [Column(f"{table.name}.{each.name}", each.type) for each in table.columns]

    def _other(self) -> tuple[Table, list[Column]]:
        """A table to read from, as `o`."""
        other = self._chance.choice(self._tables)
        return other, [Column(f"o.{each.name}", each.type) for each in other.columns]

    # -- INSERT
    def _into(self, table: Table) -> tuple[str, list[Column]]:
        """Where rows go: the columns but `id`, all of them or some."""
        columns = list(table.written[1:])
        if self._chance.random() < 0.3:
            columns = self._chance.sample(columns, k=self._chance.randint(1, len(columns)))
        elif self._chance.random() < 0.6:
            return table.name, columns
        return f"{table.name} (id, {', '.join(each.name for each in columns)})", columns

    def _row(self, columns: Sequence[Column], key: int) -> Node:
        cells = [
            self._safe.of(each.type, [], 1) if self._chance.random() < 0.9 else "DEFAULT" for each in columns
        ]
        return fixed(f"({key}, ", *_separated(cells), ")")

    def _insert(self, table: Table) -> Node:
        first = self._chance.choice((100, 100, 100, 1))  # 1 is taken; beside it no other row may be wrong
        into, columns = self._into(table)
        rows = [
            self._row(columns, first + place)
            for place in range(1 if first == 1 else self._chance.randint(1, 3))
        ]
        return fixed(f"INSERT INTO {into} VALUES ", listed(*rows), self._returning(table))

    def _upsert(self, table: Table) -> Node:
        into, columns = self._into(table)
        rows = [
            self._row(columns, self._chance.choice((1, 2, 3, 4)) * 10 + place if place else 2)
            for place in range(2)
        ]
        return fixed(
            f"INSERT INTO {into} VALUES ", listed(*rows), self._conflict(table), self._returning(table)
        )

    def _conflict(self, table: Table) -> Node:
        if self._chance.random() < 0.3:
            return clause(f" ON CONFLICT {self._chance.choice(('', '(id) '))}DO NOTHING")
        scope = [*self._own(table), *(Column(f"excluded.{each.name}", each.type) for each in table.written)]
        sets = [self._set(each, scope, 1) for each in self._chance.sample(table.written[1:], k=2)]
        where = clause(" WHERE ", self._test(scope, 1)) if self._chance.random() < 0.3 else ""
        return fixed(" ON CONFLICT (id) DO UPDATE SET ", listed(*sets), where)

    def _picked(self, table: Table, into: str, columns: Sequence[Column], steps: Sequence[int]) -> Node:
        """INSERT … SELECT."""
        other, scope = self._other()
        cells = [self._safe.of(each.type, scope, 1) for each in columns]
        where = clause(" WHERE ", self._test(scope, 2))
        return fixed(
            f"INSERT INTO {into} SELECT o.id + {self._chance.choice(steps)}, ",
            *_separated(cells),
            f" FROM {other.name} AS o",
            where,
        )

    def _select(self, table: Table) -> Node:
        return fixed(self._picked(table, *self._into(table), (100, 100, 5)), self._returning(table))

    def _upsert_select(self, table: Table) -> Node:
        picked = self._picked(table, *self._into(table), (0, 1, 3))
        if "WHERE" not in str(picked):
            picked = fixed(picked, " WHERE true")
        return fixed(picked, self._conflict(table), self._returning(table))

    # -- UPDATE
    def _set(self, column: Column, scope: Sequence[Column], depth: int) -> Node:
        value = self._safe.of(column.type, scope, depth) if self._chance.random() < 0.93 else "DEFAULT"
        return fixed(f"{column.name} = ", value)

    def _update(self, table: Table) -> Node:
        changed = self._chance.sample(table.written[1:], k=self._chance.randint(1, 3))
        sets = [self._set(each, table.columns, 2) for each in changed]
        where = clause(" WHERE ", self._test(table.columns, 2))
        return fixed(f"UPDATE {table.name} SET ", listed(*sets), where, self._returning(table))

    def _update_from(self, table: Table) -> Node:
        other, scope = self._other()
        both = [*self._own(table), *scope]
        sets = [self._set(each, both, 1) for each in self._chance.sample(table.written[1:], k=2)]
        also = clause(" AND ", self._test(both, 2))
        return fixed(
            f"UPDATE {table.name} SET ",
            listed(*sets),
            f" FROM {other.name} AS o WHERE o.id = {table.name}.id",
            also,
            self._returning(table),
        )

    def _update_rows(self, table: Table) -> Node:
        """Several columns from one row, which may be of a query."""
        changed = self._chance.sample(table.written[1:], k=2)
        names = f"({', '.join(each.name for each in changed)})"
        where = clause(" WHERE ", self._test(table.columns, 2))
        if self._chance.random() < 0.4:
            cells = [self._safe.of(each.type, table.columns, 1) for each in changed]
            row = fixed(f"{self._chance.choice(('', 'ROW'))}(", *_separated(cells), ")")
        else:
            other, scope = self._other()
            cells = [self._safe.of(each.type, [*scope, *self._own(table)], 1) for each in changed]
            row = fixed(
                "(SELECT ", *_separated(cells), f" FROM {other.name} AS o WHERE o.id = {table.name}.id)"
            )
        return fixed(f"UPDATE {table.name} SET {names} = ", row, where, self._returning(table))

    def _update_picked(self, table: Table) -> Node:
        other, scope = self._other()
        (changed,) = self._chance.sample([each for each in table.written[1:] if each.type in _SORTED], k=1)
        value = fixed(
            f"(SELECT {self._chance.choice(('min', 'max'))}(", self._safe.of(changed.type, scope, 1)
        )
        where = fixed(
            f" FROM {other.name} AS o WHERE o.c1 {self._chance.choice(('=', '<'))} {table.name}.c1)"
        )
        test = clause(" WHERE ", self._test(table.columns, 1))
        return fixed(
            f"UPDATE {table.name} SET {changed.name} = ", value, ")", where, test, self._returning(table)
        )

    # -- DELETE
    def _delete(self, table: Table) -> Node:
        where = clause(" WHERE ", self._test(table.columns, 2))
        return fixed(f"DELETE FROM {table.name}", where, self._returning(table))

    def _delete_using(self, table: Table) -> Node:
        other, scope = self._other()
        also = clause(" AND ", self._test([*self._own(table), *scope], 2))
        return fixed(
            f"DELETE FROM {table.name} USING {other.name} AS o WHERE o.id = {table.name}.id",
            also,
            self._returning(table),
        )

    def _delete_picked(self, table: Table) -> Node:
        other, scope = self._other()
        both = [*self._own(table), *scope]
        how = self._chance.choice(
            ("EXISTS (SELECT 1", "NOT EXISTS (SELECT 1", "id IN (SELECT o.id", "c1 = ANY (SELECT o.c1")
        )
        picked = fixed(f" WHERE {how} FROM {other.name} AS o WHERE ", self._test(both, 2), ")")
        return fixed(f"DELETE FROM {table.name}", picked, self._returning(table))

    # -- MERGE
    def _merge(self, table: Table) -> Node:
        """What is in both tables, in the other alone, and here alone: each by its ways, the first of which counts."""
        other, scope = self._other()
        both = [*self._own(table), *scope]
        whens: list[Node] = []
        for word, seen, ways in (
            ("MATCHED", both, (self._merged_update, self._merged_update, self._merged_other)),
            ("NOT MATCHED", scope, (self._merged_insert, self._merged_insert, self._merged_nothing)),
            ("NOT MATCHED BY SOURCE", self._own(table), (self._merged_update, self._merged_other)),
        ):
            count = self._chance.choice((0, 1, 1, 2) if word == "MATCHED" else (0, 1))
            for left in range(count, 0, -1):  # behind one without a condition no other is reached
                conditional = left > 1 or self._chance.random() < 0.5
                also: Node | str = fixed(" AND ", self._test(seen, 1)) if conditional else ""
                whens.append(fixed(f" WHEN {word}", also, " THEN ", self._chance.choice(ways)(table, seen)))
        if not whens:
            whens = [fixed(" WHEN MATCHED THEN ", self._merged_update(table, both))]
        joined = f"MERGE INTO {table.name} USING {other.name} AS o ON o.id = {table.name}.id"
        returned = self._chance.choice(
            ("", f" RETURNING merge_action(), {table.name}.id", " RETURNING new.id, old.c1")
        )
        # A key that one row gives up and another one takes: the server's answer hangs on which table it hashes.
        frees_keys = any(str(when).endswith("DELETE") and "BY SOURCE" in str(when) for when in whens)
        also = fixed("") if frees_keys else clause(" AND ", self._test(both, 1))
        return fixed(joined, also, *whens, clause(returned))

    def _merged_update(self, table: Table, scope: Sequence[Column]) -> Node:
        sets = [self._set(each, scope, 1) for each in self._chance.sample(table.written[1:], k=2)]
        return fixed("UPDATE SET ", listed(*sets))

    def _merged_insert(self, table: Table, scope: Sequence[Column]) -> Node:
        columns = self._chance.sample(table.written[1:], k=2)
        cells = [self._safe.of(each.type, scope, 1) for each in columns]
        into = f"INSERT (id, {', '.join(each.name for each in columns)}) VALUES ("
        return fixed(into, f"o.id + {self._chance.choice((0, 0, 50))}, ", *_separated(cells), ")")

    def _merged_other(self, _: Table, __: Sequence[Column]) -> Node:
        return fixed(self._chance.choice(("DELETE", "DELETE", "DO NOTHING")))

    def _merged_nothing(self, _: Table, __: Sequence[Column]) -> Node:
        return fixed("DO NOTHING")

    # -- WITH
    def _moved(self, table: Table) -> Node:
        """Rows taken from one table and counted, or written into another."""
        source = self._chance.choice([each for each in self._tables if each is not table])
        where = clause(" WHERE ", self._test(source.columns, 2))
        change = self._chance.choice((f"DELETE FROM {source.name}", f"UPDATE {source.name} SET c1 = c1 + 1"))
        taken = fixed("WITH x AS (", change, where, " RETURNING id, c1, c2) ")
        if self._chance.random() < 0.5:
            return fixed(taken, "SELECT count(*), sum(c1), min(c2), max(id) FROM x")
        return fixed(
            taken,
            f"INSERT INTO {table.name} (id, c1, c2) SELECT id + 200, c1, c2 FROM x",
            self._returning(table),
        )

    def _with_rows(self, table: Table) -> Node:
        """A write that reads rows which WITH names."""
        other, scope = self._other()
        named = fixed(
            f"WITH x AS (SELECT o.id AS i, o.c2 AS t FROM {other.name} AS o",
            clause(" WHERE ", self._test(scope, 2)),
            ") ",
        )
        write = self._chance.choice(
            (
                f"UPDATE {table.name} SET c2 = x.t FROM x WHERE x.i = {table.name}.id",
                f"DELETE FROM {table.name} WHERE id IN (SELECT i FROM x)",
                f"INSERT INTO {table.name} (id, c2) SELECT i + 300, t FROM x",
                f"INSERT INTO {table.name} (id, c2) SELECT i, t FROM x WHERE true ON CONFLICT (id) DO UPDATE SET c2 = excluded.c2",
            )
        )
        return fixed(named, write, self._returning(table))


_SORTED = ("int4", "int8", "text", "date", "timestamp", "timestamptz", "float8")


def _separated(cells: Sequence[Node | str]) -> list[Node | str]:
    return [part for cell in cells for part in (cell, ", ")][:-1]
