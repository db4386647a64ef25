"""`stepladder lint [MODEL|PATH|-…]`."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from stepladder.cli.lint_fix import fix
from stepladder.cli.output import count, print_json, prose
from stepladder.cli.session import open_target
from stepladder.config import Project, find_project, require_project
from stepladder.db import Database
from stepladder.errors import ConfigError, ConnectionFailed, MissingFile, UsageError
from stepladder.pipelines import lint_files, lint_models
from stepladder.prove.text_order import text_order
from stepladder.sql import Finding, Text, failing


def command(arguments: argparse.Namespace) -> int:
    if arguments.fix and not arguments.dialect:
        raise UsageError("--fix needs --from sqlite or --from psycopg2. Nothing was written.")
    project = find_project()
    names, texts = _asked(arguments.paths, project, keep_paths=bool(arguments.dialect))
    if arguments.dialect:
        return fix(texts, arguments.dialect, write=arguments.fix, json=arguments.json)
    findings: tuple[Finding, ...] = ()
    with _database(arguments.target, project) as db:
        by_bytes = db is not None and not db.target.is_sqlite and text_order(db).by_bytes
        if names or not texts:
            findings += lint_models(require_project(), db, names, by_bytes=by_bytes)
        findings += lint_files(texts, project, db, by_bytes=by_bytes) if texts else ()
    _say(findings, json=arguments.json)
    return int(failing(findings))


@contextmanager
def _database(name: str | None, project: Project | None) -> Iterator[Database | None]:
    """The target; None, said on standard error, where the default one is not at hand."""
    if name is None and project is None:
        prose().print("no database at hand: without a project, name one with --target", style="dim")
        yield None
        return
    try:
        opened = open_target(name, read_only=True, must_exist=True)
    except (ConfigError, ConnectionFailed) as error:
        if name is not None:
            raise
        prose().print(f"no database at hand: {error.message}", style="dim", markup=False)
        yield None
        return
    with opened as db:
        yield db


def _asked(
    paths: Sequence[str], project: Project | None, *, keep_paths: bool
) -> tuple[list[str], list[Text]]:
    """Names of models, and the texts of other files."""
    names: list[str] = []
    texts: list[Text] = []
    for given in paths:
        path = Path(given)
        if given == "-":
            texts.append(Text("<stdin>", sys.stdin.read()))
        elif path.suffix != ".sql" and not path.is_dir():
            names.append(given)
        else:
            for file in sorted(path.rglob("*.sql")) if path.is_dir() else [path]:
                if not keep_paths and project and file.resolve().is_relative_to(project.models.resolve()):
                    names.append(file.stem)
                else:
                    texts.append(Text(str(file), _read(file)))
    return names, texts


def _read(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise MissingFile(f"{path} cannot be read: {error}") from error


def _say(findings: Sequence[Finding], *, json: bool) -> None:
    counts = Counter(finding.severity for finding in findings)
    if json:
        print_json({"findings": [dataclasses.asdict(each) for each in findings], "counts": counts})
    else:
        sys.stdout.write("\n\n".join(map(str, findings)) + ("\n" if findings else ""))
    words = " · ".join(f"{number} {severity}" for severity, number in counts.items())
    prose().print(
        f"{count(len(findings), 'finding')}: {words}" if findings else "nothing found", markup=False
    )
