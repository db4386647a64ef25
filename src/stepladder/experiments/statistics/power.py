"""How many users an effect needs, and how small an effect so many users can show. Two-sided throughout."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, sqrt

from scipy.special import nctdtr, ndtr, ndtri, stdtrit


def users_for_rates(
    baseline: float,
    difference: float,
    *,
    alpha: float = 0.05,
    power: float = 0.8,
    treated_per_control: float = 1.0,
) -> int:
    """Users in control to see a rate go from `baseline` to `baseline + difference` (R's power.prop.test, arms of any sizes).

    Calculators that take the baseline's variance for both arms ask for fewer, and have 77 % power where they say 80.
    """
    z_level, z_power = -float(ndtri(alpha / 2)), float(ndtri(power))
    other, many = baseline + difference, treated_per_control
    pooled = (baseline + many * other) / (1 + many)
    null = sqrt(pooled * (1 - pooled) * (1 + 1 / many))
    effect = sqrt(baseline * (1 - baseline) + other * (1 - other) / many)
    return ceil(((z_level * null + z_power * effect) / difference) ** 2)


def power_for_rates(users: float, baseline: float, other: float, *, alpha: float = 0.05) -> float:
    """The probability to see `other` against `baseline`, with `users` in each arm (R's power.prop.test, one tail)."""
    z_level = -float(ndtri(alpha / 2))
    middle = (baseline + other) / 2
    null = sqrt(2 * middle * (1 - middle))
    effect = sqrt(baseline * (1 - baseline) + other * (1 - other))
    return float(ndtr((sqrt(users) * abs(other - baseline) - z_level * null) / effect))


def power_for_means(users: float, difference: float, sd: float, *, alpha: float = 0.05) -> float:
    """The probability of p below `alpha` at a difference of means, with `users` in each arm: both tails count."""
    freedom, shift = 2 * (users - 1), sqrt(users / 2) * abs(difference) / sd
    limit = float(-stdtrit(freedom, alpha / 2))
    return float(1 - nctdtr(freedom, shift, limit) + nctdtr(freedom, shift, -limit))


def users_for_means(difference: float, sd: float, *, alpha: float = 0.05, power: float = 0.8) -> float:
    """Users in each arm to see a difference of means."""
    return _solved(lambda users: power_for_means(users, difference, sd, alpha=alpha) - power, 2.0, 1e12)


def detectable(
    users_treated: float, users_control: float, variance: float, *, alpha: float, power: float
) -> float:
    """The smallest difference of means that so many users show with that power, in large samples."""
    return (float(ndtri(power)) - float(ndtri(alpha / 2))) * sqrt(
        variance * (1 / users_treated + 1 / users_control)
    )


def _solved(rises: Callable[[float], float], low: float, high: float) -> float:
    """Where a rising function is 0."""
    for _ in range(200):
        middle = sqrt(low * high) if high / low > 2 else (low + high) / 2
        if rises(middle) < 0:
            low = middle
        else:
            high = middle
        if high - low < 1e-9 * high:
            break
    return (low + high) / 2
