"""A small project over a target, brought up to date once, and what there is to see of it: what anomalies are tried on."""

from __future__ import annotations

import datetime as dt
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

import stepladder as sl
from stepladder import ledger
from stepladder.config import Project, read_project
from stepladder.db import Database
from stepladder.pipelines import ModelStatus, Prepared, RunResult, Wishes, Work, prepare, read_status, run
from tests.conftest import ENGINES

DAYS = 10
FIRST = dt.date(2026, 3, 1)
NOW = dt.datetime(2026, 3, 11, 6, tzinfo=dt.UTC)  # the tenth day is over
DAILY = """/* stepladder
time = "day"
every = "day"
key = ["day", "kind"]
checks = ["not_null(kind)"]
*/
SELECT (at AT TIME ZONE :zone)::date AS day, kind, count(*) AS events, sum(amount) AS amount
FROM events
WHERE at >= :start AND at < :end
GROUP BY 1, 2
"""
TOTALS = """/* stepladder
time = "day"
every = "day"
key = ["day"]
*/
SELECT day, sum(events)::bigint AS events FROM daily WHERE day >= :start AND day < :end GROUP BY day
"""
OVERALL = "SELECT kind, sum(events)::bigint AS events FROM daily GROUP BY kind"


@dataclass
class Shop:
    """A small project over a target, and what there is to see of it."""

    db: Database
    folder: Path

    def write(self, name: str, text: str) -> None:
        (self.folder / "models" / name).write_text(text)

    def remove(self, name: str) -> None:
        (self.folder / "models" / name).unlink()

    @property
    def project(self) -> Project:
        return read_project(self.folder)

    def prepared(self, now: dt.datetime = NOW, **wishes: bool) -> Prepared:
        return prepare(self.db, self.project, now=now, wishes=Wishes(**wishes))

    def plan(self, now: dt.datetime = NOW, **wishes: bool) -> list[tuple[str, int, str]]:
        """Model, day of March (0: no interval), reasons."""
        return [shown(work) for work in self.prepared(now, **wishes).plan.work]

    def run(self, now: dt.datetime = NOW, **wishes: bool) -> RunResult:
        return run(self.db, self.project, self.prepared(now, **wishes))

    def done(self, result: RunResult) -> list[tuple[str, int, str]]:
        """Model, day, and what became of it."""
        return sorted((step.work.model, day_of(step.work), step.state) for step in result.steps)

    def daily(self) -> list[tuple[object, ...]]:
        return self.db.query("SELECT day, kind, events, amount FROM daily ORDER BY 1, 2").tuples()

    def states(self, model: str) -> dict[int, str]:
        return {
            row.start_at.day: row.state
            for row in self.db.query(
                "SELECT start_at, state FROM stepladder.interval WHERE model = :m ORDER BY start_at", m=model
            )
        }

    def versions(self, model: str) -> dict[int, int]:
        return {
            row.start_at.day: row.version
            for row in self.db.query(
                "SELECT start_at, version FROM stepladder.interval WHERE model = :m", m=model
            )
        }

    def status(self, model: str) -> ModelStatus:
        """How far a model is, as people are told."""
        models = [each.model for each in self.prepared().bound]
        return next(each for each in read_status(self.db, self.project, models).models if each.name == model)

    def running(self) -> list[object]:
        """What the ledger holds for being under way, or failed."""
        intervals = self.db.query(
            "SELECT model, start_at, state FROM stepladder.interval WHERE state IN ('running', 'failed')"
        )
        return [*intervals.tuples(), *ledger.live_runs(self.db)]

    def rebuilt(self) -> list[tuple[object, ...]]:
        """What `daily` would be, made from nothing."""
        return self.db.query(
            "SELECT at::date AS day, kind, count(*) AS events, sum(amount) AS amount FROM events"
            " WHERE at < '2026-03-11 00:00+00' GROUP BY 1, 2 ORDER BY 1, 2"
        ).tuples()


def shown(work: Work) -> tuple[str, int, str]:
    return work.model, day_of(work), " ".join(work.reasons)


def day_of(work: Work) -> int:
    return 0 if work.start.year < 2000 else work.start.day


@pytest.fixture(
    params=[
        pytest.param(
            name,
            marks=[pytest.mark.postgres] * (name != "sqlite3") + [pytest.mark.long] * (name == "psycopg2"),
        )
        for name in ENGINES
    ]
)
def engine(request: pytest.FixtureRequest) -> str:
    """The drivers of the server are told apart by other tests: with -m long by these, too."""
    return str(request.param)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop on SQLite, as each test finds it."""
    folder = tmp_path_factory.mktemp("opened")
    with sl.connect(f"sqlite:///{folder / 'test.db'}") as db:
        _open(db, folder / "shop")
    return folder


@pytest.fixture
def shop(url: str, engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Shop:
    """Ten days of events, two models, nothing to do."""
    if engine != "sqlite3":
        return _open(request.getfixturevalue("db"), tmp_path / "shop")
    opened = request.getfixturevalue("opened")
    shutil.copytree(opened / "shop", tmp_path / "shop")
    shutil.copyfile(opened / "test.db", tmp_path / "test.db")
    return Shop(request.getfixturevalue("db"), tmp_path / "shop")


def make_shop(db: Database, folder: Path) -> Shop:
    """The project, without events and before its first run."""
    (folder / "models").mkdir(parents=True)
    (folder / "stepladder.toml").write_text('timezone = "UTC"\n')
    db.execute("CREATE TABLE events (id int, at timestamptz, kind text, amount numeric(9,2))")
    db.execute("CREATE INDEX ON events (at)")
    found = Shop(db, folder)
    found.write("daily.sql", DAILY)
    found.write("totals.sql", TOTALS)
    return found


def _open(db: Database, folder: Path) -> Shop:
    found = make_shop(db, folder)
    rows = [
        (n, dt.datetime(2026, 3, 1 + n % DAYS, n % 24, tzinfo=dt.UTC), "buy" if n % 4 == 0 else "view", n)
        for n in range(120)
    ]
    db.load(rows, "events", mode="append")
    found.run()
    assert found.plan() == []
    return found
