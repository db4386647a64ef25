"""`stepladder run`."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from rich.console import Console
from rich.text import Text

from stepladder.cli.output import count, print_json, prose
from stepladder.cli.running import shown_running
from stepladder.cli.session import headline, open_target
from stepladder.cli.span import check_dates, prepared, when
from stepladder.config import Project, require_project
from stepladder.errors import UsageError
from stepladder.pipelines import MAX_REBUILD, Plan, RunResult, Step, rename, run

_SIGNS = {
    "done": ("✓", "green"),
    "unchanged": ("·", "dim"),
    "elsewhere": ("✓", "dim"),
    "failed": ("✗", "red"),
    "waits": ("–", "yellow"),
    "held": ("–", "yellow"),
}
HELD = 5


def command(arguments: argparse.Namespace) -> int:
    project = require_project()
    check_dates(arguments, project)
    say = prose()
    with open_target(arguments.target, must_exist=True) as db:
        if arguments.rename:
            rename(db, project, *arguments.rename)
        ready = prepared(arguments, db, project)
        say.print(headline(project, db), markup=False)
        refuse_big_rebuild(ready.plan, arguments)
        with shown_running(say, project, ready.facts.usual_seconds()) as running:

            def over(step: Step) -> None:
                running.end(step)
                print_step(say, step, project)

            result = run(
                db,
                project,
                ready,
                wait_seconds=arguments.wait,
                jobs=arguments.jobs,
                limit=arguments.limit,
                on_start=running.begin,
                on_step=over,
            )
    say.print(summary(result), markup=False)
    if arguments.json:
        print_json(run_json(result))
    return exit_code(result)


def refuse_big_rebuild(plan: Plan, arguments: argparse.Namespace) -> None:
    """Raise UsageError where an edit would redo a long history, unless that is what was asked for."""
    rebuilt = plan.rebuilt()
    if not rebuilt or arguments.yes or arguments.forward or arguments.rebuild:
        return
    listed = "\n".join(f"  {name}: {number:,} intervals" for name, number in rebuilt.items())
    raise UsageError(
        f"changed code would redo more than {MAX_REBUILD} intervals:\n{listed}\nNothing was written. Do so: --yes. "
        "Leave what older code has made, and give new intervals the new code: --forward"
    )


def exit_code(result: RunResult) -> int:
    """The highest code of what failed; 5, the weakest, when another run still holds something."""
    codes = [
        error.exit_code
        for step in result.steps
        if step.state == "failed" and (error := step.error) is not None
    ]
    if codes:
        return max(codes)
    return HELD if result.count("held") else 0


def print_step(say: Console, step: Step, project: Project) -> None:
    """One line for each piece of work that is over, and the reason below it where it failed."""
    sign, style = _SIGNS[step.state]
    line = Text(f"  {sign} ", style=style)
    line.append(f"{step.work.model:<22} ", style="blue")
    line.append(f"{when(step.work, project):<11} ")
    line.append(_words(step), style="" if step.state == "done" else style)
    say.print(line)
    if step.error is not None:
        say.print(Text("\n".join(f"      {part}" for part in step.error.message.splitlines())))
        if step.state == "failed":
            say.print(Text("      rolled back: the table holds what it held before", style="dim"))


def summary(result: RunResult) -> str:
    """The last line: what came of how many."""
    if not result.steps:
        return "Everything is up to date."
    words = {
        "done": "done",
        "unchanged": "fell away",
        "elsewhere": "done by another run",
        "failed": "failed",
        "waits": "waiting",
        "held": "held by another run",
    }
    parts = [f"{number:,} {word}" for state, word in words.items() if (number := result.count(state))]
    return f"{' · '.join(parts)} · {result.seconds:.1f} s · run {result.run_id}"


def _words(step: Step) -> str:
    if step.outcome is None:
        return {
            "unchanged": "nothing that it reads has changed",
            "elsewhere": "another run did it meanwhile",
            "failed": "failed",
            "waits": "waits for what it reads, or for a mended model",
            "held": "another live run holds it",
        }[step.state]
    done = step.outcome
    change = f"+{done.wrote:,} −{done.removed:,}" if done.wrote or done.removed else "no change"
    return f"{done.seconds:6.2f} s  {count(done.rows, 'row'):>12}  {change}"


def run_json(result: RunResult) -> dict[str, object]:
    """What a run came to, as one object."""
    return {
        "run": result.run_id or None,
        "seconds": round(result.seconds, 3),
        "steps": [
            {
                "model": step.work.model,
                "start": step.work.start,
                "end": step.work.end,
                "state": step.state,
                "reasons": list(step.work.reasons),
                "outcome": asdict(step.outcome) if step.outcome else None,
                "error": step.error.message if step.error else None,
            }
            for step in result.steps
        ],
    }
