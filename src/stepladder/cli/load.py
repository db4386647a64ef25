"""`stepladder load FILE --into TABLE --mode M`."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from stepladder.cli.output import count, print_json, prose
from stepladder.cli.session import open_target
from stepladder.cli.values import named_values
from stepladder.db import Database, LoadResult
from stepladder.errors import UndefinedTable
from stepladder.files import open_source
from stepladder.sql import Column


def command(arguments: argparse.Namespace) -> int:
    open_source(
        arguments.file, format=arguments.format
    )  # a missing file is said before a new database is made
    say = prose()
    with open_target(arguments.target) as db, _bar() as bar:
        makes = arguments.create and not _exists(db, arguments.into)
        task = bar.add_task(arguments.file, total=None)
        result = db.load(
            str(arguments.file),
            arguments.into,
            mode=arguments.mode,
            key=arguments.key,
            where=arguments.where,
            params=named_values(arguments.param),
            create=arguments.create,
            format=arguments.format,
            on_duplicate=arguments.on_duplicate,
            once=arguments.once,
            rejects=arguments.rejects,
            progress=lambda rows, read, size: bar.update(task, completed=read or rows, total=size),
        )
        made = db.columns(arguments.into) if makes and not result.skipped else ()
    if arguments.json:
        print_json(asdict(result))
        return 0
    say.print(_words(arguments, result), markup=False)
    if made:
        say.print(f"made {arguments.into}: {', '.join(map(_shown, made))}", markup=False)
    if made and all(column.type.name == "text" for column in made):
        say.print("All of it is text. To have other types, drop it, make it by CREATE TABLE, and load again.")
    return 0


def _exists(db: Database, table: str) -> bool:
    try:
        return bool(db.columns(table))
    except UndefinedTable:
        return False


def _shown(column: Column) -> str:
    return f"{column.name} {column.type}"


def _bar() -> Progress:
    console = prose()
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def _words(arguments: argparse.Namespace, result: LoadResult) -> str:
    if result.skipped:
        return f"nothing done: a load with the token {arguments.once!r} has succeeded before"
    parts = [f"{count(result.inserted, 'row')} inserted"]
    parts += [f"{count(result.updated, 'row')} updated"] if result.updated else []
    parts += [f"{count(result.deleted, 'row')} deleted"] if result.deleted else []
    parts += [f"{count(result.duplicates, 'duplicate')} left out"] if result.duplicates else []
    parts += (
        [f"{count(result.rejected, 'line')} kept aside in {arguments.into}_rejects"]
        if result.rejected
        else []
    )
    return f"{arguments.into}: {', '.join(parts)} · {result.seconds:.1f} s"
