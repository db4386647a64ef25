"""CUPED: what users did before the experiment explains part of what they do in it, and that part is no effect.

Deng, A., Xu, Y., Kohavi, R. and Walker, T. (2013), WSDM: Var(adjusted) = Var(y) (1 - rho^2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stepladder.experiments.statistics.means import Estimate
from stepladder.experiments.statistics.proportions import Array


@dataclass(frozen=True, slots=True)
class Paired:
    """For each arm: users; mean and variance of y (in the experiment) and x (before it), and their covariance."""

    users: Array
    y: Array
    x: Array
    y_variance: Array
    x_variance: Array
    covariance: Array


def theta(found: Paired) -> float:
    """The slope of y on x over all users of all arms; 0 where x does not vary."""
    spread = _over_all(found, found.x_variance, found.x, found.x)
    return _over_all(found, found.covariance, found.x, found.y) / spread if spread > 0 else 0.0


def adjusted(found: Paired) -> Estimate:
    """The means of y with x levelled to its mean over all arms, and their variances."""
    slope = theta(found)
    everybody = (found.users * found.x).sum() / found.users.sum()
    value = found.y - slope * (found.x - everybody)
    variance = found.y_variance - 2 * slope * found.covariance + slope**2 * found.x_variance
    return Estimate.of(value, np.maximum(variance, 0) / found.users, found.users - 1)


def reduction(found: Paired) -> float:
    """The share of the variance within the arms that is gone: rho squared."""
    weights, slope = found.users - 1, theta(found)
    before = float((weights * found.y_variance).sum())
    explained = float((weights * (2 * slope * found.covariance - slope**2 * found.x_variance)).sum())
    return explained / before if before > 0 else 0.0


def _over_all(found: Paired, within: Array, one: Array, other: Array) -> float:
    """The sum of products of deviations from the means over all arms."""
    n = found.users
    middle, centre = (n * one).sum() / n.sum(), (n * other).sum() / n.sum()
    return float(((n - 1) * within + n * (one - middle) * (other - centre)).sum())
