"""Beside statsmodels, scipy.stats and tea-tasting, as `python -m benchmarks.experiment_oracles` froze them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stepladder.experiments.statistics import cuped, means, multiplicity, power, proportions, ratio_mismatch

FROZEN = json.loads(
    (Path(__file__).parents[2] / "data" / "experiments" / "oracles.json").read_text(encoding="utf-8")
)


def test_rates() -> None:
    for case in FROZEN["rates"]:
        found = proportions.Proportions.of(*case["treated"], *case["control"])
        assert float(proportions.pearson_z(found)) == pytest.approx(case["z"], abs=1e-9)
        p = float(proportions.two_sided(proportions.pearson_z(found)))
        assert p == pytest.approx(case["p"], rel=1e-7)
        low, high = proportions.koopman(found, 0.05)
        assert [float(low), float(high)] == pytest.approx(case["ratio"], rel=1e-5)


def test_means() -> None:
    for case in FROZEN["means"]:
        treated, control = (means.mean(n, mean, sd**2) for n, mean, sd in (case["treated"], case["control"]))
        found = means.welch(treated, control)
        assert (float(found.t), float(found.p)) == pytest.approx((case["t"], case["p"]), rel=1e-9)
        low, high = means.interval(found, 0.05)
        assert [float(low), float(high)] == pytest.approx(case["interval"], abs=1e-8)


def test_exact() -> None:
    for case in FROZEN["fisher"]:
        found = proportions.Proportions.of(*case["treated"], *case["control"])
        assert float(proportions.fisher(found)) == pytest.approx(case["p"], rel=1e-8)


def test_many() -> None:
    for case in FROZEN["many"]:
        for name, procedure in (
            ("holm", multiplicity.holm),
            ("bh", multiplicity.benjamini_hochberg),
        ):
            found = procedure(case["p"], 0.05)
            assert [each.p_adjusted for each in found] == pytest.approx(case[name])
            assert [each.rejected for each in found] == case[f"{name}_rejected"]


def test_a_rejection_and_the_level_of_its_interval_are_one_statement() -> None:
    for case in FROZEN["many"]:
        for procedure in (multiplicity.holm, multiplicity.benjamini_hochberg):
            for p, each in zip(case["p"], procedure(case["p"], 0.05), strict=True):
                assert (p <= each.level) == each.rejected


def test_split() -> None:
    for case in FROZEN["split"]:
        assert ratio_mismatch.chi_squared(case["counts"], case["shares"])[1] == pytest.approx(case["p"])


def test_power() -> None:
    for case in FROZEN["power"]:
        users = power.users_for_means(case["effect"], 1.0, power=case["power"])
        assert users == pytest.approx(case["users"], rel=1e-4)


def arm(case: dict[str, Any], place: int) -> tuple[int, np.ndarray, np.ndarray]:
    n, mean, covariance = case["arms"][place]
    return n, np.array(mean), np.array(covariance)


def said(found: means.Difference) -> dict[str, Any]:
    low, high = means.interval(found, 0.05)
    return {"difference": float(found.value), "p": float(found.p), "interval": [float(low), float(high)]}


def test_means_and_ratios_of_aggregates() -> None:
    for case in FROZEN["metrics"]:
        (n, c, cc), (m, t, tt) = arm(case, 0), arm(case, 1)
        mean = means.welch(means.mean(m, t[0], tt[0, 0]), means.mean(n, c[0], cc[0, 0]))
        ratio = means.welch(
            means.ratio(m, t[0], t[1], tt[0, 0], tt[1, 1], tt[0, 1]),
            means.ratio(n, c[0], c[1], cc[0, 0], cc[1, 1], cc[0, 1]),
        )
        for found, name in ((said(mean), "mean"), (said(ratio), "ratio")):
            for key, value in found.items():
                assert value == pytest.approx(case[name][key], rel=1e-6, abs=1e-9)


def test_cuped_of_aggregates() -> None:
    """tea-tasting takes the slope within the arms, we over all users: a thousandth of a standard error apart."""
    for case in FROZEN["metrics"]:
        (n, c, cc), (m, t, tt) = arm(case, 0), arm(case, 1)
        paired = cuped.Paired(
            np.array([n, m], dtype=float),
            np.array([c[0], t[0]]),
            np.array([c[2], t[2]]),
            np.array([cc[0, 0], tt[0, 0]]),
            np.array([cc[2, 2], tt[2, 2]]),
            np.array([cc[0, 2], tt[0, 2]]),
        )
        after = cuped.adjusted(paired)
        control, treated = (
            means.Estimate(after.value[at], after.variance[at], after.freedom[at]) for at in (0, 1)
        )
        found = said(means.welch(treated, control))
        low, high = case["cuped"]["interval"]
        error = (high - low) / 3.92
        assert found["difference"] == pytest.approx(case["cuped"]["difference"], abs=error * 0.02)
        assert found["interval"] == pytest.approx([low, high], abs=error * 0.02)
