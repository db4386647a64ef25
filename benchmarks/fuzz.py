"""`python -m benchmarks.fuzz --minutes 3 [--seed 1] [--processes 2]`: random statements on SQLite and on a real server.

Values, Python types, names and types of columns, order, errors' SQLSTATEs: every difference is cut down and printed, and
the end is 1. What is refused is counted apart. A seed and a round give the same statements again: `--first` begins with
a round. With `--state FILE` each round is kept as it ends, and another run of the same seed goes on from there.
STEPLADDER_TEST_POSTGRES names a server; without it the embedded one is started.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.fuzz.answers import told
from tests.fuzz.rounds import Difference, Round, Tally
from tests.fuzz.server import own_database

from stepladder.db import embedded


@dataclass
class Outcome:
    """What came of some rounds; `kinds` by kind and verdict in one word."""

    rounds: list[int] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, other: Outcome) -> None:
        self.rounds += other.rounds
        for mine, its in zip(self._counters(), other._counters(), strict=True):
            mine.update(its)
        self.differences += other.differences

    def _counters(self) -> tuple[Counter[str], ...]:
        return self.counts, self.kinds, self.reasons


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=3)
    parser.add_argument("--statements", type=int, default=10**9, help="end when so many are compared")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the round to begin with")
    parser.add_argument("--differences", type=int, default=20, help="end after so many")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--state", type=Path, help="a file of the rounds that are done")
    arguments = parser.parse_args()
    url = os.environ.get("STEPLADDER_TEST_POSTGRES")
    with nullcontext(url) if url else _embedded() as server, own_database(server) as database:
        outcome = run(database, arguments)
    report(outcome)
    print(f"seed {arguments.seed}, rounds {min(outcome.rounds)} to {max(outcome.rounds)}")
    return int(bool(outcome.differences))


@contextmanager
def _embedded() -> Iterator[str]:
    with TemporaryDirectory() as folder:
        cluster = Path(folder) / "cluster"
        try:
            yield embedded.start(cluster)
        finally:
            embedded.remove(cluster)


def run(url: str, arguments: argparse.Namespace) -> Outcome:
    """Round after round until the time is over, or enough is found."""
    known = _kept(arguments.state)
    began = time.monotonic() - known.seconds
    numbers = (each for each in itertools.count(arguments.first) if each not in set(known.rounds))
    running: set[Future[Outcome]] = set()
    with ProcessPoolExecutor(arguments.processes) as pool:
        while running or not _ended(known, arguments):
            while len(running) < arguments.processes and not _ended(known, arguments):
                running.add(pool.submit(one_round, url, arguments.seed, next(numbers)))
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for each in done:
                found = each.result()
                found.seconds = known.seconds = time.monotonic() - began
                known.add(found)
                _told(found, known, arguments.state)
    return known


def _ended(known: Outcome, arguments: argparse.Namespace) -> bool:
    return (
        known.seconds >= arguments.minutes * 60
        or len(known.differences) >= arguments.differences
        or sum(known.counts.values()) >= arguments.statements
    )


def _kept(state: Path | None) -> Outcome:
    outcome = Outcome()
    if state is not None and state.exists():
        for line in state.read_text().splitlines():
            given = json.loads(line)
            counters = {name: Counter(given.pop(name)) for name in ("counts", "kinds", "reasons")}
            outcome.add(Outcome(**given, **counters))
            outcome.seconds = given["seconds"]
    return outcome


def _told(found: Outcome, known: Outcome, state: Path | None) -> None:
    for each in found.differences:
        print(each, flush=True)
    if state is not None:
        with state.open("a") as file:
            file.write(json.dumps(vars(found)) + "\n")
        print(
            f"{sum(known.counts.values())} statements in {known.seconds:.0f} s, {len(known.differences)} differences",
            flush=True,
        )


def one_round(url: str, seed: int, number: int) -> Outcome:
    tally = Tally()
    with closing(Round(url, f"{seed}/{number}", tally)) as round_:
        for _ in round_.run():
            pass
    kinds = Counter({f"{kind:12} {verdict:14}": count for (kind, verdict), count in tally.kinds.items()})
    return Outcome([number], tally.counts, kinds, tally.reasons, [shown(each) for each in tally.differences])


def shown(found: Difference) -> str:
    lines = [f"\n== {found.seed}", found.smallest]
    for truth, own in zip(found.server, found.sqlite, strict=True):
        if truth != own:
            lines += [f"  server  {told(truth, own)}", f"  sqlite  {told(own, truth)}"]
    lines += [
        f"  {each}"
        for each in found.schema
        if each.startswith("CREATE") and f" {each.split()[2]}" in found.smallest
    ]
    return "\n".join(lines)


def report(found: Outcome) -> None:
    every = sum(found.counts.values())
    print(f"\n{every} statements in {found.seconds:.0f} s, {every / found.seconds:.0f} a second")
    for verdict, count in found.counts.most_common():
        print(f"{verdict:14} {count:8}  {count / every:6.2%}")
    for kind, count in sorted(found.kinds.items()):
        print(f"  {kind} {count:8}")
    for reason, count in found.reasons.most_common(15):
        print(f"  refused {count:6}  {reason}")


if __name__ == "__main__":
    raise SystemExit(main())
