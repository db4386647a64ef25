"""How long an experiment must run: from what the tables know of these users already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from stepladder.errors import UsageError
from stepladder.experiments.contrasts import RateContrast, ValueContrast
from stepladder.experiments.declaration import Declaration, Plan
from stepladder.experiments.measured import Measured, measure
from stepladder.experiments.statistics import power as power_of
from stepladder.experiments.sums import Sums, Tally, added

_EFFECTS = (0.01, 0.02, 0.05, 0.1, 0.2)
# What looking again and again costs with O'Brien and Fleming's bounds, at 80 to 90 % power (Jennison and Turnbull,
# 2000, table 2.3, 20 looks): at most this.
_MANY_LOOKS = 1.05


@dataclass(frozen=True, slots=True)
class Need:
    """What one effect on one metric needs: users in all arms together, and days at the pace so far."""

    metric: str
    baseline: float
    effect: float
    users: int
    days: int | None

    def to_dict(self) -> dict[str, object]:
        return {
            "metric": self.metric,
            "baseline": self.baseline,
            "effect": self.effect,
            "users": self.users,
            "days": self.days,
        }


@dataclass(frozen=True, slots=True)
class Sizing:
    """Needs, effect by effect; `detectable` is the least relative effect that the planned users show, by metric."""

    needs: tuple[Need, ...]
    detectable: dict[str, float]
    users_per_day: float | None
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, object]:
        return {
            "needs": [each.to_dict() for each in self.needs],
            "detectable": dict(self.detectable),
            "users_per_day": self.users_per_day,
            "notes": list(self.notes),
        }


def sized(sums: Sums, *, effect: float | None, power: float | None) -> Sizing:
    """From the sums of the users so far, whatever their arm. Raises UsageError where there are too few, and for an effect
    or a power that cannot be."""
    declaration = sums.declaration
    plan = declaration.plan
    wanted, chance = _asked(plan, effect, power)
    everybody = _everybody(sums)
    pace = _pace(sums)
    looks = 1.0 if plan is None or plan.users is None or plan.shares == (1.0,) else _MANY_LOOKS
    alpha = declaration.alpha / max(1, (len(declaration.arms) - 1) * _primaries(declaration))
    needs, beyond, detectable = [], [], {}
    for metric in sums.layout.metrics:
        if metric.kind == "quantile":
            continue
        found = measure(sums, metric, [everybody] * len(declaration.arms))
        baseline, variance = usual(found)
        if baseline is None or variance is None or not baseline > 0 or not variance > 0:
            continue
        for each in [wanted] if wanted else _EFFECTS:
            if isinstance(found.contrast, RateContrast) and not 0 <= baseline * (1 + each) <= 1:
                beyond.append(
                    f"{metric.name} is {baseline:.1%} now: no rate can be {baseline * (1 + each):.0%}."
                )
                continue
            many = ceil(looks * _users(found, baseline, variance, each, declaration, alpha, chance))
            many = max(many, _least(found, baseline, declaration))
            needs.append(Need(metric.name, baseline, each, many, ceil(many / pace) if pace else None))
        if plan is not None and plan.users is not None:
            detectable[metric.name] = _detectable(
                plan.users / looks, baseline, variance, declaration, alpha, chance
            )
    notes = (*beyond, *_notes(int(everybody["users"]), declaration, alpha, chance, looks))
    return Sizing(tuple(needs), detectable, pace, notes)


def _asked(plan: Plan | None, effect: float | None, power: float | None) -> tuple[float | None, float]:
    """The effect (None: several are tried) and the power, the plan's where none is given."""
    wanted = effect if effect is not None else plan.effect if plan else None
    chance = power if power is not None else plan.power if plan else 0.8
    if wanted is not None and not abs(wanted) > 0:
        raise UsageError("an effect of 0 needs no end of users. Give --effect 0.05 for 5 %.")
    if not 0 < chance < 1:
        raise UsageError(f"a power of {chance:g} cannot be had. Give --power 0.8 for 80 %.")
    return wanted, chance


def _everybody(sums: Sums) -> Tally:
    """The sums over all arms together."""
    declaration = sums.declaration
    arms = range(1, len(declaration.arms) + 1)
    found = added(cell.tally for cell in sums.cells if cell.arm in arms)
    users = int(found.get("users", 0))
    if users < declaration.limits.users:
        raise UsageError(
            f"{users:,} users of {declaration.name} are in {declaration.assignments.table}: too few to tell what is usual. "
            "Assign some first, or plan from an earlier experiment in the same tables."
        )
    return found


def usual(found: Measured) -> tuple[float | None, float | None]:
    """The value of a metric now, and its variance among users."""
    contrast = found.contrast
    if isinstance(contrast, RateContrast):
        rate = float(contrast.converters[0] / contrast.users[0])
        return rate, rate * (1 - rate)
    assert isinstance(contrast, ValueContrast)
    return float(contrast.estimates.value[0]), float(contrast.estimates.variance[0]) * found.arms[0].users


def _users(
    found: Measured,
    baseline: float,
    variance: float,
    effect: float,
    declaration: Declaration,
    alpha: float,
    power: float,
) -> float:
    """For the pair of arms that has the fewest users, scaled up to all arms."""
    control = declaration.split[declaration.control]
    smallest = min(share for arm, share in declaration.split.items() if arm != declaration.control)
    ratio = smallest / control
    difference = baseline * effect
    if isinstance(found.contrast, RateContrast) and 0 < baseline + difference < 1:
        in_control: float = power_of.users_for_rates(
            baseline, difference, alpha=alpha, power=power, treated_per_control=ratio
        )
    else:
        unit = power_of.detectable(ratio, 1.0, variance, alpha=alpha, power=power)
        in_control = (unit / difference) ** 2
    return in_control / control


def _least(found: Measured, baseline: float, declaration: Declaration) -> int:
    """Fewer are too little data, whatever the effect: the gate would not open."""
    limits, smallest = declaration.limits, min(declaration.split.values())
    in_an_arm = float(limits.users)
    if isinstance(found.contrast, RateContrast):
        in_an_arm = max(in_an_arm, limits.converters / baseline)
    return ceil(in_an_arm / smallest)


def _detectable(
    users: float, baseline: float, variance: float, declaration: Declaration, alpha: float, power: float
) -> float:
    control = declaration.split[declaration.control]
    smallest = min(share for arm, share in declaration.split.items() if arm != declaration.control)
    found = power_of.detectable(users * smallest, users * control, variance, alpha=alpha, power=power)
    return found / baseline


def _pace(sums: Sums) -> float | None:
    """Users a day."""
    days = {cell.day for cell in sums.cells if cell.day is not None and (cell.arm or 0) > 0}
    users = sum(sums.users(number) for number in range(1, len(sums.declaration.arms) + 1))
    return users / ((max(days) - min(days)).days + 1) if days else None


def _primaries(declaration: Declaration) -> int:
    return sum(metric.role == "primary" for metric in declaration.metrics)


def _notes(users: int, declaration: Declaration, alpha: float, power: float, looks: float) -> tuple[str, ...]:
    said: Sequence[str] = (
        f"From {users:,} users of {declaration.name}; power {power:.0%}, level {alpha:.3g} for each comparison, two-sided.",
        "Five per cent are added for looking more than once." if looks > 1 else "",
    )
    return tuple(each for each in said if each)
