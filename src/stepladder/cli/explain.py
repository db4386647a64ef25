"""`stepladder explain SQL`."""

from __future__ import annotations

import argparse
import sys

from stepladder.cli.output import data, print_json
from stepladder.cli.session import open_target
from stepladder.cli.values import named_values


def command(arguments: argparse.Namespace) -> int:
    sql = sys.stdin.read() if arguments.sql == "-" else arguments.sql
    with open_target(arguments.target, must_exist=True) as db:
        plan = db.explain(sql, named_values(arguments.param), analyze=arguments.analyze)
    if arguments.json:
        print_json(plan.to_dict())
    else:
        data().print(str(plan), markup=False, soft_wrap=True)
    return 0
