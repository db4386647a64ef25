"""What a run costs beside the bare SQL of its intervals: `python -m benchmarks.pipelines [postgres|sqlite] [--events N]`.

The sessions model of the shop that `init` makes, over events of 87 days: visits of eight events or so. Beside it stands
what one would write by hand: in one transaction DELETE the day and INSERT the same SELECT into a table with the same
indexes, `bare SQL` below. Medians, by turns, in one process; each figure is ours over what it stands beside.

interval   a day's run (claim, stage, checks, prints, difference, ledger), of a day that is empty, and of one whose rows
           are there already                                                                          at most 1.35
plan       with nothing to do, all days compared or the last seven, in seconds                        at most 1.5
late row   plan and run after one late row                                                            at most 3
backfill   all days; beside it all days by pandas (read, group, write), and on a server by dbt (benchmarks/dbt_peer.py)
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from statistics import median

import pandas as pd

import stepladder as sl
from benchmarks import dbt_peer
from stepladder.config import Project, read_project
from stepladder.db import Database, embedded
from stepladder.pipelines import NO_WISHES, RunResult, Wishes, prepare, run

DAYS = 87
FIRST = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
NOW = FIRST + dt.timedelta(days=DAYS)
MODEL = (resources.files("stepladder.cli") / "templates/models/sessions.sql").read_text()
SELECT = MODEL.partition("*/")[2]
COLUMNS = (
    "user_id text, session_id text, session_start timestamptz, session_end timestamptz,"
    " total_events bigint, unique_pages bigint, device_type text"
)
NAMES = "user_id, session_id, session_start, session_end, total_events, unique_pages, device_type"
REPEATS = 5


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("engine", nargs="?", choices=["postgres", "sqlite"], default="postgres")
    parser.add_argument("--events", type=int)
    arguments = parser.parse_args()
    events = arguments.events or (3_000_000 if arguments.engine == "postgres" else 1_000_000)
    with tempfile.TemporaryDirectory() as folder, _target(arguments.engine, Path(folder)) as db:
        project = _project(Path(folder) / "shop")
        _fill(db, events)
        _report(db, project)
        if arguments.engine == "postgres":
            _beside_dbt(db, project, Path(folder) / "dbt")


@contextmanager
def _target(engine: str, folder: Path) -> Iterator[Database]:
    if engine == "sqlite":
        with sl.connect(f"sqlite:///{folder / 'shop.db'}") as db:
            yield db
        return
    with _server(folder / "cluster") as url, sl.connect(url) as db:
        yield db
        db.script(
            "DROP TABLE IF EXISTS sessions; DROP TABLE bare; DROP TABLE user_events; DROP SCHEMA stepladder CASCADE"
        )


@contextmanager
def _server(cluster: Path) -> Iterator[str]:
    if url := os.environ.get("STEPLADDER_TEST_POSTGRES"):
        yield url
        return
    try:
        yield embedded.start(cluster)
    finally:
        embedded.remove(cluster)


def _project(folder: Path) -> Project:
    (folder / "models").mkdir(parents=True)
    (folder / "stepladder.toml").write_text('timezone = "UTC"\n')
    (folder / "models" / "sessions.sql").write_text(MODEL)
    return read_project(folder)


def _fill(db: Database, events: int) -> None:
    """Visits of 1 to 15 events, one each 40 seconds or so, by 20,000 users; half of them without a session_id."""
    import numpy as np

    chance = np.random.default_rng(1)
    visits = events // 8
    sizes = chance.integers(1, 16, visits)
    first = np.sort(chance.integers(0, DAYS * 86_400 - 3600, visits))
    visit = np.repeat(np.arange(visits), sizes)
    steps = np.arange(len(visit)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    users = np.char.add("u", chance.integers(0, 20_000, visits).astype(str))[visit]
    named = (chance.random(visits) < 0.5)[visit]
    frame = pd.DataFrame(
        {
            "user_id": users,
            "session_id": np.where(named, np.char.add("s", visit.astype(str)), None),
            "event_timestamp": pd.Timestamp(FIRST) + pd.to_timedelta(first[visit] + 40 * steps, unit="s"),
            "page_url": np.char.add("/", chance.integers(0, 50, len(visit)).astype(str)),
            "device_type": np.array(["phone", "desktop", "tablet"])[visit % 3],
        }
    )
    db.execute(
        "CREATE TABLE user_events"
        " (user_id text, session_id text, event_timestamp timestamptz, page_url text, device_type text)"
    )
    db.load(frame, "user_events", mode="append")
    db.execute("CREATE INDEX ON user_events (event_timestamp)")
    db.execute(f"CREATE TABLE bare ({COLUMNS})")
    db.execute("CREATE UNIQUE INDEX ON bare (user_id, session_id, session_start)")
    db.execute("CREATE INDEX ON bare (session_start)")
    if not db.target.is_sqlite:
        db.execute("ANALYZE")


def _report(db: Database, project: Project) -> None:
    ((events,),) = db.query("SELECT count(*) FROM user_events").tuples()
    print(
        f"{db.server()}, {events:,} events of {DAYS} days, {os.getloadavg()[0]:.1f} other processes at work"
    )
    whole = _timed(lambda: _run(db, project, NO_WISHES, jobs=1))
    bare = [_bare(db, day) for day in range(DAYS)]
    print(f"backfill, one at a time   {whole:8.2f} s   {whole / sum(bare):5.2f} x its bare SQL")
    for what, empty in (("a new day's run", True), ("the same day again", False)):
        ours, alone = [], []
        for day in range(DAYS - 10 - REPEATS, DAYS - 10):
            if empty:
                _empty(db, "bare", day)
                _empty(db, "sessions", day)
            alone.append(_bare(db, day))
            result = _run(db, project, Wishes(redo=True), asked=_span(day))
            ours.append(result.seconds)
        print(f"{what:<25} {median(ours):8.3f} s   {median(ours) / median(alone):5.2f} x (at most 1.35)")
    for name, wishes in (("the last 7 days", NO_WISHES), ("all days", Wishes(deep=True))):
        seconds = median(
            _timed(lambda wishes=wishes: prepare(db, project, now=NOW, wishes=wishes)) for _ in range(REPEATS)
        )
        print(f"plan of nothing to do     {seconds:8.3f} s   {name} (at most 1.5 s)")
    late, alone = [], []
    for number in range(REPEATS):
        alone.append(_bare(db, DAYS - 3))
        db.execute(
            "INSERT INTO user_events VALUES ('late', 's' || :n, :at, '/late', 'phone')",
            n=number,
            at=NOW - dt.timedelta(days=2.5, seconds=number),
        )
        late.append(_timed(lambda: _run(db, project, NO_WISHES)))
    ratio = median(late) / median(alone)
    print(f"a late row, plan and run  {median(late):8.3f} s   {ratio:5.2f} x the day's bare SQL (at most 3)")
    print(f"the same days by pandas   {_timed(lambda: _by_pandas(db)):8.2f} s")


def _beside_dbt(db: Database, project: Project, folder: Path) -> None:
    db.execute("DROP TABLE sessions")
    ours = _timed(lambda: _run(db, project, NO_WISHES))
    print(f"backfill, four at once    {ours:8.2f} s")
    if dbt_peer.command() is None:
        print("dbt is not there to stand beside it")
        return
    dbt_peer.project(folder, SELECT, db.target.url, FIRST)
    theirs = dbt_peer.run(folder, FIRST, NOW)
    print(f"the same by dbt           {theirs:8.2f} s   {theirs / ours:5.2f} x ours")
    ((differ,),) = db.query(
        f"SELECT count(*) FROM ((SELECT {NAMES} FROM dbt_sessions EXCEPT ALL SELECT {NAMES} FROM sessions)"
        f" UNION ALL (SELECT {NAMES} FROM sessions EXCEPT ALL SELECT {NAMES} FROM dbt_sessions)) AS d"
    ).tuples()
    print(f"rows that differ          {differ:8}")
    one = dbt_peer.run(folder, NOW - dt.timedelta(days=1), NOW)
    print(f"one day by dbt            {one:8.2f} s   its start included")
    db.execute("DROP TABLE dbt_sessions")


def _span(day: int) -> tuple[dt.datetime, dt.datetime]:
    return FIRST + dt.timedelta(days=day), FIRST + dt.timedelta(days=day + 1)


def _empty(db: Database, table: str, day: int) -> None:
    start, end = _span(day)
    db.execute(
        f"DELETE FROM {table} WHERE session_start >= :start AND session_start < :end", start=start, end=end
    )


def _run(
    db: Database, project: Project, wishes: Wishes, *, jobs: int = 4, asked: tuple = (None, None)
) -> RunResult:
    result = run(db, project, prepare(db, project, now=NOW, wishes=wishes, asked=asked), jobs=jobs)
    assert {step.state for step in result.steps} <= {"done"}, result
    return result


def _bare(db: Database, day: int) -> float:
    """Seconds of what one would write by hand."""
    start, end = _span(day)

    def once() -> None:
        with db.transaction() as tx:
            tx.execute(
                "DELETE FROM bare WHERE session_start >= :start AND session_start < :end",
                start=start,
                end=end,
            )
            tx.execute(f"INSERT INTO bare {SELECT}", start=start, end=end, zone="UTC")

    return _timed(once)


def _by_pandas(db: Database) -> None:
    """All of it in memory, then all of it written: as a script would."""
    events = db.frame("SELECT * FROM user_events").sort_values("event_timestamp")
    events["day"] = events["event_timestamp"].dt.floor("D")
    visits = ["day", "user_id", "session_id"]
    gap = events.groupby(visits, dropna=False)["event_timestamp"].diff() > pd.Timedelta(minutes=30)
    events["number"] = gap.groupby([events[name] for name in visits], dropna=False).cumsum()
    events["session_id"] = events["session_id"].fillna(
        events["day"].dt.strftime("%Y-%m-%d#") + events["number"].astype(str)
    )
    sessions = (
        events.groupby(visits)
        .agg(
            session_start=("event_timestamp", "min"),
            session_end=("event_timestamp", "max"),
            total_events=("event_timestamp", "size"),
            unique_pages=("page_url", "nunique"),
            device_type=("device_type", "min"),
        )
        .reset_index()
    )
    db.load(sessions, "by_pandas", mode="append", create=True)
    db.execute("DROP TABLE by_pandas")


def _timed(what: Callable[[], object]) -> float:
    began = time.perf_counter()
    what()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
