"""Schemas exchanged, all else as it was written; and by what a query sorts."""

from __future__ import annotations

import pytest

from stepladder.errors import NotPortable
from stepladder.sql import SortKey, in_schemas, sort_keys

SCHEMAS = {"app": "s_1", "public": "s", "Odd": "s_2"}


@pytest.mark.parametrize(
    ("sql", "wanted"),
    [
        ("SELECT id FROM users", "SELECT id FROM users"),
        ("SELECT 'é', u.id FROM app.users u", "SELECT 'é', u.id FROM \"s_1\".users u"),
        (
            "SELECT app.users.id, app.users.* FROM app . users",
            'SELECT "s_1".users.id, "s_1".users.* FROM "s_1" . users',
        ),
        ('SELECT * FROM "Odd".t, PUBLIC.z', 'SELECT * FROM "s_2".t, "s".z'),
        ("SELECT app.x FROM t app -- app.users", "SELECT app.x FROM t app -- app.users"),
        (
            "SELECT 'app.users' FROM other.t WHERE a >= :start",
            "SELECT 'app.users' FROM other.t WHERE a >= :start",
        ),
        (
            "WITH a AS (SELECT :zone::text FROM app.t) SELECT * FROM a WHERE EXISTS (SELECT 1 FROM app.u)",
            'WITH a AS (SELECT :zone::text FROM "s_1".t) SELECT * FROM a WHERE EXISTS (SELECT 1 FROM "s_1".u)',
        ),
    ],
)
def test_only_schemas_are_exchanged(sql: str, wanted: str) -> None:
    assert in_schemas(sql, SCHEMAS) == wanted


def test_a_name_with_its_database_is_refused() -> None:
    with pytest.raises(NotPortable, match=r"write app\.users"):
        in_schemas("SELECT 1 FROM shop.app.users", SCHEMAS)


def test_sort_keys() -> None:
    assert sort_keys("SELECT a FROM t") == ()
    assert sort_keys('SELECT a, b FROM t ORDER BY 2, t.a COLLATE "C" DESC, lower(b)') == (
        SortKey(1, by_bytes=False),
        SortKey("a", by_bytes=True),
        SortKey(None, by_bytes=False),
    )
    assert sort_keys("SELECT a FROM (SELECT a FROM t ORDER BY a) s UNION SELECT b FROM u ORDER BY a") == (
        SortKey("a", by_bytes=False),
    )
