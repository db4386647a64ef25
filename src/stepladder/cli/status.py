"""`stepladder status`."""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Callable
from zoneinfo import ZoneInfo

from rich.table import Table
from rich.text import Text

from stepladder.cli.output import count, data, print_json, prose
from stepladder.cli.session import headline, open_target
from stepladder.cli.span import day
from stepladder.config import Project, require_project
from stepladder.ledger import PastRun
from stepladder.pipelines import (
    Mark,
    ModelStatus,
    Selection,
    Status,
    duration,
    in_order,
    read_models,
    read_status,
)

_BAR = {"done": "█", "failed": "▒", "running": "▓", "interrupted": "▒", "missing": "░"}
_STYLES = {
    "done": "green",
    "running": "yellow",
    "failed": "red",
    "interrupted": "red",
    "table gone": "red",
    "gone": "dim",
}
_LONGEST = 60  # characters of an error in the table; --json has all of it


def command(arguments: argparse.Namespace) -> int:
    project = require_project()
    age = None if arguments.max_age is None else duration(arguments.max_age)
    every = in_order(read_models(project))
    with open_target(arguments.target, read_only=True, must_exist=True) as db:
        status = read_status(
            db, project, every, Selection(arguments.models, arguments.exclude, upstream=False)
        )
        if not arguments.json:
            prose().print(f"{headline(project, db)} · now {_clock(status.now, project)}", markup=False)
    old = () if age is None else status.too_old(age)
    if arguments.json:
        print_json(status_json(status, old))
    else:
        _print(status, old, project, arguments.max_age)
    return 1 if old else 0


def status_json(status: Status, old: tuple[ModelStatus, ...] = ()) -> dict[str, object]:
    """The status as one object."""
    return {
        "target": status.target,
        "now": status.now,
        "has_run": status.has_run,
        "models": [_model_json(model) for model in status.models],
        "last_run": status.last_run and _run_json(status.last_run, status),
        "running": [_run_json(run, status) for run in status.running],
        "too_old": [model.name for model in old],
    }


def _model_json(model: ModelStatus) -> dict[str, object]:
    return {
        "name": model.name,
        "kind": model.kind,
        "every": model.every,
        "state": model.state,
        "last_good": model.last_good,
        "through": model.through,
        "usual_seconds": model.usual_seconds,
        "failed": model.failed,
        "missing": model.missing,
        "error": model.error,
        "waits_for": model.waits_for,
        "older_code": sum(code.intervals for code in model.older),
        "recent": [{"start": mark.start, "end": mark.end, "state": mark.state} for mark in model.recent],
    }


def _run_json(run: PastRun, status: Status) -> dict[str, object]:
    return {
        "run": run.run_id,
        "verb": run.verb,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        "state": "lost" if run.run_id in status.lost else run.state,
        "host": run.host,
        "pid": run.pid,
        "done": run.done,
        "failed": run.failed,
        "error": run.error,
    }


def _print(status: Status, old: tuple[ModelStatus, ...], project: Project, max_age: str | None) -> None:
    say = prose()
    if not status.has_run:
        say.print(
            "nothing has run on this target yet: `stepladder run` makes the tables, and a ledger beside them"
        )
    data().print(_table(status, project))
    if status.last_run is not None:
        say.print(f"\n{_last_run(status, status.last_run)} · running now: {_running(status)}", markup=False)
    if old:
        names = ", ".join(model.name for model in old)
        say.print(Text(f"✗ no good run within {max_age}: {names}", style="red"))


def _table(status: Status, project: Project) -> Table:
    found = Table(box=None, pad_edge=False, header_style="dim")
    found.add_column("  model")
    for name in ("last good", "through", f"last {_bar_length(status)}"):
        found.add_column(name)
    found.add_column("usual", justify="right")
    found.add_column("state", overflow="fold")
    for model in status.models:
        found.add_row(
            Text(f"  {model.name}", style="blue"),
            _moment(model.last_good, status.now, project),
            _through(model, project),
            _bar(model.recent),
            f"{model.usual_seconds:.1f} s" if model.usual_seconds is not None else "-",
            Text(_words(model, project), style=_STYLES.get(model.state, "yellow")),
        )
    return found


def _bar_length(status: Status) -> int:
    return max([14, *(len(model.recent) for model in status.models)])


def _bar(marks: tuple[Mark, ...]) -> Text:
    bar = Text()
    for mark in marks:
        bar.append(_BAR[mark.state], style=_STYLES.get(mark.state, "yellow"))
    return bar if marks else Text("-", style="dim")


def _words(model: ModelStatus, project: Project) -> str:
    say: dict[str, Callable[[], str]] = {
        "failed": lambda: _failed(model, project),
        "waits": lambda: f"waits for {model.waits_for}",
        "missing": lambda: f"{count(model.missing, 'interval')} to do",
        "interrupted": lambda: "interrupted: its run died, the next one takes over",
        "code": lambda: f"code changed: {_older(model, project)}",
        "done": lambda: f"done, {_older(model, project)}" if model.older else "done",
        "table gone": lambda: "its table is gone: the next run makes it anew",
        "gone": lambda: f"no file makes it any more: stepladder drop {model.name}",
    }
    return say.get(model.state, lambda: model.state)()


def _failed(model: ModelStatus, project: Project) -> str:
    said = (model.error or "failed").splitlines()[0]
    said = said if len(said) <= _LONGEST else f"{said[: _LONGEST - 1]}…"
    when = f"{day(model.failed_start, project)} " if model.every and model.failed_start else ""
    more = f" (and {model.failed - 1} more)" if model.failed > 1 else ""
    return f"{when}failed{more}: {said}"


def _older(model: ModelStatus, project: Project) -> str:
    if not model.every:
        return "made by older code"
    intervals = sum(code.intervals for code in model.older)
    last = max(code.last for code in model.older)
    return f"{count(intervals, 'interval')} up to {day(last, project)} made by older code"


def _last_run(status: Status, run: PastRun) -> str:
    state = "lost (its process is gone)" if run.run_id in status.lost else run.state
    parts = [f"last run {run.run_id} {state}", f"{run.done:,} done"]
    if run.failed:
        parts.append(f"{run.failed:,} failed")
    if run.ended_at is not None:
        parts.append(f"{(run.ended_at - run.started_at).total_seconds():.1f} s")
    return ", ".join(parts)


def _running(status: Status) -> str:
    runs = [f"{run.run_id} ({run.verb}, pid {run.pid} on {run.host})" for run in status.running]
    return ", ".join(runs) or "none"


def _through(model: ModelStatus, project: Project) -> str:
    """The last day that is whole; the end itself where intervals are hours."""
    if model.through is None:
        return "-"
    inside = model.through if model.every == "hour" else model.through - dt.timedelta(microseconds=1)
    local = inside.astimezone(ZoneInfo(project.timezone))
    return f"{local:%Y-%m-%d %H:%M}" if model.every == "hour" else f"{local:%Y-%m-%d}"


def _moment(instant: dt.datetime | None, now: dt.datetime, project: Project) -> str:
    if instant is None:
        return "-"
    zone = ZoneInfo(project.timezone)
    local = instant.astimezone(zone)
    today = local.date() == now.astimezone(zone).date()
    return f"today {local:%H:%M}" if today else f"{local:%Y-%m-%d %H:%M}"


def _clock(instant: dt.datetime, project: Project) -> str:
    return f"{instant.astimezone(ZoneInfo(project.timezone)):%Y-%m-%d %H:%M}"
