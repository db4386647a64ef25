"""A little of `python -m benchmarks.fuzz`: fixed seeds; and that the fuzzer can fail."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.fuzz.answers import Answer, same
from tests.fuzz.node import clause, fixed, listed, shrunk, value
from tests.fuzz.rounds import Round, Tally, judged
from tests.fuzz.server import own_database
from tests.fuzz.statement import Statement

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def database(postgres_server: str) -> Iterator[str]:
    with own_database(postgres_server) as found:
        yield found


@pytest.mark.parametrize(
    ("seed", "rounds"),
    [(1001, 1), pytest.param(1002, 100, marks=[pytest.mark.long, pytest.mark.timeout(1800)])],
)
def test_no_answer_differs(database: str, seed: int, rounds: int) -> None:
    tally = Tally()
    for number in range(rounds):
        with closing(Round(database, f"{seed}/{number}", tally)) as round_:
            for _ in round_.run():
                pass
    assert [(each.seed, each.smallest, each.server, each.sqlite) for each in tally.differences] == []
    every = sum(tally.counts.values())
    assert tally.counts["equal"] > every * 0.6, tally.counts
    assert tally.counts["refused"] < every * 0.15, tally.reasons


def test_a_statement_is_cut_down_to_what_still_differs() -> None:
    inner = value("int4", "NULL::int4", "(", value("int4", "NULL::int4", "c1"), " + 1)")
    node = fixed("SELECT ", listed("a", inner, "b"), " FROM t", clause(" WHERE x"), clause(" LIMIT 1"))
    assert str(shrunk(node, lambda other: "c1" in str(other))) == "SELECT c1 FROM t"


def rows(*found: object, columns: tuple[tuple[str, str], ...] = (("a", "numeric"),)) -> Answer:
    return Answer("rows", columns=columns, rows=found)


def test_answers_differ_by_digits_types_names_and_order() -> None:
    one, two = (("Decimal", "1.0"),), (("Decimal", "1.00"),)
    assert same(rows(one, two), rows(one, two), ordered=True)
    assert not same(rows(one), rows(two), ordered=False)
    assert same(
        rows(one, two), rows(two, one), ordered=True
    )  # of equal rows the server leaves the order open
    three = (("Decimal", "3"),)
    assert same(rows(one, three), rows(three, one), ordered=False)
    assert not same(rows(one, three), rows(three, one), ordered=True)
    assert not same(rows(one), rows((("float", "1.0"),)), ordered=True)
    assert not same(rows(one), rows(one, columns=(("b", "numeric"),)), ordered=True)
    assert not same(rows(one), rows(one, columns=(("a", "text"),)), ordered=True)


@pytest.mark.parametrize(
    ("server", "sqlite", "verdict"),
    [
        (Answer("error", "22012"), Answer("error", "22012"), "equal errors"),
        (Answer("error", "22012"), Answer("error", "22003"), "different"),
        (Answer("error", "22012"), Answer("refused", "x"), "refused"),
        (Answer("error", "22012"), rows(), "different"),
        (rows(), Answer("error", "22012"), "different"),
        (Answer("error", "57014"), rows(), "abandoned"),
    ],
)
def test_verdicts(server: Answer, sqlite: Answer, verdict: str) -> None:
    statement = Statement(fixed("SELECT 1"), "query", ordered=True)
    assert judged(statement, [server], [sqlite]) == verdict
