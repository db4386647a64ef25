"""When there is something to do. Pure: clocks are values here, nothing sleeps.

The grid is the schedule: an interval is due at its end, and `wait` later where the model says so. What was missed is
due already, so there is nothing to catch up, and no day is skipped or doubled when clocks are changed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from stepladder.pipelines.grid import floor, following
from stepladder.pipelines.model import Model

# A clock that is set, or a machine that was suspended, is noticed within this time.
LONGEST_SLEEP = dt.timedelta(seconds=60)
# Behind the due instant: a server's clock may be a little behind ours.
MARGIN = dt.timedelta(seconds=1)


def next_due(models: Iterable[Model], zone: str, now: dt.datetime) -> dt.datetime | None:
    """The first instant after `now` at which an interval of any model comes due; None where no model has a grid."""
    return min(
        (
            following(floor(now - model.wait, model.every, zone), model.every, zone) + model.wait
            for model in models
            if model.every
        ),
        default=None,
    )


def next_start(models: Iterable[Model], zone: str, now: dt.datetime, recheck: dt.timedelta) -> dt.datetime:
    """When to run next: as soon as something comes due, and after `recheck` at the latest, for rows that come late."""
    due = next_due(models, zone, now)
    return now + recheck if due is None else min(due + MARGIN, now + recheck)


def nap(now: dt.datetime, until: dt.datetime) -> float:
    """How many seconds to sleep before the clock is looked at again; 0 when it is time."""
    return min(max(until - now, dt.timedelta()), LONGEST_SLEEP).total_seconds()


def pause_after(failures: int, recheck: dt.timedelta) -> dt.timedelta:
    """How long to wait before a database that failed so many times in a row is asked again: 1, 2, 4 … seconds, five
    minutes and `recheck` at most."""
    return min(dt.timedelta(seconds=2 ** min(failures - 1, 20)), dt.timedelta(minutes=5), recheck)
