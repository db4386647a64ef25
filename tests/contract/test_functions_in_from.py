"""Functions in FROM and sets in a SELECT's list: one text, one answer on every engine."""

from __future__ import annotations

from typing import Any

import pytest

import stepladder as sl
from stepladder.errors import DatabaseError

TABLE = "CREATE TABLE {} (id int PRIMARY KEY, tags text[], nums int[], amounts double precision[])"
ROWS = (
    "INSERT INTO {} VALUES (1, '{{x,y}}', '{{1,2,3}}', '{{1.5,NULL}}'), (2, '{{}}', '{{}}', '{{0.1}}'),"
    " (3, NULL, NULL, NULL), (4, '{{z,NULL,x}}', '{{5,NULL}}', '{{1e300,-2.5}}')"
)
QUERIES: list[tuple[str, list[tuple[Any, ...]]]] = [
    ("SELECT id, tag FROM {} t, unnest(t.tags) AS tag WHERE id = 4", [(4, "z"), (4, None), (4, "x")]),
    (
        "SELECT id, tag, n FROM {} t LEFT JOIN LATERAL unnest(tags) WITH ORDINALITY AS x(tag, n) ON n > 1 ORDER BY 1, 3",
        [(1, "y", 2), (2, None, None), (3, None, None), (4, None, 2), (4, "x", 3)],
    ),
    ("SELECT id, f FROM {} t, unnest(amounts) AS f ORDER BY 2 LIMIT 2", [(4, -2.5), (2, 0.1)]),
    ("SELECT id, g FROM {} t, generate_series(1, t.id) AS g WHERE id = 2", [(2, 1), (2, 2)]),
    ("SELECT id, g FROM {} t RIGHT JOIN unnest(ARRAY[4, 9]) AS g ON g = id ORDER BY 2", [(4, 4), (None, 9)]),
    ("SELECT id, unnest(tags), unnest(nums) FROM {} WHERE id = 4", [(4, "z", 5), (4, None, None), (4, "x", None)]),
    (
        "SELECT unnest(tags) AS tag, count(*) FROM {} GROUP BY tag ORDER BY 2 DESC, 1",
        [("x", 2), ("y", 1), ("z", 1), (None, 1)],
    ),
    ("SELECT generate_series(1, count(*)) AS n, count(*) FROM {} WHERE id < 3", [(1, 2), (2, 2)]),
    ("SELECT id, (SELECT sum(x) FROM unnest(nums) AS x) FROM {} ORDER BY 1 LIMIT 2", [(1, 6), (2, None)]),
    ("SELECT id FROM {} WHERE EXISTS (SELECT FROM unnest(tags) AS x WHERE x = 'x') ORDER BY 1", [(1,), (4,)]),
    ("SELECT a, b FROM unnest(ARRAY[1, 2], ARRAY['p', 'q', 'r']) AS x(a, b)", [(1, "p"), (2, "q"), (None, "r")]),
    (
        "SELECT a, b FROM ROWS FROM (generate_series(1, 2), upper('k')) AS x(a, b)",
        [(1, "K"), (2, None)],
    ),
    (
        "SELECT d::date::text FROM generate_series('2024-01-31'::date, '2024-04-30', '1 month') AS d",
        [("2024-01-31",), ("2024-02-29",), ("2024-03-29",), ("2024-04-29",)],
    ),
    (
        "SELECT d::text FROM generate_series('2024-03-30 11:00Z'::timestamptz, '2024-04-01', '1 day', 'Europe/Berlin') AS d",
        [("2024-03-30 11:00:00+00",), ("2024-03-31 10:00:00+00",)],
    ),
    ("SELECT n::text FROM generate_series(1::numeric, 2, 0.5) AS n", [("1",), ("1.5",), ("2.0",)]),
]  # fmt: skip


@pytest.fixture
def table(db: sl.Database) -> str:
    name = "listed"
    db.execute(TABLE.format(name))
    db.execute(ROWS.format(name))
    return name


@pytest.mark.parametrize(("sql", "rows"), QUERIES)
def test_rows(db: sl.Database, table: str, sql: str, rows: list[tuple[Any, ...]]) -> None:
    assert [tuple(row) for row in db.query(sql.format(table))] == rows


@pytest.mark.parametrize(
    ("sql", "state"),
    [
        ("SELECT id FROM {} WHERE unnest(tags) = 'x'", "0A000"),
        ("SELECT CASE WHEN true THEN unnest(tags) END FROM {}", "0A000"),
        ("SELECT count(unnest(tags)) FROM {}", "0A000"),
        ("SELECT * FROM {} t RIGHT JOIN LATERAL unnest(t.tags) AS x ON true", "42P10"),
        ("SELECT * FROM {}, sum(id) AS x", "42803"),
        ("SELECT * FROM {}, generate_series(1, 2, 0) AS x", "22023"),
    ],
)
def test_errors(db: sl.Database, table: str, sql: str, state: str) -> None:
    with pytest.raises(DatabaseError) as caught:
        db.query(sql.format(table))
    assert caught.value.sqlstate == state
