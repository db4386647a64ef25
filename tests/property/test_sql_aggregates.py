"""Aggregates and windows over random groups, on a real server and on SQLite: the same values to the last bit, or a refusal."""

from __future__ import annotations

import random
from typing import Any

import psycopg
import pytest

from stepladder.errors import DatabaseError, NotPortable
from tests.fuzz.answers import shown
from tests.unit.sql.conftest import Lite

pytestmark = pytest.mark.postgres
VALUES: dict[str, list[str]] = {
    "int2": ["0", "1", "-7", "3", "32767", "-32768", "100", "12"],
    "int4": ["0", "1", "-7", "3", "2147483647", "-2147483648", "100", "12345"],
    "int8": ["5000000000", "-9223372036854775808", "9223372036854775807", "2", "0", "-1"],
    "numeric": ["0.1", "1.5", "-2.50", "3.00", "0.000123", "123456789.987654321", "12345.678", "1e-10", "7", "1e20"],
    "numeric(8,2)": ["0.1", "1.5", "-2.5", "3", "12345.67", "99.99", "0"],
    "float4": ["0.1", "-2.5", "3", "1e30", "1e-30", "3.5", "0.3"],
    "float8": ["0.1", "-2.5", "3", "1e150", "1e-300", "3.5", "0.3", "1e16", "-1e16", "7.7"],
    "bool": ["true", "false"],
    "text": ["", "abc", "Abc", "a b", "ä", "z\"\\,", "NULL", "{x}"],
    "varchar(5)": ["abc", "b", "B", ""],
    "date": ["2024-01-31", "2024-02-29", "1999-12-31", "2024-03-01"],
    "timestamp": ["2024-01-31 23:59:59.5", "2024-10-27 02:30:00", "2024-03-31 02:30:00"],
    "timestamptz": ["2024-03-31 01:00:00+00", "2024-02-29 12:34:56.789123+02", "2024-01-01+00"],
    "interval": ["1 day", "30 minutes", "-1 day 02:00:00", "1 mon", "2 years 3 mons 5 days 01:02:03.5", "00:00:00.000001"],
    "uuid": ["00000000-0000-0000-0000-000000000001", "f0000000-0000-0000-0000-000000000001"],
    "bytea": ["\\x00ff", "\\x", "\\x61"],
    "int4[]": ["{1,2}", "{}", "{1,NULL}", "{1}", "{-3,4,5}"],
    "text[]": ["{a,b}", "{}", "{\"a b\",NULL}"],
}  # fmt: skip
GROUPED = [
    *("count(x)", "count(DISTINCT x)", "sum(x)", "avg(x)", "min(x)", "max(x)", "sum(DISTINCT x)", "avg(DISTINCT x)"),
    *("bool_and(x)", "bool_or(x)", "every(x)", "bit_and(x)", "bit_or(x)", "bit_xor(x)"),
    *("array_agg(x ORDER BY n)", "array_agg(x ORDER BY x, n)", "array_agg(x ORDER BY x DESC, n)"),
    *("array_agg(x ORDER BY x NULLS FIRST, n DESC)", "array_agg(DISTINCT x)", "array_agg(DISTINCT x ORDER BY x DESC)"),
    *("array_agg(n ORDER BY x DESC NULLS LAST, y, n) FILTER (WHERE n % 3 > 0)", "any_value(x ORDER BY n DESC)"),
    *("string_agg(x::text, ',' ORDER BY n)", "string_agg(DISTINCT x::text, '; ' ORDER BY x::text DESC, '; ')"),
    *("jsonb_agg(x ORDER BY n)", "jsonb_agg(DISTINCT x)", "json_agg(x ORDER BY x DESC, n)", "json_object_agg(n, x ORDER BY n)"),
    *("jsonb_object_agg(x, n ORDER BY n)", "jsonb_object_agg(x, y ORDER BY n) FILTER (WHERE x IS NOT NULL)"),
    *("string_agg(x, n::text ORDER BY n)", "string_agg(DISTINCT x, ',')", "string_agg(x, '\\x2c' ORDER BY n DESC)"),
    *("stddev(x)", "stddev_pop(x)", "variance(x)", "var_pop(x)", "var_samp(x)", "stddev_samp(x)"),
    *("corr(x, y)", "covar_pop(x, y)", "covar_samp(x, y)", "regr_slope(y, x)", "regr_intercept(x, y)", "regr_r2(x, y)"),
    *("regr_avgx(x, y)", "regr_avgy(x, y)", "regr_sxx(x, y)", "regr_syy(x, y)", "regr_sxy(x, y)", "regr_count(x, y)"),
    *("percentile_cont(0.5) WITHIN GROUP (ORDER BY x)", "percentile_cont(0.9) WITHIN GROUP (ORDER BY x DESC)"),
    *("percentile_cont(ARRAY[0, 0.25, NULL, 1]) WITHIN GROUP (ORDER BY x)", "mode() WITHIN GROUP (ORDER BY x)"),
    *("percentile_disc(0.5) WITHIN GROUP (ORDER BY x)", "percentile_disc(ARRAY[0.1, 0.75]) WITHIN GROUP (ORDER BY x)"),
    *("percentile_disc(1.5) WITHIN GROUP (ORDER BY x)", "percentile_cont(NULL) WITHIN GROUP (ORDER BY x)"),
    *("rank({v}) WITHIN GROUP (ORDER BY x)", "dense_rank({v}, 3) WITHIN GROUP (ORDER BY x DESC, n)"),
    *("percent_rank({v}) WITHIN GROUP (ORDER BY x)", "cume_dist({v}) WITHIN GROUP (ORDER BY x NULLS FIRST)"),
    *("sum(x) FILTER (WHERE n > 1000)", "string_agg(x::text, ',' ORDER BY n) FILTER (WHERE n > 1000)"),
]  # fmt: skip
WINDOWS = [
    *("row_number()", "rank()", "dense_rank()", "percent_rank()", "cume_dist()", "ntile(3)", "ntile(0)", "count(*)"),
    *("lag(x)", "lag(x, 2)", "lead(x, 1, x)", "lag(x, 0)", "lag(x, -1)", "lag(x, NULL)", "first_value(x)", "last_value(x)"),
    *("nth_value(x, 2)", "nth_value(x, 0)", "count(x)", "sum(x)", "avg(x)", "min(x)", "max(x)", "stddev(x)", "var_pop(x)"),
    *("array_agg(x)", "string_agg(x::text, '|')", "jsonb_agg(x)", "jsonb_object_agg(n, x)", "corr(x, y)", "any_value(x)"),
    *("regr_count(x, y)", "bool_or(x)", "bit_xor(x)", "sum(x) FILTER (WHERE n % 2 = 0)", "array_agg(x) FILTER (WHERE n > 9)"),
]  # fmt: skip
OVERS = [
    "(ORDER BY n)",
    "(PARTITION BY g ORDER BY n DESC)",
    "(PARTITION BY g ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)",
    "(ORDER BY g, n ROWS BETWEEN 2 PRECEDING AND 1 FOLLOWING)",
    "(ORDER BY n ROWS BETWEEN 3 PRECEDING AND 2 PRECEDING)",
    "(ORDER BY n ROWS BETWEEN 1 PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE CURRENT ROW)",
    "(ORDER BY n DESC RANGE BETWEEN 3 PRECEDING AND CURRENT ROW EXCLUDE GROUP)",
    "(ORDER BY n ROWS -1 PRECEDING)",
    "(PARTITION BY g ORDER BY n ROWS BETWEEN 1 FOLLOWING AND 2 FOLLOWING)",
]
# Rows that are equal come in any order: here it makes no difference.
TIED = [
    "count(*)",
    "count(x)",
    "min(n)",
    "max(n)",
    "sum(n)",
    "avg(n)",
    "rank()",
    "dense_rank()",
    "percent_rank()",
    "bit_xor(n)",
]
TIED_OVERS = [
    "(PARTITION BY g)",
    "()",
    "(ORDER BY x)",
    "(ORDER BY x DESC NULLS LAST)",
    "(PARTITION BY g ORDER BY x NULLS FIRST)",
    "(ORDER BY g GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW EXCLUDE TIES)",
    "(ORDER BY x GROUPS BETWEEN 2 PRECEDING AND 1 PRECEDING)",
    "(ORDER BY g RANGE BETWEEN 1 PRECEDING AND 1 FOLLOWING)",
]
# RANGE over the values themselves, by what a distance between them is.
DISTANCES = {
    **dict.fromkeys(("int2", "int4"), ("3", "0", "1000")),
    **dict.fromkeys(("numeric(8,2)",), ("1.5", "0", "100")),
    **dict.fromkeys(("date", "timestamp", "timestamptz"), ("'1 day'", "'30 days 12:00'", "'1 mon'")),
    "interval": ("'1 day'", "'40 days'"),
}


