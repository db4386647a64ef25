"""What a reader meets while tables are brought up to date: `python -m benchmarks.reader [postgres|sqlite] [--rows N]`.

Every row carries the generation of its source's day. Days get a new one, one by one and all at once; tables are made anew,
their code changes, a column is added. Meanwhile a reader, in a process of its own, asks each table again and again:

errors     of a poll
gaps       polls that saw fewer days, or fewer rows, than there ever were
mixtures   polls that saw two generations in what is written at once: a day, or a table that is made whole
waits      of a poll, in milliseconds, beside those while nothing is written

The first three are 0, or this ends with 1. What is waited for depends on the machine: with one core a reader waits for it.
"""

from __future__ import annotations

import argparse
import datetime as dt
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.synchronize import Event
from pathlib import Path
from statistics import median

import stepladder as sl
from stepladder.config import Project, read_project
from stepladder.db import Database, embedded
from stepladder.pipelines import Wishes, prepare, run

DAYS = 10
FIRST = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
NOW = FIRST + dt.timedelta(days=DAYS)
BY_DAY = '/* stepladder\ntime = "at"\nevery = "day"\n{}*/\nSELECT id, at, generation FROM events WHERE at >= :start AND at < :end\n'
MODELS = {
    "copied": BY_DAY.format(""),
    "keyed": BY_DAY.format('key = ["id"]\n'),
    "whole": "SELECT id, max(generation) OVER () AS generation, at FROM events\n",
}
# Of each part that is written at once: its rows, and whether they are of one generation.
PARTS = {
    "copied": "SELECT at::date AS part, count(*), min(generation) = max(generation) FROM copied GROUP BY 1",
    "keyed": "SELECT at::date AS part, count(*), min(generation) = max(generation) FROM keyed GROUP BY 1",
    "whole": "SELECT 1 AS part, count(*), min(generation) = max(generation) FROM whole GROUP BY 1",
}


@dataclass
class Seen:
    """What a reader has met so far."""

    waits: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    gaps: int = 0
    mixtures: int = 0

    @property
    def clean(self) -> bool:
        return (self.errors, self.gaps, self.mixtures) == ([], 0, 0)


def poll(db: Database, rows: int, seen: Seen) -> None:
    """Ask each table once; `rows` are those of a day."""
    for table, sql in PARTS.items():
        began = time.perf_counter()
        try:
            parts = db.query(sql).tuples()
        except Exception as error:  # noqa: BLE001 - whatever a reader meets is what is asked
            seen.errors.append(f"{table}: {error}")
            continue
        seen.waits.append(1000 * (time.perf_counter() - began))
        expected = [rows * DAYS] if table == "whole" else [rows] * DAYS
        seen.gaps += [count for _, count, _ in parts] != expected
        seen.mixtures += not all(one for *_, one in parts)


def make(db: Database, folder: Path, rows: int) -> Project:
    """The project, brought up to date once, with so many rows a day."""
    (folder / "models").mkdir(parents=True)
    (folder / "stepladder.toml").write_text("")
    for name, text in MODELS.items():
        (folder / "models" / f"{name}.sql").write_text(text)
    db.execute("CREATE TABLE events (id bigint, at timestamptz, generation integer)")
    step = dt.timedelta(days=1) / rows
    events = ((n, FIRST + n * step, 0) for n in range(rows * DAYS))
    db.load(events, "events", mode="append")
    db.execute("CREATE INDEX ON events (at)")
    project = read_project(folder)
    bring_up_to_date(db, project)
    return project


def bring_up_to_date(db: Database, project: Project, **wishes: bool) -> None:
    result = run(db, project, prepare(db, project, now=NOW, wishes=Wishes(deep=True, **wishes)))
    assert {step.state for step in result.steps} <= {"done", "unchanged"}, result.failed


def _days_one_by_one(db: Database, project: Project) -> None:
    for day in range(3):
        db.execute(
            "UPDATE events SET generation = generation + 1 WHERE at >= :day AND at < :day + interval '1 day'",
            day=FIRST + dt.timedelta(days=day),
        )
        bring_up_to_date(db, project)


def _all_days(db: Database, project: Project) -> None:
    db.execute("UPDATE events SET generation = generation + 1")
    bring_up_to_date(db, project)


