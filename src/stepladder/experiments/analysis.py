"""From sums to a read-out: gates, p-values, the level that each is judged at, intervals at that level, a verdict."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from stepladder.experiments import gates as gate
from stepladder.experiments.comparing import FEW_IN_A_CELL, comparisons, plain
from stepladder.experiments.contrasts import RateContrast
from stepladder.experiments.declaration import Declaration, Limits
from stepladder.experiments.looking import Looking
from stepladder.experiments.measured import Measured, measure
from stepladder.experiments.results import Gate, Look, MetricResult, Readout
from stepladder.experiments.rounding import rounded
from stepladder.experiments.statistics.multiplicity import Judged, benjamini_hochberg, holm
from stepladder.experiments.statistics.proportions import pearson_k
from stepladder.experiments.sums import Sums, dimension_value
from stepladder.experiments.verdict import verdict


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What decides how a p-value is judged, beside the figures: the look, and what was decided before."""

    look: Look
    looking: Looking
    decided: Mapping[tuple[str, str], bool | None] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def read_out(sums: Sums, circumstances: Circumstances) -> Readout:
    """Everything that can be said of these sums."""
    declaration = sums.declaration
    tallies = [sums.tally(number) for number in range(1, len(declaration.arms) + 1)]
    measured = [measure(sums, metric, tallies) for metric in sums.layout.metrics]
    gates = gate.gates_of(sums)
    results = judged(measured, declaration, gates, circumstances)
    slices = {
        name: {
            value: {each.metric.name: _sliced(each, declaration) for each in found}
            for value, found in _by_value(sums, place).items()
        }
        for place, name in enumerate(declaration.dimensions)
    }
    return replace(results, slices=slices)


def judged(
    measured: Sequence[Measured],
    declaration: Declaration,
    gates: Sequence[Gate],
    circumstances: Circumstances,
) -> Readout:
    """The read-out of metrics that were measured."""
    limits = declaration.limits
    short = [
        (each.metric.name, each.metric.role, why) for each in measured if (why := too_little(each, limits))
    ]
    skews = {
        each.metric.name: rounded(max(each.skew, key=abs), 3)
        for each in measured
        if each.skew and not any(math.isnan(value) for value in each.skew)
    }
    before = {each.metric.name: rounded(each.before_p, 6) for each in measured if each.before_p is not None}
    gates = [*gates, gate.data_gate(short), gate.skew_gate(skews, limits.skew), gate.balance_gate(before)]
    levels = _levels(measured, declaration, circumstances.looking)
    metrics = {
        each.metric.name: _result(each, declaration, gates, levels, circumstances) for each in measured
    }
    found = Readout(
        experiment=declaration.name,
        control=declaration.control,
        verdict="",
        look=circumstances.look,
        gates={each.name: each for each in gates},
        metrics=metrics,
        notes=(*circumstances.notes, *circumstances.looking.notes),
    )
    return replace(found, verdict=verdict(found, circumstances.looking))


def too_little(measured: Measured, limits: Limits) -> str:
    """Why a metric cannot be judged yet; empty where it can."""
    users = [arm.users for arm in measured.arms]
    if min(users) < limits.users:
        return f"an arm has {min(users):,} users, fewer than {limits.users:g}"
    contrast = measured.contrast
    if isinstance(contrast, RateContrast):
        rate = float(contrast.converters.sum() / contrast.users.sum())
        expected = float(min(users)) * min(rate, 1 - rate)
        if float(min(users)) * rate < limits.converters:
            return f"an arm would have {float(min(users)) * rate:.1f} converters at the rate of all, fewer than {limits.converters:g}"
        return "nearly everybody converted" if expected < FEW_IN_A_CELL else ""
    if not np.isfinite(contrast.difference).all():
        if measured.metric.kind == "ratio":
            return "in an arm there is nothing to divide by"
        return "its values are not all finite numbers"
    return "" if not np.isnan(contrast.p).any() else "the values do not vary"


