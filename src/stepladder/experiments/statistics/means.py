"""Two means that are not equally spread: Welch's test of their difference, Fieller's interval of their ratio.

Ratios of sums are compared as means of their linear form (the delta method). Welch, B. L. (1947), Biometrika 34;
Fieller, E. C. (1954), JRSS-B 16; Deng, A., Knoblich, U. and Lu, J. (2018), KDD.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtr, stdtrit

from stepladder.experiments.statistics.proportions import Array


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean (or a ratio, a quantile) and the variance of that estimate, with its degrees of freedom."""

    value: Array
    variance: Array
    freedom: Array

    @classmethod
    def of(cls, value: ArrayLike, variance: ArrayLike, freedom: ArrayLike) -> Estimate:
        """From anything that numpy takes, broadcast to one shape."""
        given = (np.asarray(each, dtype=float) for each in (value, variance, freedom))
        return cls(*np.broadcast_arrays(*given))


@dataclass(frozen=True, slots=True)
class Difference:
    """Treatment minus control: t, its degrees of freedom, p (two-sided)."""

    value: Array
    variance: Array
    t: Array
    freedom: Array
    p: Array


def mean(users: ArrayLike, value: ArrayLike, variance: ArrayLike) -> Estimate:
    """The estimate of a mean from the users, their mean, and the variance among them."""
    n = np.asarray(users, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        return Estimate.of(value, np.asarray(variance, dtype=float) / n, n - 1)


def ratio(
    users: ArrayLike,
    numerator: ArrayLike,
    denominator: ArrayLike,
    numerator_variance: ArrayLike,
    denominator_variance: ArrayLike,
    covariance: ArrayLike,
) -> Estimate:
    """The ratio of two sums over users, by the delta method: means, variances and covariance among users."""
    n, top, bottom, vt, vb, c = (
        np.asarray(each, dtype=float)
        for each in (users, numerator, denominator, numerator_variance, denominator_variance, covariance)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        value = top / bottom
        spread = (vt - 2 * value * c + value**2 * vb) / bottom**2
    return Estimate.of(value, spread / n, n - 1)


def welch(treated: Estimate, control: Estimate) -> Difference:
    """Welch's test. Without any variance: p is 1 for equal values and 0 for others."""
    value = treated.value - control.value
    variance = treated.variance + control.variance
    with np.errstate(divide="ignore", invalid="ignore"):
        freedom = variance**2 / (
            treated.variance**2 / treated.freedom + control.variance**2 / control.freedom
        )
        freedom = np.where(np.isnan(freedom), treated.freedom + control.freedom, freedom)
        t = np.where(
            variance > 0,
            value / np.sqrt(variance),
            np.where(value == 0, 0.0, np.copysign(np.inf, value)),
        )
    return Difference(value, variance, t, freedom, _two_sided(t, freedom))


def interval(found: Difference, level: ArrayLike) -> tuple[Array, Array]:
    """The interval of the difference: excludes 0 exactly where p is below `level`."""
    half = critical_t(level, found.freedom) * np.sqrt(found.variance)
    return found.value - half, found.value + half


def fieller(treated: Estimate, control: Estimate, found: Difference, level: ArrayLike) -> tuple[Array, Array]:
    """Fieller's interval of treated / control: excludes 1 exactly where Welch's p is below `level`.

    NaN where the control may be 0 at that level: every ratio, or all but an interval, fits then.
    """
    t2 = critical_t(level, found.freedom) ** 2
    a = control.value**2 - t2 * control.variance
    b = treated.value * control.value
    c = treated.value**2 - t2 * treated.variance
    with np.errstate(divide="ignore", invalid="ignore"):
        root = np.sqrt(np.maximum(b**2 - a * c, 0))
        one, other = (b - root) / a, (b + root) / a
    bounded = a > 0
    return np.where(bounded, np.minimum(one, other), np.nan), np.where(
        bounded, np.maximum(one, other), np.nan
    )


def critical_t(level: ArrayLike, freedom: Array) -> Array:
    """The deviate whose two tails hold `level`; the normal one for infinite degrees of freedom."""
    tail = np.asarray(level, dtype=float) / 2
    # stdtrit is slow and at last wrong far out; from here on it is the normal deviate to ten digits.
    many = np.where(np.isfinite(freedom), np.minimum(freedom, 1e10), 1e10)
    return np.asarray(-stdtrit(many, tail))


def skewness_of_difference(
    treated_users: ArrayLike,
    treated_third: ArrayLike,
    control_users: ArrayLike,
    control_third: ArrayLike,
    variance: ArrayLike,
) -> Array:
    """The skewness of the difference of two means, from the third central moments: above about 0.2 the two tails of a
    t-test no longer hold what they should."""
    n, third, m, other, spread = (
        np.asarray(each, dtype=float)
        for each in (treated_users, treated_third, control_users, control_third, variance)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((third / n**2 - other / m**2) / spread**1.5)


def _two_sided(t: Array, freedom: Array) -> Array:
    many = np.where(np.isfinite(freedom), np.minimum(freedom, 1e10), 1e10)
    return np.asarray(np.minimum(1.0, 2 * stdtr(many, -np.abs(t))))
