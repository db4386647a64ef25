"""One row for each piece of work: claim it, finish it in the data's own transaction, or say why it failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from stepladder.db import Database, Session, Transaction
from stepladder.errors import LeaseLost
from stepladder.ledger.runs import Run, live_runs
from stepladder.ledger.tables import PART, STEPS

# Readers queue behind whoever waits for a lock on the table, so we do not wait long; and a run that is frozen in its
# transaction must not hold its locks for ever. A healthy one is never idle: its statements follow each other.
LOCK_SECONDS = 10.0
IDLE_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Interval:
    """What the ledger holds of one interval. `state` is "new", "running", "done" or "failed"."""

    model: str
    start: datetime
    end: datetime
    state: str
    attempt: int
    run_id: str | None
    code_hash: str | None
    version: int
    upstream_version: int
    rows: int | None
    wrote: int | None
    removed: int | None
    seconds: float | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to write one interval: it ends when anybody else claims it."""

    model: str
    start: datetime
    end: datetime
    attempt: int
    run_id: str


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """What made a table."""

    name: str
    kind: str
    every: str | None
    zone: str
    code_hash: str


def prepare(db: Database) -> None:
    """Make the ledger's tables, or bring them to this version's step."""
    db.take_steps(PART, STEPS)


def models(session: Session) -> dict[str, ModelRecord]:
    """What made each table, by name."""
    rows = session.query("SELECT name, kind, every, zone, code_hash FROM stepladder.model ORDER BY name")
    return {row.name: ModelRecord(*row) for row in rows}


def write_model(tx: Transaction, record: ModelRecord, hash_rule: int, code_text: str) -> None:
    """Record what makes a table from now on."""
    tx.execute(
        "INSERT INTO stepladder.model (name, kind, every, zone, code_hash, hash_rule, code_text, changed_at)"
        " VALUES (:name, :kind, :every, :zone, :code_hash, :hash_rule, :code_text, now())"
        " ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, every = excluded.every, zone = excluded.zone,"
        " code_hash = excluded.code_hash, hash_rule = excluded.hash_rule, code_text = excluded.code_text,"
        " changed_at = excluded.changed_at",
        name=record.name,
        kind=record.kind,
        every=record.every,
        zone=record.zone,
        code_hash=record.code_hash,
        hash_rule=hash_rule,
        code_text=code_text,
    )


_INTERVAL = (
    "SELECT model, start_at, end_at, state, attempt, run_id, code_hash, version, upstream_version, rows, wrote,"
    " removed, seconds, error"
    " FROM stepladder.interval"
)


def intervals(session: Session) -> list[Interval]:
    """Every interval in the ledger, by model and start."""
    return [Interval(*row) for row in session.query(f"{_INTERVAL} ORDER BY model, start_at")]


def interval(session: Session, model: str, start: datetime) -> Interval | None:
    """What the ledger holds of one interval; None for one that was never claimed."""
    row = session.query(
        f"{_INTERVAL} WHERE model = :model AND start_at = :start", model=model, start=start
    ).first()
    return None if row is None else Interval(*row)


def claim(db: Database, run: Run, model: str, start: datetime, end: datetime, seen: int) -> Claim | None:
    """Claim an interval whose attempt number was `seen`; None where another live run holds it, or was quicker."""

    def take(tx: Transaction) -> int:
        tx.execute(
            "INSERT INTO stepladder.interval (model, start_at, end_at, state, attempt, version, upstream_version)"
            " VALUES (:model, :start, :end, 'new', 0, 0, 0) ON CONFLICT (model, start_at) DO NOTHING",
            model=model,
            start=start,
            end=end,
        )
        claimed = tx.execute(
            "UPDATE stepladder.interval SET state = 'running', attempt = attempt + 1, run_id = :run, started_at = now(),"
            " end_at = :end, error = NULL"
            " WHERE model = :model AND start_at = :start AND attempt = :seen"
            " AND NOT (state = 'running' AND run_id = ANY(:live))",
            model=model,
            start=start,
            end=end,
            run=run.run_id,
            seen=seen,
            live=sorted(live_runs(tx) - {run.run_id}),
        )
        tx.execute("UPDATE stepladder.run SET beat_at = now() WHERE run_id = :run", run=run.run_id)
        return claimed

    # Nobody queues behind a row of the ledger: wait until a frozen holder has been ended.
    claimed = db.run_transaction(take, idle_timeout=IDLE_SECONDS)
    return Claim(model, start, end, seen + 1, run.run_id) if claimed == 1 else None


def finish(
    tx: Transaction,
    held: Claim,
    *,
    code_hash: str,
    upstream_version: int,
    rows: int,
    wrote: int,
    removed: int,
    seconds: float,
) -> None:
    """Record the interval as done, in the transaction that writes its rows. Raises LeaseLost: then nothing is kept."""
    done = tx.execute(
        "UPDATE stepladder.interval SET state = 'done', code_hash = :code_hash, rows = :rows, wrote = :wrote, removed = :removed,"
        " version = version + :changed, upstream_version = :upstream_version, seconds = :seconds, done_at = now(), error = NULL"
        " WHERE model = :model AND start_at = :start AND state = 'running' AND attempt = :attempt AND run_id = :run",
        model=held.model,
        start=held.start,
        attempt=held.attempt,
        run=held.run_id,
        code_hash=code_hash,
        rows=rows,
        wrote=wrote,
        removed=removed,
        changed=int(wrote + removed > 0),
        upstream_version=upstream_version,
        seconds=seconds,
    )
    if done != 1:
        raise LeaseLost(
            f"{held.model} {held.start:%Y-%m-%d %H:%M}Z was taken over by another run while this one worked on it. "
            "This run wrote nothing of it; the other one's rows stand."
        )


def fail(db: Database, held: Claim, error: str) -> bool:
    """Record that an interval failed; its table holds what it held before. False where the claim was lost: what
    failed was a run that had been taken over."""
    left = db.execute(
        "UPDATE stepladder.interval SET state = 'failed', error = :error"
        " WHERE model = :model AND start_at = :start AND state = 'running' AND attempt = :attempt AND run_id = :run",
        error=error,
        model=held.model,
        start=held.start,
        attempt=held.attempt,
        run=held.run_id,
    )
    return left == 1


def upstream_version(session: Session, upstream: Sequence[str], start: datetime, end: datetime) -> int:
    """The sum of the versions of the upstream models' intervals that touch [start, end)."""
    return int(
        session.query(
            "SELECT coalesce(sum(version), 0)::bigint FROM stepladder.interval"
            " WHERE model = ANY(:upstream) AND start_at < :end AND end_at > :start",
            upstream=list(upstream),
            start=start,
            end=end,
        ).scalar()
    )


def start_over(tx: Transaction, held: Claim) -> None:
    """The model's table is being made anew for `held`: no other interval has rows in it any more."""
    tx.execute(
        "UPDATE stepladder.interval SET state = 'new' WHERE model = :model AND start_at <> :start AND state = 'done'",
        model=held.model,
        start=held.start,
    )


def forget(tx: Transaction, model: str) -> None:
    """The model's table is gone. Its intervals stay, as new ones: a version that began again at 1 could equal the
    one that a reader has seen."""
    tx.execute(
        "UPDATE stepladder.interval SET state = 'new', version = version + 1 WHERE model = :model",
        model=model,
    )
    tx.execute("DELETE FROM stepladder.model WHERE name = :model", model=model)