def rows(draw: random.Random, type_: str, count: int) -> str:
    """VALUES of (group, number, value, another number); every fifth value is NULL."""
    found = []
    for number in range(count):
        text = draw.choice(VALUES[type_]).replace("'", "''")
        value = "NULL" if draw.random() < 0.2 else f"'{text}'"
        found.append(f"({draw.randint(1, 6)}, {number}, {value}::{type_}, {draw.randint(-4, 4)}::float8 / 3)")
    return ", ".join(found)


def on_server(server: psycopg.Connection[Any], sql: str) -> Any:
    try:
        cursor = server.execute(sql.encode())
        return [tuple(map(deep, row)) for row in cursor.fetchall()]
    except psycopg.Error as error:
        return error.sqlstate


def on_sqlite(lite: Lite, sql: str) -> Any:
    try:
        return [tuple(map(deep, row)) for row in lite.run(sql).rows]
    except NotPortable as error:
        return error
    except DatabaseError as error:
        return error.sqlstate


def deep(value: Any) -> Any:
    return [shown(each) for each in value] if isinstance(value, list) else shown(value)


SHARES = [pytest.param(8, id="some"), pytest.param(1, id="all", marks=pytest.mark.long)]


def some(statements: list[str], share: int) -> list[str]:
    """One statement of `share`."""
    return random.Random(statements[0]).sample(statements, len(statements) // share)


def differences(server: psycopg.Connection[Any], lite: Lite, statements: list[str]) -> tuple[list[Any], int]:
    """What differs, and how many gave the same rows."""
    wrong, answered = [], 0
    for sql in statements:
        truth, found = on_server(server, sql), on_sqlite(lite, sql)
        answered += truth == found and isinstance(truth, list)
        if truth != found and not isinstance(found, NotPortable):
            wrong.append((sql, truth, found))
    return wrong, answered


@pytest.fixture
def server(postgres_url: str) -> Any:
    with psycopg.connect(postgres_url, autocommit=True, options="-c timezone=UTC") as found:
        yield found


def fill(server: psycopg.Connection[Any], lite: Lite, type_: str, count: int) -> None:
    """A table t of random rows on both."""
    create = f"CREATE TEMPORARY TABLE t (g int, n int, x {type_}, y float8)"
    insert = f"INSERT INTO t VALUES {rows(random.Random(type_), type_, count)}"
    for sql in (create, insert):
        server.execute(sql.encode())
        lite.run(sql)


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("type_", VALUES)
def test_groups(server: psycopg.Connection[Any], type_: str, share: int) -> None:
    lite = Lite()
    fill(server, lite, type_, 40)
    value = "'{}'::{}".format(VALUES[type_][0].replace("'", "''"), type_)
    calls = [call.replace("{v}", value) for call in GROUPED]
    # psycopg makes a month 30 days: a text keeps them apart.
    calls = [f"({call})::text" if type_ == "interval" else call for call in calls]
    statements = [f"SELECT g, {call} FROM t GROUP BY g ORDER BY g" for call in calls]
    statements += [f"SELECT {call} FROM t WHERE n < 0" for call in calls]
    wrong, answered = differences(server, lite, some(statements, share))
    assert wrong == []
    assert answered > 15 / share - 1


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize(
    "type_", ["int4", "int8", "numeric", "numeric(8,2)", "float8", "text", "date", "timestamptz", "bool"]
)
def test_windows(server: psycopg.Connection[Any], type_: str, share: int) -> None:
    lite = Lite()
    fill(server, lite, type_, 25)
    statements = [f"SELECT n, {call} OVER {over} FROM t ORDER BY n" for call in WINDOWS for over in OVERS]
    statements += [f"SELECT n, {call} OVER {over} FROM t ORDER BY n" for call in TIED for over in TIED_OVERS]
    wrong, answered = differences(server, lite, some(statements, share))
    assert wrong == []
    assert answered > 100 / share


@pytest.mark.parametrize("type_", DISTANCES)
def test_ranges(server: psycopg.Connection[Any], type_: str) -> None:
    lite = Lite()
    fill(server, lite, type_, 25)
    frames = [f"BETWEEN {each} PRECEDING AND {each} FOLLOWING" for each in DISTANCES[type_]]
    frames += [f"{each} PRECEDING" for each in DISTANCES[type_]]
    frames += [f"BETWEEN {DISTANCES[type_][0]} FOLLOWING AND UNBOUNDED FOLLOWING"]
    statements = [
        f"SELECT n, count(*) OVER (ORDER BY x {way} RANGE {frame}) FROM t ORDER BY n"
        for frame in frames
        for way in ("", "DESC", "NULLS FIRST", "DESC NULLS LAST")
    ]
    wrong, answered = differences(server, lite, statements)
    assert wrong == []
    assert answered > 15
