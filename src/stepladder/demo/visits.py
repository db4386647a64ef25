"""When the people of the shop come, and what they look at: sessions in the rhythm of a local day.

Instants are whole microseconds since 1970 in UTC; days begin and end at midnight in the shop's time zone,
whatever the clocks do that day.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from stepladder.demo.dice import Dice

SECOND = 1_000_000
MINUTE = 60 * SECOND
# A visit is over after half an hour without an event. None of ours pauses that long, and between two of one
# person there is more than that, even when a purchase of up to ten minutes is put behind the first.
BETWEEN_VISITS = 31 * MINUTE
ROOM_TO_BUY = 10 * MINUTE
CROSSING_PERCENT = 5
PRODUCTS = 200

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)
_LONGEST_WALK = 40
_HOURS = tuple(
    enumerate((3, 2, 1, 1, 1, 2, 5, 9, 12, 12, 12, 13, 16, 14, 12, 12, 13, 15, 19, 24, 26, 22, 14, 7))
)
_WEEKEND = 0.7
_ANOTHER_VISIT = 0.35
_LANDINGS = (("/", 50), ("product", 35), ("/search", 15))
_LINKS = {
    "/": (("/search", 30), ("product", 50), ("leave", 20)),
    "/search": (("product", 65), ("/search", 20), ("leave", 15)),
    "product": (("product", 45), ("/search", 17), ("/cart", 8), ("/", 10), ("leave", 20)),
    "/cart": (("product", 50), ("/checkout", 15), ("leave", 35)),
    "/checkout": (("/cart", 10), ("leave", 90)),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One event: its type, its page, and the microseconds since the one before."""

    event_type: str
    page: str
    pause: int


@dataclass(frozen=True, slots=True)
class Visit:
    """A session: when it starts, its events, and whether midnight falls into it."""

    start: int
    steps: tuple[Step, ...]
    crosses_midnight: bool = False

    @property
    def end(self) -> int:
        """The instant of the last event."""
        return self.start + sum(step.pause for step in self.steps)


@dataclass(slots=True)
class Quota:
    """Which session crosses midnight: every twentieth, so five per cent to the nearest whole session.

    What the very last sessions of a shop owe may find no later day: up to a twentieth of the last day's are missing.
    """

    sessions: int = 0
    crossing: int = 0

    def takes(self, sessions: int, *, allowed: bool) -> bool:
        """Count a day's sessions of one person; True where one of them must cross midnight. What is due on a day that
        does not allow it is made up for on a later one."""
        self.sessions += sessions
        crosses = allowed and self.crossing < (self.sessions * CROSSING_PERCENT + 50) // 100
        self.crossing += crosses
        return crosses


