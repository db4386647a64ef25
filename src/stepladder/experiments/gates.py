"""The questions that come before any effect: can these figures be trusted at all?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from stepladder.config import nearest
from stepladder.experiments.declaration import Declaration, Metric
from stepladder.experiments.layout import family
from stepladder.experiments.results import Gate
from stepladder.experiments.statement import columns_of
from stepladder.experiments.statistics import ratio_mismatch
from stepladder.experiments.sums import TWO_ARMS, UNKNOWN, Cell, Sums, added, dimension_value

_FEW_EXPECTED = 8  # users in an arm, below which a split is not judged
_WARN_SRM = 10  # times the level that fails
_MULTIPLE_USERS = 10  # users in two arms that are no concern, whatever their share
_BALANCE = 0.001


def gates_of(sums: Sums) -> list[Gate]:
    """Every gate that the sums alone can answer, in the order in which they are to be read."""
    return [
        split_gate(sums),
        _two_arms(sums),
        _labels(sums),
        _unlabelled(sums),
        _timeless(sums),
        _keys(sums),
        _matched(sums),
        _nameless(sums),
        _early(sums),
        _windows(sums),
    ]


def split_gate(sums: Sums) -> Gate:
    """SRM, over all and by day and dimension: where it fails, those say where to look."""
    declaration = sums.declaration
    observed = {arm: sums.users(number) for number, arm in enumerate(declaration.arms, 1)}
    gate = srm(observed, declaration)
    worst = _worst_slice(sums)
    if worst is None or gate.figures["p"] is None:
        return gate
    what, p, tried = worst
    if gate.state == "ok" and p * tried < declaration.limits.srm:
        says = f"The split fits over all, but not for {what} (p = {p:.2g} of {tried} looked at)."
        return Gate("srm", "warn", says, {**gate.figures, "worst": what, "worst_p": p})
    says = f"{gate.says} Farthest off: {what}." if gate.state != "ok" else gate.says
    return Gate("srm", gate.state, says, {**gate.figures, "worst": what, "worst_p": p})


def srm(observed: Mapping[str, int], declaration: Declaration) -> Gate:
    """Whether the users in the arms fit the split that was planned."""
    shares = {arm: declaration.split[arm] for arm in declaration.arms}
    total = sum(observed.values())
    empty = [arm for arm, users in observed.items() if not users]
    figures: dict[str, object] = {"p": None, "observed": dict(observed), "expected": shares}
    if empty:
        return Gate("srm", "fail", f"Nobody is in {_quoted(empty)}: there is nothing to compare.", figures)
    _, p = ratio_mismatch.chi_squared(list(observed.values()), list(shares.values()))
    figures["p"] = p
    if total * min(shares.values()) < _FEW_EXPECTED:
        return Gate("srm", "unknown", f"With {total:,} users the split cannot be judged yet.", figures)
    said = f"{_shares(observed)}, planned {_shares(shares)} (p = {p:.2g})"
    if p < declaration.limits.srm:
        says = f"The split does not fit the plan: {said}. Something treats the arms apart before they are counted."
        return Gate("srm", "fail", says, figures)
    if p < declaration.limits.srm * _WARN_SRM:
        return Gate("srm", "warn", f"The split is at the edge of what chance makes: {said}.", figures)
    return Gate("srm", "ok", f"The split fits the plan: {said}.", figures)


def _worst_slice(sums: Sums) -> tuple[str, float, int] | None:
    """The day or the value of a dimension whose split is least likely: what, p, and how many were tried."""
    groups: dict[str, list[Cell]] = {}
    for cell in sums.cells:
        if cell.arm is None or cell.arm < 1:
            continue
        if cell.day is not None:
            groups.setdefault(f"users assigned on {cell.day.isoformat()}", []).append(cell)
        for name, value in zip(sums.declaration.dimensions, cell.dimensions, strict=True):
            groups.setdefault(f"{name} = {dimension_value(value)}", []).append(cell)
    shares = [sums.declaration.split[arm] for arm in sums.declaration.arms]
    found = []
    for what, cells in sorted(groups.items()):
        counts = [
            added(cell.tally for cell in cells if cell.arm == number).get("users", 0)
            for number in range(1, len(shares) + 1)
        ]
        if sum(counts) * min(shares) >= _FEW_EXPECTED:
            found.append((ratio_mismatch.chi_squared(counts, shares)[1], what))
    return (min(found)[1], min(found)[0], len(found)) if len(found) > 1 else None


def _two_arms(sums: Sums) -> Gate:
    users = sums.users(TWO_ARMS)
    total = users + sum(sums.users(number) for number in range(1, len(sums.declaration.arms) + 1))
    share = users / total if total else 0.0
    figures = {"users": users, "share": share}
    if not users:
        return Gate("two_arms", "ok", "Nobody is in two arms.", figures)
    says = f"{users:,} users ({share:.2%}) are in two arms, and left out."
    bad = share >= sums.declaration.limits.two_arms and users >= _MULTIPLE_USERS
    return Gate("two_arms", "fail" if bad else "warn", says, figures)


def _labels(sums: Sums) -> Gate:
    """Labels that the split does not know: whoever has one was left out, so the others are no longer a fair draw."""
    if not sums.labels:
        return Gate("labels", "ok", "Every label is an arm of the split.", {"unknown": {}})
    known = {arm.strip().casefold(): arm for arm in sums.declaration.arms}
    parts = []
    for label, rows in list(sums.labels.items())[:5]:
        same = known.get(label.strip().casefold())
        hint = f" Did you mean {same!r}?" if same else nearest(label, sums.declaration.arms)
        parts.append(f"{label!r} ({rows:,} rows).{hint}")
    more = len(sums.labels) - 5
    says = f"The table holds labels that [split] does not know: {' '.join(parts)}" + (
        f" And {more} more." if more > 0 else ""
    )
    return Gate("labels", "fail", says, {"unknown": dict(sums.labels), "users": sums.users(UNKNOWN)})


def _unlabelled(sums: Sums) -> Gate:
    rows, userless = sums.assigned.unlabelled, sums.assigned.userless
    figures = {"rows": rows, "without_user": userless}
    if not sums.assigned.rows:
        says = f"The table {sums.declaration.assignments.table} holds no row of the experiment {sums.declaration.name!r}."
        return Gate("unlabelled", "fail", says, figures)
    if not rows and not userless:
        return Gate("unlabelled", "ok", "Every assignment has a user and a label.", figures)
    says = f"{rows:,} assignments have no label and {userless:,} no user; they are left out."
    return Gate("unlabelled", "warn", says, figures)


def _timeless(sums: Sums) -> Gate:
    """Rows without a time: of whom, or of what, it cannot be told when it was."""
    tables = [sums.declaration.assignments.table, *(each.source.table for each in sums.layout.readings)]
    rows: dict[str, int] = {}
    for table, seen in zip(tables, (sums.assigned, *sums.sources), strict=True):
        rows[table] = max(rows.get(table, 0), seen.timeless)
    said = " and ".join(f"{count:,} rows of {table}" for table, count in rows.items() if count)
    if not said:
        return Gate("timeless", "ok", "Every row has its time.", {"rows": rows})
    return Gate("timeless", "warn", f"{said} have no time, and are left out.", {"rows": rows})


def _keys(sums: Sums) -> Gate:
    wrong = [
        f"{each.source.table}.{each.source.user} is {family(each.user_type)}"
        for each in sums.layout.readings
        if not each.matches
    ]
    if not wrong:
        return Gate("keys", "ok", "Users have keys of one type in all tables.")
    given = sums.declaration.assignments
    says = f"{given.table}.{given.user} is {family(sums.layout.user_type)}, but {' and '.join(wrong)}: no user would be found."
    metrics = [each.name for each in sums.declaration.metrics if not sums.layout.readable(each)]
    return Gate("keys", "fail", says, {"metrics": metrics})


def _matched(sums: Sums) -> Gate:
    """Of the users in each metric's table, how many were assigned."""
    shares: dict[str, float | None] = {}
    bad, metrics = [], []
    for number, reading in enumerate(sums.layout.readings, 1):
        if not reading.matches:
            continue
        known = sum(cell.tally.get(f"seen{number}", 0) for cell in sums.cells if cell.arm is not None)
        every = sum(cell.tally.get(f"seen{number}", 0) for cell in sums.cells)
        share = known / every if every else None
        table = reading.source.table
        shares[table] = share
        # A table of all users holds many who are in no experiment; one of this experiment's own rows should not.
        least = sums.declaration.limits.matched if reading.filtered else 0.0
        if share is not None and (share == 0 or share < least):
            bad.append(f"{share:.1%} of the users in {table}")
            metrics += _reading(sums, number)
    if not bad:
        return Gate("matched", "ok", "The users of the metrics' tables were assigned.", {"shares": shares})
    says = f"Only {' and '.join(bad)} were ever assigned: their keys may be written in another way."
    return Gate("matched", "fail", says, {"shares": shares, "metrics": metrics})


