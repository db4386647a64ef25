"""What becomes of sources, days and clocks between two runs, judged in the rows and in the ledger.

The numbers are those of docs/why/anomalies.md.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from stepladder.errors import Error, ModelError
from tests.contract.shop import DAILY, NOW, Shop, engine, opened, shop

__all__ = ["engine", "opened", "shop"]

TOMORROW = NOW + dt.timedelta(days=1)


def test_10_what_reads_an_interval_that_empties(shop: Shop) -> None:
    shop.db.execute("DELETE FROM events WHERE at::date = '2026-03-08'")
    assert shop.done(shop.run()) == [("daily", 8, "done"), ("totals", 8, "done")]
    for table in ("daily", "totals"):
        assert shop.db.query(f"SELECT count(*) FROM {table} WHERE day = '2026-03-08'").scalar() == 0
        assert (shop.states(table)[8], shop.versions(table)[8]) == ("done", 2)
    assert shop.plan() == []


def test_24_a_day_that_fails_when_it_is_done_again(shop: Shop) -> None:
    before = shop.daily()
    shop.db.execute("INSERT INTO events VALUES (900, '2026-03-08 12:00+00', NULL, 5)")
    shop.run()
    assert shop.daily() == before
    assert (shop.states("daily")[8], shop.versions("daily")[8]) == ("failed", 1)
    ((error,),) = shop.db.query("SELECT error FROM stepladder.interval WHERE state = 'failed'").tuples()
    assert "not_null(kind)" in error
    assert shop.plan() == [("daily", 8, "failed"), ("totals", 8, "upstream")]


def test_35_a_column_that_is_used_is_dropped(shop: Shop) -> None:
    before = shop.daily()
    shop.db.execute("ALTER TABLE events DROP COLUMN amount")
    shop.db.execute("INSERT INTO events VALUES (900, '2026-03-08 12:00+00', 'buy')")
    with pytest.raises(ModelError, match=r'^models/daily\.sql:7: column "amount" does not exist'):
        shop.run()
    assert shop.daily() == before
    assert set(shop.states("daily").values()) == {"done"}


def test_a_source_is_gone(shop: Shop) -> None:
    before = shop.daily()
    shop.db.execute("DROP TABLE events")
    with pytest.raises(ModelError, match=r"^models/daily\.sql: .*events"):
        shop.run()
    assert shop.daily() == before


def test_45_a_source_is_emptied_and_filled_again(shop: Shop) -> None:
    """Meanwhile somebody runs: then its days are empty, and full again."""
    rows = shop.db.query("SELECT * FROM events")
    before = shop.daily()
    shop.db.execute("DELETE FROM events")
    shop.run(deep=True)
    assert shop.daily() == []
    shop.db.load(rows, "events", mode="append")
    shop.run(deep=True)
    assert shop.daily() == before
    assert set(shop.versions("daily").values()) == {3}
    assert shop.plan(deep=True) == []


def test_45_a_source_is_dropped_and_restored(shop: Shop) -> None:
    rows = shop.db.query("SELECT * FROM events")
    shop.db.execute("DROP TABLE events")
    shop.db.execute("CREATE TABLE events (id int, at timestamptz, kind text, amount numeric(9,2))")
    shop.db.load(rows, "events", mode="append")
    steps = shop.run(deep=True).steps
    assert {step.state for step in steps if step.work.model == "totals"} <= {"unchanged"}
    assert {(step.outcome.wrote, step.outcome.removed) for step in steps if step.outcome} <= {(0, 0)}
    assert shop.plan(deep=True) == []


# -- days
@pytest.mark.parametrize(("day", "hours"), [("2026-03-08", 23), ("2026-11-01", 25)])
def test_48_days_of_23_and_25_hours(shop: Shop, day: str, hours: int) -> None:
    """An event at each half hour around the change: each is counted once, in the day that New York's clocks say."""
    (shop.folder / "stepladder.toml").write_text('timezone = "America/New_York"\n')
    shop.remove("totals.sql")
    shop.db.execute("DELETE FROM events")
    date = dt.date.fromisoformat(day)
    start = dt.datetime(date.year, date.month, date.day, tzinfo=dt.UTC) - dt.timedelta(days=1)
    moments = [start + n * dt.timedelta(minutes=30) for n in range(4 * 48)]
    shop.db.load([(n, at, "x", 1) for n, at in enumerate(moments)], "events", mode="append")
    later = start + dt.timedelta(days=5)
    shop.run(later, rebuild=True)
    truth = shop.db.query(
        "SELECT (at AT TIME ZONE 'America/New_York')::date AS day, count(*) AS events FROM events GROUP BY 1 ORDER BY 1"
    ).tuples()
    assert shop.db.query("SELECT day, events FROM daily ORDER BY 1").tuples() == truth
    assert dict(truth)[date] == 2 * hours
    lengths = {
        row.start_at.date(): (row.end_at - row.start_at) / dt.timedelta(hours=1)
        for row in shop.db.query("SELECT start_at, end_at FROM stepladder.interval WHERE model = 'daily'")
    }
    assert lengths[date] == hours
    assert set(lengths.values()) == {24, hours}
    assert shop.plan(later, deep=True) == []


