"""A project as Python sees it: values back, errors raised, nothing printed."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest

import stepladder as sl
from stepladder.errors import (
    CheckFailed,
    ConfigError,
    DivisionByZero,
    MissingFile,
    ModelError,
    RunFailed,
    UsageError,
)

VISITS = """\
/* stepladder
time   = "day"
every  = "day"
key    = ["user_id", "day"]
checks = ["visits < 4"]
*/
SELECT user_id, (at AT TIME ZONE :zone)::date AS day, count(*) AS visits, 60 / (4 - count(*)) AS share
FROM events WHERE at >= :start AND at < :end GROUP BY 1, 2
"""
EVENTS = [("ada", "2026-03-01 10:00+01"), ("ada", "2026-03-01 23:00+01"), ("ben", "2026-03-02 00:00+01")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "stepladder.toml").write_text('name = "shop"\ntimezone = "Europe/Berlin"\n')
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "visits.sql").write_text(VISITS)
    (tmp_path / "models" / "days.sql").write_text("SELECT count(DISTINCT day) AS days FROM visits")
    return tmp_path


def test_plan_run_status_diff(
    folder: Path, url: str, db: sl.Database, capfd: pytest.CaptureFixture[str]
) -> None:
    db.execute("CREATE TABLE events (user_id text, at timestamptz)")
    db.load(EVENTS, "events", mode="append")
    with sl.project(folder, target=url) as project:
        assert (project.name, project.timezone, project.folder) == ("shop", "Europe/Berlin", folder)
        assert [model.name for model in project.models] == ["visits", "days"]
        assert not project.status().has_run
        first = project.plan("visits", end=dt.date(2026, 3, 2), start="2026-03-01")
        assert [(work.model, work.reasons) for work in first.work] == [("visits", ("missing",))]
        told: list[str] = []
        result = project.run(on_step=lambda step: told.append(step.work.model))
        assert (result.count("done"), result.failed, told) == (3, (), ["visits", "visits", "days"])
        assert project.plan().work == ()
        assert {model.state for model in project.status().models} == {"done"}
        assert [model.name for model in project.status("days").models] == ["days"]
        assert project.diff("visits", start=dt.datetime(2026, 3, 1)).equal  # noqa: DTZ001 - of the project's zone
        assert project.db.query("SELECT sum(visits) FROM visits").scalar() == Decimal(3)

        (folder / "models" / "visits.sql").write_text(
            VISITS.replace("count(*) AS visits", "count(*) + 9 AS visits")
        )
        assert not project.diff("visits").equal  # files are read anew
        failed = project.run().failed
        assert [type(step.error) for step in failed] == [CheckFailed, CheckFailed]
        assert project.status("state:failed").models[0].failed == 2
    assert capfd.readouterr() == ("", "")


def test_a_sum_without_a_key_is_run_again(folder: Path, url: str, db: sl.Database) -> None:
    """A sum of bigints is a numeric of whatever scale: two of them are the same where they print alike."""
    db.execute("CREATE TABLE events (user_id text, at timestamptz)")
    db.load(EVENTS, "events", mode="append")
    (folder / "models" / "days.sql").write_text(
        "/* stepladder\ntime = 'day'\nevery = 'day'\n*/\n"
        "SELECT day, sum(visits) AS visits, avg(visits) AS mean, max(at_once) AS longest FROM ("
        " SELECT day, visits, interval '1 hour' AS at_once FROM visits WHERE day >= :start AND day < :end) AS v GROUP BY day"
    )
    with sl.project(folder, target=url) as project:
        assert project.run().failed == ()
        again = project.run("days", redo=True)
        assert again.failed == ()
        assert {step.outcome.wrote for step in again.steps if step.outcome and step.work.model == "days"} == {
            0
        }
        db.load([("cy", "2026-03-01 12:00+01")], "events", mode="append")
        assert project.run(deep=True).failed == ()
        found = db.query("SELECT visits FROM days ORDER BY day").tuples()
        assert found == [(Decimal(3),), (Decimal(1),)]


def test_what_is_wrong_is_raised(folder: Path, url: str) -> None:
    with pytest.raises(MissingFile):
        sl.project(folder / "nowhere")
    with pytest.raises(ConfigError):
        sl.project(folder, target="prod").target  # noqa: B018
    with sl.project(folder / "models", target=url) as project:
        with pytest.raises(UsageError, match="no model 'visit'"):
            project.plan("visit")
        with pytest.raises(UsageError, match="is no date"):
            project.plan(start="tomorrow")
        with pytest.raises(ModelError, match="reads events"):
            project.run()


def test_one_model_over_given_rows(folder: Path, url: str, db: sl.Database) -> None:
    given = {"events": [{"user_id": "ada", "at": text} for _, text in EVENTS]}
    types = {"events": {"at": "timestamptz"}}
    before = db.tables()
    options = {"types": types, "project": folder, "target": url}
    rows = sl.testing.run_model("visits", given=given, start="2026-03-01", end=dt.date(2026, 3, 3), **options)
    assert [(row.user_id, row.day, row.visits) for row in rows] == [
        ("ada", dt.date(2026, 3, 1), 2),
        ("ada", dt.date(2026, 3, 2), 1),
    ]
    day = {"start": "2026-03-01", "end": "2026-03-02"}
    with pytest.raises(DivisionByZero):
        sl.testing.run_model("visits", given={"events": given["events"][:1] * 4}, **day, **options)
    with pytest.raises(CheckFailed, match="visits < 4"):
        sl.testing.run_model("visits", given={"events": given["events"][:1] * 5}, **day, **options)
    assert not sl.testing.run_model(
        "visits",
        given={"events": []},
        **day,
        project=folder,
        target=url,
        types={"events": {"user_id": "text", "at": "timestamptz"}},
    )
    with pytest.raises(UsageError, match="no model 'visit'"):
        sl.testing.run_model("visit", given=given, **options)
    with pytest.raises(ModelError, match="given"):
        sl.testing.run_model("visits", given={}, **day, **options)
    assert db.tables() == before


def test_the_types_of_the_live_table(folder: Path, url: str, db: sl.Database) -> None:
    db.execute("CREATE TABLE events (id integer, user_id text, at timestamptz)")
    given = {"events": [{"user_id": "ada", "at": "2026-03-01 10:00"}]}
    rows = sl.testing.run_model(
        "visits", given=given, start="2026-03-01", end="2026-03-02", project=folder, target=url
    )
    assert rows.one().visits == 1


def test_a_function_over_given_frames(folder: Path, url: str) -> None:
    (folder / "models" / "lengths.py").write_text(
        "import stepladder as sl\n\n@sl.model(columns={'n': 'int'}, frame='arrow')\n"
        "def lengths(events):\n    return [{'n': len(events)}] if len(events) else 1 / 0\n"
    )
    given = [{"user_id": "ada", "at": dt.datetime(2026, 3, 1, tzinfo=dt.UTC)}]
    rows = sl.testing.run_model("lengths", given={"events": given}, project=folder, target=url)
    assert rows.scalar() == 1
    with pytest.raises(RunFailed, match="ZeroDivisionError"):
        sl.testing.run_model(
            "lengths", given={"events": []}, types={"events": {"id": "int"}}, project=folder, target=url
        )
