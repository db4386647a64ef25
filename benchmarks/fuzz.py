"""`python -m benchmarks.fuzz --minutes 3 [--seed 1] [--first 0]`: random statements on SQLite and on a real server.

Values, Python types, names and types of columns, order, errors' SQLSTATEs: every difference is cut down and printed, and
the end is 1. What is refused is counted apart. A seed and a round give the same statements again: `--first` resumes.
STEPLADDER_TEST_POSTGRES names a server; without it the embedded one is started.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext

from tests.fuzz.answers import told
from tests.fuzz.rounds import Difference, Round, Tally
from tests.fuzz.server import own_database

from stepladder.db import embedded


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the round to begin with")
    parser.add_argument("--differences", type=int, default=20, help="end after so many")
    arguments = parser.parse_args()
    url = os.environ.get("STEPLADDER_TEST_POSTGRES")
    with nullcontext(url) if url else _embedded() as server, own_database(server) as database:
        return run(database, arguments)


@contextmanager
def _embedded() -> Iterator[str]:
    with embedded() as server:
        yield server.url


def run(url: str, arguments: argparse.Namespace) -> int:
    tally, began, number = Tally(), time.monotonic(), arguments.first
    while (time.monotonic() - began) < arguments.minutes * 60 and len(
        tally.differences
    ) < arguments.differences:
        known = len(tally.differences)
        with closing(Round(url, f"{arguments.seed}/{number}", tally)) as round_:
            for _ in round_.run():
                pass
        for each in tally.differences[known:]:
            show(each)
        number += 1
    seconds = time.monotonic() - began
    report(tally, seconds)
    print(f"seed {arguments.seed}, rounds {arguments.first} to {number - 1}")
    return int(bool(tally.differences))


def show(found: Difference) -> None:
    print(f"\n== {found.seed}\n{found.smallest}", flush=True)
    for truth, own in zip(found.server, found.sqlite, strict=True):
        if truth != own:
            print(f"  server  {told(truth, own)}\n  sqlite  {told(own, truth)}")
    tables = [
        each for each in found.schema if each.startswith("CREATE") and f" {each.split()[2]}" in found.smallest
    ]
    print("  " + "\n  ".join(tables))


def report(tally: Tally, seconds: float) -> None:
    every = sum(tally.counts.values())
    print(f"\n{every} statements in {seconds:.0f} s, {every / seconds:.0f} a second")
    for verdict, count in tally.counts.most_common():
        print(f"{verdict:14} {count:8}  {count / every:6.2%}")
    for (kind, verdict), count in sorted(tally.kinds.items()):
        print(f"  {kind:12} {verdict:14} {count:8}")
    for reason, count in tally.reasons.most_common(15):
        print(f"  refused {count:6}  {reason}")


if __name__ == "__main__":
    raise SystemExit(main())
