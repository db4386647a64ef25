"""`stepladder schedule`."""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Callable
from contextlib import nullcontext
from zoneinfo import ZoneInfo

from rich.console import Console

from stepladder import ledger
from stepladder.cli.health import Page, address, serving
from stepladder.cli.output import print_json, prose, to_json
from stepladder.cli.run import print_step, run_json, summary
from stepladder.cli.session import headline, open_target
from stepladder.cli.status import status_json
from stepladder.cli.timers import call, text
from stepladder.config import Project, require_project
from stepladder.db import Database
from stepladder.errors import Error
from stepladder.pipelines import (
    Pulse,
    RunResult,
    Selection,
    Watcher,
    duration,
    in_order,
    loop,
    prepare,
    read_models,
    read_status,
    run,
    select,
)

_RECHECK = "15 min"


def command(arguments: argparse.Namespace) -> int:
    project = require_project()
    asked = Selection(arguments.models, arguments.exclude)
    models = select(in_order(read_models(project)), asked)
    if arguments.kind:
        called = call(project.name, project.folder, project.timezone, models, arguments.target, _words(asked))
        prose().print("the text for your scheduler is on standard output; nothing was installed", style="dim")
        print(text(arguments.kind, called), end="")  # noqa: T201
        return 0
    recheck = duration(arguments.recheck or project.recheck or _RECHECK)
    where = address(arguments.health) if arguments.health else None
    with open_target(arguments.target, must_exist=True) as db:
        say, pulse = prose(), Pulse()
        say.print(headline(project, db), markup=False)
        with serving(*where, _pages(db, project, pulse)) if where else nullcontext() as port:
            if where:
                say.print(f"health on http://{where[0]}:{port}/live, /ready, /status.json", style="dim")
            loop(
                lambda: select(in_order(read_models(project)), asked),
                _run(asked, db, project, say),
                zone=project.timezone,
                recheck=recheck,
                watcher=_Said(say, project, json=arguments.json),
                pulse=pulse,
            )
    return 0


def _words(asked: Selection) -> list[str]:
    return [*asked.words, *(word for name in asked.exclude for word in ("--exclude", name))]


def _run(asked: Selection, db: Database, project: Project, say: Console) -> Callable[[], RunResult]:
    def once() -> RunResult:
        ready = prepare(db, project, names=asked)
        return run(db, project, ready, on_step=lambda step: print_step(say, step, project))

    return once


class _Said(Watcher):
    """Says on standard error what the loop does, each line with the time of the project's zone."""

    def __init__(self, say: Console, project: Project, *, json: bool) -> None:
        self._say, self._zone, self._json = say, ZoneInfo(project.timezone), json

    def ran(self, result: RunResult, until: dt.datetime) -> None:
        said = summary(result).removesuffix(".")
        self._line(f"{said}. Next run {until.astimezone(self._zone):%Y-%m-%d %H:%M:%S}.")
        if self._json and result.steps:
            print_json(run_json(result))

    def failed(self, error: Error, pause: dt.timedelta) -> None:
        self._line(f"{error.message}\n      tried again in {pause.total_seconds():.0f} s")

    def _line(self, text: str) -> None:
        now = dt.datetime.now(self._zone)
        self._say.print(f"{now:%Y-%m-%d %H:%M:%S}  {text}", markup=False)


def _pages(db: Database, project: Project, pulse: Pulse) -> dict[str, Page]:
    def live() -> tuple[int, str, str]:
        return (
            (200, "text/plain", "alive\n") if pulse.alive else (503, "text/plain", "the loop stands still\n")
        )

    def ready() -> tuple[int, str, str]:
        try:
            db.options(statement_timeout=5.0).steps_taken(ledger.PART)
        except Error as error:
            return 503, "text/plain", f"{error.message}\n"
        return 200, "text/plain", "ready\n"

    def status() -> tuple[int, str, str]:
        try:
            models = in_order(read_models(project))
            found = status_json(read_status(db.options(statement_timeout=5.0), project, models))
        except Error as error:
            return 503, "application/json", to_json({"error": error.message}) + "\n"
        found["loop"] = {
            "alive": pulse.alive,
            "working": pulse.working,
            "next_run": pulse.next_start,
            "error": pulse.last_error,
        }
        return 200, "application/json", to_json(found) + "\n"

    return {"/live": live, "/ready": ready, "/status.json": status}
