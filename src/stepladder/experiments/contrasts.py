"""Arms against the control: estimates and p-values first, intervals once it is known at which level each is judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from stepladder.experiments.statistics import means, proportions
from stepladder.experiments.statistics.proportions import Array


@dataclass(frozen=True, slots=True)
class Intervals:
    """Bounds for each arm but the control; NaN where there is none, infinite where it is open. Lifts are relative."""

    low: Array
    high: Array
    lift_low: Array
    lift_high: Array


class Contrast(Protocol):
    """Each arm but the control, in order, against it; NaN where it cannot be said."""

    @property
    def difference(self) -> Array: ...

    @property
    def lift(self) -> Array: ...

    @property
    def p(self) -> Array: ...

    @property
    def measurable(self) -> Array:
        """Where there is a difference and a spread to judge it by."""

    def intervals(self, levels: Sequence[float]) -> Intervals:
        """At each arm's level (0.05: 95 %)."""


@dataclass(frozen=True, slots=True)
class RateContrast:
    """Of proportions; the control is the first."""

    converters: Array
    users: Array

    @property
    def pairs(self) -> proportions.Proportions:
        return proportions.Proportions.of(
            self.converters[1:], self.users[1:], self.converters[0], self.users[0]
        )

    @property
    def measurable(self) -> Array:
        return np.asarray((self.users[1:] > 0) & (self.users[0] > 0))

    @property
    def difference(self) -> Array:
        with np.errstate(invalid="ignore", divide="ignore"):
            return self._where(self.pairs.difference)

    @property
    def lift(self) -> Array:
        with np.errstate(invalid="ignore", divide="ignore"):
            rates = self.converters / self.users
            return self._where(np.where(rates[0] > 0, rates[1:] / rates[0] - 1, np.nan))

    @property
    def p(self) -> Array:
        with np.errstate(invalid="ignore", divide="ignore"):
            return self._where(proportions.two_sided(proportions.pearson_z(self.pairs)))

    def exact_p(self) -> Array:
        """Fisher's, for cells that are too small for the others."""
        return self._where(proportions.fisher(self.pairs))

    def intervals(self, levels: Sequence[float]) -> Intervals:
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            low, high = proportions.mee(self.pairs, np.asarray(levels))
            ratio_low, ratio_high = proportions.koopman(self.pairs, np.asarray(levels))
        nobody = (self.converters[0] == 0) & (self.converters[1:] == 0)
        lift_low = np.where(nobody, np.nan, ratio_low - 1)
        lift_high = np.where(nobody, np.nan, ratio_high - 1)
        return Intervals(*map(self._where, (low, high, lift_low, lift_high)))

    def _where(self, found: Array) -> Array:
        return np.where(self.measurable, found, np.nan)


@dataclass(frozen=True, slots=True)
class ValueContrast:
    """Of means, ratios and quantiles; the control is the first."""

    estimates: means.Estimate

    @property
    def treated(self) -> means.Estimate:
        return self._part(slice(1, None))

    @property
    def control(self) -> means.Estimate:
        return self._part(slice(0, 1))

    @property
    def welch(self) -> means.Difference:
        with np.errstate(invalid="ignore", divide="ignore"):
            return means.welch(self.treated, self.control)

    @property
    def difference(self) -> Array:
        return self.welch.value

    @property
    def lift(self) -> Array:
        base = self.control.value
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(base > 0, self.treated.value / base - 1, np.nan)

    @property
    def measurable(self) -> Array:
        return np.asarray(self.welch.variance > 0)

    @property
    def p(self) -> Array:
        found = self.welch
        return np.where(found.variance > 0, found.p, np.nan)

    def intervals(self, levels: Sequence[float]) -> Intervals:
        found = self.welch
        with np.errstate(invalid="ignore", divide="ignore"):
            low, high = means.interval(found, np.asarray(levels))
            lift_low, lift_high = means.fieller(self.treated, self.control, found, np.asarray(levels))
        known = found.variance > 0
        positive = known & (self.control.value > 0)
        return Intervals(
            np.where(known, low, np.nan),
            np.where(known, high, np.nan),
            np.where(positive, lift_low - 1, np.nan),
            np.where(positive, lift_high - 1, np.nan),
        )

    def _part(self, which: slice) -> means.Estimate:
        given = self.estimates
        return means.Estimate(given.value[which], given.variance[which], given.freedom[which])
