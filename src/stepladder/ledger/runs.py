"""Who runs, and whether they still live.

A run on this machine lives as long as its process does; one on another machine as long as its last beat is
young. A wrong guess costs work, never rows: the attempt number in the data's own commit decides.
"""

from __future__ import annotations

import os
import secrets
import socket
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from stepladder.db import Session

BEAT_LIFE = timedelta(seconds=60)
_under_way: set[str] = (
    set()
)  # the runs of this process: one whose end could not be recorded is over all the same


@dataclass(frozen=True, slots=True)
class Run:
    """One run of this process. `now` is the instant that every model sees as :now."""

    run_id: str
    now: datetime


def start_run(session: Session, verb: str, now: datetime) -> Run:
    """Record a run of this process."""
    run = Run(secrets.token_hex(4), now)
    pid = os.getpid()
    session.execute(
        "INSERT INTO stepladder.run (run_id, verb, now_at, started_at, beat_at, state, host, pid, process_started)"
        " VALUES (:run_id, :verb, :now, now(), now(), 'running', :host, :pid, :process_started)",
        run_id=run.run_id,
        verb=verb,
        now=now,
        host=socket.gethostname(),
        pid=pid,
        process_started=_process_started(pid),
    )
    _under_way.add(run.run_id)
    return run


def beat(session: Session, run: Run) -> None:
    """Say that the run still lives."""
    session.execute("UPDATE stepladder.run SET beat_at = now() WHERE run_id = :run", run=run.run_id)


def end_run(session: Session, run: Run, state: str, error: str | None = None) -> None:
    """Record how a run ended: "done", "failed" or "cancelled". What it still holds is given back.

    Here, and not where the work is done: a Ctrl-C may come right behind the COMMIT of a claim, before anybody knows
    of it.
    """
    _under_way.discard(run.run_id)
    session.execute(
        "UPDATE stepladder.interval SET state = 'new', error = NULL WHERE state = 'running' AND run_id = :run_id",
        run_id=run.run_id,
    )
    session.execute(
        "UPDATE stepladder.run SET state = :state, ended_at = now(), error = :error WHERE run_id = :run_id",
        run_id=run.run_id,
        state=state,
        error=error,
    )


@dataclass(frozen=True, slots=True)
class Process:
    """Who runs, and where."""

    run_id: str
    host: str
    pid: int


def live_runs(session: Session) -> frozenset[str]:
    """The run ids of runs that have not ended and whose process lives, by all that can be known."""
    return frozenset(process.run_id for process in processes(session))


def processes(session: Session) -> list[Process]:
    """The processes of these runs. One that is frozen lives too."""
    rows = session.query(
        "SELECT run_id, host, pid, process_started, now() - beat_at AS silence FROM stepladder.run WHERE ended_at IS NULL"
    )
    return [Process(row.run_id, row.host, row.pid) for row in rows if _lives(*row)]


def _lives(run_id: str, host: str, pid: int, process_started: str, silence: timedelta) -> bool:
    if host == socket.gethostname():
        there = _process_started(pid) == process_started and process_started != ""
        return there and (pid != os.getpid() or run_id in _under_way)
    return silence < BEAT_LIFE


def _process_started(pid: int) -> str:
    """When a process started, in a form that no later process of that number shares; '' where there is none."""
    try:
        # The name in parentheses may hold blanks; the 22nd field is the start in clock ticks since boot (proc(5)).
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()[:8]
    except OSError:
        return _process_started_by_ps(pid)
    state, ticks = fields[0], fields[19]
    return "" if state == "Z" else f"{boot}-{ticks}"


def _process_started_by_ps(pid: int) -> str:
    if Path("/proc/self").exists():
        return ""
    import subprocess  # where there is no /proc (macOS)

    command = ["ps", "-o", "lstart=", "-p", str(pid)]
    found = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - a number of our own
    return found.stdout.strip()
