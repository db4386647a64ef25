"""A window is true: rows outside of it change nothing of what the query answers."""

from __future__ import annotations

import datetime as dt
import itertools
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import stepladder as sl
from stepladder.sql import Windows, windows

START, END = dt.datetime(2026, 3, 10, tzinfo=dt.UTC), dt.datetime(2026, 3, 11, tzinfo=dt.UTC)
CUT = "at >= :start AND at < :end"
MARGIN = "{0}at >= :start - interval '6 hours' AND {0}at < :end + interval '1 day'"
TABLES = ("e", "f", "g")
COLUMNS = {name: ["id", "at", "seen", "x"] for name in TABLES}
INNER = (
    "SELECT * FROM e",
    "SELECT id, seen AS at, x FROM e",
    "SELECT DISTINCT id, at FROM e",
    "SELECT e.id, e.at FROM e JOIN f USING (id)",
    "SELECT e.id, e.at FROM e LEFT JOIN f ON f.id = e.id AND f.at >= :start AND f.at < :end",
    "SELECT f.id, f.at FROM e LEFT JOIN f USING (id)",
    "SELECT id, at FROM e UNION ALL SELECT id, seen FROM f",
    "SELECT id, at FROM e EXCEPT SELECT id, at FROM f",
    "SELECT id, max(at) AS at FROM e GROUP BY id",
    "SELECT id, at, lag(x) OVER (ORDER BY at, id) AS x FROM e",
    "SELECT id, at FROM e ORDER BY at, id LIMIT 5",
    "SELECT DISTINCT ON (id) id, at FROM e ORDER BY id, at",
    "SELECT e.id, f.at FROM e CROSS JOIN f WHERE e.at >= :start AND e.at < :end",
    "SELECT id, at FROM e WHERE EXISTS (SELECT 1 FROM f WHERE f.id = e.id AND f.at < e.at)",
)
OUTER = (
    "SELECT id, count(*) AS n FROM ({0}) q WHERE " + CUT + " GROUP BY id",
    "WITH q AS ({0}) SELECT a.id, b.id AS other FROM q a JOIN q b ON a.id >= b.id WHERE a." + CUT.replace(" at", " a.at")
    + " AND " + MARGIN.format("b."),
    "WITH q AS ({0}), r AS (SELECT * FROM q WHERE " + MARGIN.format("") + ") SELECT id, at FROM r WHERE " + CUT,
    "WITH q AS ({0}) SELECT g.id, q.at FROM g LEFT JOIN q ON q.id = g.id AND q.at >= :start AND q.at < :end",
    "WITH q AS ({0}) SELECT q.id, g.at AS other FROM q LEFT JOIN g ON g.id = q.id AND q.at >= :start AND q.at < :end",
    "SELECT id FROM g WHERE id IN (SELECT id FROM ({0}) q WHERE " + CUT + ")",
)  # fmt: skip
QUERIES = [outer.format(inner) for outer, inner in itertools.product(OUTER, INNER)]

moments = st.integers(-4 * 12, 5 * 12).map(lambda halves: START + dt.timedelta(hours=2 * halves))
rows = st.lists(st.tuples(st.integers(0, 4), moments, moments, st.integers(0, 3)), max_size=12)


@pytest.fixture(scope="module")
def db() -> Iterator[sl.Database]:
    with sl.connect("sqlite:///:memory:") as found:
        for name in TABLES:
            found.execute(f"CREATE TABLE {name} (id integer, at timestamptz, seen timestamptz, x integer)")
        yield found


def answer(db: sl.Database, sql: str) -> Counter[tuple[object, ...]]:
    used = {name: value for name, value in (("start", START), ("end", END)) if f":{name}" in sql}
    return Counter(map(tuple, db.query(sql, used)))


def thinned(db: sl.Database, read: Windows) -> None:
    """Take away every row that no window sees, of tables that are read in windows only."""
    for name in TABLES:
        if any(table.name == name for table in read.whole):
            continue
        seen = [window for window in read.inside if window.table.name == name]
        kept = " OR ".join(
            f"({window.column} >= '{first.isoformat()}' AND {window.column} < '{last.isoformat()}')"
            for window in seen
            for first, last in [window.around(START, END)]
        )
        db.execute(f"DELETE FROM {name} WHERE NOT ({kept or 'false'})")


@settings(max_examples=60, deadline=None)
@given(sql=st.sampled_from(QUERIES), data=st.tuples(rows, rows, rows))
def test_rows_outside_the_windows_change_no_answer(
    db: sl.Database, sql: str, data: tuple[list[tuple[object, ...]], ...]
) -> None:
    for name, some in zip(TABLES, data, strict=True):
        db.load(some, name, mode="replace")
    before = answer(db, sql)
    thinned(db, windows(sql, lambda table: COLUMNS.get(table.name)))
    assert answer(db, sql) == before


def test_most_of_them_have_windows() -> None:
    found = [windows(sql, lambda table: COLUMNS.get(table.name)) for sql in QUERIES]
    assert sum(any(window.table.name == "e" for window in read.inside) for read in found) >= 25
