"""`stepladder query SQL`."""

from __future__ import annotations

import argparse
import csv
import sys

from stepladder.cli.output import count, data, print_json, prose, table
from stepladder.cli.session import open_target
from stepladder.errors import UsageError


def command(arguments: argparse.Namespace) -> int:
    sql = sys.stdin.read() if arguments.sql == "-" else arguments.sql
    with open_target(arguments.target, must_exist=True) as db:
        rows = db.query(sql, values_given(arguments.param))
    if arguments.json:
        print_json(rows.dicts())
    elif arguments.csv:
        out = csv.writer(sys.stdout, lineterminator="\n")
        out.writerow([column.name for column in rows.columns])
        out.writerows(rows.tuples())
    else:
        if rows.columns:
            data().print(table([column.name for column in rows.columns], rows.tuples()))
        prose().print(count(len(rows), "row"), style="dim")
    return 0


def values_given(given: list[str]) -> dict[str, object]:
    """What `-p name=value` gave. Raises UsageError."""
    values: dict[str, object] = {}
    for pair in given:
        name, found, value = pair.partition("=")
        if not found or not name.isidentifier():
            raise UsageError(f"-p {pair}: write -p name=value.")
        values[name] = value
    return values
