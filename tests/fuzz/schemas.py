"""Random tables and their rows."""

from __future__ import annotations

import random
from dataclasses import dataclass

from tests.fuzz import values
from tests.fuzz.expressions import Column, Literal

_TYPES = ["int4", "int8", "numeric", "float8", "bool", "text", "date", "timestamp", "timestamptz"]
_RARE = ["jsonb", "_int4", "_text", "interval", "time", "uuid", "bytea"]
_ODD = ["int2", "float4", "varchar", "bpchar", "json", "_numeric", "_int8"]
_DECLARED = {"numeric": ("numeric(12,2)", "numeric(14,2)"), "text": ("text", "text", "varchar(40)")}
# The first three columns are an integer, a text and a numeric in every table.
_COMPUTED = {
    Column("g", "int4"): "c1 * 2 + id",
    Column("g", "text"): "upper(c2) || id::text",
    Column("g", "bool"): "c3 > c1",
    Column("g", "int8"): "length(c2)",
}


@dataclass(frozen=True, slots=True)
class Table:
    """A table; its `id` is unique. `edges`: its values are near the ends of their types.

    `computed`: how many of its columns, the last ones, are generated.
    """

    name: str
    columns: tuple[Column, ...]
    made: str
    rows: tuple[str, ...]
    edges: bool
    computed: int = 0

    @property
    def written(self) -> tuple[Column, ...]:
        """The columns that a statement gives values to."""
        return self.columns[: len(self.columns) - self.computed]


def schema(chance: random.Random) -> list[Table]:
    """Three tables of everyday values, and one of edges."""
    return [*(_table(chance, f"t{number}") for number in (1, 2, 3)), _edges(chance)]


def _table(chance: random.Random, name: str) -> Table:
    types = ["int4", "text", "numeric", *chance.choices(_TYPES, k=3), *chance.sample(_RARE, k=2)]
    return _of(chance, name, types, rows=chance.randint(5, 12), literal=values.everyday)


def _edges(chance: random.Random) -> Table:
    return _of(chance, "w", [*_TYPES, *_RARE, *_ODD, *_TYPES[:6]], rows=3, literal=values.value)


def _of(chance: random.Random, name: str, types: list[str], *, rows: int, literal: Literal) -> Table:
    edges = literal is values.value
    columns = [Column("id", "int4"), *(Column(f"c{place}", type_) for place, type_ in enumerate(types, 1))]
    declared = [_declared(chance, each, edges=edges) for each in columns[1:]]
    computed = () if edges or chance.random() < 0.6 else (chance.choice(list(_COMPUTED)),)
    declared += [f"g {each.type} GENERATED ALWAYS AS ({_COMPUTED[each]}) STORED" for each in computed]
    made = f"CREATE TABLE {name} (id int PRIMARY KEY, {', '.join(declared)})"
    found = tuple(
        f"INSERT INTO {name} VALUES ({number}, {', '.join(literal(chance, each.type) for each in columns[1:])})"
        for number in range(1, rows + 1)
    )
    return Table(name, (*columns, *computed), made, found, edges, len(computed))


def _declared(chance: random.Random, column: Column, *, edges: bool) -> str:
    spelled = values.spelled(column.type)
    if edges:
        return f"{column.name} {spelled}"
    way = chance.random()
    default = f" DEFAULT {values.everyday(chance, column.type)}" if way < 0.15 else ""
    check = f" CHECK ({column.name} > -1000)" if way > 0.9 and column.type in ("int4", "numeric") else ""
    check = f" CHECK (length({column.name}) < 30)" if way > 0.9 and column.type == "text" else check
    return f"{column.name} {chance.choice(_DECLARED.get(column.type, (spelled,)))}{default}{check}"
