"""A new project, and what a careless user does with it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

import stepladder as sl
from tests.journey.conftest import Ended

Run = Callable[..., Ended]
CREATE = (
    "CREATE TABLE user_events (user_id text, session_id text, event_type text, event_timestamp timestamptz,"
    " page_url text, device_type text)"
)
EVENTS = (
    "user_id,session_id,event_type,event_timestamp,page_url,device_type\n"
    "ada,,page_view,2026-03-01 10:00:00+00:00,/,desktop\n"
    "ada,,page_view,2026-03-01 10:20:00+00:00,/cart,desktop\n"
    "ben,s1,page_view,2026-03-02 08:00:00+00:00,/,mobile\n"
)


@pytest.fixture
def events(project: Path) -> Path:
    """A project whose `dev` target holds three events of two days."""
    (project / "events.csv").write_text(EVENTS)
    return project


def loaded(stepladder: Run, project: Path, url: str) -> None:
    """The three events, in a target."""
    with sl.connect(url.replace("sqlite:///shop.db", f"sqlite:///{project}/shop.db")) as db:
        db.execute(CREATE)
    stepladder(
        "load", "events.csv", "--into", "user_events", "--mode", "append", "--target", url, cwd=project
    )


def test_init_makes_at_most_eight_short_files(stepladder: Run, tmp_path: Path) -> None:
    stepladder("init", "shop", cwd=tmp_path)
    made = [path for path in (tmp_path / "shop").rglob("*") if path.is_file()]
    assert 5 <= len(made) <= 8
    assert all(len(path.read_text().splitlines()) <= 45 for path in made)
    assert "1 passed" in stepladder("test", cwd=tmp_path / "shop").err


def test_init_never_writes_over_a_folder(stepladder: Run, tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "mine.txt").write_text("mine")
    ended = stepladder("init", "shop", cwd=tmp_path, expect=2)
    assert "Nothing was written" in ended.err
    assert [path.name for path in (tmp_path / "shop").iterdir()] == ["mine.txt"]


def test_plan_run_report_on_every_engine(in_process: Run, events: Path, url: str) -> None:
    loaded(in_process, events, url)
    plan = json.loads(in_process("plan", "--json", "--target", url, cwd=events).out)
    assert [(one["name"], one["kind"], len(one["intervals"])) for one in plan["models"]] == [
        ("sessions", "interval", 2),
        ("daily_user_metrics", "interval", 2),
        ("daily_summaries", "interval", 2),
    ]
    assert plan["models"][0]["intervals"][0] == {
        "start": "2026-03-01T00:00:00+00:00",
        "end": "2026-03-02T00:00:00+00:00",
        "action": "run",
        "reasons": ["missing"],
    }
    done = json.loads(in_process("run", "--json", "--target", url, cwd=events).out)
    assert [step["state"] for step in done["steps"]] == ["done"] * 6
    days = json.loads(
        in_process(
            "query", "SELECT * FROM daily_summaries ORDER BY date", "--json", "--target", url, cwd=events
        ).out
    )
    assert days == [
        {
            "date": "2026-03-01",
            "total_users": 1,
            "total_sessions": 1,
            "avg_session_duration": 20.00,
            "avg_pages_per_session": 2.00,
        },
        {
            "date": "2026-03-02",
            "total_users": 1,
            "total_sessions": 1,
            "avg_session_duration": 0.00,
            "avg_pages_per_session": 1.00,
        },
    ]
    in_process("report", "--target", url, cwd=events)
    page = (events / "reports" / "index.html").read_text()
    assert "<svg" in page
    assert not re.search(r"""(src|href)\s*=\s*["']?https?:""", page)
    assert in_process("plan", "--target", url, cwd=events).err.count("up to date") == 1


def test_a_day_that_is_not_over_waits(in_process: Run, events: Path, url: str) -> None:
    loaded(in_process, events, url)
    plan = json.loads(
        in_process("plan", "--now", "2026-03-02 12:00", "--json", "--target", url, cwd=events).out
    )
    assert [len(one["intervals"]) for one in plan["models"]] == [1, 1, 1]


def test_a_check_that_fails_publishes_nothing(in_process: Run, events: Path, url: str) -> None:
    loaded(in_process, events, url)
    path = events / "models" / "sessions.sql"
    path.write_text(path.read_text().replace('"session_end >= session_start"', "\"user_id = 'ben'\""))
    ended = in_process("run", "--target", url, cwd=events, expect=1)
    assert "check user_id = 'ben': 1 row" in ended.err
    assert "user_id = ada" in ended.err
    rows = json.loads(
        in_process("query", "SELECT user_id FROM sessions", "--json", "--target", url, cwd=events).out
    )
    assert rows == [{"user_id": "ben"}]
    # The day after is done; what reads the failed day waits.
    assert "waits" in ended.err


def test_changed_code_is_run_again_and_other_models_rest(in_process: Run, events: Path, url: str) -> None:
    loaded(in_process, events, url)
    in_process("run", "--target", url, cwd=events)
    path = events / "models" / "daily_summaries.sql"
    path.write_text(
        path.read_text().replace("-- a comment", "").replace("GROUP BY 1", "group   by 1 -- a comment")
    )
    assert "up to date" in in_process("run", "--target", url, cwd=events).err
    path.write_text(path.read_text().replace("avg(unique_pages)", "avg(total_events)"))
    plan = json.loads(in_process("plan", "--json", "--target", url, cwd=events).out)
    assert [[work["reasons"] for work in one["intervals"]] for one in plan["models"]] == [
        [],
        [],
        [["code"], ["code"]],
    ]
    ended = in_process("run", "--target", url, cwd=events)
    assert "2 done" in ended.err


