"""to_date() and to_timestamp() of random numbers in the places of a pattern: the real server's value or error, or a refusal."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.fuzz.called import Server, Sqlite
from tests.fuzz.server import own_database

pytestmark = pytest.mark.postgres
_PATTERNS = [
    *("IYYY-IW", "IYYY-IW-ID", "IYYY-IDDD", "YYYY-WW", "YYYY-DDD", "YYYY-MM-W", "J", "CC", "CC-YY", "YYYY-MM-DD", "IY-IW"),
    *("YYYY-MM-DD HH24:MI:SS", "YYYY-MM-DD HH12:MI AM", "YY-MM-DD", "YYY-MM-DD", "Y-MM-DD", "I-IW", "YYYY-Q", "YYYY-RM-DD"),
    *("DD Mon YYYY", "YYYY-MM-DD HH24:MI:SS.MS", "YYYY-MM-DD HH24:MI:SS.US", "YYYY SSSSS", "IYYY-IW-D", "YYYY-MM-D"),
    *("Y,YYY-MM", "YYYY-MM-DD-DDD", "YYYY-WW-DDD", "YYYYMMDD", "FMYYYY-FMMM", "YYYY-MM-DDTH", "Day, DD Month YYYY"),
]  # fmt: skip
_PARTS = [
    *("0", "00", "000", "1", "2", "3", "7", "8", "12", "13", "24", "31", "32", "53", "54", "60", "99", "100", "366", "367"),
    *("2024", "2023", "1999", "9999", "-1", "Jan", "AM", "PM", "II", "1st", "February", ""),
]  # fmt: skip
_PIECES = [
    *("HH", "HH12", "HH24", "MI", "SS", "MS", "US", "FF1", "FF3", "FF6", "SSSS", "AM", "A.M.", "pm", "Y,YYY", "YYYY", "YYY", "YY"),
    *("Y", "IYYY", "IY", "BC", "A.D.", "MONTH", "Month", "Mon", "MM", "DAY", "Day", "Dy", "DDD", "DD", "D", "IDDD", "ID", "WW"),
    *("IW", "W", "CC", "J", "Q", "RM", "TZH", "TZM", "OF", "FM", "TH", "th", "TM", "FX", '"lit"', "-", " ", "/", ":", ".", " ", "-"),
]  # fmt: skip
_MOMENTS = [
    "2024-01-05 10:11:12.345678",
    "1999-12-31 23:59:59",
    "0044-01-01 00:00:00",
    "2024-02-29",
    "1969-07-20 20:17:40",
]
_STRAY = [*" -:/.+0199xaT,"]


@pytest.fixture
def engines(postgres_server: str) -> Iterator[tuple[Server, Sqlite]]:
    with (
        own_database(postgres_server) as url,
        closing(Server(url)) as server,
        closing(Sqlite()) as sqlite,
    ):
        server.fill({}, ["(1)"])
        sqlite.fill({}, [{"id": "1"}])
        yield server, sqlite


@pytest.mark.parametrize("count", [300, pytest.param(20_000, marks=pytest.mark.long)])
def test_dates_are_read_as_by_a_server(engines: tuple[Server, Sqlite], count: int) -> None:
    server, sqlite = engines
    chance, wrong = random.Random(count), []
    for _ in range(count):
        pattern = chance.choice(_PATTERNS)
        text = re.sub(r"[A-Z,a-z0-9]+", lambda _: chance.choice(_PARTS), pattern)
        call = f"{chance.choice(('to_date', 'to_timestamp'))}('{text}', '{pattern}')"
        truth, own = server.alone(call, 1), sqlite.alone(call, 1)
        if own[0] != "refused" and own != truth:
            wrong.append((call, truth, own))
    assert wrong == []


@pytest.mark.parametrize("count", [500, pytest.param(20_000, marks=pytest.mark.long)])
def test_what_to_char_writes_is_read_as_by_a_server(engines: tuple[Server, Sqlite], count: int) -> None:
    """By the same pattern or another, whole or spoilt."""
    server, sqlite = engines
    chance, wrong = random.Random(count), []
    for _ in range(count):
        pattern, other = _pattern(chance), _pattern(chance)
        written = pattern if chance.random() < 0.7 else other
        kind, text = server.alone(f"to_char('{chance.choice(_MOMENTS)}+00'::timestamptz, '{written}')", 1)
        if kind != "value":
            continue
        spoilt = _spoilt(chance, str(text[1]).strip("'"))
        call = f"{chance.choice(('to_date', 'to_timestamp'))}('{spoilt}', '{pattern}')"
        truth, own = server.alone(call, 1), sqlite.alone(call, 1)
        if own[0] != "refused" and own != truth and truth[1] != "":  # the server knows years before 1
            wrong.append((call, truth, own))
    assert wrong == []


def _pattern(chance: random.Random) -> str:
    if chance.random() < 0.5:
        return chance.choice(_PATTERNS)
    return "".join(chance.choice(_PIECES) for _ in range(chance.randint(1, 6)))


def _spoilt(chance: random.Random, text: str) -> str:
    place, how = chance.randint(0, len(text)), chance.random()
    if how < 0.5:
        return text
    if how < 0.65:
        return text[:place] + text[place + 1 :]
    return text[:place] + chance.choice(_STRAY) + text[place:] if how < 0.85 else text[:place]
