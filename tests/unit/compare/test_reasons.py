"""Each kind of difference has its word, from both sides."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from stepladder.compare import reason

UTC = dt.UTC
NOON = dt.datetime(2026, 11, 26, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.mark.parametrize(
    ("left", "right", "word"),
    [
        (None, 0, "NULL"),
        (1, True, "type"),
        (1, Decimal(1), "type"),
        ("1", 1, "type"),
        (Decimal("1.0"), Decimal("1.00"), "scale"),
        (Decimal("0.67"), Decimal("0.666666"), "rounding"),
        (Decimal("0.66"), Decimal("0.666666"), "rounding"),
        (Decimal("0.65"), Decimal("0.666666"), "value"),
        (Decimal("1.5"), Decimal("1.6"), "value"),
        (Decimal("NaN"), Decimal(1), "value"),
        (Decimal("Infinity"), Decimal("-Infinity"), "value"),
        (0.1 + 0.2, 0.3, "float rounding"),
        (0.3, 0.30001, "value"),
        (math.nan, 0.3, "value"),
        (0.0, -0.0, "sign of zero"),
        (1, 2, "value"),
        (True, False, "value"),
        ("Berlin", "BERLIN", "case of letters"),
        ("Berlin", "Berlin ", "white space"),
        ("a b", "a\nb", "white space"),
        ("Berlin", "Bern", "value"),
        ("1.50", "1.5", "text form"),
        ("2026-11-26 12:00:00", "2026-11-26T12:00:00", "text form"),
        ("2026-11-26 12:00:00+00:00", "2026-11-26 13:00:00+01:00", "text form"),
        ('{"a":1,"b":2}', '{"b": 2, "a": 1}', "text form"),
        ('{"a":1}', '{"a": 2}', "value"),
        ("[" * 100_000, "[", "value"),
        (NOON, NOON.replace(tzinfo=None), "time zone"),
        (NOON, NOON.replace(tzinfo=ZoneInfo("Europe/Berlin")), "time zone"),
        (NOON, NOON.replace(microsecond=123000), "fraction of a second"),
        (NOON, NOON + dt.timedelta(seconds=1), "value"),
        (dt.time(1), dt.time(1, tzinfo=UTC), "time zone"),
        (dt.time(1), dt.time(1, 0, 0, 5), "fraction of a second"),
        (dt.time(1), dt.time(2), "value"),
        (dt.date(2026, 1, 1), dt.date(2026, 1, 2), "value"),
        ([1, Decimal("1.0")], [1, Decimal("1.00")], "scale"),
        ([1], [1, 2], "value"),
        ({"a": [1, "x"]}, {"a": [1, "X"]}, "case of letters"),
        ({"a": 1}, {"b": 1}, "value"),
        (b"a", b"b", "value"),
    ],
)
def test_each_kind_of_difference_has_its_word(left: Any, right: Any, word: str) -> None:
    assert reason(left, right) == word
    assert reason(right, left) == word


def test_equal_values_have_no_reason() -> None:
    with pytest.raises(ValueError, match="do not differ"):
        reason(math.nan, math.nan)
