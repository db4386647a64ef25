"""Two proportions: one score statistic, inverted for the difference and for the ratio.

Pearson, K. (1900); Mee, R. W. (1984), Biometrics 40; Koopman, P. A. R. (1984), Biometrics 40; Miettinen, O. and
Nurminen, M. (1985), Statistics in Medicine 4; Newcombe, R. G. (1998), Statistics in Medicine 17.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, gammaln, ndtr, ndtri

Array: TypeAlias = NDArray[np.float64]
_STEPS = 50  # halvings of [-1, 1]: 1e-15


@dataclass(frozen=True, slots=True)
class Proportions:
    """Successes and trials of treatment and control, element by element."""

    treated: Array
    treated_users: Array
    control: Array
    control_users: Array

    @classmethod
    def of(
        cls, treated: ArrayLike, treated_users: ArrayLike, control: ArrayLike, control_users: ArrayLike
    ) -> Proportions:
        """From anything that numpy takes, broadcast to one shape."""
        given = (np.asarray(each, dtype=float) for each in (treated, treated_users, control, control_users))
        return cls(*np.broadcast_arrays(*given))

    @property
    def difference(self) -> Array:
        return self.treated / self.treated_users - self.control / self.control_users


def pearson_z(found: Proportions) -> Array:
    """Pearson's statistic without correction, signed: its square is chi-squared. 0 where nobody, or everybody, converted."""
    return _score(found, np.zeros_like(found.treated))


def two_sided(z: Array) -> Array:
    """The p-value of a normal deviate."""
    return np.asarray(2 * ndtr(-np.abs(z)))


def critical(level: ArrayLike) -> Array:
    """The normal deviate whose two tails hold `level`."""
    return np.asarray(-ndtri(np.asarray(level, dtype=float) / 2))


def mee(found: Proportions, level: ArrayLike) -> tuple[Array, Array]:
    """Mee's score interval of the difference of two rates: excludes 0 exactly where Pearson's p is below `level`."""
    return _inverted(found, critical(level), lambda delta: _score(found, delta))


def miettinen_nurminen(found: Proportions, level: ArrayLike) -> tuple[Array, Array]:
    """As Mee's, with variance times N / (N - 1): a little wider; the one that many papers print."""
    total = found.treated_users + found.control_users
    shrunk = np.sqrt((total - 1) / total)
    return _inverted(found, critical(level), lambda delta: _score(found, delta) * shrunk)


def newcombe(found: Proportions, level: ArrayLike) -> tuple[Array, Array]:
    """Newcombe's hybrid score interval, from Wilson's of each rate."""
    z = critical(level)
    low_t, high_t = wilson(found.treated, found.treated_users, z)
    low_c, high_c = wilson(found.control, found.control_users, z)
    rate_t, rate_c = found.treated / found.treated_users, found.control / found.control_users
    low = found.difference - np.hypot(rate_t - low_t, high_c - rate_c)
    high = found.difference + np.hypot(high_t - rate_t, rate_c - low_c)
    return low, high


def wilson(successes: ArrayLike, users: ArrayLike, z: ArrayLike) -> tuple[Array, Array]:
    """Wilson's score interval of one rate."""
    x, n, z = (np.asarray(each, dtype=float) for each in (successes, users, z))
    middle = (x + z**2 / 2) / (n + z**2)
    half = z * np.sqrt(x * (n - x) / n + z**2 / 4) / (n + z**2)
    return middle - half, middle + half


def koopman(found: Proportions, level: ArrayLike) -> tuple[Array, Array]:
    """Koopman's score interval of the ratio of two rates: excludes 1 exactly where Pearson's p is below `level`.

    The upper bound is infinite where nobody in control converted, the lower 0 where nobody in treatment did.
    """
    limit = critical(level) ** 2
    rate_t, rate_c = found.treated / found.treated_users, found.control / found.control_users
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate = np.log(np.where(rate_t > 0, rate_t, 0.5 / found.treated_users)) - np.log(
            np.where(rate_c > 0, rate_c, 0.5 / found.control_users)
        )
    low = _ratio_bound(found, limit, estimate, -1.0)
    high = _ratio_bound(found, limit, estimate, 1.0)
    return np.where(found.treated == 0, 0.0, low), np.where(found.control == 0, np.inf, high)


def fisher(found: Proportions) -> Array:
    """Fisher's exact test, two-sided: the probability of all tables that are no likelier than this one."""
    out = np.empty(found.treated.shape)
    for place in np.ndindex(found.treated.shape):
        x, n, y, m = (
            float(each[place])
            for each in (found.treated, found.treated_users, found.control, found.control_users)
        )
        total = x + y
        cells = np.arange(max(0.0, total - m), min(n, total) + 1)
        likely = _log_choose(n, cells) + _log_choose(m, total - cells) - _log_choose(n + m, total)
        here = _log_choose(n, x) + _log_choose(m, y) - _log_choose(n + m, total)
        out[place] = min(1.0, float(np.exp(likely[likely <= here + 1e-7]).sum()))
    return out


