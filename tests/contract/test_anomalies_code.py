"""What becomes of models, columns and names between two runs, judged in the rows and in the ledger.

The numbers are those of docs/why/anomalies.md.
"""

from __future__ import annotations

import datetime as dt
import threading
from contextlib import suppress
from pkgutil import resolve_name

import pytest

from stepladder.cli.main import main
from stepladder.errors import ModelError
from stepladder.pipelines import Model, run
from tests.contract.shop import DAILY, DAYS, NOW, TOTALS, Shop, engine, opened, shop

__all__ = ["engine", "opened", "shop"]

CHECK_ROWS = "stepladder.pipelines.apply.check_rows"
TOMORROW = NOW + dt.timedelta(days=1)


def columns(shop: Shop, table: str) -> dict[str, str]:
    return {column.name: str(column.type) for column in shop.db.table(table).columns}


# -- code
def test_31_an_edit_that_would_redo_a_long_history(
    shop: Shop, url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = shop.daily()
    shop.write("daily.sql", DAILY.replace("sum(amount)", "max(amount)"))
    monkeypatch.setattr("stepladder.pipelines.plan.MAX_REBUILD", DAYS - 1)
    monkeypatch.chdir(shop.folder)
    command = ["run", "--now", "2026-03-11", "--target", url]
    assert main(command) == 2
    said = capsys.readouterr().err
    assert f"daily: {DAYS} intervals" in said
    assert "--yes" in said
    assert (shop.daily(), set(shop.versions("daily").values())) == (before, {1})
    assert main([*command, "--yes"]) == 0
    assert shop.daily() != before
    assert shop.plan() == []


def test_33_a_helper_that_some_models_import(shop: Shop) -> None:
    (shop.folder / "rates.py").write_text("def rate(): return 2\n")
    decorated = 'import stepladder as sl\n{}\n@sl.model(time="day", every="day", columns={{"day": "date", "n": "bigint"}}, frame="arrow")\n'
    body = "def {}(daily, run): return [{{'day': run.start.date(), 'n': len(daily) * {}}}]\n"
    shop.write(
        "with_rate.py", decorated.format("from rates import rate") + body.format("with_rate", "rate()")
    )
    shop.write("without.py", decorated.format("") + body.format("without", "1"))
    shop.run()
    assert shop.plan() == []
    (shop.folder / "rates.py").write_text('"""Rates."""\n\ndef rate(): return 2  # of today\n')
    assert shop.plan() == []
    (shop.folder / "rates.py").write_text("def rate(): return 3\n")
    assert shop.plan() == [("with_rate", day, "code") for day in range(DAYS, 0, -1)]
    shop.run()
    assert shop.db.query("SELECT DISTINCT n FROM with_rate").tuples() == [(3,), (6,)]
    assert set(shop.versions("without").values()) == {1}


def test_28_rows_of_old_and_new_code(shop: Shop) -> None:
    shop.write("daily.sql", DAILY.replace("sum(amount)", "max(amount)"))
    assert [day for name, day, _ in shop.plan() if name == "daily"] == list(range(DAYS, 0, -1))
    run(shop.db, shop.project, shop.prepared(), limit=3, jobs=1)
    left = shop.plan()
    assert [day for name, day, reasons in left if name == "daily" and reasons == "code"] == list(
        range(DAYS - 3, 0, -1)
    )
    found = shop.status("daily")
    assert (found.state, [(each.intervals, each.last.day) for each in found.older]) == (
        "code",
        [(DAYS - 3, DAYS - 3)],
    )
    shop.run()
    assert (shop.status("daily").state, shop.status("daily").older) == ("done", ())
    assert shop.plan() == []


# -- columns
def test_34_a_column_is_added_upstream(shop: Shop) -> None:
    """To a model that takes all columns it is added; one that names them is left alone."""
    shop.write("everything.sql", "SELECT * FROM events")
    shop.write("named.sql", "SELECT id, kind FROM events")
    shop.run()
    shop.db.execute("ALTER TABLE events ADD COLUMN note text")
    shop.db.execute("UPDATE events SET note = 'x' WHERE id = 7")
    shop.run(deep=True)
    assert columns(shop, "everything")["note"] == "text"
    assert shop.db.query("SELECT id FROM everything WHERE note = 'x'").scalar() == 7
    assert shop.db.query("SELECT count(*) FROM everything").scalar() == 120
    assert list(columns(shop, "named")) == ["id", "kind"]
    assert set(shop.versions("named").values()) == {1}
    assert set(shop.versions("daily").values()) == {1}
    assert shop.plan(deep=True) == []


def test_34_a_column_is_added_to_a_model(shop: Shop) -> None:
    """What follows it, and takes all of its columns, gets it in the same run."""
    shop.write(
        "after.sql",
        '/* stepladder\ntime = "day"\nevery = "day"\n*/ SELECT * FROM daily WHERE day >= :start AND day < :end',
    )
    shop.run()
    shop.write("daily.sql", DAILY.replace("count(*) AS events", "count(*) AS events, min(id) AS first_id"))
    result = shop.run()
    assert [step.error for step in result.failed] == []
    assert columns(shop, "after")["first_id"] == "integer"
    assert shop.db.query("SELECT count(*) FROM after WHERE first_id IS NULL").scalar() == 0
    assert shop.plan(deep=True) == []


def test_35_a_column_is_dropped_from_a_model(shop: Shop) -> None:
    """Its table keeps it, empty from now on; a model that names it says so before anything is written."""
    shop.write("daily.sql", DAILY.replace("count(*) AS events, ", ""))
    before = shop.db.query("SELECT * FROM totals ORDER BY 1").tuples()
    with pytest.raises(ModelError, match=r'^models/totals\.sql:6: column "events" does not exist'):
        shop.run()
    assert shop.daily() == shop.rebuilt()
    shop.remove("totals.sql")
    shop.run()
    assert shop.db.query("SELECT count(*) FROM daily WHERE events IS NOT NULL").scalar() == 0
    assert shop.db.query("SELECT * FROM totals ORDER BY 1").tuples() == before
    assert shop.plan(deep=True) == []


def test_37_text_becomes_a_number(
    shop: Shop, url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = shop.daily()
    shop.write("daily.sql", DAILY.replace("kind,", "(length(kind))::int AS kind,", 1))
    monkeypatch.chdir(shop.folder)
    command = ["run", "--now", "2026-03-11", "--target", url]
    assert main(command) == 2
    said = capsys.readouterr().err
    assert "column daily.kind is text; the model now gives integer" in said
    assert "stepladder run daily --rebuild" in said
    assert (shop.daily(), columns(shop, "daily")["kind"]) == (before, "text")
    assert main([*command, "--rebuild"]) == 0
    assert columns(shop, "daily")["kind"] == "integer"
    assert shop.db.query("SELECT sum(events) FROM daily").scalar() == 120
    assert shop.plan(deep=True) == []


# -- names
def test_41_a_renamed_model_keeps_its_rows(
    shop: Shop, url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = shop.daily()
    (shop.folder / "models" / "daily.sql").rename(shop.folder / "models" / "per_day.sql")
    shop.write("totals.sql", TOTALS.replace("FROM daily", "FROM per_day"))
    monkeypatch.chdir(shop.folder)
    assert main(["plan", "--now", "2026-03-11", "--target", url]) == 0
    assert "--rename daily per_day" in capsys.readouterr().err
    assert main(["run", "--rename", "daily", "per_day", "--now", "2026-03-11", "--target", url]) == 0
    assert shop.db.query("SELECT day, kind, events, amount FROM per_day ORDER BY 1, 2").tuples() == before
    assert set(shop.versions("per_day").values()) == {1}
    assert "daily" not in shop.db.tables()
    assert shop.plan(deep=True) == []


def test_42_a_removed_model_is_kept_and_listed(
    shop: Shop, url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.remove("totals.sql")
    assert shop.prepared().plan.removed == (("totals", None),)
    monkeypatch.chdir(shop.folder)
    assert main(["plan", "--now", "2026-03-11", "--target", url]) == 0
    said = capsys.readouterr().err
    assert "totals" in said
    assert "stepladder drop totals" in " ".join(said.split())
    assert shop.db.query("SELECT count(*) FROM totals").scalar() == DAYS


def test_62_a_cte_of_a_models_name_is_no_model(shop: Shop) -> None:
    shop.write(
        "buys.sql",
        "WITH totals AS (SELECT id FROM events WHERE kind = 'buy') SELECT count(*) AS n FROM totals",
    )
    shop.write(
        "all_of.sql",
        "SELECT (SELECT count(*) FROM buys) AS n, (SELECT max(n) FROM (WITH buys AS (SELECT 1 AS n) SELECT n FROM buys) AS b) AS one",
    )
    shop.run()
    reads = {each.model.name: {table.name for table in each.model.reads} for each in shop.prepared().bound}
    assert (reads["buys"], reads["all_of"]) == ({"events"}, {"buys"})
    shop.db.execute("INSERT INTO events VALUES (900, '2026-03-08 12:00+00', 'sell', 5)")
    done = [name for name, *_ in shop.done(shop.run())]
    assert done == ["all_of", "buys", "daily", "totals"]
    assert [step.state for step in shop.run(deep=True).steps] == []


@pytest.mark.parametrize("name", ["m" * 64, "ü" * 32, "m" * 62 + "é"])
def test_71_a_name_of_64_bytes(shop: Shop, name: str) -> None:
    before = shop.db.tables()
    shop.write(f"{name}.sql", "SELECT 1 AS a")
    with pytest.raises(ModelError, match=r"64 bytes; PostgreSQL keeps 63.*Shorten it") as caught:
        shop.run()
    assert caught.value.message.startswith(f"models/{name}.sql: ")
    assert (caught.value.exit_code, shop.db.tables()) == (2, before)


@pytest.mark.parametrize(("first", "second"), [("every", "zone"), ("zone", "every")])
def test_53_and_54_the_grid_changes_twice(shop: Shop, first: str, second: str) -> None:
    """Weeks, and days of another zone: everything is done again, once, and nothing of the old grid is left."""
    later = NOW + dt.timedelta(days=10)
    truth = shop.db.query(
        "SELECT (at AT TIME ZONE 'Europe/Berlin')::date AS day, kind, count(*) AS events, sum(amount) AS amount FROM events"
        " GROUP BY 1, 2 ORDER BY 1, 2"
    ).tuples()
    for what in (first, second):
        if what == "every":
            shop.write("daily.sql", DAILY.replace('every = "day"', 'every = "week"'))
        else:
            (shop.folder / "stepladder.toml").write_text('timezone = "Europe/Berlin"\n')
        planned = [work for work in shop.prepared(later, deep=True).plan.work if work.model == "daily"]
        assert {work.reasons for work in planned} == {("grid",)}
        shop.run(later, deep=True)
        assert shop.plan(later, deep=True) == []
        intervals = shop.db.query("SELECT start_at, end_at FROM stepladder.interval WHERE model = 'daily'")
        assert sorted(intervals.tuples()) == sorted((work.start, work.end) for work in planned)
    assert shop.daily() == truth


def test_29_the_border_of_the_code_is_shown(shop: Shop) -> None:
    shop.write("daily.sql", DAILY.replace("sum(amount)", "max(amount)"))
    shop.db.execute("INSERT INTO events VALUES (900, '2026-03-11 12:00+00', 'buy', 5)")
    shop.run(TOMORROW, forward=True)
    found = shop.status("daily")
    assert (found.state, [(each.intervals, each.first.day, each.last.day) for each in found.older]) == (
        "done",
        [(DAYS, 1, DAYS)],
    )


@pytest.mark.postgres
@pytest.mark.parametrize("engine", ["psycopg"])
@pytest.mark.parametrize(
    "change",
    [
        ("count(*) AS events", "count(*)::numeric AS events"),
        ("count(*) AS events", "count(*) AS events, min(id) AS first_id"),
    ],
    ids=["wider", "added"],
)
def test_34_columns_change_under_several_intervals_at_once(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, change: tuple[str, str]
) -> None:
    """To a transaction that began before, a table that another one has rewritten looks empty: nothing must be written twice."""
    shop.write(
        "after.sql",
        '/* stepladder\ntime = "day"\nevery = "day"\n*/ SELECT * FROM daily WHERE day >= :start AND day < :end',
    )
    shop.run()
    together, check_rows = threading.Barrier(2), resolve_name(CHECK_ROWS)

    def checked(tx: object, model: Model, *more: object) -> object:
        if model.name == "after":
            with suppress(threading.BrokenBarrierError):
                together.wait(2)
        return check_rows(tx, model, *more)

    monkeypatch.setattr(CHECK_ROWS, checked)
    shop.write("daily.sql", DAILY.replace(*change))
    result = run(shop.db, shop.project, shop.prepared(), jobs=2)
    assert [step.error for step in result.failed] == []
    assert (
        shop.db.query("SELECT * FROM after ORDER BY 1, 2").tuples()
        == shop.db.query("SELECT * FROM daily ORDER BY 1, 2").tuples()
    )
    assert shop.plan(deep=True) == []
