"""Lint: each severity, its place, and what it leaves alone."""

from __future__ import annotations

import pytest

from stepladder.sql import Finding, Setting, Text, lint_script
from tests.unit.sql.conftest import Lite

TABLES = (
    "CREATE TABLE t (id int PRIMARY KEY, name text, at timestamptz, free numeric, cost numeric(10,2),"
    ' code text COLLATE "C");\n'
    "CREATE TABLE u (id int PRIMARY KEY, t_id int, name text);\n"
)


def linted(sql: str, **setting: object) -> list[Finding]:
    given = {"complete": True, **setting}
    return list(lint_script(Text("a.sql", TABLES + sql), Lite(), Setting(**given)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("severity", "sql"),
    [
        ("refused", 'SELECT name FROM t ORDER BY name COLLATE "de_DE"'),
        ("error", "SELECT nope FROM t"),
        ("error", "SELECT id + at FROM t"),
        ("error", "SELECT FROM WHERE"),
        ("error", "SELECT * FROM nowhere"),
        ("slow", "SELECT free * 2 FROM t"),
        ("collation", "SELECT id FROM t ORDER BY name"),
        ("collation", "SELECT id FROM t WHERE name < 'b'"),
        ("collation", "SELECT max(name) FROM t"),
        ("collation", "SELECT greatest(name, 'x') FROM t"),
        ("collation", "SELECT DISTINCT ON (name) id, name FROM t ORDER BY name, id"),
        ("nondeterministic", "SELECT id FROM t LIMIT 3"),
        ("nondeterministic", "SELECT array_agg(id) FROM t"),
        ("nondeterministic", "SELECT string_agg(name, ',') FROM t"),
        ("nondeterministic", "SELECT jsonb_agg(id) FROM t"),
        ("nondeterministic", "SELECT row_number() OVER () FROM t"),
        ("nondeterministic", "SELECT lag(id) OVER (PARTITION BY name) FROM t"),
        ("nondeterministic", "SELECT DISTINCT ON (id) id, cost FROM t"),
        ("nondeterministic", "SELECT random() FROM t"),
        ("nondeterministic", "UPDATE t SET name = u.name FROM u WHERE u.t_id = t.id"),
        ("nondeterministic", "CREATE TABLE v AS SELECT id FROM t LIMIT 3"),
    ],
)
def test_what_is_found(severity: str, sql: str) -> None:
    assert severity in [finding.severity for finding in linted(sql) if finding.line >= 3]


@pytest.mark.parametrize(
    "sql",
    [
        'SELECT id FROM t ORDER BY name COLLATE "C"',
        "SELECT id FROM t ORDER BY code",
        "SELECT id FROM t WHERE name = 'b'",
        "SELECT id FROM t ORDER BY id LIMIT 3",
        "SELECT count(*) FROM t LIMIT 1",
        "SELECT id FROM t WHERE EXISTS (SELECT 1 FROM u LIMIT 1)",
        "SELECT sum(cost) FROM t",
        "SELECT now()",
        "SELECT at::date FROM t",
        "UPDATE t SET name = u.name FROM u WHERE u.id = t.id",
        "UPDATE t SET name = x.n FROM (SELECT t_id, count(*)::text AS n FROM u GROUP BY t_id) x WHERE x.t_id = t.id",
    ],
)
def test_what_is_fine(sql: str) -> None:
    assert linted(sql) == []


def test_settings() -> None:
    assert [each.severity for each in linted("SELECT now()", model=True)] == ["nondeterministic"]
    for sql in ("at::date", "date_trunc('day', at)", "extract(hour FROM at)"):
        assert [each.severity for each in linted(f"SELECT {sql} FROM t", zone="Asia/Tokyo")] == ["zone"]
    for sql in ("date_trunc('day', at, 'Asia/Tokyo')", "(at AT TIME ZONE 'Asia/Tokyo')::date"):
        assert "zone" not in [each.severity for each in linted(f"SELECT {sql} FROM t", zone="Asia/Tokyo")]
    assert linted("SELECT id FROM t ORDER BY name", by_bytes=True) == []
    assert [each.severity for each in linted("SELECT * FROM nowhere", complete=False)] == ["undecided"]


def test_the_place_is_that_of_the_file() -> None:
    (finding,) = linted("\nSELECT id,\n  'é', max(name)\nFROM t GROUP BY id")
    assert (finding.file, finding.line, finding.column) == ("a.sql", 5, 8)
    assert str(finding).splitlines()[:3] == [
        "a.sql:5:8  collation: max() over text: the server's collation decides",
        "    'é', max(name)",
        "         ^^^^^^^^^",
    ]


def test_ddl_of_a_script_is_followed() -> None:
    assert linted("ALTER TABLE t ADD COLUMN more int; SELECT more FROM t") == []
    assert linted("ALTER TABLE t RENAME TO w; SELECT id FROM w") == []
    assert [each.severity for each in linted("DROP TABLE u; SELECT id FROM u")] == ["error"]


def test_what_a_refused_ddl_would_have_made_is_undecided() -> None:
    found = linted("CREATE TABLE w (a point); SELECT a FROM w")
    assert [each.severity for each in found] == ["refused", "undecided"]
