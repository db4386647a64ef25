"""load: many rows in one transaction, checked one by one; refused rows are named, and then nothing is loaded."""

# ruff: noqa: PT012 - what raises is often the end of a transaction's block, not one statement in it

from __future__ import annotations

import datetime as dt
import gzip
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import stepladder as sl
from stepladder.db import Database, LoadResult
from stepladder.errors import (
    AmbiguousColumn,
    CheckViolation,
    DatabaseError,
    ForeignKeyViolation,
    LoadError,
    MissingFile,
    ParameterError,
    UndefinedTable,
    UniqueViolation,
    UsageError,
)

FIRST = dt.datetime(2026, 3, 1, 10, 0, tzinfo=dt.UTC)
OLD = [(1, "ada", Decimal("1.50"), FIRST), (2, "bob", None, None)]


@pytest.fixture
def orders(db: Database) -> Database:
    db.execute(
        "CREATE TABLE orders (id int PRIMARY KEY, name text NOT NULL, amount numeric(10,2), at timestamptz)"
    )
    db.load(OLD, "orders", mode="append")
    return db


def content(db: Database) -> list[tuple[Any, ...]]:
    return db.query("SELECT id, name, amount, at FROM orders ORDER BY id").tuples()


def counts(result: LoadResult) -> tuple[int, int, int, int, bool]:
    return result.inserted, result.updated, result.deleted, result.rejected, result.skipped


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


# -- modes
def test_append_adds(orders: Database) -> None:
    result = orders.load([{"id": 3, "name": "eve"}], "orders", mode="append")
    assert counts(result) == (1, 0, 0, 0, False)
    assert result.seconds > 0
    assert content(orders) == [*OLD, (3, "eve", None, None)]


def test_replace_puts_the_new_rows_in_place_of_the_old(orders: Database) -> None:
    result = orders.load([{"id": 3, "name": "eve"}], "orders", mode="replace")
    assert counts(result) == (1, 0, 2, 0, False)
    assert content(orders) == [(3, "eve", None, None)]


def test_replace_by_nothing_empties_the_table(orders: Database) -> None:
    assert counts(orders.load([], "orders", mode="replace")) == (0, 0, 2, 0, False)
    assert content(orders) == []


def test_upsert_changes_what_is_there_and_adds_the_rest(orders: Database) -> None:
    rows = [{"id": 2, "name": "Bob"}, {"id": 3, "name": "eve"}]
    result = orders.load(rows, "orders", mode="upsert", key=["id"])
    assert counts(result) == (1, 1, 0, 0, False)
    assert content(orders) == [OLD[0], (2, "Bob", None, None), (3, "eve", None, None)]


def test_upsert_leaves_columns_that_are_not_given(orders: Database) -> None:
    orders.load([{"id": 1, "name": "Ada"}], "orders", mode="upsert", key=["id"])
    assert content(orders)[0] == (1, "Ada", Decimal("1.50"), FIRST)


def test_upsert_of_keys_alone(db: Database) -> None:
    db.execute("CREATE TABLE pairs (a int, b text, PRIMARY KEY (a, b))")
    db.load([(1, "x")], "pairs", mode="append")
    result = db.load([(1, "x"), (1, "y")], "pairs", mode="upsert", key=["a", "b"])
    assert result.inserted == 1
    assert db.query("SELECT a, b FROM pairs ORDER BY a, b").tuples() == [(1, "x"), (1, "y")]


def test_upsert_twice_in_one_transaction(orders: Database) -> None:
    with orders.transaction() as tx:
        for name in ("x", "y"):
            tx.load([{"id": 1, "name": name}], "orders", mode="upsert", key=["id"])
    assert content(orders)[0][1] == "y"


def test_replace_where_takes_out_what_it_finds_first(orders: Database) -> None:
    rows = [{"id": 2, "name": "Bob"}]
    result = orders.load(rows, "orders", mode="replace_where", where="id >= :low", params={"low": 2})
    assert counts(result) == (1, 0, 1, 0, False)
    assert content(orders) == [OLD[0], (2, "Bob", None, None)]


