"""`stepladder test`."""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.text import Text

from stepladder.cli.output import print_json, prose
from stepladder.cli.session import open_target
from stepladder.config import Project, nearest, require_project
from stepladder.db import Database, connect
from stepladder.errors import UsageError
from stepladder.pipelines import ModelTest, Verdict, read_model_tests, read_models, run_model_test


def command(arguments: argparse.Namespace) -> int:
    project = require_project()
    models = read_models(project)
    tests = _chosen(project, arguments.tests)
    with _database(arguments.target) as db:
        verdicts = [run_model_test(db, project, models, test) for test in tests]
    if arguments.json:
        print_json(
            {
                "tests": [
                    {
                        "name": one.test.path.stem,
                        "model": one.test.model,
                        "passed": one.passed,
                        "differences": list(one.differences),
                    }
                    for one in verdicts
                ]
            }
        )
    else:
        _print(verdicts, project.folder)
    return 0 if all(verdict.passed for verdict in verdicts) else 1


def _database(target: str | None) -> Database:
    return connect("sqlite:///:memory:") if target is None else open_target(target, must_exist=True)


def _chosen(project: Project, names: list[str]) -> tuple[ModelTest, ...]:
    tests = read_model_tests(project.folder / "tests", project.timezone)
    if not tests:
        raise UsageError(
            f"there is no test in {project.folder / 'tests'}: write one, for instance tests/models/sessions.test."
        )
    known = {test.path.stem for test in tests}
    for name in names:
        if name not in known:
            raise UsageError(
                f"there is no test {name!r}.{nearest(name, known)} There are: {', '.join(sorted(known))}."
            )
    return tuple(test for test in tests if not names or test.path.stem in names)


def _print(verdicts: list[Verdict], folder: Path) -> None:
    say = prose()
    for verdict in verdicts:
        sign, style = ("✓", "green") if verdict.passed else ("✗", "red")
        say.print(
            Text(f"  {sign} ", style=style).append(str(verdict.test.path.relative_to(folder)), style="blue")
        )
        for line in verdict.differences:
            say.print(Text(f"      {line}"))
    failed = sum(not verdict.passed for verdict in verdicts)
    say.print(f"{len(verdicts) - failed} passed" + (f", {failed} failed" if failed else ""))
