"""`stepladder explain`: the tree, the advice, JSON, exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import stepladder as sl
from tests.journey.conftest import Ended

Run = Callable[..., Ended]
SQL = "SELECT * FROM orders WHERE user_id = :user"
REMEDY = "CREATE INDEX ON orders (user_id)"


@pytest.fixture
def shop(url: str) -> str:
    """The URL of a database with 12,000 orders."""
    with sl.connect(url) as db:
        db.execute("CREATE TABLE orders (id int PRIMARY KEY, user_id int NOT NULL)")
        db.load([(number, number % 2000) for number in range(12_000)], "orders", mode="append")
    return url


def test_a_plan_is_shown_with_its_advice(in_process: Run, shop: str, tmp_path: Path) -> None:
    ended = in_process("explain", SQL, "-p", "user=5", "--target", shop, cwd=tmp_path)
    assert "! scan orders" in ended.out
    assert REMEDY in ended.out
    assert "target" in ended.err
    assert "took" not in ended.out
    in_process("query", REMEDY, "--target", shop, cwd=tmp_path)
    in_process("query", "ANALYZE orders", "--target", shop, cwd=tmp_path)
    ended = in_process("explain", SQL, "-p", "user=5", "--target", shop, "--analyze", cwd=tmp_path)
    assert "!" not in ended.out
    assert "6 rows" in ended.out


def test_analyze_leaves_nothing_and_json_is_one_object(in_process: Run, shop: str, tmp_path: Path) -> None:
    delete = "DELETE FROM orders WHERE user_id < 10"
    ended = in_process("explain", delete, "--analyze", "--json", "--target", shop, cwd=tmp_path)
    found = json.loads(ended.out)
    assert (found["analyzed"], found["rows"], found["plan"]["operation"]) == (True, 60, "delete")
    with sl.connect(shop) as db:
        assert db.query("SELECT count(*) FROM orders").scalar() == 12_000


def test_standard_input_and_exit_codes(in_process: Run, tmp_path: Path) -> None:
    target = ("--target", "sqlite:///shop.db")
    with sl.connect(f"sqlite:////{str(tmp_path / 'shop.db').lstrip('/')}") as db:
        db.execute("CREATE TABLE orders (id int)")
    assert "^" in in_process("explain", "SELECT * FROM nowhere", *target, cwd=tmp_path, expect=4).err
    in_process("explain", "SELEC 1", *target, cwd=tmp_path, expect=4)
    in_process("explain", "CREATE TABLE t (a int)", *target, cwd=tmp_path, expect=2)
    in_process("explain", "SELECT :a::int", *target, cwd=tmp_path, expect=2)
    in_process("explain", "SELECT 1", "--target", "sqlite:///other.db", cwd=tmp_path, expect=2)
    ended = subprocess.run(
        [sys.executable, "-m", "stepladder", "explain", "-", *target],
        cwd=tmp_path,
        input="SELECT * FROM orders",
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout.startswith("scan orders")


def test_slow_statements_are_told_on_standard_error(stepladder: Run, tmp_path: Path) -> None:
    with sl.connect(f"sqlite:////{str(tmp_path / 'shop.db').lstrip('/')}") as db:
        db.execute("CREATE TABLE orders (id int, note text)")
    ended = stepladder(
        "query",
        "SELECT * FROM orders WHERE note = :note",
        "-p",
        "note=hush-hush",
        "--json",
        "--target",
        "sqlite:///shop.db",
        cwd=tmp_path,
        STEPLADDER_SLOW_SECONDS="0",
    )
    assert json.loads(ended.out) == []
    assert "scan orders" in ended.err
    assert "hush-hush" not in ended.err
