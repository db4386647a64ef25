"""What the ledger remembers, for people to look at. Each question is one statement, whatever the number of models; a ledger
of an older step is read as it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from stepladder.db import Session

_ACCEPTED = 2  # the step from which on there is this column


@dataclass(frozen=True, slots=True)
class Made:
    """What made a table: the text of its model, and the hashes of earlier texts whose rows were left as they are."""

    name: str
    kind: str
    every: str | None
    zone: str
    code_hash: str
    code_text: str
    accepted: frozenset[str]


@dataclass(frozen=True, slots=True)
class Recent:
    """One of a model's newest intervals. `state` is "new", "running", "done" or "failed"; `done_at` and `seconds` are
    those of the last time that it came out well."""

    model: str
    start: datetime
    end: datetime
    state: str
    run_id: str | None
    seconds: float | None
    done_at: datetime | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Code:
    """The finished intervals of a model that were made by one text of it."""

    model: str
    code_hash: str
    intervals: int
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class Total:
    """All intervals of a model: when the last one came out well, how many have failed, and the newest of those."""

    model: str
    last_good: datetime | None
    failed: int
    failed_start: datetime | None
    failed_error: str | None


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run, over or not. `done` and `failed` count the intervals that it was the last one to touch."""

    run_id: str
    verb: str
    started_at: datetime
    ended_at: datetime | None
    state: str
    host: str
    pid: int
    error: str | None
    done: int
    failed: int


def made(session: Session, step: int) -> dict[str, Made]:
    """What made each table, by name, in a ledger of this step: an older one is read as it is."""
    accepted = "accepted" if step >= _ACCEPTED else "'' AS accepted"
    rows = session.query(
        f"SELECT name, kind, every, zone, code_hash, code_text, {accepted} FROM stepladder.model ORDER BY name"
    )
    return {
        name: Made(name, kind, every, zone, code_hash, code_text, frozenset(kept.split()))
        for name, kind, every, zone, code_hash, code_text, kept in rows.tuples()
    }


def recent(session: Session, count: int) -> list[Recent]:
    """The newest `count` intervals of each model, oldest first."""
    rows = session.query(
        "SELECT model, start_at, end_at, state, run_id, seconds, done_at, error FROM ("
        " SELECT model, start_at, end_at, state, run_id, seconds, done_at, error,"
        " row_number() OVER (PARTITION BY model ORDER BY start_at DESC) AS place FROM stepladder.interval"
        ") AS newest WHERE place <= :count ORDER BY model, start_at",
        count=count,
    )
    return [Recent(*row) for row in rows]


def totals(session: Session) -> list[Total]:
    """What there is of each model."""
    rows = session.query(
        "SELECT t.model, t.last_good, t.failed, i.start_at, i.error FROM ("
        " SELECT model, max(done_at) AS last_good, count(*) FILTER (WHERE state = 'failed') AS failed,"
        " max(start_at) FILTER (WHERE state = 'failed') AS failed_start FROM stepladder.interval GROUP BY model"
        ") AS t LEFT JOIN stepladder.interval AS i ON i.model = t.model AND i.start_at = t.failed_start ORDER BY t.model"
    )
    return [Total(*row) for row in rows]


def codes(session: Session) -> list[Code]:
    """Which texts of each model made its intervals, by when they begin."""
    rows = session.query(
        "SELECT model, code_hash, count(*), min(start_at) AS first, max(start_at) AS last FROM stepladder.interval"
        " WHERE state = 'done' AND code_hash IS NOT NULL GROUP BY model, code_hash ORDER BY model, first, code_hash"
    )
    return [Code(*row) for row in rows]


def last_runs(session: Session, count: int) -> list[PastRun]:
    """The newest `count` runs, and every one that has not ended; newest first."""
    rows = session.query(
        "SELECT r.run_id, r.verb, r.started_at, r.ended_at, r.state, r.host, r.pid, r.error,"
        " (SELECT count(*) FROM stepladder.interval AS i WHERE i.run_id = r.run_id AND i.state = 'done') AS done,"
        " (SELECT count(*) FROM stepladder.interval AS i WHERE i.run_id = r.run_id AND i.state = 'failed') AS failed"
        " FROM (SELECT run_id, verb, started_at, ended_at, state, host, pid, error,"
        " row_number() OVER (ORDER BY started_at DESC, run_id) AS place FROM stepladder.run) AS r"
        " WHERE r.place <= :count OR r.ended_at IS NULL ORDER BY r.started_at DESC, r.run_id",
        count=count,
    )
    return [PastRun(*row) for row in rows]
