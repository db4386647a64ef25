"""What an error rate was promised for: a plan that changes once data was seen no longer keeps it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise

from stepladder.experiments.declaration import Declaration
from stepladder.experiments.looks import Kept


def promised(declaration: Declaration) -> str:
    """What must stay as it was at the first look: level, size, looks, what decides."""
    plan = declaration.plan
    return json.dumps(
        {
            "alpha": declaration.alpha,
            "users": plan.users if plan else None,
            "looks": plan.looks if plan else None,
            "primary": [metric.name for metric in declaration.metrics if metric.role == "primary"],
            "arms": declaration.arms,
        }
    )


def changes(declaration: Declaration, earlier: Sequence[Kept]) -> tuple[str, ...]:
    """A sentence for each look behind which the plan is another one."""
    plans = [(each.number, each.plan) for each in earlier if each.plan is not None]
    plans.append((0, promised(declaration)))
    return tuple(
        f"The plan was changed after look {number} ({_difference(old, new)}): the error rate of {declaration.alpha:g} "
        "no longer holds for all looks together."
        for (number, old), (_, new) in pairwise(plans)
        if old != new
    )


def _difference(old: str, new: str) -> str:
    before, after = json.loads(old), json.loads(new)
    return ", ".join(
        f"{key}: {_told(before.get(key))}, now {_told(after[key])}"
        for key in after
        if before.get(key) != after[key]
    )


def _told(value: object) -> str:
    if isinstance(value, list):
        return " and ".join(map(str, value)) or "none"
    return "none" if value is None else str(value)
