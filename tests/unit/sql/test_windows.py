"""Which tables a SELECT reads only around its interval."""

from __future__ import annotations

import datetime as dt

import pytest

from stepladder.sql import Span, TableName, Window, windows

CUT = "at >= :start AND at < :end"


def found(sql: str, **tables: list[str]) -> str:
    """`inside | whole`, each window as table.column, with its margins where it has any."""
    read = windows(sql, lambda table: tables.get(table.name))
    return f"{' '.join(map(shown, read.inside))} | {' '.join(table.sql for table in read.whole)}".strip()


def shown(window: Window) -> str:
    margins = [
        f"-{window.before}" if any(window.before) else "",
        f"+{window.after}" if any(window.after) else "",
    ]
    return f"{window.table.sql}.{window.column}{''.join(margins)}".replace(" ", "_")


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        (f"SELECT 1 FROM e WHERE {CUT}", "e.at |"),
        ("SELECT 1 FROM e WHERE :start <= at AND :end > at", "e.at |"),
        ("SELECT 1 FROM e x JOIN f y ON x.id = y.id WHERE y.d >= :start AND :end > y.d", "f.d | e"),
        ("SELECT 1 FROM app.e WHERE at >= :start::timestamptz AND at < :end", "app.e.at |"),
        (f"SELECT 1 FROM e WHERE {CUT} UNION ALL SELECT 2 FROM f WHERE {CUT}", "e.at f.at |"),
        (f"SELECT (SELECT count(*) FROM f WHERE {CUT}) FROM e", "f.at | e"),
        # one side, or what is no window
        ("SELECT 1 FROM e WHERE at < :end", "| e"),
        ("SELECT 1 FROM e WHERE at >= :start OR at < :end", "| e"),
        ("SELECT 1 FROM e WHERE at BETWEEN :start AND :end", "| e"),
        ("SELECT 1 FROM e WHERE at > :start AND at < :end", "| e"),
        ("SELECT 1 FROM e WHERE a >= :start AND b < :end", "| e"),
        ("SELECT 1 FROM e WHERE at::date >= :start AND at::date < :end", "| e"),
        (f"SELECT 1 FROM generate_series(1, 2) e WHERE {CUT}", "|"),
        # a table that is read twice
        (f"SELECT 1 FROM (SELECT * FROM e WHERE {CUT}) a JOIN e b ON a.id = b.id", "e.at | e"),
        (
            f"SELECT 1 FROM (SELECT * FROM e WHERE {CUT}) a JOIN (SELECT * FROM e WHERE {CUT}) b USING (id)",
            "e.at |",
        ),
    ],
)
def test_a_window_is_read_from_the_conditions(sql: str, expected: str) -> None:
    assert found(sql) == expected


@pytest.mark.parametrize(
    ("lower", "upper", "expected"),
    [
        (":start - interval '1 hour'", ":end", "e.at-01:00:00 |"),
        (":start - '30 minutes'::interval", ":end + interval '1 day'", "e.at-00:30:00+1_day |"),
        (":start - interval '2' day", ":end", "e.at-2_days |"),
        (":start + interval '1 hour'", ":end - interval '1 hour'", "e.at--01:00:00+-01:00:00 |"),
        (":start - 7", ":end + 1", "e.at-7_days+1_day |"),
        (":start - interval '1 month' - interval '1 day'", ":end", "e.at-1_mon_1_day |"),
        # no constant: nobody knows how far it reads
        (":start - :margin", ":end", "| e"),
        (":start - interval '1 hour' * 2", ":end", "| e"),
        (":start - make_interval(hours => 1)", ":end", "| e"),
        ("date_trunc('day', :start)", ":end", "| e"),
    ],
)
def test_margins_are_part_of_a_window(lower: str, upper: str, expected: str) -> None:
    assert found(f"SELECT 1 FROM e WHERE at >= {lower} AND at < {upper}") == expected


