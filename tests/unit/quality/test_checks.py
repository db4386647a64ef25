"""Checks: read from text, asked in one scan, judged."""

from __future__ import annotations

import pytest

from stepladder.db import Database
from stepladder.errors import UsageError
from stepladder.quality import judge, parse_check, scan_sql

ROWS = [
    {"id": 1, "kind": "a", "price": 10},
    {"id": 2, "kind": "b", "price": -1},
    {"id": 2, "kind": None, "price": None},
    {"id": None, "kind": "x", "price": 5},
    {"id": None, "kind": "a", "price": 5},
]


@pytest.mark.parametrize(
    ("text", "failing"),
    [
        ("not_null(id)", 2),
        ("not_null(id, kind)", 3),
        ("unique(id)", 2),
        ("unique(id, kind)", 0),
        ("unique(price, kind)", 0),
        ("row_count >= 1", None),
        ("row_count = 5", None),
        ("row_count > 5", 5),
        ("accepted_values(kind, 'a', 'b')", 1),
        ("accepted_values(price, 5, 10, -1)", 0),
        ("price >= 0", 1),
        ("price >= 0 OR kind = 'b'", 0),
        ("kind LIKE 'A%'", 4),
    ],
)
def test_a_check_counts_the_rows_that_fail(db: Database, text: str, failing: int | None) -> None:
    db.load(ROWS, "t", mode="append", create=True)
    checks = [parse_check(text)]
    findings = judge(checks, tuple(db.query(scan_sql(checks, "t")).one()))
    assert [finding.rows for finding in findings] == ([failing] if failing else [])


def test_all_checks_are_one_statement_over_one_scan(db: Database) -> None:
    db.load(ROWS, "t", mode="append", create=True)
    checks = [
        parse_check(text)
        for text in ("not_null(id)", "unique(id)", "unique(kind)", "row_count >= 9", "price > 0")
    ]
    sql = scan_sql(checks, "t")
    assert sql.count(" FROM t ") == 1
    findings = judge(checks, tuple(db.query(sql).one()))
    assert [str(finding) for finding in findings] == [
        "check not_null(id): 2 rows",
        "check unique(id): 2 rows",
        "check unique(kind): 2 rows",
        "check row_count >= 9: there are 5 rows",
        "check price > 0: 1 row",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "row_count",
        "row_count > many",
        "not_null()",
        "accepted_values(a)",
        "price >",
        "a; DROP TABLE t",
        "unique(a b)",
    ],
)
def test_nonsense_is_refused_by_name(text: str) -> None:
    with pytest.raises(UsageError, match="check"):
        parse_check(text)
