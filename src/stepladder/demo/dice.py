"""Chance that falls the same way everywhere.

Of Python's generator only `random()` is promised to keep its sequence for a seed, and of floating point
only the basic operations are the same on every platform: so nothing here calls another method, or log, exp
or a power.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TypeVar

Thing = TypeVar("Thing")


class Dice:
    """Draws that are decided by `seed` alone."""

    def __init__(self, seed: int) -> None:
        self._draw = Random(seed).random  # noqa: S311  # made-up data, no secret

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self._draw() < probability

    def below(self, end: int) -> int:
        """A whole number from 0 up to `end`, without it."""
        return int(self._draw() * end)

    def mostly_small(self, end: int) -> int:
        """A whole number from 0 up to `end`, without it; a third of `end` on average."""
        share = self._draw()
        return int(share * share * end)

    def pick(self, weighted: Sequence[tuple[Thing, int]]) -> Thing:
        """One of the things, as often as its weight says."""
        place = self.below(sum(weight for _, weight in weighted))
        for thing, weight in weighted:
            place -= weight
            if place < 0:
                return thing
        raise AssertionError("the weights do not add up")
