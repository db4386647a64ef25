"""The statement that reads an experiment: every table once, and nothing but sums comes back.

    placed   the rows of all tables, each knowing since when its user is in (placed.py)
    people   one row a user: what the user counts for each metric
    then     counts, sums and sums of products by arm, day of assignment and dimensions

`arm` is a number: 1 the control, 2, … the others; 0 a label that the split does not know; -1 in two arms; NULL events of
somebody who was never assigned.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import combinations_with_replacement

from stepladder.experiments.declaration import Measure, Metric
from stepladder.experiments.layout import Layout, Value
from stepladder.experiments.placed import (
    carries_ours,
    dimension_names,
    listed,
    placed_rows,
    timestamp,
    value_name,
)

PARTS = 1000  # into which users are put to draw arms anew


@dataclass(frozen=True, slots=True)
class Column:
    """A column of `people`: what a user counts, in units of 10^-scale. `before` is measured before the assignment."""

    name: str
    value: Value
    measure: Measure
    before: bool = False


@dataclass(frozen=True, slots=True)
class Cuts:
    """What is known before the statement is made: the data's last moment, and by metric the caps (in units) and the
    shifts that keep doubles from cancelling."""

    until: datetime | None = None
    caps: Mapping[str, float] = field(default_factory=dict)
    shifts: Mapping[str, float] = field(default_factory=dict)
    cubes: bool = False


def columns_of(layout: Layout, metric: Metric) -> tuple[Column, ...]:
    """The figures of each user that a metric needs: one; for a ratio two; with CUPED each also from before."""
    place = layout.declaration.metrics.index(metric) + 1
    measures = [(f"m{place}", metric.measure)] + ([(f"m{place}_per", metric.per)] if metric.per else [])
    values = [layout.reading(measure)[1].value(measure) for _, measure in measures]
    found = [Column(name, value, measure) for (name, measure), value in zip(measures, values, strict=True)]
    if metric.cuped is not None:
        found += [Column(f"{each.name}_before", each.value, each.measure, before=True) for each in found]
    return tuple(found)


def products_of(columns: Sequence[Column]) -> tuple[tuple[Column, Column], ...]:
    """Each pair whose product is summed, each column with itself among them."""
    return tuple(combinations_with_replacement(columns, 2))


def sums_statement(layout: Layout, cuts: Cuts) -> str:
    """The sums of all metrics that can be read."""
    out = ["arm", "since::date AS day", *dimension_names(layout), "count(*) AS users"]
    groups = ["arm", "since::date", *dimension_names(layout)]
    for number, _ in enumerate(layout.readings, 1):
        out += [f"sum(seen{number}) AS seen{number}", f"sum(early{number}) AS early{number}"]
    for metric in layout.metrics:
        out += _metric_sums(layout, metric, cuts)
    return f"{_people(layout, cuts)}\nSELECT {listed(out)}\nFROM people\nGROUP BY {', '.join(groups)}"


def parts_statement(layout: Layout, cuts: Cuts) -> str:
    """The same sums by parts into which the users of all arms are put at random, whatever their arm; `:seed` shuffles."""
    out = ["part", "count(*) AS users"]
    for metric in layout.metrics:
        out += _metric_sums(layout, metric, cuts)
    shuffled = f"row_number() OVER (ORDER BY md5(unit::text || :seed), unit) % {PARTS}"
    return (
        f"{_people(layout, cuts)}\nSELECT {listed(out)}\nFROM (SELECT people.*, {shuffled} AS part FROM people WHERE arm > 0)"
        " AS parted\nGROUP BY part"
    )


def ranks_statement(layout: Layout, metric: Metric, cuts: Cuts, ranks: Mapping[int, Sequence[int]]) -> str:
    """The values at these ranks (from 1) of each arm, by the users' values in order."""
    (column, *_) = columns_of(layout, metric)
    among = f" AND {_included(layout, metric, cuts)}" if _excludes(metric) else ""
    wanted = " OR ".join(
        f"(arm = {arm} AND place IN ({', '.join(map(str, sorted(set(places))))}))"
        for arm, places in ranks.items()
    )
    return (
        f"{_people(layout, cuts)}\nSELECT arm, place, {column.name}\nFROM (SELECT arm, {column.name}, row_number() OVER "
        f"(PARTITION BY arm ORDER BY {column.name}) AS place FROM people WHERE arm > 0{among}) AS ranked\nWHERE {wanted}"
    )


def cap_statement(layout: Layout, metric: Metric, cuts: Cuts) -> str:
    """The value that a share `metric.cap` of all users of all arms does not exceed."""
    (column, *_) = columns_of(layout, metric)
    among = f" AND {_included(layout, metric, cuts)}" if _excludes(metric) else ""
    millionths = round((metric.cap or 1) * 1_000_000)
    return (
        f"{_people(layout, cuts)}\nSELECT min({column.name}) AS cap\nFROM (SELECT {column.name}, row_number() OVER "
        f"(ORDER BY {column.name}) AS place, count(*) OVER () AS users FROM people WHERE arm > 0{among}) AS ranked\n"
        f"WHERE place * 1000000 >= users * {millionths}"
    )


