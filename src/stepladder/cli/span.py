"""--start, --end and --now as instants."""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

from stepladder.config import Project
from stepladder.db import Database
from stepladder.pipelines import Prepared, Selection, Wishes, Work, local_instant, prepare, states_of

Moment = dt.datetime | None


def prepared(arguments: argparse.Namespace, db: Database, project: Project) -> Prepared:
    """Models bound and planned, as the options ask. Raises UsageError for a wrong date, ModelError."""
    start, end, now = (moment(text, project) for text in (arguments.start, arguments.end, arguments.now))

    def planned(names: Sequence[str] | Selection) -> Prepared:
        return prepare(db, project, names=names, asked=(start, end), now=now, wishes=wishes(arguments))

    return planned(replace(selection(arguments), states=lambda: states_of(planned(()).plan)))


def selection(arguments: argparse.Namespace) -> Selection:
    """The models that the options mean."""
    return Selection(arguments.models, arguments.exclude, arguments.upstream)


def wishes(arguments: argparse.Namespace) -> Wishes:
    """What the options ask for beyond what has changed."""
    return Wishes(
        redo=arguments.redo, rebuild=arguments.rebuild, deep=arguments.deep, forward=arguments.forward
    )


def check_dates(arguments: argparse.Namespace, project: Project) -> None:
    """Raise UsageError for a wrong date, before anything is opened."""
    for text in (arguments.start, arguments.end, arguments.now):
        moment(text, project)


def moment(text: str | None, project: Project) -> Moment:
    """An option's date or time as an instant; None where it is not given. Raises UsageError."""
    return None if text is None else local_instant(text, project.timezone)


def when(work: Work, project: Project) -> str:
    """A piece of work's start as people name it; nothing for a table that is made whole."""
    return "" if work.start.year < 2 else day(work.start, project)


def day(instant: dt.datetime, project: Project) -> str:
    """An interval's start as people name it: a date, with the hour where it does not begin at midnight."""
    local = instant.astimezone(ZoneInfo(project.timezone))
    return f"{local:%Y-%m-%d}" if (local.hour, local.minute) == (0, 0) else f"{local:%Y-%m-%d %H:%M}"
