"""Experiments: from the tables of an A/B test to an answer, computed inside the database.

Experiment          a declaration on a database: analyze(), sql(), size(), validate()
analyze_counts      the same read-out of counts, without a database
Declaration, …      what an experiment is; values, as experiments/NAME.toml holds them
Readout, …          what was found; values with to_dict()
"""

from __future__ import annotations

from stepladder.errors import MissingExtra

try:
    import numpy  # noqa: F401
    import scipy.special  # noqa: F401
except ImportError as error:
    raise MissingExtra("stepladder.experiments", "experiments") from error

from stepladder.experiments.counts import analyze_counts
from stepladder.experiments.declaration import Assignments, Declaration, Limits, Measure, Metric, Plan, Source
from stepladder.experiments.experiment import Experiment
from stepladder.experiments.read import declared, read_experiment
from stepladder.experiments.results import Arm, Comparison, Gate, Look, MetricResult, Readout

__all__ = [
    "Arm",
    "Assignments",
    "Comparison",
    "Declaration",
    "Experiment",
    "Gate",
    "Limits",
    "Look",
    "Measure",
    "Metric",
    "MetricResult",
    "Plan",
    "Readout",
    "Source",
    "analyze_counts",
    "declared",
    "read_experiment",
]
