"""The made-up shop: the same every time, its tables in agreement, its facts true."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter, defaultdict
from decimal import Decimal
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stepladder.demo import Shop, make_shop
from stepladder.errors import UsageError

LAST = dt.date(2026, 11, 26)
HALF_AN_HOUR = dt.timedelta(minutes=30)
Event = tuple[Any, ...]
PINNED = "ab246300bc33a744e5cb7ac0ea446077fa99539848fad1c5bc6989b328ee5c34"
USER, SESSION, KIND, AT, PAGE = 1, 2, 3, 4, 5


@pytest.fixture(scope="module")
def shop() -> Shop:
    return make_shop(1000, end=LAST, timezone="Europe/Berlin")


def by_gaps(shop: Shop) -> list[list[Event]]:
    """The sessions, found again from nothing but the users' events and the half hour."""
    events: defaultdict[int, list[Event]] = defaultdict(list)
    for event in shop.user_events.rows:
        events[event[USER]].append(event)
    sessions: list[list[Event]] = []
    for mine in events.values():
        sessions.append([mine[0]])
        for before, after in pairwise(mine):
            if after[AT] - before[AT] > HALF_AN_HOUR:
                sessions.append([])
            sessions[-1].append(after)
    return sessions


def crossing(sessions: list[list[Event]], zone: str) -> int:
    place = ZoneInfo(zone)
    return sum(
        one[0][AT].astimezone(place).date() != one[-1][AT].astimezone(place).date() for one in sessions
    )


def check(shop: Shop, zone: str) -> None:
    """All that is promised of any shop."""
    check_facts(shop, zone)
    check_references(shop)
    for one in by_gaps(shop):
        assert len({event[SESSION] for event in one}) == 1
        assert all(dt.timedelta(0) < b[AT] - a[AT] < HALF_AN_HOUR for a, b in pairwise(one))


def check_facts(shop: Shop, zone: str) -> None:
    sessions, facts = by_gaps(shop), shop.facts
    assert len(sessions) == facts.sessions == len(shop.user_engagement.rows)
    assert crossing(sessions, zone) == facts.crossing_sessions
    assert sum(one[0][SESSION] is None for one in sessions) == facts.sessions_without_id
    started = Counter(one[0][AT].astimezone(ZoneInfo(zone)).date() for one in sessions)
    assert all(facts.first_day <= date <= facts.last_day for date in started)
    # Five per cent to the nearest session; what the sessions of the last day owe may find no later day to be paid on.
    owed = started[facts.last_day] if facts.first_day < facts.last_day else 0
    over = facts.crossing_sessions - Decimal(facts.sessions) / 20
    assert -Decimal("0.5") - Decimal(owed) / 20 <= over <= Decimal("0.5")
    named = [one[0][SESSION] for one in sessions if one[0][SESSION] is not None]
    assert len(set(named)) == len(named)


def check_references(shop: Shop) -> None:
    signed_up = {user[0]: user[3] for user in shop.users.rows}
    assert all(event[AT] >= signed_up[event[USER]] for event in shop.user_events.rows)
    purchases = [(event[USER], event[AT]) for event in shop.user_events.rows if event[KIND] == "purchase"]
    assert [(order[1], order[2]) for order in shop.orders.rows] == purchases
    assert [(order[1], order[2], order[4]) for order in shop.orders.rows] == list(shop.conversions.rows)
    assigned = {row[1]: row[3] for row in shop.experiment_users.rows}
    first = {event[USER]: event[AT] for event in reversed(shop.user_events.rows)}
    assert assigned == first
    engagement = sorted(
        (one[0][USER], one[0][AT], int((one[-1][AT] - one[0][AT]).total_seconds()), views(one))
        for one in by_gaps(shop)
    )
    assert sorted(shop.user_engagement.rows) == engagement


def views(session: list[Event]) -> int:
    return sum(event[KIND] == "page_view" for event in session)


def test_the_same_arguments_give_the_same_bytes_everywhere() -> None:
    small = make_shop(30, days=5, end=LAST, timezone="America/New_York", seed=7)
    text = repr([table.rows for table in small.tables])
    assert hashlib.sha256(text.encode()).hexdigest() == PINNED


def test_another_seed_is_another_shop() -> None:
    one, other = (make_shop(5, end=LAST, timezone="UTC", seed=seed).users.rows for seed in (1, 2))
    assert one != other