BROKEN_MODELS = {
    "syntax error": ("SELECT user_id FRM user_events", "models/broken.sql:2"),
    "unknown column": ("SELECT nobody FROM user_events", "nobody"),
    "unknown table": ("SELECT x FROM nowhere", "stepladder load"),
    "cycle": ("SELECT date FROM broken_too", "broken"),
    "second statement": ("SELECT 1 AS a; DROP TABLE user_events", "second statement"),
    "no query": ("DELETE FROM user_events", "SELECT"),
    "unknown parameter": ("SELECT user_id FROM user_events WHERE user_id = :usr", ":usr"),
}


@pytest.mark.parametrize("fault", BROKEN_MODELS)
def test_a_model_that_cannot_run_is_refused_before_work(
    in_process: Run, events: Path, url: str, fault: str
) -> None:
    loaded(in_process, events, url)
    sql, said = BROKEN_MODELS[fault]
    (events / "models" / "broken.sql").write_text(f"-- a model\n{sql}\n")
    if fault == "cycle":
        (events / "models" / "broken_too.sql").write_text("SELECT date FROM broken")
    ended = in_process("run", "--target", url, cwd=events, expect=2)
    assert said in ended.err
    tables = json.loads(in_process("tables", "--json", "--target", url, cwd=events).out)["tables"]
    assert [table["name"] for table in tables] == ["user_events"]


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("evry = 'day'", "Did you mean 'every'"),
        ("time = 'day'", "belong together"),
        ("time = 'session_start'\nevery = 'dya'", "Did you mean 'day'"),
        ("key = 'a'", "list of texts"),
        ("checks = ['row_count > many']", "row_count"),
        ("this is no toml", "not valid TOML"),
    ],
)
def test_a_wrong_header_names_file_and_remedy(in_process: Run, events: Path, header: str, said: str) -> None:
    path = events / "models" / "daily_summaries.sql"
    path.write_text(f"/* stepladder\n{header}\n*/\nSELECT user_id FROM user_events")
    loaded(in_process, events, "sqlite:///shop.db")
    ended = in_process("run", cwd=events, expect=2)
    assert "models/daily_summaries.sql" in ended.err
    assert said in ended.err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["load", "nowhere.csv", "--into", "t", "--mode", "append"], 2, "nowhere.csv"),
        (["load", "models", "--into", "t", "--mode", "append"], 2, "models"),
        (
            ["load", "junk.log", "--into", "t", "--mode", "append", "--create", "--format", "combined"],
            1,
            "combined",
        ),
        (["load", "events.csv", "--into", "t", "--mode", "append"], 4, "--create"),
        (["run", "--target", "nowhere"], 2, "nowhere"),
        (["run", "--target", "mysql://x/y"], 2, "mysql"),
        (["run", "--target", "postgresql://me:secret@127.0.0.1:1/x"], 3, "cannot connect"),
        (["run", "--target", "prod"], 2, "DATABASE_URL"),
        (["run"], 2, "shop.db"),
        (["run", "--start", "2026-02-30"], 2, "2026-02-30"),
        (["run", "--start", "yesterday"], 2, "YYYY-MM-DD"),
        (["run", "nomodel"], 2, "shop.db"),
        (["query", "SELECT 1"], 2, "shop.db"),
        (["report"], 2, "shop.db"),
        (["jump"], 2, "invalid choice"),
    ],
)
def test_bad_input_gets_one_clear_message(
    in_process: Run, events: Path, arguments: list[str], code: int, said: str
) -> None:
    (events / "junk.log").write_bytes(os.urandom(100_000))
    before = sorted(events.rglob("*"))
    ended = in_process(*arguments, cwd=events, expect=code)
    assert said in ended.err
    assert "secret" not in ended.err
    assert ended.out == ""
    made = [path for path in sorted(events.rglob("*")) if path not in before and "shop.db" not in path.name]
    assert made == []
    for path in events.glob("shop.db"):
        with sl.connect(f"sqlite:///{path}") as db:
            assert db.tables() == ()


def test_a_query_that_fails_says_where(in_process: Run, events: Path, url: str) -> None:
    loaded(in_process, events, url)
    ended = in_process(
        "query", "SELECT user_id,\n  nobody FROM user_events", "--target", url, cwd=events, expect=4
    )
    assert "nobody" in ended.err
    assert "\n      ^" in ended.err


def test_drop_forgets_a_model(in_process: Run, events: Path, url: str) -> None:
    loaded(in_process, events, url)
    in_process("run", "--target", url, cwd=events)
    in_process("drop", "sessions", "--target", url, cwd=events, expect=2)
    in_process("drop", "sessions", "--yes", "--target", url, cwd=events)
    plan = json.loads(in_process("plan", "--json", "--target", url, cwd=events).out)
    assert [work["reasons"] for work in plan["models"][0]["intervals"]] == [["missing"], ["missing"]]


def test_a_table_that_no_model_made_is_never_written(in_process: Run, events: Path, url: str) -> None:
    loaded(in_process, events, url)
    (events / "models" / "user_events.sql").write_text("SELECT 1 AS a")
    for name in ("sessions", "daily_user_metrics", "daily_summaries"):
        (events / "models" / f"{name}.sql").unlink()
    ended = in_process("run", "--target", url, cwd=events, expect=2)
    assert "no model made it" in ended.err
    rows = json.loads(
        in_process(
            "query", "SELECT count(*) AS n FROM user_events", "--json", "--target", url, cwd=events
        ).out
    )
    assert rows == [{"n": 3}]
