"""What the database says of an experiment: counts and sums by arm, and what was seen on the way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TypeAlias

from stepladder.db import Session
from stepladder.errors import ConfigError, NumericOutOfRange
from stepladder.experiments.declaration import Declaration, Metric
from stepladder.experiments.layout import Layout, Reading, bracketed, lay_out
from stepladder.experiments.placed import literal
from stepladder.experiments.statement import (
    Cuts,
    cap_statement,
    columns_of,
    ranks_statement,
    sums_statement,
)
from stepladder.experiments.statistics import quantiles
from stepladder.sql import parse_name, quote

Tally: TypeAlias = dict[str, int | float]
UNKNOWN, TWO_ARMS = 0, -1  # what the statement calls an arm beside the numbers of the arms
_UNEQUAL = 1.1  # the larger share by the smaller: from here on skew matters
_CANCELS = 1e6  # squared mean by variance: from here on doubles lose digits


@dataclass(frozen=True, slots=True)
class Cell:
    """Sums over the users of one arm (None: never assigned), one day of assignment, one value of each dimension."""

    arm: int | None
    day: date | None
    dimensions: tuple[str | None, ...]
    tally: Mapping[str, int | float]


@dataclass(frozen=True, slots=True)
class Seen:
    """A table as a whole: its rows, its last moment, rows without the experiment's name, without a label,
    with an unknown one, without a user, a time."""

    rows: int
    last: datetime | None
    nameless: int = 0
    unlabelled: int = 0
    userless: int = 0
    timeless: int = 0
    unknown: int = 0


@dataclass(frozen=True, slots=True)
class Sums:
    """Everything that a read-out is made of. `until` is the data cut-off; `labels` are unknown ones and their rows;
    `ranked` holds, by quantile metric and arm, the values at the three ranks."""

    layout: Layout
    until: datetime | None
    assigned: Seen
    sources: tuple[Seen, ...]
    cells: tuple[Cell, ...]
    labels: Mapping[str, int] = field(default_factory=dict)
    ranked: Mapping[str, Mapping[int, tuple[float, float, float]]] = field(default_factory=dict)
    cuts: Cuts = field(default_factory=Cuts)

    @property
    def declaration(self) -> Declaration:
        return self.layout.declaration

    def tally(self, arm: int | None, dimension: int | None = None, value: str | None = None) -> Tally:
        """The sums over an arm, or over its users with one value of a dimension."""
        return added(
            cell.tally
            for cell in self.cells
            if cell.arm == arm and (dimension is None or cell.dimensions[dimension] == value)
        )

    def users(self, arm: int | None) -> int:
        """How many users are in an arm."""
        return int(self.tally(arm).get("users", 0))


def dimension_value(value: str | None) -> str:
    """A dimension's value as it is told."""
    return "(null)" if value is None else value


def added(tallies: Iterable[Mapping[str, int | float]]) -> Tally:
    """The sums of sums."""
    found: Tally = {}
    for tally in tallies:
        for name, value in tally.items():
            found[name] = found.get(name, 0) + value
    return found


def read_sums(session: Session, declaration: Declaration, until: datetime | None = None) -> Sums:
    """Ask the database, in one snapshot: `session` is a transaction. Raises ConfigError."""
    layout = lay_out(session, declaration)
    named = {"experiment": declaration.name}
    assigned = _seen_assignments(session, layout, named)
    sources = tuple(_seen(session, reading, layout) for reading in layout.readings)
    until = _cut_off(assigned, sources, until)
    cuts = Cuts(until=until, cubes=_unequal(declaration))
    cuts = replace(cuts, caps=_caps(session, layout, cuts, named))
    cells = _cells(session, layout, cuts, named)
    shifts = _shifts(layout, cells)
    if shifts:
        cuts = replace(cuts, shifts=shifts)
        cells = _cells(session, layout, cuts, named)
    sums = Sums(layout, until, assigned, sources, cells, cuts=cuts)
    if assigned.unknown:
        sums = replace(sums, labels=_labels(session, layout, named))
    return replace(sums, ranked=_ranked(session, sums, named))


def _used(sql: str, named: Mapping[str, object]) -> Mapping[str, object]:
    """The parameters that a statement has: a table that holds one experiment needs none."""
    return named if ":experiment" in sql else {}


def _seen_assignments(session: Session, layout: Layout, named: Mapping[str, object]) -> Seen:
    where = f" WHERE {layout.condition}" if layout.condition else ""
    arms = ", ".join(map(literal, layout.declaration.arms))
    sql = (
        f"SELECT count(*), {_last(layout.time)}, count(*) FILTER (WHERE {layout.variant} IS NULL),"
        f" count(*) FILTER (WHERE {layout.variant} NOT IN ({arms})),"
        f" count(*) FILTER (WHERE {layout.user} IS NULL), {_timeless(layout.time)}"
        f" FROM {parse_name(layout.declaration.assignments.table).sql}{where}"
    )
    row = session.query(sql, _used(sql, named)).one()
    return Seen(row[0], row[1], unlabelled=row[2], unknown=row[3], userless=row[4], timeless=row[5])


