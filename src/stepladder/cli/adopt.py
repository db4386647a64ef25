"""`stepladder adopt FILE [--apply]`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.text import Text

from stepladder.adopt import ColumnPlan, Obstacle, Plan, TablePlan, adopt, examine
from stepladder.cli.output import count, data, print_json, prose, table
from stepladder.errors import UsageError


def command(arguments: argparse.Namespace) -> int:
    path = Path(arguments.file)
    said = _said(arguments.type)
    work = adopt if arguments.apply else examine
    with _bar() as bar:
        task = bar.add_task(path.name, total=None)

        def progress(name: str, rows: int) -> None:
            bar.update(task, description=name, advance=rows)

        plan = work(path, said, arguments.leave, progress)
    applied = bool(arguments.apply and not plan.obstacles and (plan.tables or plan.views))
    if arguments.json:
        print_json(_record(path, plan, applied=applied))
    else:
        _say(path, plan, applied=applied)
    return int(bool(plan.obstacles))


def _said(given: Sequence[str]) -> dict[str, str]:
    """`table.column=type` by table and column."""
    found = {}
    for each in given:
        place, equals, words = each.partition("=")
        if not equals or "." not in place or not words:
            raise UsageError(
                f"--type takes TABLE.COLUMN=TYPE, as orders.at=timestamptz; not {each!r}. Nothing was written."
            )
        if place in found:
            raise UsageError(f"--type says {place} twice. Nothing was written.")
        found[place] = words
    return found


def _bar() -> Progress:
    console = prose()
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        MofNCompleteColumn(),
        TextColumn("rows"),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def _say(path: Path, plan: Plan, *, applied: bool) -> None:
    say, tell = data(), prose()
    for each in plan.tables:
        say.print(Text(each.name, style="bold").append(f"  {count(each.rows, 'row')}", style="dim"))
        say.print(
            table(["  column", "declared", "type", "because"], [_row(column) for column in each.columns])
        )
        say.print()
    for obstacle in plan.obstacles:
        say.print(Text(_words(obstacle)))
    for notice in plan.notices:
        tell.print(notice, style="dim", markup=False)
    tell.print(_end(path, plan, applied=applied), markup=False)


def _row(column: ColumnPlan) -> tuple[str, ...]:
    because = column.reading.because
    because += f"; {count(column.converted, 'value')} written in another form" if column.converted else ""
    return ("  " + column.name, column.declared, str(column.type), because)


def _words(obstacle: Obstacle) -> str:
    held = (
        ""
        if obstacle.value is None
        else f"holds {obstacle.value}, which "
        if obstacle.value != "NULL"
        else "holds NULL: "
    )
    more = f" ({obstacle.count} such values)" if obstacle.count > 1 else ""
    return f"✗ {obstacle.place}: {held}{obstacle.why}{more}\n    {obstacle.instead}"


def _end(path: Path, plan: Plan, *, applied: bool) -> str:
    if plan.obstacles:
        return f"{path}: {count(len(plan.obstacles), 'thing')} in the way. Nothing was written."
    if not plan.tables and not plan.views:
        return f"{path}: no table to adopt. Nothing was written."
    told = f"{count(len(plan.tables), 'table')}, {count(plan.rows, 'row')}"
    if applied:
        return f"{path}: {told} adopted, every value compared"
    return f"{path}: {told} can be adopted. Nothing was written; --apply rewrites the file."


def _record(path: Path, plan: Plan, *, applied: bool) -> dict[str, object]:
    return {
        "file": str(path),
        "applied": applied,
        "tables": [_table(each) for each in plan.tables],
        "views": [
            {
                "name": each.name,
                "columns": [{"name": c.name, "type": str(c.type)} for c in each.definition.columns],
            }
            for each in plan.views
        ],
        "left": list(plan.left),
        "obstacles": [
            {
                name: getattr(each, name)
                for name in ("table", "column", "row", "value", "why", "instead", "count")
            }
            for each in plan.obstacles
        ],
        "notices": list(plan.notices),
    }


def _table(each: TablePlan) -> dict[str, object]:
    return {
        "name": each.name,
        "rows": each.rows,
        "columns": [
            {
                "name": column.name,
                "declared": column.declared,
                "type": str(column.type),
                "because": column.reading.because,
                "converted": column.converted,
            }
            for column in each.columns
        ],
    }