def _levels(
    measured: Sequence[Measured], declaration: Declaration, looking: Looking
) -> dict[tuple[str, str], Judged]:
    """Holm over the primary metrics and all arms; Benjamini and Hochberg over the secondary ones; each guardrail by itself,
    for a harm that is overlooked costs more than one that was none."""
    found: dict[tuple[str, str], Judged] = {}
    for role, procedure in (("primary", holm), ("secondary", benjamini_hochberg)):
        keys, p = [], []
        for each in measured:
            if each.metric.role == role:
                for arm, value in zip(declaration.arms[1:], each.contrast.p, strict=True):
                    keys.append((each.metric.name, arm))
                    p.append(1.0 if np.isnan(value) else float(value))
        judged_at = procedure(p, declaration.alpha, looking.level)
        # An adjusted p may be that of another metric, whose last digits are not told.
        if not all(each.exact for each in measured if each.metric.role == role):
            judged_at = [replace(each, p_adjusted=rounded(each.p_adjusted, 9)) for each in judged_at]
        found |= dict(zip(keys, judged_at, strict=True))
    for each in measured:
        if each.metric.role == "guardrail":
            for arm, value in zip(declaration.arms[1:], each.contrast.p, strict=True):
                p_value = 1.0 if np.isnan(value) else float(value)
                (found[each.metric.name, arm],) = holm([p_value], declaration.alpha, looking.level)
    return found


def _result(
    measured: Measured,
    declaration: Declaration,
    gates: Sequence[Gate],
    levels: Mapping[tuple[str, str], Judged],
    circumstances: Circumstances,
) -> MetricResult:
    name, arms = measured.metric.name, declaration.arms[1:]
    judged_at = [levels[name, arm] for arm in arms]
    compared = comparisons(measured, arms, judged_at)
    why_not = gate.blocked(gates, name) or circumstances.looking.why_not
    found = {}
    for each, at in zip(compared, judged_at, strict=True):
        said: bool | None = at.rejected if each.p_value is not None else None
        why = each.why
        if why_not:
            said, why = None, why_not
        if (name, each.arm) in circumstances.decided:
            said = circumstances.decided[name, each.arm]
            why = "decided at the planned size; later figures only describe"
        found[each.arm] = replace(each, is_significant=said, why=why)
    notes = _notes(measured)
    return MetricResult(
        name,
        measured.metric.kind,
        measured.metric.role,
        {arm.name: replace(arm, figures=plain(arm.figures, measured)) for arm in measured.arms},
        found,
        notes,
        plain({"better": measured.metric.better, **measured.figures, **_overall(measured)}, measured),
    )


def _sliced(measured: Measured, declaration: Declaration) -> MetricResult:
    """One value of a dimension: intervals at the plain level, and no verdict, for nobody asked of this slice before."""
    at = Judged(rejected=False, level=declaration.alpha, p_adjusted=1.0)
    arms = declaration.arms[1:]
    compared = comparisons(measured, arms, [at] * len(arms))
    return MetricResult(
        measured.metric.name,
        measured.metric.kind,
        measured.metric.role,
        {arm.name: replace(arm, figures=plain(arm.figures, measured)) for arm in measured.arms},
        {each.arm: replace(each, p_adjusted=None, why="a slice only describes") for each in compared},
    )


def _overall(measured: Measured) -> dict[str, object]:
    """Of three arms or more: are their rates equal at all?"""
    contrast = measured.contrast
    if not isinstance(contrast, RateContrast) or len(measured.arms) < 3 or not contrast.users.all():
        return {}
    chi2, freedom, p = pearson_k(contrast.converters, contrast.users)
    return {"overall": {"chi2": chi2, "degrees_of_freedom": freedom, "p": p}}


def _notes(measured: Measured) -> tuple[str, ...]:
    metric, found = measured.metric, []
    if metric.role == "guardrail" and metric.better is None:
        found.append("a guardrail without `better`: any significant change counts against it")
    if metric.measure.source.time is None:
        found.append("its table has no time: events from before the assignment cannot be told")
    return tuple(found)


def _by_value(sums: Sums, dimension: int) -> dict[str, list[Measured]]:
    values = {cell.dimensions[dimension] for cell in sums.cells if (cell.arm or 0) > 0}
    found: dict[str, list[Measured]] = {}
    arms = range(1, len(sums.declaration.arms) + 1)
    for value in sorted(values, key=dimension_value):
        tallies = [sums.tally(number, dimension, value) for number in arms]
        if all(tallies):
            found[dimension_value(value)] = [
                measure(sums, metric, tallies) for metric in sums.layout.metrics if metric.kind != "quantile"
            ]
    return found
