"""Random documents of jsonb on a real server and on SQLite: order, containment, changes and texts are the same."""

from __future__ import annotations

import json
import random
from typing import Any

import psycopg
import pytest

from tests.unit.sql.conftest import Lite

pytestmark = pytest.mark.postgres
SCALARS = [
    "null",
    "true",
    "false",
    "0",
    "1",
    "1.0",
    "-2.50",
    "10",
    "1e2",
    '""',
    '"a"',
    '"b"',
    '"é"',
    '"a\\"b"',
    '"1"',
]
KEYS = ["a", "b", "aa", "é", "", 'q"', "0"]
PAIRS = """
SELECT x.n, y.n, x.v < y.v, x.v = y.v, x.v >= y.v, x.v @> y.v, x.v <@ y.v, (x.v || y.v)::text
FROM jsonb_array_elements({0}::jsonb) WITH ORDINALITY AS x(v, n), jsonb_array_elements({0}::jsonb) WITH ORDINALITY AS y(v, n)
ORDER BY 1, 2
"""
ONES = """
SELECT x.n, x.v::text, jsonb_typeof(x.v), x.v -> 'a', x.v ->> 'a', x.v ->> 'aa', (x.v -> 'a' -> 'b')::text, x.v -> 'a' ->> 'b',
       x.v -> 0, x.v ->> -1, x.v #>> '{{a,0}}', x.v #> '{{0,a}}', x.v['a'][0], x.v ? 'a', x.v ?| ARRAY['b', '1'], x.v ?& ARRAY['a', 'b'],
       jsonb_strip_nulls(x.v)::text, jsonb_pretty(x.v), jsonb_path_query_array(x.v, '$.a[*] ? (@ > 0)')::text,
       jsonb_path_query_array(x.v, '$.*.b')::text, jsonb_path_exists(x.v, '$[*] ? (@ == 1)'), to_jsonb(x.v ->> 'a')::text
FROM jsonb_array_elements({0}::jsonb) WITH ORDINALITY AS x(v, n) ORDER BY x.v, x.n
"""


def document(choose: random.Random, depth: int) -> str:
    kind = choose.random()
    if depth == 0 or kind < 0.3:
        return choose.choice(SCALARS)
    parts = [document(choose, depth - 1) for _ in range(choose.randint(0, 3))]
    if kind < 0.6:
        return f"[{', '.join(parts)}]"
    return "{" + ", ".join(f"{json.dumps(choose.choice(KEYS))}: {part}" for part in parts) + "}"


@pytest.mark.parametrize("seed", range(4))
def test_documents(postgres_url: str, seed: int) -> None:
    choose, lite = random.Random(seed), Lite()
    text = f"[{', '.join(document(choose, 3) for _ in range(40))}]".replace("'", "''")
    with psycopg.connect(postgres_url, autocommit=True) as server:
        for sql in (PAIRS, ONES):
            statement = sql.format(f"'{text}'")
            truth: list[tuple[Any, ...]] = server.execute(statement.encode()).fetchall()
            assert list(map(repr, lite.run(statement).rows)) == list(map(repr, truth))
