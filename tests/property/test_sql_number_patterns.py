"""to_char() and to_number() by random patterns, most of which nobody would write: the real server's value or error."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

import psycopg
import pytest

from stepladder.errors import DatabaseError, NotPortable
from stepladder.sql.functions.number_formats import format_float, format_int4, format_number
from stepladder.sql.functions.number_reading import to_number
from tests.fuzz.server import own_database

pytestmark = pytest.mark.postgres
_BATCH = 500
_PIECES = [
    "9",
    "0",
    "9",
    "0",
    ",",
    "G",
    ".",
    "D",
    "S",
    "MI",
    "PL",
    "SG",
    "PR",
    "FM",
    "L",
    "TH",
    "th",
    "C",
    "SP",
]
_PLAIN = [" ", "x", '"ab"', '\\"', "€", "$"]
_SHAPES = [
    "S{}",
    "{}S",
    "{}MI",
    "MI{}",
    "{}PR",
    "PL{}",
    "{}SG",
    "SG{}",
    "{}",
    "{}",
    "L{}",
    "${}",
    "{}th",
    "FM{}",
    "FM{}MI",
]
_SHAPES += ["FM{}PR", "{}PL", "FM{}S", "FMS{}", "{}MIPL", "{}PRMI", "{}SP", "PR{}"]
_WRITTEN = {
    "numeric": lambda value, by: format_number(str(value), by),
    "int4": format_int4,
    "float8": format_float,
}
# The value, or the SQLSTATE of the error.
_FUNCTION = """CREATE FUNCTION asked(a {type}, b text) RETURNS text LANGUAGE plpgsql AS
    'BEGIN RETURN {call}(a, b)::text; EXCEPTION WHEN others THEN RETURN sqlstate; END'"""


@pytest.fixture(scope="module")
def server(postgres_server: str) -> Iterator[psycopg.Connection]:
    with own_database(postgres_server) as url, psycopg.connect(url, autocommit=True) as server:
        server.execute(_FUNCTION.format(type="text", call="to_number"))
        for type_ in _WRITTEN:
            server.execute(_FUNCTION.format(type=type_, call="to_char"))
        yield server


@pytest.mark.parametrize("count", [2_000, pytest.param(40_000, marks=pytest.mark.long)])
def test_numbers_are_read_as_by_a_server(server: psycopg.Connection, count: int) -> None:
    chance = random.Random(count)
    calls = [(_text(chance), _pattern(chance)) for _ in range(count)]
    assert _wrong(server, "text", calls, to_number) == []


@pytest.mark.parametrize("type_", _WRITTEN)
@pytest.mark.parametrize("count", [1_000, pytest.param(20_000, marks=pytest.mark.long)])
def test_numbers_are_written_as_by_a_server(server: psycopg.Connection, type_: str, count: int) -> None:
    chance = random.Random(count)
    calls = [(_number(chance, type_), _pattern(chance)) for _ in range(count)]
    assert _wrong(server, type_, calls, _WRITTEN[type_]) == []


def _pattern(chance: random.Random) -> str:
    if chance.random() < 0.3:
        return "".join(chance.choice(_PIECES + _PLAIN) for _ in range(chance.randint(0, 8)))
    digits = ["9", "9", "0", ",", "G"] if chance.random() < 0.3 else ["9", "0"]
    shape = "".join(chance.choice(digits) for _ in range(chance.randint(1, 7)))
    if chance.random() < 0.5:
        shape += chance.choice(".D") + "".join(chance.choice("09") for _ in range(chance.randint(0, 4)))
    return chance.choice(_SHAPES).format(shape)


def _text(chance: random.Random) -> str:
    if chance.random() < 0.3:
        return "".join(chance.choice("0123456789..,,-+<> $aé") for _ in range(chance.randint(0, 9)))
    parts = ["".join(chance.choice("0123456789") for _ in range(chance.randint(0, 4))) for _ in range(3)]
    text = parts[0] + chance.choice(("", "", f",{parts[1]}")) + chance.choice(("", f".{parts[2]}"))
    text = chance.choice(("{}", "{}", "-{}", "<{}>", "{}-", "+{}", "{}+")).format(text)
    return (
        chance.choice(("", "", "", " ", "  ", "$")) + text + chance.choice(("", "", "", " ", "th", "%", "€"))
    )


def _number(chance: random.Random, type_: str) -> float:
    if type_ == "int4":
        return chance.choice([0, 1, -1, 7, -999, 1000, -(2**31), 2**31 - 1, chance.randint(-(10**6), 10**6)])
    some = [0, 0.5, -0.5, 1.5, 2.5, 0.05, -0.04, 99.995, -1234.5, 1e6, 0.001, chance.uniform(-1000, 1000)]
    return round(chance.choice(some), chance.randint(0, 5))


def _wrong(
    server: psycopg.Connection, type_: str, calls: Sequence[tuple[object, str]], function: object
) -> list[object]:
    """The calls that the two answer differently. What is refused is left out."""
    wrong = []
    for first in range(0, len(calls), _BATCH):
        part = calls[first : first + _BATCH]
        truths = server.execute(
            f"SELECT asked(a, b) FROM unnest(%s::text[]::{type_}[], %s::text[]) WITH ORDINALITY AS u (a, b, n) ORDER BY n",
            ([str(value) for value, _ in part], [by for _, by in part]),
        )
        for (value, by), (truth,) in zip(part, truths, strict=True):
            own = _asked(function, value, by)
            if own not in (truth, "refused"):
                wrong.append((value, by, truth, own))
    return wrong


def _asked(function: object, value: object, by: str) -> object:
    try:
        return function(value, by)  # type: ignore[operator]
    except NotPortable:
        return "refused"
    except DatabaseError as error:
        return error.sqlstate
