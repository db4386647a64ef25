"""`stepladder check [MODEL…]`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from rich.text import Text

from stepladder.cli.output import count, print_json, prose
from stepladder.cli.session import headline, open_target
from stepladder.cli.span import moment
from stepladder.config import require_project
from stepladder.errors import ConfigError
from stepladder.pipelines import (
    Checked,
    CheckedModel,
    Selection,
    check_models,
    in_order,
    read_models,
    select,
)


def command(arguments: argparse.Namespace) -> int:
    project = require_project()
    start, end = moment(arguments.start, project), moment(arguments.end, project)
    asked = Selection(arguments.models, arguments.exclude, upstream=False)
    models = select(in_order(read_models(project)), asked)
    with open_target(arguments.target, read_only=True, must_exist=True) as db:
        if not arguments.json:
            prose().print(headline(project, db), markup=False)
        found = check_models(db, project, models, start=start, end=end)
        target = str(db.target)
    if all(model.rows is None for model in found):
        raise ConfigError(
            f"no table of these models is on target {target} yet: nothing was asked. Make them: stepladder run"
        )
    if arguments.json:
        print_json(check_json(target, found))
    else:
        _print(found)
    return 1 if any(model.failed for model in found) else 0


def check_json(target: str, found: Sequence[CheckedModel]) -> dict[str, object]:
    """What was found, as one object."""
    return {
        "target": target,
        "models": [
            {
                "name": model.name,
                "rows": model.rows,
                "checks": [
                    {
                        "check": each.check,
                        "state": "holds" if each.holds else "failed",
                        "rows": each.rows,
                        "examples": list(each.examples),
                    }
                    for each in model.checks
                ],
            }
            for model in found
        ],
    }


def _print(found: Sequence[CheckedModel]) -> None:
    say = prose()
    width = max(len(model.name) for model in found)
    for model in found:
        sign, style, said = _said(model)
        line = Text(f"  {sign} ", style=style)
        line.append(f"{model.name:<{width}}  ", style="blue")
        line.append(said)
        say.print(line)
        for each in model.failed:
            say.print(Text(f"      check {each.check}: {_failed(each)}", style="red"))
    failed = sum(len(model.failed) for model in found)
    asked = sum(len(model.checks) for model in found)
    say.print(f"{count(asked, 'check')}, {failed} failed. Nothing was written.", markup=False)


def _said(model: CheckedModel) -> tuple[str, str, str]:
    if model.rows is None:
        return "–", "dim", "not made yet"
    if not model.checks:
        return "–", "dim", f"{count(model.rows, 'row')}; its header has neither key nor checks"
    sign, style = ("✗", "red") if model.failed else ("✓", "green")
    return sign, style, f"{count(model.rows, 'row')}, {count(len(model.checks), 'check')}"


def _failed(each: Checked) -> str:
    shown = "; ".join(", ".join(f"{name} = {value}" for name, value in row.items()) for row in each.examples)
    return f"{count(each.rows, 'row')}{f', e.g. {shown}' if shown else ''}"
