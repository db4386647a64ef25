"""Which columns of which tables a query reads, through WITH, stars and USING."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from stepladder.sql import Column, Definition, Dependents, TableName, Type, columns_read

TABLES = {"t": ("id", "a", "b"), "u": ("id", "c")}


class _Tables:
    def columns(self, table: TableName) -> Sequence[Column] | None:
        names = TABLES.get(table.name)
        return None if names is None else [Column(name, Type("int4")) for name in names]

    def keys(self, table: TableName) -> Sequence[Sequence[str]]:
        return ()

    def definition(self, table: TableName) -> Definition | None:
        return None

    def taken(self, name: TableName) -> bool:
        return False

    def kind(self, name: TableName) -> str | None:
        return None

    def dependents(self, table: TableName) -> Dependents:
        return Dependents()

    def relations(self, schema: str) -> tuple[TableName, ...]:
        return ()


@pytest.mark.parametrize(
    ("sql", "t", "u"),
    [
        ("SELECT a FROM t", "a", None),
        ("SELECT count(*) FROM t", "", None),
        ("SELECT * FROM t", "id a b", None),
        ("WITH x AS (SELECT a FROM t) SELECT * FROM x", "a", None),
        ("SELECT c FROM t JOIN u USING (id)", "id", "id c"),
        ("SELECT a FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.c = t.b) ORDER BY t.id", "id a b", "c"),
        (
            "SELECT sum(a) FILTER (WHERE b > 1) OVER (PARTITION BY id) FROM t UNION ALL SELECT c FROM u",
            "id a b",
            "c",
        ),
    ],
)
def test_columns_read(sql: str, t: str, u: str | None) -> None:
    wanted = {"t": frozenset(t.split())} | ({} if u is None else {"u": frozenset(u.split())})
    assert {table.name: names for table, names in columns_read(sql, _Tables(), {}).items()} == wanted
