"""From sums to what arms are compared by: means, variances, ratios, quantiles of each arm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import sqrt

import numpy as np

from stepladder.experiments.contrasts import Contrast, RateContrast, ValueContrast
from stepladder.experiments.declaration import Metric
from stepladder.experiments.results import Arm
from stepladder.experiments.statement import Column, columns_of
from stepladder.experiments.statistics import cuped, means, quantiles
from stepladder.experiments.sums import Sums, Tally


@dataclass(frozen=True, slots=True)
class Measured:
    """A metric in all arms, the control first: what to show, and what to compare. `figures` are of the whole metric."""

    metric: Metric
    arms: tuple[Arm, ...]
    contrast: Contrast
    skew: tuple[float, ...] = ()
    figures: Mapping[str, object] = field(default_factory=dict)
    before_p: float | None = None
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Moments:
    """Of one arm: users; means and covariances of the columns."""

    users: int
    mean: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]


def measure(sums: Sums, metric: Metric, tallies: Sequence[Tally]) -> Measured:
    """A metric from the sums of each arm, the control's first."""
    columns = columns_of(sums.layout, metric)
    users = [int(tally.get(f"{columns[0].name}_users", 0)) for tally in tallies]
    if metric.is_rate:
        return _rates(sums, metric, columns[0], tallies, users)
    if metric.kind == "quantile":
        return _quantiles(sums, metric, users)
    moments = [_moments(columns, tally, n, sums.cuts.shifts) for tally, n in zip(tallies, users, strict=True)]
    return _values(sums, metric, columns, tallies, moments)


def rates(names: Sequence[str], metric: Metric, converters: Sequence[int], users: Sequence[int]) -> Measured:
    """A conversion from its counts."""
    arms = tuple(
        Arm(name, n, {"converters": x, "rate": x / n if n else None})
        for name, x, n in zip(names, converters, users, strict=True)
    )
    contrast = RateContrast(np.asarray(converters, dtype=float), np.asarray(users, dtype=float))
    return Measured(metric, arms, contrast)


def _rates(
    sums: Sums, metric: Metric, column: Column, tallies: Sequence[Tally], users: Sequence[int]
) -> Measured:
    converters = [int(tally.get(f"{column.name}_sum", 0)) for tally in tallies]
    return rates(sums.declaration.arms, metric, converters, users)


def _quantiles(sums: Sums, metric: Metric, users: Sequence[int]) -> Measured:
    found = sums.ranked.get(metric.name, {})
    nothing = (float("nan"),) * 3
    low, value, high = np.array([found.get(arm, nothing) for arm in range(1, len(users) + 1)]).T
    arms = tuple(
        Arm(name, n, {"quantile": metric.quantile, "value": _told(each)})
        for name, n, each in zip(sums.declaration.arms, users, value, strict=True)
    )
    return Measured(
        metric, arms, ValueContrast(quantiles.estimate(low, value, high)), exact=_exact(sums, metric)
    )


def _values(
    sums: Sums,
    metric: Metric,
    columns: Sequence[Column],
    tallies: Sequence[Tally],
    moments: Sequence[Moments],
) -> Measured:
    estimate = _estimates(metric, moments)
    figures: dict[str, object] = {}
    before = None
    if metric.cap is not None:
        cap = sums.cuts.caps.get(columns[0].name)
        figures["cap"] = None if cap is None else float(cap) / 10 ** columns[0].value.scale
    shown = estimate
    if metric.cuped is not None:
        paired = _paired(metric, moments)
        if (paired.users > 1).all():
            figures["cuped"] = {"variance_reduction": cuped.reduction(paired), "theta": cuped.theta(paired)}
            before = _balance_before(paired)
            estimate = cuped.adjusted(paired)
    arms = tuple(
        Arm(name, each.users, _arm_figures(metric, columns, each, tally, float(value), float(after)))
        for name, each, tally, value, after in zip(
            sums.declaration.arms, moments, tallies, shown.value, estimate.value, strict=True
        )
    )
    return Measured(
        metric,
        arms,
        ValueContrast(estimate),
        _skews(columns[0], tallies, moments, sums),
        figures,
        before,
        exact=_exact(sums, metric),
    )


def _exact(sums: Sums, metric: Metric) -> bool:
    return all(column.value.exact for column in columns_of(sums.layout, metric))


def _estimates(metric: Metric, moments: Sequence[Moments]) -> means.Estimate:
    users = [each.users for each in moments]
    if metric.kind != "ratio":
        return means.mean(
            users, [each.mean[0] for each in moments], [each.covariance[0][0] for each in moments]
        )
    return means.ratio(
        users,
        [each.mean[0] for each in moments],
        [each.mean[1] for each in moments],
        [each.covariance[0][0] for each in moments],
        [each.covariance[1][1] for each in moments],
        [each.covariance[0][1] for each in moments],
    )


