"""`stepladder plan`."""

from __future__ import annotations

import argparse

from rich.table import Table
from rich.text import Text

from stepladder.cli.output import count, data, print_json, prose
from stepladder.cli.session import headline, open_target
from stepladder.cli.span import check_dates, prepared, when
from stepladder.config import Project, require_project
from stepladder.pipelines import ModelPlan, Plan, Prepared, Work, unwatched

_SHOWN = 4


def command(arguments: argparse.Namespace) -> int:
    project = require_project()
    check_dates(arguments, project)
    with open_target(arguments.target, read_only=True, must_exist=True) as db:
        ready = prepared(arguments, db, project)
        plan = ready.plan
        if arguments.json:
            print_json(plan_json(plan, str(db.target)))
            return int(bool(plan.work) and arguments.fail_if_work)
        prose().print(f"{headline(project, db)} · now {plan.now:%Y-%m-%d %H:%M}Z", markup=False)
    data().print(_table(ready, project))
    for line in _remarks(ready):
        prose().print(f"  {line}", markup=False, style="dim")
    for warning in (each for bound in ready.bound for each in bound.warnings):
        prose().print(f"\n{warning}", markup=False, style="yellow")
    prose().print(f"\n{_summary(ready, arguments)}", markup=False)
    return int(bool(plan.work) and arguments.fail_if_work)


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
                    | ({"notes": list(work.notes)} if work.notes else {})
                    for work in sorted(model.work, key=lambda work: work.start)
                ],
            }
            for model in plan.models
        ],
    }


def _table(ready: Prepared, project: Project) -> Table:
    found = Table(box=None, show_header=False, pad_edge=False)
    every = {bound.model.name: bound.model.every for bound in ready.bound}
    for model in ready.plan.models:
        found.add_row(
            Text(f"  {model.name}", style="blue"),
            Text(every[model.name] or model.kind, style="dim"),
            _todo(model),
            _reasons(model.work, project),
        )
    return found


def _todo(model: ModelPlan) -> str:
    if not model.work:
        return "up to date"
    if model.work[0].start.year < 2:
        return "1 rebuild"
    return f"{count(len(model.work), 'interval')} of {len(model.work) + model.up_to_date:,}"


def _reasons(work: tuple[Work, ...], project: Project) -> Text:
    by_reason: dict[str, list[str]] = {}
    for item in sorted(work, key=lambda item: item.start):
        note = f" ({', '.join(item.notes)})" if item.notes else ""
        by_reason.setdefault(", ".join(item.reasons), []).append(f"{when(item, project)}{note}")
    parts = []
    for reason, days in by_reason.items():
        shown = f"{days[0]} … {days[-1]}" if len(days) > _SHOWN else ", ".join(days)
        parts.append(f"{reason} {shown.strip()}".strip())
    return Text(" · ".join(parts), style="yellow")


def _remarks(ready: Prepared) -> list[str]:
    """What is not seen, and what the project no longer has."""
    found = [
        f"{bound.model.name}: {', '.join(table.sql for table in tables)} is read whole and not watched"
        for bound in ready.bound
        if (tables := unwatched(bound, ready.models))
    ]
    for name, new in ready.plan.removed:
        renamed = f"Renamed? stepladder run --rename {name} {new}. " if new else ""
        found.append(
            f"{name} is no longer in the project; its table is left alone. {renamed}To let go of both: stepladder drop {name}"
        )
    return found


def _summary(ready: Prepared, arguments: argparse.Namespace) -> str:
    work, usual = ready.plan.work, ready.facts.usual_seconds()
    back = (
        ""
        if arguments.deep or arguments.start
        else " --deep compares the sources of all intervals, however old."
    )
    if not work:
        return f"Everything is up to date.{back}"
    models = len({each.model for each in work})
    known = [usual[each.model] for each in work if each.model in usual]
    about = f", about {sum(known) * len(work) / len(known):,.0f} s by past runs" if known else ""
    return (
        f"{count(len(work), 'piece')} of work in {count(models, 'model')}{about}. Nothing was written.{back}"
    )
