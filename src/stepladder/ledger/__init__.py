"""The ledger: the pipelines' own tables, in the target, so that data and its record commit together."""

from stepladder.ledger.book import (
    IDLE_SECONDS,
    LOCK_SECONDS,
    Claim,
    Interval,
    ModelRecord,
    claim,
    fail,
    finish,
    forget,
    interval,
    intervals,
    models,
    prepare,
    start_over,
    upstream_version,
    write_model,
)
from stepladder.ledger.runs import Run, end_run, live_runs, start_run
from stepladder.ledger.tables import PART, STEPS

__all__ = [
    "IDLE_SECONDS",
    "LOCK_SECONDS",
    "PART",
    "STEPS",
    "Claim",
    "Interval",
    "ModelRecord",
    "Run",
    "claim",
    "end_run",
    "fail",
    "finish",
    "forget",
    "interval",
    "intervals",
    "live_runs",
    "models",
    "prepare",
    "start_over",
    "start_run",
    "upstream_version",
    "write_model",
]
