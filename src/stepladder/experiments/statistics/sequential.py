"""Looking more than once: bounds that keep the error at alpha over all looks together.

With a plan: group-sequential bounds from a spending function (Lan, K. K. G. and DeMets, D. L. (1983), Biometrika 70), by
numerical integration (Armitage, McPherson and Rowe (1969); Reboussin et al. (2000)). Without: an asymptotic confidence
sequence (Waudby-Smith, I. et al. (2023)), which holds at every moment and costs a third of the power.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import ceil, log, sqrt

import numpy as np
from scipy.special import ndtr, ndtri

from stepladder.experiments.statistics.proportions import Array

_SPACING = 0.125  # standard errors of a step between two points: bounds are right to six places
_NOTHING_NEW = 1e-9  # of the information: a look at what was there already
_REACH = 8.0  # beyond it a bound is as good as infinite


def obrien_fleming_spent(information: float, alpha: float) -> float:
    """What of a two-sided `alpha` is spent when a share of the information is there: little early, all at 1.

    The convention of the published tables: 4 (1 - Phi(z_{alpha/4} / sqrt t)).
    """
    return float(4 * ndtr(ndtri(alpha / 4) / sqrt(min(max(information, 1e-12), 1.0))))


def bounds(information: Sequence[float], alpha: float) -> list[float]:
    """The two-sided bound for |z| at each look, looks given by their share of the planned information, rising.

    A share above 1 is taken as 1: the plan is over then. A share that was there already has the bound that it had.
    """
    shares = [min(share, 1.0) for share in information]
    found: list[float] = []
    spent, before = 0.0, 0.0
    grid, density = np.zeros(1), np.ones(1)
    for share in shares:
        target = obrien_fleming_spent(share, alpha)
        step = share - before
        if step <= _NOTHING_NEW:
            found.append(found[-1] if found else _REACH)
            continue
        bound = _bound(grid, density, share, step, target - spent)
        found.append(bound)
        grid, density = _continued(grid, density, share, step, bound)
        spent, before = max(spent, target), share
    return found


def _bound(grid: Array, density: Array, share: float, step: float, to_spend: float) -> float:
    """The |z| that is passed here, and not before, with the probability `to_spend`."""
    if to_spend <= 1e-16:
        return _REACH
    low, high = 0.0, _REACH
    for _ in range(60):
        middle = (low + high) / 2
        if _passed(grid, density, share, step, middle) > to_spend:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _passed(grid: Array, density: Array, share: float, step: float, bound: float) -> float:
    """The probability of a sum (z sqrt t) beyond the bound, given the density of the sums that went on."""
    edge, spread = bound * sqrt(share), sqrt(step)
    beyond = ndtr((grid - edge) / spread) + ndtr((-edge - grid) / spread)
    return float((density * beyond).sum())


def _continued(grid: Array, density: Array, share: float, step: float, bound: float) -> tuple[Array, Array]:
    """Where the sum is after a look that did not stop: points within the bound and their probabilities (Simpson's rule)."""
    edge = min(bound, _REACH) * sqrt(share)
    half = max(ceil(edge / (_SPACING * sqrt(step))), 16)
    points = np.linspace(-edge, edge, 2 * half + 1)
    weights = np.full(len(points), 2.0)
    weights[1::2] = 4.0
    weights[[0, -1]] = 1.0
    weights *= (points[1] - points[0]) / 3
    kernel = np.exp(-((points[:, None] - grid[None, :]) ** 2) / (2 * step)) / sqrt(2 * np.pi * step)
    return points, weights * (kernel @ density)


@lru_cache(maxsize=1024)
def level_at_last(information: tuple[float, ...], alpha: float) -> float:
    """The nominal two-sided level of the last of these looks."""
    return float(2 * ndtr(-bounds(information, alpha)[-1]))


def sequence_z(users: float, alpha: float, tuned_for: float) -> float:
    """The bound for |z| of a two-sided confidence sequence after so many users, tightest near `tuned_for` users."""
    rho2 = sequence_rho2(alpha, tuned_for)
    scaled = users * rho2
    return sqrt((scaled + 1) / scaled * (log(scaled + 1) - 2 * log(alpha)))


def sequence_rho2(alpha: float, tuned_for: float) -> float:
    """The mixture's width that makes the sequence tightest after so many users (Waudby-Smith et al., appendix B.2)."""
    return (-2 * log(alpha) + log(-2 * log(alpha) + 1)) / tuned_for


def sequence_level(users: float, alpha: float, tuned_for: float) -> float:
    """The nominal two-sided level of a confidence sequence after so many users."""
    return float(2 * ndtr(-sequence_z(users, alpha, tuned_for)))
