"""The loop of `stepladder schedule`: run when something comes due, sleep, look again, until it is told to stop.

All it knows is in the ledger: it may be killed and started at any moment, and two of them do no harm.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from stepladder.errors import DatabaseError, Error, UsageError
from stepladder.pipelines.model import Model
from stepladder.pipelines.runner import RunResult
from stepladder.pipelines.schedule import nap, next_start, pause_after

_BEAT_LIFE = 90.0  # seconds


class Watcher:
    """Told of what the loop does; this one says nothing."""

    def ran(self, result: RunResult, until: dt.datetime) -> None:
        """A run is over, and nothing is due before `until`."""

    def failed(self, error: Error, pause: dt.timedelta) -> None:
        """A run could not be: the next try is after the pause."""


@dataclass(slots=True)
class Pulse:
    """What the loop's health is told by. Written by the loop, read by others."""

    beat: float = field(default_factory=time.monotonic)
    working: bool = False
    next_start: dt.datetime | None = None
    last_error: str | None = None

    @property
    def alive(self) -> bool:
        """Whether the loop has moved within 90 seconds, or is in a run, whose statements have limits of their own."""
        return self.working or time.monotonic() - self.beat < _BEAT_LIFE


def loop(
    models: Callable[[], tuple[Model, ...]],
    run: Callable[[], RunResult],
    *,
    zone: str,
    recheck: dt.timedelta,
    watcher: Watcher,
    pulse: Pulse,
    clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Run now, and whenever something comes due, for ever. `models` reads the project's files anew, `run` plans and runs.

    A first run that cannot be is raised; later the database is waited for with growing pauses, and files that cannot be
    read are said and left until they are mended. Ends by what is raised into it: KeyboardInterrupt.
    """
    failures = 0
    first = True
    while True:
        try:
            pulse.working = True
            result = run()
            until = next_start(models(), zone, clock(), recheck)
            failures, pulse.last_error = 0, None
            watcher.ran(result, until)
        except (DatabaseError, UsageError) as error:
            if first:
                raise
            failures += 1
            # What is written wrongly does not mend itself: no need to look as often as for a server.
            pause = recheck if isinstance(error, UsageError) else pause_after(failures, recheck)
            pulse.last_error = error.message
            watcher.failed(error, pause)
            until = clock() + pause
        finally:
            pulse.working = False
        first = False
        pulse.next_start = until
        while seconds := nap(clock(), until):
            pulse.beat = time.monotonic()
            sleep(seconds)
        pulse.beat = time.monotonic()
