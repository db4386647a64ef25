"""Arrays of one dimension: one text, one answer on every engine."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

import stepladder as sl
from stepladder.errors import DatabaseError

VALUES: list[tuple[str, Any]] = [
    ("(ARRAY[1, 2, 3])[2:]", [2, 3]),
    ("(ARRAY[1, 2, 3])[0:1]", [1]),
    ("(ARRAY[1, 2, 3])[3:2]", []),
    ("(ARRAY[1, 2, 3])[NULL:2]", None),
    ("ARRAY[1, 2] || 3", [1, 2, 3]),
    ("0 || ARRAY[1]", [0, 1]),
    ("ARRAY['a'] || '{b,c}'", ["a", "b", "c"]),
    ("ARRAY[1, 2] || ARRAY[3.5]", [Decimal(1), Decimal(2), Decimal("3.5")]),
    ("ARRAY[1] || NULL", [1]),
    ("ARRAY[1.0, 2.50] @> ARRAY[1.00]", True),
    ("ARRAY[1, NULL] @> ARRAY[NULL::int]", False),
    ("ARRAY['x'] <@ ARRAY['y', 'x']", True),
    ("ARRAY[1.5::float8] && ARRAY[2.5, 1.5]::float8[]", True),
    ("ARRAY[10] > ARRAY[9, 1]", True),
    ("ARRAY[1, NULL] > ARRAY[1, 2]", True),
    ("ARRAY[1.0] = ARRAY[1.00]", True),
    ("array_upper(ARRAY[4, 5], 1)", 2),
    ("array_length('{}'::int[], 1)", None),
    ("cardinality('{}'::int[])", 0),
    ("array_dims(ARRAY[4, 5])", "[1:2]"),
    ("array_position(ARRAY[1, NULL, 2], NULL)", 2),
    ("array_position(ARRAY['a', 'b', 'a'], 'a', 2)", 3),
    ("array_positions(ARRAY['a', 'b', 'a'], 'a')", [1, 3]),
    ("array_append(NULL::int[], 1)", [1]),
    ("array_remove(ARRAY[1.0, 2, 1.00], 1)", [Decimal(2)]),
    ("array_replace(ARRAY['a', NULL], NULL, 'b')", ["a", "b"]),
    ("array_to_string(ARRAY['a', NULL, 'c'], ',', '*')", "a,*,c"),
    ("array_to_string(ARRAY[true, NULL], ',')", "t"),
    ("string_to_array('a,,NULL', ',', 'NULL')", ["a", "", None]),
    ("string_to_array('abc', NULL)", ["a", "b", "c"]),
    ("string_to_array('', ',')", []),
    ("array_fill(7, ARRAY[2])", [7, 7]),
    ("trim_array(ARRAY[1, 2, 3], 2)", [1]),
    ("ARRAY(SELECT x FROM unnest(ARRAY[3, 1, 2]) AS x ORDER BY x DESC)", [3, 2, 1]),
    ("ARRAY(SELECT 1 WHERE false)", []),
    ("ARRAY['a\"b', 'c\\d', 'e f', '', 'NULL', NULL]", ['a"b', "c\\d", "e f", "", "NULL", None]),
    ("(SELECT string_agg(x, '/') FROM string_to_table('p,q', ',') AS x)", "p/q"),
    ("(SELECT sum(i) FROM generate_subscripts(ARRAY['p', 'q', 'r'], 1) AS i)", 6),
]


@pytest.mark.parametrize(("expression", "value"), VALUES)
def test_values(db: sl.Database, expression: str, value: Any) -> None:
    found = db.query(f"SELECT {expression} AS x").scalar()
    assert (found, str(found)) == (value, str(value))


def test_order(db: sl.Database) -> None:
    arrays = "(VALUES ('{10}'::int[]), ('{9,1}'), ('{9}'), (NULL), ('{}'), ('{9,NULL}')) AS v(x)"
    found = [row.x for row in db.query(f"SELECT x FROM {arrays} ORDER BY x")]
    assert found == [[], [9], [9, 1], [9, None], [10], None]
    found = [row.x for row in db.query(f"SELECT DISTINCT ON (x) x FROM {arrays} ORDER BY x DESC")]
    assert found == [None, [10], [9, None], [9, 1], [9], []]


@pytest.mark.parametrize(
    ("expression", "state"),
    [("ARRAY[]", "42P18"), ("trim_array(ARRAY[1], 2)", "2202E"), ("ARRAY(SELECT 1, 2)", "42601")],
)
def test_errors(db: sl.Database, expression: str, state: str) -> None:
    with pytest.raises(DatabaseError) as caught:
        db.query(f"SELECT {expression}")
    assert caught.value.sqlstate == state


def test_a_list_is_an_array(db: sl.Database) -> None:
    sql = "SELECT x FROM generate_series(1, 5) AS x WHERE x = ANY(:some) AND NOT x = ANY(:others) ORDER BY x"
    assert [row.x for row in db.query(sql, some=[1, 2, 3], others=[2])] == [1, 3]
    assert db.query("SELECT (:items::text[])[2:3] AS x", items=["a", "b,c", None]).scalar() == ["b,c", None]
