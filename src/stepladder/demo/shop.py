"""The tables of the shop. They agree with each other, and what is true of them is known: see `Facts`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from stepladder.demo.dice import Dice
from stepladder.demo.visits import (
    SECOND,
    LocalDay,
    Quota,
    Visit,
    timestamp,
    visits,
    with_purchase,
)
from stepladder.errors import UsageError
from stepladder.sql import Column, parse_type

EXPERIMENT = "checkout_v2"
RATES = {"control": Decimal("0.10"), "treatment": Decimal("0.12")}

_YEAR = 365 * 86_400 * SECOND
_NEW_USERS = 0.15
_BUYS_AGAIN = 0.15
_WITHOUT_ID = 1 / 3
_OTHER_DEVICE = 0.1
_COUNTRIES = (("US", 34), ("DE", 18), ("GB", 14), ("FR", 9), ("IN", 9), ("BR", 6), ("JP", 5), ("NL", 5))
_DEVICES = (("mobile", 58), ("desktop", 36), ("tablet", 6))
_EAGERNESS = ((0.14, 60), (0.5, 30), (0.85, 10))
_STATUSES = (("shipped", 70), ("paid", 22), ("refunded", 5), ("cancelled", 3))
_NULLABLE = ("session_id",)

_COLUMNS = {
    "users": "user_id int8, email text, country text, signed_up timestamptz",
    "user_events": "event_id int8, user_id int8, session_id text, event_type text, "
    "event_timestamp timestamptz, page_url text, device_type text",
    "orders": "order_id int8, user_id int8, ordered_at timestamptz, status text, total numeric(12,2)",
    "experiment_users": "experiment_id text, user_id int8, variant text, assigned_at timestamptz",
    "conversions": "user_id int8, converted_at timestamptz, value numeric(12,2)",
    "user_engagement": "user_id int8, session_start timestamptz, duration_seconds int4, page_views int4",
}
_KEYS = {
    "users": ("user_id",),
    "user_events": ("event_id",),
    "orders": ("order_id",),
    "experiment_users": ("experiment_id", "user_id"),
    "conversions": ("user_id", "converted_at"),
    "user_engagement": ("user_id", "session_start"),
}


@dataclass(frozen=True, slots=True)
class ShopTable:
    """A table to be loaded: its columns with PostgreSQL's types, the columns that are its key, its rows."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is true of the data by construction, for comparing what a pipeline finds.

    `first_day` and `last_day` are local dates; every session starts within them. `crossing_sessions` have
    events on both sides of a local midnight. The rates are the probability that a user of the variant ever
    buys, and `true_lift` is the treatment's, relative to control.
    """

    first_day: dt.date
    last_day: dt.date
    sessions: int
    crossing_sessions: int
    sessions_without_id: int
    control_rate: Decimal = RATES["control"]
    treatment_rate: Decimal = RATES["treatment"]
    true_lift: Decimal = RATES["treatment"] / RATES["control"] - 1


@dataclass(frozen=True, slots=True)
class Shop:
    """The six tables, and the facts about them."""

    users: ShopTable
    user_events: ShopTable
    orders: ShopTable
    experiment_users: ShopTable
    conversions: ShopTable
    user_engagement: ShopTable
    facts: Facts

    @property
    def tables(self) -> tuple[ShopTable, ...]:
        """All tables, each after those that it refers to."""
        return (
            self.users,
            self.user_events,
            self.orders,
            self.experiment_users,
            self.conversions,
            self.user_engagement,
        )


@dataclass(frozen=True, slots=True)
class _Person:
    """A user with all that they did. `bought` are the places of the visits that end with a purchase."""

    user_id: int
    country: str
    signed_up: int
    device: str
    variant: str
    visits: tuple[Visit, ...]
    bought: tuple[int, ...]


def make_shop(
    users: int = 1000, *, days: int = 14, end: dt.date, timezone: str, seed: int = 20261123
) -> Shop:
    """A shop of so many users over the `days` local days that end with `end`, in the IANA zone `timezone`.

    The same arguments give the same rows on every platform (of one version of the time zone data). Five per
    cent of the sessions cross midnight, so some events may lie on the day after `end`. Events of a session
    are less than 30 minutes apart, sessions of one user more; about a third of the sessions have no
    session_id. Orders are the purchase events, conversions the orders, engagement the sessions; everybody
    who came is in the experiment from their first event on. 1,000 users and 14 days are some 25,000 events.
    Raises UsageError for a negative number of users or less than one day.
    """
    if users < 0 or days < 1:
        raise UsageError(
            f"a shop of {users} users over {days} days cannot be. Ask for 0 or more users, 1 or more days."
        )
    zone, first = ZoneInfo(timezone), end - dt.timedelta(days=days - 1)
    span = [LocalDay(first + dt.timedelta(days=place), zone) for place in range(days)]
    dice, quota = Dice(seed), Quota()
    people = [_person(dice, user_id, span, quota) for user_id in range(1, users + 1)]
    return _tables(dice, people, span, quota)


def _person(dice: Dice, user_id: int, span: list[LocalDay], quota: Quota) -> _Person:
    if dice.chance(_NEW_USERS):
        signed_up = span[dice.below(len(span))].draw_instant(dice)
    else:
        signed_up = span[0].start - 1 - dice.below(_YEAR)
    came = list(visits(dice, span, quota, since=signed_up, eagerness=dice.pick(_EAGERNESS)))
    variant = "treatment" if dice.chance(0.5) else "control"
    bought = _purchases(dice, len(came)) if came and dice.chance(float(RATES[variant])) else ()
    for place in bought:
        came[place] = with_purchase(dice, came[place])
    return _Person(
        user_id, dice.pick(_COUNTRIES), signed_up, dice.pick(_DEVICES), variant, tuple(came), bought
    )


def _purchases(dice: Dice, came: int) -> tuple[int, ...]:
    """The place of one visit; of those who buy again, also of a later one, where there is one."""
    first = dice.below(came)
    if dice.chance(_BUYS_AGAIN) and first + 1 < came:
        return first, first + 1 + dice.below(came - first - 1)
    return (first,)


@dataclass(frozen=True, slots=True)
class _Session:
    """A visit as the shop's software saw it: with or without an id, from one device."""

    person: _Person
    visit: Visit
    session_id: str | None
    device: str


