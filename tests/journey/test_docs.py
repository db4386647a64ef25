"""What the docs show is run: the tutorial's commands, README's Python, the models of the reference."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import stepladder as sl
from stepladder.config import read_project
from stepladder.errors import Error
from stepladder.pipelines.header import KEYS
from stepladder.pipelines.model_test import read_model_test
from stepladder.pipelines.read import read_model, read_models

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(
        rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )


def test_the_anomalies_name_their_tests() -> None:
    named = re.findall(r"`(test_\w+)`", (ROOT / "docs" / "why" / "anomalies.md").read_text(encoding="utf-8"))
    there = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert len(named) > 50
    assert [name for name in named if name not in there] == []


@pytest.mark.postgres
def test_the_tutorial(tmp_path: Path, postgres_url: str) -> None:
    script = "set -euo pipefail\n" + "\n".join(blocks(ROOT / "docs" / "tutorial.md", "sh"))
    assert "export DATABASE_URL=" in script
    script = re.sub(r"export DATABASE_URL=\S+", f"export DATABASE_URL='{postgres_url}'", script)
    ended = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env=os.environ | {"PATH": tool(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert "Everything is up to date." in ended.stderr
    # Both targets say the same of the same days.
    assert ended.stdout.count("2026-03-01") >= 2
    assert (tmp_path / "shop" / "reports" / "index.html").is_file()


def test_the_readme_in_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = blocks(ROOT / "README.md", "python")
    assert len([line for line in code.splitlines() if line.strip()]) <= 8
    monkeypatch.chdir(tmp_path)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(code, "README.md", "exec"), {})
    assert said.getvalue() == "12.00\n"


def test_the_reference_of_python(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code = "\n".join(blocks(ROOT / "docs" / "reference" / "python.md", "python"))
    exec(compile(code.replace("sqlite:///shop.db", url), "python.md", "exec"), {})


def test_the_models_and_tests_of_the_reference(project: Path) -> None:
    page = ROOT / "docs" / "reference" / "models.md"
    (model,) = blocks(page, "sql")
    (test,) = blocks(page, "text")
    path = project / "models" / "shown.sql"
    path.write_text(model)
    assert read_model(path, read_project(project)).key == ("user_id", "session_start")
    (project / "shown.test").write_text(test)
    assert read_model_test(project / "shown.test", "UTC").model == "sessions"


def tool(folder: Path) -> str:
    """A folder that holds `stepladder`, as a shell finds it."""
    found = folder / "bin" / "stepladder"
    found.parent.mkdir(exist_ok=True)
    found.write_text(f'#!/bin/sh\nexec {sys.executable} -m stepladder "$@"\n')
    found.chmod(0o755)
    return f"{found.parent}:{os.environ['PATH']}"


def test_moving_a_pandas_script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pandas")
    monkeypatch.chdir(tmp_path)
    page = ROOT / "docs" / "how-to" / "pandas-to-model.md"
    script, python = blocks(page, "python")
    ((toml,), (sql,), (test,)) = (blocks(page, kind) for kind in ("toml", "sql", "text"))
    for name, text in {
        "stepladder.toml": toml,
        "models/session_metrics.sql": sql,
        "tests/session_metrics.test": test,
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    events = [
        ("ada", "s1", "2026-03-01 10:00:00+00", "/"),
        ("ada", "s1", "2026-03-01 10:20:07+00", "/cart"),
        ("ben", "s2", "2026-03-01 23:59:59+00", "/"),
        ("ben", "s3", "2026-03-02 08:00:00+00", "/"),
    ]
    with sl.connect() as db:
        db.execute(
            "CREATE TABLE user_events (user_id text, session_id text, event_timestamp timestamptz, page_url text)"
        )
        db.load(events, "user_events", mode="append")

    found: dict[str, Any] = {}
    exec(compile(script, "user_analytics.py", "exec"), found)
    pipeline = found["UserAnalyticsPipeline"]("shop.db")
    pipeline.run("2026-03-01")
    pipeline.connection.execute("ALTER TABLE session_metrics RENAME TO session_metrics_before")
    pipeline.connection.close()

    with sl.project() as project:
        assert project.run().count("done") == 2
        assert [verdict.passed for verdict in project.test()] == [True]
        both = "SELECT user_id, session_id, total_events, unique_pages, session_duration_minutes FROM session_metrics"
        day = project.db.query(f"{both} WHERE session_start < '2026-03-02' ORDER BY 1, 2").tuples()
        before = project.db.query(sl.native(f"{both}_before ORDER BY 1, 2")).tuples()
        assert [(*row[:4], float(row[4])) for row in day] == before

        (tmp_path / "models" / "session_metrics.sql").unlink()
        (tmp_path / "models" / "session_metrics.py").write_text(python)
        assert [verdict.passed for verdict in project.test()] == [True]
        assert project.diff("session_metrics").equal


@pytest.mark.parametrize("name", ["airflow", "dagster", "prefect"])
def test_running_under_another_orchestrator(
    name: str, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (code,) = blocks(ROOT / "docs" / "how-to" / f"{name}.md", "python")
    compile(code, name, "exec")
    assert "stepladder" in code
    pytest.importorskip(name)
    with sl.connect(f"sqlite:///{project}/shop.db") as db:
        db.execute(
            "CREATE TABLE user_events (user_id text, session_id text, event_timestamp timestamptz,"
            " page_url text, device_type text)"
        )
        db.load([("ada", None, "2026-03-01 10:00+00", "/", "desktop")], "user_events", mode="append")
    for variable, value in {
        "PATH": tool(tmp_path),
        "DAGSTER_HOME": str(tmp_path),
        "PREFECT_HOME": str(tmp_path),
    }.items():
        monkeypatch.setenv(variable, value)
    found: dict[str, Any] = {"__name__": name}
    exec(compile(code.replace("/srv/shop", str(project)).replace('"prod"', '"dev"'), name, "exec"), found)
    if name == "dagster":
        assert found["defs"].resolve_job_def("shop_job").execute_in_process().success
    elif name == "prefect":
        assert found["run_models"].fn() == 3
    else:
        assert "--target prod --json" in found["dag"].get_task("run").bash_command


def test_the_models_in_python_and_csv_of_the_reference(tmp_path: Path) -> None:
    page = ROOT / "docs" / "reference" / "models.md"
    (tmp_path / "models").mkdir()
    (tmp_path / "stepladder.toml").write_text("\n".join(blocks(page, "toml")))
    for ending, name in (("python", "metrics.py"), ("csv", "countries.csv")):
        (tmp_path / "models" / name).write_text("".join(blocks(page, ending)))
    found = {model.name: model for model in read_models(read_project(tmp_path))}
    assert {name: model.kind for name, model in found.items()} == {
        "countries": "seed",
        "daily_user_metrics": "interval",
    }
    assert [window.column for window in found["daily_user_metrics"].windows] == ["event_timestamp"]


def test_every_key_of_the_header_is_documented() -> None:
    page = (ROOT / "docs" / "reference" / "models.md").read_text(encoding="utf-8")
    words = set(re.findall(r"`([a-z_]+)(?:\.NAME)?`", page))
    assert {*KEYS, "frame", "inputs", "comments"} - words == set()


def test_every_verb_is_documented() -> None:
    from stepladder.cli.arguments import parser

    page = (ROOT / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
    verbs = re.findall(r"^    (\w+) ", parser().format_help(), re.MULTILINE)
    assert len(verbs) >= 10
    assert [verb for verb in verbs if f"`{verb}" not in page] == []


def test_every_exit_code_is_documented() -> None:
    def below(kind: type[Error]) -> set[int]:
        return {kind.exit_code, *(code for child in kind.__subclasses__() for code in below(child))}

    page = (ROOT / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
    assert [code for code in below(Error) if f"| {code} |" not in page] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_how_to_of_experiments(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import random

    page = ROOT / "docs" / "how-to" / "experiments.md"
    (declared,) = blocks(page, "toml")
    (code,) = blocks(page, "python")
    (tmp_path / "experiments").mkdir()
    (tmp_path / "experiments" / "checkout_v2.toml").write_text(declared)
    chance = random.Random(1)
    start = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
    users = [(user, chance.choice(["control", "treatment"])) for user in range(400)]
    with sl.connect(url) as db:
        db.script(
            "CREATE TABLE experiment_users (user_id bigint, variant text, assigned_at timestamptz, experiment_id text);"
            "CREATE TABLE conversions (user_id bigint, experiment_id text, converted_at timestamptz);"
            "CREATE TABLE user_engagement (user_id bigint, engagement_score integer, engaged_at timestamptz)"
        )
        db.load([(*each, start, "checkout_v2") for each in users], "experiment_users", mode="append")
        bought = [(user, "checkout_v2", start) for user in range(0, 400, 3)]
        db.load(bought, "conversions", mode="append")
        scores = [(user, user % 7, start) for user in range(400)]
        db.load(scores, "user_engagement", mode="append")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(code.replace("sqlite:///shop.db", url), "experiments.md", "exec"), names)
    assert "FROM conversions" in said.getvalue() or 'FROM "conversions"' in said.getvalue()
    assert names["found"].look.number == 1  # type: ignore[attr-defined]
    assert "no effect on converted is shown" in said.getvalue()


def test_every_key_of_an_experiment_is_documented() -> None:
    from stepladder.experiments import read

    page = (ROOT / "docs" / "reference" / "experiments.md").read_text(encoding="utf-8")
    known = {*read._TOP, *read._ASSIGNMENTS, *read._METRIC, *read._PLAN, *read._LIMITS}
    assert [key for key in sorted(known) if f"`{key}`" not in page and f"[{key}" not in page] == []
