"""A little of `python -m benchmarks.experiments simulations`: error rates, coverage, power and peeking keep their bands,
widened by what chance allows in so few runs; and no p-value is ever contradicted by its interval."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest
from benchmarks.experiment_simulations import CLAIMS, Claim

RUNS = 400
LONG = 20_000


def hold(claim: Claim, runs: int) -> None:
    found = claim.run(np.random.default_rng([7, CLAIMS.index(claim)]), runs)
    middle = (claim.low + claim.high) / 2
    # Four standard errors: with as many claims as there are, three would fail once in ten seeds.
    room = 4 * sqrt(middle * (1 - middle) / found.runs) if runs < LONG else 0.0
    assert claim.low - room <= claim.value(found) <= claim.high + room
    assert found.contradicted == 0


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.name)
def test_a_little(claim: Claim) -> None:
    hold(claim, RUNS)


@pytest.mark.long
@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.name)
def test_all(claim: Claim) -> None:
    hold(claim, LONG)
