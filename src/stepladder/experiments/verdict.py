"""The read-out in a few sentences, for somebody who decides and is no statistician."""

from __future__ import annotations

from stepladder.experiments.looking import Looking
from stepladder.experiments.results import Comparison, Interval, MetricResult, Readout


def verdict(found: Readout, looking: Looking) -> str:
    """What was found, or why nothing may be said; then guardrails; then whether to wait."""
    failed = [gate.says for gate in found.gates.values() if gate.state == "fail"]
    primary = [metric for metric in found.metrics.values() if metric.role == "primary"]
    if failed and not _decided(found):
        return " ".join(["Do not read the effects.", *failed])
    parts = [_effect(metric, each) for metric in primary for each in metric.comparisons.values()]
    parts += [
        _harm(metric, each) for metric in found.metrics.values() for each in metric.comparisons.values()
    ]
    if looking.why_not:
        parts.append(looking.why_not)
    parts.append(_progress(found, looking))
    return " ".join(part for part in parts if part)


def _decided(found: Readout) -> bool:
    return any(
        each.is_significant is not None
        for metric in found.metrics.values()
        for each in metric.comparisons.values()
    )


def _effect(metric: MetricResult, each: Comparison) -> str:
    if each.p_value is None:
        return f"{each.arm}: {metric.name} cannot be compared yet."
    if each.is_significant:
        verb = "raises" if (each.difference or 0) > 0 else "lowers"
        return f"{each.arm} {verb} {metric.name} by {in_words(each).lstrip('+−')}: significant."
    if each.is_significant is None:
        return f"{each.arm}: {metric.name} differs by {in_words(each)}."
    return f"{each.arm}: no effect on {metric.name} is shown: {in_words(each)}.{ruled_out(each)}"


def in_words(each: Comparison) -> str:
    """The lift, or the difference where there is none, with its interval."""
    if each.lift is not None:
        return f"{percent(each.lift)} ({level(each)} interval: {span(each.lift_ci)})"
    low, high = each.difference_ci
    if each.difference is None or low is None or high is None:
        return "an amount that is not known"
    value, left, right = (_amount(bound, each) for bound in (each.difference, low, high))
    points = " percentage points" if _is_rate(each) else ""
    return f"{value}{points} ({level(each)} interval: {left} to {right})"


def _amount(value: float, each: Comparison) -> str:
    return (f"{100 * value:+.2f}" if _is_rate(each) else f"{value:+.4g}").replace("-", "−")


def _is_rate(each: Comparison) -> bool:
    return "control_conversion_rate" in each.figures


def ruled_out(each: Comparison) -> str:
    """What can no longer be: larger gains, and larger losses."""
    low, high = each.lift_ci
    if low is None or high is None:
        return ""
    gain = "any gain" if high <= 0 else f"gains of more than {percent(high).lstrip('+')}"
    loss = "any loss" if low >= 0 else f"losses of more than {percent(-low).lstrip('+')}"
    return f" In {each.arm}, {gain} and {loss} are ruled out."


def percent(value: float) -> str:
    """+4.3 %, with a space that does not break."""
    return f"{100 * value:+.{_places(value)}f}\u202f%".replace("-", "−")


def _places(value: float) -> int:
    return 1 if abs(value) >= 0.01 else 2


def level(each: Comparison) -> str:
    """The level of a comparison's interval in words."""
    if each.confidence_level > 0.9999:
        return "over 99.99\u202f%"
    return f"{100 * each.confidence_level:.4g}\u202f%"


def span(interval: Interval) -> str:
    """An interval of lifts in words."""
    low, high = interval
    left = "not known" if low is None else percent(low)
    if low is not None and high is None:
        return f"{left} or more"
    return f"{left} to {'not known' if high is None else percent(high)}"


def _harm(metric: MetricResult, each: Comparison) -> str:
    if metric.role != "guardrail" or not each.is_significant or each.difference is None:
        return ""
    better = metric.figures.get("better")
    worse = better is None or (each.difference < 0) == (better == "higher")
    return f"The guardrail {metric.name} is worse in {each.arm}: {in_words(each)}." if worse else ""


def _progress(found: Readout, looking: Looking) -> str:
    if looking.planned is None or looking.scheme != "bounds" or looking.over:
        return ""
    said = (
        f"{looking.users:,} of the planned {looking.planned:,} users are in ({looking.share:.0%}): not final."
    )
    early = any(
        each.is_significant
        for metric in found.metrics.values()
        for each in metric.comparisons.values()
        if metric.role == "primary"
    )
    return f"{said} What is significant early is on average estimated too large." if early else said
