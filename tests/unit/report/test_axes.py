"""Round axes, and labels that never stand on each other."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepladder.report.axes import DayAxis, day_labels, tick_text, value_axis
from stepladder.report.words import THIN

LAST = dt.date(2026, 11, 26)


def days(count: int) -> DayAxis:
    return DayAxis(LAST - dt.timedelta(days=count - 1), LAST)


@given(st.decimals(0, 10**12, places=3))
def test_the_largest_value_is_on_the_axis_with_few_steps(largest: Decimal) -> None:
    axis = value_axis(largest, height=100, smallest_step=Decimal("0.1"))
    assert axis.ticks[0] == 0
    assert axis.ticks[-1] == axis.top >= largest
    assert 2 <= len(axis.ticks) <= 6
    assert 0 <= axis.down(largest) <= 100


@pytest.mark.parametrize(
    ("largest", "step"), [(0, 1), (1, 1), (5, 1), (6, 2), (1310, 500), (10_000, 2000), (10_001, 5000)]
)
def test_steps_are_one_two_or_five(largest: int, step: int) -> None:
    assert value_axis(largest, height=100, smallest_step=Decimal(1)).ticks[1] == step


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0", "0"),
        ("0.5", "0.5"),
        ("800", "800"),
        ("1500", "1 500"),
        ("20000", "20 k"),
        ("1500000", "1.5 M"),
        ("2E9", "2 bn"),
    ],
)
def test_labels_of_values_are_short(value: str, text: str) -> None:
    assert tick_text(Decimal(value)).replace(THIN, " ") == text


@given(st.integers(1, 4000), st.integers(4, 14))
def test_there_are_never_more_labels_than_room(count: int, room: int) -> None:
    labels = day_labels(days(count), room)
    assert len(labels) <= room
    assert sum(label.narrow for label in labels) <= 4
    assert [label.date for label in labels] == sorted(label.date for label in labels)


@pytest.mark.parametrize("count", [1, 4, 14, 90, 400, 2000])
def test_usual_spans_have_labels_on_a_phone_too(count: int) -> None:
    labels = day_labels(days(count), 14)
    assert sum(label.narrow for label in labels) >= min(count, 2)


def test_a_year_s_labels_are_months_and_january_names_the_year() -> None:
    texts = [label.text for label in day_labels(days(400), 14)]
    assert texts[0] == "Nov"
    assert "Jan 2026" in texts


@given(st.integers(1, 60), st.integers(0, 6))
def test_weekends_are_all_saturdays_and_sundays_and_nothing_else(count: int, shift: int) -> None:
    first = LAST + dt.timedelta(days=shift)
    axis = DayAxis(first, first + dt.timedelta(days=count - 1))
    shaded = sum(width for _, width in axis.weekends()) / axis.slot
    assert round(shaded, 6) == sum(date.weekday() >= 5 for date in axis.dates())
    for date in axis.dates():
        inside = any(left < axis.centre(date) < left + width for left, width in axis.weekends())
        assert inside == (date.weekday() >= 5)
