"""What a run costs beside the bare SQL of its intervals: `python -m benchmarks.pipelines [postgres|sqlite] [--events N]`.

Events of 87 days become sessions by day. Each figure is a ratio, ours over what it stands beside, in one process, by turns:

interval   a day's run (claim, stage, checks, prints, difference, ledger) / CREATE TABLE AS of the same SELECT   at most 1.35
plan       with nothing to do, all days compared or the last seven, in seconds                                   at most 1.5
late row   plan and run after one late row / the day's bare SQL                                                   at most 3
backfill   all days / all days by pandas: read, group, write (the sketch's way)
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import pandas as pd

import stepladder as sl
from stepladder.config import Project, read_project
from stepladder.db import Database, embedded
from stepladder.pipelines import NO_WISHES, RunResult, Wishes, prepare, run

DAYS = 87
FIRST = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
NOW = FIRST + dt.timedelta(days=DAYS)
SELECT = """SELECT user_id, min(event_timestamp) AS session_start, max(event_timestamp) AS session_end, count(*) AS events,
    count(DISTINCT page_url) AS pages
FROM user_events WHERE event_timestamp >= :start AND event_timestamp < :end GROUP BY user_id, session_id"""
MODEL = f"""/* stepladder
time = "session_start"
every = "day"
key = ["user_id", "session_start"]
checks = ["not_null(user_id)", "events >= 1"]
*/
{SELECT}
"""
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
        print(f"{db.server()}, {events:,} events of {DAYS} days")
        _report(db, project)


@contextmanager
def _target(engine: str, folder: Path) -> Iterator[Database]:
    if engine == "sqlite":
        with sl.connect(f"sqlite:///{folder / 'shop.db'}") as db:
            yield db
        return
    with _server(folder / "cluster") as url, sl.connect(url) as db:
        yield db
        db.script("DROP TABLE IF EXISTS sessions; DROP TABLE user_events; DROP SCHEMA stepladder CASCADE")


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
    (folder / "stepladder.toml").write_text("")
    (folder / "models" / "sessions.sql").write_text(MODEL)
    return read_project(folder)


def _fill(db: Database, events: int) -> None:
    import numpy as np

    chance = np.random.default_rng(1)
    users = chance.integers(0, 20_000, events)
    seconds = np.sort(chance.integers(0, DAYS * 86_400, events))
    frame = pd.DataFrame(
        {
            "user_id": [f"u{user}" for user in users],
            "session_id": users * 10 + chance.integers(0, 3, events),
            "event_timestamp": pd.Timestamp(FIRST) + pd.to_timedelta(seconds, unit="s"),
            "page_url": [f"/{page}" for page in chance.integers(0, 50, events)],
        }
    )
    db.execute(
        "CREATE TABLE user_events (user_id text, session_id bigint, event_timestamp timestamptz, page_url text)"
    )
    db.load(frame, "user_events", mode="append")
    db.execute("CREATE INDEX ON user_events (event_timestamp)")


def _report(db: Database, project: Project) -> None:
    whole = _timed(lambda: _run(db, project, NO_WISHES, jobs=1))
    bare = {day: _bare(db, day) for day in range(DAYS)}
    print(f"backfill, one at a time   {whole:8.2f} s   {whole / sum(bare.values()):5.2f} x its bare SQL")
    day = FIRST + dt.timedelta(days=DAYS - 10)
    ours, alone = [], []
    for _ in range(REPEATS):
        alone.append(_bare(db, DAYS - 10))
        db.execute(
            "DELETE FROM sessions WHERE session_start >= :day AND session_start < :day + interval '1 day'",
            day=day,
        )
        result = _run(db, project, Wishes(redo=True), asked=(day, day + dt.timedelta(days=1)))
        ours.append(result.seconds)
    print(
        f"a day's run               {median(ours):8.3f} s   {median(ours) / median(alone):5.2f} x (at most 1.35)"
    )
    for name, wishes in (("the last 7 days", NO_WISHES), ("all days", Wishes(deep=True))):
        seconds = median(
            _timed(lambda wishes=wishes: prepare(db, project, now=NOW, wishes=wishes)) for _ in range(REPEATS)
        )
        print(f"plan of nothing to do     {seconds:8.3f} s   {name} (at most 1.5 s)")
    late = []
    for number in range(REPEATS):
        db.execute(
            "INSERT INTO user_events VALUES ('late', :n, :at, '/late')",
            n=number,
            at=NOW - dt.timedelta(days=3, seconds=number),
        )
        late.append(_timed(lambda: _run(db, project, NO_WISHES)))
    usual = median(list(bare.values()))
    print(
        f"a late row, plan and run  {median(late):8.3f} s   {median(late) / usual:5.2f} x the day's bare SQL (at most 3)"
    )
    print(f"the same days by pandas   {_timed(lambda: _by_pandas(db)):8.2f} s")


def _run(
    db: Database, project: Project, wishes: Wishes, *, jobs: int = 4, asked: tuple = (None, None)
) -> RunResult:
    result = run(db, project, prepare(db, project, now=NOW, wishes=wishes, asked=asked), jobs=jobs)
    assert {step.state for step in result.steps} <= {"done"}, result
    return result


def _bare(db: Database, day: int) -> float:
    start = FIRST + dt.timedelta(days=day)

    def once() -> None:
        db.execute(f"CREATE TABLE bare AS {SELECT}", start=start, end=start + dt.timedelta(days=1))

    seconds = _timed(once)
    db.execute("DROP TABLE bare")
    return seconds


def _by_pandas(db: Database) -> None:
    """All of it in memory, then all of it written: as a script would."""
    events = db.frame("SELECT * FROM user_events")
    events["day"] = events["event_timestamp"].dt.floor("D")
    grouped = events.groupby(["day", "user_id", "session_id"])
    sessions = grouped.agg(
        session_start=("event_timestamp", "min"),
        session_end=("event_timestamp", "max"),
        events=("event_timestamp", "size"),
        pages=("page_url", "nunique"),
    ).reset_index()
    db.load(sessions, "by_pandas", mode="append", create=True)
    db.execute("DROP TABLE by_pandas")


def _timed(what: Callable[[], object]) -> float:
    began = time.perf_counter()
    what()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
