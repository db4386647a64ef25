"""Models of every kind of file, chosen by words, from the command line."""

from __future__ import annotations

import datetime as dt
import json
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

import pytest

from stepladder.cli.run import refuse_big_rebuild
from stepladder.errors import UsageError
from stepladder.pipelines import MAX_REBUILD, ModelPlan, Plan, Work
from tests.journey.conftest import Ended

Run = Callable[..., Ended]
TOML = """timezone = "Europe/Berlin"
default = "dev"
[targets]
dev = "sqlite:///shop.db"
"""
FILES = {
    "stepladder.toml": TOML,
    "models/countries.csv": "code:text,vat:numeric(4,2)\nde,19.00\nat,20.00\n",
    "models/orders.py": "import stepladder as sl\nfrom lib.rates import RATE\n\n"
    "@sl.model(time='at', every='day', start='2026-03-01', tags=['nightly'])\n"
    "def orders(run):\n    yield {'at': run.start, 'country': 'de', 'total': RATE}\n",
    "lib/rates.py": "RATE = 5\n",
    "models/by_country.sql": "SELECT code, count(o.at) AS orders, min(o.at)::date AS first"
    " FROM countries LEFT JOIN orders o ON o.country = code GROUP BY code",
}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "shop.db").touch()
    return tmp_path


def planned(ended: Ended) -> list[str]:
    return [model["name"] for model in json.loads(ended.out)["models"]]


def test_seeds_python_and_sql_in_one_project(stepladder: Run, shop: Path) -> None:
    ended = stepladder("run", "--now", "2026-03-04", cwd=shop)
    assert ended.err.count("✓") == 5
    rows = json.loads(stepladder("query", "SELECT * FROM by_country ORDER BY code", "--json", cwd=shop).out)
    assert [(row["code"], row["orders"]) for row in rows] == [("at", 0), ("de", 3)]
    warned = stepladder("plan", "--now", "2026-03-04", cwd=shop).err
    assert "models/by_country.sql:1" in warned
    assert "the project's zone is Europe/Berlin" in warned
    assert not list(shop.rglob("__pycache__"))
    (shop / "lib" / "rates.py").write_text("RATE = 6  # more\n")
    plan = json.loads(stepladder("plan", "--now", "2026-03-04", "--json", "tag:nightly", cwd=shop).out)
    assert [each["reasons"] for each in plan["models"][0]["intervals"]] == [["code"]] * 3


def test_models_are_chosen_by_words(stepladder: Run, shop: Path) -> None:
    def chosen(*words: str) -> list[str]:
        return planned(stepladder("plan", "--json", "--now", "2026-03-04", *words, cwd=shop))

    assert chosen("by_*") == ["countries", "orders", "by_country"]
    assert chosen("orders", "--no-upstream") == ["orders"]
    assert chosen("state:missing", "--exclude", "by_*", "--exclude", "tag:nightly") == ["countries"]
    ended = stepladder("plan", "by_*", "--no-upstream", cwd=shop, expect=2)
    assert "a model that has not been made here yet" in ended.err
    stepladder("run", "--now", "2026-03-04", cwd=shop)
    (shop / "lib" / "rates.py").write_text("RATE = 7\n")
    assert chosen("by_*", "--no-upstream") == ["by_country"]
    stepladder("run", "by_*", "--no-upstream", "--redo", "--now", "2026-03-04", cwd=shop)
    plan = json.loads(stepladder("plan", "--json", "--now", "2026-03-04", cwd=shop).out)
    assert [len(model["intervals"]) for model in plan["models"]] == [0, 3, 1]
    assert "Did you mean 'orders'" in stepladder("plan", "ordesr", cwd=shop, expect=2).err


def test_an_error_in_python_names_its_line(stepladder: Run, shop: Path) -> None:
    (shop / "lib" / "rates.py").write_text(
        "class Rate:\n    def __getattr__(self, name): raise ValueError('no rate')\nRATE = Rate()\n"
    )
    (shop / "models" / "orders.py").write_text(FILES["models/orders.py"].replace("RATE}", "RATE.now}"))
    ended = stepladder("run", "orders", "--now", "2026-03-02", cwd=shop, expect=4)
    assert "lib/rates.py:2, in __getattr__" in ended.err
    assert "ValueError: no rate" in ended.err


def test_a_long_history_is_not_redone_for_an_edit_unasked() -> None:
    moment = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    work = tuple(Work("daily", moment, moment, 1, ("code",)) for _ in range(MAX_REBUILD + 1))
    plan = Plan(moment, (ModelPlan("daily", "interval", work, 0),))
    with pytest.raises(UsageError, match=r"daily: 401 intervals\n.*--yes.*--forward"):
        refuse_big_rebuild(plan, Namespace(yes=False, forward=False, rebuild=False))
    refuse_big_rebuild(plan, Namespace(yes=True, forward=False, rebuild=False))
