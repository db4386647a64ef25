"""Where SQLite, left to itself, answers otherwise than PostgreSQL: each was a wrong answer once."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

import stepladder as sl
from stepladder.errors import DatabaseError, NotPortable, StatementCanceled


@pytest.fixture
def rows(db: sl.Database) -> sl.Database:
    db.execute(
        "CREATE TABLE pits (id int PRIMARY KEY, n numeric, p numeric(8,2), t text, v interval, f bool, x float8)"
    )
    db.execute(
        "INSERT INTO pits VALUES (1, 2, 2.00, 'a', '1 day', true, 0), (2, 2.00, 7.00, 'b', '24:00:00', false, 1.5), "
        "(3, 10, 4.00, NULL, '2 days', NULL, -1), (4, 9, NULL, 'd', '48:00:00', true, NULL)"
    )
    return db


def found(db: sl.Database, sql: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in db.query(sql)]


def first(db: sl.Database, sql: str) -> list[object]:
    return [row[0] for row in db.query(sql)]


# -- RETURNING
@pytest.mark.parametrize(
    ("write", "nulls"),
    [
        ("INSERT INTO pits (id) VALUES (9)", [True]),
        ("INSERT INTO pits (id, t) VALUES (9, 'x')", [False]),
        ("UPDATE pits SET t = NULL WHERE id = 1", [True]),
        ("UPDATE pits SET n = 3 WHERE id = 1", [False]),
        ("DELETE FROM pits WHERE id = 3", [True]),
    ],
)
def test_returning_knows_null_from_not_null(rows: sl.Database, write: str, nulls: list[bool]) -> None:
    assert first(rows, f"{write} RETURNING t IS NULL") == nulls


def test_returning_computes_with_numerics(rows: sl.Database) -> None:
    assert first(rows, "UPDATE pits SET p = p + 1 WHERE id = 1 RETURNING pits.p * 2") == [Decimal("6.00")]
    upsert = "INSERT INTO pits (id, p) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET p = excluded.p"
    assert first(rows, f"{upsert} RETURNING p - 0.5") == [Decimal("0.50")]


@pytest.mark.parametrize(
    "write",
    [
        "INSERT INTO pits (id, t) VALUES (9, '42')",
        "UPDATE pits SET t = '42' WHERE id = 1",
        "DELETE FROM pits WHERE id = 5",
    ],
)
def test_returning_compares_texts_as_texts(rows: sl.Database, write: str) -> None:
    rows.execute("INSERT INTO pits (id, t) VALUES (5, '42')")
    test = "t = '042', t < '2024-01-31', t IN ('42.0', 'x'), t BETWEEN '041' AND '043', t = '42'"
    assert found(rows, f"{write} RETURNING {test}") == [(False, False, False, False, True)]


# -- equal values of unequal text
def test_a_join_finds_equal_values_that_are_written_apart(rows: sl.Database) -> None:
    half = "(SELECT b.n / 2 AS h FROM pits a RIGHT JOIN pits b USING (id))"
    assert found(rows, f"SELECT a.id, h.h FROM pits a JOIN {half} h ON h.h * 2 = a.n ORDER BY 1, 2") != []
    assert first(rows, f"SELECT a.id FROM pits a JOIN {half} h ON a.p = h.h + 1 ORDER BY 1") == [1, 1]
    pairs = [(1, 1), (1, 2), (2, 1), (2, 2), (3, 3), (3, 4), (4, 3), (4, 4)]
    assert found(rows, "SELECT a.id, b.id FROM pits a JOIN pits b ON a.v = b.v ORDER BY 1, 2") == pairs


def test_text_of_a_value_compares_as_text(rows: sl.Database) -> None:
    assert first(rows, "SELECT id FROM pits WHERE n::text = '2'") == [1]
    assert first(rows, "SELECT n::text FROM pits ORDER BY n::text") == ["10", "2", "2.00", "9"]
    both = "(SELECT n FROM pits UNION ALL SELECT n FROM pits)"
    assert first(rows, f"SELECT DISTINCT n::text FROM {both} q ORDER BY 1") == ["10", "2", "2.00", "9"]
    assert first(rows, "SELECT v::text FROM pits ORDER BY 1 DESC") == [
        "48:00:00",
        "24:00:00",
        "2 days",
        "1 day",
    ]


def test_a_comparison_does_not_lend_its_order_to_what_depends_on_it(rows: sl.Database) -> None:
    label = "CASE WHEN n = 2 THEN '9.0' WHEN n = 10 THEN '9' ELSE '10' END"
    assert first(rows, f"SELECT {label} AS y FROM pits GROUP BY y ORDER BY y") == ["10", "9", "9.0"]
    day = "CASE WHEN n = 2 THEN '2024-01-01'::date END"
    assert first(
        rows, f"SELECT count(*) FROM (SELECT {day} FROM pits INTERSECT SELECT {day} FROM pits) q"
    ) == [2]
    assert first(rows, "SELECT concat('9.', '0', n = 3) AS y FROM pits ORDER BY y") == ["9.0f"] * 4
    lists = "SELECT CASE WHEN n = 2 THEN ARRAY[1] END FROM pits"
    assert first(rows, f"{lists} EXCEPT SELECT NULL::int[]") == [[1]]
    assert first(rows, f"SELECT DISTINCT q.* FROM ({lists}) q ORDER BY 1") == [[1], None]
    assert first(rows, "SELECT (n = 2)::text AS y FROM pits GROUP BY y ORDER BY y") == ["false", "true"]


# -- constants that become numbers
@pytest.mark.parametrize("constant", ["('false'::bool)::int", "f AND false", "(2 > 1)::int"])
def test_a_constant_is_no_position(rows: sl.Database, constant: str) -> None:
    assert first(rows, f"SELECT id FROM pits ORDER BY {constant}, id DESC")[0] in (3, 4)
    assert found(rows, f"SELECT count(*) FROM pits WHERE id = 1 GROUP BY {constant}") == [(1,)]


def test_one_group_of_what_only_a_window_adds_up(rows: sl.Database) -> None:
    assert found(rows, "SELECT sum(count(*)) OVER () FROM pits HAVING count(*) > 1") == [(Decimal(4),)]
    assert found(rows, "SELECT sum(count(*)) OVER () FROM pits HAVING count(*) > 9") == []


def test_a_value_is_named_by_its_type_as_on_a_server(db: sl.Database) -> None:
    values = {"n": Decimal("1.5"), "i": 1, "t": "x", "b": True, "a": [1], "s": timedelta(1), "o": None}
    result = db.query(
        "SELECT :n, :i, :t, :b, :a, :s, :o, (SELECT :b), CASE WHEN true THEN 1 ELSE :n END", **values
    )
    names = ["numeric", "?column?", "?column?", "bool", "int4", "interval", "?column?", "bool", "case"]
    assert [each.name for each in result.columns] == names


# -- columns of queries around
@pytest.mark.parametrize(
    ("query", "values"),
    [
        ("ARRAY(SELECT a.id FROM pits b ORDER BY 1)", [[1] * 4, [2] * 4, [3] * 4, [4] * 4]),
        ("(SELECT b.id FROM pits b ORDER BY abs(b.id - a.id - 1), b.id LIMIT 1)", [2, 3, 4, 4]),
        ("(SELECT DISTINCT a.id FROM pits b ORDER BY a.id)", [1, 2, 3, 4]),
        ("(SELECT max(b.id) + a.id FROM pits b GROUP BY a.id)", [5, 6, 7, 8]),
        ("(SELECT sum(b.id) FROM pits b GROUP BY b.f, a.id ORDER BY a.id, b.f LIMIT 1)", [2] * 4),
    ],
)
def test_a_subquery_is_ordered_and_grouped_by_outer_columns(
    rows: sl.Database, query: str, values: list[object]
) -> None:
    assert first(rows, f"SELECT {query} FROM pits a ORDER BY id") == values


# -- functions
@pytest.mark.parametrize(
    ("sql", "sqlstate"),
    [
        ("SELECT gcd((-9223372036854775808)::bigint, (-9223372036854775808)::bigint)", "22003"),
        ("SELECT width_bucket(50.0, 1, 10, 2147483647)", "22003"),
        ("SELECT ('327680' || 'x')::int2", "22003"),
        ("SELECT ('32768' || 'x')::int2", "22P02"),
        ("SELECT ('1e400' || 'x')::float8", "22003"),
        ("SELECT width_bucket(50::float8, 1, 10, 2147483647)", "22003"),
        ("SELECT make_timestamptz(2024, 13, 1, 0, 0, 0, 'nowhere')", "22008"),
        ("SELECT make_timestamptz(2024, 12, 1, 25, 0, 0, '12')", "22008"),
        ("SELECT make_timestamptz(2024, 12, 1, 2, 0, 0, 'nowhere')", "22023"),
        ("SELECT date_add('2024-01-01'::timestamptz, '1 day', 'nowhere')", "22023"),
        ("SELECT timezone('', '2024-01-01'::timestamptz)", "22023"),
        ("SELECT - '-2147483648 days'::interval", "22008"),
        ("SELECT to_char(1, '9.9.9')", "42601"),
        ("SELECT date_bin('2147483647 days', '2024-01-01'::timestamp, '1999-12-31')", "22008"),
        ("SELECT to_date('2024-01-01 25:00', 'YYYY-MM-DD HH24:MI')", "22008"),
        ("SELECT '0'::date", "22008"),
        ("SELECT '0000'::timestamp", "22008"),
        ("SELECT '2024-01-01-05'::date", "22007"),
        ("SELECT '2024-01-01-0500'::timestamptz", "22007"),
        ("SELECT exp(-746::float8)", "22003"),
        ("SELECT '12'::date", "22007"),
        ("SELECT '32767'::date", "22007"),
    ],
)
def test_errors_at_the_edges(db: sl.Database, sql: str, sqlstate: str) -> None:
    with pytest.raises(DatabaseError) as caught:
        db.query(sql)
    assert caught.value.sqlstate == sqlstate


def test_a_zone_of_posix_is_refused() -> None:
    """A server takes -7.5 for a zone of its own rules, and no offset for an unknown zone."""
    with sl.connect("sqlite:///:memory:") as db, pytest.raises(NotPortable, match="the time zone"):
        db.query("SELECT make_timestamptz(2024, 1, 7, 3, 7, 2, '-7.5')")


def test_what_sqlite_cannot_parse_is_refused_by_name() -> None:
    """It lays no error of its own before the user."""
    deep = "SELECT 1 AS x"
    for _ in range(60):
        deep = f"SELECT x FROM ({deep}) AS q WHERE x IN (SELECT x FROM ({deep if len(deep) < 200 else 'SELECT 1 AS x'}) AS r)"
    with sl.connect("sqlite:///:memory:") as db, pytest.raises(NotPortable, match="nests this deeply"):
        db.query(deep)


def test_a_wrong_escape_is_an_error_for_null_too(rows: sl.Database) -> None:
    with pytest.raises(DatabaseError) as caught:
        rows.query("SELECT substring(t, 'a', 'ab') FROM pits WHERE id = 3")
    assert caught.value.sqlstate == "22025"


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("SELECT width_bucket(5.0, 1, 10, 2147483647)", 954437177),
        (
            "SELECT width_bucket('Infinity'::numeric, 1, 3, 2) * 10 + width_bucket('-Infinity'::numeric, 3, 1, 2)",
            33,
        ),
        ("SELECT to_char(12.5, 'C99')", " 13"),
        ("SELECT width_bucket(0.0000000001, 100000000000000000000, 0, 100)", 100),
        ("SELECT 1e23::float8::text || 8.41e21::float8", "9.999999999999999e+228.409999999999999e+21"),
        ("SELECT 1.1e10::float4::text || 154742504910672534362390528::float4", "1.1000001e+101.5474251e+26"),
        ("SELECT 1375344.75::float4::text", "1.3753448e+06"),
        ("SELECT ('1e' || '1_0')::numeric::int8", 10_000_000_000),
        ("SELECT count(*) FROM (VALUES (true), (false)) AS v (b) GROUP BY (false AND b)::int", 2),
        (
            "SELECT a FROM (VALUES (1, true), (2, false)) AS v (a, b) ORDER BY (false AND b)::int, a LIMIT 1",
            1,
        ),
        ("SELECT to_char('-1 mon'::interval, 'Q') || to_char('-11 mons'::interval, 'Q')", "1-3"),
        ("SELECT to_char(12, 'c99.9')", " 12.0"),
        ("SELECT to_number('', '')", None),
        ("SELECT lpad('a', 2147483647, '')", "a"),
        ("SELECT to_date('3.00', 'IYYY-IW')::text", "0003-01-01"),
        ("SELECT to_date('2023-13-31', 'IYYY-IW-ID')::text", "2023-04-02"),
        ("SELECT to_date('13-7--1-367', 'YYYY-MM-DD-DDD')::text", "0013-07-02"),
        ("SELECT to_char(NULL::int, '9.9.9')", None),
        ("SELECT (1.5 / 'Infinity'::numeric)::text", "0"),
        ("SELECT ('NaN'::numeric % 0)::text", "NaN"),
        ("SELECT power(-2::float8, 'Infinity'::float8)::text", "Infinity"),
        ("SELECT power('-Infinity'::float8, '-Infinity'::float8)::text", "0"),
        ("SELECT make_time(1, 6, -2.5e-30)::text", "01:06:00"),
        ("SELECT regexp_substr('abc', 'b', 1, 1, '', 1)", "b"),
        ("SELECT regexp_instr('abc', 'b', 1, 1, 1, '', 1)", 3),
        ("SELECT regexp_instr('abc', '(b)', 1, 1, 0, '', 2)", 0),
        ("SELECT ('[]'::jsonb #- '{x}')::text", "[]"),
        ("SELECT ('10:00'::time - '-2147483648 days'::interval)::text", "10:00:00"),
        ("SELECT (-(0::float8))::text", "-0"),
        ("SELECT (NULL::_int4 IS NULL) AND '{1}'::_text = '{1}'::text[]", True),
        ("SELECT 2 BETWEEN SYMMETRIC 3 AND 1", True),
        ("SELECT 2 NOT BETWEEN SYMMETRIC 3 AND 1", False),
        ("SELECT length((round(3.5, 100) * trunc(3.5, 2147483647))::text)", 16386),
    ],
)
def test_values_at_the_edges(db: sl.Database, sql: str, value: object) -> None:
    assert db.query(sql).scalar() == value


def test_a_quote_behind_a_backslash_is_a_letter(db: sl.Database) -> None:
    assert db.query(r"""SELECT to_char(2, '9\"a"9"\"')""").scalar() == ' 2"a9"'
    assert db.query(r"""SELECT to_char(2, '\\9\a')""").scalar() == r"\\ 2\a"


@pytest.mark.parametrize(
    "call",
    [
        "to_timestamp('00000000-0', 'IYYY-IW')",
        "date_trunc('decade', '0005-01-01'::timestamp)",
        "date_trunc('minute', '0001-01-01'::timestamptz, 'Europe/Berlin')",
        "to_timestamp('32767', 'YYYY-MM-DD')",
        "to_date('-44-02-01', 'YYYY-MM-DD')",
        "to_date('1', 'J')",
        "to_date('9999-53-7', 'IYYY-IW-ID')",
    ],
)
def test_a_moment_before_the_first_year_is_refused_and_never_another(db: sl.Database, call: str) -> None:
    with pytest.raises(sl.Error):  # on a server: Python's drivers do not hold it
        db.query(f"SELECT {call}")


def test_the_extreme_of_a_frame(rows: sl.Database) -> None:
    frame = "OVER (ORDER BY id ROWS 1 PRECEDING)"
    assert [f"{value}" for value in first(rows, f"SELECT max(n) {frame} FROM pits ORDER BY id")] == [
        *("2", "2.00", "10", "10")
    ]
    assert first(rows, f"SELECT (min(v) {frame})::text FROM pits ORDER BY id") == [
        *("1 day", "24:00:00", "24:00:00", "48:00:00")
    ]


@pytest.mark.parametrize(
    ("call", "values"),
    [
        ("min(id)", [None, None, 3, 4]),
        ("max(n)", [None, None, 10, 9]),
        ("bool_or(id > 3)", [None, None, False, True]),
        ("every(id > 3)", [None, None, False, True]),
    ],
)
def test_the_extreme_of_a_frame_keeps_its_filter(rows: sl.Database, call: str, values: list[object]) -> None:
    sql = f"SELECT {call} FILTER (WHERE id > 2) OVER (ORDER BY id ROWS CURRENT ROW) FROM pits ORDER BY id"
    assert first(rows, sql) == values


@pytest.mark.parametrize(
    ("call", "values"),
    [
        ("lag(id, -2)", [3, 4, None, None]),
        ("lead(id, -1, 0)", [0, 1, 2, 3]),
        ("lag(id, NULL, 7)", [None] * 4),
        ("lag(id, CASE id WHEN 2 THEN NULL WHEN 3 THEN -1 ELSE 1 END, 0)", [0, None, 4, 3]),
        ("lead(id, id - 2)", [None, 2, 4, None]),
    ],
)
def test_lag_by_less_than_nothing(rows: sl.Database, call: str, values: list[object]) -> None:
    assert first(rows, f"SELECT {call} OVER (ORDER BY id) FROM pits ORDER BY id") == values


def test_a_frame_of_a_negative_parameter_is_an_error_or_refused(rows: sl.Database) -> None:
    with pytest.raises((DatabaseError, NotPortable)) as caught:
        rows.query("SELECT sum(id) OVER (ORDER BY id ROWS :k PRECEDING) FROM pits", k=None)
    assert isinstance(caught.value, NotPortable) or caught.value.sqlstate == "22004"
    with pytest.raises((DatabaseError, NotPortable)) as caught:
        rows.query("SELECT sum(id) OVER (ORDER BY id ROWS :k PRECEDING) FROM pits", k=-1)
    assert isinstance(caught.value, NotPortable) or caught.value.sqlstate == "22013"


def test_a_definition_that_takes_too_long_in_a_transaction_says_so() -> None:
    """SQLite ends the transaction itself; that its savepoint is gone is not what the user is told."""
    rows = ", ".join(f"generate_series(1, 3000) AS s{place}" for place in range(3))
    with (
        sl.connect("sqlite:///:memory:", statement_timeout=0.2) as db,
        pytest.raises(StatementCanceled),
        db.transaction() as tx,
    ):
        tx.execute(f"CREATE TABLE slow AS SELECT count(*) AS n FROM {rows}")


@pytest.mark.parametrize("value", ["'0x1p3'::float8", "'-nan'::float8", "'[0:1]={1,2}'::int[]"])
def test_spellings_that_a_server_reads_are_refused_by_name(value: str) -> None:
    with sl.connect("sqlite:///:memory:") as db, pytest.raises(NotPortable):
        db.query(f"SELECT {value}")


@pytest.mark.parametrize(
    ("text", "type_", "shown"),
    [
        ("Monday Jan 5 2024", "date", "2024-01-05"),
        ("J2460315", "date", "2024-01-05"),
        ("2024-01-05 10:00:", "timestamp", "2024-01-05 10:00:00"),
        ("2024-01-05 01:00 pm", "timestamp", "2024-01-05 13:00:00"),
        ("20240105T101112-08", "timestamptz", "2024-01-05 18:11:12+00"),
        ("2024-01-05 10:00 MET DST", "timestamptz", "2024-01-05 08:00:00+00"),
        ("10:00:", "time", "10:00:00"),
        ("3 on 2h", "interval", "02:00:03"),
        ("5 mm", "interval", "00:05:00"),
        ("P00010203T040506", "interval", "1 year 2 mons 3 days 04:05:06"),
    ],
)
def test_texts_that_are_read_all_the_same(db: sl.Database, text: str, type_: str, shown: str) -> None:
    assert db.query(f"SELECT CAST(CAST(:text AS text) AS {type_})::text", text=text).scalar() == shown


@pytest.mark.parametrize(
    ("text", "type_", "sqlstate"),
    [
        ("Monday 2024-01-05", "date", "22007"),
        ("Jan 5 2024, 13:00 PM", "date", "22008"),
        ("2024-013-01", "timestamptz", "22007"),
        ("01/05-/2024 10:00", "timestamp", "22007"),
        ("10:00 Europe/Berlin", "time", "22007"),
        ("10:00 America/Nowhere", "time", "22023"),
        ("1 day 2:03 1 millisecond", "interval", "22007"),
        ("1 day ago 2 hours", "interval", "22007"),
        ("PT1H ", "interval", "22007"),
    ],
)
def test_texts_that_only_look_like_it(db: sl.Database, text: str, type_: str, sqlstate: str) -> None:
    with pytest.raises(DatabaseError) as caught:
        db.query(f"SELECT CAST(CAST(:text AS text) AS {type_})::text", text=text)
    assert caught.value.sqlstate == sqlstate


@pytest.mark.parametrize(
    ("joined", "rows"),
    [
        ("(SELECT 5 AS n FROM t b LEFT JOIN t c ON b.a = c.a) q ON v.m = q.n", 0),
        ("(t b LEFT JOIN t c ON b.a = c.id) ON t.id = 99", 0),
        ("(t b LEFT JOIN t c ON b.a = c.id) ON t.id = 2", 3),
        ("both_sides ON t.id = 99", 0),
        ("q ON t.id = 99", 0),
        ("q ON t.id = q.id LEFT JOIN t d ON d.id = v.m", 3),
    ],
)
def test_a_condition_behind_a_right_join_is_kept(db: sl.Database, joined: str, rows: int) -> None:
    db.script(
        "CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t VALUES (1, 1), (2, 5), (3, NULL);"
        "CREATE VIEW both_sides AS SELECT b.id FROM t b LEFT JOIN t c ON b.a = c.id"
    )
    sql = f"SELECT t.id FROM (VALUES (1), (2)) v (m) RIGHT JOIN t ON v.m = t.a JOIN {joined}"
    named = f"WITH q AS (SELECT b.id FROM t b LEFT JOIN t c ON b.a = c.id) {sql}"
    assert len(db.query(named if joined.startswith("q ") else sql).all()) == rows


def test_a_write_keeps_a_condition_behind_a_right_join(db: sl.Database) -> None:
    db.script("CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t VALUES (1, 1), (2, 5), (3, NULL)")
    joined = (
        "(VALUES (1), (2)) v (m) RIGHT JOIN t ON v.m = t.a"
        " JOIN (SELECT b.id FROM t b LEFT JOIN t c ON b.a = c.id) q ON t.id = 2"
    )
    updated = db.query(f"UPDATE t u SET a = 7 FROM {joined} WHERE u.id = t.id RETURNING u.id").all()
    assert [tuple(row) for row in updated] == [(2,)]
    deleted = db.query(f"DELETE FROM t u USING {joined} WHERE u.id = t.id RETURNING u.id").all()
    assert [tuple(row) for row in deleted] == [(2,)]
