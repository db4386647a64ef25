"""A read-out of counts that are at hand, without a database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from stepladder.config import nearest
from stepladder.errors import UsageError
from stepladder.experiments.analysis import Circumstances, judged
from stepladder.experiments.declaration import Assignments, Declaration, Measure, Metric, Source
from stepladder.experiments.gates import srm
from stepladder.experiments.looking import Looking
from stepladder.experiments.measured import rates
from stepladder.experiments.results import Look, Readout

Counts: TypeAlias = Mapping[str, tuple[int, int]]


def analyze_counts(
    counts: Counts,
    *,
    control: str,
    split: Mapping[str, float] | None = None,
    alpha: float = 0.05,
    metric: str = "converted",
) -> Readout:
    """(converters, users) of each arm as the read-out of one look at its end: Pearson's test, Mee's and Koopman's
    intervals, Holm over the arms, the split against `split` (None: equal parts).

    Raises UsageError for counts that cannot be.
    """
    _refuse_impossible(counts, control, alpha)
    shares = split or dict.fromkeys(counts, 1.0)
    if set(shares) != set(counts):
        raise UsageError(
            f"the split names {', '.join(shares)}, the counts {', '.join(counts)}. Nothing was computed."
        )
    if not all(share > 0 for share in shares.values()):
        raise UsageError(f"the split is {dict(shares)}: give each arm a share above 0, as 0.5.")
    total = sum(shares.values())
    declaration = Declaration(
        name="counts",
        control=control,
        split={arm: shares[arm] / total for arm in counts},
        assignments=Assignments("counts"),
        metrics=(),
        alpha=alpha,
    )
    arms = declaration.arms
    one = Metric(metric, "conversion", Measure(Source("counts", "user", "time")), role="primary")
    users = {arm: int(counts[arm][1]) for arm in arms}
    measured = rates(arms, one, [int(counts[arm][0]) for arm in arms], list(users.values()))
    look = Look(None, users, final=True)
    return judged([measured], declaration, [srm(users, declaration)], Circumstances(look, Looking()))


def _refuse_impossible(counts: Counts, control: str, alpha: float) -> None:
    if control not in counts:
        raise UsageError(
            f"control {control!r} is none of the arms.{nearest(control, counts)} They are {', '.join(map(repr, counts))}."
        )
    if len(counts) < 2:
        raise UsageError("there is one arm: there is nothing to compare it with.")
    if not 0 < alpha < 1:
        raise UsageError(f"alpha is {alpha!r}: give a number between 0 and 1, as 0.05.")
    for arm, pair in counts.items():
        if not _is_count(pair):
            raise UsageError(
                f"arm {arm!r} is {pair!r}: give (converters, users), whole numbers, the first no larger."
            )


def _is_count(pair: Any) -> bool:
    try:
        converters, users = pair
        return bool(0 <= converters <= users and converters == int(converters) and users == int(users))
    except (TypeError, ValueError, OverflowError):
        return False