def _seen(session: Session, reading: Reading, layout: Layout) -> Seen:
    where = f" WHERE {bracketed(reading.source.where)}" if reading.source.where else ""
    experiment = layout.declaration.assignments.experiment
    nameless = "0"
    if reading.filtered and experiment is not None:
        nameless = f"count(*) FILTER (WHERE {quote(experiment)} IS NULL)"
    row = session.query(
        f"SELECT count(*), {_last(reading.time)}, {nameless}, {_timeless(reading.time)}"
        f" FROM {parse_name(reading.source.table).sql}{where}"
    ).one()
    return Seen(row[0], row[1], nameless=row[2], timeless=row[3])


def _timeless(time: str | None) -> str:
    return "0" if time is None else f"count(*) FILTER (WHERE {time} IS NULL)"


def _last(time: str | None) -> str:
    return "NULL::timestamptz" if time is None else f"max({time})"


def _cut_off(assigned: Seen, sources: Iterable[Seen], until: datetime | None) -> datetime | None:
    """The last moment that any of the tables knows of, or the one that was asked for, if that is earlier."""
    known = [each.last for each in (assigned, *sources) if each.last is not None]
    found = max(known, default=None)
    if until is not None:
        found = until if found is None else min(found, until)
    return None if found is None else found.astimezone(UTC)


def _unequal(declaration: Declaration) -> bool:
    shares = declaration.split.values()
    return max(shares) / min(shares) > _UNEQUAL


def _caps(session: Session, layout: Layout, cuts: Cuts, named: Mapping[str, object]) -> dict[str, float]:
    found = {}
    for metric in layout.metrics:
        if metric.cap is None:
            continue
        sql = cap_statement(layout.only(metric), metric, cuts)
        cap = session.query(sql, _used(sql, named)).scalar()
        if cap is not None:
            found[columns_of(layout, metric)[0].name] = cap
    return found


def _cells(session: Session, layout: Layout, cuts: Cuts, named: Mapping[str, object]) -> tuple[Cell, ...]:
    sql = sums_statement(layout, cuts)
    behind = 2 + len(layout.dimensions)
    found = []
    try:
        rows = session.query(sql, _used(sql, named))
    except NumericOutOfRange as error:
        raise ConfigError(
            f"experiment {layout.declaration.name}: {error.message}: values of a metric, or their squares, are too large to be added "
            "exactly. Write its value as a double (bytes::double precision), or in larger units (bytes / 1000000)."
        ) from error
    for row in rows:
        tally = {name: numbers(row[name]) for name in list(row.dict())[behind:]}
        found.append(Cell(row[0], row[1], tuple(row[2:behind]), tally))
    return tuple(found)


def numbers(value: object) -> int | float:
    """A figure of a row; whole numbers stay whole, however large."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value if isinstance(value, int | float) else 0


def _shifts(layout: Layout, cells: Iterable[Cell]) -> dict[str, float]:
    """What to subtract from doubles that lie far from 0 for their spread: their squares would cancel."""
    total = added(cell.tally for cell in cells if cell.arm is not None and cell.arm > 0)
    found = {}
    for metric in layout.metrics:
        for column in columns_of(layout, metric):
            n, sum_ = (
                total.get(f"{columns_of(layout, metric)[0].name}_users", 0),
                total.get(f"{column.name}_sum"),
            )
            if column.value.exact or sum_ is None or n < 2:
                continue
            mean, squares = sum_ / n, total[f"{column.name}_{column.name}"]
            if squares - n * mean**2 < squares / _CANCELS:
                found[column.name] = float(mean)
    return found


def _labels(session: Session, layout: Layout, named: Mapping[str, object]) -> dict[str, int]:
    where = f" WHERE {layout.condition}" if layout.condition else ""
    sql = (
        f"SELECT {layout.variant} AS label, count(*) AS rows FROM {parse_name(layout.declaration.assignments.table).sql}{where}"
        f" GROUP BY {layout.variant}"
    )
    known = layout.declaration.arms
    rows = [row for row in session.query(sql, _used(sql, named)) if row.label is not None]
    return {
        row.label: row.rows for row in sorted(rows, key=lambda row: str(row.label)) if row.label not in known
    }


def _ranked(
    session: Session, sums: Sums, named: Mapping[str, object]
) -> dict[str, dict[int, tuple[float, float, float]]]:
    found = {}
    for metric in sums.layout.metrics:
        if metric.kind == "quantile":
            found[metric.name] = _at_ranks(session, sums, metric, named)
    return found


def _at_ranks(
    session: Session, sums: Sums, metric: Metric, named: Mapping[str, object]
) -> dict[int, tuple[float, float, float]]:
    (column, *_) = columns_of(sums.layout, metric)
    arms = range(1, len(sums.declaration.arms) + 1)
    users = {arm: int(sums.tally(arm).get(f"{column.name}_users", 0)) for arm in arms}
    wanted = {arm: quantiles.ranks(n, metric.quantile or 0.5) for arm, n in users.items() if n}
    if not wanted:
        return {}
    sql = ranks_statement(sums.layout.only(metric), metric, Cuts(until=sums.until), wanted)
    unit = 10**column.value.scale
    values = {(row[0], row[1]): float(row[2]) / unit for row in session.query(sql, _used(sql, named))}
    return {arm: tuple(values[arm, place] for place in places) for arm, places in wanted.items()}
