"""A model that is a view: its definition is all that there is to bring up to date."""

from __future__ import annotations

import datetime as dt

from stepladder import ledger
from stepladder.config import Project
from stepladder.db import Transaction
from stepladder.errors import UndefinedTable
from stepladder.pipelines.bind import Bound
from stepladder.pipelines.grid import WHOLE
from stepladder.pipelines.stage import model_values
from stepladder.pipelines.table import note, refuse_not_ours
from stepladder.sql import quote


def make_view(tx: Transaction, project: Project, bound: Bound, now: dt.datetime) -> bool:
    """CREATE OR REPLACE VIEW, and the ledger's record of it; whether anything had changed. Grants and views upon it stay.

    Raises ConfigError, and what the engine says of columns that may not change under those who read them.
    """
    model = bound.model
    record = ledger.models(tx).get(model.name)
    try:
        refuse_not_ours(model, tx.table(model.name), record)
        there = True
    except UndefinedTable:
        there = False
    if there and record is not None and record.code_hash == model.code_hash:
        return False
    values = model_values(project, bound, *WHOLE, now)
    tx.execute(f"CREATE OR REPLACE VIEW {quote(model.name)} AS {model.sql}", values)
    note(tx, project, model, record)
    return True
