"""The texts for other schedulers: the right time, in their words."""

from __future__ import annotations

import datetime as dt
import shutil
import subprocess
from pathlib import Path

import pytest

from stepladder.cli.timers import KINDS, Call, Times, call, text, times
from stepladder.errors import UsageError
from stepladder.pipelines import Model
from stepladder.pipelines.model import Query


def model(every: str | None, **wait: int) -> Model:
    return Model("m", Path("m.sql"), Query("SELECT 1"), every=every, wait=dt.timedelta(**wait))


def called(zone: str, *models: Model, target: str | None = "prod") -> Call:
    return call("shop", Path("/srv/shop"), zone, models, target, ["sessions"])


@pytest.mark.parametrize(
    ("models", "cron", "calendar"),
    [
        ([model("day")], "5 0 * * *", "*-*-* 00:05:00"),
        ([model(None)], "5 0 * * *", "*-*-* 00:05:00"),
        ([], "5 0 * * *", "*-*-* 00:05:00"),
        ([model("month"), model("day", hours=6), model("day", minutes=10)], "5 6 * * *", "*-*-* 06:05:00"),
        ([model("hour"), model("day")], "5 * * * *", "*-*-* *:05:00"),
        ([model("hour", minutes=57)], "2 * * * *", "*-*-* *:02:00"),
        ([model("week")], "5 0 * * 1", "Mon *-*-* 00:05:00"),
        ([model("week", hours=30)], "5 6 * * 2", "Tue *-*-* 06:05:00"),
        ([model("week", days=6)], "5 0 * * 0", "Sun *-*-* 00:05:00"),
        ([model("month", days=2)], "5 0 3 * *", "*-*-03 00:05:00"),
        ([model("month", days=40)], "5 0 28 * *", "*-*-28 00:05:00"),
        ([model("day", hours=30)], "5 6 * * *", "*-*-* 06:05:00"),
    ],
)
def test_the_finest_grid_and_its_wait_say_when(models: list[Model], cron: str, calendar: str) -> None:
    found = times(models)
    assert (found.cron, found.calendar) == (cron, calendar)


@pytest.mark.parametrize("kind", KINDS)
def test_every_text_calls_the_command(kind: str) -> None:
    found = text(kind, called("Europe/Berlin", model("day")))
    assert "stepladder" in found
    assert "DATABASE_URL" in found or kind == "cron"
    for word in ("run", "sessions", "--target", "prod", "--json"):
        assert word in found


def test_what_each_has_to_be_told() -> None:
    berlin = called("Europe/Berlin", model("day"))
    assert "CRON_TZ=Europe/Berlin\n5 0 * * * cd /srv/shop && " in text("cron", berlin)
    units = text("systemd", berlin)
    assert "OnCalendar=*-*-* 00:05:00 Europe/Berlin" in units
    assert "Persistent=true" in units
    job = text("kubernetes", berlin)
    assert 'timeZone: "Europe/Berlin"' in job
    assert "concurrencyPolicy: Forbid" in job
    assert "terminationGracePeriodSeconds: 60" in job


@pytest.mark.parametrize(
    ("zone", "every", "cron"),
    [
        ("UTC", "day", "5 0 * * *"),
        ("Europe/Berlin", "day", "5 23 * * *"),  # midnight is 22:00 or 23:00 of the day before
        ("America/New_York", "day", "5 5 * * *"),  # 04:00 or 05:00
        ("Europe/Berlin", "week", "5 23 * * 0"),
        ("America/New_York", "week", "5 5 * * 1"),
        ("Europe/Berlin", "month", "0 0 1 * *"),
        ("America/New_York", "month", "5 5 1 * *"),
        ("Europe/Berlin", "hour", "5 * * * *"),
        ("Asia/Kolkata", "hour", "35 * * * *"),
    ],
)
def test_github_is_told_in_utc(zone: str, every: str, cron: str) -> None:
    assert f'- cron: "{cron}"' in text("github", called(zone, model(every)))


def test_a_url_is_not_written_into_a_file() -> None:
    with pytest.raises(UsageError, match="password"):
        called("UTC", model("day"), target="postgresql://u:secret@h/d")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
@pytest.mark.parametrize("every", ["hour", "day", "week", "month"])
def test_systemd_reads_the_calendar(every: str) -> None:
    spec = f"{Times(every, 5, 6, 1).calendar} Europe/Berlin"
    subprocess.run(["systemd-analyze", "calendar", spec], check=True, capture_output=True)
