"""What an index or a generated column is made of must be IMMUTABLE in PostgreSQL: neither the clock nor a setting (the
time zone, the style of dates) may have a say in it."""

from __future__ import annotations

from stepladder.errors import ProgrammingError
from stepladder.sql.infer.catalog import catalog
from stepladder.sql.infer.context import wrong
from stepladder.sql.infer.tree import Call, Cast, Expression, walk
from stepladder.sql.infer.types import catalog_name

GENERATION = "generation expression is not immutable"
INDEX_EXPRESSION = "functions in index expression must be marked IMMUTABLE"
INDEX_PREDICATE = "functions in index predicate must be marked IMMUTABLE"

# pg_proc of the types' input and output functions, and pg_cast: what is not immutable there.
_READ_BY_SETTINGS = frozenset(("date", "time", "timestamp", "timestamptz", "interval"))
_SHOWN_BY_SETTINGS = frozenset(("date", "timestamp", "timestamptz", "interval"))
_CLOCK = frozenset(("current_date", "current_timestamp", "current_time", "localtimestamp", "localtime"))
_CAST_BY_ZONE = frozenset(
    (
        ("date", "timestamptz"),
        ("timestamp", "timestamptz"),
        ("timestamptz", "date"),
        ("timestamptz", "time"),
        ("timestamptz", "timestamp"),
    )
)


def check_immutable(node: Expression, message: str) -> None:
    """Raise ProgrammingError (42P17) where the expression may change its value."""
    for each in walk(node):
        if (isinstance(each, Call) and _is_mutable(each)) or (isinstance(each, Cast) and _by_settings(each)):
            raise wrong(ProgrammingError, message, each.position, sqlstate="42P17")


def _is_mutable(call: Call) -> bool:
    if call.name in (
        "textanycat",
        "anytextcat",
    ):  # the server looks into them: they are `text || value::text`
        return any(argument.type.name in _SHOWN_BY_SETTINGS for argument in call.arguments)
    if call.name in _CLOCK:
        return True
    procedures = catalog().procedures(call.name)
    types = tuple(catalog_name(argument.type) for argument in call.arguments)
    exact = [each for each in procedures if each.arguments == types]
    found = {each.volatility for each in exact or procedures}
    return bool(found) and "i" not in found


def _by_settings(cast: Cast) -> bool:
    source, target = cast.argument.type.name, cast.type.name
    if cast.method == "io":
        return source in _SHOWN_BY_SETTINGS or target in _READ_BY_SETTINGS
    return (source, target) in _CAST_BY_ZONE
