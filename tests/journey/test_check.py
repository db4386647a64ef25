"""`stepladder check`: the header's checks of tables that somebody else has written to."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import stepladder as sl
from tests.journey.conftest import Ended

Run = Callable[..., Ended]
DAILY = """/* stepladder
time = "day"
every = "day"
key = ["day", "kind"]
checks = ["events >= 1", "accepted_values(kind, 'buy', 'view')", "row_count >= 2"]
*/
SELECT (at AT TIME ZONE :zone)::date AS day, kind, count(*) AS events FROM events WHERE at >= :start AND at < :end GROUP BY 1, 2
"""
PLANS = '/* stepladder\nkind = "history"\nkey = ["name"]\n*/\nSELECT name, plan FROM users'
BARE = "SELECT count(*) AS events FROM events"


@pytest.fixture
def shop(tmp_path: Path, url: str, in_process: Run) -> Path:
    (tmp_path / "stepladder.toml").write_text('name = "shop"\ntimezone = "Europe/Berlin"\n')
    (tmp_path / "models").mkdir()
    for name, text in (("daily", DAILY), ("plans", PLANS), ("bare", BARE)):
        (tmp_path / "models" / f"{name}.sql").write_text(text)
    with sl.connect(url) as db:
        db.script(
            "CREATE TABLE events (at timestamptz, kind text); CREATE TABLE users (name text, plan text);"
            "INSERT INTO users VALUES ('ada', 'free');"
            "INSERT INTO events VALUES ('2026-03-01 10:00+01', 'buy'), ('2026-03-01 11:00+01', 'view'),"
            " ('2026-03-02 10:00+01', 'buy'), ('2026-03-02 11:00+01', 'view')"
        )
    ended = in_process("check", "--target", url, cwd=tmp_path, expect=2)
    assert "Make them: stepladder run" in ended.err
    in_process("run", "--target", url, cwd=tmp_path)
    return tmp_path


def test_what_holds_and_what_somebody_broke(shop: Path, url: str, in_process: Run) -> None:
    ended = in_process("check", "--target", url, cwd=shop)
    assert "✓ daily  4 rows, 5 checks" in ended.err
    assert "✓ plans  1 row, 2 checks" in ended.err
    assert "– bare   1 row; its header has neither key nor checks" in ended.err
    assert "7 checks, 0 failed. Nothing was written." in ended.err
    assert ended.out == ""

    with sl.connect(url) as db:
        db.script(
            "UPDATE daily SET events = 0 WHERE kind = 'view'; UPDATE daily SET kind = 'bye' WHERE kind = 'buy'"
        )
    ended = in_process("check", "daily", "--target", url, cwd=shop, expect=1)
    assert "check events >= 1: 2 rows, e.g. day = 2026-03-0" in ended.err
    assert "5 checks, 2 failed." in ended.err
    # A day of the project's zone alone.
    found = json.loads(
        in_process(
            "check",
            "daily",
            "--start",
            "2026-03-02",
            "--end",
            "2026-03-03",
            "--json",
            "--target",
            url,
            cwd=shop,
            expect=1,
        ).out
    )
    (model,) = found["models"]
    assert (model["name"], model["rows"]) == ("daily", 2)
    assert {each["check"]: (each["state"], each["rows"]) for each in model["checks"]} == {
        "not_null(day, kind)": ("holds", 0),
        "unique(day, kind)": ("holds", 0),
        "events >= 1": ("failed", 1),
        "accepted_values(kind, 'buy', 'view')": ("failed", 1),
        "row_count >= 2": ("holds", 0),
    }
    assert [each["examples"] for each in model["checks"]][2] == [
        {"day": "2026-03-02", "kind": "view", "events": 0}
    ]
    in_process(
        "check", "daily", "--start", "2026-03-05", "--target", url, cwd=shop, expect=1
    )  # no rows are not two


def test_a_history_is_asked_for_what_is_true_now(shop: Path, url: str, in_process: Run) -> None:
    with sl.connect(url) as db:
        db.execute("UPDATE users SET plan = 'pro'")
    in_process("run", "--target", url, cwd=shop)
    with sl.connect(url) as db:
        assert db.query("SELECT count(*) FROM plans").scalar() == 2
    assert "✓ plans  1 row, 2 checks" in in_process("check", "plans", "--target", url, cwd=shop).err


def test_a_table_of_other_code_is_named(shop: Path, url: str, in_process: Run) -> None:
    path = shop / "models" / "bare.sql"
    path.write_text('/* stepladder\nchecks = ["not_null(visits)"]\n*/\nSELECT count(*) AS visits FROM events')
    ended = in_process("check", "bare", "--target", url, cwd=shop, expect=2)
    assert "the table bare has no column visits" in ended.err
    assert "stepladder run bare" in ended.err
    assert "did you mean" in in_process("check", "dayly", "--target", url, cwd=shop, expect=2).err.lower()


@pytest.mark.parametrize("verb", [("check",), ("diff", "daily"), ("plan",), ("run",)])
def test_a_span_without_a_moment_is_refused(
    shop: Path, url: str, in_process: Run, verb: tuple[str, ...]
) -> None:
    """No rows would fail no check, and no interval would differ."""
    span = ("--start", "2026-03-02", "--end", "2026-03-01")
    ended = in_process(*verb, *span, "--target", url, cwd=shop, expect=2)
    assert "must be before --end" in ended.err
