"""Which values are one and the same, and which only look so."""

from __future__ import annotations

import datetime as dt
import math
import uuid
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from stepladder.compare.exact import exact, loose

UTC = dt.UTC
BERLIN = ZoneInfo("Europe/Berlin")
NOON = dt.datetime(2026, 11, 26, 12, 0, 0, 1, tzinfo=UTC)

DIFFERENT = [
    (1, True),
    (1, 1.0),
    (1, Decimal(1)),
    (0, False),
    (1.0, Decimal(1)),
    (0.0, -0.0),
    (Decimal("1.0"), Decimal("1.00")),
    (Decimal(0), Decimal("0.0")),
    (Decimal("NaN"), math.nan),
    ("1", 1),
    ("", None),
    ("a", b"a"),
    (b"a", memoryview(b"a")),
    (NOON, NOON.replace(tzinfo=None)),
    (NOON, NOON.replace(tzinfo=BERLIN)),
    (dt.date(2026, 11, 26), dt.datetime(2026, 11, 26)),  # noqa: DTZ001
    (dt.time(1), dt.time(1, tzinfo=UTC)),
    (dt.timedelta(days=1), 86400),
    ([1], (1,)),
    ([1], [True]),
    ([1, 2], [2, 1]),
    ({"a": 1}, {"a": 1.0}),
    ({"a": None}, {}),
    (uuid.UUID(int=1), str(uuid.UUID(int=1))),
]

SAME = [
    (None, None),
    (math.nan, -math.nan),
    (Decimal("NaN"), Decimal("-NaN")),
    (Decimal("1.50"), Decimal("1.50")),
    (NOON, NOON.astimezone(BERLIN)),
    (NOON, NOON.astimezone(dt.timezone(dt.timedelta(hours=-3)))),
    ({"a": 1, "b": [None]}, {"b": [None], "a": 1}),
    (uuid.UUID(int=1), uuid.UUID(int=1)),
    (memoryview(b"a"), memoryview(b"a")),
]


@pytest.mark.parametrize(("left", "right"), DIFFERENT)
def test_other_types_and_other_spellings_are_other_values(left: Any, right: Any) -> None:
    assert exact(left) != exact(right)


@pytest.mark.parametrize(("left", "right"), SAME)
def test_the_same_value_has_one_form(left: Any, right: Any) -> None:
    assert exact(left) == exact(right)
    assert hash(exact(left)) == hash(exact(right))


def test_the_two_two_o_clocks_of_an_october_night_are_two_instants() -> None:
    first = dt.datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN)
    assert exact(first) != exact(first.replace(fold=1))


def test_the_first_and_last_years_do_not_overflow() -> None:
    east, west = dt.timezone(dt.timedelta(hours=14)), dt.timezone(dt.timedelta(hours=-12))
    assert exact(dt.datetime(1, 1, 1, tzinfo=east)) != exact(dt.datetime(1, 1, 1, tzinfo=west))
    assert exact(dt.datetime(9999, 12, 31, 23, tzinfo=west)) != exact(
        dt.datetime(9999, 12, 31, 23, tzinfo=UTC)
    )


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (1, "1.0"),
        (True, 1),
        (0.1 + 0.2, 0.3),
        (Decimal("1.0000001"), 1),
        (" Berlin", "BERLIN"),
        (NOON, "2026-11-26 12:00:00"),
        (dt.date(2026, 11, 26), "2026-11-26T00:00:00"),
        ([1, "A"], (1.0, "a")),
        ({"a": 1}, {"A": Decimal("1.00")}),
        (0, -0.0),
    ],
)
def test_what_probably_means_the_same_meets_loosely(left: Any, right: Any) -> None:
    assert loose(left) == loose(right)


@pytest.mark.parametrize("value", [math.inf, math.nan, 10**400, Decimal("1e999"), "Infinity", "NaN", b"\xff"])
def test_no_value_is_too_odd_for_a_loose_form(value: Any) -> None:
    assert loose(value)
