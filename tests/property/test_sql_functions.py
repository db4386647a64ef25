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
from tests.fuzz.answers import shown
from tests.fuzz.grammar import CHANGING
from tests.fuzz.values import has_values, value
from tests.unit.sql.conftest import Lite

pytestmark = pytest.mark.postgres
_SPANS = ("age", "make_interval")


def call(chance: random.Random, name: str, types: list[str]) -> str:
    """A call; an interval's value is compared as text, for the driver counts a month as 30 days."""
    text = "::text" if "interval" in types or name in _SPANS else ""
    return f'pg_catalog."{name}"({", ".join(value(chance, each) for each in types)}){text}'


def functions() -> list[str]:
    """The rules that can be called by name, as `name(types)`."""
    known = [key for key in CALLS if not key.startswith(CHANGING) and not key.endswith("()")]
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