def _reading(sums: Sums, number: int) -> list[str]:
    source = sums.layout.readings[number - 1].source
    return [
        metric.name
        for metric in sums.declaration.metrics
        if source in [each.source for each in (metric.measure, metric.per) if each]
    ]


def _nameless(sums: Sums) -> Gate:
    rows = {
        reading.source.table: seen.nameless
        for reading, seen in zip(sums.layout.readings, sums.sources, strict=True)
        if reading.filtered
    }
    column = sums.declaration.assignments.experiment
    if not any(rows.values()):
        return Gate("nameless", "ok", "No event lacks the experiment's name.", {"rows": rows})
    said = " and ".join(f"{count:,} rows of {table}" for table, count in rows.items() if count)
    return Gate("nameless", "warn", f"{said} have no {column}, and count for nobody.", {"rows": rows})


def _early(sums: Sums) -> Gate:
    rows: dict[str, int | None] = {}
    odd = []
    for number, reading in enumerate(sums.layout.readings, 1):
        table = reading.source.table
        timed = reading.time is not None and sums.layout.time is not None
        rows[table] = int(sum(cell.tally.get(f"early{number}", 0) for cell in sums.cells)) if timed else None
        # Before the assignment a table of all users has its rows; one of this experiment's own should have none.
        if reading.filtered and rows[table]:
            odd.append(f"{rows[table]:,} rows of {table}")
    untimed = [table for table, count in rows.items() if count is None]
    if untimed:
        says = f"{' and '.join(untimed)} and the assignments do not both have a time: that events came after the assignment is not known."
        return Gate("early", "unknown", says, {"rows": rows})
    if odd:
        says = f"{' and '.join(odd)} are from before their user's assignment; they do not count."
        return Gate("early", "warn", says, {"rows": rows})
    return Gate("early", "ok", "Events from before the assignment do not count.", {"rows": rows})


