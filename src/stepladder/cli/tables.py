"""`stepladder tables [TABLE…]`."""

from __future__ import annotations

import argparse

from stepladder.cli.output import data, print_json, prose, table
from stepladder.cli.session import open_target


def command(arguments: argparse.Namespace) -> int:
    with open_target(arguments.target, must_exist=True) as db:
        names = arguments.tables or db.tables()
        found = [db.table(name) for name in names]
    if arguments.json:
        print_json(
            {
                "tables": [
                    {
                        "name": one.name,
                        "columns": [
                            {"name": c.name, "type": str(c.type), "not_null": c.not_null} for c in one.columns
                        ],
                        "keys": [list(key) for key in one.keys],
                    }
                    for one in found
                ]
            }
        )
        return 0
    if not found:
        prose().print("no tables yet")
    rows = [
        (one.name, c.name, str(c.type), "not null" if c.not_null else "")
        for one in found
        for c in one.columns
    ]
    if rows:
        data().print(table(["table", "column", "type", ""], rows))
    return 0