def _tables(dice: Dice, people: list[_Person], span: list[LocalDay], quota: Quota) -> Shop:
    sessions = [_session(dice, person, visit) for person in people for visit in person.visits]
    sessions.sort(key=lambda session: (session.visit.start, session.person.user_id))
    orders = [order for person in people for order in _orders(dice, person)]
    rows: dict[str, list[tuple[Any, ...]]] = {
        "users": [_user(person) for person in people],
        "user_events": _numbered((event for session in sessions for event in _events(session)), time=3),
        "orders": _numbered(orders, time=1),
        "experiment_users": [_assignment(person) for person in people if person.visits],
        "conversions": [(user_id, at, total) for _, user_id, at, _, total in _numbered(orders, time=1)],
        "user_engagement": [_engagement(session) for session in sessions],
    }
    without_id = sum(session.session_id is None for session in sessions)
    facts = Facts(span[0].date, span[-1].date, quota.sessions, quota.crossing, without_id)
    return Shop(**{name: _table(name, rows[name]) for name in _COLUMNS}, facts=facts)


def _session(dice: Dice, person: _Person, visit: Visit) -> _Session:
    session_id = None if dice.chance(_WITHOUT_ID) else f"{dice.below(1 << 52):013x}"
    device = dice.pick(_DEVICES) if dice.chance(_OTHER_DEVICE) else person.device
    return _Session(person, visit, session_id, device)


def _table(name: str, rows: list[tuple[Any, ...]]) -> ShopTable:
    declared = (column.split(" ", 1) for column in _COLUMNS[name].split(", "))
    columns = tuple(Column(name, parse_type(type_), name not in _NULLABLE) for name, type_ in declared)
    return ShopTable(name, columns, _KEYS[name], rows)


def _numbered(rows: Iterable[tuple[Any, ...]], *, time: int) -> list[tuple[Any, ...]]:
    """Rows that begin with their user_id, in the order of the column `time`, with their number in front."""
    in_time = sorted(rows, key=lambda row: (row[time], row[0]))
    return [(number, *row) for number, row in enumerate(in_time, 1)]


def _user(person: _Person) -> tuple[Any, ...]:
    email = f"user{person.user_id}@example.com"
    return person.user_id, email, person.country, timestamp(person.signed_up)


def _events(session: _Session) -> Iterator[tuple[Any, ...]]:
    """(user_id, session_id, event_type, event_timestamp, page_url, device_type)."""
    user_id, at = session.person.user_id, session.visit.start
    for step in session.visit.steps:
        at += step.pause
        yield user_id, session.session_id, step.event_type, timestamp(at), step.page, session.device


def _orders(dice: Dice, person: _Person) -> Iterator[tuple[Any, ...]]:
    """(user_id, ordered_at, status, total): each at the instant of its purchase event."""
    for place in person.bought:
        prices = [499 + 50 * dice.mostly_small(300) for _ in range(1 + dice.mostly_small(4))]
        total = Decimal(sum(prices)).scaleb(-2)
        yield person.user_id, timestamp(person.visits[place].end), dice.pick(_STATUSES), total


def _assignment(person: _Person) -> tuple[Any, ...]:
    return EXPERIMENT, person.user_id, person.variant, timestamp(person.visits[0].start)


def _engagement(session: _Session) -> tuple[Any, ...]:
    visit = session.visit
    pages = sum(step.event_type == "page_view" for step in visit.steps)
    return session.person.user_id, timestamp(visit.start), (visit.end - visit.start) // SECOND, pages
