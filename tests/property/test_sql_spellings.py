"""Texts as dates, times and intervals, most of which nobody would write: the real server's value or error, or a refusal."""

from __future__ import annotations

import random
from collections.abc import Iterator

import psycopg
import pytest

from stepladder.errors import DatabaseError, NotPortable
from stepladder.sql import Type, encoder
from stepladder.sql.display import printer
from tests.fuzz.server import own_database

pytestmark = pytest.mark.postgres
_BATCH = 500
_TYPES = ("date", "time", "timestamp", "timestamptz", "interval")
_DATES = [
    *("2024-01-05", "2024-1-5", "2024/01/05", "01/05/2024", "05.01.2024", "20240105", "240105", "99-01-05", "2024-Jan-05"),
    *("05-Jan-2024", "Jan 5 2024", "5 January 2024", "January 5, 2024", "2024-02-30", "2024-13-01", "2024.005", "2024 01 05"),
    *("J2460315", "1900-01-01", "12024-01-01", "2024-005", "1/5/24", "Jan-05-2024", "2024Jan05", "05Jan2024", "9999-12-31"),
]  # fmt: skip
_TIMES = [
    *("10:00", "10:00:00", "10:00:00.5", "1000", "101112", "10:00:00.1234567", "24:00:00", "23:59:60", "10:60", "25:00", "10"),
    *("10:00 AM", "10:00 PM", "13:00 PM", "00:30 am", "allballs", "T10:11:12", "T101112", "10h", "12:00 AM", "-10:00", "10:00:"),
]  # fmt: skip
_ZONES = [
    *("Z", "z", "UTC", "+02", "+05:30", "-08", "+0530", "CET", "EST", "Europe/Berlin", "America/Nowhere", "+16", "-15:59:59"),
    *("+1:2:3", "UTC+3", "EST5EDT", "GMT", "PST8PDT", "+ 2", "-3", "MET DST", "EDT"),
]  # fmt: skip
_WORDS = [
    *("Monday", "Fri", "BC", "AD", "epoch", "now", "today", "infinity", "at", "on", "d", "x", "", "-", ",", "ago", "julian", "T"),
]  # fmt: skip
_SPANS = [
    *("1 day", "2 hours", "-3 mons", "1.5 years", "04:05:06", "1-2", "-1-2", "1 week", "P1D", "PT1H", "1d", "2h", "3m", "4s"),
    *("1 century", "1 decade", "@", "ago", "1 2:03", "5 ms", "7 us", "1e2 days", ".5 day", "+1 day", "1", "-1", "10 00:01", "1y"),
    *("2 mon", "1 quarter", "1 min", "30 sec", "1.5 months", "-0.5 days", "1:2", "1:2:3.5", "-04:05", "+04:05", "12 3", "5 mm"),
    *("1-", "1.", "9223372036854775807 us", "2147483647 days", "999999999999 hours", "178000000 years", "infinity", "3 on"),
    *("1 at", "j", "1 dow", "2024-01-05", "1/2", "+1-2", "- 3", "1:2:3:4", "1:60", "99999999999:00", "1.2.3", "5 decs", "-1:-2"),
]  # fmt: skip
_NUMBERS = ["1", "02", "3.5", ".5", "10", "0001", "1e2", "5.", "00010203", "040506", "010203.5", "-1", "-2.5"]


@pytest.fixture(scope="module")
def server(postgres_server: str) -> Iterator[psycopg.Connection]:
    options = "-c timezone=UTC -c intervalstyle=postgres -c datestyle=ISO"
    with own_database(postgres_server) as url, psycopg.connect(url, autocommit=True, options=options) as raw:
        for type_ in _TYPES:
            raw.execute(
                f"CREATE FUNCTION asked_{type_}(a text) RETURNS text LANGUAGE plpgsql AS "
                f"'BEGIN RETURN a::{type_}::text; EXCEPTION WHEN others THEN RETURN sqlstate; END'"
            )
        yield raw


@pytest.mark.parametrize("type_", _TYPES)
@pytest.mark.parametrize("count", [1_000, pytest.param(20_000, marks=pytest.mark.long)])
def test_texts_are_read_as_by_a_server(server: psycopg.Connection, type_: str, count: int) -> None:
    chance = random.Random(f"{type_} {count}")
    make = {"interval": _span, "time": _time}.get(type_, _moment)
    texts, wrong = [make(chance) for _ in range(count)], []
    for first in range(0, count, _BATCH):
        part = texts[first : first + _BATCH]
        truths = server.execute(
            f"SELECT asked_{type_}(a) FROM unnest(%s::text[]) WITH ORDINALITY AS u (a, n) ORDER BY n", (part,)
        )
        for text, (truth,) in zip(part, truths, strict=True):
            own = _read(type_, text)
            if own not in (truth, "refused"):
                wrong.append((text, truth, own))
    assert wrong == []


def _read(type_: str, text: str) -> str | None:
    encode, show = encoder(Type(type_)), printer(Type(type_))
    assert encode is not None
    try:
        found = encode(text)
    except NotPortable:
        return "refused"
    except DatabaseError as error:
        return error.sqlstate
    return show(found) if show is not None else str(found)


def _moment(chance: random.Random) -> str:
    parts = [chance.choice(_DATES)]
    if chance.random() < 0.7:
        parts.append(chance.choice(_TIMES))
        parts += [chance.choice(_ZONES)] if chance.random() < 0.6 else []
    if chance.random() < 0.2:
        parts.insert(chance.randint(0, len(parts)), chance.choice(_WORDS))
    if chance.random() < 0.1:
        chance.shuffle(parts)
    return _spoilt(chance, chance.choice((" ", " ", " ", "  ", "T", ", ", "")).join(parts))


def _time(chance: random.Random) -> str:
    parts = [chance.choice(_TIMES)]
    parts += [chance.choice(_ZONES)] if chance.random() < 0.3 else []
    for more in (_DATES, _WORDS):
        if chance.random() < 0.1:
            parts.insert(0, chance.choice(more))
    return _spoilt(chance, " ".join(parts))


def _span(chance: random.Random) -> str:
    if chance.random() < 0.35:
        return _iso(chance)
    parts = [chance.choice(_SPANS) for _ in range(chance.randint(1, 4))]
    return _spoilt(chance, chance.choice((" ", " ", " ", "", ", ")).join(parts))


def _iso(chance: random.Random) -> str:
    def parts(most: int, between: str, letters: str = "") -> str:
        found = [chance.choice(_NUMBERS) + (chance.choice(letters) if letters else "") for _ in range(most)]
        return between.join(found[: chance.randint(0, most)])

    days = parts(4, "", "YMWDHSx") if chance.random() < 0.6 else parts(4, "-")
    clock = parts(3, "", "HMSD") if chance.random() < 0.6 else parts(4, ":")
    return f"P{days}{chance.choice(('', f'T{clock}', f'T{clock}'))}"


def _spoilt(chance: random.Random, text: str) -> str:
    if chance.random() < 0.9:
        return text
    place = chance.randint(0, len(text))
    return text[:place] + chance.choice(" -:.+,0/9xT") + text[place:]
