"""What goes wrong on a server only: readers that hold a table, partitions, other people's grants and views.

The numbers are those of docs/why/anomalies.md.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pkgutil import resolve_name

import pytest

import stepladder as sl
from stepladder.pipelines import prepare, run
from tests.contract.shop import DAILY, DAYS, NOW, Shop, engine, opened, shop

__all__ = ["engine", "opened", "shop"]

pytestmark = [pytest.mark.postgres, pytest.mark.parametrize("engine", ["psycopg"])]

LOOKS = {
    "tables": "SELECT relname::text, oid::bigint, relacl::text, obj_description(oid) FROM pg_class"
    " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i', 'v') ORDER BY 1",
    "columns": "SELECT attrelid::regclass::text, attname::text, format_type(atttypid, atttypmod), col_description(attrelid, attnum)"
    " FROM pg_attribute WHERE attrelid IN ('daily'::regclass, 'totals'::regclass) AND attnum > 0 ORDER BY 1, attnum",
    "view": "SELECT * FROM busy ORDER BY 1",
}


def looks(shop: Shop) -> dict[str, list[tuple[object, ...]]]:
    return {name: shop.db.query(sql).tuples() for name, sql in LOOKS.items()}


@pytest.mark.parametrize("how", ["rebuild", "redo", "code"])
def test_38_what_others_have_put_on_a_table_stays(shop: Shop, how: str) -> None:
    for statement in (
        "GRANT SELECT ON daily TO PUBLIC",
        "COMMENT ON TABLE daily IS 'theirs'",
        "COMMENT ON COLUMN daily.events IS 'how many'",
        "CREATE INDEX theirs ON daily (amount)",
        "CREATE VIEW busy AS SELECT day, events FROM daily WHERE events > 2",
        "GRANT SELECT ON busy TO PUBLIC",
    ):
        shop.db.execute(statement)
    before, rows = looks(shop), shop.daily()
    if how == "code":
        shop.write("daily.sql", DAILY.replace("count(*) AS events", "count(id) AS events"))
        shop.run()
    else:
        shop.run(**{how: True})
    assert (looks(shop), shop.daily()) == (before, rows)
    assert shop.plan(deep=True) == []


@pytest.fixture
def reading(shop: Shop, postgres_url: str) -> Iterator[sl.Database]:
    """Somebody has read `daily`, and has not ended the transaction."""
    with sl.connect(postgres_url) as other, other.transaction(isolation="repeatable read") as tx:
        tx.query("SELECT count(*) FROM daily")
        yield other


def test_40_a_reader_that_does_not_end(shop: Shop, reading: sl.Database) -> None:
    """Is in nobody's way while the table stays what it is."""
    shop.db.execute("INSERT INTO events VALUES (900, '2026-03-08 12:00+00', 'buy', 5)")
    assert {step.state for step in shop.run().steps} == {"done"}
    assert shop.daily() == shop.rebuilt()