def pearson_k(successes: ArrayLike, users: ArrayLike) -> tuple[float, int, float]:
    """Chi-squared, degrees of freedom and p of equal rates in k arms."""
    x, n = np.asarray(successes, dtype=float), np.asarray(users, dtype=float)
    return pearson_table(np.stack([x, n - x]))


def pearson_table(table: ArrayLike) -> tuple[float, int, float]:
    """Chi-squared, degrees of freedom and p of independence in a table of counts."""
    counts = np.asarray(table, dtype=float)
    counts = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0) / counts.sum()
    freedom = (counts.shape[0] - 1) * (counts.shape[1] - 1)
    chi2 = float(((counts - expected) ** 2 / expected).sum())
    return chi2, freedom, float(chdtrc(freedom, chi2)) if freedom else 1.0


def _log_choose(n: ArrayLike, k: ArrayLike) -> Array:
    n, k = np.asarray(n, dtype=float), np.asarray(k, dtype=float)
    return np.asarray(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1))


def _score(found: Proportions, delta: Array) -> Array:
    """The score statistic of `rate_t - rate_c = delta`, at the maximum likelihood under it (Miettinen and Nurminen)."""
    x, n, y, m = found.treated, found.treated_users, found.control, found.control_users
    total, both = n + m, x + y
    l2 = (n + 2 * m) * delta - total - both
    l1 = (m * delta - total - 2 * y) * delta + both
    l0 = y * delta * (1 - delta)
    q = l2**3 / (3 * total) ** 3 - l1 * l2 / (6 * total**2) + l0 / (2 * total)
    p = np.copysign(np.sqrt(np.maximum(l2**2 / (3 * total) ** 2 - l1 / (3 * total), 0)), q)
    with np.errstate(divide="ignore", invalid="ignore"):
        angle = (np.pi + np.arccos(np.clip(np.where(p == 0, 0, q / p**3), -1, 1))) / 3
    rate_c = np.clip(2 * p * np.cos(angle) - l2 / (3 * total), 0, 1)
    rate_t = np.clip(rate_c + delta, 0, 1)
    variance = rate_t * (1 - rate_t) / n + rate_c * (1 - rate_c) / m
    return _deviate(found.difference - delta, variance)


def _deviate(distance: Array, variance: Array) -> Array:
    """Without variance nothing but the estimate itself is possible; what rounding leaves of it is no distance."""
    with np.errstate(divide="ignore", invalid="ignore"):
        z = distance / np.sqrt(variance)
    impossible = np.where(np.abs(distance) < 1e-12, 0.0, np.copysign(np.inf, distance))
    return np.where(variance > 1e-300, z, impossible)


def _inverted(found: Proportions, z: Array, score: Callable[[Array], Array]) -> tuple[Array, Array]:
    """Where the score, which falls as delta rises, passes z and -z."""
    estimate = np.clip(found.difference, -1, 1)
    outside, inside = np.full_like(estimate, -1.0), estimate.copy()
    low = _halved(outside, inside, lambda delta: score(delta) > z)
    high = _halved(np.full_like(estimate, 1.0), estimate.copy(), lambda delta: score(delta) < -z)
    return low, high


def _halved(outside: Array, inside: Array, is_outside: Callable[[Array], NDArray[np.bool_]]) -> Array:
    for _ in range(_STEPS):
        middle = (outside + inside) / 2
        out = is_outside(middle)
        outside, inside = np.where(out, middle, outside), np.where(out, inside, middle)
    return (outside + inside) / 2


def _ratio_bound(found: Proportions, limit: Array, estimate: Array, side: float) -> Array:
    """The ratio on one side of the estimate whose score passes the limit; in logarithms, from far out inwards."""
    outside = np.full_like(estimate, side * 40.0)
    log_ratio = _halved(outside, estimate.copy(), lambda log: _ratio_chi2(found, np.exp(log)) > limit)
    return np.asarray(np.exp(log_ratio))


def _ratio_chi2(found: Proportions, ratio: Array) -> Array:
    """The score statistic of `rate_t = ratio * rate_c`, squared (Koopman)."""
    x, n, y, m = found.treated, found.treated_users, found.control, found.control_users
    a = (n + m) * ratio
    b = ratio * (n + y) + x + m
    # The smaller root of a p^2 - b p + (x + y), in the form that does not cancel.
    rate_c = 2 * (x + y) / (b + np.sqrt(np.maximum(b**2 - 4 * a * (x + y), 0)))
    rate_t = np.minimum(ratio * rate_c, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        left = (x - n * rate_t) ** 2 / (n * rate_t * (1 - rate_t))
        right = (y - m * rate_c) ** 2 / (m * rate_c * (1 - rate_c))
    return np.asarray(np.nan_to_num(left, posinf=np.inf) + np.nan_to_num(right, posinf=np.inf))
