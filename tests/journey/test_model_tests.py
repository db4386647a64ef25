"""`stepladder test`, as a user meets it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import stepladder as sl
from tests.journey.conftest import Ended

Run = Callable[..., Ended]
GOOD = """\
model totals
given orders
  id:int | amount:numeric(10,2)
  1      | 1.50
  2      | 2
expect totals
  orders | amount
  2      | 3.50
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "stepladder.toml").write_text(
        'timezone = "UTC"\ndefault = "dev"\n[targets]\ndev = "sqlite:///dev.db"\n'
    )
    for name, text in {
        "models/totals.sql": "SELECT count(*) AS orders, sum(amount)::numeric(10,2) AS amount FROM orders",
        "tests/good.test": GOOD,
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_it_passes_in_memory_without_a_target(in_process: Run, shop: Path) -> None:
    ended = in_process("test", cwd=shop)
    assert "✓ tests/good.test" in ended.err
    assert "SQLite" in ended.err
    assert "1 passed" in ended.err
    assert not (shop / "dev.db").exists()


def test_types_are_those_of_the_prototype(in_process: Run, shop: Path) -> None:
    with sl.connect(f"sqlite:///{shop}/dev.db") as db:
        db.execute("CREATE TABLE orders (id int, amount numeric(10,2))")
    (shop / "tests" / "good.test").write_text(GOOD.replace(":int", "").replace(":numeric(10,2)", ""))
    assert "1 passed" in in_process("test", cwd=shop).err


@pytest.mark.postgres
def test_on_a_server_and_on_both(in_process: Run, shop: Path, postgres_url: str) -> None:
    assert "PostgreSQL" in in_process("test", "--target", postgres_url, cwd=shop).err
    (one,) = json.loads(in_process("test", "--both", "--target", postgres_url, "--json", cwd=shop).out)[
        "tests"
    ]
    assert (one["name"], one["model"], one["engine"], one["passed"]) == (
        "good", "totals", "SQLite = PostgreSQL", True,
    )  # fmt: skip
    with sl.connect(postgres_url) as db:
        assert db.query("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'stepladder%'").scalar() == 0


def test_what_fails_is_said_with_its_line(in_process: Run, shop: Path) -> None:
    (shop / "tests" / "bad.test").write_text(GOOD.replace("3.50", "3.51"))
    ended = in_process("test", cwd=shop, expect=1)
    assert "✗ tests/bad.test" in ended.err
    assert "expect, line 8, amount: 3.51    (orders = 2)" in ended.err
    assert "1 passed, 1 failed" in ended.err
    assert "1 passed" in in_process("test", "good", cwd=shop).err


def test_both_wants_a_server(in_process: Run, shop: Path) -> None:
    with sl.connect(f"sqlite:///{shop}/dev.db") as db:
        db.execute("CREATE TABLE x (a int)")
    assert "--both wants a server" in in_process("test", "--both", cwd=shop, expect=2).err
    assert "there is no test 'god'. Did you mean 'good'?" in in_process("test", "god", cwd=shop, expect=2).err
