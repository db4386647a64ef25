"""`stepladder diff MODEL`."""

from __future__ import annotations

import argparse
import datetime as dt
from zoneinfo import ZoneInfo

from rich.table import Table
from rich.text import Text

from stepladder.cli.output import count, data, print_json, prose, table
from stepladder.cli.session import headline, open_target
from stepladder.cli.span import day, moment
from stepladder.compare import Difference
from stepladder.config import Project, require_project
from stepladder.pipelines import ModelDiff, diff_model


def command(arguments: argparse.Namespace) -> int:
    project = require_project()
    asked = (moment(arguments.start, project), moment(arguments.end, project))
    with open_target(arguments.target, read_only=False, must_exist=True) as db:
        if arguments.against:
            with open_target(arguments.against, read_only=True, must_exist=True) as live:
                found = diff_model(db, project, arguments.model, asked=asked, live=live)
        else:
            found = diff_model(db, project, arguments.model, asked=asked)
        if not arguments.json:
            prose().print(headline(project, db), markup=False)
    if arguments.json:
        print_json(diff_json(found))
    else:
        _print(found, project)
    return 0 if found.equal else 1


def diff_json(found: ModelDiff) -> dict[str, object]:
    """The difference as one object."""
    return {
        "model": found.name,
        "target": found.target,
        "start": found.start,
        "end": found.end,
        "intervals": found.intervals,
        "key": list(found.key),
        "equal": found.equal,
        "rows": {"table": found.rows, "new": found.new_rows},
        "only_new": found.only_new,
        "only_old": found.only_old,
        "changed": found.changed,
        "columns": dict(found.columns),
        "shape": [
            {"column": one.column, "table": one.left, "new": one.right, "reason": one.reason}
            for one in found.shape
        ],
        "first": [
            {
                "key": None if one.key is None else dict(zip(found.key, one.key, strict=True)),
                "column": one.column,
                "table": one.left,
                "new": one.right,
                "reason": one.reason,
            }
            for one in found.first
        ],
        "code": list(found.code),
    }


def _print(found: ModelDiff, project: Project) -> None:
    say = prose()
    say.print(_head(found, project), markup=False)
    if found.code:
        say.print("code, since the table was made:", style="dim")
        for line in found.code:
            style = {"+": "green", "-": "red"}.get(line[0], "dim")
            say.print(Text(f"  {line}", style=style))
    for one in found.shape:
        say.print(Text(f"✗ {_shape(one)}", style="yellow"))
    if found.equal:
        say.print(Text("✓ no difference: a run would change nothing", style="green"))
        return
    columns = ", ".join(f"{name} ({number:,})" for name, number in found.columns)
    say.print(
        f"only new {found.only_new:,} · only old {found.only_old:,} · changed {found.changed:,}"
        + (f" in: {columns}" if columns else ""),
        markup=False,
    )
    if found.first:
        data().print(_first(found, project))
    shown, all_ = len(found.first), found.only_new + found.only_old + sum(n for _, n in found.columns)
    if all_ > shown:
        say.print(f"the first {shown} of {all_:,} differences", style="dim")
    say.print("nothing was written", style="dim")


def _head(found: ModelDiff, project: Project) -> str:
    parts = [f"{found.name}: the code as it is now, against the table in {found.target.split(' (')[0]}"]
    if found.start and found.end:
        last = found.end - dt.timedelta(microseconds=1)
        days = f"{day(found.start, project)} to {last.astimezone(ZoneInfo(project.timezone)):%Y-%m-%d}"
        parts.append(f"{count(found.intervals, 'interval')}, {days}")
    parts.append(count(found.rows, "row"))
    parts.append(f"key ({', '.join(found.key)})" if found.key else "no key: whole rows are compared")
    return ", ".join(parts)


def _shape(one: Difference) -> str:
    return {
        "missing column": f"column {one.column} ({one.left}) is no more made",
        "extra column": f"column {one.column} ({one.right}) is new",
        "column type": f"column {one.column} is {one.left}, and would be {one.right}",
        "column position": f"column {one.column} is at place {one.left}, and would be at {one.right}",
    }.get(one.reason, one.line("table", "new"))


def _first(found: ModelDiff, project: Project) -> Table:
    zone = ZoneInfo(project.timezone)
    names = found.key or ("row",)
    rows = []
    for one in found.first:
        values = one.key if one.key is not None else (one.row,)
        left, right = _sides(one)
        rows.append([*(_local(value, zone) for value in values), one.column or "", left, right])
    return table([*names, "column", "table", "new code"], rows)


def _sides(one: Difference) -> tuple[object, object]:
    if one.column is not None:
        return one.left, one.right
    words = {"missing row": ("a row", "no row"), "extra row": ("no row", "a row")}
    return words.get(one.reason, (one.reason, ""))


def _local(value: object, zone: ZoneInfo) -> object:
    return value.astimezone(zone) if isinstance(value, dt.datetime) and value.tzinfo else value
