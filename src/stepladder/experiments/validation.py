"""Does the method hold on the user's own data? Arms are drawn anew among the same users, so that there is no effect.

The database puts the users into a thousand parts at random and returns the sums of each part; a draw is half of the
parts against the other half. One pass over the tables, whatever the number of draws.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from stepladder.db import Session
from stepladder.errors import UsageError
from stepladder.experiments.declaration import Declaration, Metric
from stepladder.experiments.measured import measure
from stepladder.experiments.statement import PARTS, parts_statement
from stepladder.experiments.sums import Sums, Tally, numbers

_Z = 3.0  # standard errors that chance is allowed


@dataclass(frozen=True, slots=True)
class Validation:
    """The share of draws that each metric called significant, with the band that chance allows."""

    draws: int
    users: int
    rejected: Mapping[str, tuple[float, float, float]]
    alpha: float

    @property
    def ok(self) -> bool:
        return all(low <= share <= high for share, low, high in self.rejected.values())

    @property
    def verdict(self) -> str:
        wrong = [name for name, (share, low, high) in self.rejected.items() if not low <= share <= high]
        if not wrong:
            return f"Of {self.draws:,} draws without an effect about {self.alpha:.0%} were called significant, as they should."
        return (
            f"{', '.join(wrong)}: false alarms beyond what chance allows. A cap (cap = 0.99) helps against few very large values; "
            "users who influence each other need another unit."
        )

    def to_dict(self) -> dict[str, object]:
        return {
            "draws": self.draws,
            "users": self.users,
            "alpha": self.alpha,
            "ok": self.ok,
            "verdict": self.verdict,
            "metrics": {
                name: {"rejected": share, "low": low, "high": high}
                for name, (share, low, high) in self.rejected.items()
            },
        }


def validated(session: Session, sums: Sums, *, draws: int, seed: int) -> Validation:
    """Draw arms anew. Raises UsageError for too few users or draws."""
    if draws < 100:
        raise UsageError(f"{draws} draws tell nothing: give 100 or more.")
    declaration = sums.declaration
    sql = parts_statement(sums.layout, sums.cuts)
    named = {"experiment": declaration.name} if ":experiment" in sql else {}
    rows = [
        dict(zip(row.dict(), map(numbers, row), strict=True))
        for row in session.query(sql, named | {"seed": str(seed)})
    ]
    users = int(sum(row["users"] for row in rows))
    if users < 2 * PARTS:
        raise UsageError(f"{users:,} users are too few to draw arms from: at least {2 * PARTS:,} are needed.")
    generator = np.random.default_rng(seed)
    rejected = {}
    metrics = [metric for metric in sums.layout.metrics if metric.kind != "quantile"]
    halves = _halves(generator, draws, len(rows))
    for metric in metrics:
        p = _p_values(sums, metric, rows, halves)
        rejected[metric.name] = _band(float((p < declaration.alpha).mean()), declaration, draws)
    return Validation(draws, users, rejected, declaration.alpha)


def _halves(generator: np.random.Generator, draws: int, parts: int) -> np.ndarray:
    """For each draw, which parts are in the one half."""
    order = np.argsort(generator.random((draws, parts)), axis=1)
    return np.asarray(order < parts // 2)


def _p_values(sums: Sums, metric: Metric, rows: list[Tally], halves: np.ndarray) -> np.ndarray:
    names = [name for name in rows[0] if name != "part"]
    table = np.array([[row[name] for name in names] for row in rows], dtype=object)
    total = table.sum(axis=0)
    found = []
    for half in halves:
        one = table[half].sum(axis=0)
        tallies: list[Tally] = [
            dict(zip(names, one, strict=True)),
            dict(zip(names, total - one, strict=True)),
        ]
        found.append(float(measure(sums, metric, tallies).contrast.p[0]))
    return np.array(found)


def _band(share: float, declaration: Declaration, draws: int) -> tuple[float, float, float]:
    """With the error of the draws, and that of putting users into parts once: its variance has 2 / PARTS of itself."""
    alpha = declaration.alpha
    of_draws = alpha * (1 - alpha) / draws
    of_parts = (2.5 * alpha) ** 2 * 2 / PARTS / 4
    half = _Z * float(np.sqrt(of_draws + of_parts))
    return share, max(alpha - half, 0.0), alpha + half
