"""Sample ratio mismatch: does the number of users in each arm fit the split that was planned?

Fabijan, A. et al. (2019), KDD. A split that does not fit has a cause (a crash in one arm, a redirect, bots), and that
cause moves the metrics too.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc


def chi_squared(observed: ArrayLike, shares: ArrayLike) -> tuple[float, float]:
    """(chi-squared, p) of counts against shares of any sum. An arm of share 0 takes no degree of freedom; p is 0 where it
    has users; p is 1 where there is nothing to compare."""
    counts, weights = np.asarray(observed, dtype=float), np.asarray(shares, dtype=float)
    if counts[weights == 0].sum() > 0:
        return float("inf"), 0.0
    counts, weights = counts[weights > 0], weights[weights > 0]
    if len(counts) < 2 or counts.sum() == 0:
        return 0.0, 1.0
    expected = counts.sum() * weights / weights.sum()
    chi2 = float(((counts - expected) ** 2 / expected).sum())
    return chi2, float(chdtrc(len(counts) - 1, chi2))
