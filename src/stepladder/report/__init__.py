"""HTML pages for people who read figures and write no SQL: text made from values, and nothing else.

Page, Day            what a page shows
stakeholder_page     the page: one file that needs no network and no JavaScript
ProofPage, ProofModel, ProofRow, proof_page    the page of a proof, likewise
ExperimentPage, …, experiment_page             the page of an experiment, likewise
"""

from __future__ import annotations

from stepladder.report.effect_chart import Effect
from stepladder.report.experiment import (
    ArmRow,
    ExperimentPage,
    GateRow,
    MetricCard,
    SliceRow,
    experiment_page,
)
from stepladder.report.figures import Day, Page
from stepladder.report.page import stakeholder_page
from stepladder.report.proof import ProofModel, ProofPage, ProofRow, proof_page

__all__ = [
    "ArmRow",
    "Day",
    "Effect",
    "ExperimentPage",
    "GateRow",
    "MetricCard",
    "Page",
    "ProofModel",
    "ProofPage",
    "ProofRow",
    "SliceRow",
    "experiment_page",
    "proof_page",
    "stakeholder_page",
]
