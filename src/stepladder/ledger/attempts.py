"""The history of each interval, for people: its last tries."""

from __future__ import annotations

from stepladder.db import Transaction
from stepladder.ledger.claim import Claim

_KEPT = 20  # of an interval
_DAYS = 90


def write_attempt(
    tx: Transaction,
    held: Claim,
    state: str,
    *,
    rows: int | None = None,
    wrote: int | None = None,
    removed: int | None = None,
    seconds: float | None = None,
    error: str | None = None,
) -> None:
    """Note how one ended ("done" or "failed"), and let go of those that are long over."""
    tx.execute(
        "INSERT INTO stepladder.attempt"
        " (model, start_at, attempt, run_id, state, rows, wrote, removed, seconds, error, ended_at)"
        " VALUES (:model, :start, :attempt, :run, :state, :rows, :wrote, :removed, :seconds, :error, now())"
        " ON CONFLICT (model, start_at, attempt) DO UPDATE SET run_id = excluded.run_id, state = excluded.state,"
        " rows = excluded.rows, wrote = excluded.wrote, removed = excluded.removed, seconds = excluded.seconds,"
        " error = excluded.error, ended_at = excluded.ended_at",
        model=held.model,
        start=held.start,
        attempt=held.attempt,
        run=held.run_id,
        state=state,
        rows=rows,
        wrote=wrote,
        removed=removed,
        seconds=seconds,
        error=error,
    )
    if held.attempt > 1:  # a first one has nothing before it
        tx.execute(
            "DELETE FROM stepladder.attempt WHERE model = :model AND start_at = :start"
            " AND (attempt <= :last OR ended_at < now() - :days * interval '1 day')",
            model=held.model,
            start=held.start,
            last=held.attempt - _KEPT,
            days=_DAYS,
        )