# -- what comes in
def rows_as(kind: str, folder: Path, db: Database) -> object:
    table = [("id", "name", "amount", "at"), (3, "eve", Decimal("2.25"), FIRST), (4, "it's; \\N", None, None)]
    names, *rows = table
    if kind == "dicts":
        return [dict(zip(names, row, strict=True)) for row in rows]
    if kind == "dicts with gaps":
        return [dict(zip(names, rows[0], strict=True)), {"name": "it's; \\N", "id": 4}]
    if kind == "tuples":
        return rows
    if kind == "lists":
        return [list(row) for row in rows]
    if kind == "generator":
        return iter(rows)
    if kind in ("rows", "list of rows"):
        found = db.query(
            "SELECT 3 AS id, 'eve'::text AS name, 2.25 AS amount, '2026-03-01 10:00+00'::timestamptz AS at"
            " UNION ALL SELECT 4, :name, NULL, NULL ORDER BY id",
            name="it's; \\N",
        )
        return found if kind == "rows" else found.all()
    text = "id,name,amount,at\n3,eve,2.25,2026-03-01 11:00+01\n4,it's; \\N,,\n"
    if kind.startswith("jsonl"):
        text = (
            '{"id": 3, "name": "eve", "amount": 2.25, "at": "2026-03-01T10:00:00Z"}\n'
            '{"id": 4, "name": "it\'s; \\\\N"}\n'
        )
    path = folder / f"rows.{kind}"
    path.write_bytes(gzip.compress(text.encode()) if kind.endswith(".gz") else text.encode())
    return path


