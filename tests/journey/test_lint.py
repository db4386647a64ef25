"""`stepladder lint`: models, scripts, standard input, a prototype; exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import stepladder as sl
from tests.journey.conftest import Ended
from tests.journey.test_first_steps import CREATE

Run = Callable[..., Ended]


def test_models_by_the_tables_of_the_target(stepladder: Run, project: Path) -> None:
    ended = stepladder("lint", cwd=project)
    assert "undecided" in ended.out
    assert "no database at hand" in ended.err
    with sl.connect(f"sqlite:///{project}/shop.db") as db:
        db.execute(CREATE)
    assert "undecided" not in stepladder("lint", cwd=project).out
    (project / "models" / "latest.sql").write_text(
        '/* stepladder\ndescription = "x"\n*/\nSELECT user_id,\n  nope FROM sessions LIMIT 1\n'
    )
    (project / "models" / "broken.sql").write_text("SELECT\n FROM WHERE\n")
    ended = stepladder("lint", "--json", cwd=project, expect=1)
    found = {(each["file"], each["line"], each["severity"]) for each in json.loads(ended.out)["findings"]}
    assert {("models/latest.sql", 5, "error"), ("models/broken.sql", 2, "error")} <= found
    stepladder("lint", "sessions", cwd=project)
    stepladder("lint", "nowhere", cwd=project, expect=2)


def test_a_script_without_a_project(stepladder: Run, tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_text("CREATE TABLE t (id int);\nSELECT id FROM t\nLIMIT 1;\n")
    ended = stepladder("lint", "a.sql", cwd=tmp_path)
    assert "a.sql:3:7  nondeterministic" in ended.out
    (tmp_path / "a.sql").write_text("SELECT 1 +;\n")
    stepladder("lint", "a.sql", cwd=tmp_path, expect=1)
    stepladder("lint", "b.sql", cwd=tmp_path, expect=2)


def test_a_prototype_is_shown_then_written(stepladder: Run, tmp_path: Path) -> None:
    path = tmp_path / "old.sql"
    path.write_text("SELECT IFNULL(a, 1) FROM t\nWHERE b == ?;\n")
    ended = stepladder("lint", "--from", "sqlite", "old.sql", cwd=tmp_path)
    assert "+WHERE b = :p1;" in ended.out
    assert "IFNULL" in path.read_text()
    stepladder("lint", "--from", "sqlite", "old.sql", "--fix", cwd=tmp_path)
    assert path.read_text() == "SELECT coalesce(a, 1) FROM t\nWHERE b = :p1;\n"
    path.write_text("SELECT rowid FROM t")
    stepladder("lint", "--from", "sqlite", "old.sql", cwd=tmp_path, expect=1)
    stepladder("lint", "old.sql", "--fix", cwd=tmp_path, expect=2)