def test_the_standard_shop_keeps_its_promises(shop: Shop) -> None:
    check(shop, "Europe/Berlin")
    assert abs(shop.facts.crossing_sessions - Decimal(shop.facts.sessions) / 20) <= Decimal("0.5")
    assert 20_000 <= len(shop.user_events.rows) <= 40_000
    assert shop.facts.crossing_sessions > 200


@pytest.mark.parametrize(
    ("zone", "end"),
    [
        ("America/New_York", dt.date(2026, 3, 12)),
        ("America/New_York", dt.date(2026, 11, 5)),
        ("Africa/Cairo", dt.date(2026, 4, 28)),
        ("America/Havana", dt.date(2026, 11, 3)),
        ("Pacific/Apia", dt.date(2012, 1, 3)),
        ("Asia/Kathmandu", LAST),
    ],
)
def test_days_of_23_25_and_no_hours_and_midnights_that_do_not_exist(zone: str, end: dt.date) -> None:
    check(make_shop(200, days=8, end=end, timezone=zone), zone)


def test_a_day_of_25_hours_has_events_in_both_of_its_one_o_clocks() -> None:
    found = make_shop(3000, days=1, end=dt.date(2026, 11, 1), timezone="America/New_York")
    hours = Counter(event[AT].replace(minute=0, second=0, microsecond=0) for event in found.user_events.rows)
    for hour in (5, 6):
        assert hours[dt.datetime(2026, 11, 1, hour, tzinfo=dt.UTC)]


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 50),
    st.integers(1, 30),
    st.dates(dt.date(2000, 1, 1), dt.date(2035, 1, 1)),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"]),
    st.integers(0, 2**32),
)
def test_any_shop_keeps_its_promises(users: int, days: int, end: dt.date, zone: str, seed: int) -> None:
    found = make_shop(users, days=days, end=end, timezone=zone, seed=seed)
    assert len(found.users.rows) == users
    check(found, zone)


def test_the_last_day_of_a_tiny_shop_may_leave_a_crossing_unpaid() -> None:
    found = make_shop(15, days=2, end=dt.date(2000, 1, 1), timezone="UTC", seed=1)
    assert (found.facts.sessions, found.facts.crossing_sessions) == (11, 0)
    check(found, "UTC")


def test_the_experiment_has_the_lift_that_its_facts_say() -> None:
    large = make_shop(20_000, days=3, end=LAST, timezone="UTC")
    users = Counter(row[2] for row in large.experiment_users.rows)
    buyers = {row[0] for row in large.conversions.rows}
    bought = Counter(row[2] for row in large.experiment_users.rows if row[1] in buyers)
    assert abs(users["control"] / users["treatment"] - 1) < 0.05
    assert abs(bought["control"] / users["control"] - float(large.facts.control_rate)) < 0.01
    assert abs(bought["treatment"] / users["treatment"] - float(large.facts.treatment_rate)) < 0.01
    assert large.facts.true_lift == Decimal("0.2")


def test_rows_fit_their_columns(shop: Shop) -> None:
    for table in shop.tables:
        names = [column.name for column in table.columns]
        assert set(table.key) <= set(names)
        keys = [tuple(row[names.index(name)] for name in table.key) for row in table.rows]
        assert len(set(keys)) == len(keys)
        for place, column in enumerate(table.columns):
            values = [row[place] for row in table.rows]
            assert (None in values) == (column.name == "session_id") == (not column.not_null)


def test_it_looks_like_a_shop(shop: Shop) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    local = [event[AT].astimezone(berlin) for event in shop.user_events.rows]
    hours, weekdays = Counter(at.hour for at in local), Counter(at.weekday() for at in local)
    assert hours[20] > 5 * hours[3]
    assert max(weekdays[5], weekdays[6]) < min(weekdays[day] for day in range(5))
    assert 0.25 < shop.facts.sessions_without_id / shop.facts.sessions < 0.42
    assert any(at.microsecond for at in local)
    pages = {event[PAGE].split("/")[1] for event in shop.user_events.rows}
    assert pages == {"", "search", "product", "cart", "checkout", "thanks"}
    assert all(row[4] == row[4].quantize(Decimal("0.01")) > 0 for row in shop.orders.rows)


@pytest.mark.parametrize(("users", "days"), [(-1, 14), (10, 0)])
def test_a_shop_that_cannot_be(users: int, days: int) -> None:
    with pytest.raises(UsageError, match="cannot be"):
        make_shop(users, days=days, end=LAST, timezone="UTC")
