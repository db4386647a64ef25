"""Whether a target is fit for work: findings, each with its remedy. Nothing is made, nothing is written.

Rights are asked for with PostgreSQL's has_…_privilege functions and the file's mode, never tried out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from stepladder.config import Target
from stepladder.db import embedded, marks, type_catalogue
from stepladder.db.database import Database, connect
from stepladder.db.health import sqlite as health_sqlite
from stepladder.db.health.findings import Finding, fail, ok, warn
from stepladder.errors import Error, UsageError


def examine(
    target: Target, *, pool_size: int = 10, steps: Mapping[str, int] | None = None
) -> tuple[Finding, ...]:
    """What is found about a target. `steps`: how far this version's tables go, by part, beside those of this floor.

    A database that cannot be reached is a finding too.
    """
    missing = _not_made(target)
    if missing is not None:
        return (missing,)
    left = tuple(health_sqlite.left_over(target.path)) if target.is_sqlite and target.path else ()
    try:
        with _reader(target) as db:
            with db._connection() as connection:
                found = connection.examine(target, pool_size)
            ours = () if any(each.state == "fail" for each in found) else _steps(db, steps or {})
            return (ok("connection", f"{db.server()} answers"), *left, *found, *ours)
    except Error as error:
        said, *rest = error.message.splitlines()
        remedy = " ".join(rest) or "see that it runs, and what the target's URL says"
        code = error.exit_code if isinstance(error, UsageError) else 3
        return (*left, fail("connection", said, remedy, exit_code=code))


def _not_made(target: Target) -> Finding | None:
    """SQLite and the embedded server would make what is not there."""
    if target.path is None:
        return None
    place = embedded.cluster_folder(target.path) if target.driver == "embedded" else target.path
    if place.exists():
        return None
    what = "cluster" if target.driver == "embedded" else "file"
    folder = place.parent
    if target.driver == "sqlite3" and not folder.is_dir():
        return fail("file", f"there is no folder {folder}", f"make it: mkdir -p {folder}")
    return warn(
        "file",
        f"there is no {what} {target.path} yet",
        "the first load or run makes it: stepladder load FILE --into TABLE --mode append --create",
    )


@contextmanager
def _reader(target: Target) -> Iterator[Database]:
    """A database of one connection that cannot write; a SQLite file is opened so that it stays as it is."""
    if target.is_sqlite and target.path is not None:
        joint = "&" if "?" in target.url else "?"
        target = replace(target, url=f"{target.url}{joint}{health_sqlite.reading_option(target.path)}")
    with connect(target, pool_size=1, read_only=True) as db:
        yield db


def _steps(db: Database, others: Mapping[str, int]) -> Iterator[Finding]:
    """How far the target's own tables of ours have come, against what this version knows."""
    known = {**others, "marks": len(marks.STEPS), "type catalogue": len(type_catalogue.STEPS)}
    for part, last in known.items():
        done = db.steps_taken(part)
        if done > last:
            yield fail(
                "our tables",
                f"the target's tables ({part}) are at step {done}, and this version knows {last}",
                "install the newer version of Stepladder",
            )
        elif done:
            later = "" if done == last else f" of {last}; the next write takes the rest"
            yield ok("our tables", f"{part} is at step {done}{later}")