def test_50_the_first_and_the_last_moment_of_days(shop: Shop) -> None:
    shop.db.execute("INSERT INTO events VALUES (900, '2026-03-08 23:59:59.999999+00', 'last', 1)")
    shop.db.execute("INSERT INTO events VALUES (901, '2026-03-09 00:00+00', 'first', 1)")
    shop.run()
    found = {kind: day.day for day, kind, *_ in shop.daily() if kind in ("first", "last")}  # type: ignore[attr-defined]
    assert found == {"last": 8, "first": 9}
    shop.db.execute("UPDATE events SET at = at + interval '1 microsecond' WHERE id = 900")
    assert [each for each in shop.plan() if each[0] == "daily"] == [
        ("daily", 9, "late"),
        ("daily", 8, "deleted"),
    ]
    shop.run()
    assert shop.daily() == shop.rebuilt()
    assert shop.plan() == []


def test_55_the_clock_goes_back(shop: Shop) -> None:
    before = shop.daily()
    shop.db.execute("INSERT INTO events VALUES (900, '2026-03-11 01:00+00', 'buy', 5)")
    shop.run(TOMORROW)
    after = shop.daily()
    assert len(after) == len(before) + 1
    for earlier in (dt.timedelta(hours=2), dt.timedelta(hours=12), dt.timedelta(days=3)):
        assert shop.plan(TOMORROW - earlier, deep=True) == []
        assert shop.run(TOMORROW - earlier).steps == ()
    assert shop.daily() == after
    assert shop.states("daily")[11] == "done"
    assert shop.plan(TOMORROW, deep=True) == []


def test_64_a_null_in_the_time(shop: Shop) -> None:
    before = shop.daily()
    shop.write(
        "daily.sql",
        DAILY.replace(
            "(at AT TIME ZONE :zone)::date AS day", "CASE WHEN max(id) < 900 THEN (:start)::date END AS day"
        ).replace("GROUP BY 1, 2", "GROUP BY kind"),
    )
    shop.db.execute("INSERT INTO events VALUES (900, '2026-03-08 12:00+00', 'late', 5)")
    failed = [step for step in shop.run(deep=True).steps if step.state == "failed"]
    assert [(step.work.model, step.work.start.day) for step in failed] == [("daily", 8)]
    assert "1 row" in str(failed[0].error)
    assert "late" in str(failed[0].error)
    eighth = dt.date(2026, 3, 8)
    assert [row for row in shop.daily() if row[0] == eighth] == [row for row in before if row[0] == eighth]


def test_a_row_of_another_day(shop: Shop) -> None:
    """It would be removed by no rerun of its own interval, and by any of the other day's."""
    shop.write("daily.sql", DAILY.replace("::date AS day", "::date + 1 AS day"))
    result = shop.run()
    assert {step.state for step in result.steps} == {"failed", "waits"}
    assert shop.daily() == shop.rebuilt()


def test_67_a_late_row_of_an_older_day_in_an_upsert(shop: Shop) -> None:
    """The newest row of a key stays, whichever interval is done again."""
    shop.write(
        "latest.sql",
        '/* stepladder\ntime = "at"\nevery = "day"\nkey = ["kind"]\nkind = "upsert"\n*/\n'
        "SELECT DISTINCT ON (kind) kind, at, id FROM events WHERE at >= :start AND at < :end ORDER BY kind, at DESC, id",
    )
    shop.run()
    before = shop.db.query("SELECT kind, at, id FROM latest ORDER BY kind").tuples()
    shop.db.execute(
        "INSERT INTO events VALUES (900, '2026-03-05 23:00+00', 'buy', 5), (901, '2026-03-05 23:00+00', 'new', 5)"
    )
    done = [each for each in shop.done(shop.run()) if each[0] == "latest"]
    assert done == [("latest", 5, "done")]
    after = shop.db.query("SELECT kind, at, id FROM latest ORDER BY kind").tuples()
    assert after == sorted([*before, ("new", dt.datetime(2026, 3, 5, 23, tzinfo=dt.UTC), 901)])
    assert shop.plan() == []


