"""`stepladder schedule --as …`: the same in the words of the scheduler that is there already. Text in, text out.

Intervals are due at the grid's boundaries, so the finest `every` of the models, and their `wait`, say when to call
`stepladder run`. Five minutes later, that the clocks of two machines need not agree. A call too many does nothing, and
a call that was missed is made up for by the next one.
"""

from __future__ import annotations

import datetime as dt
import shlex
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from zoneinfo import ZoneInfo

from stepladder.errors import UsageError
from stepladder.pipelines import Model

_EVERY = ("hour", "day", "week", "month")
_MARGIN = dt.timedelta(minutes=5)
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True)
class Times:
    """When to run: in every hour at `minute`; or at `hour:minute` of a day, in the zone, of the weekday or day of month
    where one is said."""

    every: str
    minute: int
    hour: int = 0
    days: int = 0  # behind the boundary

    @property
    def cron(self) -> str:
        """Five fields."""
        if self.every == "hour":
            return f"{self.minute} * * * *"
        day = str(1 + self.days) if self.every == "month" else "*"
        weekday = str((1 + self.days) % 7) if self.every == "week" else "*"
        return f"{self.minute} {self.hour} {day} * {weekday}"

    @property
    def calendar(self) -> str:
        """systemd's OnCalendar, without the zone."""
        if self.every == "hour":
            return f"*-*-* *:{self.minute:02}:00"
        clock = f"{self.hour:02}:{self.minute:02}:00"
        if self.every == "week":
            return f"{_WEEKDAYS[self.days % 7]} *-*-* {clock}"
        return f"*-*-{1 + self.days:02} {clock}" if self.every == "month" else f"*-*-* {clock}"


@dataclass(frozen=True, slots=True)
class Call:
    """What is to be called, where, and when. `tool` is the command on this machine, which cron does not look for."""

    name: str
    folder: Path
    tool: str
    words: tuple[str, ...]
    zone: str
    times: Times

    @property
    def here(self) -> str:
        """The command on this machine."""
        return shlex.join([self.tool, *self.words])

    @property
    def elsewhere(self) -> tuple[str, ...]:
        """The words of the command on another one."""
        return ("stepladder", *self.words)


def call(
    name: str, folder: Path, zone: str, models: Sequence[Model], target: str | None, selected: Sequence[str]
) -> Call:
    """The call that keeps these models up to date. Raises UsageError where a URL would be written into a file."""
    if target is not None and "://" in target:
        raise UsageError(
            "--target is a URL, and this text is for a file: a password would stand there for all to read. Name a target "
            'of stepladder.toml, such as prod = "${DATABASE_URL}".'
        )
    words = ("run", *selected, *(("--target", target) if target else ()), "--json")
    return Call(name, folder, _tool(), words, zone, times(models))


def _tool() -> str:
    here = Path(sys.argv[0]).resolve()
    return str(here) if here.name == "stepladder" else which("stepladder") or "stepladder"


