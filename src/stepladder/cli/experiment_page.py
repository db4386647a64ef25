"""An experiment's read-out as a page: reports/NAME.html."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path

from stepladder import __version__
from stepladder.config import Project
from stepladder.errors import ResourceError
from stepladder.experiments import Comparison, Declaration, MetricResult, Readout
from stepladder.experiments.verdict import level, percent, ruled_out, span
from stepladder.report import ArmRow, Effect, ExperimentPage, GateRow, MetricCard, SliceRow, experiment_page

_FIGURES = {"rate": "Rate", "mean": "Mean per user", "ratio": "Ratio", "value": "Value"}
_ROLES = {"primary": "decides", "secondary": "for information", "guardrail": "guardrail: must not get worse"}
_GATES = {
    "srm": "Split of the users",
    "two_arms": "Users in two arms",
    "labels": "Labels of the arms",
    "unlabelled": "Rows without label or user",
    "timeless": "Rows without a time",
    "keys": "Types of the users' keys",
    "matched": "Users found again",
    "nameless": "Rows without the experiment's name",
    "early": "Events before the assignment",
    "windows": "Windows that are over",
    "data": "Enough data",
    "skew": "Skewed figures",
    "before": "Arms alike before the start",
}
_ORDER = ("primary", "guardrail", "secondary")


def write_page(found: Readout, declaration: Declaration, project: Project, target: str) -> Path:
    """Write the page into the project's folder. Raises ResourceError."""
    path = project.folder / "reports" / f"{found.experiment}.html"
    fresh = path.with_suffix(".new")
    try:
        path.parent.mkdir(exist_ok=True)
        fresh.write_text(experiment_page(_page(found, declaration, project, target)), encoding="utf-8")
        fresh.replace(path)  # a reader sees the old page or the new one
    except OSError as error:
        raise ResourceError(f"{path} cannot be written: {error.strerror}.", sqlstate="58030") from error
    return path


def _page(found: Readout, declaration: Declaration, project: Project, target: str) -> ExperimentPage:
    total = sum(found.look.users.values())
    metrics = sorted(found.metrics.values(), key=lambda metric: _ORDER.index(metric.role))
    return ExperimentPage(
        project=project.name,
        name=found.experiment,
        description=declaration.description,
        verdict=tuple(_sentences(found.verdict)),
        arms=tuple(
            (
                arm,
                users,
                f"{users / total:.2%}, planned {declaration.split[arm]:.2%}" if total else "nobody yet",
            )
            for arm, users in found.look.users.items()
        ),
        gates=tuple(
            GateRow(_GATES.get(gate.name, gate.name), gate.state, gate.says) for gate in found.gates.values()
        ),
        metrics=tuple(map(_metric, metrics)),
        slices=tuple(_slices(found)),
        notes=found.notes,
        facts=tuple(_facts(found, declaration, target)),
    )


def _sentences(verdict: str) -> list[str]:
    return re.split(r"(?<=[.!?]) (?=[^ ])", verdict)


def _facts(found: Readout, declaration: Declaration, target: str) -> Iterator[tuple[str, str]]:
    yield "Data from", target
    if found.look.until is not None:
        yield "Data until", f"{found.look.until:%Y-%m-%d %H:%M} UTC"
    number = "not stored" if found.look.number is None else f"number {found.look.number}"
    planned = declaration.plan.users if declaration.plan else None
    yield (
        "Look",
        number
        + (
            f", {found.look.information:.0%} of {planned:,} planned users"
            if found.look.information and planned
            else ""
        ),
    )
    yield "Level", f"{declaration.alpha:g}, two-sided, over all primary metrics, arms and looks together"
    yield "Made", f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC, by Stepladder {__version__}"


def _metric(metric: MetricResult) -> MetricCard:
    figure = next((name for name in _FIGURES if name in next(iter(metric.arms.values())).figures), "mean")
    first = next(iter(metric.comparisons.values()))
    return MetricCard(
        name=metric.name,
        about=f"{metric.kind} · {_ROLES[metric.role]}",
        heading=_FIGURES[figure],
        rows=tuple(_rows(metric, figure)),
        effects=tuple(_effect(metric, each) for each in metric.comparisons.values()),
        level=level(first),
        notes=(*_left(metric), *metric.notes, *_about_variance(metric)),
    )


def _left(metric: MetricResult) -> Iterator[str]:
    """What can no longer be; nothing of effects that may not be read."""
    for each in metric.comparisons.values():
        if each.is_significant is not None and (said := ruled_out(each).strip()):
            yield said


def _about_variance(metric: MetricResult) -> Iterator[str]:
    cuped = metric.figures.get("cuped")
    if isinstance(cuped, dict):
        yield f"Adjusted by what the same users did before: {cuped['variance_reduction']:.0%} less variance (CUPED)."
    cap = metric.figures.get("cap")
    if cap is not None:
        yield f"Larger values than {cap:,.6g} count as that."


def _rows(metric: MetricResult, figure: str) -> Iterator[ArmRow]:
    for name, arm in metric.arms.items():
        value = arm.figures.get(figure)
        shown = (
            "–"
            if not isinstance(value, float | int)
            else f"{value:.2%}"
            if figure == "rate"
            else f"{value:,.5g}"
        )
        each = metric.comparisons.get(name)
        if each is None:
            yield ArmRow(name, arm.users, shown, "", "", "", "control")
            continue
        change = "–" if each.lift is None else percent(each.lift)
        yield ArmRow(name, arm.users, shown, change, span(each.lift_ci), _p(each), _said(metric, each))


def _p(each: Comparison) -> str:
    if each.p_value is None:
        return "–"
    return "<\u00a00.0001" if each.p_value < 0.0001 else f"{each.p_value:.2g}"


def _said(metric: MetricResult, each: Comparison) -> str:
    if each.is_significant is None:
        return "not judged"
    if not each.is_significant:
        return "nothing shown"
    return "significantly worse" if _look(metric, each) == "bad" else "significant"


def _look(metric: MetricResult, each: Comparison) -> str:
    if not each.is_significant or each.difference is None:
        return ""
    better = metric.figures.get("better") or "higher"
    return "good" if (each.difference > 0) == (better == "higher") else "bad"


def _effect(metric: MetricResult, each: Comparison) -> Effect:
    return Effect(each.arm, each.lift, each.lift_ci[0], each.lift_ci[1], _look(metric, each))


def _slices(found: Readout) -> Iterator[SliceRow]:
    """What decides, in each part of the users; named where several metrics decide."""
    several = sum(metric.role == "primary" for metric in found.metrics.values()) > 1
    for dimension, values in found.slices.items():
        for value, metrics in values.items():
            for metric in metrics.values():
                if metric.role != "primary":
                    continue
                part = f"{dimension} = {value}" + (f": {metric.name}" if several else "")
                for arm, each in metric.comparisons.items():
                    change = "–" if each.lift is None else percent(each.lift)
                    yield SliceRow(part, arm, metric.arms[arm].users, change, span(each.lift_ci))
