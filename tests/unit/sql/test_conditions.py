"""Which columns a condition compares, and what a text is without its values."""

from __future__ import annotations

import pytest

from stepladder.sql import comparisons, index_columns, masked


@pytest.mark.parametrize(
    ("condition", "columns"),
    [
        ("(o.user_id = 5)", ("user_id",)),
        ("((o.at >= '2026-01-01'::timestamp with time zone) AND (o.user_id = 5))", ("user_id", "at")),
        ("((o.at >= 'x') AND (o.at < 'y') AND (o.n > 3))", ("at",)),
        ("(o.id = ANY ('{1,2}'::integer[]))", ("id",)),
        ("((o.name)::text = 'x'::text)", ("name",)),
        ("(5 < o.n)", ("n",)),
        ("(o.note IS NULL)", ("note",)),
        ("(u.id = o.user_id)", ("id", "user_id")),
        ("(o.a = o.b)", ()),
        ("(lower(o.name) = 'x'::text)", ()),
        ("((o.a = 1) OR (o.b = 2))", ()),
        ("(o.a <> 1)", ()),
        ("(o.note IS NOT NULL)", ()),
        ("(NOT (hashed SubPlan 1))", ()),
        ("(o.a = $0)", ()),
        ("not a condition (", ()),
    ],
)
def test_the_columns_that_an_index_could_serve(condition: str, columns: tuple[str, ...]) -> None:
    assert index_columns(comparisons(condition)) == columns


def test_a_comparison_knows_its_source() -> None:
    (left, right) = comparisons("(u.id = o.user_id)")
    assert (left.source, left.column, right.source, right.column) == ("u", "id", "o", "user_id")


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT 1,\n  'x' -- why\n FROM t;", "SELECT ?, … FROM t"),
        ("SELECT a FROM t WHERE b IN (1, 2, 3)", "SELECT a FROM t WHERE b IN (?, …)"),
        ("INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c')", "INSERT INTO t VALUES (?, …), …"),
        ("SELECT $$secret$$, E'sec\\'ret', x'ff', 1.5, 2e9", "SELECT ?, …"),
        ("SELECT :a::int, \"Odd 'name' 1\", t1.c2", "SELECT :a::int, \"Odd 'name' 1\", t1.c2"),
        ("SELECT a /* 'x' */ = 'unclosed", "SELECT a = …"),
    ],
)
def test_a_text_without_its_values(sql: str, expected: str) -> None:
    assert masked(sql) == expected
