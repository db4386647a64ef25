"""frame: the values of query, exactly, as pandas, polars and Arrow; the same types on every engine."""

from __future__ import annotations

import json
import math
import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import stepladder as sl
from stepladder.db import Database, Session
from stepladder.errors import (
    AmbiguousColumn,
    DivisionByZero,
    InvalidDatetime,
    NotPortable,
    NumericOutOfRange,
    ParameterError,
    StatementCanceled,
    TransactionDead,
    UndefinedColumn,
    UsageError,
)

TYPES = {
    "small": "smallint", "whole": "integer", "big": "bigint", "single": "real", "double": "double precision",
    "yes": "boolean", "note": "text", "short": "varchar(20)", "padded": "char(5)", "day": "date", "clock": "time",
    "local": "timestamp", "at": "timestamptz", "span": "interval", "id": "uuid", "doc": "jsonb", "raw": "bytea",
    "price": "numeric(12,2)", "ratio": "numeric(38,20)", "amount": "numeric", "counts": "integer[]", "words": "text[]",
    "moments": "timestamptz[]", "ids": "uuid[]", "prices": "numeric(10,3)[]",
}  # fmt: skip
ARROW = {
    "small": pa.int16(), "whole": pa.int32(), "big": pa.int64(), "single": pa.float32(), "double": pa.float64(),
    "yes": pa.bool_(), "note": pa.string(), "short": pa.string(), "padded": pa.string(), "day": pa.date32(),
    "clock": pa.time64("us"), "local": pa.timestamp("us"), "at": pa.timestamp("us", "UTC"),
    "span": pa.month_day_nano_interval(), "id": pa.uuid(), "doc": pa.json_(), "raw": pa.binary(),
    "price": pa.decimal128(12, 2), "ratio": pa.decimal128(38, 20), "counts": pa.list_(pa.int32()),
    "words": pa.list_(pa.string()), "moments": pa.list_(pa.timestamp("us", "UTC")), "ids": pa.list_(pa.uuid()),
}  # fmt: skip
PANDAS = {
    "small": "int16[pyarrow]", "whole": "int32[pyarrow]", "big": "int64[pyarrow]", "single": "float[pyarrow]",
    "double": "double[pyarrow]", "yes": "bool[pyarrow]", "note": "string[pyarrow]", "short": "string[pyarrow]",
    "padded": "string[pyarrow]", "day": "date32[day][pyarrow]", "clock": "time64[us][pyarrow]", "local": "datetime64[us]",
    "at": "datetime64[us, UTC]", "span": "timedelta64[us]", "id": "object", "doc": "object", "raw": "binary[pyarrow]",
    "price": "decimal128(12, 2)[pyarrow]", "ratio": "decimal128(38, 20)[pyarrow]",
    "counts": "list<item: int32>[pyarrow]",
}  # fmt: skip
A_UUID = UUID("6f1c4c0e-9f3c-4a7b-8a1f-2c3d4e5f6a7b")
FULL = {
    "small": -32768, "whole": 2**31 - 1, "big": 2**53 + 1, "single": 1.5, "double": -0.1, "yes": True,
    "note": 'line\nbreak, "quoted" \\ \t\r é 🚀', "short": "it's", "padded": "ab", "day": date(1, 1, 1),
    "clock": time(23, 59, 59, 999999),
    "local": datetime.fromisoformat("9999-12-31 23:59:59.999999"),
    "at": datetime(1969, 12, 31, 23, 59, 59, 1, tzinfo=UTC), "span": timedelta(days=-3, hours=5, microseconds=7),
    "id": A_UUID, "doc": {"a": [1, None, {"é": "x"}], "b": 1.5}, "raw": b"\x00\xff\\x", "price": Decimal("-1234567890.12"),
    "ratio": Decimal("123456789012345678.00000000000000000001"), "amount": Decimal("1.50"), "counts": [1, None, -3],
    "words": ["", "a,b", None, 'q"'], "moments": [datetime(2026, 1, 1, tzinfo=UTC), None], "ids": [A_UUID, None],
    "prices": [Decimal("0.001"), None],
}  # fmt: skip
PLAIN = {
    "small": 0, "whole": 0, "big": -(2**63), "single": 0.0, "double": 1e300, "yes": False, "note": "", "short": "",
    "padded": "", "day": date(9999, 12, 31), "clock": time(0),
    "local": datetime.fromisoformat("0001-01-01"),
    "at": datetime(2026, 3, 29, 1, 30, tzinfo=UTC), "span": timedelta(), "id": UUID(int=0), "doc": [], "raw": b"",
    "price": Decimal(0), "ratio": Decimal(0), "amount": Decimal("-100000000000000000000"), "counts": [], "words": [],
    "moments": [], "ids": [], "prices": [Decimal(1), Decimal("-9999999.999")],
}  # fmt: skip
NULLS = dict.fromkeys(TYPES)
SELECT = "SELECT * FROM everything ORDER BY place"

