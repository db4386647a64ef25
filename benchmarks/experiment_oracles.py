"""`python -m benchmarks.experiment_oracles`: what statsmodels, scipy.stats and tea-tasting say, as JSON for the tests.

They are run here, with the `bench` extra, and frozen in tests/data/experiments/oracles.json; the product imports none.
statsmodels' score interval of a difference of proportions is left out: it is wrong (issue 10269).
"""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
import scipy
import scipy.stats
import statsmodels
import statsmodels.stats.api as sms
import tea_tasting
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportions_ztest
from tea_tasting.aggr import Aggregates
from tea_tasting.metrics import Mean, RatioOfMeans


def main() -> None:
    random = np.random.default_rng(20261125)
    found = {
        "versions": {
            "statsmodels": statsmodels.__version__,
            "scipy": scipy.__version__,
            "tea-tasting": tea_tasting.__version__,
        },
        "rates": [_rate(random) for _ in range(40)],
        "means": [_mean(random) for _ in range(40)],
        "fisher": [_fisher(random) for _ in range(20)],
        "many": [_many(random) for _ in range(20)],
        "split": [_split(random) for _ in range(20)],
        "power": [_power(random) for _ in range(20)],
        "metrics": [_metric(random) for _ in range(20)],
    }
    json.dump(found, sys.stdout, indent=1)


def _rate(random: np.random.Generator) -> dict[str, Any]:
    n, m = (int(each) for each in random.integers(200, 20_000, 2))
    rate = float(random.uniform(0.01, 0.4))
    x, y = int(random.binomial(n, rate * random.uniform(0.8, 1.25))), int(random.binomial(m, rate))
    x, y = max(x, 1), max(y, 1)
    z, p = proportions_ztest([x, y], [n, m])
    low, high = confint_proportions_2indep(x, n, y, m, compare="ratio", method="score", correction=False)
    return {
        "treated": [x, n],
        "control": [y, m],
        "z": float(z),
        "p": float(p),
        "ratio": [float(low), float(high)],
    }


def _mean(random: np.random.Generator) -> dict[str, Any]:
    n, m = (int(each) for each in random.integers(20, 5000, 2))
    a, b = float(random.normal(5, 1)), float(random.normal(5, 1))
    s, r = (float(each) for each in random.uniform(0.5, 8, 2))
    found = scipy.stats.ttest_ind_from_stats(a, s, n, b, r, m, equal_var=False)
    both = sms.CompareMeans(
        sms.DescrStatsW(_sample(a, s, n)), sms.DescrStatsW(_sample(b, r, m))
    ).tconfint_diff(usevar="unequal")
    return {
        "treated": [n, a, s], "control": [m, b, r], "t": float(found.statistic), "p": float(found.pvalue),
        "interval": [float(each) for each in both],
    }  # fmt: skip


def _sample(mean: float, sd: float, n: int) -> np.ndarray:
    """Values of exactly this mean and spread."""
    values = np.linspace(-1, 1, n)
    return mean + sd * values / values.std(ddof=1)


def _fisher(random: np.random.Generator) -> dict[str, Any]:
    n, m = (int(each) for each in random.integers(5, 300, 2))
    x, y = int(random.binomial(n, 0.05)), int(random.binomial(m, 0.08))
    return {
        "treated": [x, n],
        "control": [y, m],
        "p": float(scipy.stats.fisher_exact([[x, n - x], [y, m - y]])[1]),
    }


def _many(random: np.random.Generator) -> dict[str, Any]:
    p = (random.random(int(random.integers(2, 20))) ** 3).tolist()
    holm, bh = (multipletests(p, 0.05, method) for method in ("holm", "fdr_bh"))
    return {
        "p": p,
        "holm": holm[1].tolist(), "holm_rejected": holm[0].tolist(),
        "bh": bh[1].tolist(), "bh_rejected": bh[0].tolist(),
    }  # fmt: skip


def _split(random: np.random.Generator) -> dict[str, Any]:
    arms = int(random.integers(2, 6))
    shares = random.dirichlet(np.full(arms, 5.0))
    counts = random.multinomial(10_000, shares)
    found = scipy.stats.chisquare(counts, shares * counts.sum())
    return {"counts": counts.tolist(), "shares": shares.tolist(), "p": float(found.pvalue)}


def _power(random: np.random.Generator) -> dict[str, Any]:
    effect, power = float(random.uniform(0.05, 1)), float(random.uniform(0.5, 0.95))
    return {
        "effect": effect,
        "power": power,
        "users": float(sms.TTestIndPower().solve_power(effect, power=power, alpha=0.05)),
    }


def _metric(random: np.random.Generator) -> dict[str, Any]:
    """tea-tasting on aggregates: a mean, a mean with CUPED, a ratio."""
    arms = []
    for shift in (0.0, 0.3):
        n = int(random.integers(500, 4000))
        before = random.gamma(2, 2, n)
        y = before * random.uniform(0.2, 0.8) + random.gamma(3, 2, n) + shift
        bottom = random.poisson(3, n) + 1.0
        table = np.stack([y, bottom, before])
        arms.append((n, table.mean(axis=1), np.cov(table)))
    control, treated = (_aggregates(*arm) for arm in arms)
    mean = Mean("y").analyze_aggregates(control, treated)
    adjusted = Mean("y", covariate="before").analyze_aggregates(control, treated)
    ratio = RatioOfMeans("y", "bottom").analyze_aggregates(control, treated)
    return {
        "arms": [[n, means.tolist(), covariance.tolist()] for n, means, covariance in arms],
        "mean": _told(mean),
        "cuped": _told(adjusted),
        "ratio": _told(ratio),
    }


def _told(found: Any) -> dict[str, Any]:
    interval = [float(found.effect_size_ci_lower), float(found.effect_size_ci_upper)]
    return {"difference": float(found.effect_size), "p": float(found.pvalue), "interval": interval}


def _aggregates(n: int, means: np.ndarray, covariance: np.ndarray) -> Aggregates:
    names = ("y", "bottom", "before")
    return Aggregates(
        count_=n,
        mean_={name: float(each) for name, each in zip(names, means, strict=True)},
        var_={name: float(covariance[i, i]) for i, name in enumerate(names)},
        cov_={
            tuple(sorted((names[i], names[j]))): float(covariance[i, j]) for i in range(3) for j in range(i)
        },
    )


if __name__ == "__main__":
    main()
