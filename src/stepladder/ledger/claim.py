"""The right to write one interval: an attempt number, which the data's own commit compares."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from stepladder.db import Database, Transaction
from stepladder.errors import Disconnected
from stepladder.ledger.runs import Run, beat, live_runs

# Readers queue behind whoever waits for a lock on the table, so we do not wait long; and a run that is frozen in its
# transaction must not hold its locks for ever. A healthy one is never idle: its statements follow each other.
LOCK_SECONDS = 10.0
IDLE_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to write one interval: it ends when anybody else claims it."""

    model: str
    start: datetime
    end: datetime
    attempt: int
    run_id: str


def claim(db: Database, run: Run, model: str, start: datetime, end: datetime, seen: int) -> Claim | None:
    """Claim an interval whose attempt number was `seen`; None where another live run holds it, or was quicker."""

    def take(tx: Transaction) -> bool:
        tx.execute(
            "INSERT INTO stepladder.interval (model, start_at, end_at, state, attempt, version, upstream_version)"
            " VALUES (:model, :start, :end, 'new', 0, 0, 0) ON CONFLICT (model, start_at) DO NOTHING",
            model=model,
            start=start,
            end=end,
        )
        claimed = tx.execute(
            "UPDATE stepladder.interval SET state = 'running', attempt = attempt + 1, run_id = :run, started_at = now(),"
            " end_at = :end, error = NULL, error_code = NULL"
            " WHERE model = :model AND start_at = :start AND attempt = :seen"
            " AND NOT (state = 'running' AND run_id = ANY(:live))",
            model=model,
            start=start,
            end=end,
            run=run.run_id,
            seen=seen,
            live=sorted(live_runs(tx) - {run.run_id}),
        )
        beat(tx, run)
        return claimed == 1 or _has(tx, held)

    held = Claim(model, start, end, seen + 1, run.run_id)
    try:
        # Nobody queues behind a row of the ledger: wait until a frozen holder has been ended.
        claimed = db.run_transaction(take, idle_timeout=IDLE_SECONDS)
    except Disconnected as lost:
        if lost.outcome != "unknown":
            raise
        claimed = db.run_transaction(take, idle_timeout=IDLE_SECONDS)  # a second time changes nothing
    return held if claimed else None


def _has(tx: Transaction, held: Claim) -> bool:
    """Whether the claim was made before: by a COMMIT whose answer was lost."""
    return bool(
        tx.query(
            "SELECT 1 FROM stepladder.interval WHERE model = :model AND start_at = :start AND attempt = :attempt"
            " AND run_id = :run AND state = 'running'",
            model=held.model,
            start=held.start,
            attempt=held.attempt,
            run=held.run_id,
        )
    )
