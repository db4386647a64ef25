"""`stepladder status` and `stepladder diff`, as a user meets them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import stepladder as sl
from tests.journey.conftest import Ended

Run = Callable[..., Ended]
VISITS = """\
/* stepladder
time  = "day"
every = "day"
key   = ["user_id", "day"]
*/
SELECT user_id, at::date AS day, count(*) AS visits, 12 / (3 - count(*)) AS share
FROM events WHERE at >= :start AND at < :end GROUP BY 1, 2
"""
DAYS = """\
/* stepladder
time  = "day"
every = "day"
key   = ["day"]
*/
SELECT day, sum(visits) AS visits FROM visits WHERE day >= :start AND day < :end GROUP BY 1
"""


@pytest.fixture
def shop(tmp_path: Path, url: str) -> Path:
    """Two models, and events of three days."""
    (tmp_path / "stepladder.toml").write_text('timezone = "UTC"\n')
    for name, text in {"visits": VISITS, "days": DAYS}.items():
        path = tmp_path / "models" / f"{name}.sql"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    with sl.connect(url) as db:
        db.execute("CREATE TABLE events (user_id text, at timestamptz)")
        rows = [
            ("ada", "2026-03-01 10:00+00"),
            ("ada", "2026-03-02 10:00+00"),
            ("ben", "2026-03-03 10:00+00"),
        ]
        db.load(rows, "events", mode="append")
    return tmp_path


def test_status_from_the_first_run_to_a_failed_one(in_process: Run, shop: Path, url: str) -> None:
    target = ("--target", url)
    before = in_process("status", *target, cwd=shop)
    assert "nothing has run on this target yet" in before.err
    assert before.out.count("never run") == 2
    assert in_process("status", "--max-age", "26h", *target, cwd=shop, expect=1).out == before.out

    in_process("run", *target, cwd=shop)
    after = in_process("status", "--max-age", "26h", *target, cwd=shop)
    assert [line.split()[0] for line in after.out.splitlines()] == ["model", "visits", "days"]
    assert after.out.count("███") == 2
    assert after.out.count("2026-03-03") == 2
    assert "done, 6 done" in after.err
    assert "running now: none" in after.err

    with sl.connect(url) as db:  # a third row of a day makes 12 / 0
        db.load([("ada", "2026-03-04 10:00+00")] * 3, "events", mode="append")
    in_process("run", *target, cwd=shop, expect=4)
    failed = json.loads(in_process("status", "--json", *target, cwd=shop).out)
    visits, days = failed["models"]
    assert (visits["state"], visits["failed"], visits["through"]) == (
        "failed",
        1,
        "2026-03-04T00:00:00+00:00",
    )
    assert [mark["state"] for mark in visits["recent"]] == ["done", "done", "done", "failed"]
    assert "division by zero" in visits["error"]
    assert days["state"] == "done"  # it has all that it can read
    assert failed["last_run"]["state"] == "failed"
    said = in_process("status", "visits", *target, cwd=shop)
    assert "2026-03-04 failed: division by zero" in said.out
    assert "days" not in said.out
    assert in_process("status", "state:failed", *target, cwd=shop).out == said.out
    assert in_process("status", "--exclude", "days", *target, cwd=shop).out == said.out

    (shop / "models" / "days.sql").unlink()
    gone = in_process("status", *target, cwd=shop)
    assert "no file makes it any more: stepladder drop days" in gone.out


def test_max_age_is_a_dead_mans_switch(in_process: Run, shop: Path, url: str) -> None:
    target = ("--target", url)
    in_process("run", *target, cwd=shop)
    with sl.connect(url) as db:
        db.execute(
            "UPDATE stepladder.interval SET done_at = done_at - interval '2 days' WHERE model = 'days'"
        )
    ended = in_process("status", "--max-age", "26h", *target, cwd=shop, expect=1)
    assert "no good run within 26h: days" in ended.err
    assert json.loads(in_process("status", "--max-age", "26h", "--json", *target, cwd=shop, expect=1).out)[
        "too_old"
    ] == ["days"]
    assert in_process("status", "--max-age", "3 days", *target, cwd=shop)
    assert "no length of time" in in_process("status", "--max-age", "26", *target, cwd=shop, expect=2).err


def test_diff_says_what_a_run_would_change(in_process: Run, shop: Path, url: str) -> None:
    target = ("--target", url)
    none = in_process("diff", "visits", *target, cwd=shop, expect=2)
    assert "there is nothing to compare with" in none.err
    in_process("run", *target, cwd=shop)
    same = in_process("diff", "visits", *target, cwd=shop)
    assert "✓ no difference" in same.err
    path = shop / "models" / "visits.sql"
    path.write_text(
        VISITS.replace("count(*) AS visits", "count(*) + 1 AS visits").replace(
            "WHERE", "WHERE user_id <> 'ben' AND"
        )
    )
    differs = in_process("diff", "visits", *target, cwd=shop, expect=1)
    assert "only new 0 · only old 1 · changed 2 in: visits (2)" in differs.err
    assert "-count(*) as visits," in differs.err
    assert any(line.strip().startswith("+count(*)") for line in differs.err.splitlines())
    assert ["ada", "2026-03-01", "visits", "1", "2"] in [line.split() for line in differs.out.splitlines()]
    assert "nothing was written" in differs.err
    # the last two days only, and nothing was written by any of it
    found = json.loads(
        in_process("diff", "visits", "--start", "2026-03-02", "--json", *target, cwd=shop, expect=1).out
    )
    assert (found["intervals"], found["only_old"], found["columns"]) == (2, 1, {"visits": 1})
    assert found["first"][0]["key"] == {"user_id": "ada", "day": "2026-03-02"}
    with sl.connect(url) as db:
        assert db.query("SELECT sum(visits) FROM visits").scalar() == 3


def test_diff_says_columns_that_change(in_process: Run, shop: Path, url: str) -> None:
    target = ("--target", url)
    in_process("run", *target, cwd=shop)
    path = shop / "models" / "visits.sql"
    text = VISITS.replace("count(*) AS visits", "count(*)::int AS visits, 'x' AS why")
    path.write_text(text.replace(", 12 / (3 - count(*)) AS share", ""))
    differs = in_process("diff", "visits", *target, cwd=shop, expect=1)
    assert "column visits is bigint, and would be integer" in differs.err
    assert "column why (text) is new" in differs.err
    assert "column share (bigint) is no more made" in differs.err


def test_diff_of_upserts_histories_and_views(in_process: Run, shop: Path, url: str) -> None:
    target = ("--target", url)
    newest = '/* stepladder\nkind = "upsert"\ntime = "at"\nevery = "day"\nkey = ["user_id"]\n*/\n'
    newest += "SELECT user_id, at, 1 AS n FROM events WHERE at >= :start AND at < :end"
    people = '/* stepladder\nkind = "history"\nkey = ["user_id"]\n*/\nSELECT user_id, count(*) AS n FROM events GROUP BY 1'
    seen = '/* stepladder\nkind = "view"\n*/\nSELECT user_id FROM events'
    for name, text in {"newest": newest, "people": people, "seen": seen}.items():
        (shop / "models" / f"{name}.sql").write_text(text)
    in_process("run", *target, cwd=shop)
    for name in ("newest", "people", "seen"):
        assert "✓ no difference" in in_process("diff", name, *target, cwd=shop).err
    (shop / "models" / "newest.sql").write_text(newest.replace("1 AS n", "2 AS n"))
    (shop / "models" / "people.sql").write_text(people.replace("GROUP", "WHERE user_id = 'ada' GROUP"))
    (shop / "models" / "seen.sql").write_text(seen + " WHERE user_id = 'ada'")
    assert "only old 0 · changed 2" in in_process("diff", "newest", *target, cwd=shop, expect=1).err
    assert "only old 1 · changed 0" in in_process("diff", "people", *target, cwd=shop, expect=1).err
    assert "only old 1 · changed 0" in in_process("diff", "seen", *target, cwd=shop, expect=1).err
    assert "is an upsert" in in_process("diff", "newest", "--against", url, *target, cwd=shop, expect=2).err


def test_diff_against_another_target(in_process: Run, shop: Path, url: str) -> None:
    in_process("run", "--target", url, cwd=shop)
    other = f"sqlite:////{str(shop / 'other.db').lstrip('/')}"
    with sl.connect(other) as db:
        db.execute("CREATE TABLE events (user_id text, at timestamptz)")
        db.load([("ada", "2026-03-01 10:00+00")], "events", mode="append")
    ended = in_process("diff", "visits", "--target", other, "--against", url, cwd=shop, expect=1)
    assert "only new 0 · only old 2 · changed 0" in ended.err
