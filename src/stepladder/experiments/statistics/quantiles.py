"""Quantiles by order statistics: three ranks tell the estimate and its standard error.

The ranks of nq - z sqrt(nq(1 - q)) and nq + z sqrt(nq(1 - q)) hold the quantile with the normal deviate's probability,
whatever the distribution (David, H. A. and Nagaraja, H. N. (2003), Order Statistics, 7.1).
"""

from __future__ import annotations

from math import ceil, floor, sqrt

import numpy as np
from numpy.typing import ArrayLike

from stepladder.experiments.statistics.means import Estimate

_Z = 1.959963984540054


def ranks(users: int, quantile: float) -> tuple[int, int, int]:
    """(lower, estimate, upper), counted from 1. Of fewer than about 10 users on one side they cannot be told apart from
    the ends."""
    middle = users * quantile
    half = _Z * sqrt(middle * (1 - quantile))

    def within(rank: int) -> int:
        return min(max(rank, 1), users)

    return within(floor(middle - half)), within(ceil(middle)), within(ceil(middle + half))


def estimate(lower: ArrayLike, value: ArrayLike, upper: ArrayLike) -> Estimate:
    """The estimate from the values at the three ranks."""
    low, high = np.asarray(lower, dtype=float), np.asarray(upper, dtype=float)
    return Estimate.of(value, ((high - low) / (2 * _Z)) ** 2, np.inf)
