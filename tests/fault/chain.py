"""Five models that read each other, one of each kind, over events of some days: what runs are disturbed at, and compared by."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import stepladder as sl
from stepladder.config import Project, read_project
from stepladder.db import Database
from stepladder.pipelines import Wishes, prepare, run

MODELS = {
    "sessions.sql": """/* stepladder
time = "started_at"
every = "day"
key = ["user_id", "started_at"]
checks = ["not_null(user_id)", "events >= 1"]
*/
SELECT user_id, min(at) AS started_at, count(*) AS events, sum(amount) AS amount
FROM events WHERE at >= :start AND at < :end GROUP BY user_id
""",
    "daily.sql": """/* stepladder
time = "day"
every = "day"
*/
SELECT (started_at AT TIME ZONE :zone)::date AS day, count(*) AS users, sum(events)::bigint AS events, sum(amount) AS amount
FROM sessions WHERE started_at >= :start AND started_at < :end GROUP BY 1
""",
    "latest.sql": """/* stepladder
kind = "upsert"
time = "at"
every = "day"
key = ["user_id"]
*/
SELECT DISTINCT ON (user_id) user_id, at, amount FROM events WHERE at >= :start AND at < :end ORDER BY user_id, at DESC, id
""",
    "shares.py": """import stepladder as sl

COLUMNS = {"day": "date", "events": "bigint", "each": "numeric(12,4)"}


@sl.model(time="day", every="day", columns=COLUMNS, frame="arrow")
def shares(daily):
    return [{"day": row["day"], "events": row["events"], "each": row["amount"] / row["users"]} for row in daily.to_pylist()]
""",
    "overall.sql": "SELECT count(*) AS days, sum(events)::bigint AS events, sum(amount) AS amount FROM daily",
}
TABLES = ("sessions", "daily", "latest", "shares", "overall")

Snapshot = dict[str, list[tuple[object, ...]]]


@dataclass(frozen=True)
class Chain:
    """The project, and a target with nothing but its events."""

    folder: Path
    url: str
    days: int

    @property
    def project(self) -> Project:
        return read_project(self.folder)

    @property
    def intervals(self) -> int:
        return 4 * self.days + 1

    def start(self, *more: str) -> subprocess.Popen[bytes]:
        return start_run(self.folder, self.url, *more)

    def finish(self, *more: str) -> str:
        return finish_run(self.folder, self.url, *more)

    def rows(self) -> Snapshot:
        """Every row of every table, and what the ledger says of each interval that does not depend on who did it."""
        with sl.connect(self.url) as db:
            found = {name: sorted(db.query(f"SELECT * FROM {name}").tuples()) for name in TABLES}
            found["ledger"] = db.query(
                "SELECT model, start_at, end_at, state, version, upstream_version, rows, closed FROM stepladder.interval"
                " ORDER BY model, start_at"
            ).tuples()
        return found

    def states(self) -> set[str]:
        with sl.connect(self.url) as db:
            return {row.state for row in db.query("SELECT state FROM stepladder.interval")}

    def done(self) -> int:
        """The number of finished intervals."""
        with sl.connect(self.url) as db:
            if "stepladder.run" not in db.tables("stepladder"):
                return 0
            return int(db.query("SELECT count(*) FROM stepladder.interval WHERE state = 'done'").scalar())

    def left(self) -> Sequence[object]:
        """What there is still to do, every source compared."""
        with sl.connect(self.url) as db:
            return prepare(db, self.project, wishes=Wishes(deep=True)).plan.work

    def reset(self) -> None:
        """As it was before the first run."""
        if self.url.startswith("sqlite"):
            file = Path(self.url.removeprefix("sqlite:///"))
            for ending in ("-wal", "-shm"):
                file.with_name(file.name + ending).unlink(missing_ok=True)
            shutil.copyfile(file.with_name("before.db"), file)
            return
        with sl.connect(self.url) as db:
            for name in TABLES:
                db.execute(f"DROP TABLE IF EXISTS {name}")
            db.execute("DROP SCHEMA IF EXISTS stepladder CASCADE")

    def sound(self) -> bool:
        """Whether the file is whole; a server looks after its own."""
        if not self.url.startswith("sqlite"):
            return True
        with closing(sqlite3.connect(self.url.removeprefix("sqlite:///"))) as raw:
            return bool(raw.execute("PRAGMA integrity_check").fetchone() == ("ok",))


def make_chain(folder: Path, url: str, days: int) -> Chain:
    """The project in `folder`, and its events in the target."""
    (folder / "models").mkdir(parents=True)
    (folder / "stepladder.toml").write_text('timezone = "UTC"\n')
    for name, text in MODELS.items():
        (folder / "models" / name).write_text(text)
    with sl.connect(url) as db:
        _fill(db, days)
    if url.startswith("sqlite"):
        file = Path(url.removeprefix("sqlite:///"))
        shutil.copyfile(file, file.with_name("before.db"))
    return Chain(folder, url, days)


def bring_up_to_date(chain: Chain) -> None:
    """A run in this process, every source compared; all of it must come out well."""
    with sl.connect(chain.url) as db:
        result = run(db, chain.project, prepare(db, chain.project, wishes=Wishes(deep=True)), jobs=2)
    assert {step.state for step in result.steps} <= {"done", "unchanged"}, result.failed


def _fill(db: Database, days: int) -> None:
    rows = [
        {
            "id": number,
            "user_id": f"u{number * 7 % 97}",
            "at": f"2026-03-{1 + number % days:02d} {number // 60 % 24:02d}:{number % 60:02d}:00+00",
            "amount": number % 100,
        }
        for number in range(40 * days)
    ]
    db.execute("CREATE TABLE events (id integer, user_id text, at timestamptz, amount numeric(12,2))")
    db.execute("CREATE INDEX ON events (at)")
    db.load(rows, "events", mode="append")


def start_run(folder: Path, url: str, *more: str) -> subprocess.Popen[bytes]:
    """`stepladder run` in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "stepladder", "run", "--target", url, *more],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,  # a stopped process would have its whole group hung up when the shell above it ends
    )


def finish_run(folder: Path, url: str, *more: str) -> str:
    """The same to its end, and what it said."""
    process = start_run(folder, url, *more)
    _, said = process.communicate(timeout=240)
    assert process.returncode == 0, said.decode()
    return said.decode()


def take_for_dead(url: str) -> None:
    """As if every run that has not ended were on another machine and had not been heard of for an hour."""
    with sl.connect(url) as db:
        db.execute(
            "UPDATE stepladder.run SET host = 'elsewhere', beat_at = now() - interval '1 hour' WHERE ended_at IS NULL"
        )


def kill(process: subprocess.Popen[bytes]) -> bool:
    """SIGKILL; whether it still lived."""
    lived = process.poll() is None
    if lived:
        os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    return lived
