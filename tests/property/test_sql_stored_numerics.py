"""A stored numeric becomes its integer exactly (rewrite/lowering), at every precision, scale and magnitude."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from decimal import Decimal

import pytest

from tests.unit.sql.conftest import Lite

MOST = 15


def integers(randomly: random.Random, precision: int, many: int) -> Iterator[int]:
    """Numbers of each count of digits up to `precision`: the ends of its range, powers of ten and two, random ones."""
    yield 0
    for digits in range(1, precision + 1):
        low, high = 10 ** (digits - 1), 10**digits - 1
        near = {low, low + 1, high, high - 1, high - 4, 5 * low, *(2**bit for bit in range(50))}
        for number in (*near, *(randomly.randint(low, high) for _ in range(many))):
            if low <= number <= high:
                yield from (number, -number)


def text_of(number: int, scale: int) -> str:
    return f"{Decimal(number).scaleb(-scale):f}"


def wrong(precision: int, many: int) -> list[tuple[int, int, float]]:
    """(n, what was made of it, the column) where they differ: written by Python as the nearest double, and by SQLite."""
    lite = Lite()
    found = []
    for scale in range(precision + 1):
        lite.run(f"CREATE TABLE kept{scale} (a numeric({precision},{scale}))")
        printed = lite.translated(f"SELECT sum(a) FROM kept{scale}")
        integer = printed[printed.index("CAST") : printed.index(" AS INTEGER)")] + " AS INTEGER)"
        raw = sqlite3.connect(":memory:")
        raw.execute(f"CREATE TABLE t1 (n INTEGER, a NUMERIC({precision},{scale}))")
        numbers = list(integers(random.Random(precision * 100 + scale), precision, many))
        raw.executemany("INSERT INTO t1 VALUES (?, ?)", ((n, text_of(n, scale)) for n in numbers))
        raw.executemany("INSERT INTO t1 VALUES (?, ?)", ((n, float(text_of(n, scale))) for n in numbers))
        found += raw.execute(f"SELECT n, {integer}, a FROM t1 WHERE {integer} IS NOT n").fetchall()
    return found


@pytest.mark.parametrize("precision", range(1, MOST + 1))
def test_a_stored_numeric_becomes_its_integer(precision: int) -> None:
    assert wrong(precision, 30) == []


@pytest.mark.long
@pytest.mark.parametrize("precision", range(1, MOST + 1))
def test_many_stored_numerics_become_their_integers(precision: int) -> None:
    assert wrong(precision, 2000) == []
