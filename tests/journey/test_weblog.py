"""A web server's log into a daily summary, on every engine, against a count in plain Python."""

from __future__ import annotations

import datetime as dt
import gzip
import re
from collections import defaultdict
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import stepladder as sl
from stepladder.compare import Table, compare
from tests.journey.conftest import Ended

Run = Callable[..., Ended]
MODELS = {
    "sessions": ("user_id", "session_id", "session_start"),
    "daily_user_metrics": ("user_id", "session_id", "session_start"),
    "daily_summaries": ("date",),
}
GAP = dt.timedelta(minutes=30)
_LINE = re.compile(r'(\S+) \S+ \S+ \[([^\]]+)\] "\S+ (\S+)[^"]*" \d+ \S+ "[^"]*" "(.*)"$')


def expected_days(lines: list[str], zone: str, days: list[dt.date]) -> list[tuple[object, ...]]:
    """The daily summary, counted by hand: date, users, sessions, mean minutes, mean pages."""
    visits: dict[tuple[dt.date, tuple[str, str]], list[tuple[dt.datetime, str]]] = defaultdict(list)
    for line in lines:
        match = _LINE.match(line)
        if match is None:
            continue
        at = dt.datetime.strptime(match[2], "%d/%b/%Y:%H:%M:%S %z")
        page = match[3].split("#")[0].split("?")[0]
        visits[at.astimezone(ZoneInfo(zone)).date(), (match[1], match[4])].append((at, page))
    summary = []
    for day in days:
        sessions: list[list[tuple[dt.datetime, str]]] = []
        users = [
            sorted(events, key=lambda event: event[0]) for (date, _), events in visits.items() if date == day
        ]
        for events in users:
            for place, event in enumerate(events):
                if place == 0 or event[0] - events[place - 1][0] > GAP:
                    sessions.append([])
                sessions[-1].append(event)
        if users:
            minutes = [
                _cents(Decimal((one[-1][0] - one[0][0]) // dt.timedelta(microseconds=1)) / 60_000_000)
                for one in sessions
            ]
            pages = [Decimal(len({page for _, page in one})) for one in sessions]
            summary.append((day, len(users), len(sessions), _cents(_mean(minutes)), _cents(_mean(pages))))
    return summary


def _mean(values: list[Decimal]) -> Decimal:
    return sum(values, Decimal(0)) / len(values)


def _cents(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def made_log(zone: str, days: list[dt.date]) -> list[str]:
    """A log around each local midnight, at the borders of the gap rule, and in the hour that clocks repeat."""
    lines = []
    for day in days:
        midnight = dt.datetime.combine(day, dt.time(), ZoneInfo(zone)).astimezone(dt.UTC)
        for visitor in range(4):
            for minutes in (-61, -31, -1, 0, 29, 59, 90, 121, 150, 330, 600, 601, 632, 1379, 1439):
                at = midnight + dt.timedelta(minutes=minutes + visitor, seconds=7 * visitor)
                lines.append(
                    f"10.0.0.{visitor} - - [{at:%d/%b/%Y:%H:%M:%S} +0000] "
                    f'"GET /p/{minutes % 7}?q={visitor}#top HTTP/1.1" 200 5 "-" "Mozilla/5.0 ({visitor})"'
                )
    return lines


def run_pipeline(stepladder: Run, project: Path, url: str, log: Path, start: str, end: str) -> None:
    stepladder(
        "load",
        str(log),
        "--into",
        "user_events",
        "--mode",
        "append",
        "--create",
        "--format",
        "combined",
        "--target",
        url,
        cwd=project,
    )
    stepladder("run", "--start", start, "--end", end, "--target", url, cwd=project)


def tables(url: str) -> dict[str, Table]:
    with sl.connect(url) as db:
        found = {name: db.query(f"SELECT * FROM {name}") for name in MODELS}
    return {name: Table(rows.columns, rows.tuples()) for name, rows in found.items()}


def on_every_engine(
    stepladder: Run, project: Path, postgres_url: str, log: Path, start: str, end: str
) -> dict[str, Table]:
    """Run on SQLite and on PostgreSQL, read by both drivers; demand equal tables; give SQLite's."""
    sqlite = f"sqlite:///{project.name}.db"
    run_pipeline(stepladder, project, sqlite, log, start, end)
    run_pipeline(stepladder, project, postgres_url, log, start, end)
    made = tables(f"sqlite:///{project / project.name}.db")
    for driver in ("psycopg", "psycopg2"):
        other = tables(postgres_url.replace("postgresql://", f"postgresql+{driver}://"))
        for name, key in MODELS.items():
            found = compare(made[name], other[name], key=key)
            assert found.equal, "\n".join(found.lines())
    return made


@pytest.mark.shared
@pytest.mark.postgres
def test_the_real_log(stepladder: Run, project: Path, postgres_url: str, shared: Path) -> None:
    log = shared / "weblog" / "access.log.gz"
    made = on_every_engine(stepladder, project, postgres_url, log, "2015-05-17", "2015-05-21")
    lines = gzip.decompress(log.read_bytes()).decode().splitlines()
    days = [dt.date(2015, 5, day) for day in range(17, 21)]
    assert sorted(made["daily_summaries"].rows) == expected_days(lines, "UTC", days)
    for url in (f"sqlite:///{project / project.name}.db", postgres_url):
        with sl.connect(url) as db:
            assert db.query("SELECT count(*) FROM user_events").scalar() == 9_999
            (reject,) = db.query("SELECT line, reason, raw FROM user_events_rejects")
            assert reject.line == 8899
            assert "agent" in reject.reason
            assert reject.raw == lines[8898]


@pytest.mark.postgres
@pytest.mark.parametrize(("middle", "hours"), [(dt.date(2026, 3, 8), 23), (dt.date(2026, 11, 1), 25)])
def test_days_of_23_and_25_hours(
    stepladder: Run, project: Path, postgres_url: str, tmp_path: Path, middle: dt.date, hours: int
) -> None:
    zone = "America/New_York"
    settings = project / "stepladder.toml"
    settings.write_text(settings.read_text().replace('timezone = "UTC"', f'timezone = "{zone}"'))
    days = [middle + dt.timedelta(days=shift) for shift in (-1, 0, 1)]
    lines = made_log(zone, days)
    log = tmp_path / "access.log"
    log.write_text("\n".join(lines) + "\n")
    made = on_every_engine(
        stepladder, project, postgres_url, log, str(days[0]), str(days[-1] + dt.timedelta(days=1))
    )
    assert sorted(made["daily_summaries"].rows) == expected_days(lines, zone, days)
    starts = [dt.datetime.combine(day, dt.time(), ZoneInfo(zone)).astimezone(dt.UTC) for day in days]
    assert starts[2] - starts[1] == dt.timedelta(hours=hours)


def test_a_day_is_repeatable(stepladder: Run, project: Path, url: str, tmp_path: Path) -> None:
    days = [dt.date(2026, 3, 7), dt.date(2026, 3, 8)]
    log = tmp_path / "access.log"
    log.write_text("\n".join(made_log("UTC", days)) + "\n")
    run_pipeline(stepladder, project, url, log, "2026-03-07", "2026-03-08")
    first = tables(url)
    again = stepladder("run", "--start", "2026-03-07", "--end", "2026-03-08", "--target", url, cwd=project)
    assert "up to date" in again.err
    assert tables(url) == first
    redone = stepladder(
        "run", "--redo", "--start", "2026-03-07", "--end", "2026-03-08", "--target", url, cwd=project
    )
    assert "no change" in redone.err
    assert tables(url) == first
    stepladder("run", "--start", "2026-03-08", "--end", "2026-03-09", "--target", url, cwd=project)
    both = tables(url)
    for name, table in first.items():
        assert set(table.rows) < set(both[name].rows)
