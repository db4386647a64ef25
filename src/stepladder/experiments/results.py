"""What a read-out says: values, each with `to_dict()`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Interval = tuple[float | None, float | None]


@dataclass(frozen=True, slots=True)
class Gate:
    """One question that comes before any effect. `state` is "ok", "warn", "fail" or "unknown" (it could not be asked);
    `says` is a sentence; `figures` are what it was judged by."""

    name: str
    state: str
    says: str = ""
    figures: Mapping[str, object] = field(default_factory=dict)

    def to_dict(self) -> dict[str, object]:
        return {**self.figures, "state": self.state, "says": self.says}


@dataclass(frozen=True, slots=True)
class Arm:
    """One arm's figures for a metric: users, and `value` by the name that the kind gives it (rate, mean, ratio, …)."""

    name: str
    users: int
    figures: Mapping[str, object]

    def to_dict(self) -> dict[str, object]:
        return {"users": self.users, **self.figures}


@dataclass(frozen=True, slots=True)
class Comparison:
    """An arm against the control.

    `difference` and `lift` (relative, 0.1 is +10 %) come with intervals at `confidence_level`, the level that the
    p-value was judged at: `is_significant` and "the interval excludes no effect" are one statement. `is_significant` is
    None where it may not be said, and `why` says why. A bound of None is not known; an interval may be open above.
    """

    arm: str
    control: str
    difference: float | None
    difference_ci: Interval
    lift: float | None
    lift_ci: Interval
    p_value: float | None
    p_adjusted: float | None
    is_significant: bool | None
    confidence_level: float
    why: str = ""
    figures: Mapping[str, object] = field(default_factory=dict)

    def to_dict(self) -> dict[str, object]:
        return {
            "difference": self.difference,
            "difference_ci": list(self.difference_ci),
            "lift": self.lift,
            "lift_ci": list(self.lift_ci),
            "p_value": self.p_value,
            "p_adjusted": self.p_adjusted,
            "is_significant": self.is_significant,
            "confidence_level": self.confidence_level,
            "why": self.why,
            **self.figures,
        }


@dataclass(frozen=True, slots=True)
class MetricResult:
    """A metric in all arms. `figures` are facts of the whole metric: cap, what CUPED took away."""

    name: str
    kind: str
    role: str
    arms: Mapping[str, Arm]
    comparisons: Mapping[str, Comparison]
    notes: tuple[str, ...] = ()
    figures: Mapping[str, object] = field(default_factory=dict)

    def __getitem__(self, arm: str) -> Comparison:
        return self.comparisons[arm]

    def to_dict(self) -> dict[str, object]:
        return {
            "kind": self.kind,
            "role": self.role,
            **self.figures,
            "arms": {name: arm.to_dict() for name, arm in self.arms.items()},
            "comparisons": {name: each.to_dict() for name, each in self.comparisons.items()},
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True)
class Look:
    """When the data was looked at: the cut-off, users by arm; `number` is None where the look was not stored."""

    until: datetime | None
    users: Mapping[str, int]
    number: int | None = None
    information: float | None = None
    final: bool = False


@dataclass(frozen=True, slots=True)
class Readout:
    """Everything. `verdict` is a sentence; `ok` is whether effects may be read."""

    experiment: str
    control: str
    verdict: str
    look: Look
    gates: Mapping[str, Gate]
    metrics: Mapping[str, MetricResult]
    slices: Mapping[str, Mapping[str, Mapping[str, MetricResult]]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        return not any(gate.state == "fail" for gate in self.gates.values())

    def __getitem__(self, metric: str) -> MetricResult:
        return self.metrics[metric]

    def __iter__(self) -> Iterator[str]:
        return iter(self.metrics)

    def to_dict(self) -> dict[str, Any]:
        """As `experiment analyze --json` prints it: nothing of the target, the run or the clock."""
        return {
            "experiment": self.experiment,
            "look": self.look.number,
            "verdict": self.verdict,
            "cut_off": self.look.until,
            "users": dict(self.look.users),
            "information": self.look.information,
            "gates": {name: gate.to_dict() for name, gate in self.gates.items()},
            "metrics": {name: metric.to_dict() for name, metric in self.metrics.items()},
            "dimensions": {
                dimension: {
                    value: {name: metric.to_dict() for name, metric in found.items()}
                    for value, found in values.items()
                }
                for dimension, values in self.slices.items()
            },
            "notes": list(self.notes),
        }


def finite(value: float) -> float | None:
    """A number as it may be told; None for one that is infinite or none."""
    return float(value) if math.isfinite(value) else None