def _metric_sums(layout: Layout, metric: Metric, cuts: Cuts) -> list[str]:
    columns = columns_of(layout, metric)
    name = columns[0].name
    only = f" FILTER (WHERE {_included(layout, metric, cuts)})" if _excludes(metric) else ""
    out = [f"count(*){only} AS {name}_users"]
    if metric.window is not None and layout.time is not None:
        out.append(f"sum(CASE WHEN {_mature(metric, cuts)} THEN 0 ELSE 1 END) AS {name}_young")
    if metric.kind == "quantile":
        return out
    out += [f"sum({each.name}){only} AS {each.name}_sum" for each in columns]
    if metric.is_rate:
        return out
    for one, other in products_of(columns):
        left, right = _alike(one, other)
        out.append(f"sum({left} * {right}){only} AS {one.name}_{other.name}")
    if cuts.cubes:
        cube = f"{name}::double precision * {name}::double precision * {name}::double precision"
        out.append(f"sum({cube}){only} AS {name}_cubes")
    return out


def _alike(one: Column, other: Column) -> tuple[str, str]:
    if one.value.exact == other.value.exact:
        return one.name, other.name
    return f"{one.name}::double precision", f"{other.name}::double precision"


# -- one row a user
def _people(layout: Layout, cuts: Cuts) -> str:
    out = [
        "unit",
        "CASE WHEN min(arm) = max(arm) THEN min(arm) WHEN min(arm) IS NOT NULL THEN -1 END AS arm",
        "min(since) AS since",
    ]
    out += [f"min({each}) AS {each}" for each in dimension_names(layout)]
    for number, reading in enumerate(layout.readings, 1):
        ours = f"source = {number}" + (" AND ours" if carries_ours(layout, number) else "")
        early = f"{ours} AND at < since" if _timed(layout, reading.time) else "false"
        out += [
            f"max(CASE WHEN {ours} THEN 1 ELSE 0 END) AS seen{number}",
            f"sum(CASE WHEN {early} THEN 1 ELSE 0 END) AS early{number}",
        ]
    for metric in layout.metrics:
        for column in columns_of(layout, metric):
            out.append(f"{_figure(layout, metric, column, cuts)} AS {column.name}")
        if metric.missing == "exclude":
            name = columns_of(layout, metric)[0].name
            out.append(
                f"max(CASE WHEN {_counts(layout, metric, metric.measure)} THEN 1 ELSE 0 END) AS {name}_here"
            )
    people = (
        f"people AS (\n  SELECT {listed(out)}\n  FROM placed\n  WHERE unit IS NOT NULL\n  GROUP BY unit\n)"
    )
    return f"WITH {placed_rows(layout, cuts.until)}, {people}"


def _figure(layout: Layout, metric: Metric, column: Column, cuts: Cuts) -> str:
    """What a user counts."""
    condition = (
        _before(layout, metric, column.measure) if column.before else _counts(layout, metric, column.measure)
    )
    if metric.is_rate:
        return f"max(CASE WHEN {condition} THEN 1 ELSE 0 END)"
    if column.measure.value is None:
        return f"sum(CASE WHEN {condition} THEN 1 ELSE 0 END)"
    value = value_name(layout, column.measure)
    if column.value.exact:
        found = f"sum(CASE WHEN {condition} THEN {value} ELSE 0 END)::bigint"
    else:
        found = f"coalesce(sum({value}) FILTER (WHERE {condition}), 0)"
    if column.name in cuts.caps:
        cap = _number(cuts.caps[column.name], exact=column.value.exact)
        found = f"(CASE WHEN {found} > {cap} THEN {cap} ELSE {found} END)"
    if column.name in cuts.shifts:
        found = f"{found} - {_number(cuts.shifts[column.name], exact=False)}"
    return found


def _number(value: float, *, exact: bool) -> str:
    return f"{int(value)}::bigint" if exact else f"'{value!r}'::double precision"


def _counts(layout: Layout, metric: Metric, measure: Measure) -> str:
    """Which rows of a measure's source count: from the assignment on, within the window."""
    number, reading = layout.reading(measure)
    parts = [f"source = {number}"]
    if measure.value is not None:
        parts.append(f"{value_name(layout, measure)} IS NOT NULL")
    if _timed(layout, reading.time):
        parts.append(f"at - since >= {_interval(metric.after)}" if metric.after else "at >= since")
        if metric.window is not None:
            if metric.after == timedelta(0):
                parts.append(f"at - since < {_interval(metric.window)}")
            else:
                parts.append(f"at - since < {_interval(metric.after + metric.window)}")
    if carries_ours(layout, number):
        parts.append("ours")
    return " AND ".join(parts)


def _before(layout: Layout, metric: Metric, measure: Measure) -> str:
    number, _ = layout.reading(measure)
    assert metric.cuped is not None
    return f"source = {number} AND at < since AND since - at <= {_interval(metric.cuped)}"


def _excludes(metric: Metric) -> bool:
    return metric.missing == "exclude" or (metric.mature_only and metric.window is not None)


def _included(layout: Layout, metric: Metric, cuts: Cuts) -> str:
    """Which users count at all."""
    parts = []
    if metric.missing == "exclude":
        parts.append(f"{columns_of(layout, metric)[0].name}_here = 1")
    if metric.mature_only and metric.window is not None:
        parts.append(_mature(metric, cuts))
    return " AND ".join(parts)


def _mature(metric: Metric, cuts: Cuts) -> str:
    """Whether a user's window is over at the end of the data."""
    assert metric.window is not None
    if cuts.until is None:
        return "true"
    return f"since <= {timestamp(cuts.until - metric.after - metric.window)}"


def _timed(layout: Layout, time: str | None) -> bool:
    return layout.time is not None and time is not None


def _interval(length: timedelta) -> str:
    seconds = length.total_seconds()
    whole = f"{length.days} days" if length.seconds == length.microseconds == 0 else f"{seconds:.6f} seconds"
    return f"interval '{whole}'"
