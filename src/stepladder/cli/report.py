"""`stepladder report`."""

from __future__ import annotations

import argparse
import datetime as dt
from pathlib import Path

from stepladder import __version__
from stepladder.cli.output import print_json, prose
from stepladder.cli.session import open_target
from stepladder.config import Project, require_project
from stepladder.db import Database
from stepladder.errors import ResourceError, UndefinedTable, UsageError
from stepladder.report import Day, Page, stakeholder_page

_DAYS = "SELECT date, total_users, total_sessions, avg_session_duration, avg_pages_per_session FROM daily_summaries ORDER BY date"


def command(arguments: argparse.Namespace) -> int:
    project = require_project()
    with open_target(arguments.target, read_only=True, must_exist=True) as db:
        path = write_report(db, project, dt.datetime.now(dt.UTC))
    if arguments.json:
        print_json({"report": str(path)})
    else:
        prose().print(f"wrote {path}", markup=False)
    return 0


def write_report(db: Database, project: Project, now: dt.datetime, notes: tuple[str, ...] = ()) -> Path:
    """Write the page, as of `now`, into the project's folder. Raises UsageError when there is no summary yet."""
    try:
        days = tuple(Day(*row) for row in db.query(_DAYS))
    except UndefinedTable as error:
        raise UsageError(
            "the report draws the table daily_summaries, which is not there. Make it first: stepladder run"
        ) from error
    page = Page(
        project=project.name,
        target=f"{db.target}, {db.server()}",
        timezone=project.timezone,
        generated_at=now,
        days=days,
        notes=notes,
        version=__version__,
    )
    path = project.folder / "reports" / "index.html"
    fresh = path.with_suffix(".new")
    try:
        path.parent.mkdir(exist_ok=True)
        fresh.write_text(stakeholder_page(page), encoding="utf-8")
        fresh.replace(path)  # a reader sees the old page or the new one
    except OSError as error:
        raise ResourceError(f"{path} cannot be written: {error.strerror}.", sqlstate="58030") from error
    return path
