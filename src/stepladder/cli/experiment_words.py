"""An experiment's read-out for the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table
from rich.text import Text

from stepladder.cli.output import table
from stepladder.experiments import Comparison, MetricResult, Readout
from stepladder.experiments.size import Sizing
from stepladder.experiments.validation import Validation
from stepladder.experiments.verdict import percent, span

_SIGNS = {"ok": ("✓", "green"), "warn": ("!", "yellow"), "fail": ("✗", "red"), "unknown": ("?", "yellow")}


def gate_lines(found: Readout) -> Iterator[Text]:
    """A line for each gate that is not simply open; one for all others."""
    fine = 0
    for gate in found.gates.values():
        sign, style = _SIGNS[gate.state]
        if gate.state == "ok" and gate.name != "srm":
            fine += 1
            continue
        yield Text(f"{sign} ", style=style).append(f"{gate.name:<11} ", style="blue").append(gate.says)
    yield Text("✓ ", style="green").append(f"{fine} more gates are open", style="dim")


def metric_table(metric: MetricResult) -> Table:
    """A metric, arm by arm."""
    figure = next(
        name
        for name in ("rate", "mean", "ratio", "value")
        if name in next(iter(metric.arms.values())).figures
    )
    rows = []
    for name, arm in metric.arms.items():
        each = metric.comparisons.get(name)
        value = arm.figures[figure]
        shown = "–" if value is None else f"{value:.4%}" if figure == "rate" else f"{value:,.6g}"
        rows.append((name, arm.users, shown, *(_compared(each) if each else ("", "", "", ""))))
    title = f"\n{metric.name} · {metric.kind} · {metric.role}"
    return table(["arm", "users", figure, "lift", "interval", "p", ""], rows, title=title)


def _compared(each: Comparison) -> tuple[str, str, str, str]:
    said = {True: "significant", False: "not significant", None: "not judged"}[each.is_significant]
    lift = "–" if each.lift is None else percent(each.lift)
    p = "–" if each.p_value is None else f"{each.p_value:.4g}"
    return lift, span(each.lift_ci), p, said


def size_table(found: Sizing) -> Table:
    """What each effect needs."""
    rows = [
        (
            each.metric,
            f"{each.baseline:,.5g}",
            percent(each.effect),
            each.users,
            each.days if each.days is not None else "–",
        )
        for each in found.needs
    ]
    return table(["metric", "value now", "effect", "users in all arms", "days"], rows)


def validation_table(found: Validation) -> Table:
    """How often each metric was called significant where there was nothing to find."""
    rows = [
        (name, f"{share:.2%}", f"{low:.2%} to {high:.2%}")
        for name, (share, low, high) in found.rejected.items()
    ]
    return table(["metric", "false alarms", "what chance allows"], rows)
