"""Several comparisons at once: who is rejected, and at which level each was judged.

The level goes with the comparison: its interval is made at that level, so that "significant" and "excludes no effect"
are one statement. Holm, S. (1979), Scand. J. Statist. 6; Benjamini, Y. and Hochberg, Y. (1995), JRSS-B 57;
Benjamini, Y. and Yekutieli, D. (2005), JASA 100 (intervals at the level of the rejected).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Judged:
    """Whether a comparison is rejected, the level that it was compared with, and the p-value adjusted for all."""

    rejected: bool
    level: float
    p_adjusted: float


Spend = Callable[[float], float]  # from a total level to the one of this look


def _at_once(alpha: float) -> float:
    return alpha


def holm(p_values: Sequence[float], alpha: float, spend: Spend = _at_once) -> list[Judged]:
    """Holm's step-down: no false rejection at all, with probability 1 - alpha."""
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    found: list[Judged | None] = [None] * len(p_values)
    going, adjusted, level = True, 0.0, alpha
    for step, place in enumerate(order):
        left = len(p_values) - step
        if going:
            level = spend(alpha / left)
        going = going and p_values[place] <= level
        adjusted = max(adjusted, min(1.0, p_values[place] * left))
        found[place] = Judged(going, level, adjusted)
    return [each for each in found if each is not None]


def benjamini_hochberg(p_values: Sequence[float], alpha: float, spend: Spend = _at_once) -> list[Judged]:
    """Benjamini and Hochberg's step-up: of all rejections, at most a share of alpha is false."""
    many = len(p_values)
    order = sorted(range(many), key=lambda place: p_values[place])
    count = max(
        (step for step, place in enumerate(order, 1) if p_values[place] <= spend(alpha * step / many)),
        default=0,
    )
    level = spend(alpha * max(count, 1) / many) if many else alpha
    found: list[Judged | None] = [None] * many
    adjusted = 1.0
    for step in range(many, 0, -1):
        place = order[step - 1]
        adjusted = min(adjusted, p_values[place] * many / step)
        found[place] = Judged(step <= count, level, adjusted)
    return [each for each in found if each is not None]
