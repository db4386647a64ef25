"""Arms of a metric against its control, as values that are told: each with the level that it was judged at."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from stepladder.experiments.contrasts import Intervals, RateContrast, ValueContrast
from stepladder.experiments.measured import Measured
from stepladder.experiments.results import Comparison, Interval, finite
from stepladder.experiments.rounding import rounded
from stepladder.experiments.statistics import bayes
from stepladder.experiments.statistics.multiplicity import Judged

FEW_IN_A_CELL = 5  # expected, below which a chi-squared test is not to be trusted


def comparisons(measured: Measured, arms: Sequence[str], judged_at: Sequence[Judged]) -> list[Comparison]:
    """Each arm but the control, with intervals at the level of its judgement; what is significant is not said yet."""
    contrast = measured.contrast
    levels = [max(each.level, 1e-15) for each in judged_at]
    bounds = contrast.intervals(levels)
    control = measured.arms[0]
    found = []
    for place, arm in enumerate(arms):
        difference, lift, p = (
            _told(values[place], measured) for values in (contrast.difference, contrast.lift, contrast.p)
        )
        found.append(
            Comparison(
                arm=arm,
                control=control.name,
                difference=difference,
                difference_ci=_interval(bounds, place, measured, "difference"),
                lift=lift,
                lift_ci=_interval(bounds, place, measured, "lift"),
                p_value=p,
                p_adjusted=None if p is None else _told(judged_at[place].p_adjusted, measured),
                is_significant=None,
                confidence_level=1 - judged_at[place].level,
                why=_why_no_lift(measured, lift),
                figures=_sketch_names(measured, place) | _chance(measured, place) | _exact(measured, place),
            )
        )
    return found


def _sketch_names(measured: Measured, place: int) -> dict[str, object]:
    """A conversion's rates by the names that home-made scripts give them."""
    if not measured.metric.is_rate:
        return {}
    control, treated = measured.arms[0], measured.arms[place + 1]
    return {
        "control_conversion_rate": control.figures["rate"],
        "treatment_conversion_rate": treated.figures["rate"],
    }


def _chance(measured: Measured, place: int) -> dict[str, object]:
    """The chance that the arm's value is the larger one."""
    contrast = measured.contrast
    if not contrast.measurable[place]:
        return {"chance_larger": None}
    if isinstance(contrast, RateContrast):
        x, n = int(contrast.converters[place + 1]), int(contrast.users[place + 1])
        found = bayes.rates_better(x, n, int(contrast.converters[0]), int(contrast.users[0]))
    else:
        assert isinstance(contrast, ValueContrast)
        variance = float(contrast.welch.variance[place])
        found = bayes.normal_better(float(contrast.difference[place]), math.sqrt(variance))
    return {"chance_larger": rounded(found, 9)}


def _exact(measured: Measured, place: int) -> dict[str, object]:
    """Fisher's p beside the other where a cell is too small for that."""
    contrast = measured.contrast
    if not isinstance(contrast, RateContrast):
        return {}
    pairs = contrast.pairs
    users = np.array([pairs.treated_users[place], pairs.control_users[place]])
    total = float(pairs.treated[place] + pairs.control[place])
    if not users.all():
        return {}
    share = total / float(users.sum())
    if float(users.min()) * min(share, 1 - share) >= FEW_IN_A_CELL:
        return {}
    return {"p_exact": float(contrast.exact_p()[place])}


def _interval(bounds: Intervals, place: int, measured: Measured, of: str) -> Interval:
    low, high = (bounds.low, bounds.high) if of == "difference" else (bounds.lift_low, bounds.lift_high)
    return _told(low[place], measured), _told(high[place], measured)


def _told(value: float, measured: Measured) -> float | None:
    found = finite(value)
    return found if found is None or measured.exact else rounded(found, 9)


def plain(figures: Mapping[str, object], measured: Measured) -> dict[str, object]:
    """Sums of doubles depend on the order in which they were added, in their last digits: those are not told."""
    if measured.exact:
        return dict(figures)
    return {
        name: rounded(value, 9)
        if isinstance(value, float)
        else {key: rounded(each, 9) for key, each in value.items()}
        if isinstance(value, dict)
        else value
        for name, value in figures.items()
    }


def _why_no_lift(measured: Measured, lift: float | None) -> str:
    if lift is not None:
        return ""
    if isinstance(measured.contrast, RateContrast):
        return "no conversions in control: there is nothing to divide by" if measured.arms[0].users else ""
    return "the control's value is not above 0: there is nothing to divide by"
