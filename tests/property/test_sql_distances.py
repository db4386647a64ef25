"""Distances between moments, which are counted as integers: random moments on a real server and on SQLite."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import psycopg
import pytest

from tests.unit.sql.conftest import Lite

pytestmark = pytest.mark.postgres
COLUMNS = "id int, g int, at timestamptz, until timestamptz, a timestamp, b timestamp, d date, e date"
ROWS = 200
ENDS = (datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999_999), datetime(1969, 12, 31, 23, 59, 59, 1))  # noqa: DTZ001
LAGS = "lag({0}) OVER w", "lead({0}, 2) OVER w", "first_value({0}) OVER w", "lag({0}, 1, {0}) OVER w"
SPANS = (
    "30 minutes",
    "1 day",
    "-1 days +00:00:00.000001",
    "1 mon",
    "0",
    "1 year 2 mons -3 days",
    "0.5 seconds",
)


def queries() -> list[str]:
    pairs = [
        ("at", "until"),
        ("a", "b"),
        *(("at", each.format("at")) for each in LAGS),
        ("b", "lag(a) OVER w"),
    ]
    symbols = ("<", "<=", "=", "<>", ">", ">=")
    conditions = [
        *(
            f"{one} - {other} {symbol} interval '{span}'"
            for (one, other), symbol, span in product(pairs, symbols, SPANS)
        ),
        *(f"interval '1 day' {symbol} a - b" for symbol in symbols),
        *(f"at - until {symbol} b - a" for symbol in symbols),
        *(
            f"extract(epoch FROM {one} - {other}) {symbol} 1800.5"
            for (one, other), symbol in product(pairs, symbols)
        ),
        "extract(EPOCH FROM at) > 1767225600.000001",
        "a - b BETWEEN interval '-1 day' AND interval '1 day'",
        "a - b IS NOT DISTINCT FROM interval '1 day'",
        "a - b = '1 day'::interval * 2",
        "d - e > 30",
    ]
    values = [
        *(f"extract(epoch FROM {one} - {other})" for one, other in pairs),
        "extract(epoch FROM at)",
        "round(extract(epoch FROM a - b) / 60, 2)",
        "extract(epoch FROM a - b)::float8",
        "extract(epoch FROM a - b) * 2 + 1",
        "d - e",
        "(d - e) / 7",
        "sum(extract(epoch FROM at - until)) OVER (PARTITION BY g)",
    ]
    return [
        f"SELECT id, {each} FROM moments WINDOW w AS (PARTITION BY g ORDER BY id) ORDER BY id"
        for each in (*conditions, *values)
    ]


def moment(randomly: random.Random) -> datetime | None:
    kind = randomly.random()
    if kind < 0.1:
        return None
    if kind < 0.2:
        return randomly.choice(ENDS)
    span = timedelta(
        days=randomly.choice([0, 0, 1, 30, 40_000]),
        seconds=randomly.choice([0, 1800, randomly.randint(0, 90_000)]),
    )
    return datetime(2026, 1, 1) + span + timedelta(microseconds=randomly.choice([0, 0, 1, 500_000, 999_999]))  # noqa: DTZ001


def literal(value: Any, type_: str) -> str:
    if value is None:
        return "NULL"
    zone = "+00" if type_ == "timestamptz" else ""
    return (
        f"{type_} '{value.isoformat(sep=' ')}{zone}'"
        if isinstance(value, datetime)
        else f"{type_} '{value.isoformat()}'"
    )


def shown(row: tuple[Any, ...]) -> list[Any]:
    return [f"{value:f}" if isinstance(value, Decimal) else (type(value), value) for value in row]


@pytest.mark.parametrize("seed", [1, 2])
def test_distances_are_the_servers(postgres_url: str, seed: int) -> None:
    randomly, lite, wrong = random.Random(seed), Lite(), []
    rows = []
    for row in range(ROWS):
        moments = [moment(randomly) for _ in range(6)]
        days: list[date | None] = [each and each.date() for each in moments[4:]]
        types = ("timestamptz", "timestamptz", "timestamp", "timestamp")
        texts = [literal(each, type_) for each, type_ in zip(moments[:4], types, strict=True)]
        rows.append(f"({row}, {row % 5}, {', '.join([*texts, *(literal(each, 'date') for each in days)])})")
    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute("SET TimeZone = 'UTC'")
        server.execute(f"CREATE TEMP TABLE moments ({COLUMNS})".encode())
        lite.run(f"CREATE TABLE moments ({COLUMNS})")
        insert = f"INSERT INTO moments VALUES {', '.join(rows)}"
        server.execute(insert.encode())
        lite.run(insert)
        for sql in queries():
            truth = [shown(row) for row in server.execute(sql.encode()).fetchall()]
            found = [shown(row) for row in lite.run(sql).rows]
            if found != truth:
                wrong.append(
                    (
                        sql,
                        lite.translated(sql),
                        [pair for pair in zip(truth, found, strict=True) if pair[0] != pair[1]][:3],
                    )
                )
    assert wrong == []


@pytest.mark.parametrize(
    "condition",
    ["at - lag(at) OVER w <= interval '30 minutes'", "extract(epoch FROM at - until) > 60", "d - e > 30"],
)
def test_no_function_is_called_for_each_row(condition: str) -> None:
    lite = Lite()
    lite.run(f"CREATE TABLE moments ({COLUMNS})")
    assert "pg_" not in lite.translated(f"SELECT {condition} FROM moments WINDOW w AS (ORDER BY at)")
