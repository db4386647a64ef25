"""How a look at the data is judged: every scheme comes down to the level of this look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stepladder.experiments.declaration import Plan
from stepladder.experiments.statistics.sequential import level_at_last, sequence_level

_TUNED_FOR = 10_000  # users: where a confidence sequence without a plan is tightest
_SAME = 1e-9
_NOT_STORED = "The look could not be stored, so it cannot be told how often the data was looked at: no sequential verdict."


@dataclass(frozen=True, slots=True)
class Looking:
    """`information` are the shares of the planned users at the looks that count, rising, this one among them; `users` are
    those of this look, `planned` those of the plan (None: there is none). `why_not` is why no verdict may be given at all;
    `notes` say how it was judged."""

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
    def share(self) -> float | None:
        """Of the planned users, how many are in; more than all count as all."""
        return None if self.planned is None else min(self.users / self.planned, 1.0)

    @property
    def over(self) -> bool:
        """Whether the planned size is reached."""
        return self.share is not None and self.share >= 1 - _SAME


def looking(plan: Plan | None, users: int, earlier: Sequence[int], *, stored: bool) -> Looking:
    """How this look is judged. `earlier` are the users at the looks before it; `stored`: whether it is kept."""
    if plan is None or plan.users is None:
        note = (
            "No size is planned, so any look may be the last: figures are judged by a confidence sequence, which holds at every "
            "moment and needs more data. [plan] users = … would judge them more sharply."
        )
        return Looking("sequence", users=users, notes=(note,))
    share = min(users / plan.users, 1.0)
    if plan.shares == (1.0,):
        why = f"One look is planned, at {plan.users:,} users; there are {users:,}." if share < 1 else ""
        return Looking("fixed", (share,), users, why, planned=plan.users)
    before = [min(each / plan.users, 1.0) for each in earlier]
    counted = _at_their_time(plan.shares, before) if plan.shares else _rising(before)
    information = tuple(_rising([*counted, share]))
    why = _why_not(plan, users, share, counted[-1] if counted else 0.0) if stored else _NOT_STORED
    return Looking("bounds", information, users, why, planned=plan.users)


def _why_not(plan: Plan, users: int, share: float, last: float) -> str:
    """Why a look is none that may decide, `last` being the share at the one before that counted; empty where it is one."""
    if share < last - _SAME:
        return (
            f"An earlier look saw more users ({last:.0%} of the planned ones): to look back only describes."
        )
    due = _due(plan.shares, last)
    if due is None or share >= due - _SAME:
        return ""
    return (
        f"Look {plan.shares.index(due) + 1} of {len(plan.shares)} is planned at {due * (plan.users or 0):,.0f} users; "
        f"there are {users:,}, so that figures only describe."
    )


def _at_their_time(planned: Sequence[float], shares: Sequence[float]) -> list[float]:
    """Of looks at these shares, those that are the first at or behind a planned one; the others spend nothing."""
    found: list[float] = []
    for each in shares:
        due = _due(planned, found[-1] if found else 0.0)
        if due is not None and each >= due - _SAME:
            found.append(each)
    return found


def _due(planned: Sequence[float], last: float) -> float | None:
    """The planned look that comes next after one at the share `last`."""
    return next((each for each in planned if each > last + _SAME), None)


def _rising(shares: Sequence[float]) -> list[float]:
    """The shares that are larger than all before them: what is no more than there was spends nothing."""
    found: list[float] = []
    for each in shares:
        if not found or each > found[-1] + _SAME:
            found.append(each)
    return found
