"""What each interval's sources held when they were read."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from stepladder.db import Print, Session, Transaction

Inputs = Mapping[tuple[str, datetime], Mapping[str, Print]]


def inputs(session: Session, models: Collection[str], since: datetime | None = None) -> Inputs:
    """By model and start, then by source: of the intervals of `models` that start at or after `since` (all, without)."""
    late = "" if since is None else " AND start_at >= :since"
    rows = session.query(
        f"SELECT model, start_at, source, rows, mark FROM stepladder.input WHERE model = ANY(:models){late}",
        {"models": sorted(models)} | ({} if since is None else {"since": since}),
    )
    found: dict[tuple[str, datetime], dict[str, Print]] = {}
    for model, start, source, number, mark in rows:
        found.setdefault((model, start), {})[source] = Print(number, mark)
    return found


def write_inputs(tx: Transaction, model: str, start: datetime, read: Mapping[str, Print]) -> None:
    """Put `read` in the place of what the ledger holds of the interval's sources."""
    tx.execute(
        "DELETE FROM stepladder.input WHERE model = :model AND start_at = :start", model=model, start=start
    )
    tx.execute_many(
        "INSERT INTO stepladder.input (model, start_at, source, rows, mark)"
        " VALUES (:model, :start, :source, :rows, :mark)",
        _rows(model, start, read),
    )


def first_inputs(tx: Transaction, read: Inputs) -> None:
    """Take note of what finished intervals read, where nothing was noted of it yet: their sources as they are now."""
    tx.execute_many(
        "INSERT INTO stepladder.input (model, start_at, source, rows, mark)"
        " VALUES (:model, :start, :source, :rows, :mark) ON CONFLICT (model, start_at, source) DO NOTHING",
        [row for (model, start), found in read.items() for row in _rows(model, start, found)],
    )


def _rows(model: str, start: datetime, read: Mapping[str, Print]) -> Sequence[Mapping[str, object]]:
    return [
        {"model": model, "start": start, "source": source, "rows": found.rows, "mark": found.mark}
        for source, found in read.items()
    ]
