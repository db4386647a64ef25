"""Numerics that are computed as integers: random tables and queries on a real server and on SQLite, digit for digit."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from stepladder.errors import DatabaseError, NotPortable
from tests.unit.sql.conftest import Lite

pytestmark = pytest.mark.postgres
TABLE = (
    "CREATE TABLE lowered_rows (id int, g int, small int, large bigint, a numeric(10,2), b numeric(8,4), "
    "w numeric(15,2), z numeric(5,0), f numeric(15,15))"
)
COLUMNS = {"a": (10, 2), "b": (8, 4), "w": (15, 2), "z": (5, 0), "f": (15, 15)}
ROWS, QUERIES = 300, 250


def decimal(randomly: random.Random, precision: int, scale: int) -> Decimal | None:
    """A value of numeric(precision,scale): the ends of its range and halves are frequent."""
    most = 10**precision - 1
    kind = randomly.random()
    if kind < 0.05:
        return None
    if kind < 0.4:
        return Decimal(randomly.randint(-most, most)).scaleb(-scale)
    if kind < 0.8:
        size = min(most, 10 ** min(precision, scale + 3))
        return Decimal(randomly.randint(-size, size)).scaleb(-scale)
    ends = [most, -most, most - 1, 0, 1, -1, 5, -5, 15, 25, 50, -50, 150]
    return Decimal(randomly.choice([each for each in ends if abs(each) <= most])).scaleb(-scale)


class Queries:
    """Random queries over the table."""

    def __init__(self, randomly: random.Random) -> None:
        self._choose = randomly.choice
        self._random = randomly

    def leaf(self) -> str:
        columns = [*COLUMNS, *COLUMNS, "small", "g"]
        literal = f"{self._random.uniform(-50, 50):.{self._random.randint(0, 4)}f}"
        return self._choose([*columns, literal, str(self._random.randint(0, 9))])

    def value(self, depth: int) -> str:
        if depth <= 0:
            return self.leaf()
        one, other = self.value(depth - 1), self.value(depth - 1)
        return self._choose(
            [
                f"({one} + {other})",
                f"({one} - {other})",
                f"({one} * {other})",
                f"({one} * {other})",
                f"(- ({one}))",
                f"abs({one})",
                f"round({one}::numeric, {self._random.randint(0, 5)})",
                f"trunc({one}::numeric, {self._random.randint(0, 3)})",
                f"{self._choose(['floor', 'ceil', 'round'])}({one}::numeric)",
                f"coalesce({self._choose(list(COLUMNS))}, 0)",
                f"(CASE WHEN {self.condition(0)} THEN {one} ELSE {other} END)",
                f"({one})::numeric({self._choose(['20,2', '12,2', '15,4', '18,6'])})",
                one,
            ]
        )

    def condition(self, depth: int) -> str:
        one, other = self.value(depth), self.value(depth)
        return self._choose(
            [
                f"{one} {self._choose(['<', '<=', '=', '<>', '>', '>='])} {other}",
                f"{one} BETWEEN {other} AND {self.value(0)}",
                f"{self._choose(list(COLUMNS))} IN ({self.value(0)}, 1.5, 0, -0.05)",
            ]
        )

    def query(self) -> str:
        value, where = self.value(self._random.randint(0, 2)), self.condition(self._random.randint(0, 1))
        number = self._choose([value, *COLUMNS, "large", "small"])
        aggregate = self._choose(["sum", "avg", "min", "max", "count", "sum", "avg"])
        return self._choose(
            [
                f"SELECT id, {value} FROM lowered_rows ORDER BY id",
                f"SELECT id FROM lowered_rows WHERE {where} ORDER BY id",
                f"SELECT id FROM lowered_rows ORDER BY {value} NULLS FIRST, id",
                f"SELECT g, {aggregate}(w * {self._choose(list(COLUMNS))}) FROM lowered_rows GROUP BY g ORDER BY g",
                f"SELECT sum(a * (1 - b) * (1 + {self.leaf()})) FROM lowered_rows WHERE abs({self._choose(list(COLUMNS))}) < 1000",
                f"SELECT g, {aggregate}({number}) FROM lowered_rows GROUP BY g ORDER BY g",
                f"SELECT {aggregate}({number}), count(*) FROM lowered_rows WHERE {where}",
                f"SELECT {aggregate}({number}) FILTER (WHERE {where}) FROM lowered_rows",
                f"SELECT sum(DISTINCT {number}), count(DISTINCT {number}) FROM lowered_rows",
                f"SELECT id, {aggregate}({number}) OVER (PARTITION BY g ORDER BY id) FROM lowered_rows ORDER BY id",
                f"SELECT {self._choose(list(COLUMNS))} AS k, count(*), sum({number}) FROM lowered_rows GROUP BY 1 ORDER BY 1",
                f"SELECT g, sum({number}) AS s FROM lowered_rows GROUP BY g ORDER BY s DESC, g LIMIT 5",
                f"SELECT id, ({value})::float8, ({value})::bigint FROM lowered_rows WHERE abs({value}) < 100000 ORDER BY id",
                "SELECT count(*) FROM lowered_rows x JOIN lowered_rows y ON x.a = y.a AND x.id < y.id",
                "SELECT count(*) FROM lowered_rows x JOIN lowered_rows y ON x.z = y.small AND x.b < y.w",
            ]
        )


def shown(row: tuple[Any, ...]) -> list[Any]:
    """Decimals with their digits."""
    return [f"{value:f}" if isinstance(value, Decimal) else (type(value), value) for value in row]


@pytest.mark.parametrize("seed", [1, 2])
def test_integers_are_as_exact_as_decimals(postgres_url: str, seed: int) -> None:
    randomly, lite = random.Random(seed), Lite()
    queries, wrong, refused = Queries(randomly), [], 0
    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute(TABLE.replace("CREATE TABLE", "CREATE TEMP TABLE").encode())
        lite.run(TABLE)
        values = []
        for row in range(ROWS):
            decimals = [decimal(randomly, *COLUMNS[name]) for name in COLUMNS]
            numbers = [row, row % 7, randomly.randint(-100, 100), randomly.randint(-(2**63), 2**63 - 1)]
            texts = [*map(str, numbers), *("NULL" if each is None else f"{each:f}" for each in decimals)]
            values.append(f"({', '.join(texts)})")
        insert = f"INSERT INTO lowered_rows VALUES {', '.join(values)}"
        server.execute(insert.encode())
        lite.run(insert)
        for _ in range(QUERIES):
            sql = queries.query()
            try:
                truth: Any = [shown(row) for row in server.execute(sql.encode()).fetchall()]
            except psycopg.Error as error:
                truth = error.sqlstate
            try:
                found: Any = [shown(row) for row in lite.run(sql).rows]
            except NotPortable:
                refused += 1
                continue
            except DatabaseError as error:
                found = error.sqlstate
            if found != truth:
                wrong.append((sql, lite.translated(sql), truth, found))
    assert wrong == []
    assert refused < QUERIES / 5
