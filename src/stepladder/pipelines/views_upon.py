"""The views upon a model's table, while a column of it changes its type."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from stepladder import ledger
from stepladder.config import Project
from stepladder.db import Transaction
from stepladder.errors import ConfigError
from stepladder.ledger import Made
from stepladder.pipelines.model import Model
from stepladder.sql import parameter_names, quote


@contextmanager
def views_aside(
    tx: Transaction, project: Project, model: Model, columns: Sequence[str], now: dt.datetime
) -> Iterator[None]:
    """No column changes its type under a view. Those that models have made are dropped, and made again behind the block,
    with grants and comments; other people's are not touched: ConfigError names them."""
    views = tx.views_upon(quote(model.name), columns) if columns else ()
    made = ledger.made(tx, len(ledger.STEPS)) if views else {}
    foreign = [view.name.sql for view in views if view.name.schema or view.name.name not in made]
    if foreign:
        raise ConfigError(
            f"{', '.join(f'{model.name}.{column}' for column in columns)} would get another type, under views that no model "
            f"made: {', '.join(foreign)}. Nothing was written. Drop them, run again, and make them anew; or make them models "
            'with kind = "view".'
        )
    for view in views:
        tx.execute(f"DROP VIEW {view.name.sql}")
    yield
    known = {**project.vars, "now": now, "zone": project.timezone}
    for view in reversed(views):
        for text in view.texts or (_text(made[view.name.name]),):
            tx.execute(text, {name: known[name] for name in parameter_names(text)})


def _text(made: Made) -> str:
    """What makes a view, out of the text that the ledger keeps, whose last line is the header's."""
    body, _, _ = made.code_text.rpartition("\n")
    return f"CREATE VIEW {quote(made.name)} AS {body}"
