"""`stepladder plan`."""

from __future__ import annotations

import argparse

from rich.table import Table
from rich.text import Text

from stepladder.cli.output import count, data, print_json, prose
from stepladder.cli.session import headline, open_target
from stepladder.cli.span import check_dates, day, prepared
from stepladder.config import Project, require_project
from stepladder.pipelines import Plan, Work

_SHOWN = 4


def command(arguments: argparse.Namespace) -> int:
    project = require_project()
    check_dates(arguments, project)
    with open_target(arguments.target, read_only=True, must_exist=True) as db:
        ready = prepared(arguments, db, project)
        plan = ready.plan
        if arguments.json:
            print_json(plan_json(plan, str(db.target)))
            return 0
        prose().print(f"{headline(project, db)} · now {plan.now:%Y-%m-%d %H:%M}Z", markup=False)
    data().print(_table(plan, project))
    for warning in (each for bound in ready.bound for each in bound.warnings):
        prose().print(f"\n{warning}", markup=False, style="yellow")
    pieces = len(plan.work)
    prose().print(
        f"\n{count(pieces, 'piece')} of work. Nothing was written."
        if pieces
        else "\nEverything is up to date."
    )
    return 0


def plan_json(plan: Plan, target: str) -> dict[str, object]:
    """The plan as the contract's JSON object."""
    return {
        "target": target,
        "now": plan.now,
        "models": [
            {
                "name": model.name,
                "kind": model.kind,
                "intervals": [
                    {"start": work.start, "end": work.end, "action": "run", "reasons": list(work.reasons)}
                    for work in sorted(model.work, key=lambda work: work.start)
                ],
            }
            for model in plan.models
        ],
    }


def _table(plan: Plan, project: Project) -> Table:
    found = Table(box=None, show_header=False, pad_edge=False)
    for model in plan.models:
        todo = (
            f"{count(len(model.work), 'interval')} of {len(model.work) + model.up_to_date:,}"
            if model.work
            else "up to date"
        )
        found.add_row(
            Text(f"  {model.name}", style="blue"),
            Text(model.kind, style="dim"),
            todo,
            _reasons(model.work, project),
        )
    return found


def _reasons(work: tuple[Work, ...], project: Project) -> Text:
    by_reason: dict[str, list[str]] = {}
    for item in sorted(work, key=lambda item: item.start):
        name = "" if item.start.year < 2 else day(item.start, project)
        by_reason.setdefault(", ".join(item.reasons), []).append(name)
    parts = []
    for reason, days in by_reason.items():
        shown = f"{days[0]} … {days[-1]}" if len(days) > _SHOWN else ", ".join(days)
        parts.append(f"{reason} {shown}".strip())
    return Text(" · ".join(parts), style="yellow")
