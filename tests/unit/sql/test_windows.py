"""Registered aggregates over frames that hold no row yet: there Python's sqlite3 crashes, so such frames are spelled otherwise."""

from __future__ import annotations

import pytest

from stepladder.errors import NotPortable
from stepladder.sql.functions.aggregates import Largest
from tests.unit.sql.conftest import Lite

ROWS = "(VALUES (1, 1.5), (2, 2.50), (3, 3)) AS t (n, x)"


@pytest.mark.parametrize(
    ("call", "values"),
    [
        ("array_agg(n) FILTER (WHERE n > 1) OVER (ORDER BY n)", [None, [2], [2, 3]]),
        ("array_agg(n) OVER (ORDER BY n ROWS BETWEEN 2 PRECEDING AND 1 PRECEDING)", [None, [1], [1, 2]]),
        ("array_agg(n) OVER (ORDER BY n ROWS BETWEEN 2 PRECEDING AND 0 PRECEDING)", [[1], [1, 2], [1, 2, 3]]),
        ("array_agg(n) OVER (ORDER BY n GROUPS BETWEEN 2 PRECEDING AND 2 PRECEDING)", [None, None, [1]]),
        ("regr_count(n, n) FILTER (WHERE n > 2) OVER (ORDER BY n)", [0, 0, 1]),
        ("string_agg(x::text, '+') FILTER (WHERE n > 1) OVER (ORDER BY n)", [None, "2.50", "2.50+3"]),
    ],
)
def test_a_frame_without_rows_yet(lite: Lite, call: str, values: list[object]) -> None:
    assert [row[0] for row in lite.run(f"SELECT {call} FROM {ROWS} ORDER BY n").rows] == values


def test_a_range_that_ends_before_is_refused_for_them(lite: Lite) -> None:
    with pytest.raises(NotPortable):
        lite.run(
            f"SELECT array_agg(n) OVER (ORDER BY n RANGE BETWEEN 2 PRECEDING AND 1 PRECEDING) FROM {ROWS}"
        )


def test_the_extreme_of_a_frame_keeps_only_what_may_become_it() -> None:
    largest = Largest()
    for number in range(2000):
        largest.step("numeric", str(number))
    assert len(largest.candidates) == 1
    assert largest.value() == "1999"
    for number in range(1999):
        largest.inverse("numeric", str(number))
    assert largest.value() == "1999"


def test_a_column_alone_in_from_is_looked_up_by_its_index(lite: Lite) -> None:
    lite.run("CREATE TABLE big (id numeric PRIMARY KEY)")
    plan = lite.raw.execute(
        "EXPLAIN QUERY PLAN " + lite.translated("SELECT id FROM big WHERE id = 7")
    ).fetchall()
    assert "SEARCH" in plan[0][3]
