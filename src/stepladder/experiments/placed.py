"""The rows of all tables of an experiment, each knowing since when its user is in.

marked   UNION ALL of the assignments and of each metric's table: unit, source (0: assignments), time, values
placed   the same with `since`: one sort and no join, so that no table multiplies another
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from stepladder.experiments.declaration import Measure
from stepladder.experiments.layout import Layout, bracketed
from stepladder.sql import parse_name, quote


def placed_rows(layout: Layout, until: datetime | None) -> str:
    """`marked` and `placed`, up to a moment, for WITH."""
    return f"{_marked(layout, until)}, {_placed(layout)}"


def _placed(layout: Layout) -> str:
    out = ["unit", "source", "arm", "at"]
    out.append("min(CASE WHEN arm IS NOT NULL THEN at END) OVER (PARTITION BY unit) AS since")
    out += dimension_names(layout)
    out += _values(layout)
    if _knows_ours(layout):
        out.append("ours")
    return f"placed AS (\n  SELECT {listed(out)}\n  FROM marked\n)"


def _marked(layout: Layout, until: datetime | None) -> str:
    parts = [_assigned(layout, until)]
    parts += [_events(layout, number, until) for number in range(1, len(layout.readings) + 1)]
    return "marked AS (\n  " + "\n  UNION ALL\n  ".join(parts) + "\n)"


def _assigned(layout: Layout, until: datetime | None) -> str:
    labels = " ".join(
        f"WHEN {layout.variant} = {literal(arm)} THEN {number}"
        for number, arm in enumerate(layout.declaration.arms, 1)
    )
    out = [
        f"{layout.user} AS unit",
        "0 AS source",
        f"CASE {labels} WHEN {layout.variant} IS NOT NULL THEN 0 END AS arm",
        f"{layout.time or 'NULL::timestamptz'} AS at",
        *(f"{sql} AS {name}" for sql, name in zip(layout.dimensions, dimension_names(layout), strict=True)),
        *(f"{_null(layout, name)} AS {name}" for name in _values(layout)),
    ]
    if _knows_ours(layout):
        out.append("false AS ours")
    return _select(out, layout.declaration.assignments.table, [layout.condition, _so_far(layout.time, until)])


def _events(layout: Layout, number: int, until: datetime | None) -> str:
    reading = layout.readings[number - 1]
    own = {f"v{number}_{place}": value.sql for place, (_, value) in enumerate(reading.values, 1)}
    # A table whose keys are of another kind cannot be read beside the others.
    user = reading.user if reading.matches else f"NULL::{layout.user_type}"
    out = [user, str(number), "NULL::integer", reading.time or "NULL::timestamptz"]
    out += ["NULL::text" for _ in layout.dimensions]
    out += [own.get(name) or _null(layout, name) for name in _values(layout)]
    conditions = [reading.condition, _so_far(reading.time, until), "" if reading.matches else "false"]
    if _knows_ours(layout):
        looks_back = carries_ours(layout, number)
        out.append("true")
        if looks_back:
            experiment = quote(str(layout.declaration.assignments.experiment))
            out[-1] = f"coalesce({experiment} = :experiment, false)"
            conditions[0] = bracketed(reading.source.where) if reading.source.where else ""
    return _select(out, reading.source.table, conditions)


def _looks_back(layout: Layout, number: int) -> bool:
    """Whether rows from before the experiment are wanted, which do not carry its name."""
    source = layout.readings[number - 1].source
    return any(
        metric.cuped is not None and source in [each.source for each in (metric.measure, metric.per) if each]
        for metric in layout.declaration.metrics
    )


def _knows_ours(layout: Layout) -> bool:
    return any(carries_ours(layout, number) for number in range(1, len(layout.readings) + 1))


def carries_ours(layout: Layout, number: int) -> bool:
    """Whether rows of a source are read that do not carry the experiment's name, so that each must say it."""
    return layout.readings[number - 1].filtered and _looks_back(layout, number)


def _select(out: Sequence[str], table: str, conditions: Sequence[str]) -> str:
    where = " AND ".join(each for each in conditions if each)
    return f"SELECT {listed(out)} FROM {parse_name(table).sql}" + (f" WHERE {where}" if where else "")


def _so_far(time: str | None, until: datetime | None) -> str:
    return "" if time is None or until is None else f"{time} <= {timestamp(until)}"


def _values(layout: Layout) -> list[str]:
    return [
        f"v{number}_{place}"
        for number, reading in enumerate(layout.readings, 1)
        for place in range(1, len(reading.values) + 1)
    ]


def value_name(layout: Layout, measure: Measure) -> str:
    """The column that holds a measure's value."""
    number, reading = layout.reading(measure)
    return f"v{number}_{[text for text, _ in reading.values].index(str(measure.value)) + 1}"


def _null(layout: Layout, name: str) -> str:
    number, _, place = name.removeprefix("v").partition("_")
    exact = layout.readings[int(number) - 1].values[int(place) - 1][1].exact
    return "NULL::bigint" if exact else "NULL::double precision"


def dimension_names(layout: Layout) -> list[str]:
    """The columns that hold the dimensions."""
    return [f"d{place}" for place in range(1, len(layout.dimensions) + 1)]


def timestamp(moment: datetime) -> str:
    """A moment in SQL."""
    return f"timestamptz '{moment.isoformat(sep=' ')}'"


def literal(value: str) -> str:
    """A text in SQL."""
    return "'" + value.replace("'", "''") + "'"


def listed(parts: Sequence[str]) -> str:
    """What a SELECT brings."""
    return ",\n    ".join(parts)
