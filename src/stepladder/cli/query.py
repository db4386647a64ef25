"""`stepladder query SQL`."""

from __future__ import annotations

import argparse
import csv
import sys

from stepladder.cli.output import count, data, print_json, prose, table
from stepladder.cli.session import open_target
from stepladder.cli.values import named_values


def command(arguments: argparse.Namespace) -> int:
    sql = sys.stdin.read() if arguments.sql == "-" else arguments.sql
    with open_target(arguments.target, must_exist=True) as db:
        rows = db.query(sql, named_values(arguments.param))
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
