"""A model's file was renamed: its table and the ledger's rows get the new name, and nothing is made anew."""

from __future__ import annotations

from stepladder import ledger
from stepladder.config import Project, nearest
from stepladder.db import Database
from stepladder.errors import UsageError
from stepladder.pipelines.read import read_models
from stepladder.sql import quote


def rename(db: Database, project: Project, old: str, new: str) -> None:
    """Give the table of the model `old` to the model `new`. Raises UsageError; then nothing was done."""
    files = {model.name: model for model in read_models(project)}
    if new not in files:
        raise UsageError(f"there is no model {new!r}.{nearest(new, files)} Nothing was renamed.")
    if old in files:
        raise UsageError(
            f"the project still has a model {old!r}: its file must have been renamed. Nothing was renamed."
        )
    ledger.prepare(db)
    with db.transaction() as tx:
        known = ledger.models(tx)
        if old not in known:
            raise UsageError(
                f"no model {old!r} has made a table here.{nearest(old, known)} Nothing was renamed."
            )
        if new in known or new in tx.tables():
            raise UsageError(f"there is a table {new!r} already. Nothing was renamed.")
        word = "VIEW" if known[old].kind == "view" else "TABLE"
        tx.execute(f"ALTER {word} {quote(old)} RENAME TO {quote(new)}")
        ledger.rename(tx, old, new)
