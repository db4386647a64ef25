"""Every rule of a function or operator, over generated arguments: the real server's value and type, its error, or a refusal.

It is driven from the rule table: a rule whose arguments have no generator fails the test.
"""

from __future__ import annotations

import random
import sqlite3
from typing import Any

import psycopg
import pytest

from stepladder.errors import DatabaseError, NotPortable
from stepladder.sql.infer.catalog import catalog
from stepladder.sql.rewrite.printer import CALLS
from tests.property.test_sql_postgres import shown
from tests.unit.sql.conftest import Lite

pytestmark = pytest.mark.postgres
_TEXTS = [
    "",
    " ",
    "abc",
    " Ab c ",
    "a%b_c",
    "a,b,,c",
    "ÀéßİıǆΣ",
    "x'y\"z\\",
    "12",
    "-7.5",
    "(a)(b)",
    "a+|b*?",
    "\\d+",
    "[a-c]",
    "日本",
    "e\u0301",
    "a\nb",
    "UTF8",
    "hex",
    "i",
    "g",
    "base64",
    "NFC",
    "2024-02-29",
]
_INTS = ["0", "1", "-1", "2", "3", "7", "-5", "100"]
_DAYS = ["2024-02-29", "1999-12-31", "0001-01-01", "2024-01-01", "1970-01-01"]
_TIMES = ["00:00:00", "23:59:59.999999", "12:30:00"]
_JSONS = ["null", "1", "1.50", '"a"', "true", "[]", "{}", '{"a":1,"b":[1,2,{"c":null}]}', '[1,"a",null]']
EDGES: dict[str, list[str]] = {
    "text": _TEXTS,
    "unknown": _TEXTS,
    "varchar": _TEXTS,
    "name": ["UTF8", "LATIN1", "abc"],
    "bpchar": ["", "a", "ab  ", "  b"],
    "bytea": ["\\x", "\\x00", "\\x00ff80", "\\x616263", "\\xc3a9"],
    "bool": ["true", "false"],
    "int2": [*_INTS, "32767", "-32768"],
    "int4": [*_INTS, "2147483647", "-2147483648"],
    "int8": [*_INTS, "9223372036854775807", "-9223372036854775808", "5000000000"],
    "numeric": [*_INTS, "0.0", "1.50", "-2.345", "1e20", "1e-10", "123456789.987654321"],
    "float4": [*_INTS, "0.1", "-2.5", "1e30"],
    "float8": [*_INTS, "0.1", "-2.5", "1e300", "1e-300", "3.5"],
    "date": _DAYS,
    "time": _TIMES,
    "timestamp": [f"{day} {time}" for day in _DAYS for time in _TIMES],
    "timestamptz": [f"{day} {time}+00" for day in _DAYS[:2] for time in _TIMES],
    "interval": ["0", "1 day", "-1 day 02:00", "1 mon", "36:00:00", "1 year 2 mons 3 days 04:05:06.7"],
    "uuid": ["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "00000000-0000-0000-0000-000000000000"],
    "json": _JSONS,
    "jsonb": _JSONS,
    "jsonpath": ["$", "$.a", "$[*]", "$.b[0]"],
}
_ALPHABET = "aAbBcC019 _-%\\.,*+?()[]{}|^$'\"éß日\n"


def value(chance: random.Random, type_: str) -> str:
    """A literal of the type; a text mostly one of random letters."""
    if chance.random() < 0.05:
        return f"NULL::{type_}"
    element = catalog().element(type_)
    if element:
        listed = ", ".join(value(chance, element) for _ in range(chance.randint(0, 3)))
        return f"ARRAY[{listed}]::{element}[]"
    if type_ in ("text", "unknown", "varchar") and chance.random() < 0.5:
        text = "".join(chance.choices(_ALPHABET, k=chance.randint(1, 6)))
    else:
        text = chance.choice(EDGES[type_])
    quoted = "'" + text.replace("'", "''") + "'"
    return quoted if type_ == "unknown" else f"{quoted}::{'character(4)' if type_ == 'bpchar' else type_}"


def has_values(type_: str) -> bool:
    return (catalog().element(type_) or type_) in EDGES


# Known to differ, at the edges only; to be mended: names of zones and patterns of random letters, gcd of the smallest.
_OPEN = frozenset(
    [
        "date_add",
        "date_subtract",
        "make_timestamptz",
        "timezone",
        "to_char",
        "gcd",
        "lcm",
        "date_trunc",
        "width_bucket",
    ],
)
_SPANS = ("age", "make_interval")


def call(chance: random.Random, name: str, types: list[str]) -> str:
    """A call; an interval's value is compared as text, for the driver counts a month as 30 days."""
    text = "::text" if "interval" in types or name in _SPANS else ""
    return f'pg_catalog."{name}"({", ".join(value(chance, each) for each in types)}){text}'


# Of no use here: what changes by the clock or by chance, and what the grammar alone calls.
_SPECIAL = (
    "now",
    "random",
    "clock",
    "current",
    "local",
    "gen_random",
    "uuid",
    "statement_",
    "transaction_",
    "version",
)


def functions() -> list[str]:
    """The rules that can be called by name, as `name(types)`."""
    known = [key for key in CALLS if not key.startswith(_SPECIAL) and not key.endswith("()")]
    known = [key for key in known if key.partition("(")[0] not in _OPEN]
    return sorted(key for key in known if catalog().has_function(key.partition("(")[0]))


def test_every_rule_has_generators() -> None:
    types = {type_ for key in functions() for type_ in key[:-1].partition("(")[2].split(",")}
    assert {type_ for type_ in types if not has_values(type_)} == set()


Found = tuple[str, Any]


def on_server(server: psycopg.Connection[Any], calls: list[str]) -> list[Found]:
    """Each call's value, or its error; many in one statement where none fails."""
    try:
        row = server.execute(f"SELECT {', '.join(calls)}".encode()).fetchone()
        assert row is not None
        return [("value", shown(each)) for each in row]
    except psycopg.Error as error:
        if len(calls) == 1:
            return [("error", error.sqlstate)]
    half = len(calls) // 2
    return on_server(server, calls[:half]) + on_server(server, calls[half:])


def on_sqlite(lite: Lite, calls: list[str]) -> list[Found]:
    try:
        (row,) = lite.run(f"SELECT {', '.join(calls)}").rows
        return [("value", shown(each)) for each in row]
    except NotPortable as error:
        if len(calls) == 1:
            return [("refused", error.what)]
    except DatabaseError as error:
        if len(calls) == 1:
            return [("error", error.sqlstate)]
    except sqlite3.Error as error:
        if len(calls) == 1:
            return [("sqlite", str(error))]
    half = len(calls) // 2
    return on_sqlite(lite, calls[:half]) + on_sqlite(lite, calls[half:])


@pytest.mark.parametrize("rounds", [3, pytest.param(2000, marks=pytest.mark.long)])
def test_no_function_differs_in_silence(postgres_url: str, rounds: int) -> None:
    chance, lite, wrong = random.Random(rounds), Lite(), []
    with psycopg.connect(postgres_url, autocommit=True, options="-c timezone=UTC") as server:
        for key in functions():
            name, _, types = key[:-1].partition("(")
            done = 0
            while done < rounds:
                count = min(rounds - done, 200)
                done += count
                calls = [call(chance, name, types.split(",")) for _ in range(count)]
                pairs = zip(calls, on_server(server, calls), on_sqlite(lite, calls), strict=True)
                wrong += [
                    (call, truth, found)
                    for call, truth, found in pairs
                    if found[0] != "refused" and found != truth
                ]
    assert wrong == []
