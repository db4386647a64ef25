"""What an experiment is: who was assigned to what, which metrics count, how long it is to run. Values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

KINDS = ("conversion", "mean", "sum", "count", "ratio", "quantile", "retention")
ROLES = ("primary", "secondary", "guardrail")


@dataclass(frozen=True, slots=True)
class Assignments:
    """The table that says who saw what. `experiment` is the column that holds the experiment's name; None: the table
    holds one experiment. `where` is SQL over the table's columns: what it leaves out (bots, staff) was never assigned."""

    table: str
    user: str = "user_id"
    variant: str = "variant"
    time: str | None = None
    experiment: str | None = None
    where: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """Rows of a table, each of a user at a time. `filtered`: only those that carry the experiment's name."""

    table: str
    user: str
    time: str | None
    where: str | None = None
    filtered: bool = True


@dataclass(frozen=True, slots=True)
class Measure:
    """What is counted of a source: the sum of `value` (a column, or SQL over the table's columns); None: its rows."""

    source: Source
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure for each user, and how arms are compared by it.

    Only events from `after` the assignment on count, for `window` (None: until now). `cap` is a quantile of all arms
    together: larger values count as that. `missing` is what a user without a row counts: "zero", or "exclude". `better`
    is "higher" or "lower"; None: nobody said. `cuped` looks back so far before the assignment.
    """

    name: str
    kind: str
    measure: Measure
    per: Measure | None = None
    role: str = "secondary"
    better: str | None = None
    after: timedelta = timedelta(0)
    window: timedelta | None = None
    mature_only: bool = False
    missing: str = "zero"
    cap: float | None = None
    quantile: float | None = None
    cuped: timedelta | None = None

    @property
    def is_rate(self) -> bool:
        """Whether each user counts as yes or no."""
        return self.kind in ("conversion", "retention")


@dataclass(frozen=True, slots=True)
class Plan:
    """How many users, in all arms together, the experiment is to have. `looks`: "any" number; how many, evenly spaced
    (1: one reading, at the end); or the shares of the users at which they come, the last of them 1. `power` and `effect`
    (a relative change) are what it was sized for."""

    users: int | None = None
    looks: int | str | tuple[float, ...] = "any"
    power: float = 0.8
    effect: float | None = None

    @property
    def shares(self) -> tuple[float, ...]:
        """The shares of the users at which looks are planned; none where any look counts."""
        if isinstance(self.looks, int):
            return tuple(number / self.looks for number in range(1, self.looks + 1))
        return () if isinstance(self.looks, str) else self.looks


@dataclass(frozen=True, slots=True)
class Limits:
    """From where on a gate warns or fails.

    srm: p below it fails. two_arms: the share of users in two arms that fails. matched: the least share of a metric
    table's users who were assigned. users: the least in an arm. converters: the least that each arm would have at the
    rate of all. skew: the most of a difference of means with unequal arms.
    """

    srm: float = 0.001
    two_arms: float = 0.01
    matched: float = 0.5
    users: int = 100
    converters: int = 25
    skew: float = 0.2


@dataclass(frozen=True, slots=True)
class Declaration:
    """An experiment. `split` is the planned share of each arm, the control's among them, in the order of the arms."""

    name: str
    control: str
    split: Mapping[str, float]
    assignments: Assignments
    metrics: tuple[Metric, ...]
    alpha: float = 0.05
    plan: Plan | None = None
    dimensions: tuple[str, ...] = ()
    description: str = ""
    limits: Limits = field(default_factory=Limits)

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms, the control first."""
        return (self.control, *(arm for arm in self.split if arm != self.control))

    @property
    def sources(self) -> tuple[Source, ...]:
        """The tables' rows that the metrics read, each once."""
        measures = (each for metric in self.metrics for each in (metric.measure, metric.per) if each)
        return tuple(dict.fromkeys(each.source for each in measures))