def times(models: Sequence[Model]) -> Times:
    """The finest grid of the models, and the longest wait among those on it; daily where none has a grid."""
    every = min((model.every for model in models if model.every), key=_EVERY.index, default="day")
    wait = max((model.wait for model in models if model.every == every), default=dt.timedelta())
    late = wait + _MARGIN
    if every == "hour":
        return Times(every, int(late.total_seconds()) // 60 % 60)
    hours, minutes = divmod(int(late.total_seconds()) // 60 % (24 * 60), 60)
    # A month's first 28 days are days of every month; a longer wait is taken up by the next month's call.
    return Times(every, minutes, hours, min(late.days, 27) if every == "month" else late.days)


def text(kind: str, called: Call) -> str:
    """The text for `kind`: cron, systemd, kubernetes or github."""
    return _TEXTS[kind](called)


def _cron(called: Call) -> str:
    log = f"$HOME/stepladder-{called.name}.log"
    return f"""\
# crontab -e      Keeps {called.name} up to date. flock: a call that finds the last one at work waits for it.
# Where your cron does not know CRON_TZ, write the time of the machine's zone.
CRON_TZ={called.zone}
{called.times.cron} cd {shlex.quote(str(called.folder))} && flock -w 3600 .stepladder.lock {called.here} >> "{log}" 2>&1
"""


def _systemd(called: Call) -> str:
    return f"""\
# /etc/systemd/system/stepladder-{called.name}.service
[Unit]
Description=Stepladder: bring {called.name} up to date
After=network-online.target
Wants=network-online.target

[Service]
Type=oneshot
WorkingDirectory={called.folder}
# DATABASE_URL=… and what else the target needs, readable by root only
EnvironmentFile=-/etc/stepladder/{called.name}.env
ExecStart={called.here}
# SIGTERM rolls back what is under way; nothing is left half done
TimeoutStopSec=60

# /etc/systemd/system/stepladder-{called.name}.timer
[Unit]
Description=Stepladder: when to bring {called.name} up to date

[Timer]
OnCalendar={called.times.calendar} {called.zone}
# a time that was missed while the machine was off is made up for
Persistent=true

[Install]
WantedBy=timers.target

# systemctl enable --now stepladder-{called.name}.timer
"""


def _kubernetes(called: Call) -> str:
    words = ", ".join(f'"{word}"' for word in called.elsewhere)
    name = called.name.lower().replace("_", "-")
    return f"""\
apiVersion: batch/v1
kind: CronJob
metadata:
  name: stepladder-{name}
spec:
  schedule: "{called.times.cron}"
  timeZone: "{called.zone}"
  concurrencyPolicy: Forbid           # two would do no harm, and no good
  startingDeadlineSeconds: 3600
  jobTemplate:
    spec:
      backoffLimit: 2                 # safe: what is done is not done again
      template:
        spec:
          restartPolicy: Never
          terminationGracePeriodSeconds: 60
          containers:
            - name: stepladder
              image: {name}:latest    # your image: the project's folder, and stepladder
              workingDir: /app
              command: [{words}]
              envFrom:
                - secretRef:
                    name: stepladder-{name}   # DATABASE_URL
"""


def _github(called: Call) -> str:
    when, note = _in_utc(called)
    return f"""\
# .github/workflows/stepladder.yml
name: stepladder
on:
  schedule:
    - cron: "{when}"{note}
  workflow_dispatch:
concurrency:
  group: stepladder-{called.name}
  cancel-in-progress: false
jobs:
  run:
    runs-on: ubuntu-latest
    timeout-minutes: 60
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"
      - run: pip install stepladder
      - run: {shlex.join(called.elsewhere)}
        env:
          DATABASE_URL: ${{{{ secrets.DATABASE_URL }}}}
"""


def _in_utc(called: Call) -> tuple[str, str]:
    """GitHub's schedules are in UTC: the time that is late enough in winter and in summer."""
    if called.zone == "UTC":
        return called.times.cron, ""
    zone, moment = ZoneInfo(called.zone), dt.time(called.times.hour, called.times.minute)
    shifts = [
        dt.datetime.combine(dt.date(2026, month, 1), moment, zone).utcoffset() or dt.timedelta()
        for month in range(1, 13)
    ]
    if called.times.every == "hour":  # half an hour later in India
        shift = int(shifts[0].total_seconds()) // 60
        return Times("hour", (called.times.minute - shift) % 60).cron, ""
    late = dt.timedelta(days=called.times.days, hours=moment.hour, minutes=moment.minute) - min(shifts)
    days, rest = late.days, int((late - dt.timedelta(days=late.days)).total_seconds()) // 60
    if called.times.every == "month" and days < 0:
        days, rest = 0, 0  # the day before the first has no number: the first minute of the first will do
    moved = Times(called.times.every, rest % 60, rest // 60, days)
    return moved.cron, f"          # UTC: after {moment:%H:%M} in {called.zone}, the year round"


_TEXTS: dict[str, Callable[[Call], str]] = {
    "cron": _cron,
    "systemd": _systemd,
    "kubernetes": _kubernetes,
    "github": _github,
}
KINDS = tuple(_TEXTS)