def _paired(metric: Metric, moments: Sequence[Moments]) -> cuped.Paired:
    """y and x of each user; a ratio's in linear form, about the ratio of all arms."""
    if metric.kind != "ratio":
        return _paired_of(moments, [(np.array([1.0, 0.0]), np.array([0.0, 1.0]), 0.0, 0.0)] * len(moments))
    total = np.array([each.mean for each in moments]).T @ np.array([each.users for each in moments])
    everybody = total / sum(each.users for each in moments)
    forms = []
    for each in moments:
        ratio = each.mean[0] / each.mean[1] if each.mean[1] else 0.0
        y = np.array([1.0, -ratio, 0.0, 0.0]) / (each.mean[1] or np.nan)
        before = everybody[2] / everybody[3] if everybody[3] else 0.0
        x = np.array([0.0, 0.0, 1.0, -before]) / (everybody[3] or np.nan)
        forms.append((y, x, ratio, before))
    return _paired_of(moments, forms)


def _paired_of(
    moments: Sequence[Moments], forms: Sequence[tuple[np.ndarray, np.ndarray, float, float]]
) -> cuped.Paired:
    rows = []
    for each, (y, x, y_at, x_at) in zip(moments, forms, strict=True):
        mean, spread = np.array(each.mean), np.array(each.covariance)
        rows.append(
            (each.users, y @ mean + y_at, x @ mean + x_at, y @ spread @ y, x @ spread @ x, y @ spread @ x)
        )
    return cuped.Paired(*np.array(rows, dtype=float).T)


def _balance_before(paired: cuped.Paired) -> float:
    """The smallest p, over all arms together, of a difference before the experiment: there was none to be had."""
    estimate = means.mean(paired.users, paired.x, paired.x_variance)
    p = ValueContrast(estimate).p
    known = p[~np.isnan(p)]
    return min(1.0, float(known.min()) * len(known)) if len(known) else 1.0


def _arm_figures(
    metric: Metric, columns: Sequence[Column], moments: Moments, tally: Tally, value: float, after: float
) -> dict[str, object]:
    unit = 10 ** columns[0].value.scale
    total = tally.get(f"{columns[0].name}_sum", 0)
    name = {"ratio": "ratio"}.get(metric.kind, "mean")
    found: dict[str, object] = {name: _told(value)}
    if columns[0].value.exact:
        found["total"] = total / unit
    else:
        found["total"] = moments.mean[0] * moments.users if moments.users else 0.0
    if metric.kind != "ratio":
        found["sd"] = sqrt(max(moments.covariance[0][0], 0)) if moments.users > 1 else None
    if metric.cuped is not None:
        found["adjusted"] = _told(after)
    return found


def _told(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _moments(columns: Sequence[Column], tally: Tally, users: int, shifts: Mapping[str, float]) -> Moments:
    mean = tuple(_mean(column, tally, users, shifts) for column in columns)
    size = range(len(columns))
    covariance = tuple(
        tuple(_covariance(columns[min(i, j)], columns[max(i, j)], tally, users) for j in size) for i in size
    )
    return Moments(users, mean, covariance)


def _mean(column: Column, tally: Tally, users: int, shifts: Mapping[str, float]) -> float:
    if not users:
        return float("nan")
    total = tally[f"{column.name}_sum"]
    if column.value.exact:
        return float(Fraction(int(total), users * 10**column.value.scale))
    return total / users + shifts.get(column.name, 0.0)


def _covariance(one: Column, other: Column, tally: Tally, users: int) -> float:
    """From sums that are whole numbers it is exact, whatever the mean: nothing cancels."""
    if users < 2:
        return float("nan")
    product, left, right = (
        tally[f"{one.name}_{other.name}"], tally[f"{one.name}_sum"], tally[f"{other.name}_sum"]
    )  # fmt: skip
    if one.value.exact and other.value.exact:
        unit = 10 ** (one.value.scale + other.value.scale)
        return float(Fraction(users * int(product) - int(left) * int(right), users * (users - 1) * unit))
    scale = 10.0 ** (
        (one.value.scale if one.value.exact else 0) + (other.value.scale if other.value.exact else 0)
    )
    found = (product - left * right / users) / (users - 1) / scale
    return max(found, 0.0) if one is other else found


def _skews(
    column: Column, tallies: Sequence[Tally], moments: Sequence[Moments], sums: Sums
) -> tuple[float, ...]:
    """The skewness of each arm's difference to the control; nothing where it was not asked for."""
    if not sums.cuts.cubes or any(each.users < 2 for each in moments):
        return ()
    third = [_third(column, tally, each) for tally, each in zip(tallies, moments, strict=True)]
    spread = [each.covariance[0][0] / each.users for each in moments]
    return tuple(
        float(
            means.skewness_of_difference(
                moments[arm].users, third[arm], moments[0].users, third[0], spread[arm] + spread[0]
            )
        )
        for arm in range(1, len(moments))
    )


def _third(column: Column, tally: Tally, moments: Moments) -> float:
    """The third central moment, from sums about the shift (or 0)."""
    n, unit = moments.users, 10.0**column.value.scale
    first, second, cubes = (
        tally[f"{column.name}_sum"] / n, tally[f"{column.name}_{column.name}"] / n, tally[f"{column.name}_cubes"] / n
    )  # fmt: skip
    return float(cubes - 3 * first * second + 2 * first**3) / unit**3