SLOW = (
    "WITH d AS (SELECT n FROM (VALUES (1), (2), (3), (4), (5), (6), (7), (8), (9), (10)) AS v(n))"
    " SELECT count(*) AS n FROM d a, d b, d c, d e, d f, d g, d h, d i, d j"
)

Read = Callable[[Any], list[tuple[Any, ...]]]


@pytest.fixture
def everything(db: Database) -> Database:
    columns = ", ".join(f"{name} {type_}" for name, type_ in TYPES.items())
    db.execute(f"CREATE TABLE everything (place int, {columns})")
    insert(db, [FULL, NULLS, PLAIN])
    return db


def insert(session: Session, rows: list[dict[str, Any]]) -> None:
    session.load([{"place": place, **row} for place, row in enumerate(rows, 1)], "everything", mode="append")


# -- each kind's values as query gives them
def plain(value: Any) -> Any:
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, pa.MonthDayNano):
        assert value.months == 0
        return timedelta(days=value.days, microseconds=value.nanoseconds // 1000)
    return value


def arrow_values(table: pa.Table) -> list[tuple[Any, ...]]:
    columns = []
    for field in table.schema:
        values = [plain(value) for value in table[field.name].to_pylist()]
        if field.type == pa.json_():
            values = [None if text is None else json.loads(text) for text in values]
        columns.append(values)
    return list(zip(*columns, strict=True))


def pandas_value(value: Any) -> Any:
    if value is pd.NA or value is pd.NaT or value is None:
        return None
    if isinstance(value, pd.Timestamp):
        return value.to_pydatetime()
    if isinstance(value, pd.Timedelta):
        return value.to_pytimedelta()
    return value.item() if hasattr(value, "item") and not isinstance(value, list) else value


def pandas_values(frame: pd.DataFrame) -> list[tuple[Any, ...]]:
    columns = [[pandas_value(value) for value in frame[name].array] for name in frame.columns]
    return list(zip(*columns, strict=True))


def polars_values(frame: pl.DataFrame) -> list[tuple[Any, ...]]:
    columns = []
    for name in frame.columns:
        values = frame[name].to_list()
        if name == "doc":
            values = [None if text is None else json.loads(text) for text in values]
        if name == "id":
            values = [None if text is None else UUID(text) for text in values]
        columns.append(
            [[each_uuid(each) for each in value] if name == "ids" and value else value for value in values]
        )
    return list(zip(*columns, strict=True))


def each_uuid(value: Any) -> Any:
    return None if value is None else UUID(value)


READ: dict[str, Read] = {"arrow": arrow_values, "pandas": pandas_values, "polars": polars_values}
KINDS = pytest.mark.parametrize("kind", list(READ))


# -- values
@KINDS
def test_values_are_those_of_query(everything: Database, kind: str) -> None:
    expected = everything.query(SELECT).tuples()
    assert len(expected) == 3
    assert READ[kind](everything.frame(SELECT, kind=kind)) == expected
    assert READ[kind](everything.query(SELECT).frame(kind)) == expected
    with everything.transaction() as tx:
        assert READ[kind](tx.frame(SELECT, kind=kind)) == expected
    with everything.stream(SELECT, batch_rows=2) as stream:
        assert arrow_values(stream.arrow().read_all()) == expected


def test_arrow_types_are_exact(everything: Database) -> None:
    empty = "SELECT * FROM everything WHERE false"
    for sql in (SELECT, empty, "SELECT * FROM everything WHERE note IS NULL"):
        schema = everything.frame(sql, kind="arrow").schema
        assert {name: schema.field(name).type for name in ARROW} == ARROW
        assert everything.query(sql).frame("arrow").schema == schema
        with everything.stream(sql) as stream:
            schema = stream.arrow().read_all().schema
        assert {name: schema.field(name).type for name in ARROW} == ARROW
    assert everything.frame(empty, kind="arrow").num_rows == 0


def test_pandas_types_do_not_hang_on_the_values(everything: Database) -> None:
    for sql in (
        SELECT,
        "SELECT * FROM everything WHERE false",
        "SELECT * FROM everything WHERE note IS NULL",
    ):
        dtypes = everything.frame(sql).dtypes
        assert {name: str(dtypes[name]) for name in PANDAS} == PANDAS


def test_polars_types(everything: Database) -> None:
    schema = everything.frame("SELECT * FROM everything WHERE false", kind="polars").schema
    assert schema["big"] == pl.Int64
    assert schema["at"] == pl.Datetime("us", "UTC")
    assert schema["price"] == pl.Decimal(12, 2)
    assert schema["span"] == pl.Duration("us")
    assert schema["id"] == schema["doc"] == pl.String
    assert schema["ids"] == pl.List(pl.String)


def test_integers_beyond_doubles_stay_exact_beside_nulls(db: Database) -> None:
    sql = "SELECT * FROM (VALUES (9007199254740993::bigint), (NULL), (-9223372036854775808)) AS v(n)"
    assert db.frame(sql)["n"].tolist() == [2**53 + 1, pd.NA, -(2**63)]
    assert db.frame(sql, kind="polars")["n"].to_list() == [2**53 + 1, None, -(2**63)]


@pytest.mark.postgres
def test_nan_is_no_null(postgres_url: str) -> None:
    sql = "SELECT * FROM (VALUES ('NaN'::float8), (NULL), ('Infinity')) AS v(x)"
    with sl.connect(postgres_url) as db:
        values = db.frame(sql)["x"].array
    assert math.isnan(values[0])
    assert values[1] is pd.NA
    assert values[2] == math.inf


def test_values_of_every_length_come_out_whole(db: Database) -> None:
    """Short values are gathered another way than long ones; NULLs stand between."""
    db.execute("CREATE TABLE t (n int, note text, doc jsonb, raw bytea)")
    lengths = [*range(70), 1000]
    rows = [(2 * n, "é" * n, ["x" * n], b"\xff" * n) for n in lengths] + [
        (2 * n + 1, None, None, None) for n in lengths
    ]
    db.load(rows, "t", mode="append")
    for last in (10, 118, 119, 120, 121, 122, 123, 124, 125, 126, 127, 128, 129, 130, 5000):
        sql = f"SELECT note, doc, raw FROM t WHERE n <= {last} ORDER BY n"
        assert arrow_values(db.frame(sql, kind="arrow")) == db.query(sql).tuples()


# -- numerics without a precision
def test_a_bare_numeric_gets_the_smallest_decimal(db: Database) -> None:
    sql = "SELECT * FROM (VALUES (1.5::numeric), (NULL), (-1234.25), (0.001)) AS v(x)"
    assert db.frame(sql, kind="arrow").schema.field("x").type == pa.decimal128(7, 3)
    assert arrow_values(db.frame(sql, kind="arrow")) == db.query(sql).tuples()


def test_a_bare_numeric_is_as_wide_as_all_batches_need(db: Database) -> None:
    """More rows than are decoded at a time: the widest value is in the first batch, the longest fraction in the last."""
    db.execute("CREATE TABLE t (n int, x numeric)")
    db.load([(n, Decimal(n)) for n in range(20_000)], "t", mode="append")
    db.execute("INSERT INTO t VALUES (-1, 12345678901234567890123456789), (30000, -0.0000000001)")
    table = db.frame("SELECT x FROM t ORDER BY n", kind="arrow")
    assert table.schema.field("x").type == pa.decimal256(39, 10)
    assert table["x"].to_pylist() == [row.x for row in db.query("SELECT x FROM t ORDER BY n")]
    with pytest.raises(
        NumericOutOfRange, match=r"x needs decimal256\(39, 10\), and polars holds 38.*x::numeric"
    ):
        db.frame("SELECT x FROM t ORDER BY n", kind="polars")


@pytest.mark.parametrize("value", ["NaN", "1e80", "1e-80"])
def test_a_numeric_that_no_decimal_holds_is_refused_with_the_cast(db: Database, value: str) -> None:
    for read in (db.frame, lambda sql, kind: db.query(sql).frame(kind)):
        with pytest.raises(NumericOutOfRange, match=r"column x .*x::text"):
            read(f"SELECT '{value}'::numeric AS x", kind="arrow")
    assert db.query("SELECT 1").scalar() == 1


# -- what is refused
def test_two_columns_of_one_name_are_refused(db: Database) -> None:
    for kind in READ:
        with pytest.raises(AmbiguousColumn, match="'a'"):
            db.frame("SELECT 1 AS a, 2 AS a", kind=kind)
    with pytest.raises(AmbiguousColumn):
        db.query("SELECT 1 AS a, 2 AS a").frame()


def test_a_statement_without_rows_is_refused_before_it_runs(db: Database) -> None:
    db.execute("CREATE TABLE t (a int)")
    with pytest.raises(UsageError, match=r"returns no rows.*execute"):
        db.frame("INSERT INTO t VALUES (1)")
    assert db.query("SELECT count(*) FROM t").scalar() == 0


def test_returning_gives_a_frame(db: Database) -> None:
    db.execute("CREATE TABLE t (a int)")
    assert db.frame("INSERT INTO t VALUES (1), (2) RETURNING a")["a"].tolist() == [1, 2]
    assert db.query("SELECT count(*) FROM t").scalar() == 2


@pytest.mark.postgres
@pytest.mark.parametrize(
    "value", ["time '24:00'", "date 'infinity'", "timestamptz '-infinity'", "ARRAY[[1], [2]]"]
)
def test_what_arrow_cannot_hold_is_refused_by_name(postgres_url: str, value: str) -> None:
    with sl.connect(postgres_url) as db:
        with pytest.raises((InvalidDatetime, NotPortable), match="column x"):
            db.frame(f"SELECT {value} AS x")
        assert db.query("SELECT 1").scalar() == 1


def test_an_unknown_kind_is_refused(db: Database) -> None:
    with pytest.raises(UsageError, match="one of pandas, polars, arrow, not 'spark'"):
        db.frame("SELECT 1", kind="spark")


def test_errors_are_those_of_query(db: Database) -> None:
    sql = "SELECT :a::text AS a, nothing FROM (SELECT 1 AS x) t"
    with pytest.raises(UndefinedColumn) as caught:
        db.frame(f"-- a comment\n  {sql}", a="longer than its name")
    assert caught.value.position == f"-- a comment\n  {sql}".index("nothing")
    assert "described" not in caught.value.message
    with pytest.raises(DivisionByZero):
        db.frame("SELECT 1 / (x - 1) AS y FROM (VALUES (2), (1)) AS v(x)")
    with pytest.raises(ParameterError):
        db.frame("SELECT :a::int AS a")
    assert db.query("SELECT 1").scalar() == 1


def test_comments_and_semicolons_stay_outside(db: Database) -> None:
    sql = "/* first */ SELECT 1 AS a -- a remark\n; -- the end"
    assert db.frame(sql)["a"].tolist() == [1]
    with db.stream(sql) as stream:
        assert list(stream) == [(1,)]


def test_a_frame_keeps_to_the_options(db: Database) -> None:
    hurried = db.options(statement_timeout=0.2)
    with pytest.raises(StatementCanceled):
        hurried.frame(SLOW)
    assert hurried.frame("SELECT 1 AS a")["a"].tolist() == [1]


@pytest.mark.usefixtures("signals_are_heard")
def test_ctrl_c_ends_a_frame_and_leaves_the_connection_usable(url: str) -> None:
    """While the server computes, and while it sends: its rows would take minutes."""
    many = "SELECT a.n FROM generate_series(1, 10000) AS a(n), generate_series(1, 100000) AS b(n)"
    with sl.connect(url, pool_size=1, pool_timeout=1) as db:
        for sql in (SLOW, many):
            timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
            timer.start()
            with pytest.raises(KeyboardInterrupt):
                db.frame(sql, kind="arrow")
            assert db.query("SELECT 1").scalar() == 1


# -- transactions
@KINDS
def test_a_transaction_sees_its_own_rows(everything: Database, kind: str) -> None:
    with everything.transaction() as tx:
        tx.execute("DELETE FROM everything")
        insert(tx, [PLAIN])
        frame = tx.frame(SELECT, kind=kind)
        assert READ[kind](frame) == tx.query(SELECT).tuples()
        assert len(frame) == 1
    assert len(everything.frame(SELECT)) == 1


def test_a_failed_frame_ends_its_transaction(db: Database) -> None:
    with pytest.raises(TransactionDead), db.transaction() as tx, suppress(DivisionByZero):
        tx.frame("SELECT 1 / 0 AS x")
    assert db.frame("SELECT 1 AS a")["a"].tolist() == [1]


# -- many and any values
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
DECIMALS = st.decimals(-(10**9), 10**9, places=2, allow_nan=False)
HARD: dict[str, st.SearchStrategy[Any]] = {
    "big": st.none() | st.integers(-(2**63), 2**63 - 1),
    "double": st.none() | st.floats(allow_nan=False, allow_infinity=False),
    "note": st.none() | TEXTS,
    "at": st.none() | st.datetimes(timezones=st.just(UTC)),
    "day": st.none() | st.dates(),
    "price": st.none() | DECIMALS,
    "ratio": st.none() | st.decimals(-(10**17), 10**17, places=20, allow_nan=False),
    "amount": st.none()
    | st.decimals(-(10**40), 10**40, places=12, allow_nan=False)
    | st.integers(-9, 9).map(Decimal),
    "raw": st.none() | st.binary(max_size=20),
    "id": st.none() | st.uuids(),
    "words": st.none() | st.lists(st.none() | TEXTS, max_size=4),
    "counts": st.none() | st.lists(st.none() | st.integers(-(2**31), 2**31 - 1), max_size=4),
}
ROWS = st.lists(st.fixed_dictionaries(HARD), max_size=30)


@given(rows=ROWS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_values_come_out_as_query_gives_them(everything: Database, rows: list[dict[str, Any]]) -> None:
    everything.execute("DELETE FROM everything")
    everything.load([{"place": place, **row} for place, row in enumerate(rows)], "everything", mode="append")
    sql = f"SELECT {', '.join(HARD)} FROM everything ORDER BY place"
    expected = everything.query(sql).tuples()
    assert arrow_values(everything.frame(sql, kind="arrow")) == expected
    assert arrow_values(everything.query(sql).frame("arrow")) == expected


@pytest.mark.parametrize(
    "engine", [pytest.param(name, marks=pytest.mark.postgres) for name in ("psycopg", "psycopg2")]
)
def test_an_enum_is_its_label(db: Database) -> None:
    db.script(
        "DROP TYPE IF EXISTS mood CASCADE; CREATE TYPE mood AS ENUM ('sad', 'ok');"
        "CREATE TABLE moods (id int, feels mood, felt mood[]);"
        "INSERT INTO moods VALUES (1, 'ok', '{sad,ok}'), (2, NULL, NULL)"
    )
    with db.transaction() as tx:  # the server's types are asked for inside it too
        frame = tx.frame("SELECT * FROM moods ORDER BY id", kind="arrow")
    assert frame.to_pydict() == {"id": [1, 2], "feels": ["ok", None], "felt": [["sad", "ok"], None]}
    db.script("DROP TABLE moods; CREATE TABLE nets (net inet)")
    with pytest.raises(ParameterError, match=r"Cast it in the query: column::text"):
        db.frame("SELECT * FROM nets")
