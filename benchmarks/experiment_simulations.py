"""Simulations of the statistics of experiments: error rates, coverage, power, peeking. On sufficient statistics.

Each claim is a function of a generator and a number of runs; `CLAIMS` names them with the band that they must keep at
20,000 runs. tests/unit/experiments/test_simulations.py runs a tenth.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from stepladder.experiments.contrasts import Contrast, Intervals, RateContrast, ValueContrast
from stepladder.experiments.statistics import (
    cuped,
    means,
    multiplicity,
    power,
    proportions,
    quantiles,
    ratio_mismatch,
    sequential,
)

ALPHA = 0.05
LOOKS = 14
Z = 1.959963984540054
Random = np.random.Generator


@dataclass(frozen=True)
class Outcome:
    """Shares of the runs. `contradicted`: runs in which a p-value and an interval said different things."""

    share: float
    runs: int
    contradicted: int = 0
    covered: float | None = None
    lift_covered: float | None = None
    low_tail: float | None = None
    high_tail: float | None = None


@dataclass(frozen=True)
class Claim:
    name: str
    run: Callable[[Random, int], Outcome]
    low: float
    high: float
    what: str = "share"

    def value(self, found: Outcome) -> float:
        return float(getattr(found, self.what))


# -- a contrast of arrays is as many experiments at once; each is (control, treated) along the first axis
def outcome(contrast: Contrast, difference: float, lift: float | None) -> Outcome:
    """What came of many experiments whose true difference and lift are known."""
    p, level = contrast.p, [ALPHA]
    bounds = contrast.intervals(level)
    runs = p.size
    rejected = p < ALPHA
    excludes = (bounds.low > 0) | (bounds.high < 0)
    known = ~np.isnan(bounds.lift_low)
    lift_excludes = (bounds.lift_low > 0) | (bounds.lift_high < 0)
    contradicted = int((rejected != excludes).sum() + (rejected != lift_excludes)[known].sum())
    low_miss, high_miss = bounds.low > difference, bounds.high < difference
    covered = ~(low_miss | high_miss)
    lift_covered = None
    if lift is not None:
        missed = (bounds.lift_low > lift) | (bounds.lift_high < lift)
        lift_covered = float((~missed | ~known).mean())
    return Outcome(
        float(rejected.mean()),
        runs,
        contradicted,
        float(covered.mean()),
        lift_covered,
        float(high_miss.mean()),
        float(low_miss.mean()),
    )


def rates(rate: float, users: tuple[int, int], lift: float = 0.0) -> Callable[[Random, int], Outcome]:
    def run(random: Random, runs: int) -> Outcome:
        control = random.binomial(users[0], rate, runs)
        treated = random.binomial(users[1], rate * (1 + lift), runs)
        found = _Rates(
            np.stack([control, treated]).astype(float),
            np.array([[users[0]], [users[1]]], dtype=float) * np.ones(runs),
        )
        return outcome(found, rate * lift, lift)

    return run


class _Rates(RateContrast):
    """Many experiments of one arm beside its control: along the second axis."""

    @property
    def pairs(self) -> proportions.Proportions:
        return proportions.Proportions(self.converters[1], self.users[1], self.converters[0], self.users[0])

    @property
    def measurable(self) -> np.ndarray:
        return np.asarray((self.users > 0).all(axis=0))

    @property
    def lift(self) -> np.ndarray:
        return np.asarray(self.converters[1] / self.users[1] / (self.converters[0] / self.users[0]) - 1)

    def intervals(self, _levels: object) -> Intervals:  # type: ignore[override]
        low, high = proportions.mee(self.pairs, ALPHA)
        with np.errstate(all="ignore"):
            ratio_low, ratio_high = proportions.koopman(self.pairs, ALPHA)
        nobody = (self.converters == 0).all(axis=0)
        return Intervals(
            low, high, np.where(nobody, np.nan, ratio_low - 1), np.where(nobody, np.nan, ratio_high - 1)
        )


def values(control: means.Estimate, treated: means.Estimate) -> ValueContrast:
    """Many experiments of one arm beside its control."""
    return _Values(
        means.Estimate(
            np.stack([control.value, treated.value]),
            np.stack([control.variance, treated.variance]),
            np.stack([control.freedom, treated.freedom]),
        )
    )


class _Values(ValueContrast):
    @property
    def control(self) -> means.Estimate:
        return self._part(0)  # type: ignore[arg-type]

    @property
    def treated(self) -> means.Estimate:
        return self._part(1)  # type: ignore[arg-type]


Draw = Callable[[Random, int, int], np.ndarray]


def revenue(random: Random, runs: int, users: int) -> np.ndarray:
    """What users spend: nine of ten nothing, the others a skewed amount."""
    spent = random.lognormal(3.0, 1.0, (runs, users))
    return np.where(random.random((runs, users)) < 0.1, spent, 0.0)


def events(random: Random, runs: int, users: int) -> np.ndarray:
    """How often users come: overdispersed."""
    return random.poisson(random.gamma(1.5, 2.0, (runs, users))).astype(float)


def capped(random: Random, runs: int, users: int) -> np.ndarray:
    return np.minimum(revenue(random, runs, users), 120.0)


def of_means(
    draw: Draw, users: int, lift: float = 0.0, truth: float = 0.0
) -> Callable[[Random, int], Outcome]:
    def one(random: Random, runs: int) -> means.Estimate:
        drawn = draw(random, runs, users)
        return means.mean(users, drawn.mean(axis=1), drawn.var(axis=1, ddof=1))

    def run(random: Random, runs: int) -> Outcome:
        control, treated = _chunked(one, random, runs), _chunked(one, random, runs)
        grown = means.Estimate(
            treated.value * (1 + lift), treated.variance * (1 + lift) ** 2, treated.freedom
        )
        return outcome(values(control, grown), truth * lift, lift)

    return run


def of_ratios(random: Random, runs: int) -> Outcome:
    """Revenue a session: sessions are not independent, users are."""

    def one(random: Random, runs: int) -> means.Estimate:
        users = 600
        sessions = 1.0 + random.poisson(random.gamma(1.0, 2.0, (runs, users)))
        taste = random.gamma(2.0, 1.0, (runs, users))
        spent = sessions * taste + random.normal(0, 1, (runs, users)) * np.sqrt(sessions)
        tops, bottoms = spent.mean(axis=1), sessions.mean(axis=1)
        covariance = ((spent - tops[:, None]) * (sessions - bottoms[:, None])).sum(axis=1) / (users - 1)
        return means.ratio(
            users, tops, bottoms, spent.var(axis=1, ddof=1), sessions.var(axis=1, ddof=1), covariance
        )

    return outcome(values(_chunked(one, random, runs), _chunked(one, random, runs)), 0.0, 0.0)


def of_cuped(random: Random, runs: int) -> Outcome:
    users, found = 400, []
    for _ in range(runs):
        before = random.gamma(2.0, 1.0, (2, users))
        y = before + random.gamma(2.0, 0.7, (2, users))
        found.append(_adjusted(before, y))
    control, treated = (
        means.Estimate(
            *(
                np.array([getattr(each, name)[arm] for each in found])
                for name in ("value", "variance", "freedom")
            )
        )
        for arm in (0, 1)
    )
    return outcome(values(control, treated), 0.0, 0.0)


def _adjusted(x: np.ndarray, y: np.ndarray) -> means.Estimate:
    users = x.shape[1]
    xm, ym = x.mean(axis=1), y.mean(axis=1)
    covariance = ((x - xm[:, None]) * (y - ym[:, None])).sum(axis=1) / (users - 1)
    n = np.array([users, users], dtype=float)
    return cuped.adjusted(cuped.Paired(n, ym, xm, y.var(axis=1, ddof=1), x.var(axis=1, ddof=1), covariance))


def of_quantiles(quantile: float) -> Callable[[Random, int], Outcome]:
    users = 2000
    low, middle, high = (rank - 1 for rank in quantiles.ranks(users, quantile))

    def one(random: Random, runs: int) -> means.Estimate:
        drawn = random.lognormal(1.0, 0.8, (runs, users))
        drawn.partition([low, middle, high], axis=1)
        return quantiles.estimate(drawn[:, low], drawn[:, middle], drawn[:, high])

    def run(random: Random, runs: int) -> Outcome:
        return outcome(values(_chunked(one, random, runs), _chunked(one, random, runs)), 0.0, 0.0)

    return run


def _chunked(one: Callable[[Random, int], means.Estimate], random: Random, runs: int) -> means.Estimate:
    """In pieces that memory holds."""
    parts = [one(random, min(500, runs - start)) for start in range(0, runs, 500)]
    return means.Estimate(
        *(
            np.concatenate([getattr(each, name) for each in parts])
            for name in ("value", "variance", "freedom")
        )
    )


# -- many looks
def paths(random: Random, runs: int, looks: int, drift: float = 0.0) -> np.ndarray:
    """z at each of equally spaced looks; `drift` is its mean at the last."""
    share = np.arange(1, looks + 1) / looks
    walk = random.normal(0, 1, (runs, looks)).cumsum(axis=1) / np.sqrt(looks)
    return np.asarray((walk + drift * share) / np.sqrt(share))


def peeking_naive(random: Random, runs: int) -> Outcome:
    return Outcome(float((np.abs(paths(random, runs, LOOKS)) > Z).any(axis=1).mean()), runs)


def peeking_with_bounds(random: Random, runs: int) -> Outcome:
    bounds = sequential.bounds([(look + 1) / LOOKS for look in range(LOOKS)], ALPHA)
    return Outcome(float((np.abs(paths(random, runs, LOOKS)) > bounds).any(axis=1).mean()), runs)


def peeking_irregular(random: Random, runs: int) -> Outcome:
    """Looks whenever somebody was curious."""
    places = np.array([2, 3, 9, 10, 22, 40, 41, 58, 77, 90, 93, 98]) + 1
    bounds = sequential.bounds([*(float(place) / 100 for place in places), 1.0], ALPHA)
    z = paths(random, runs, 100)[:, [*(places - 1), 99]]
    return Outcome(float((np.abs(z) > bounds).any(axis=1).mean()), runs)


def peeking_by_sequence(random: Random, runs: int) -> Outcome:
    users = [1000 * (look + 1) for look in range(LOOKS)]
    bounds = [sequential.sequence_z(each, ALPHA, 10_000) for each in users]
    return Outcome(float((np.abs(paths(random, runs, LOOKS)) > bounds).any(axis=1).mean()), runs)


# -- power, splits, many comparisons
def power_of_rates(random: Random, runs: int) -> Outcome:
    users = power.users_for_rates(0.05, 0.01)
    return rates(0.05, (users, users), 0.2)(random, runs)


def power_of_means(random: Random, runs: int) -> Outcome:
    users = round(power.users_for_means(0.2, 1.0))

    def one(random: Random, runs: int) -> means.Estimate:
        drawn = random.normal(0, 1, (runs, users))
        return means.mean(users, drawn.mean(axis=1), drawn.var(axis=1, ddof=1))

    control, treated = _chunked(one, random, runs), _chunked(one, random, runs)
    moved = means.Estimate(treated.value + 0.2, treated.variance, treated.freedom)
    return outcome(values(control, moved), 0.2, None)


def power_with_bounds(random: Random, runs: int) -> Outcome:
    """At the effect that a single look would see with 80 %: what the looks cost."""
    bounds = sequential.bounds([(look + 1) / LOOKS for look in range(LOOKS)], ALPHA)
    z = paths(random, runs, LOOKS, Z + 0.8416212335729143)
    return Outcome(float((z > bounds).any(axis=1).mean()), runs)


def split_alarms(random: Random, runs: int) -> Outcome:
    """At .001 nothing is to be seen in few runs: five times as many."""
    counts = random.binomial(100_000, 0.5, runs * 5)
    chi2 = (counts - 50_000) ** 2 / 25_000
    assert abs(ratio_mismatch.chi_squared([50_100, 49_900], [0.5, 0.5])[0] - 100**2 / 25_000) < 1e-9
    from scipy.special import chdtrc

    return Outcome(float((chdtrc(1, chi2) < 0.001).mean()), runs * 5)


def split_found(random: Random, runs: int) -> Outcome:
    """A split of 49.5 to 50.5 among 1,000,000 users."""
    counts = random.binomial(1_000_000, 0.495, runs)
    found = [
        ratio_mismatch.chi_squared([each, 1_000_000 - each], [0.5, 0.5])[1] < 0.001 for each in counts[:2000]
    ]
    return Outcome(float(np.mean(found)), len(found))


def many_nulls(procedure: str) -> Callable[[Random, int], Outcome]:
    """Any false win among thirty metrics without an effect."""

    def run(random: Random, runs: int) -> Outcome:
        p = random.random((runs, 30))
        if procedure == "none":
            return Outcome(float((p < ALPHA).any(axis=1).mean()), runs)
        found = [any(each.rejected for each in multiplicity.holm(row.tolist(), ALPHA)) for row in p]
        return Outcome(float(np.mean(found)), runs)

    return run


_AA = (0.045, 0.055)
_COVER = (0.94, 0.965)
_MEAN_REVENUE = 0.1 * float(np.exp(3.5))
CLAIMS = (
    *(
        Claim(f"A/A, conversion {100 * rate:g} %, {users:,} users an arm", rates(rate, (users, users)), *_AA)
        for rate, users in ((0.005, 20_000), (0.02, 5000), (0.05, 5000), (0.1, 2000))
    ),
    Claim("A/A, retention 40 %, 500 users an arm", rates(0.4, (500, 500)), *_AA),
    Claim("A/A, mean of revenue, 2,000 users an arm", of_means(revenue, 2000), *_AA),
    Claim("A/A, the same, capped", of_means(capped, 1000), *_AA),
    Claim("A/A, count, 500 users an arm", of_means(events, 500), *_AA),
    Claim("A/A, ratio, 600 users an arm", of_ratios, *_AA),
    Claim("A/A, mean with CUPED, 400 users an arm", of_cuped, *_AA),
    Claim("A/A, median, 2,000 users an arm", of_quantiles(0.5), *_AA),
    Claim("A/A, 90th percentile, 2,000 users an arm", of_quantiles(0.9), *_AA),
    *(
        Claim(
            f"coverage of {word}, {100 * rate:g} % and {lift:+.0%}, {users[0]:,} : {users[1]:,}",
            rates(rate, users, lift),
            *_COVER,
            what,
        )
        for rate, users, lift in (
            (0.02, (1000, 1000), 0.3),
            (0.05, (300, 300), 0.5),
            (0.03, (2000, 18_000), 0.2),
            (0.01, (5000, 500), 2.0),
            (0.2, (1000, 10_000), 0.1),
            (0.001, (20_000, 20_000), 0.5),
        )
        for word, what in (("a difference", "covered"), ("a lift", "lift_covered"))
    ),
    Claim(
        "coverage of a lift, revenue +20 %, 2,000 users an arm",
        of_means(revenue, 2000, 0.2, 0.1 * float(np.exp(3.5))),
        *_COVER,
        "lift_covered",
    ),
    Claim("14 looks, each at 1.96: false alarms", peeking_naive, 0.21, 0.24),
    Claim("14 looks, with bounds", peeking_with_bounds, 0.045, 0.052),
    Claim("13 looks at odd times, with bounds", peeking_irregular, 0.045, 0.052),
    Claim("14 looks, confidence sequence", peeking_by_sequence, 0.0, 0.052),
    Claim("power 80 %, rates", power_of_rates, 0.785, 0.815),
    Claim("power 80 %, means", power_of_means, 0.785, 0.815),
    Claim("power with 14 looks, sized for one look", power_with_bounds, 0.76, 0.81),
    Claim("split, false alarms at .001", split_alarms, 0.0007, 0.0013),
    Claim("split, 49.5 to 50.5 of a million found", split_found, 0.99, 1.0),
    Claim("30 metrics without an effect, any win, uncorrected", many_nulls("none"), 0.75, 0.81),
    Claim("30 metrics without an effect, any win, Holm", many_nulls("holm"), 0.0, 0.055),
)
