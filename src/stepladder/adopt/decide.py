"""From what was seen of a column to its type, or to what is in the way."""

from __future__ import annotations

from stepladder.adopt.declared import asked
from stepladder.adopt.misfit import Misfit
from stepladder.adopt.moments import EPOCHS
from stepladder.adopt.plan import Obstacle, shown
from stepladder.adopt.readings import Reading, class_name
from stepladder.adopt.scan import ColumnTally, readable
from stepladder.sql import parse_type


def decided(tally: ColumnTally) -> int | None:
    """The place of the reading that every value has; of a column without values the plainest. None where none fits."""
    if not tally.values:
        return len(tally.readings) - 1
    return next((place for place, count in enumerate(tally.misfit_counts) if not count), None)


def misfits(table: str, column: str, tally: ColumnTally) -> list[Obstacle]:
    """What to tell of a column that no reading fits: the values that the likeliest one does not take."""
    if len({reading.kept for reading in tally.readings if reading.type.name != "bool"} - {None}) > 1:
        return _classes(table, column, tally)
    best = min(tally.misfit_counts)
    place = max(at for at, count in enumerate(tally.misfit_counts) if count == best)
    reading = tally.readings[place]
    instead = _instead(table, column, reading, tally)
    return [
        Obstacle(
            table,
            column,
            f"{why}; the column is {reading.type} ({reading.because})",
            instead,
            row=str(key),
            value=shown(value),
            count=best,
        )
        for key, value, why in tally.misfits[place]
    ]


def _classes(table: str, column: str, tally: ColumnTally) -> list[Obstacle]:
    """Of a column whose declaration says nothing: a value of each class."""
    broken = [each for each in tally.misfits[-1] if type(each[1]) is bytearray or "NUL" in each[2]]
    if len(tally.examples.keys() - {type(None)}) == 1 and broken:
        return [
            Obstacle(table, column, why, _mend(), row=str(key), value=shown(value), count=len(broken))
            for key, value, why in broken
        ]
    instead = f"say which type all of them have: --type '{table}.{column}=text'. {_mend()}"
    return [
        Obstacle(
            table,
            column,
            f"is {'text' if kind is bytearray else class_name(value)}: the column holds values of several classes "
            "(integer, real, text, blob), and its declaration says no type",
            instead,
            row=str(key),
            value=shown(value),
            count=tally.classes[kind],
        )
        for kind, (key, value) in tally.examples.items()
        if value is not None
    ]


def _mend() -> str:
    return "Mend the value with UPDATE, or leave the table out: --leave TABLE"


def _instead(table: str, column: str, reading: Reading, tally: ColumnTally) -> str:
    """What else the column could be, where that takes the values that are in the way."""
    flag = f"--type '{table}.{column}="
    classes = tally.classes.keys() - {type(None)}
    if reading.type.name in ("date", "timestamp", "timestamptz"):
        units = [unit for unit in EPOCHS if _take(f"timestamptz:{unit}", tally)]
        if units and classes <= {int, float}:
            others = f" (or {', '.join(units[1:])})" if units[1:] else ""
            return f"if they are epochs, say so: {flag}timestamptz:{units[0]}'{others}. {_mend()}"
        if _take("timestamp", tally):
            return f"{flag}timestamp' takes a day for its midnight. {_mend()}"
        if _take("timestamptz", tally):
            return f"{flag}timestamptz' takes a value without a zone for UTC's. {_mend()}"
    if reading.type.name in ("int8", "numeric") and classes <= {int, float}:
        wide = "numeric" if float in classes or reading.type.modified else "float8"
        if _take(wide, tally):
            return f"{flag}{parse_type(wide)}' keeps every value. {_mend()}"
    for wide in ("text", "bytea"):
        if _take(wide, tally):
            return f"{flag}{wide}' keeps every value as {wide}. {_mend()}"
    return _mend()


def _take(said: str, tally: ColumnTally) -> bool:
    """Whether another type would take the values that are in the way, those that are shown at least, and one of each class."""
    reading = asked(said)
    values = [value for found in tally.misfits for _, value, _ in found]
    for value in (*values, *(value for _, value in tally.examples.values() if value is not None)):
        try:
            reading.convert(readable(value))
        except Misfit:
            return False
    return True
