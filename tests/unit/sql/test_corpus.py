"""A corpus of hard PostgreSQL: every step's names, types, values and errors are the server's, or it is refused.

The truth was recorded on PostgreSQL 18 with the builtin locale C.UTF-8. A refusal is fine, an error that the
server does not raise is not, and a silent difference least of all.
"""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from stepladder.errors import DatabaseError, NotPortable
from stepladder.sql import parameter_names, statements
from stepladder.sql.spans import Span
from tests.unit.sql.conftest import Lite, Result

DATA = Path(__file__).parents[2] / "data" / "sql"
CASES = [json.loads(line) for line in (DATA / "truth.jsonl").read_text().splitlines()]
DEVELOPED = [case for case in CASES if case["split"] == "dev"]
EQUAL_AT_LEAST = 305
_NAMES = {
    "Decimal": Decimal,
    "date": dt.date,
    "datetime": dt.datetime,
    "timezone": dt.timezone,
    "timedelta": dt.timedelta,
    "UUID": UUID,
}
_NOT_TRANSLATED = ("CREATE SEQUENCE", "SELECT setval")  # of the set-up: SQLite numbers by itself


@pytest.fixture(scope="module")
def shop() -> Lite:
    lite = Lite()
    for name in ("schema.sql", "data.sql"):
        for statement in statements((DATA / name).read_text()):
            if not statement.text.startswith(_NOT_TRANSLATED):
                lite.run(statement.text)
    return lite


def tagged(value: Any, type_: str) -> Any:
    """A value as the truth's JSON has it: its Python type is told, a Decimal keeps its scale."""
    if type_ == "jsonb":
        return None if value is None else {"$json": value}
    value = as_psycopg(value) if isinstance(value, Span) else value
    for python, tag in _TAGS:
        if isinstance(value, python):
            return tag(value)
    return [tagged(item, type_.removesuffix("[]")) for item in value] if isinstance(value, list) else value


def as_psycopg(span: Span) -> dt.timedelta:
    """The timedelta that the truth was recorded with: a year of 365 days, a month of 30."""
    years, months = divmod(abs(span.months), 12)
    days = years * 365 + months * 30
    return dt.timedelta(days=span.days + (days if span.months > 0 else -days), microseconds=span.microseconds)


_TAGS: tuple[tuple[type, Any], ...] = (
    (float, lambda value: {"$f": repr(value)}),
    (Decimal, lambda value: {"$dec": str(value)}),
    (dt.datetime, lambda value: {"$tstz" if value.tzinfo else "$ts": value.isoformat()}),
    (dt.date, lambda value: {"$date": value.isoformat()}),
    (dt.time, lambda value: {"$time": value.isoformat()}),
    (dt.timedelta, lambda value: {"$td": (value.days * 86400 + value.seconds) * 10**6 + value.microseconds}),
    (UUID, lambda value: {"$uuid": str(value)}),
    (bytes, lambda value: {"$bytes": value.hex()}),
)


# The truth was asked by a driver that sends the smallest type of an integer; ours are integer at least.
_SMALLEST = {"smallint": "integer"}


def difference(found: Result, truth: dict[str, Any], *, parameters: bool) -> str | None:
    """What differs from the truth of a step, in words; None where nothing does."""
    if "rows" not in truth:
        return None
    names = [column.name for column in found.columns]
    types = [str(column.type.bare).replace("bpchar", "character") for column in found.columns]
    told = [_SMALLEST.get(type_, type_) for type_ in truth["types"]] if parameters else truth["types"]
    if (names, types) != (truth["columns"], told):
        return f"columns {names} {types}, not {truth['columns']} {truth['types']}"
    rows = [[tagged(value, type_) for value, type_ in zip(row, types, strict=True)] for row in found.rows]
    one, other = (
        (rows, truth["rows"])
        if truth["ordered"]
        else (sorted(rows, key=repr), sorted(truth["rows"], key=repr))
    )
    return None if one == other else f"rows {one[:5]}, not {other[:5]}"


def verdict(lite: Lite, case: dict[str, Any]) -> str:
    """equal, refused, or what is wrong."""
    values = eval(case["params"], {**_NAMES, "Jsonb": lambda value: value}) if case["params"] else {}
    for number, sql in enumerate(case["sql"]):
        truth = case["steps"][number] if number < len(case["steps"]) else {}
        try:
            found = lite.run(sql, **{name: values[name] for name in parameter_names(sql)})
        except NotPortable:
            return "refused"
        except DatabaseError as error:
            return (
                "equal"
                if error.sqlstate == truth.get("error")
                else f"{error.sqlstate} {error}, not {truth.get('error')}"
            )
        except sqlite3.Error as error:
            refused = "error" in truth
            return "equal" if refused else f"{error}, not {truth}"
        if "error" in truth:
            return f"no error, not {truth['error']}"
        wrong = difference(found, truth, parameters=bool(values))
        if wrong:
            return wrong
    return "equal"


def in_savepoint(lite: Lite, case: dict[str, Any]) -> str:
    tables = dict(lite.tables)
    lite.raw.execute("SAVEPOINT one")
    try:
        return verdict(lite, case)
    finally:
        lite.raw.execute("ROLLBACK TO one")
        lite.raw.execute("RELEASE one")
        lite.tables = tables


@pytest.mark.parametrize("case", DEVELOPED, ids=lambda case: case["name"])
def test_no_difference_is_silent(shop: Lite, case: dict[str, Any]) -> None:
    assert in_savepoint(shop, case) in ("equal", "refused")


def test_so_many_are_equal(shop: Lite) -> None:
    counts = Counter(in_savepoint(shop, case) for case in DEVELOPED)
    assert counts["equal"] >= EQUAL_AT_LEAST, counts
