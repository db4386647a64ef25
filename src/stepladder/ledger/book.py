"""One row for each piece of work: finish it in the data's own transaction, or say why it failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from stepladder.db import Database, Session, Transaction
from stepladder.errors import LeaseLost
from stepladder.ledger.attempts import write_attempt
from stepladder.ledger.claim import Claim
from stepladder.ledger.tables import PART, STEPS

_SOURCES = 2  # the step since which the ledger knows what intervals have read


@dataclass(frozen=True, slots=True)
class Interval:
    """What the ledger holds of one interval. `state` is "new", "running", "done" or "failed"; `closed` is whether it
    was over when it was done."""

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
    done_at: datetime | None = None
    closed: bool = True


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """What made a table. `accepted` are the hashes of earlier code whose rows are to stay."""

    name: str
    kind: str
    every: str | None
    zone: str
    code_hash: str
    accepted: frozenset[str] = frozenset()


def prepare(db: Database) -> None:
    """Make the ledger's tables, or bring them to this version's step."""
    db.take_steps(PART, STEPS)


_NOW = len(STEPS)  # what only reads must do with the step that it finds: it is `run` that takes the next one


def models(session: Session, step: int = _NOW) -> dict[str, ModelRecord]:
    """What made each table, by name; `step` is the one that the ledger is at."""
    accepted = "accepted" if step >= _SOURCES else "'' AS accepted"
    rows = session.query(
        f"SELECT name, kind, every, zone, code_hash, {accepted} FROM stepladder.model ORDER BY name"
    )
    return {
        row.name: replace(ModelRecord(*row[:5]), accepted=frozenset(row.accepted.split())) for row in rows
    }


def write_model(tx: Transaction, record: ModelRecord, hash_rule: int, code_text: str) -> None:
    """Record what makes a table from now on."""
    tx.execute(
        "INSERT INTO stepladder.model (name, kind, every, zone, code_hash, accepted, hash_rule, code_text, changed_at)"
        " VALUES (:name, :kind, :every, :zone, :code_hash, :accepted, :hash_rule, :code_text, now())"
        " ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, every = excluded.every, zone = excluded.zone,"
        " code_hash = excluded.code_hash, accepted = excluded.accepted, hash_rule = excluded.hash_rule, code_text = excluded.code_text,"
        " changed_at = excluded.changed_at",
        name=record.name,
        kind=record.kind,
        every=record.every,
        zone=record.zone,
        code_hash=record.code_hash,
        accepted=" ".join(sorted(record.accepted)),
        hash_rule=hash_rule,
        code_text=code_text,
    )


_INTERVAL = (
    "SELECT model, start_at, end_at, state, attempt, run_id, code_hash, version, upstream_version, rows, wrote,"
    " removed, seconds, error, done_at"
)


def intervals(session: Session, step: int = _NOW) -> list[Interval]:
    """Every interval in the ledger, by model and start; `step` is the one that the ledger is at."""
    closed = "closed" if step >= _SOURCES else "true"
    rows = session.query(f"{_INTERVAL}, {closed} FROM stepladder.interval ORDER BY model, start_at")
    return [Interval(*row) for row in rows]


def interval(session: Session, model: str, start: datetime) -> Interval | None:
    """What the ledger holds of one interval; None for one that was never claimed."""
    row = session.query(
        f"{_INTERVAL}, closed FROM stepladder.interval WHERE model = :model AND start_at = :start",
        model=model,
        start=start,
    ).first()
    return None if row is None else Interval(*row)


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
    closed: bool,
) -> None:
    """Record the interval as done, in the transaction that writes its rows. Raises LeaseLost: then nothing is kept."""
    done = tx.execute(
        "UPDATE stepladder.interval SET state = 'done', code_hash = :code_hash, rows = :rows, wrote = :wrote, removed = :removed,"
        " version = version + :changed, upstream_version = :upstream_version, seconds = :seconds, done_at = now(),"
        " closed = :closed, error = NULL"
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
        closed=closed,
    )
    if done != 1:
        raise LeaseLost(
            f"{held.model} {held.start:%Y-%m-%d %H:%M}Z was taken over by another run while this one worked on it. "
            "This run wrote nothing of it; the other one's rows stand."
        )
    write_attempt(tx, held, "done", rows=rows, wrote=wrote, removed=removed, seconds=seconds)


def fail(db: Database, held: Claim, error: str, code: str) -> bool:
    """Record that an interval failed; its table holds what it held before. `code` is the SQLSTATE, or the error's name.
    False where the claim was lost: what failed was a run that had been taken over."""

    def note(tx: Transaction) -> bool:
        left = tx.execute(
            "UPDATE stepladder.interval SET state = 'failed', error = :error, error_code = :code"
            " WHERE model = :model AND start_at = :start AND state = 'running' AND attempt = :attempt AND run_id = :run",
            error=error,
            code=code,
            model=held.model,
            start=held.start,
            attempt=held.attempt,
            run=held.run_id,
        )
        if left == 1:
            write_attempt(tx, held, "failed", error=error)
        return left == 1

    return db.run_transaction(note)


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


def new_grid(tx: Transaction, held: Claim) -> None:
    """The model's intervals are cut anew: those of the old grid go, and what reads them will see other versions."""
    ((highest,),) = tx.query(
        "SELECT coalesce(max(version), 0) FROM stepladder.interval WHERE model = :model", model=held.model
    ).tuples()
    for table in ("interval", "input"):
        tx.execute(
            f"DELETE FROM stepladder.{table} WHERE model = :model AND start_at <> :start",
            model=held.model,
            start=held.start,
        )
    tx.execute(
        "UPDATE stepladder.interval SET version = :highest WHERE model = :model AND start_at = :start",
        highest=highest,
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
    tx.execute("DELETE FROM stepladder.input WHERE model = :model", model=model)
    tx.execute("DELETE FROM stepladder.model WHERE name = :model", model=model)


def rename(tx: Transaction, old: str, new: str) -> None:
    """What is known of the model `old` is the model `new`'s from now on."""
    for table in ("interval", "input", "attempt"):
        tx.execute(f"UPDATE stepladder.{table} SET model = :new WHERE model = :old", old=old, new=new)
    tx.execute("UPDATE stepladder.model SET name = :new WHERE name = :old", old=old, new=new)
