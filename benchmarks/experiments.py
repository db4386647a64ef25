"""`python -m benchmarks.experiments [simulations|data|peers|speed] …`: does it hold, is it right, is it quick?

simulations [RUNS]      the claims of benchmarks/experiment_simulations.py; what is in the file of results with the same
                        seed and number of runs is not run again
data URL [USERS]        dirty tables whose truth is known by construction: is the read-out the truth?
peers URL               the same question asked by a home-made script and by tea-tasting, of the tables that `data` loaded
speed                   10,000 comparisons
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np

SEED = 20261125
RESULTS = Path("/tmp") / f"stepladder_simulations_{SEED}.json"


def simulations(runs: int = 20_000) -> bool:
    """Print the table; whether every claim kept its band."""
    from benchmarks.experiment_simulations import CLAIMS, Outcome

    kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True
    )
    print(f"seed {SEED}, {runs:,} runs, at commit {commit.stdout.strip()}\n")
    print("| claim | found | band | contradictions |\n|---|---|---|---|")
    good, contradicted = True, 0
    for place, claim in enumerate(CLAIMS):
        key = f"{claim.name} {runs}"
        if key not in kept:
            kept[key] = asdict(claim.run(np.random.default_rng([SEED, place]), runs))
            RESULTS.write_text(json.dumps(kept))
        found = Outcome(**kept[key])
        value = claim.value(found)
        within = claim.low <= value <= claim.high
        good, contradicted = good and within and not found.contradicted, contradicted + found.contradicted
        flag = "" if within else " ✗"
        places = 3 if claim.high < 0.01 else 2
        band = f"{100 * claim.low:g}-{100 * claim.high:g} %"
        print(
            f"| {claim.name} | {100 * value:.{places}f} %{flag} | {band} | {found.contradicted} |", flush=True
        )
    print(f"\np-values that their interval contradicts: {contradicted}")
    return good


def data(url: str, users: int = 1_000_000) -> bool:
    """Load the dirty tables, read them, compare with the truth."""
    from benchmarks import experiment_data

    return experiment_data.compare(url, users)


def peers(url: str) -> bool:
    """Beside others, each in a process of its own."""
    from benchmarks import experiment_peers

    return experiment_peers.peers(url)


def speed() -> bool:
    """10,000 comparisons of rates and of means, with both intervals each."""
    from stepladder.experiments.statistics import means, proportions

    random = np.random.default_rng(SEED)
    n, m = random.integers(1000, 50_000, (2, 10_000))
    x, y = random.binomial(n, 0.05), random.binomial(m, 0.05)
    began = time.perf_counter()
    pairs = proportions.Proportions.of(x, n, y, m)
    proportions.two_sided(proportions.pearson_z(pairs))
    proportions.mee(pairs, 0.05)
    proportions.koopman(pairs, 0.05)
    rates = time.perf_counter() - began
    began = time.perf_counter()
    treated, control = means.mean(n, 5 + x / n, 4.0), means.mean(m, 5 + y / m, 4.0)
    found = means.welch(treated, control)
    means.interval(found, 0.05)
    means.fieller(treated, control, found, 0.05)
    of_means = time.perf_counter() - began
    print(f"10,000 comparisons: rates {rates:.2f} s, means {of_means:.3f} s (at most 1 s)")
    return rates + of_means < 1


def main() -> None:
    what = {"simulations": simulations, "data": data, "peers": peers, "speed": speed}
    name, *rest = sys.argv[1:] or ["simulations"]
    given = [int(each) if each.isdigit() else each for each in rest]
    raise SystemExit(not what[name](*given))  # type: ignore[operator]


if __name__ == "__main__":
    main()
