"""Values at the edges of their types: equal on every engine, or refused by name. One line a surprise that was met."""
# ruff: noqa: DTZ001 - a naive datetime is a timestamp without time zone

from __future__ import annotations

import datetime as dt
import enum
import math
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

import stepladder as sl
from stepladder.db import Database, sqlite
from stepladder.errors import (
    DatabaseError,
    DataError,
    Error,
    InvalidDatetime,
    LoadError,
    NotPortable,
    NumericOutOfRange,
    ParameterError,
    SqlSyntaxError,
    UniqueViolation,
    UsageError,
)
from stepladder.sql import parse_type

UTC = dt.UTC
LAST = dt.datetime(9999, 12, 31, 23, 59, 59, 999_999)
ODD_TEXTS = ["", "NULL", "null", '"', "\\", "{", ",", " a ", "a\nb", None]


def hours(number: float) -> dt.timezone:
    return dt.timezone(dt.timedelta(hours=number))


class Colour(str, enum.Enum):  # noqa: UP042 - that is the point
    """Its str() is not its value."""

    RED = "red"


class Odd(float):
    """As numpy's are: a float whose repr says more than the number."""

    def __repr__(self) -> str:
        return f"Odd({float(self)})"


# -- equal at the edges
@pytest.mark.parametrize(
    ("value", "found", "type_"),
    [
        (2**31 - 1, 2**31 - 1, "integer"),
        (-(2**31), -(2**31), "integer"),
        (2**31, 2**31, "bigint"),
        (-(2**63), -(2**63), "bigint"),
        (2**63, Decimal(2**63), "numeric"),
        (10**5000, Decimal(10**5000), "numeric"),
        (-(10**30000), Decimal(-(10**30000)), "numeric"),
        (Decimal("1e-300"), Decimal("1e-300"), "numeric"),
        (Decimal("1.500"), Decimal("1.500"), "numeric"),
        (Decimal("1E+5"), Decimal("100000"), "numeric"),
        (Decimal("-0.00"), Decimal("0.00"), "numeric"),
        (Decimal("sNaN"), Decimal("NaN"), "numeric"),
        (Decimal("-Infinity"), Decimal("-Infinity"), "numeric"),
        (-0.0, -0.0, "double precision"),
        (5e-324, 5e-324, "double precision"),
        (1.7976931348623157e308, 1.7976931348623157e308, "double precision"),
        (-math.inf, -math.inf, "double precision"),
        (Odd(1.5), 1.5, "double precision"),
        (Colour.RED, "red", "text"),
        ("", "", "text"),
        ("\U0001f409 \u202eabc\ufeff\uffff", "\U0001f409 \u202eabc\ufeff\uffff", "text"),
        (dt.date(1, 1, 1), dt.date(1, 1, 1), "date"),
        (dt.time(23, 59, 59, 999_999), dt.time(23, 59, 59, 999_999), "time without time zone"),
        (LAST, LAST, "timestamp without time zone"),
        (dt.datetime.max.replace(tzinfo=UTC), dt.datetime.max.replace(tzinfo=UTC), "timestamp with time zone"),
        (dt.datetime(1, 1, 1, tzinfo=hours(-1)), dt.datetime(1, 1, 1, 1, tzinfo=UTC), "timestamp with time zone"),
        (
            dt.datetime(2026, 1, 1, tzinfo=dt.timezone(dt.timedelta(microseconds=7))),
            dt.datetime(2025, 12, 31, 23, 59, 59, 999_993, tzinfo=UTC),
            "timestamp with time zone",
        ),
        (dt.timedelta.max, dt.timedelta.max, "interval"),
        (dt.timedelta.min, dt.timedelta.min, "interval"),
        (sl.Span(-13, 2, -3), sl.Span(-13, 2, -3), "interval"),
        (sl.Span(0, 1, 1), dt.timedelta(1, 0, 1), "interval"),
        (sl.Span(0, 2**31 - 1, 0), sl.Span(0, 2**31 - 1, 0), "interval"),
        (b"", b"", "bytea"),
        (memoryview(b"\0\xff\\"), b"\0\xff\\", "bytea"),
        ({}, {}, "jsonb"),
        ({"": {"a": (1, 1.0, 1e16, 1e300, 5e-324, 10**400)}}, {"": {"a": [1, 1.0, 1e16, 1e300, 5e-324, 10**400]}}, "jsonb"),
        ({"n": Decimal("1.50")}, {"n": 1.5}, "jsonb"),
        (ODD_TEXTS, ODD_TEXTS, "text[]"),
        ([sl.Span(1, 0, 0), dt.timedelta(1)], [sl.Span(1, 0, 0), dt.timedelta(1)], "interval[]"),
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_a_value_at_the_edge_comes_back(db: Database, value: object, found: object, type_: str) -> None:
    rows = db.query("SELECT :value", value=value)
    assert repr(rows.scalar()) == repr(found)
    assert str(rows.columns[0].type) == type_
    assert repr(db.query("SELECT :value", value=rows.scalar()).scalar()) == repr(found)


@pytest.mark.parametrize("value", [[], [None], [None, None]])
def test_a_list_without_values_is_typed_by_its_context(db: Database, value: list[None]) -> None:
    assert db.query("SELECT :value::date[]", value=value).scalar() == value
    assert db.query("SELECT :value", value=value).scalar() == "{" + ",".join("NULL" for _ in value) + "}"


def test_a_lists_elements_are_cast_one_by_one(db: Database) -> None:
    row = db.query(
        "SELECT :i::smallint[], :n::numeric(6,2)[], :c::char(4)[], :v::varchar(2)[], :r::real[], :t::timestamp(0)[]",
        i=[1, None], n=[1, Decimal("2.005")], c=["ab"], v=["abc"], r=[0.1], t=[dt.datetime(2026, 1, 1, 0, 0, 0, 500_000)],
    )  # fmt: skip
    assert repr(tuple(row.one())) == repr(
        ([1, None], [Decimal("1.00"), Decimal("2.01")], ["ab  "], ["ab"], [0.1], [dt.datetime(2026, 1, 1, 0, 0, 1)])
    )  # fmt: skip
    assert [str(column.type) for column in row.columns] == [
        "smallint[]", "numeric[]", "bpchar[]", "character varying[]", "real[]", "timestamp without time zone[]"
    ]  # fmt: skip


def test_a_result_tells_the_length_of_text_and_the_scale_of_numbers(db: Database) -> None:
    columns = db.query(
        "SELECT 'ab'::char(4), 'ab'::varchar(20), 1::numeric(5,2), 1::numeric(5,-2), 1::numeric, now()::timestamptz(3)"
    ).columns
    assert [str(column.type) for column in columns] == [
        "character(4)",
        "character varying(20)",
        "numeric(5,2)",
        "numeric(5,-2)",
        "numeric",
        "timestamp with time zone",
    ]


def test_json_that_is_no_object_is_bound_as_its_text(db: Database) -> None:
    for text, value in (("[1, [2.5]]", [1, [2.5]]), ('"x"', "x"), ("7", 7), ("null", None)):
        assert db.query("SELECT :text::jsonb", text=text).scalar() == value


# -- refused by name
@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("a\0b", "NUL"),
        ("a\ud800", "character 2: half of a surrogate pair"),
        (["\udfff"], "surrogate"),
        ({1: 2}, "keys are text, not int"),
        ({"a": {1}}, "a value of type set has no JSON form"),
        ({"a": math.nan}, "JSON has no number nan"),
        (dt.time(1, tzinfo=UTC), "has a time zone"),
        (dt.datetime(1, 1, 1, tzinfo=hours(1)), "outside the years 1 to 9999"),
        (object(), "a value of type object cannot be bound"),
        ({1, 2}, "a value of type set cannot be bound"),
        ([[1], [2]], "a list of lists cannot be bound"),
        ([1, "a"], "a list must hold values of one type"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_that_nothing_holds_is_refused_by_name(db: Database, value: object, said: str) -> None:
    with pytest.raises(ParameterError, match=f"^:value: .*{said}"):
        db.query("SELECT :value", value=value)


@pytest.mark.parametrize(
    ("value", "sqlstate"),
    [
        (10**140_000, "22003"),
        (Decimal("1E+999999999"), "22003"),
        (Decimal("1E-20000"), "22003"),
        ({"a": "\0"}, "22P05"),
        ({"\0": 1}, "22P05"),
        ({"a": "\ud800"}, "22P02"),
        ({"\ud800": 1}, "22P02"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_that_its_type_does_not_hold_is_a_data_error(
    db: Database, value: object, sqlstate: str
) -> None:
    with pytest.raises(DataError, match=r"^:value: ") as caught:
        db.query("SELECT :value", value=value)
    assert caught.value.sqlstate == sqlstate


def test_nan_is_refused_where_numbers_have_none(db: Database, engine: str) -> None:
    db.execute("CREATE TABLE t (v double precision)")
    if engine == "sqlite3":
        with pytest.raises(ParameterError, match="NaN"):
            db.execute("INSERT INTO t VALUES (:v)", v=math.nan)
        with pytest.raises(LoadError, match="NaN"):
            db.load([(math.nan,)], "t", mode="append")
    else:
        db.execute("INSERT INTO t VALUES (:v)", v=math.nan)
        db.load([(math.nan,)], "t", mode="append")
        assert all(math.isnan(row.v) for row in db.query("SELECT v FROM t"))


MOMENTS = [
    ("date", "infinity"),
    ("date", "0044-03-15 BC"),
    ("date", "10000-01-01"),
    ("timestamp", "-infinity"),
    ("timestamp", "0044-03-15 00:00:00 BC"),
    ("timestamptz", "infinity"),
    ("timestamptz", "10000-01-01 00:00:00+00"),
    ("time", "24:00:00"),
]


@pytest.mark.parametrize(("type_", "text"), MOMENTS)
def test_a_moment_that_python_does_not_have_names_its_column(
    db: Database, engine: str, type_: str, text: str
) -> None:
    """psycopg2 alone reads infinity as the year 9999 and 24:00 as midnight."""
    with pytest.raises(NotPortable if engine == "sqlite3" else InvalidDatetime) as caught:
        db.query(f"SELECT 1, :text::{type_} AS day", text=text)
    if engine != "sqlite3":
        assert f'row 1, column "day": {text!r}' in caught.value.message
        assert '"day"::text' in caught.value.message
        with pytest.raises(InvalidDatetime, match='row 2, column "days"'):
            db.query(
                f"SELECT NULL::{type_}[] AS days UNION ALL SELECT ARRAY[NULL, :text::{type_}]", text=text
            )
        assert db.query(f"SELECT (:text::{type_})::text", text=text).scalar() == text
    assert db.query("SELECT 1").scalar() == 1


@pytest.mark.postgres
def test_a_zone_of_a_time_of_day_is_kept(db: Database, engine: str) -> None:
    if engine == "sqlite3":
        with pytest.raises(NotPortable):
            db.query("SELECT '12:00:00+02'::timetz")
    else:
        assert db.query("SELECT '12:00:00+02'::timetz").scalar() == dt.time(12, tzinfo=hours(2))


def test_a_json_number_that_python_does_not_read_names_its_column(db: Database) -> None:
    with pytest.raises(NumericOutOfRange, match='row 1, column "doc"') as caught:
        db.query("SELECT :text::jsonb AS doc", text='{"a": 1e5000}')
    assert caught.value.sqlstate == "22003"


def test_a_statement_with_a_nul_is_not_cut_there(db: Database) -> None:
    for sql in ("SELECT 1\0 nonsense", "SELECT '\ud800'"):
        for attempt in (db.query, db.execute, db.script):
            with pytest.raises(SqlSyntaxError, match="no character of SQL"):
                attempt(sql)


# -- execute_many
INSERT = "INSERT INTO t (id, v) VALUES (:id, :v)"


@pytest.fixture
def table(db: Database) -> Database:
    db.execute("CREATE TABLE t (id int PRIMARY KEY, v text)")
    return db


@pytest.fixture
def work(engine: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What is sent to the server, or translated for SQLite."""
    seen: list[str] = []
    if engine == "sqlite3":
        translate = sqlite.translate
        monkeypatch.setattr(
            sqlite, "translate", lambda sql, *rest: (seen.append(sql), translate(sql, *rest))[1]
        )
    else:
        from stepladder.db.psycopg2 import Psycopg2Connection
        from stepladder.db.psycopg3 import PsycopgConnection

        for kind in (PsycopgConnection, Psycopg2Connection):
            send = kind._send
            monkeypatch.setattr(
                kind, "_send", lambda self, text, send=send: (seen.append(text), send(self, text))[1]
            )
    return seen


def test_many_rows_are_one_translation_and_few_round_trips(
    table: Database, work: list[str], engine: str
) -> None:
    rows = [{"id": number, "v": f"it's\n\\ {number}"} for number in range(1_000)]
    with table.transaction() as tx:
        work.clear()
        assert tx.execute_many(INSERT, rows) == 1_000
        # A savepoint and its end, and five hundred rows at a time.
        assert len(work) == (1 if engine == "sqlite3" else 4)
    assert table.query("SELECT v FROM t ORDER BY id").tuples() == [(row["v"],) for row in rows]


def test_rows_of_other_types_are_counted_too(table: Database) -> None:
    rows: list[dict[str, Any]] = [{"id": n, "v": None if n % 3 else "x"} for n in (1, 2, 3, 2**31 - 1)]
    assert table.execute_many(INSERT, iter(rows)) == 4
    assert table.execute_many(f"{INSERT} ON CONFLICT DO NOTHING", [*rows, {"id": 9, "v": "y"}]) == 1
    assert (
        table.execute_many("UPDATE t SET v = :v WHERE id < :id", [{"id": 3, "v": "a"}, {"id": 4, "v": "b"}])
        == 5
    )
    assert table.execute_many(f"{INSERT} RETURNING id", [{"id": 10, "v": "a"}, {"id": 11, "v": "b"}]) == 2
    assert table.execute_many("SELECT :id", [{"id": 1}]) == 0
    limited = table.options(statement_timeout=30)
    assert limited.execute_many(INSERT, [{"id": 12, "v": "a"}, {"id": 13, "v": "b"}]) == 2
    assert table.query("SELECT count(*) FROM t").scalar() == 9


GOOD = [{"id": number, "v": "x\ny"} for number in range(1, 700)]


@pytest.mark.parametrize(
    ("sql", "row", "kind"),
    [
        (INSERT, {"id": 5, "v": "x"}, UniqueViolation),
        (INSERT, {"id": 2**31, "v": "x"}, NumericOutOfRange),
        (INSERT, {"id": 700, "v": "\0"}, ParameterError),
        (INSERT, {"id": 700}, ParameterError),
        (INSERT, {"id": 700, "v": "x", "w": 1}, ParameterError),
        (INSERT, (700, "x"), ParameterError),
        (INSERT, {"id": "abc", "v": "x"}, DataError),
    ],
)
@pytest.mark.parametrize("timeout", [None, 30])
def test_an_error_of_many_names_its_row(
    table: Database, sql: str, row: Any, kind: type[Error], timeout: float | None
) -> None:
    with pytest.raises(kind, match=r"^row 700: ") as caught:
        table.options(statement_timeout=timeout).execute_many(sql, [*GOOD, row])
    if isinstance(caught.value, DatabaseError):
        assert caught.value.statement in (sql, None)
    assert table.query("SELECT count(*) FROM t").scalar() == 0


def test_an_error_of_many_points_into_the_statement(table: Database) -> None:
    sql = "INSERT INTO t (id, v)\nSELECT :id, :v FROM nowhere"
    with pytest.raises(DatabaseError, match=r"^row 1: ") as caught:
        table.execute_many(sql, GOOD)
    assert caught.value.position == sql.index("nowhere")
    assert caught.value.sqlstate == "42P01"


def test_a_comment_hides_no_commit(table: Database) -> None:
    with table.transaction() as tx:
        for attempt in (tx.query, tx.execute, tx.script, lambda sql: tx.execute_many(sql, [{}])):
            with pytest.raises(UsageError, match="COMMIT is not sent"):
                attempt("/* x */ -- y\n commit")  # type: ignore[operator]


# -- docs/reference/values.md
PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "values.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"^\| `([^`]+)` \| (.+?) \| (.+?) \|", PAGE, re.MULTILINE)
SAMPLES: dict[str, Any] = {
    "bool": True, "int": 5, "Decimal": Decimal("1.25"), "float": 0.5, "str": "ab", "bytes": b"\0", "dict": {"a": [1]}, "list": ["x", None],
    "date": dt.date(2026, 3, 1), "time": dt.time(1, 2), "timedelta": dt.timedelta(1, 2), "Span": sl.Span(1, 2, 3), "UUID": UUID(int=5),
}  # fmt: skip


def sample(word: str, type_: str) -> Any:
    if word != "datetime":
        return SAMPLES[word]
    return dt.datetime(2026, 3, 1, 12, tzinfo=hours(2) if type_ == "timestamptz" else None)


@pytest.mark.parametrize(("type_", "from_", "to"), SHOWN, ids=[row[0] for row in SHOWN])
def test_the_page_of_values_is_true(db: Database, type_: str, from_: str, to: str) -> None:
    db.execute(f"CREATE TABLE t (v {type_})")
    for word in re.findall(r"`(\w+)`", from_):
        value = sample(word, type_)
        assert db.execute("INSERT INTO t VALUES (:v)", v=value) == 1
        found = [db.query("SELECT v FROM t").scalar(), db.query(f"SELECT :v::{type_}", v=value).scalar()]
        assert {type(one).__name__ for one in found} <= set(re.findall(r"`(\w+)`", to))
        assert type(value).__name__ in to or word == "int"
        assert found[0] == found[1] == (value.ljust(5) if type_ == "char(5)" else value)
        db.execute("DELETE FROM t")


def test_the_page_of_values_has_every_type() -> None:
    assert [str(parse_type(type_)) for type_, _, _ in SHOWN] == [
        "smallint", "integer", "bigint", "numeric(12,2)", "numeric", "real", "double precision", "boolean", "text",
        "character varying(5)", "character(5)", "date", "time without time zone", "timestamp without time zone",
        "timestamp with time zone", "interval", "uuid", "bytea", "jsonb", "text[]",
    ]  # fmt: skip
