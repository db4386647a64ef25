"""What a statement reads."""

from __future__ import annotations

import pytest

from stepladder.errors import SqlSyntaxError
from stepladder.sql import TableName, check_syntax, is_query, references


@pytest.mark.parametrize(
    ("sql", "tables"),
    [
        ("SELECT * FROM a JOIN s.b ON true, (SELECT * FROM c) q", ["a", "s.b", "c"]),
        ("WITH a AS (SELECT * FROM x) SELECT * FROM a, b WHERE EXISTS (SELECT 1 FROM a, d)", ["x", "b", "d"]),
        ("WITH a AS (SELECT * FROM a) SELECT * FROM a", ["a"]),
        ("WITH RECURSIVE a AS (SELECT 1 UNION SELECT * FROM a) SELECT * FROM a", []),
        ("SELECT * FROM (WITH a AS (SELECT 1) SELECT * FROM a) q, a", ["a"]),
        ("SELECT generate_series(1, 2)", []),
    ],
)
def test_tables_are_found_in_their_scopes(sql: str, tables: list[str]) -> None:
    assert [table.sql for table in references(sql)] == tables


def test_a_query_is_one_select() -> None:
    assert is_query("WITH a AS (SELECT 1) TABLE a")
    assert not is_query("DELETE FROM a RETURNING *")
    assert not is_query("SELECT 1; SELECT 2")


def test_a_syntax_error_has_its_place() -> None:
    with pytest.raises(SqlSyntaxError) as caught:
        check_syntax("SELECT :name, é FROM WHERE")
    assert caught.value.position == len("SELECT :name, é FROM ")


def test_a_column_of_the_result_costs_no_call() -> None:
    """numeric(p,s) is stored as a number, which what reads the result makes a Decimal of; expressions need its text."""
    from stepladder.sql import Column, Dependents, parse_type, translate

    class Prices:
        def columns(self, _: TableName) -> tuple[Column, ...]:
            return (Column("price", parse_type("numeric(10,2)")),)

        def keys(self, _: TableName) -> tuple[tuple[str, ...], ...]:
            return ()

        def definition(self, _: TableName) -> None:
            return None

        def taken(self, _: TableName) -> bool:
            return False

        def kind(self, _: TableName) -> str | None:
            return None

        def dependents(self, _: TableName) -> Dependents:
            return Dependents()

        def relations(self, _: str) -> tuple[TableName, ...]:
            return ()

    assert "pg_" not in translate("SELECT price FROM prices", Prices(), {}).sql
    assert "pg_" not in translate("SELECT price FROM prices ORDER BY price + 1", Prices(), {}).sql
    assert "pg_" in translate("SELECT price + 1 FROM prices", Prices(), {}).sql
    assert "pg_" in translate("SELECT max(price) FROM (SELECT price FROM prices) AS p", Prices(), {}).sql
