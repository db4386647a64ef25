"""What must hold for any figures: p and interval are one statement, and nothing depends on scale or side."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stepladder.errors import ConfigError, UsageError
from stepladder.experiments import analyze_counts, declared
from stepladder.experiments.declaration import Plan
from stepladder.experiments.looking import looking
from stepladder.experiments.statistics import means, proportions, quantiles, sequential

COUNTS = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
LEVELS = st.sampled_from([0.2, 0.05, 0.01, 0.001])


@settings(max_examples=40, deadline=None)
@given(COUNTS, COUNTS, LEVELS)
def test_p_and_intervals_of_rates_are_one_statement(
    treated: tuple[int, int], control: tuple[int, int], level: float
) -> None:
    found = proportions.Proportions.of(*treated, *control)
    p = float(proportions.two_sided(proportions.pearson_z(found)))
    if abs(p - level) < 1e-9:
        return
    low, high = map(float, proportions.mee(found, level))
    assert (p < level) == (low > 0 or high < 0)
    assert -1 <= low <= float(found.difference) + 1e-9
    assert float(found.difference) - 1e-9 <= high <= 1
    if treated[0] + control[0]:
        low, high = map(float, proportions.koopman(found, level))
        assert (p < level) == (low > 1 or high < 1)


SPREAD = st.tuples(st.integers(2, 10_000), st.floats(0.01, 1e4), st.floats(1e-3, 1e6))


@settings(max_examples=60, deadline=None)
@given(SPREAD, SPREAD, LEVELS)
def test_p_and_intervals_of_means_are_one_statement(
    treated: tuple[int, float, float], control: tuple[int, float, float], level: float
) -> None:
    one, other = means.mean(*treated), means.mean(*control)
    found = means.welch(one, other)
    if abs(float(found.p) - level) < 1e-9:
        return
    low, high = map(float, means.interval(found, level))
    assert (found.p < level) == (low > 0 or high < 0)
    low, high = map(float, means.fieller(one, other, found, level))
    if not math.isnan(low):
        assert (found.p < level) == (low > 1 or high < 1)


@settings(max_examples=40, deadline=None)
@given(COUNTS, COUNTS)
def test_sides_can_be_changed(treated: tuple[int, int], control: tuple[int, int]) -> None:
    there = proportions.Proportions.of(*treated, *control)
    back = proportions.Proportions.of(*control, *treated)
    assert float(proportions.pearson_z(there)) == pytest.approx(-float(proportions.pearson_z(back)), abs=1e-7)
    low, high = map(float, proportions.mee(there, 0.05))
    assert (low, high) == pytest.approx(
        tuple(-float(each) for each in proportions.mee(back, 0.05))[::-1], abs=1e-7
    )


def test_ranks_hold_the_quantile() -> None:
    assert quantiles.ranks(100, 0.5) == (40, 50, 60)
    assert quantiles.ranks(1, 0.9) == (1, 1, 1)


def test_bounds_spend_alpha_and_no_more() -> None:
    """The probability to pass any of them, by the same integration: alpha."""
    shares = [0.1, 0.15, 0.5, 0.51, 0.9, 1.0]
    found = sequential.bounds(shares, 0.05)
    random = np.random.default_rng(1)
    steps = np.diff([0.0, *shares])
    walk = (random.normal(0, 1, (200_000, len(shares))) * np.sqrt(steps)).cumsum(axis=1) / np.sqrt(shares)
    assert (np.abs(walk) > found).any(axis=1).mean() == pytest.approx(0.05, abs=0.002)


def test_a_look_at_what_was_there_spends_nothing() -> None:
    once, twice = sequential.bounds([0.5, 1.0], 0.05), sequential.bounds([0.5, 0.5, 1.0], 0.05)
    assert twice == [once[0], once[0], once[1]]


def test_looks_that_did_not_grow_are_one_look() -> None:
    found = looking(Plan(1000), 500, [200, 500, 500], stored=True)
    assert found.information == (0.2, 0.5)


@pytest.mark.parametrize(
    ("looks", "earlier", "information", "decides"),
    [
        (4, [], (0.5,), True),
        (
            4,
            [100, 260, 300],
            (0.26, 0.5),
            True,
        ),  # the first came before any was due; the third before the second was
        (4, [260, 500], (0.26, 0.5), False),
        (2, [300], (0.5,), True),
        ([0.6, 1], [], (0.5,), False),
        ("any", [100, 260, 300], (0.1, 0.26, 0.3, 0.5), True),
        ("any", [700], (0.7,), False),
    ],
)
def test_which_looks_count(
    looks: Any, earlier: list[int], information: tuple[float, ...], decides: bool
) -> None:
    plan = Plan(1000, tuple(looks) if isinstance(looks, list) else looks)
    found = looking(plan, 500, earlier, stored=True)
    assert found.information == information
    assert (found.why_not == "") is decides


@pytest.mark.parametrize("looks", [0, 2.5, True, "often", [], [0.5, 0.4, 1], [0.5], [0, 1], [0.5, 1.5]])
def test_looks_that_are_no_plan(looks: Any) -> None:
    given = {
        "control": "a",
        "split": {"a": 1, "b": 1},
        "assignments": {"table": "t"},
        "metrics": {"m": {"kind": "conversion", "table": "c"}},
        "plan": {"users": 1000, "looks": looks},
    }
    with pytest.raises(ConfigError, match="looks ="):
        declared("e", given)


def test_a_huge_mean_with_a_small_spread_does_not_cancel() -> None:
    """Whole numbers are added exactly, so the variance of 1e8 ± 1 is 1, where sums of doubles give anything."""
    from stepladder.experiments.declaration import Measure, Source
    from stepladder.experiments.layout import Value
    from stepladder.experiments.measured import _moments
    from stepladder.experiments.statement import Column

    values = [10**8 + each % 3 for each in range(3000)]
    column = Column("m1", Value("v", exact=True), Measure(Source("t", "u", None), "v"))
    tally = {"m1_sum": sum(values), "m1_m1": sum(each * each for each in values)}
    assert _moments([column], tally, 3000, {}).covariance[0][0] == pytest.approx(np.var(values, ddof=1))


def test_counts_of_three_arms() -> None:
    found = analyze_counts(
        {"control": (300, 5000), "treatment": (412, 5000), "bold": (310, 5000)}, control="control"
    )
    overall = found["converted"].figures["overall"]
    assert isinstance(overall, dict)
    assert overall["degrees_of_freedom"] == 2
    assert found["converted"]["treatment"].is_significant is True
    assert found["converted"]["treatment"].confidence_level == 0.975
    assert found["converted"]["bold"].is_significant is False


def test_nobody_in_control_converted() -> None:
    found = analyze_counts({"control": (0, 50_000), "treatment": (120, 50_000)}, control="control")
    each = found["converted"]["treatment"]
    assert each.lift is None
    assert each.why == "no conversions in control: there is nothing to divide by"
    assert each.is_significant is True
    assert each.lift_ci[0] is not None
    assert each.lift_ci[1] is None
    assert "treatment raises converted by 0.24 percentage points" in found.verdict


@pytest.mark.parametrize(
    ("counts", "control", "said"),
    [
        ({"a": (1, 2)}, "a", "one arm"),
        ({"a": (1, 2), "b": (1, 2)}, "aa", "Did you mean 'a'"),
        ({"a": (3, 2), "b": (1, 2)}, "a", "whole numbers, the first no larger"),
    ],
)
def test_counts_that_cannot_be(counts: dict[str, tuple[int, int]], control: str, said: str) -> None:
    with pytest.raises(UsageError, match=said.replace("?", r"\?")):
        analyze_counts(counts, control=control)
