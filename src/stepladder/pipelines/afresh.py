"""The plan of models that have never run anywhere: every interval of their data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from stepladder.config import Project
from stepladder.db import Session
from stepladder.errors import ModelError
from stepladder.pipelines.facts import Asked, spans_of
from stepladder.pipelines.model import Model
from stepladder.pipelines.plan import Facts, Plan, plan


def plan_afresh(
    session: Session, project: Project, models: Sequence[Model], now: dt.datetime, *, asked: Asked
) -> Plan:
    """The work of `models` (upstream first) over the tables in `session`'s sight, whatever a ledger says."""
    spans = {} if None not in asked else spans_of(session, project, models, asked, now)
    blind = [each.name for each in models if each.by_interval and each.name not in spans]
    if None in asked and blind:
        raise ModelError(
            f"{blind[0]} reads a model whose table is not made yet, so where its history begins is unknown. Give --start and --end."
        )
    return plan(
        models, Facts(now=now, zone=project.timezone, spans=spans, records={}, intervals=[], asked=asked)
    )
