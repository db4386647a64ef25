"""Prints: two numbers that move when the rows of a part of a table do."""

from __future__ import annotations

import datetime as dt
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from stepladder.db import NOTHING, Database, Parts
from stepladder.errors import StatementCanceled
from stepladder.sql import TableName

DAY = dt.timedelta(days=1)
FIRST = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
EVENTS = Parts(TableName(None, "events"), ("id", "what"), "at", [FIRST + n * DAY for n in range(4)])


@pytest.fixture
def events(db: Database) -> Database:
    db.execute("CREATE TABLE events (id int, what text, at timestamptz)")
    rows = [(n, "view", FIRST + n * dt.timedelta(hours=6)) for n in range(12)]
    db.load(rows, "events", mode="append")
    return db


def test_a_part_is_from_its_edge_to_the_next(events: Database) -> None:
    assert [part.rows for part in events.prints(EVENTS)] == [4, 4, 4]
    events.execute("DELETE FROM events WHERE at >= :at", at=FIRST + 2 * DAY)
    assert [part.rows for part in events.prints(EVENTS)] == [4, 4, 0]
    assert events.prints(EVENTS)[2] == NOTHING


@pytest.mark.parametrize(
    "change",
    [
        "INSERT INTO events VALUES (99, 'late', '2026-03-02 12:00+00')",
        "UPDATE events SET what = 'buy' WHERE id = 5",
        "DELETE FROM events WHERE id = 5",
    ],
)
def test_only_the_part_that_has_changed_moves(events: Database, change: str) -> None:
    before = events.prints(EVENTS)
    assert events.prints(EVENTS) == before
    events.execute(change)
    assert [now == then for now, then in zip(events.prints(EVENTS), before, strict=True)] == [
        True,
        False,
        True,
    ]


def test_a_row_that_moves_changes_both_parts(events: Database) -> None:
    before = events.prints(EVENTS)
    events.execute("UPDATE events SET at = '2026-03-03 01:00+00' WHERE id = 0")
    assert [now == then for now, then in zip(events.prints(EVENTS), before, strict=True)] == [
        False,
        True,
        False,
    ]


def test_the_parts_add_up_to_the_whole(events: Database) -> None:
    one, two, three = events.prints(EVENTS)
    (all_,) = events.prints(Parts(EVENTS.table, EVENTS.columns, "at", [FIRST, FIRST + 3 * DAY]))
    assert one + two + three == all_


def test_a_whole_table_and_a_view(events: Database) -> None:
    whole = Parts(TableName(None, "events"), ("id", "what"))
    (before,) = events.prints(whole)
    assert before.rows == 12
    events.execute("CREATE VIEW views AS SELECT id, what, at FROM events WHERE what = 'view'")
    (view,) = events.prints(Parts(TableName(None, "views"), ("id", "what")))
    events.execute("UPDATE events SET what = 'sale' WHERE id = 3")
    assert events.prints(whole) != (before,)
    (after,) = events.prints(Parts(TableName(None, "views"), ("id", "what")))
    assert (view.rows, after.rows) == (12, 11)


def test_dates_have_parts_too(db: Database) -> None:
    db.execute("CREATE TABLE days (day date, n int)")
    db.execute("INSERT INTO days VALUES ('2026-03-01', 1), ('2026-03-02', 2), ('2026-03-02', 3)")
    edges = [dt.date(2026, 3, 1), dt.date(2026, 3, 2), dt.date(2026, 3, 3)]
    found = db.prints(Parts(TableName(None, "days"), ("n",), "day", edges))
    assert [part.rows for part in found] == [1, 2]


# -- transactions that stage
def test_a_stage_is_made_before_others_are_kept_from_writing(db: Database) -> None:
    db.execute("CREATE TABLE t (n int)")
    with db.staging() as tx:
        tx.execute("CREATE TEMP TABLE stage AS SELECT 1 AS n")
        tx.begin_writing()
        tx.execute("INSERT INTO t SELECT n FROM stage")
        tx.execute("DROP TABLE stage")
    assert db.query("SELECT n FROM t").scalar() == 1


def test_others_write_while_a_stage_is_made(url: str) -> None:
    import stepladder as sl

    with sl.connect(url) as one, sl.connect(url) as other:
        one.execute("CREATE TABLE t (n int)")
        with one.staging() as tx:
            tx.execute("CREATE TEMP TABLE stage AS SELECT count(*) AS n FROM t")
            other.execute("INSERT INTO t VALUES (7)")
            tx.begin_writing()
            tx.execute("INSERT INTO t SELECT n FROM stage")
            tx.execute("DROP TABLE stage")
        assert sorted(one.query("SELECT n FROM t").tuples()) == [(0,), (7,)]


def test_what_runs_is_ended_from_another_thread(db: Database) -> None:
    slow = "SELECT count(*) FROM generate_series(1, 100000) a(n), generate_series(1, 100000) b(n)"
    with ThreadPoolExecutor(1) as other:
        waiting = other.submit(db.query, slow)
        while not waiting.done():
            time.sleep(0.05)
            db.cancel()
    assert isinstance(waiting.exception(), StatementCanceled)
    assert db.query("SELECT 1").scalar() == 1


@pytest.mark.parametrize(
    ("type_", "before", "after"),
    [
        ("double precision", 0.1, 0.10000000000000002),
        ("bytea", b"a\x00b", b"a\x00c"),
        ("text", "1", "1.0"),
        ("text", None, "null"),
        ("text", 'a"b', 'a"c'),
        ("numeric(15,2)", "1234567890123.45", "1234567890123.46"),
        ("numeric", "1.0", "1.00"),
        ("jsonb", {"a": 1}, {"a": "1"}),
        ("boolean", True, False),
        ("timestamptz", FIRST, FIRST + dt.timedelta(microseconds=1)),
        ("interval", dt.timedelta(days=1), dt.timedelta(hours=25)),
    ],
)
def test_values_that_are_nearly_the_same_are_told_apart(
    db: Database, type_: str, before: object, after: object
) -> None:
    db.execute(f"CREATE TABLE held (v {type_})")
    db.execute("INSERT INTO held VALUES (:v)", v=before)
    parts = Parts(TableName(None, "held"), ("v",))
    then = db.prints(parts)
    assert db.prints(parts) == then
    db.execute("UPDATE held SET v = :v", v=after)
    assert db.prints(parts) != then


def test_a_change_in_the_last_of_many_columns_is_seen(db: Database) -> None:
    names = [f"c{place}" for place in range(250)]
    db.execute(f"CREATE TABLE wide ({', '.join(f'{name} int' for name in names)})")
    db.execute(f"INSERT INTO wide VALUES ({', '.join('1' for _ in names)})")
    parts = Parts(TableName(None, "wide"), tuple(names))
    then = db.prints(parts)
    db.execute("UPDATE wide SET c249 = 2")
    assert db.prints(parts) != then
