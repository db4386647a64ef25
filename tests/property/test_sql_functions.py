"""Every rule of a function or operator, over generated arguments: the real server's value and type, its error, or a refusal.

It is driven from the rule table: a rule whose arguments have no generator fails the test.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing

import pytest

from stepladder.sql.infer.catalog import catalog
from stepladder.sql.rewrite.printer import CALLS
from tests.fuzz.called import Function, Server, Sqlite, differences
from tests.fuzz.grammar import CHANGING
from tests.fuzz.server import own_database
from tests.fuzz.values import has_values

pytestmark = pytest.mark.postgres


def functions() -> list[str]:
    """The rules that can be called by name, as `name(types)`."""
    known = [key for key in CALLS if not key.startswith(CHANGING) and not key.endswith("()")]
    return sorted(key for key in known if catalog().has_function(key.partition("(")[0]))


def test_every_rule_has_generators() -> None:
    types = {type_ for key in functions() for type_ in Function.of(key).types}
    assert {type_ for type_ in types if not has_values(type_)} == set()


@pytest.fixture(scope="module")
def server(postgres_server: str) -> Iterator[Server]:
    with own_database(postgres_server) as url, closing(Server(url)) as found:
        yield found


@pytest.mark.parametrize(
    ("step", "rows"), [(3, 5), pytest.param(1, 2000, marks=[pytest.mark.long, pytest.mark.timeout(7200)])]
)
def test_no_function_differs_in_silence(server: Server, step: int, rows: int) -> None:
    """Every third function in the default run."""
    wrong = []
    with closing(Sqlite()) as sqlite:
        for key in functions()[::step]:
            wrong += differences(server, sqlite, Function.of(key), random.Random(f"{rows} {key}"), rows)
    assert wrong == []
