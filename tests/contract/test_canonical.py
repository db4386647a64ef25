"""Expressions in one form: the server's own words for a condition, and the user's, give the same text; and the text means it."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from stepladder.sql import Column, canonical, canonical_default, parse_type

COLUMNS = {
    "a": "int",
    "b": "bigint",
    "s": "text",
    "v": "varchar(10)",
    "n": "numeric(10,2)",
    "n2": "numeric",
    "d": "date",
    "ts": "timestamptz",
    "f": "float8",
    "ok": "boolean",
    "j": "jsonb",
    "c": "char(3)",
    "tags": "text[]",
    "u": "uuid",
    "i2": "smallint",
}
KNOWN = [Column(name, parse_type(type_)) for name, type_ in COLUMNS.items()]
CONDITIONS = [
    "a > 0",
    "a > -5",
    "b > 0",
    "b = 5",
    "b > 5000000000",
    "n > 0",
    "n >= 1.5",
    "n2 < 10",
    "s = 'x'",
    "v = 'x'",
    "s IN ('a','b')",
    "v IN ('a','b')",
    "v NOT IN ('a','b')",
    "a IN (1,2,3)",
    "b IN (1,2)",
    "b NOT IN (1,2)",
    "i2 IN (1,2)",
    "n IN (1,2.5)",
    "a BETWEEN 1 AND 10",
    "a NOT BETWEEN 1 AND 10",
    "s LIKE 'a%'",
    "v LIKE 'a%'",
    "s NOT LIKE '%x'",
    "s ILIKE 'a%'",
    "length(s) < 10",
    "length(v) > 2",
    "char_length(s) > 1",
    "a > 0 AND b > 0 AND n > 0",
    "a > 0 OR (b > 0 AND n > 0)",
    "NOT (a > 0)",
    "a IS NOT NULL",
    "ok",
    "NOT ok",
    "ok IS TRUE",
    "ok IS NOT UNKNOWN",
    "d > '2020-01-01'",
    "d >= date '2020-1-1'",
    "ts > '2020-01-01'",
    "ts > '2020-01-01 00:00+02'",
    "f > 0",
    "f > 1.5",
    "COALESCE(a, 0) > 1",
    "COALESCE(b, 0) >= 0",
    "COALESCE(s,'') <> ''",
    "a + b > 10",
    "a * 2 < 100",
    "-a < 0",
    "a % 2 = 0",
    "s IS DISTINCT FROM 'x'",
    "NULLIF(a,0) > 1",
    "CASE WHEN a > 0 THEN b > 0 ELSE true END",
    "CASE a WHEN 1 THEN s = 'x' WHEN 2 THEN s='y' END",
    "lower(s) = s",
    "upper(v) = v",
    "s ~ '^[a-z]+$'",
    "extract(year from d) > 2000",
    "a::text = '5'",
    "a = '5'",
    "s || 'x' = 'ax'",
    "greatest(a,1) = a",
    "substring(s from 1 for 2) = 'ab'",
    "position('a' in s) > 0",
    "trim(s) = s",
    "c = 'abc'",
    "round(n, 1) = n",
    "abs(a) > 0",
    "j IS NOT NULL",
    "j ->> 'x' = 'y'",
    "tags[1] = 'a'",
    "'a' = ANY(tags)",
    "a = ANY('{1,2}'::int[])",
    "a = ANY(ARRAY[1,2])",
    "u <> '00000000-0000-0000-0000-000000000000'",
    "(a > 0) = true",
    "v::text <> 'a'",
    "s::varchar(3) = 'abc'",
    "n::int > 1",
    "f::numeric > 0.5",
    "d - 1 > '2020-01-01'",
    "d + interval '1 day' > '2020-01-01'",
    "a > 1e3",
    "n > 1000000000000",
    "s > E'it''s\\\\n'",
    "a IN (1)",
    "v IN ('a')",
    "a IN (1, b)",
    "starts_with(s,'a')",
    "s <> '' AND (a > 0 AND b > 0)",
    "concat(s,'x') = 'x'",
    "i2 > 0",
    "i2 + 1 > 0",
    "f IN (1,2.5)",
    "a/2 > 1",
    "a/2.0 > 1",
    "a/2::numeric > 1",
    "cardinality(tags) > 0",
    "tags <> '{}'",
    "tags @> ARRAY['a']",
    "jsonb_typeof(j) = 'object'",
    "j ? 'a'",
    "date_trunc('day', ts, 'UTC') = ts",
    "(ts AT TIME ZONE 'UTC')::date > '2020-01-01'",
    "left(s, 2) = 'ab'",
    "s::int > 0",
    "ok = true",
    "ok = 't'",
    "n = 1.50",
    "n <= 99999999.99",
    "f < 'Infinity'",
]
# Of these the server tells our text in other words than the user's: the meaning is the same.
OTHERWISE = [
    "v IN ('a','b')",
    "v NOT IN ('a','b')",
    "i2 IN (1,2)",
    "f > 0",
    "f > 1.5",
    "CASE a WHEN 1 THEN s = 'x' WHEN 2 THEN s='y' END",
    "extract(year from d) > 2000",
    "substring(s from 1 for 2) = 'ab'",
    "position('a' in s) > 0",
    "trim(s) = s",
    "s::varchar(3) = 'abc'",
    "a > 1e3",
    "s <> '' AND (a > 0 AND b > 0)",
    "f IN (1,2.5)",
    "(ts AT TIME ZONE 'UTC')::date > '2020-01-01'",
]
DEFAULTS = [
    ("a", "5"),
    ("a", "-5"),
    ("a", "'5'"),
    ("a", "2+3"),
    ("b", "5"),
    ("b", "-5"),
    ("b", "5000000000"),
    ("i2", "1"),
    ("n", "0"),
    ("n", "1.5"),
    ("n", "'1.5'"),
    ("n", "-1.5"),
    ("n", "1.555"),
    ("n2", "1"),
    ("n2", "1.50"),
    ("s", "'x'"),
    ("s", "''"),
    ("v", "'abc'"),
    ("v", "'abc'::text"),
    ("c", "'a'"),
    ("d", "'2020-01-01'"),
    ("d", "current_date"),
    ("ts", "now()"),
    ("ts", "current_timestamp"),
    ("ts", "'2020-01-01'"),
    ("f", "1.5"),
    ("f", "1"),
    ("ok", "true"),
    ("ok", "'t'"),
    ("ok", "false"),
    ("j", "'{}'"),
    ("j", "'{\"a\": [1,2]}'"),
    ("tags", "'{}'"),
    ("tags", "ARRAY['a']"),
    ("tags", "'{a,b}'"),
    ("u", "gen_random_uuid()"),
    ("u", "'00000000-0000-0000-0000-000000000001'"),
    ("s", "NULL"),
    ("a", "NULL"),
    ("s", "'a' || 'b'"),
    ("s", "upper('x')"),
    ("s", "5"),
    ("a", "'5'::int"),
    ("s", "now()::text"),
    ("f", "-0.5"),
    ("n", "5/2"),
    ("n", "5::numeric/2"),
    ("f", "random()"),
    ("b", "(1+1)::bigint"),
    ("d", "date '2020-01-02'"),
    ("ts", "localtimestamp"),
]


@pytest.fixture
def server(postgres_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(postgres_url, autocommit=True) as raw:
        raw.execute("SET TimeZone = 'UTC'")
        raw.execute(f"CREATE TABLE t ({', '.join(f'{name} {type_}' for name, type_ in COLUMNS.items())})")
        yield raw


def told(server: psycopg.Connection, condition: str) -> str:
    """What the server says of a CHECK."""
    server.execute(f"ALTER TABLE t ADD CONSTRAINT k CHECK ({condition})".encode())
    found = server.execute(
        "SELECT pg_get_expr(conbin, conrelid) FROM pg_constraint WHERE conname = 'k'"
    ).fetchone()
    server.execute("ALTER TABLE t DROP CONSTRAINT k")
    assert found is not None
    return str(found[0])


def told_default(server: psycopg.Connection, column: str, default: str) -> str | None:
    server.execute(f"ALTER TABLE t ALTER {column} DROP DEFAULT".encode())
    server.execute(f"ALTER TABLE t ALTER {column} SET DEFAULT {default}".encode())
    found = server.execute(
        "SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum WHERE attname = %s",
        (column,),
    ).fetchone()
    return None if found is None else str(found[0])


@pytest.mark.postgres
def test_the_server_and_the_user_say_the_same(server: psycopg.Connection) -> None:
    for condition in CONDITIONS:
        said = told(server, condition)
        one = canonical(condition, KNOWN)
        assert canonical(said, KNOWN) == one, f"{condition}\n{said}"
        assert canonical(one, KNOWN) == one
        # The text means the condition: the server reads the same tree in both.
        assert (told(server, one) == said) != (condition in OTHERWISE), f"{condition}\n{one}"


@pytest.mark.postgres
def test_defaults_too(server: psycopg.Connection) -> None:
    for name, default in DEFAULTS:
        column = next(each for each in KNOWN if each.name == name)
        said = told_default(server, name, default)
        one = canonical_default(default, column)
        assert (None if said is None else canonical_default(said, column)) == one, f"{name} {default}\n{said}"
        if one is not None:
            assert canonical_default(one, column) == one
            assert canonical_default(told_default(server, name, one) or "", column) == one


def test_what_has_no_rule_keeps_its_text() -> None:
    for text in ("my_function(a) > 0", "a > (SELECT 1 FROM other)", "nothing > 0", "a >"):
        assert canonical(text, KNOWN) == text