def _anew(db: Database, project: Project) -> None:
    db.execute("UPDATE events SET generation = generation + 1")
    bring_up_to_date(db, project, rebuild=True)


def _other_code(db: Database, project: Project) -> None:
    _edit(
        project,
        "generation",
        "generation + 0 AS generation",
        "max(generation) OVER ()",
        "max(generation + 0) OVER ()",
    )
    bring_up_to_date(db, project)


def _a_new_column(db: Database, project: Project) -> None:
    _edit(
        project,
        " FROM events",
        ", id % 7 AS more FROM events",
        " FROM events",
        ", id % 7 AS more FROM events",
    )
    bring_up_to_date(db, project)


def _edit(project: Project, old: str, new: str, old_whole: str, new_whole: str) -> None:
    for name in MODELS:
        path = project.models / f"{name}.sql"
        pair = (old_whole, new_whole) if name == "whole" else (old, new)
        path.write_text(path.read_text().replace(*pair, 1))


ACTS: dict[str, Callable[[Database, Project], None]] = {
    "days one by one": _days_one_by_one,
    "all days": _all_days,
    "tables made anew": _anew,
    "changed code": _other_code,
    "a new column": _a_new_column,
}


# -- the reader's process
def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("engine", nargs="?", choices=["postgres", "sqlite"], default="postgres")
    parser.add_argument("--rows", type=int, default=20_000, help="a day")
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        _target(arguments.engine, Path(folder)) as url,
        sl.connect(url) as db,
    ):
        db.script(
            "DROP TABLE IF EXISTS copied; DROP TABLE IF EXISTS keyed; DROP TABLE IF EXISTS whole; DROP TABLE IF EXISTS events"
        )
        if not db.target.is_sqlite:
            db.execute("DROP SCHEMA IF EXISTS stepladder CASCADE")
        project = make(db, Path(folder) / "shop", arguments.rows)
        print(f"{db.server()}, {DAYS} days of {arguments.rows:,} rows, three tables")
        print(
            f"{'':18}{'polls':>8}{'errors':>8}{'gaps':>8}{'mixtures':>10}{'median ms':>11}{'worst ms':>10}{'s':>8}"
        )
        clean = _report("nothing", url, arguments.rows, lambda: time.sleep(2))
        for name, act in ACTS.items():
            clean = _report(name, url, arguments.rows, lambda act=act: act(db, project)) and clean
    sys.exit(not clean)


def _report(name: str, url: str, rows: int, act: Callable[[], None]) -> bool:
    began = time.perf_counter()
    seen = _watched(url, rows, act)
    print(
        f"{name:18}{len(seen.waits) + len(seen.errors):8,}{len(seen.errors):8}{seen.gaps:8}{seen.mixtures:10}"
        f"{median(seen.waits):11.1f}{max(seen.waits):10.1f}{time.perf_counter() - began:8.1f}"
    )
    for error in sorted(set(seen.errors)):
        print(f"  {error}")
    return seen.clean


def _watched(url: str, rows: int, act: Callable[[], None]) -> Seen:
    """What a reader in a process of its own meets while the act lasts."""
    spawn = multiprocessing.get_context("spawn")
    ready, over, found = spawn.Event(), spawn.Event(), spawn.SimpleQueue()
    reader = spawn.Process(target=_read, args=(url, rows, ready, over, found))
    reader.start()
    ready.wait()
    try:
        act()
    finally:
        over.set()
        seen: Seen = found.get()
        reader.join()
    return seen


def _read(url: str, rows: int, ready: Event, over: Event, found: multiprocessing.SimpleQueue[Seen]) -> None:
    seen = Seen()
    with sl.connect(url) as db:
        poll(db, rows, Seen())
        ready.set()
        while not over.is_set():
            poll(db, rows, seen)
    found.put(seen)


@contextmanager
def _target(engine: str, folder: Path) -> Iterator[str]:
    if engine == "sqlite":
        yield f"sqlite:///{folder / 'shop.db'}"
    elif url := os.environ.get("STEPLADDER_TEST_POSTGRES"):
        yield url
    else:
        yield embedded.start(folder / "cluster")
        embedded.remove(folder / "cluster")


if __name__ == "__main__":
    main()
