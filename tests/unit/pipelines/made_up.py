"""Models without files, for what plans and judges them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from stepladder.pipelines.model import Model, Query
from stepladder.sql import TableName

DAY = dt.timedelta(days=1)
FIRST = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


def model(name: str, *reads: str, every: str | None = "day") -> Model:
    return Model(
        name=name,
        path=Path(f"{name}.sql"),
        body=Query(f"SELECT 1 AS {name}"),
        kind="interval" if every else "table",
        time="at" if every else None,
        every=every,
        reads=tuple(TableName(None, table) for table in reads),
    )


SESSIONS = model("sessions", "user_events")
METRICS = model("metrics", "sessions")
