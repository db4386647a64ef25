"""How a look at the data is judged: every scheme comes down to the level of this look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stepladder.experiments.declaration import Plan
from stepladder.experiments.statistics.sequential import level_at_last, sequence_level

_TUNED_FOR = 10_000  # users: where a confidence sequence without a plan is tightest
_SAME = 1e-9


@dataclass(frozen=True, slots=True)
class Looking:
    """`information` are the shares of the planned users at the looks so far, this one last; None: nothing is planned.

    `users` are those of this look. `why_not` is why no verdict may be given at all; `notes` say how it was judged.
    """

    scheme: str = "fixed"
    information: tuple[float, ...] = ()
    users: int = 0
    why_not: str = ""
    notes: tuple[str, ...] = ()
    planned: int | None = None

    def level(self, alpha: float) -> float:
        """The nominal level of this look for a total level."""
        if self.scheme == "sequence":
            return sequence_level(max(self.users, 1), alpha, _TUNED_FOR)
        if self.scheme == "bounds":
            return level_at_last(self.information, alpha)
        return alpha

    @property
    def over(self) -> bool:
        """Whether the planned size is reached."""
        return bool(self.information) and self.information[-1] >= 1 - _SAME


def looking(plan: Plan | None, users: int, earlier: Sequence[int], *, stored: bool) -> Looking:
    """How this look is judged. `earlier` are the users at the looks before it; `stored`: whether it is kept."""
    if plan is None or plan.users is None:
        note = (
            "No size is planned, so any look may be the last: figures are judged by a confidence sequence, which holds at every "
            "moment and needs more data. [plan] users = … would judge them more sharply."
        )
        return Looking("sequence", users=users, notes=(note,))
    share = users / plan.users
    if plan.looks == 1:
        if share < 1:
            why = f"One look is planned, at {plan.users:,} users; there are {users:,}."
            return Looking("fixed", (share,), users, why, planned=plan.users)
        return Looking("fixed", (share,), users, planned=plan.users)
    if not stored:
        why = "The look could not be stored, so it cannot be told how often the data was looked at: no sequential verdict."
        return Looking("bounds", (share,), users, why, planned=plan.users)
    shares = _rising([each / plan.users for each in earlier], share)
    return Looking("bounds", shares, users, planned=plan.users)


def _rising(earlier: Sequence[float], share: float) -> tuple[float, ...]:
    """The shares of the looks, each larger than the one before; what is no more than there was spends nothing."""
    found: list[float] = []
    for each in (*earlier, share):
        capped = min(each, 1.0)
        if not found or capped > found[-1] + _SAME:
            found.append(capped)
    return tuple(found)
