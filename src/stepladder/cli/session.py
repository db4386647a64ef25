"""Opens what a verb works on: the project, the target, the database."""

from __future__ import annotations

from stepladder.cli.output import prose
from stepladder.config import Project, Target, find_project, resolve_target
from stepladder.db import Database, connect
from stepladder.errors import ConfigError


def open_target(name: str | None, *, read_only: bool = False, must_exist: bool = False) -> Database:
    """Connect to a target, and say which on standard error. `must_exist` refuses a SQLite file that is not there."""
    target = resolve_target(name, find_project())
    if must_exist:
        refuse_missing(target)
    prose().print(f"target {target}", style="dim", markup=False)
    return connect(target, read_only=read_only)


def refuse_missing(target: Target) -> None:
    """ConfigError for a SQLite file that is not there: SQLite would make an empty one."""
    if target.is_sqlite and target.path is not None and not target.path.exists():
        raise ConfigError(
            f"target {target}: there is no file {target.path}. Nothing was written. "
            "A load makes it: stepladder load FILE --into TABLE --mode append --create; or a CREATE TABLE by stepladder query"
        )


def headline(project: Project, db: Database) -> str:
    """The first line of every plan and run."""
    return f"{project.name} · {db.target.name or 'target'} ({db.server()}) · {project.timezone}"
