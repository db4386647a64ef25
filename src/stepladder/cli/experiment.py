"""`stepladder experiment analyze | report | size | validate NAME`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from stepladder.cli.experiment_page import write_page
from stepladder.cli.experiment_words import gate_lines, metric_table, size_table, validation_table
from stepladder.cli.output import data, print_json, prose
from stepladder.cli.session import open_target
from stepladder.config import Project, find_project, nearest, require_project
from stepladder.errors import MissingFile
from stepladder.experiments import Experiment, Readout, read_experiment
from stepladder.pipelines import local_instant


def command(arguments: argparse.Namespace) -> int:
    return _STEPS[arguments.step](arguments)


def _analyze(arguments: argparse.Namespace) -> int:
    declaration = read_experiment(_path(arguments.name))
    until = _moment(arguments.until)
    with open_target(arguments.target, must_exist=True) as db:
        experiment = Experiment(db, declaration)
        if arguments.sql:
            data().print(experiment.sql(), markup=False, soft_wrap=True)
            return 0
        found = experiment.analyze(until=until, store=not arguments.no_store)
    if arguments.json:
        print_json(found.to_dict())
    else:
        _show(found)
    return 0 if found.ok else 1


def _report(arguments: argparse.Namespace) -> int:
    project = require_project()
    declaration = read_experiment(_path(arguments.name))
    until = _moment(arguments.until)
    with open_target(arguments.target, must_exist=True) as db:
        found = Experiment(db, declaration).analyze(until=until)
        page = write_page(found, declaration, project, str(db.target))
    if arguments.json:
        print_json(found.to_dict() | {"report": str(page)})
    else:
        prose().print(found.verdict, markup=False)
        prose().print(f"wrote {page}", markup=False)
    return 0 if found.ok else 1


def _size(arguments: argparse.Namespace) -> int:
    declaration = read_experiment(_path(arguments.name))
    with open_target(arguments.target, read_only=True, must_exist=True) as db:
        found = Experiment(db, declaration).size(effect=arguments.effect, power=arguments.power)
    if arguments.json:
        print_json(found.to_dict())
        return 0
    data().print(size_table(found))
    for note in found.notes:
        prose().print(note, markup=False)
    return 0


def _validate(arguments: argparse.Namespace) -> int:
    declaration = read_experiment(_path(arguments.name))
    with open_target(arguments.target, read_only=True, must_exist=True) as db:
        found = Experiment(db, declaration).validate(draws=arguments.draws, seed=arguments.seed)
    if arguments.json:
        print_json(found.to_dict())
    else:
        data().print(validation_table(found))
        prose().print(found.verdict, markup=False)
    return 0 if found.ok else 1


_STEPS: dict[str, Callable[[argparse.Namespace], int]] = {
    "analyze": _analyze,
    "report": _report,
    "size": _size,
    "validate": _validate,
}


def _path(name: str) -> Path:
    """The experiment's file. Raises MissingFile with the nearest name."""
    if name.endswith(".toml"):
        return Path(name)
    project: Project = require_project()
    folder = project.folder / "experiments"
    path = folder / f"{name}.toml"
    if not path.is_file():
        known = sorted(each.stem for each in folder.glob("*.toml"))
        raise MissingFile(
            f"there is no experiment {name!r}: no file {path}.{nearest(name, known)} There are: {', '.join(known) or 'none'}."
        )
    return path


def _moment(text: str | None) -> datetime | None:
    project = find_project()
    return None if text is None else local_instant(text, project.timezone if project else "UTC")


def _show(found: Readout) -> None:
    say = prose()
    say.print(f"\n{found.verdict}\n", markup=False)
    for line in gate_lines(found):
        say.print(line)
    for metric in found.metrics.values():
        data().print(metric_table(metric))
    for note in found.notes:
        say.print(note, style="dim", markup=False)
