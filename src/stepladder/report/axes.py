"""The axes of a chart: where a day and a value stand, which of them get a label, and how they are lettered.

Across, a place is a percentage of the plot's width, so that one picture fits a phone and a wide screen while
letters keep their size; down, it is in pixels from the top of the plot.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil

from stepladder.report.words import MONTHS, THIN, number, short_date

ONE_DAY = dt.timedelta(days=1)
_ON_A_PHONE = 4  # labels that have room beside each other on about 300 pixels


@dataclass(frozen=True, slots=True)
class DayAxis:
    """Every calendar day from `first` to `last` gets a slot of one width, also where there are no figures."""

    first: dt.date
    last: dt.date

    @property
    def slots(self) -> int:
        """How many days the axis has."""
        return (self.last - self.first).days + 1

    @property
    def slot(self) -> float:
        """The width of a day in per cent."""
        return 100 / self.slots

    def left(self, date: dt.date) -> float:
        """Where the day begins, in per cent."""
        return (date - self.first).days * self.slot

    def centre(self, date: dt.date) -> float:
        """The middle of the day, in per cent."""
        return self.left(date) + self.slot / 2

    def dates(self) -> list[dt.date]:
        """All days, oldest first."""
        return [self.first + place * ONE_DAY for place in range(self.slots)]

    def weekends(self) -> list[tuple[float, float]]:
        """(left, width) in per cent of each stretch of Saturday and Sunday."""
        stretches: list[tuple[float, float]] = []
        for date in self.dates():
            if date.weekday() == 5 or (date.weekday() == 6 and date == self.first):
                days = 1 if date.weekday() == 6 or date == self.last else 2
                stretches.append((self.left(date), days * self.slot))
        return stretches


@dataclass(frozen=True, slots=True)
class DayLabel:
    """A label under the axis. `narrow`: there is room for it on a phone too."""

    date: dt.date
    text: str
    narrow: bool


def day_labels(axis: DayAxis, room: int) -> list[DayLabel]:
    """Up to `room` labels: days, else Mondays, else the firsts of months, else of years."""
    dates = axis.dates()
    if axis.slots <= 16:
        return _spaced(dates, room, short_date)
    if axis.slots <= 120:
        return _spaced([date for date in dates if date.weekday() == 0], room, short_date)
    months = [date for date in dates if date.day == 1]
    if len(months) <= 36:
        return _spaced(months, room, _month)
    return _spaced([date for date in months if date.month == 1], room, lambda date: str(date.year))


def _month(date: dt.date) -> str:
    name = MONTHS[date.month - 1][:3]
    return f"{name} {date.year}" if date.month == 1 else name


def _spaced(dates: Sequence[dt.date], room: int, letter: Callable[[dt.date], str]) -> list[DayLabel]:
    """Every n-th date, counted back from the newest, so that the newest always has its label."""
    step = ceil(len(dates) / room)
    step_on_a_phone = step * ceil(len(dates) / (_ON_A_PHONE * step)) if dates else 1
    backwards = enumerate(reversed(dates))
    labels = [
        DayLabel(date, letter(date), place % step_on_a_phone == 0)
        for place, date in backwards
        if place % step == 0
    ]
    return labels[::-1]


@dataclass(frozen=True, slots=True)
class ValueAxis:
    """From 0 to `top` over `height` pixels, with a line at each of `ticks`."""

    top: Decimal
    ticks: tuple[Decimal, ...]
    height: int

    def down(self, value: Decimal | int) -> float:
        """Pixels from the top of the plot."""
        return float(self.height * (1 - Decimal(value) / self.top))


def value_axis(largest: Decimal | int, *, height: int, smallest_step: Decimal) -> ValueAxis:
    """An axis of two to five steps of 1, 2 or 5 times a power of ten, never finer than `smallest_step`."""
    largest = max(Decimal(largest), smallest_step)
    step = next(step for step in _round_steps(smallest_step) if step * 5 >= largest)
    count = ceil(largest / step)
    return ValueAxis(step * count, tuple(step * place for place in range(count + 1)), height)


def _round_steps(smallest: Decimal) -> Iterator[Decimal]:
    power = smallest
    while True:
        yield from (power, power * 2, power * 5)
        power *= 10


def tick_text(value: Decimal) -> str:
    """A label of the value axis, short enough for its margin: 0.5, 800, 15 k, 1.5 M."""
    for size, letter in ((10**9, "bn"), (10**6, "M"), (10**4, "k")):
        if value >= size:
            return f"{_shortest(value / (1000 if letter == 'k' else size))}{THIN}{letter}"
    return _shortest(value)


def _shortest(value: Decimal) -> str:
    return number(value, max(0, -int(value.normalize().as_tuple().exponent)))
