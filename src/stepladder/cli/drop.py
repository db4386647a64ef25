"""`stepladder drop MODEL`."""

from __future__ import annotations

import argparse
import sys

from stepladder import ledger
from stepladder.cli.output import prose
from stepladder.cli.session import open_target
from stepladder.errors import UsageError
from stepladder.sql import quote


def command(arguments: argparse.Namespace) -> int:
    with open_target(arguments.target, must_exist=True) as db:
        ledger.prepare(db)
        if arguments.name not in ledger.models(db):
            raise UsageError(f"no model has made a table {arguments.name!r} here. Nothing was dropped.")
        if not arguments.yes and not _agreed(arguments.name):
            prose().print("nothing was dropped")
            return 0
        with db.transaction() as tx:
            tx.execute(f"DROP TABLE IF EXISTS {quote(arguments.name)}")
            ledger.forget(tx, arguments.name)
    prose().print(f"dropped {arguments.name}; the next run makes it anew", markup=False)
    return 0


def _agreed(name: str) -> bool:
    if not sys.stdin.isatty():
        raise UsageError("drop asks first, and there is nobody to ask: add --yes. Nothing was dropped.")
    sys.stderr.write(f"Drop the table {name} and what the ledger holds of it? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")
