"""What goes wrong with data and projects between two runs, judged in the rows and in the ledger.

The numbers are those of the list in docs/why/anomalies.md.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

import stepladder as sl
from stepladder.errors import UsageError
from stepladder.pipelines import rename, run
from tests.contract.shop import DAILY, DAYS, NOW, TOTALS, Shop, engine, make_shop, opened, shop

__all__ = ["engine", "opened", "shop"]


def test_01_a_late_row_within_the_lookback(shop: Shop) -> None:
    shop.db.execute("INSERT INTO events VALUES (900, '2026-03-08 12:00+00', 'buy', 5)")
    assert shop.plan() == [("daily", 8, "late"), ("totals", 8, "upstream")]
    assert shop.done(shop.run()) == [("daily", 8, "done"), ("totals", 8, "done")]
    assert shop.daily() == shop.rebuilt()
    assert shop.plan() == []
    assert {day for day, version in shop.versions("daily").items() if version == 2} == {8}


def test_02_a_late_row_beyond_the_lookback(shop: Shop) -> None:
    shop.db.execute("INSERT INTO events VALUES (900, '2026-03-02 12:00+00', 'buy', 5)")
    assert shop.plan() == []
    assert shop.plan(deep=True) == [("daily", 2, "late"), ("totals", 2, "upstream")]
    shop.run(deep=True)
    assert shop.daily() == shop.rebuilt()


def test_03_an_edited_row(shop: Shop) -> None:
    shop.db.execute("UPDATE events SET amount = amount + 1 WHERE id = 18")  # the ninth
    assert shop.plan() == [("daily", 9, "edited"), ("totals", 9, "upstream")]
    shop.run()
    assert shop.daily() == shop.rebuilt()


def test_04_a_deleted_row(shop: Shop) -> None:
    shop.db.execute("DELETE FROM events WHERE id = 17")
    prepared = shop.prepared()
    (work, _) = prepared.plan.work
    assert (work.reasons, work.notes) == (("deleted",), ("−1 row in events",))
    shop.run()
    assert shop.daily() == shop.rebuilt()


def test_06_an_update_that_changes_nothing(shop: Shop) -> None:
    shop.db.execute("UPDATE events SET kind = kind WHERE id = 17")
    work = shop.plan()
    assert work in (
        [],
        [("daily", 8, "edited"), ("totals", 8, "upstream")],
    )  # SQLite looks at the rows themselves
    result = shop.run()
    if work:
        daily, totals = result.steps
        assert daily.outcome is not None
        assert (daily.outcome.wrote, daily.outcome.removed) == (0, 0)
        assert totals.state == "unchanged"
    assert set(shop.versions("daily").values()) == {1}
    assert shop.plan() == []


@pytest.mark.postgres
def test_07_a_late_commit(postgres_url: str, tmp_path: Path) -> None:
    with sl.connect(postgres_url) as db, sl.connect(postgres_url) as other:
        shop = make_shop(db, tmp_path / "shop")
        db.execute("INSERT INTO events VALUES (1, '2026-03-09 12:00+00', 'buy', 5)")
        with other.transaction() as late:
            late.execute("INSERT INTO events VALUES (2, '2026-03-09 13:00+00', 'buy', 5)")
            shop.run()
            assert shop.plan() == []
        assert shop.plan() == [("daily", 9, "late"), ("totals", 9, "upstream")]
        shop.run()
        assert shop.daily() == [(dt.date(2026, 3, 9), "buy", 2, 10)]


def test_09_a_row_moves_between_days(shop: Shop) -> None:
    shop.db.execute("UPDATE events SET at = '2026-03-07 09:00+00' WHERE id = 15")  # from the sixth
    assert [each for each in shop.plan() if each[0] == "daily"] == [
        ("daily", 7, "late"),
        ("daily", 6, "deleted"),
    ]
    shop.run()
    assert shop.daily() == shop.rebuilt()


def test_10_an_interval_empties(shop: Shop) -> None:
    for day in (8, 10):  # within, and at the very end
        shop.db.execute(f"DELETE FROM events WHERE at::date = '2026-03-{day:02d}'")
    shop.run()
    assert shop.daily() == shop.rebuilt()
    assert shop.states("daily")[8] == shop.states("daily")[10] == "done"
    assert shop.plan() == []


def test_23_a_check_fails_on_one_day(shop: Shop) -> None:
    before = shop.daily()
    shop.db.execute("INSERT INTO events VALUES (900, '2026-03-08 12:00+00', NULL, 5)")
    shop.db.execute("INSERT INTO events VALUES (901, '2026-03-09 12:00+00', 'buy', 5)")
    result = shop.run()
    assert shop.done(result) == [
        ("daily", 8, "failed"),
        ("daily", 9, "done"),
        ("totals", 8, "waits"),
        ("totals", 9, "done"),
    ]
    eighth = dt.date(2026, 3, 8)
    assert [row for row in shop.daily() if row[0] == eighth] == [row for row in before if row[0] == eighth]
    assert shop.states("daily")[8] == "failed"
    shop.db.execute("DELETE FROM events WHERE id = 900")
    shop.run()
    assert shop.daily() == shop.rebuilt()
    assert shop.plan() == []


def test_25_the_same_error_three_times(shop: Shop) -> None:
    shop.write(
        "broken.sql",
        DAILY.replace("count(*)", "count(*) / (count(*) - count(*))").replace("checks", "# checks"),
    )
    result = shop.run()
    assert [step.state for step in result.steps].count("failed") == 3
    assert [step.state for step in result.steps].count("waits") == DAYS - 3


def test_26_a_comment_a_space_and_the_case_of_letters(shop: Shop) -> None:
    shop.write("daily.sql", DAILY.replace("SELECT", "-- the days\nselect").replace("FROM", "  FROM"))
    assert shop.plan() == []


def test_28_changed_code_redoes_all_newest_first(shop: Shop) -> None:
    shop.write("daily.sql", DAILY.replace("sum(amount)", "max(amount)"))
    plan = [each for each in shop.plan() if each[0] == "daily"]
    assert plan == [("daily", day, "code") for day in range(10, 0, -1)]
    shop.run()
    assert shop.plan() == []


def test_29_changed_code_goes_forward(shop: Shop) -> None:
    before = shop.daily()
    shop.write("daily.sql", DAILY.replace("sum(amount)", "max(amount)"))
    assert shop.plan(forward=True) == []
    shop.db.execute("INSERT INTO events VALUES (900, '2026-03-11 12:00+00', 'buy', 5)")
    tomorrow = NOW + dt.timedelta(days=1)
    assert [each for each in shop.plan(tomorrow, forward=True) if each[0] == "daily"] == [
        ("daily", 11, "missing")
    ]
    shop.run(tomorrow, forward=True)
    assert shop.daily()[: len(before)] == before
    assert shop.plan(tomorrow) == []  # it need not be said again


def test_34_a_column_is_added(shop: Shop) -> None:
    shop.write("daily.sql", DAILY.replace("count(*) AS events", "count(*) AS events, min(id) AS first_id"))
    shop.run()
    assert shop.plan() == []
    assert shop.db.query("SELECT count(*) FROM daily WHERE first_id IS NULL").scalar() == 0


def test_36_a_column_becomes_wider(shop: Shop) -> None:
    shop.write("daily.sql", DAILY.replace("count(*) AS events", "count(*)::numeric AS events"))
    result = shop.run()
    assert {step.state for step in result.steps} == {"done"}
    types = {column.name: str(column.type) for column in shop.db.table("daily").columns}
    assert types["events"] == "numeric"


def test_37_a_column_becomes_narrower(shop: Shop) -> None:
    before = shop.daily()
    shop.write("daily.sql", DAILY.replace("count(*) AS events", "count(*)::int AS events"))
    result = shop.run()
    failed = [step for step in result.steps if step.state == "failed"]
    assert {step.error.exit_code for step in failed if step.error} == {2}
    assert "--rebuild" in str(failed[0].error)
    assert shop.daily() == before
    result = shop.run(rebuild=True)
    assert {step.state for step in result.steps} == {"done"}
    assert shop.daily() == before


def test_41_a_model_is_renamed(shop: Shop) -> None:
    before = shop.daily()
    (shop.folder / "models" / "daily.sql").rename(shop.folder / "models" / "per_day.sql")
    shop.write("totals.sql", TOTALS.replace("FROM daily", "FROM per_day"))
    plan = shop.prepared().plan
    assert plan.removed == (("daily", "per_day"),)
    rename(shop.db, shop.project, "daily", "per_day")
    assert [each for each in shop.plan() if each[0] == "per_day"] == []
    assert shop.db.query("SELECT day, kind, events, amount FROM per_day ORDER BY 1, 2").tuples() == before
    with pytest.raises(UsageError, match="no model 'daily' has made a table"):
        rename(shop.db, shop.project, "daily", "per_day")


def test_after_so_many_pieces_none_is_begun(shop: Shop) -> None:
    result = run(shop.db, shop.project, shop.prepared(redo=True), limit=3)
    assert [step.state for step in result.steps] == ["done"] * 3
    assert shop.plan() == []


def test_42_a_model_is_removed(shop: Shop) -> None:
    (shop.folder / "models" / "totals.sql").unlink()
    assert shop.plan() == []
    assert shop.db.query("SELECT count(*) FROM totals").scalar() == DAYS


def test_45_a_source_is_replaced(shop: Shop) -> None:
    rows = shop.db.query("SELECT * FROM events")
    shop.db.execute("DROP TABLE events")
    shop.db.execute("CREATE TABLE events (id int, at timestamptz, kind text, amount numeric(9,2))")
    shop.db.load(rows, "events", mode="append")
    result = shop.run()
    assert {step.outcome.wrote for step in result.steps if step.outcome} <= {0}
    assert set(shop.versions("daily").values()) == {1}


def test_50_the_microseconds_at_midnight(shop: Shop) -> None:
    shop.db.execute("INSERT INTO events VALUES (900, '2026-03-08 23:59:59.999999+00', 'edge', 1)")
    shop.db.execute("INSERT INTO events VALUES (901, '2026-03-09 00:00+00', 'edge', 1)")
    shop.run()
    assert shop.daily() == shop.rebuilt()


@pytest.mark.parametrize(
    ("old", "new"), [('every = "day"', 'every = "week"'), ("UTC", "Europe/Berlin")], ids=["every", "zone"]
)
def test_53_another_grid(shop: Shop, old: str, new: str) -> None:
    shop.write("daily.sql", DAILY.replace(old, new))
    if old == "UTC":
        (shop.folder / "stepladder.toml").write_text(f'timezone = "{new}"\n')
    plan = shop.plan()
    assert {reasons for name, _, reasons in plan if name == "daily"} == {"grid"}
    shop.run()
    left = shop.plan()
    assert left == []
    days = {row[0] for row in shop.daily()}
    assert all(each < dt.date(2026, 3, 11) for each in days)
    total = shop.db.query("SELECT sum(events) FROM daily").scalar()
    rows = shop.db.query("SELECT count(*) FROM stepladder.interval WHERE model = 'daily'").scalar()
    assert rows == len([name for name, *_ in plan if name == "daily"])
    assert total <= 120


def test_59_upstream_fails(shop: Shop) -> None:
    shop.write("apart.sql", "SELECT count(*) AS n FROM events")
    shop.db.execute("INSERT INTO events VALUES (900, '2026-03-08 12:00+00', NULL, 5)")
    assert shop.done(shop.run()) == [("apart", 0, "done"), ("daily", 8, "failed"), ("totals", 8, "waits")]


def test_60_a_diamond(shop: Shop) -> None:
    shop.write("other.sql", TOTALS)
    shop.write(
        "both.sql",
        TOTALS.split("*/", maxsplit=1)[0]
        + "*/ SELECT t.day, t.events + o.events AS events FROM totals t JOIN other o ON o.day = t.day"
        " WHERE t.day >= :start AND t.day < :end AND o.day >= :start AND o.day < :end",
    )
    shop.run()
    shop.db.execute("INSERT INTO events VALUES (900, '2026-03-08 12:00+00', 'buy', 5)")
    done = shop.done(shop.run())
    assert done == [(name, 8, "done") for name in ("both", "daily", "other", "totals")]


def test_64_a_null_in_the_key(shop: Shop) -> None:
    shop.write("daily.sql", DAILY.replace('checks = ["not_null(kind)"]\n', ""))
    shop.db.execute("INSERT INTO events VALUES (900, '2026-03-08 12:00+00', NULL, 5)")
    (failed,) = [step for step in shop.run().steps if step.state == "failed"]
    assert "not_null(day, kind)" in str(failed.error)


def test_66_an_unfinished_day(shop: Shop) -> None:
    shop.db.execute("INSERT INTO events VALUES (900, '2026-03-11 05:00+00', 'buy', 5)")
    assert shop.plan() == []
    shop.write("daily.sql", DAILY.replace('every = "day"', 'every = "day"\nopen = true'))
    assert [each for each in shop.plan() if each[0] == "daily"] == [("daily", 11, "missing")]
    shop.run()
    shop.db.execute("INSERT INTO events VALUES (901, '2026-03-11 20:00+00', 'buy', 5)")
    tomorrow = NOW + dt.timedelta(days=1)
    shop.run(tomorrow)
    eleventh = [row for row in shop.daily() if row[0] == dt.date(2026, 3, 11)]
    assert [row[2] for row in eleventh] == [2]
    assert shop.plan(tomorrow) == []


def test_67_an_upsert_in_any_order(shop: Shop) -> None:
    shop.write(
        "latest.sql",
        '/* stepladder\ntime = "at"\nevery = "day"\nkey = ["kind"]\nkind = "upsert"\n*/\n'
        "SELECT DISTINCT ON (kind) kind, at, id FROM events WHERE at >= :start AND at < :end ORDER BY kind, at DESC, id",
    )
    shop.run()
    truth = shop.db.query(
        "SELECT DISTINCT ON (kind) kind, at, id FROM events WHERE at < '2026-03-11 00:00+00' ORDER BY kind, at DESC, id"
    ).tuples()
    assert shop.db.query("SELECT kind, at, id FROM latest ORDER BY kind").tuples() == truth
    shop.run(redo=True)
    assert shop.db.query("SELECT kind, at, id FROM latest ORDER BY kind").tuples() == truth


def test_a_history_closes_what_changed(shop: Shop) -> None:
    shop.db.execute("CREATE TABLE users (name text, plan text)")
    shop.db.execute("INSERT INTO users VALUES ('ada', 'free'), ('bob', 'free')")
    shop.write(
        "user_plans.sql", '/* stepladder\nkind = "history"\nkey = ["name"]\n*/\nSELECT name, plan FROM users'
    )
    shop.run()
    shop.db.execute("UPDATE users SET plan = 'paid' WHERE name = 'ada'")
    shop.db.execute("DELETE FROM users WHERE name = 'bob'")
    later = NOW + dt.timedelta(hours=1)
    shop.run(later)
    assert shop.db.query("SELECT * FROM user_plans ORDER BY name, valid_from").tuples() == [
        ("ada", "free", NOW, later),
        ("ada", "paid", later, None),
        ("bob", "free", NOW, later),
    ]
    assert shop.plan(later) == []


def test_a_view_follows_its_text(shop: Shop) -> None:
    shop.write("buys.sql", "/* stepladder\nkind = \"view\"\n*/\nSELECT id, at FROM events WHERE kind = 'buy'")
    shop.run()
    assert shop.plan() == []
    shop.write(
        "buys.sql", "/* stepladder\nkind = \"view\"\n*/\nSELECT id, at, amount FROM events WHERE kind = 'buy'"
    )
    assert shop.plan() == [("buys", 0, "code")]
    shop.run()
    assert len(shop.db.query("SELECT * FROM buys").columns) == 3


def test_a_table_over_sources_rests_until_they_change(shop: Shop) -> None:
    shop.write("overall.sql", "SELECT kind, count(*) AS n FROM events GROUP BY kind")
    shop.run()
    assert shop.plan() == []
    shop.db.execute("DELETE FROM events WHERE id = 3")
    assert ("overall", 0, "deleted") in shop.plan()
    shop.run()
    assert shop.plan() == []


def test_the_statements_of_a_plan_do_not_grow_with_its_intervals(shop: Shop) -> None:
    def asked() -> int:
        before = shop.db.stats().pool.checkouts
        assert shop.plan(deep=True) == []
        return shop.db.stats().pool.checkouts - before

    few = asked()
    rows = [
        (1000 + n, dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + n * dt.timedelta(days=1), "view", 1)
        for n in range(59)
    ]
    shop.db.load(rows, "events", mode="append")
    shop.run(deep=True)
    assert asked() == few


def test_an_interval_model_over_a_table_that_is_not_made_yet(shop: Shop) -> None:
    shop.write("clean.sql", "SELECT at, kind FROM events WHERE kind = 'buy'")
    shop.write(
        "buys.sql",
        '/* stepladder\ntime = "day"\nevery = "day"\n*/\nSELECT (at AT TIME ZONE :zone)::date AS day, count(*) AS n FROM clean'
        " WHERE at >= :start AND at < :end GROUP BY 1",
    )
    result = shop.run()
    assert [step.work.model for step in result.steps] == ["clean", *["buys"] * 9]
    assert shop.plan() == []
