"""`stepladder test`."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from pathlib import Path

from rich.text import Text

from stepladder.cli.output import print_json, prose
from stepladder.cli.session import open_target
from stepladder.config import Project, nearest, require_project
from stepladder.db import Database, connect
from stepladder.errors import UsageError
from stepladder.pipelines import (
    ModelTest,
    Verdict,
    both_agree,
    live_columns,
    prototype,
    read_model_tests,
    read_models,
    run_model_test,
)


def command(arguments: argparse.Namespace) -> int:
    project = require_project()
    models = read_models(project)
    tests = _chosen(project, arguments.tests)
    with ExitStack() as stack:
        db = _database(arguments, project, stack)
        server = None if db is None or db.target.is_sqlite else db
        live = live_columns(db)
        verdicts = []
        for test in tests:
            found = [
                run_model_test(project, models, test, where, live)
                for where in ((None, server) if arguments.both else (server,))
            ]
            key = next(model.key for model in models if model.name == test.model)
            verdicts.append(both_agree(found[0], found[1], key) if arguments.both else found[0])
    if arguments.json:
        print_json({"tests": [_json(one) for one in verdicts]})
    else:
        _print(verdicts, project.folder)
    return 0 if all(verdict.passed for verdict in verdicts) else 1


def _json(verdict: Verdict) -> dict[str, object]:
    return {
        "name": verdict.test.path.stem,
        "model": verdict.test.model,
        "engine": verdict.engine,
        "seconds": round(verdict.seconds, 4),
        "passed": verdict.passed,
        "differences": list(verdict.differences),
    }


def _database(arguments: argparse.Namespace, project: Project, stack: ExitStack) -> Database | None:
    """The target that the tests run on, or whose tables say the types; None where there is none at hand."""
    if arguments.target is None and not arguments.both:
        file = prototype(project)
        return stack.enter_context(connect(file, read_only=True)) if file else None
    db = stack.enter_context(open_target(arguments.target, must_exist=True))
    if arguments.both and db.target.is_sqlite:
        raise UsageError(
            f"--both wants a server beside SQLite, and {db.target} is SQLite: name one with --target."
        )
    return db


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
        line = Text(f"  {sign} ", style=style)
        line.append(f"{verdict.test.path.relative_to(folder)!s:<32}", style="blue")
        line.append(f" {verdict.engine} {verdict.seconds * 1000:.0f} ms", style="dim")
        say.print(line)
        for difference in verdict.differences:
            say.print(Text(f"      {difference}"))
    failed = sum(not verdict.passed for verdict in verdicts)
    say.print(f"{len(verdicts) - failed} passed" + (f", {failed} failed" if failed else ""))
