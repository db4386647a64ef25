"""A model's new rows, in the temporary table `STAGE`."""

from __future__ import annotations

import datetime as dt

from stepladder.config import Project
from stepladder.db import Table, Transaction
from stepladder.pipelines.bind import Bound
from stepladder.pipelines.facts import edges

STAGE = "stepladder_stage"


def stage(
    tx: Transaction, project: Project, bound: Bound, start: dt.datetime, end: dt.datetime, now: dt.datetime
) -> Table:
    """Make the rows of one interval. Raises DatabaseError."""
    # The line breaks that stand for the header come before the SELECT: the server's line numbers stay the file's.
    tx.execute(
        f"CREATE TEMP TABLE {STAGE} AS {bound.model.sql}", model_values(project, bound, start, end, now)
    )
    return tx.table(STAGE)


def model_values(
    project: Project, bound: Bound, start: dt.datetime, end: dt.datetime, now: dt.datetime
) -> dict[str, object]:
    """The values of the parameters that the model's SQL names, for one interval."""
    first, last = edges(start, end, project.timezone, by_date=bound.by_date)
    given = {"start": first, "end": last, "now": now, "zone": project.timezone}
    return {name: given[name] if name in given else project.vars[name] for name in bound.model.parameters}
