"""Rules of date_trunc(), extract() and date_part(): SQLite's own text functions where the unit stands in the stored text.

The forms are those of the storage (`2024-01-31 12:34:56.5+00:00`): TimeZone is UTC on every connection.
"""

from __future__ import annotations

from stepladder.sql.functions.date_fields import unit_of
from stepladder.sql.infer.context import refuse
from stepladder.sql.infer.tree import Call, Constant
from stepladder.sql.rewrite.rules import Print, Rule, function, string
from stepladder.sql.types import DISPLAYED

_MOMENTS = ("timestamp", "timestamptz")
# What stays of the text, and what is put behind it.
_CUTS = {
    "year": ("substr({0}, 1, 4)", "-01-01 00:00:00"),
    "month": ("substr({0}, 1, 7)", "-01 00:00:00"),
    "week": ("date(substr({0}, 1, 10), '-6 days', 'weekday 1')", " 00:00:00"),
    "day": ("substr({0}, 1, 10)", " 00:00:00"),
    "hour": ("substr({0}, 1, 13)", ":00:00"),
    "minute": ("substr({0}, 1, 16)", ":00"),
    "second": ("substr({0}, 1, 19)", ""),
}
_PARTS = {
    "year": "substr({0}, 1, 4)",
    "month": "substr({0}, 6, 2)",
    "day": "substr({0}, 9, 2)",
    "quarter": "((substr({0}, 6, 2) + 2) / 3)",
    "dow": "strftime('%w', substr({0}, 1, 10))",
    "isodow": "((strftime('%w', substr({0}, 1, 10)) + 6) % 7 + 1)",
    "doy": "strftime('%j', substr({0}, 1, 10))",
}
_CLOCK_PARTS = {"hour": "substr({0}, 12, 2)", "minute": "substr({0}, 15, 2)"}
_TIME_PARTS = {"hour": "substr({0}, 1, 2)", "minute": "substr({0}, 4, 2)"}


def _unit(call: Call) -> str | None:
    """The unit, where it is a literal; a wrong one raises when the statement runs, if it has rows."""
    word = call.arguments[0]
    if not isinstance(word, Constant) or word.value is None:
        return None
    try:
        return unit_of(word.value, "")
    except Exception:  # noqa: BLE001 - the function raises it anew
        return None


def _truncated(show: Print, call: Call) -> str:
    word, value = call.arguments
    cut = _CUTS.get(_unit(call) or "")
    if cut is None:
        return f"pg_truncate({show(word)}, {show(value)})"
    kept, tail = cut
    tail += "+00:00" if value.type.name == "timestamptz" else ""
    text = kept.format(show(value))
    return f"({text} || {string(tail)})" if tail else text


def whole_part(show: Print, call: Call) -> str | None:
    """The integer that extract() or date_part() of this gives, in SQLite's own functions; None where it takes more."""
    pattern = _parts(call.arguments[1].type.name).get(_unit(call) or "")
    return f"CAST({pattern.format(show(call.arguments[1]))} AS INTEGER)" if pattern else None


def _parts(type_: str) -> dict[str, str]:
    if type_ == "time":
        return _TIME_PARTS
    return {**_PARTS, **_CLOCK_PARTS} if type_ in _MOMENTS else _PARTS if type_ == "date" else {}


def _extracted(show: Print, call: Call) -> str:
    found = whole_part(show, call)
    return f"CAST({found} AS TEXT)" if found else _by_function("pg_extract", show, call)


def _date_part(show: Print, call: Call) -> str:
    found = whole_part(show, call)
    return f"CAST({found} AS REAL)" if found else _by_function("pg_float", show, call)


_FUNCTIONS = {
    ("pg_extract", "interval"): "pg_extract_span",
    ("pg_extract", "time"): "pg_extract_time",
    ("pg_float", "interval"): "pg_float_span_part",
    ("pg_float", "time"): "pg_float_time_part",
}


def _by_function(kind: str, show: Print, call: Call) -> str:
    word, value = call.arguments
    if not isinstance(word, Constant):
        raise refuse("a field name that is no literal", call.position)
    name = _FUNCTIONS.get((kind, value.type.name))
    if name:
        return f"{name}({show(word)}, {show(value)})"
    name, type_ = (
        ("pg_extract", value.type.name) if kind == "pg_extract" else ("pg_float_part", value.type.name)
    )
    # date_part of a date is that of the timestamp at its midnight; extract has a rule of its own.
    type_ = "timestamp" if (kind, type_) == ("pg_float", "date") else type_
    return f"{name}({show(word)}, {show(value)}, {string(DISPLAYED[type_])})"


RULES: dict[str, Rule] = {
    **{f"date_trunc(text,{type_})": _truncated for type_ in _MOMENTS},
    "date_trunc(text,timestamptz,text)": function("pg_truncate_in_zone"),
    "date_trunc(text,interval)": function("pg_truncate_span"),
    **{f"extract(text,{type_})": _extracted for type_ in (*_MOMENTS, "date", "time", "interval")},
    **{f"date_part(text,{type_})": _date_part for type_ in (*_MOMENTS, "date", "time", "interval")},
}
