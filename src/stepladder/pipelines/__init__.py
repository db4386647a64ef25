"""Pipelines: models in files, planned against a target, brought up to date interval by interval."""

from stepladder.pipelines.graph import in_order, select
from stepladder.pipelines.grid import local_instant
from stepladder.pipelines.model import Model
from stepladder.pipelines.model_test import ModelTest, read_model_tests
from stepladder.pipelines.plan import Plan, Work
from stepladder.pipelines.read import read_models
from stepladder.pipelines.runner import Prepared, RunResult, Step, prepare, run
from stepladder.pipelines.testing import Verdict, run_model_test

__all__ = [
    "Model",
    "ModelTest",
    "Plan",
    "Prepared",
    "RunResult",
    "Step",
    "Verdict",
    "Work",
    "in_order",
    "local_instant",
    "prepare",
    "read_model_tests",
    "read_models",
    "run",
    "run_model_test",
    "select",
]