def _windows(sums: Sums) -> Gate:
    """Users whose window is not over had less time."""
    shares: dict[str, float] = {}
    total = sum(sums.users(number) for number in range(1, len(sums.declaration.arms) + 1))
    for metric in sums.layout.metrics:
        name = f"{columns_of(sums.layout, metric)[0].name}_young"
        young = sum(cell.tally.get(name, 0) for cell in sums.cells if cell.arm is not None and cell.arm > 0)
        if young and total:
            shares[metric.name] = young / total
    open_ = [name for name in shares if not _metric(sums, name).mature_only]
    if not open_:
        return Gate("windows", "ok", "Every window that counts is over.", {"open": shares})
    said = ", ".join(f"{shares[name]:.0%} of the users for {name}" for name in open_)
    says = f"Windows are not over yet: {said}. Their figures will rise; mature_only = true leaves those users out."
    return Gate("windows", "warn", says, {"open": shares})


def _metric(sums: Sums, name: str) -> Metric:
    return next(metric for metric in sums.declaration.metrics if metric.name == name)


def data_gate(short: Sequence[tuple[str, str, str]]) -> Gate:
    """Too little data: (metric, its role, why) of each metric that cannot be judged yet."""
    if not short:
        return Gate("data", "ok", "There is enough data to judge by.", {"metrics": []})
    decisive = [each for each in short if each[1] == "primary"] or list(short)
    state = "fail" if any(role == "primary" for _, role, _ in short) else "warn"
    says = "Too little data: " + "; ".join(f"{name}: {why}" for name, _, why in decisive[:3]) + "."
    return Gate("data", state, says, {"metrics": [name for name, _, _ in short]})


def skew_gate(skews: Mapping[str, float], limit: float) -> Gate:
    """Skewed figures with unequal arms: both tails of a t-test no longer hold half of its level."""
    bad = {name: value for name, value in skews.items() if abs(value) > limit}
    if not bad:
        return Gate("skew", "ok", "No difference is too skewed for its test.", {"skew": dict(skews)})
    said = ", ".join(f"{name} ({value:.2f})" for name, value in bad.items())
    says = f"Skewed figures and unequal arms: {said}. A cap (cap = 0.99) or an equal split would mend it."
    return Gate("skew", "warn", says, {"skew": dict(skews)})


def balance_gate(p_values: Mapping[str, float]) -> Gate:
    """Did the arms differ before the experiment began?"""
    bad = [name for name, p in p_values.items() if p < _BALANCE]
    figures = {"p": dict(p_values)}
    if not bad:
        return Gate("before", "ok", "The arms did not differ before the experiment.", figures)
    return Gate("before", "warn", f"The arms differed before the experiment in {_quoted(bad)}.", figures)


def blocked(gates: Iterable[Gate], metric: str) -> str:
    """Why nothing may be said of a metric; empty where it may."""
    return " ".join(_blocking(gates, metric))


def _blocking(gates: Iterable[Gate], metric: str) -> Iterator[str]:
    for gate in gates:
        of = gate.figures.get("metrics")
        if gate.state == "fail" and (not isinstance(of, list) or metric in of):
            yield gate.says


def _shares(counts: Mapping[str, float]) -> str:
    total = sum(counts.values())
    return "/".join(f"{100 * each / total:.4g}" for each in counts.values())


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names))
