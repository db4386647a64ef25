"""The command line starts light: nothing heavy is imported for help, or for `import stepladder`."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = (
    "pandas",
    "pyarrow",
    "scipy",
    "numpy",
    "psycopg",
    "psycopg2",
    "pgparse",
    "rich",
    "sqlite3",
    "sqlalchemy",
)
TRANSLATOR = tuple(
    f"stepladder.sql.{name}"
    for name in ("infer.tree", "rewrite", "functions", "lint", "prototype", "translation")
)
HELP = "from stepladder.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass\n"


def test_an_import_is_one_module() -> None:
    asked = "import sys, stepladder\nprint([name for name in sys.modules if name.startswith('stepladder')])"
    ended = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "['stepladder']"


@pytest.mark.parametrize("code", ["import stepladder\n", HELP], ids=["import", "help"])
def test_nothing_heavy_is_imported(code: str) -> None:
    asked = f"import sys\n{code}print('\\n'.join(name for name in {HEAVY!r} if name in sys.modules), file=sys.stderr)"
    ended = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert ended.stderr.split() == []


@pytest.mark.postgres
@pytest.mark.parametrize("verb", [["query", "SELECT 1"], ["tables"], ["explain", "SELECT 1"]], ids=" ".join)
def test_who_speaks_to_postgresql_alone_loads_no_translator(verb: list[str], postgres_url: str) -> None:
    code = f"import sys\nfrom stepladder.cli import main\ntry: main({[*verb, '--target', postgres_url]!r})\nexcept SystemExit: pass\n"
    asked = f"{code}print('loaded:', *(name for name in {TRANSLATOR!r} if name in sys.modules))"
    ended = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines()[-1] == "loaded:"


def test_every_verb_has_help() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "stepladder", "--help"], capture_output=True, text=True, check=True
    )
    for verb in (
        "init",
        "demo",
        "load",
        "query",
        "explain",
        "tables",
        "doctor",
        "plan",
        "run",
        "status",
        "test",
        "diff",
        "schedule",
        "report",
        "drop",
    ):
        assert f"    {verb} " in ended.stdout
        found = subprocess.run(
            [sys.executable, "-m", "stepladder", verb, "--help"], capture_output=True, text=True, check=True
        )
        assert "usage: stepladder " + verb in found.stdout
