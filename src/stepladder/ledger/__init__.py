"""The ledger: the pipelines' own tables, in the target, so that data and its record commit together."""

from stepladder.ledger.attempts import Attempt, attempts
from stepladder.ledger.book import (
    Interval,
    ModelRecord,
    fail,
    finish,
    forget,
    interval,
    intervals,
    models,
    new_grid,
    prepare,
    start_over,
    upstream_version,
    write_model,
)
from stepladder.ledger.claim import IDLE_SECONDS, LOCK_SECONDS, Claim, claim
from stepladder.ledger.inputs import Inputs, first_inputs, inputs, write_inputs
from stepladder.ledger.runs import Run, beat, end_run, live_runs, start_run
from stepladder.ledger.tables import PART, STEPS

__all__ = [
    "IDLE_SECONDS",
    "LOCK_SECONDS",
    "PART",
    "STEPS",
    "Attempt",
    "Claim",
    "Inputs",
    "Interval",
    "ModelRecord",
    "Run",
    "attempts",
    "beat",
    "claim",
    "end_run",
    "fail",
    "finish",
    "first_inputs",
    "forget",
    "inputs",
    "interval",
    "intervals",
    "live_runs",
    "models",
    "new_grid",
    "prepare",
    "start_over",
    "start_run",
    "upstream_version",
    "write_inputs",
    "write_model",
]
