"""Pipelines: models in files, planned against a target, brought up to date interval by interval."""

from stepladder.pipelines.afresh import plan_afresh
from stepladder.pipelines.bind import Bound, bind, refuse_output
from stepladder.pipelines.facts import Asked, edges
from stepladder.pipelines.graph import in_order, upstream
from stepladder.pipelines.grid import floor, local_instant
from stepladder.pipelines.linting import lint_files, lint_models
from stepladder.pipelines.model import Model, Seed, is_model
from stepladder.pipelines.model_test import ModelTest, read_model_tests
from stepladder.pipelines.plan import Plan, Work
from stepladder.pipelines.read import read_models
from stepladder.pipelines.runner import Prepared, RunResult, Step, prepare, run
from stepladder.pipelines.seeds import seed_rows
from stepladder.pipelines.selecting import Selection, States, select, states_of
from stepladder.pipelines.stage import model_values
from stepladder.pipelines.testing import Verdict, run_model_test

__all__ = [
    "Asked",
    "Bound",
    "Model",
    "ModelTest",
    "Plan",
    "Prepared",
    "RunResult",
    "Seed",
    "Selection",
    "States",
    "Step",
    "Verdict",
    "Work",
    "bind",
    "edges",
    "floor",
    "in_order",
    "is_model",
    "lint_files",
    "lint_models",
    "local_instant",
    "model_values",
    "plan_afresh",
    "prepare",
    "read_model_tests",
    "read_models",
    "refuse_output",
    "run",
    "run_model_test",
    "seed_rows",
    "select",
    "states_of",
    "upstream",
]