KINDS = [
    "dicts", "dicts with gaps", "tuples", "lists", "generator", "rows", "list of rows", "csv", "csv.gz", "jsonl", "jsonl.gz"
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_data_loads_the_same_rows(orders: Database, tmp_path: Path, kind: str) -> None:
    result = orders.load(rows_as(kind, tmp_path, orders), "orders", mode="append")
    assert result.inserted == 2
    assert content(orders) == [*OLD, (3, "eve", Decimal("2.25"), FIRST), (4, "it's; \\N", None, None)]


@pytest.mark.parametrize("mode", ["append", "upsert"])
def test_text_arrives_as_it_was(db: Database, mode: str) -> None:
    texts = [
        "",
        " ",
        "a\tb",
        "a\nb",
        "a\r\nb",
        "\\",
        "\\.",
        "\\N",
        "NULL",
        "'",
        '"',
        "ü€𝄞",
        "\x01",
        "%s",
        ":a",
        "{}",
    ]
    db.execute("CREATE TABLE texts (id int PRIMARY KEY, text text)")
    db.load(list(enumerate(texts)), "texts", mode=mode, key=["id"])
    assert [row.text for row in db.query("SELECT text FROM texts ORDER BY id")] == texts


def test_values_of_every_type_arrive_as_they_were(db: Database) -> None:
    row = {
        "i": 2**62,
        "n": Decimal("12345678901234567890.123456789"),
        "m": Decimal("-0.01"),
        "f": 1e-300,
        "b": False,
        "d": dt.date(2026, 3, 1),
        "t": dt.time(1, 2, 3, 4),
        "ts": dt.datetime(2026, 3, 1, 1, 2, 3, 4),  # noqa: DTZ001 - it is meant to have none
        "tz": FIRST,
        "x": b"\x00\xff\\",
        "j": {"a": [1, None, "x"]},
    }
    db.execute(
        "CREATE TABLE things (i bigint, n numeric, m numeric(5,2), f double precision, b boolean, d date, t time,"
        " ts timestamp, tz timestamptz, x bytea, j jsonb)"
    )
    db.load([row], "things", mode="append")
    assert db.query("SELECT * FROM things").one().dict() == row


def test_what_a_query_returns_can_be_loaded_into_another_database(orders: Database, tmp_path: Path) -> None:
    with sl.connect("sqlite:///:memory:") as other:
        other.load(orders.query("SELECT * FROM orders ORDER BY id"), "orders", mode="append", create=True)
        assert other.query("SELECT * FROM orders ORDER BY id").tuples() == OLD


def test_more_than_one_batch(db: Database) -> None:
    db.execute("CREATE TABLE numbers (n int)")
    seen: list[tuple[int, int | None, int | None]] = []
    rows = ({"n": number} for number in range(25_000))
    result = db.load(rows, "numbers", mode="append", progress=lambda *args: seen.append(args))
    assert result.inserted == 25_000
    assert seen == [(10_000, None, None), (20_000, None, None), (25_000, None, None)]
    assert db.query("SELECT count(*), min(n), max(n) FROM numbers").one() == (25_000, 0, 24_999)


def test_a_file_says_how_far_it_has_been_read(orders: Database, tmp_path: Path) -> None:
    seen: list[tuple[int, int | None, int | None]] = []
    path = written(tmp_path / "a.csv", "id,name\n3,eve\n")
    orders.load(str(path), "orders", mode="append", progress=lambda *args: seen.append(args))
    assert seen == [(1, 14, 14)]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (5, "cannot load a int"),
        ({"id": 1}, "cannot load a dict"),
        (["ab"], "a row must be a dict or a tuple, not str"),
        ([5], "not int"),
    ],
)
def test_what_is_no_data_is_refused(orders: Database, data: object, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        orders.load(data, "orders", mode="replace")
    assert content(orders) == OLD


def test_a_file_that_is_not_there_is_refused(orders: Database, tmp_path: Path) -> None:
    with pytest.raises(MissingFile):
        orders.load(tmp_path / "none.csv", "orders", mode="replace")
    assert content(orders) == OLD


def test_two_columns_of_one_name_are_refused(orders: Database) -> None:
    rows = orders.query("SELECT 3 AS id, 'x' AS name, 'y' AS name")
    for data in (rows, rows.all()):
        with pytest.raises(AmbiguousColumn, match="name"):
            orders.load(data, "orders", mode="append")
    with pytest.raises(AmbiguousColumn, match="name"):
        orders.load(rows, "fresh", mode="append", create=True)


def test_values_of_several_kinds_load_into_a_table_that_says_the_type(orders: Database) -> None:
    rows: list[dict[str, object]] = [
        {"id": 3, "name": "x", "amount": "2.25", "at": FIRST},
        {"id": "4", "name": "y", "amount": Decimal("2.25"), "at": "2026-03-01 10:00+00"},
    ]
    orders.load(rows, "orders", mode="append")
    assert content(orders)[2:] == [(3, "x", Decimal("2.25"), FIRST), (4, "y", Decimal("2.25"), FIRST)]


# -- what was asked for
@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (
            {"mode": "overwrite"},
            "mode must be one of append, replace, upsert, replace_where, not 'overwrite'",
        ),
        ({"mode": "upsert"}, "needs key="),
        ({"mode": "upsert", "key": []}, "needs key="),
        ({"mode": "replace_where"}, "belong together"),
        ({"mode": "append", "where": "id = 1"}, "belong together"),
        ({"mode": "append", "rejects": "drop"}, 'rejects is "table"'),
    ],
)
def test_what_does_not_fit_together_is_refused(orders: Database, asked: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        orders.load([{"id": 3, "name": "x"}], "orders", **asked)
    assert content(orders) == OLD


def test_mode_has_no_default(orders: Database) -> None:
    with pytest.raises(TypeError):
        orders.load([], "orders")  # type: ignore[call-arg]


def test_params_that_where_does_not_use_are_refused(orders: Database) -> None:
    with pytest.raises(ParameterError, match="high"):
        orders.load([], "orders", mode="replace_where", where="id = :low", params={"low": 1, "high": 2})
    with pytest.raises(ParameterError, match="low"):
        orders.load([], "orders", mode="append", params={"low": 1})


def test_a_format_for_what_is_no_file_is_refused(orders: Database) -> None:
    with pytest.raises(UsageError, match="format"):
        orders.load([{"id": 3, "name": "x"}], "orders", mode="append", format="csv")


# -- the table
def test_a_table_that_is_missing_is_refused_or_made(db: Database) -> None:
    rows = [{"id": 1, "name": "ada", "amount": Decimal("1.5"), "at": FIRST, "ok": True, "none": None}]
    with pytest.raises(UndefinedTable, match="create=True"):
        db.load(rows, "fresh", mode="append")
    assert db.tables() == ()
    assert db.load(rows, "fresh", mode="append", create=True).inserted == 1
    types = {column.name: str(column.type) for column in db.table("fresh").columns}
    assert types == {
        "id": "bigint",
        "name": "text",
        "amount": "numeric",
        "at": "timestamp with time zone",
        "ok": "boolean",
        "none": "text",
    }
    assert db.load(rows, "fresh", mode="append", create=True).inserted == 1


def test_a_table_that_is_made_for_an_upsert_has_its_key(db: Database) -> None:
    for name in ("x", "y"):
        db.load([{"id": 1, "name": name}], "fresh", mode="upsert", key=["id"], create=True)
    assert db.table("fresh").keys == (("id",),)
    assert db.query("SELECT name FROM fresh").scalar() == "y"


def test_a_csv_file_makes_a_table_of_texts(db: Database, tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", 'id,"two words"\n1,x\n2,""\n')
    db.load(path, "fresh", mode="append", create=True)
    assert db.query('SELECT id, "two words" FROM fresh ORDER BY id').tuples() == [("1", "x"), ("2", "")]


def test_tuples_cannot_make_a_table(db: Database) -> None:
    for data in ([(1, 2)], []):
        with pytest.raises(UsageError, match="cannot be made"):
            db.load(data, "fresh", mode="append", create=True)


def test_whole_numbers_and_fractions_make_a_numeric_column(db: Database) -> None:
    db.load([{"n": 1}, {"n": Decimal("2.5")}], "a", mode="append", create=True)
    db.load([{"n": 1}, {"n": 2.5}], "b", mode="append", create=True)
    assert [str(db.table(name).columns[0].type) for name in ("a", "b")] == ["numeric", "double precision"]


def test_values_of_two_kinds_make_no_column(db: Database) -> None:
    with pytest.raises(ParameterError, match="several types"):
        db.load([{"n": 1}, {"n": "x"}], "fresh", mode="append", create=True)


def test_tables_in_schemas(db: Database) -> None:
    db.execute("CREATE SCHEMA app")
    db.load([{"id": 1}], "app.orders", mode="upsert", key=["id"], create=True)
    assert db.query("SELECT id FROM app.orders").scalar() == 1
    assert db.tables("app") == ("app.orders",)
    db.execute("DROP SCHEMA app CASCADE")
    assert db.tables("app") == ()


def test_unknown_columns_are_refused(orders: Database) -> None:
    with pytest.raises(LoadError, match=r"colour, size\. It has: id, name, amount, at"):
        orders.load([{"id": 3, "name": "x", "colour": 1, "size": 2}], "orders", mode="replace")
    assert content(orders) == OLD


def test_a_key_that_the_data_lacks_is_refused(orders: Database) -> None:
    with pytest.raises(LoadError, match="lacks the key column id"):
        orders.load([{"name": "x"}], "orders", mode="upsert", key=["id"])
    assert content(orders) == OLD


def test_a_key_without_an_index_is_refused(orders: Database) -> None:
    with pytest.raises(DatabaseError):
        orders.load([{"id": 3, "name": "x"}], "orders", mode="upsert", key=["name"])
    assert content(orders) == OLD


def test_twins_in_an_upsert_are_refused(orders: Database) -> None:
    rows = [{"id": number, "name": name} for number, name in ((3, "x"), (4, "y"), (3, "z"))]
    with pytest.raises(LoadError, match=r"more than one row of a key .*: .*3"):
        orders.load(rows, "orders", mode="upsert", key=["id"])
    assert content(orders) == OLD


def test_a_null_where_none_may_be_is_a_row_that_does_not_fit(orders: Database) -> None:
    rows = [{"id": 3, "name": "x"}, {"id": 4, "name": None}]
    with pytest.raises(LoadError, match="row 2, column name = None: NULL, and the column is NOT NULL"):
        orders.load(rows, "orders", mode="append")
    assert content(orders) == OLD
    assert orders.load(rows, "orders", mode="append", rejects="table").rejected == 1


@pytest.mark.parametrize("number", [1, 77])
@pytest.mark.parametrize("mode", ["append", "upsert"])
def test_a_row_that_a_constraint_refuses_is_named(db: Database, number: int, mode: str) -> None:
    db.execute("CREATE TABLE shops (id int PRIMARY KEY)")
    db.execute("INSERT INTO shops VALUES (1)")
    db.execute(
        "CREATE TABLE sales (id int PRIMARY KEY, amount int CHECK (amount > 0), shop int REFERENCES shops (id), code text UNIQUE)"
    )
    bad: list[tuple[dict[str, object], type[DatabaseError]]] = [
        ({"amount": 0}, CheckViolation),
        ({"shop": 2}, ForeignKeyViolation),
        ({"code": "0"}, UniqueViolation),
    ]
    db.execute("INSERT INTO sales VALUES (0, 1, 1, '0')")
    rows: list[dict[str, object]] = [
        {"id": place, "amount": place, "shop": 1, "code": str(place)} for place in range(1, 101)
    ]
    for wrong, found in bad:
        these = [*rows[: number - 1], rows[number - 1] | wrong, *rows[number:]]
        with pytest.raises(found, match=rf"^row {number} does not fit sales; nothing was loaded: "):
            db.load(these, "sales", mode=mode, key=["id"] if mode == "upsert" else None)
        assert db.query("SELECT count(*) FROM sales").scalar() == 1


# -- rows that do not fit
def test_a_row_that_does_not_fit_is_named(orders: Database, tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", 'id,name,amount\n3,"two\nlines",1\n4,y,abc\n5,z\n')
    with pytest.raises(LoadError) as caught:
        orders.load(path, "orders", mode="replace")
    lines = caught.value.message.splitlines()
    assert lines[0] == "2 rows do not fit orders; nothing was loaded:"
    assert lines[1].startswith("  row 2, line 4, column amount = 'abc': ")
    assert lines[2] == "  row 3, line 5: 2 fields where the header has 3"
    assert 'rejects="table"' in lines[3]
    assert content(orders) == OLD


def test_one_row_is_one_row(orders: Database) -> None:
    with pytest.raises(LoadError, match=r"^1 row does not fit orders"):
        orders.load([{"id": "x", "name": "y"}], "orders", mode="append")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("id", "abc"),
        ("id", 2**31),
        ("id", 1.5),
        ("id", True),
        ("name", 5),
        ("name", "a\0b"),
        ("amount", "1,5"),
        ("amount", Decimal("123456789.5")),
        ("at", "2026-02-30"),
        ("at", dt.datetime(2026, 3, 1)),  # noqa: DTZ001 - refused for that
    ],
)
def test_a_value_that_does_not_fit_its_column_is_refused(
    orders: Database, column: str, value: object
) -> None:
    row = {"id": 3, "name": "x", column: value}
    with pytest.raises(LoadError, match=rf"row 2, .*column {column} = "):
        orders.load(
            [{"id": 9, "name": "x", column: {"id": 9, "name": "x"}.get(column)}, row], "orders", mode="append"
        )
    assert content(orders) == OLD


def test_tuples_of_another_length_are_refused(orders: Database) -> None:
    with pytest.raises(LoadError, match="2 values for 4 columns"):
        orders.load([(3, "x", None, None), (4, "y")], "orders", mode="append")


def test_a_column_that_comes_up_late_is_refused(orders: Database) -> None:
    rows = [{"id": number, "name": "x"} for number in range(10, 1010)] + [{"id": 5, "name": "x", "amount": 1}]
    with pytest.raises(LoadError, match=r"row 1001, .*column amount"):
        orders.load(rows, "orders", mode="append")


def test_the_first_hundred_are_shown_at_once(orders: Database) -> None:
    rows = [{"id": f"no {number}", "name": "x"} for number in range(1, 251)]
    with pytest.raises(LoadError) as caught:
        orders.load(rows, "orders", mode="append")
    lines = caught.value.message.splitlines()
    assert lines[0].startswith("the first 100 rows do not fit")
    assert [line.split(",")[0] for line in lines[1:-1]] == [f"  row {number}" for number in range(1, 101)]


def test_reading_ends_with_the_hundredth(orders: Database) -> None:
    taken: list[int] = []

    def rows() -> Iterator[dict[str, object]]:
        for number in range(1_000_000):
            taken.append(number)
            yield {"id": "x", "name": "y"}

    with pytest.raises(LoadError):
        orders.load(rows(), "orders", mode="append")
    assert len(taken) <= 10_001


def test_rows_that_do_not_fit_are_kept_aside_where_that_was_asked_for(
    orders: Database, tmp_path: Path
) -> None:
    path = written(tmp_path / "a.csv", "id,name,amount\n3,x,1\n4,y,abc\n5,z\n6,w,2\n")
    result = orders.load(path, "orders", mode="append", rejects="table")
    assert counts(result) == (2, 0, 0, 2, False)
    assert [row[0] for row in content(orders)] == [1, 2, 3, 6]
    rejects = orders.query(
        'SELECT load_id, "row", line, "column", value, reason, raw FROM orders_rejects ORDER BY "row"'
    )
    assert [tuple(row)[1:5] for row in rejects] == [(2, 3, "amount", "abc"), (3, 4, None, None)]
    assert rejects[1].reason == "2 fields where the header has 3"
    assert rejects[1].raw == "5,z"
    assert len({row.load_id for row in rejects}) == 1
    orders.load(path, "orders", mode="replace", rejects="table")
    assert orders.query("SELECT count(*), count(DISTINCT load_id) FROM orders_rejects").one() == (4, 2)


def test_no_table_of_rejects_is_made_for_none(orders: Database) -> None:
    orders.load([{"id": 3, "name": "x"}], "orders", mode="append", rejects="table")
    assert orders.tables() == ("orders",)


def test_a_web_servers_log_keeps_its_rejects_aside(db: Database, tmp_path: Path) -> None:
    line = '192.0.2.1 - - [01/Mar/2026:10:00:00 +0000] "GET /a HTTP/1.1" 200 12 "-" "Mozilla/5.0"\n'
    path = written(tmp_path / "access.log", line + "nonsense\n" + line)
    result = db.load(path, "visits", mode="append", format="combined", create=True)
    assert (result.inserted, result.rejected) == (2, 1)
    assert db.query("SELECT line, raw FROM visits_rejects").one() == (2, "nonsense")


# -- once
def test_a_token_loads_once(orders: Database) -> None:
    row = [{"id": 3, "name": "x"}]
    assert counts(orders.load(row, "orders", mode="append", once="orders-1")) == (1, 0, 0, 0, False)
    assert counts(orders.load(row, "orders", mode="append", once="orders-1")) == (0, 0, 0, 0, True)
    assert len(content(orders)) == 3
    assert orders.load([{"id": 4, "name": "y"}], "orders", mode="append", once="orders-2").inserted == 1


def test_a_token_is_one_for_all_tables_of_a_target(orders: Database) -> None:
    orders.execute("CREATE TABLE other (id int)")
    orders.load([{"id": 3, "name": "x"}], "orders", mode="append", once="token")
    assert orders.load([{"id": 3}], "other", mode="append", once="token").skipped


def test_a_load_that_fails_leaves_its_token_unused(orders: Database) -> None:
    with pytest.raises(LoadError):
        orders.load([{"id": "x", "name": "x"}], "orders", mode="append", once="token")
    with pytest.raises(UniqueViolation):
        orders.load([{"id": 1, "name": "x"}], "orders", mode="append", once="token")
    assert orders.load([{"id": 3, "name": "x"}], "orders", mode="append", once="token").inserted == 1


def test_a_token_commits_with_its_transaction(orders: Database) -> None:
    with pytest.raises(ValueError, match="stop"), orders.transaction() as tx:
        tx.load([{"id": 3, "name": "x"}], "orders", mode="append", once="token")
        raise ValueError("stop")
    assert orders.load([{"id": 3, "name": "x"}], "orders", mode="append", once="token").inserted == 1


# -- readers and neighbours
@pytest.mark.parametrize("mode", ["replace", "upsert", "append"])
def test_readers_see_all_or_nothing(url: str, orders: Database, mode: str) -> None:
    seen: list[int] = []
    with sl.connect(url) as reader:

        def rows() -> Iterator[dict[str, object]]:
            for number in range(10, 20_010):
                if number % 7_000 == 0:
                    seen.append(int(reader.query("SELECT count(*) FROM orders").scalar()))
                yield {"id": number, "name": "x"}

        orders.load(rows(), "orders", mode=mode, key=["id"])
        assert seen == [2, 2]
        assert reader.query("SELECT count(*) FROM orders").scalar() == (
            20_000 if mode == "replace" else 20_002
        )


def test_views_and_indexes_stay(orders: Database) -> None:
    orders.execute("CREATE VIEW names AS SELECT name FROM orders")
    orders.execute("CREATE UNIQUE INDEX orders_name ON orders (name)")
    orders.load([{"id": 3, "name": "eve"}], "orders", mode="replace")
    assert orders.query("SELECT name FROM names").tuples() == [("eve",)]
    assert ("name",) in orders.table("orders").keys


def test_an_iterator_that_raises_loads_nothing(orders: Database) -> None:
    def rows() -> Iterator[dict[str, object]]:
        for number in range(10, 15_000):
            yield {"id": number, "name": "x"}
        raise ValueError("the source broke")

    with pytest.raises(ValueError, match="the source broke"):
        orders.load(rows(), "orders", mode="replace")
    assert content(orders) == OLD


def test_a_reader_loads_nothing(orders: Database) -> None:
    with pytest.raises(DatabaseError) as caught:
        orders.options(read_only=True).load([{"id": 3, "name": "x"}], "orders", mode="append")
    assert caught.value.sqlstate == "25006"
    assert content(orders) == OLD


# -- equal keys in the data
TWINS: list[dict[str, object]] = [
    {"id": number, "name": name} for number, name in ((3, "a"), (2, "b"), (3, "c"), (2, "d"), (3, "e"))
]


@pytest.mark.parametrize(("which", "names"), [("first", ("b", "a")), ("last", ("d", "e"))])
@pytest.mark.parametrize("mode", ["append", "upsert", "replace"])
def test_of_equal_keys_one_counts(orders: Database, mode: str, which: str, names: tuple[str, str]) -> None:
    orders.execute("DELETE FROM orders WHERE id = 2 AND :mode = 'append'", mode=mode)
    result = orders.load(TWINS, "orders", mode=mode, key=["id"], on_duplicate=which)
    updated = 1 if mode == "upsert" else 0
    deleted = 2 if mode == "replace" else 0
    assert counts(result) == (2 - updated, updated, deleted, 0, False)
    assert result.duplicates == 3
    assert [row[1] for row in content(orders) if row[0] > 1] == list(names)


def test_equal_keys_are_named_in_every_mode(orders: Database) -> None:
    for mode in ("append", "replace", "upsert"):
        with pytest.raises(LoadError, match=r"rows 1 and 5 and 1 more: id = 3"):
            orders.load(TWINS, "orders", mode=mode, key=["id"])
    for asked in ({"on_duplicate": "some", "key": ["id"]}, {"on_duplicate": "last"}):
        with pytest.raises(UsageError, match="on_duplicate"):
            orders.load(TWINS, "orders", mode="append", **asked)  # type: ignore[arg-type]
    assert content(orders) == OLD


# -- replace_where
def test_rows_outside_of_where_are_refused(orders: Database) -> None:
    rows = [{"id": 2, "name": "x"}, {"id": 1, "name": "y"}, {"id": 3, "name": None}]
    with pytest.raises(LoadError, match="row 2: outside of where: id >= :low"):
        orders.load(rows[:2], "orders", mode="replace_where", where="id >= :low", params={"low": 2})
    assert content(orders) == OLD
    result = orders.load(
        rows, "orders", mode="replace_where", where="orders.id >= :low", params={"low": 2}, rejects="table"
    )
    assert counts(result) == (1, 0, 1, 2, False)
    assert content(orders) == [OLD[0], (2, "x", None, None)]
    assert orders.query('SELECT "row", reason FROM orders_rejects ORDER BY 1').tuples() == [
        (2, "outside of where: orders.id >= :low"),
        (3, "NULL, and the column is NOT NULL"),
    ]


# -- what the table does
def test_rows_that_refer_to_each_other_come_in_any_order(db: Database) -> None:
    db.execute("CREATE TABLE staff (id int PRIMARY KEY, chief int REFERENCES staff (id))")
    rows = [{"id": number, "chief": number + 1 if number < 1_500 else None} for number in range(1, 1_501)]
    assert db.load(rows, "staff", mode="append").inserted == 1_500
    with pytest.raises(ForeignKeyViolation):
        db.load([{"id": 0, "chief": 99_999}], "staff", mode="append")


@pytest.mark.postgres
def test_triggers_types_without_rules_and_partitions(postgres_url: str) -> None:
    with sl.connect(postgres_url) as db:
        db.script(
            """CREATE TYPE mood AS ENUM ('sad', 'ok');
            CREATE TABLE notes (id int PRIMARY KEY, mood mood, ip inet, made text NOT NULL, doc json) PARTITION BY RANGE (id);
            CREATE TABLE notes_1 PARTITION OF notes FOR VALUES FROM (0) TO (100);
            CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF NEW.id = 13 THEN RAISE EXCEPTION 'no thirteen'; END IF; NEW.made := coalesce(NEW.made, 'now'); RETURN NEW; END $$;
            CREATE TRIGGER fill BEFORE INSERT ON notes FOR EACH ROW EXECUTE FUNCTION fill();"""
        )
        rows: list[dict[str, object]] = [
            {"id": number, "mood": "ok", "ip": "10.0.0.1", "made": None, "doc": {"b": 1, "a": [2]}}
            for number in range(20)
        ]
        for wrong, said in (
            ({"id": 13}, "no thirteen"),
            ({"mood": "odd"}, "enum"),
            ({"id": 500}, "no partition"),
        ):
            these = [*rows[:7], rows[7] | wrong]
            with pytest.raises(
                DatabaseError, match=f"^row 8 does not fit notes; nothing was loaded: .*{said}"
            ):
                db.load(these, "notes", mode="append")
        del rows[13]
        assert db.load(rows[:10], "notes", mode="append").inserted == 10
        result = db.load(rows, "notes", mode="upsert", key=["id"])
        assert (result.inserted, result.updated) == (9, 10)
        assert db.query("SELECT DISTINCT made, ip::text, mood::text FROM notes").one() == (
            "now",
            "10.0.0.1/32",
            "ok",
        )