def test_40_a_reader_in_the_way_of_a_new_column(
    shop: Shop, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = shop.daily()
    monkeypatch.setattr("stepladder.ledger.LOCK_SECONDS", 0.3)
    monkeypatch.setattr("stepladder.pipelines.runner._PAUSE_SECONDS", 0.01)
    shop.write("daily.sql", DAILY.replace("count(*) AS events", "count(*) AS events, min(id) AS first_id"))
    over, errors, read = threading.Event(), list[BaseException](), list[int]()

    def keep_reading() -> None:
        with sl.connect(postgres_url) as reader:
            while not over.is_set():
                try:  # each waits for us no longer than we wait for others
                    read.append(
                        reader.options(statement_timeout=10).query("SELECT count(*) FROM daily").scalar()
                    )
                except BaseException as error:  # noqa: BLE001 - shown by the assertion
                    errors.append(error)
                over.wait(0.02)

    with sl.connect(postgres_url) as other, other.transaction() as tx:
        tx.query("SELECT count(*) FROM daily")
        thread = threading.Thread(target=keep_reading)
        thread.start()
        result = run(shop.db, shop.project, shop.prepared(), jobs=1)
        over.set()
        thread.join()
    first = result.failed[0]
    assert (first.work.model, first.error.exit_code, first.error.sqlstate) == ("daily", 3, "55P03")  # type: ignore[union-attr]
    assert "lock timeout" in str(first.error)
    attempts = shop.db.query(
        "SELECT attempt FROM stepladder.interval WHERE model = 'daily' AND start_at = :start",
        start=first.work.start,
    ).scalar()
    assert attempts == 1 + 3  # tried three times
    assert errors == []
    assert set(read) == {len(before)}
    assert shop.daily() == before
    assert {step.state for step in shop.run().steps} == {"done"}
    assert shop.db.query("SELECT count(*) FROM daily WHERE first_id IS NULL").scalar() == 0
    assert shop.plan(deep=True) == []


def test_47_a_partition_is_detached(shop: Shop) -> None:
    shop.db.execute("CREATE TABLE logged (at timestamptz, kind text) PARTITION BY RANGE (at)")
    for month in (1, 2):
        shop.db.execute(
            f"CREATE TABLE logged_{month} PARTITION OF logged FOR VALUES FROM ('2026-0{month}-01') TO ('2026-0{month + 1}-01')"
        )
    moments = [dt.datetime(2026, month, day, 12, tzinfo=dt.UTC) for month in (1, 2) for day in (3, 20)]
    shop.db.load([(at, "x") for at in moments], "logged", mode="append")
    shop.write(
        "by_month.sql",
        '/* stepladder\ntime = "month"\nevery = "month"\n*/\n'
        "SELECT date_trunc('month', at, :zone) AS month, count(*) AS n FROM logged WHERE at >= :start AND at < :end GROUP BY 1",
    )
    shop.run()
    shop.db.execute("ALTER TABLE logged DETACH PARTITION logged_1")
    (work,) = shop.prepared(deep=True).plan.work
    assert (work.start.month, work.reasons, work.notes) == (1, ("deleted",), ("−2 rows in logged",))
    shop.run(deep=True)
    assert shop.db.query("SELECT month, n FROM by_month").tuples() == [
        (dt.datetime(2026, 2, 1, tzinfo=dt.UTC), 2)
    ]
    assert shop.plan(deep=True) == []


def test_12_two_runs_of_changed_code(shop: Shop, postgres_url: str) -> None:
    """Both would change the table; it has no key that would refuse a row that is there already."""
    shop.write("daily.sql", DAILY.replace('key = ["day", "kind"]\n', ""))
    shop.run()
    shop.write(
        "daily.sql",
        DAILY.replace('key = ["day", "kind"]\n', "").replace("count(*) AS", "count(*)::numeric AS"),
    )
    ready, failed = threading.Barrier(3), list[object]()

    def work() -> None:
        with sl.connect(postgres_url) as db:
            planned = prepare(db, shop.project, now=NOW)
            ready.wait()
            failed.extend(step.error for step in run(db, shop.project, planned, jobs=2).failed)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert shop.daily() == shop.rebuilt()
    assert set(shop.versions("daily").values()) == {3}
    assert len(shop.versions("daily")) == DAYS
    assert shop.plan(deep=True) == []


@pytest.mark.parametrize("model", ["table", "upsert", "view"])
def test_12_two_runs_make_a_model_at_once(
    shop: Shop, postgres_url: str, monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    """Neither has seen the other's table, nor its rows of the same keys."""
    header = {
        "table": '/* stepladder\ntime = "at"\nevery = "day"\n*/ ',
        "upsert": '/* stepladder\nkind = "upsert"\ntime = "at"\nevery = "day"\nkey = ["kind"]\n*/ ',
        "view": '/* stepladder\nkind = "view"\n*/ ',
    }[model]
    cut = "" if model == "view" else " WHERE at >= :start AND at < :end"
    shop.write("new.sql", f"{header}SELECT kind, max(at) AS at FROM events{cut} GROUP BY kind")
    together = threading.Barrier(2)
    for where in ("check_rows", "make_view"):
        _meet(monkeypatch, f"stepladder.pipelines.apply.{where}", together)
    failed = list[object]()

    def work(start: dt.datetime, end: dt.datetime) -> None:
        with sl.connect(postgres_url) as db:
            planned = prepare(db, shop.project, names=["new"], now=NOW, asked=(start, end))
            failed.extend(step.error for step in run(db, shop.project, planned, jobs=2).failed)

    middle = dt.datetime(2026, 3, 6, tzinfo=dt.UTC)
    halves = [
        (dt.datetime(2026, 3, 1, tzinfo=dt.UTC), middle),
        (middle, dt.datetime(2026, 3, 11, tzinfo=dt.UTC)),
    ]
    threads = [threading.Thread(target=work, args=half) for half in halves]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    truth = "SELECT kind, max(at) AS at FROM events GROUP BY kind" + (
        ", at::date" if model == "table" else ""
    )
    assert sorted(shop.db.query("SELECT kind, at FROM new").tuples()) == sorted(shop.db.query(truth).tuples())
    assert (shop.plan(deep=True), shop.running()) == ([], [])


def _meet(monkeypatch: pytest.MonkeyPatch, where: str, together: threading.Barrier) -> None:
    """Two that call the function wait for each other; nobody waits for long."""
    function: Callable[..., object] = resolve_name(where)

    def called(*arguments: object, **named: object) -> object:
        with suppress(threading.BrokenBarrierError):
            together.wait(1)
        return function(*arguments, **named)

    monkeypatch.setattr(where, called)
