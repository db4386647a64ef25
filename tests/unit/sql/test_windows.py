"""Registered aggregates over frames that hold no row yet: there Python's sqlite3 crashes, so such frames are spelled otherwise."""

from __future__ import annotations

import pytest

from stepladder.errors import NotPortable
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