@pytest.mark.parametrize(
    ("join", "expected"),
    [
        ("e JOIN f ON e.id = f.id AND f.at >= :start AND f.at < :end", "f.at | e"),
        ("e LEFT JOIN f ON e.id = f.id AND f.at >= :start AND f.at < :end", "f.at | e"),
        ("f LEFT JOIN e ON e.id = f.id AND f.at >= :start AND f.at < :end", "| f e"),
        ("f RIGHT JOIN e ON e.id = f.id AND f.at >= :start AND f.at < :end", "f.at | e"),
        ("f FULL JOIN e ON e.id = f.id AND f.at >= :start AND f.at < :end", "| f e"),
        ("e LEFT JOIN (f JOIN g ON f.at >= :start AND f.at < :end) ON true", "f.at | e g"),
    ],
)
def test_a_joins_condition_cuts_only_the_side_whose_rows_it_drops(join: str, expected: str) -> None:
    assert found(f"SELECT 1 FROM {join}") == expected


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        (f"WITH q AS (SELECT 1 FROM e WHERE {CUT}) SELECT * FROM q", "e.at |"),
        (f"WITH q AS (SELECT * FROM e) SELECT * FROM q WHERE {CUT}", "e.at |"),
        (f"WITH q AS (SELECT x.id, x.seen AS at FROM e x) SELECT * FROM q WHERE {CUT}", "e.seen |"),
        (f"SELECT * FROM (SELECT DISTINCT id, at FROM e) q WHERE {CUT}", "e.at |"),
        (
            f"WITH q AS (SELECT e.at FROM e JOIN f USING (id)), r AS (SELECT * FROM q) SELECT * FROM r WHERE {CUT}",
            "e.at | f",
        ),
        (
            f"WITH q AS (SELECT at FROM e UNION ALL SELECT seen FROM f) SELECT * FROM q WHERE {CUT}",
            "e.at f.seen |",
        ),
        (
            f"WITH q AS (TABLE e) SELECT 1 FROM (SELECT * FROM q WHERE {CUT}) a, q b WHERE b.at >= :start - 1 AND b.at < :end",
            "e.at-1_day |",
        ),
        # what comes out depends on rows that the window leaves out
        (f"WITH q AS (SELECT * FROM e) SELECT * FROM q WHERE {CUT} AND EXISTS (SELECT 1 FROM q)", "| e"),
        (f"WITH q AS (SELECT 1) SELECT * FROM q WHERE {CUT}", "|"),
        (f"SELECT * FROM (SELECT max(at) AS at FROM e) q WHERE {CUT}", "| e"),
        (f"SELECT * FROM (SELECT at FROM e GROUP BY at) q WHERE {CUT}", "| e"),
        (f"SELECT * FROM (SELECT at, lag(x) OVER (ORDER BY at) FROM e) q WHERE {CUT}", "| e"),
        (f"SELECT * FROM (SELECT DISTINCT ON (id) id, at FROM e ORDER BY id, at) q WHERE {CUT}", "| e"),
        (f"SELECT * FROM (SELECT at FROM e LIMIT 5) q WHERE {CUT}", "| e"),
        (f"SELECT * FROM (SELECT at FROM e UNION ALL SELECT at FROM f LIMIT 5) q WHERE {CUT}", "| e f"),
        (f"SELECT * FROM (SELECT b FROM e) q(at) WHERE {CUT}", "| e"),
        (f"SELECT * FROM (SELECT * FROM e UNION ALL SELECT * FROM f) q WHERE {CUT}", "| e f"),
        (
            f"WITH RECURSIVE q AS (SELECT at FROM e UNION ALL SELECT at FROM q) SELECT * FROM q WHERE {CUT}",
            "| e",
        ),
    ],
)
def test_a_window_is_handed_down_where_that_changes_nothing(sql: str, expected: str) -> None:
    assert found(sql) == expected


def test_a_column_without_its_table_is_found_by_the_tables_columns() -> None:
    sql = f"SELECT 1 FROM e JOIN f USING (id) WHERE {CUT}"
    assert found(sql) == "| e f"
    assert found(sql, e=["id", "at"], f=["id"]) == "e.at | f"
    assert found(sql, e=["id", "at"]) == "| e f"
    assert found(sql, e=["id", "at"], f=["id", "at"]) == "| e f"


def test_a_window_reaches_around_an_interval() -> None:
    window = Window(TableName(None, "e"), "at", Span(1, 0, 0), Span(0, 0, 3_600_000_000))
    start, end = dt.datetime(2026, 3, 31, tzinfo=dt.UTC), dt.datetime(2026, 4, 1, tzinfo=dt.UTC)
    assert window.around(start, end) == (
        dt.datetime(2026, 2, 28, tzinfo=dt.UTC),
        dt.datetime(2026, 4, 1, 1, tzinfo=dt.UTC),
    )
    assert window.around(dt.date(2026, 3, 31), dt.date(2026, 4, 1)) == (
        dt.date(2026, 2, 28),
        dt.date(2026, 4, 2),
    )
    assert window.around(dt.date(1, 1, 2), dt.date(9999, 12, 31)) == (dt.date.min, dt.date.max)