# -- what somebody has done to our tables
@pytest.mark.parametrize("table", ["daily", "totals"])
def test_a_table_is_dropped_by_hand(shop: Shop, table: str) -> None:
    before = shop.db.query(f"SELECT * FROM {table} ORDER BY 1, 2").tuples()
    shop.db.execute(f"DROP TABLE {table}")
    assert {reasons for name, _, reasons in shop.plan() if name == table} == {"table gone"}
    shop.run()
    assert shop.db.query(f"SELECT * FROM {table} ORDER BY 1, 2").tuples() == before
    assert shop.plan(deep=True) == []


def test_a_key_of_another_day(shop: Shop) -> None:
    """A key holds across intervals: a row that is there already, in another one, is refused by name."""
    shop.write(
        "firsts.sql",
        '/* stepladder\ntime = "at"\nevery = "day"\nkey = ["kind"]\n*/\nSELECT kind, min(at) AS at FROM events'
        " WHERE at >= :start AND at < :end GROUP BY kind",
    )
    failed = [step.error for step in shop.run().steps if step.state == "failed"]
    assert failed
    assert all(isinstance(error, Error) and "kind" in error.message for error in failed)
    assert shop.db.query("SELECT count(*) = count(DISTINCT kind) FROM firsts").scalar() is True


Act = Callable[[Shop], object]
QUIET = {
    "analyze": lambda shop: shop.db.execute("ANALYZE events"),
    "an index": lambda shop: shop.db.execute("CREATE INDEX events_kind ON events (kind)"),
    "rolled back": lambda shop: _roll_back(shop),
    "a column that nobody reads": lambda shop: shop.db.execute("ALTER TABLE events ADD COLUMN note text"),
    "a row beyond every day": lambda shop: shop.db.execute("INSERT INTO events VALUES (900, NULL, 'buy', 5)"),
    "a row of a day that is not over": lambda shop: shop.db.execute(
        "INSERT INTO events VALUES (900, '2026-03-11 05:00+00', 'buy', 5)"
    ),
}


def _roll_back(shop: Shop) -> None:
    with shop.db.scratch() as tx:
        tx.execute("UPDATE events SET amount = amount + 1")


@pytest.mark.parametrize("what", QUIET)
def test_what_changes_no_day_is_no_work(shop: Shop, what: str) -> None:
    QUIET[what](shop)
    assert shop.plan(deep=True) == []


def test_the_whole_of_a_source_moves_by_a_day(shop: Shop) -> None:
    shop.db.execute("UPDATE events SET at = at + interval '1 day' WHERE at < '2026-03-10 00:00+00'")
    shop.run(deep=True)
    assert shop.daily() == shop.rebuilt()
    assert shop.plan(deep=True) == []


# -- rows that move to where another interval has them still
KEYED = """/* stepladder\ntime = "day"\nevery = "day"\nkey = ["id"]\n*/\nSELECT id, (at AT TIME ZONE :zone)::date AS day
FROM events WHERE at >= :start AND at < :end"""


@pytest.mark.parametrize("hours", [24, -24], ids=["to the next day", "to the day before"])
def test_09_rows_with_a_key_move_between_days(shop: Shop, hours: int) -> None:
    """All at once, day by day: each day's rows have a key that the day beside it still holds."""
    shop.write("keyed.sql", KEYED)
    shop.run()
    shop.db.execute("DELETE FROM events WHERE at < '2026-03-02 00:00+00' OR at >= '2026-03-10 00:00+00'")
    shop.db.execute("UPDATE events SET at = at + :hours * interval '1 hour'", hours=hours)
    result = shop.run(deep=True)
    assert [step.error for step in result.failed] == []
    truth = shop.db.query("SELECT id, at::date AS day FROM events ORDER BY 1").tuples()
    assert shop.db.query("SELECT id, day FROM keyed ORDER BY 1").tuples() == truth
    assert (shop.plan(deep=True), shop.running()) == ([], [])


def test_53_another_zone_where_keys_know_no_day(shop: Shop) -> None:
    shop.write("keyed.sql", KEYED)
    shop.run()
    (shop.folder / "stepladder.toml").write_text('timezone = "Pacific/Auckland"\n')
    result = shop.run(TOMORROW)
    assert [step.error for step in result.failed] == []
    truth = shop.db.query(
        "SELECT id, (at AT TIME ZONE 'Pacific/Auckland')::date AS day FROM events ORDER BY 1"
    ).tuples()
    assert shop.db.query("SELECT id, day FROM keyed ORDER BY 1").tuples() == truth
    assert (shop.plan(TOMORROW, deep=True), shop.running()) == ([], [])