@dataclass(frozen=True, slots=True)
class LocalDay:
    """A day from its first instant to that of the next: 23, 24 or 25 hours, or whatever the zone decrees."""

    date: dt.date
    zone: ZoneInfo

    @property
    def start(self) -> int:
        """The first instant."""
        return _midnight(self.date, self.zone)

    @property
    def end(self) -> int:
        """The first instant of the next day."""
        return _midnight(self.date + dt.timedelta(days=1), self.zone)

    def draw_instant(self, dice: Dice) -> int:
        """Some instant of the day, more often in the evening than before dawn."""
        hour = dice.pick(_HOURS)
        second = dice.below(3600)
        moment = dt.datetime.combine(self.date, dt.time(hour, second // 60, second % 60), self.zone)
        return instant(moment.replace(fold=dice.below(2))) + dice.below(SECOND)


def instant(moment: dt.datetime) -> int:
    """Microseconds since 1970."""
    return (moment - _EPOCH) // _MICROSECOND


def timestamp(instant: int) -> dt.datetime:
    """An aware datetime in UTC."""
    return _EPOCH + instant * _MICROSECOND


def _midnight(date: dt.date, zone: ZoneInfo) -> int:
    return instant(dt.datetime(date.year, date.month, date.day, tzinfo=zone).astimezone(dt.UTC))


def visits(
    dice: Dice, days: list[LocalDay], quota: Quota, *, since: int, eagerness: float
) -> Iterator[Visit]:
    """The sessions of one person, none before `since`.

    `eagerness` is the probability of coming on a working day.
    """
    free = since
    for day in days:
        planned = _day_of_visits(dice, day, free, eagerness)
        # Not over the last midnight, or the shop would have a few events of a day more.
        allowed = day is not days[-1] or len(days) == 1
        if planned and quota.takes(len(planned), allowed=allowed):
            planned[-1] = _over_midnight(dice, planned[-1], day.end)
        yield from planned
        if planned:
            free = planned[-1].end + ROOM_TO_BUY + BETWEEN_VISITS


def _day_of_visits(dice: Dice, day: LocalDay, free: int, eagerness: float) -> list[Visit]:
    """Up to three visits within the day, from `free` on."""
    chance = eagerness * (_WEEKEND if day.date.weekday() >= 5 else 1)
    starts: list[int] = []
    while len(starts) < 3 and dice.chance(chance if not starts else chance * _ANOTHER_VISIT):
        starts.append(day.draw_instant(dice))
    planned: list[Visit] = []
    free = max(free, day.start)
    for start in sorted(starts):
        walk = _walk(dice)
        latest = day.end - ROOM_TO_BUY - sum(step.pause for step in walk) - 1
        if latest < free:
            continue
        planned.append(Visit(min(max(start, free), latest), walk))
        free = planned[-1].end + ROOM_TO_BUY + BETWEEN_VISITS
    return planned


def _over_midnight(dice: Dice, visit: Visit, midnight: int) -> Visit:
    """The visit moved, always to later, so that midnight falls strictly between two of its events."""
    steps = visit.steps if len(visit.steps) > 1 else (*visit.steps, *_look_at_product(dice))
    after = 1 + dice.below(len(steps) - 1)
    tenths = 1 + dice.below(9)
    last_before = midnight - steps[after].pause * tenths // 10
    start = last_before - sum(step.pause for step in steps[:after])
    return Visit(start, steps, crosses_midnight=True)


def _walk(dice: Dice) -> tuple[Step, ...]:
    """From page to page until somebody leaves."""
    steps: list[Step] = []
    page = dice.pick(_LANDINGS)
    while page != "leave" and len(steps) < _LONGEST_WALK:
        steps += _events_of(dice, page)
        page = dice.pick(_LINKS[page])
    return (replace(steps[0], pause=0), *steps[1:])


def _events_of(dice: Dice, page: str) -> list[Step]:
    if page == "product":
        return _look_at_product(dice)
    if page == "/cart":
        return [Step("add_to_cart", _product(dice), _pause(dice)), Step("page_view", "/cart", _pause(dice))]
    return [Step("search" if page == "/search" else "page_view", page, _pause(dice))]


def _look_at_product(dice: Dice) -> list[Step]:
    return [Step("page_view", _product(dice), _pause(dice))]


def _product(dice: Dice) -> str:
    return f"/product/{1 + dice.mostly_small(PRODUCTS)}"


def _pause(dice: Dice) -> int:
    """Some seconds; now and then a quarter of an hour, never half of one."""
    if dice.chance(0.04):
        return 3 * MINUTE + dice.below(20 * MINUTE)
    return 4 * SECOND + dice.mostly_small(3 * MINUTE)


def with_purchase(dice: Dice, visit: Visit) -> Visit:
    """The visit with a product put into the cart and bought at its end, in less than ROOM_TO_BUY."""
    pages = (
        ("add_to_cart", _product(dice)),
        ("page_view", "/cart"),
        ("page_view", "/checkout"),
        ("purchase", "/thanks"),
    )
    bought = tuple(Step(kind, page, 10 * SECOND + dice.below(2 * MINUTE)) for kind, page in pages)
    return replace(visit, steps=visit.steps + bought)
