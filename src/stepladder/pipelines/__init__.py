"""Pipelines: models in files, planned against a target, brought up to date interval by interval."""

from stepladder.pipelines.afresh import plan_afresh
from stepladder.pipelines.bind import Bound, bind, refuse_output
from stepladder.pipelines.diff import ModelDiff, diff_model
from stepladder.pipelines.facts import Asked, edges
from stepladder.pipelines.graph import in_order, upstream
from stepladder.pipelines.grid import floor, local_instant, refuse_empty_span
from stepladder.pipelines.header import duration
from stepladder.pipelines.linting import lint_files, lint_models
from stepladder.pipelines.live_checks import Checked, CheckedModel, check_models
from stepladder.pipelines.loop import Pulse, Watcher, loop
from stepladder.pipelines.model import Model, Seed, is_model
from stepladder.pipelines.model_test import ModelTest, read_model_tests
from stepladder.pipelines.opened import Moment, OpenProject, instant, project
from stepladder.pipelines.plan import MAX_REBUILD, ModelPlan, Plan, Wishes, Work
from stepladder.pipelines.prints import unwatched
from stepladder.pipelines.read import read_models
from stepladder.pipelines.renaming import rename
from stepladder.pipelines.runner import NO_WISHES, Prepared, RunResult, Step, prepare, run
from stepladder.pipelines.seeds import seed_rows
from stepladder.pipelines.selecting import Selection, States, select, states_of
from stepladder.pipelines.stage import model_values
from stepladder.pipelines.status import Mark, ModelStatus, Status, read_status
from stepladder.pipelines.testing import (
    Verdict,
    both_agree,
    live_columns,
    prototype,
    run_model_test,
    scratch_for,
)
from stepladder.pipelines.trial import Trial

__all__ = [
    "MAX_REBUILD",
    "NO_WISHES",
    "Asked",
    "Bound",
    "Checked",
    "CheckedModel",
    "Mark",
    "Model",
    "ModelDiff",
    "ModelPlan",
    "ModelStatus",
    "ModelTest",
    "Moment",
    "OpenProject",
    "Plan",
    "Prepared",
    "Pulse",
    "RunResult",
    "Seed",
    "Selection",
    "States",
    "Status",
    "Step",
    "Trial",
    "Verdict",
    "Watcher",
    "Wishes",
    "Work",
    "bind",
    "both_agree",
    "check_models",
    "diff_model",
    "duration",
    "edges",
    "floor",
    "in_order",
    "instant",
    "is_model",
    "lint_files",
    "lint_models",
    "live_columns",
    "local_instant",
    "loop",
    "model_values",
    "plan_afresh",
    "prepare",
    "project",
    "prototype",
    "read_model_tests",
    "read_models",
    "read_status",
    "refuse_empty_span",
    "refuse_output",
    "rename",
    "run",
    "run_model_test",
    "scratch_for",
    "seed_rows",
    "select",
    "states_of",
    "unwatched",
    "upstream",
]
