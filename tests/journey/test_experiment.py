"""`stepladder experiment`, from outside."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import stepladder as sl

START = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
DECLARED = """
control = "control"
[assignments]
table = "experiment_users"
time = "assigned_at"
experiment = "experiment_id"
[split]
control = 0.5
treatment = 0.5
[metrics.converted]
kind = "conversion"
table = "conversions"
time = "converted_at"
window = "7 days"
primary = true
better = "higher"
[metrics.engagement]
kind = "mean"
table = "user_engagement"
value = "engagement_score"
time = "engaged_at"
[plan]
users = 5_000
"""


@pytest.fixture
def folder(tmp_path: Path, url: str) -> Path:
    (tmp_path / "experiments").mkdir()
    (tmp_path / "experiments" / "checkout_v2.toml").write_text(DECLARED)
    (tmp_path / "stepladder.toml").write_text(f'default = "dev"\n[targets]\ndev = "{url}"\n')
    with sl.connect(url) as db:
        db.script(
            "CREATE TABLE experiment_users (user_id bigint, variant text, assigned_at timestamptz, experiment_id text);"
            "CREATE TABLE conversions (user_id bigint, experiment_id text, converted_at timestamptz);"
            "CREATE TABLE user_engagement (user_id bigint, engagement_score numeric(6,2), engaged_at timestamptz)"
        )
        users = [(user, ("control", "treatment")[user % 2], START, "checkout_v2") for user in range(5000)]
        db.load(users, "experiment_users", mode="append")
        bought = [(user, "checkout_v2", START) for user in range(5000) if user // 2 % 12 == 0]
        db.load(bought, "conversions", mode="append")
        scores = [(user, user % 11, START + dt.timedelta(days=9)) for user in range(5000)]
        db.load(scores, "user_engagement", mode="append")
    return tmp_path


def test_analyze_report_size_and_validate(folder: Path, in_process: Callable[..., Any]) -> None:
    said = in_process("experiment", "analyze", "checkout_v2", cwd=folder)
    assert "no effect on converted is shown" in said.err
    assert "✓ srm" in said.err
    first = json.loads(in_process("experiment", "analyze", "checkout_v2", "--json", cwd=folder).out)
    assert first["look"] == 1
    assert set(first) >= {"experiment", "look", "verdict", "gates", "metrics"}
    assert first["gates"]["srm"] | {"p": 1.0, "state": "ok"} == first["gates"]["srm"]
    found = first["metrics"]["converted"]
    assert found["arms"]["control"] == {"users": 2500, "converters": 209, "rate": 0.0836}
    assert found["comparisons"]["treatment"].keys() >= {
        "lift", "lift_ci", "p_value", "is_significant", "confidence_level", "control_conversion_rate",
    }  # fmt: skip

    assert "wrote" in in_process("experiment", "report", "checkout_v2", cwd=folder).err
    page = (folder / "reports" / "checkout_v2.html").read_text(encoding="utf-8")
    assert first["verdict"].split(". ")[0] in page

    size = json.loads(
        in_process("experiment", "size", "checkout_v2", "--effect", "0.1", "--json", cwd=folder).out
    )
    assert size["needs"][0]["metric"] == "converted"
    assert 20_000 < size["needs"][0]["users"] < 60_000

    drawn = in_process("experiment", "validate", "checkout_v2", "--draws", "200", "--json", cwd=folder)
    assert json.loads(drawn.out)["ok"] is True


def test_a_closed_gate_is_exit_code_1(folder: Path, url: str, in_process: Callable[..., Any]) -> None:
    with sl.connect(url) as db:
        db.execute("DELETE FROM experiment_users WHERE variant = 'control' AND user_id < 1000")
    said = in_process("experiment", "analyze", "checkout_v2", cwd=folder, expect=1)
    assert "Do not read the effects. The split does not fit the plan" in said.err


def test_what_is_wrong_is_said_before_work(tmp_path: Path, in_process: Callable[..., Any]) -> None:
    (tmp_path / "experiments").mkdir()
    (tmp_path / "experiments" / "one.toml").write_text(DECLARED.replace('kind = "mean"', 'kind = "meen"'))
    (tmp_path / "stepladder.toml").write_text('default = "dev"\n[targets]\ndev = "sqlite:///:memory:"\n')
    said = in_process("experiment", "analyze", "one", cwd=tmp_path, expect=2)
    assert "metric 'engagement': kind = 'meen'. Did you mean 'mean'?" in said.err
    said = in_process("experiment", "analyze", "onee", cwd=tmp_path, expect=2)
    assert "there is no experiment 'onee'" in said.err
    assert "Did you mean 'one'?" in said.err


def test_an_analysis_imports_neither_pandas_nor_scipy_stats(folder: Path) -> None:
    code = (
        "import sys; from stepladder.cli import main; main(['experiment', 'analyze', 'checkout_v2', '--json']);"
        "sys.stderr.write(' '.join(sorted(name for name in sys.modules if name in ('pandas', 'scipy.stats', 'polars', 'pyarrow'))))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True
    )
    assert ended.stderr.splitlines()[-1].startswith("target dev"), ended.stderr
