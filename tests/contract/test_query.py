"""query, execute, execute_many, script: the same words, counts and errors on every engine."""

from __future__ import annotations

from decimal import Decimal

import pytest

from stepladder.db import Database
from stepladder.errors import (
    DatabaseError,
    DivisionByZero,
    InvalidText,
    NotNullViolation,
    ParameterError,
    SqlSyntaxError,
    StatementCanceled,
    UndefinedColumn,
    UndefinedTable,
    UniqueViolation,
)

SLOW = (
    "WITH d AS (SELECT n FROM (VALUES (1), (2), (3), (4), (5), (6), (7), (8), (9), (10)) AS v(n))"
    " SELECT count(*) FROM d a, d b, d c, d e, d f, d g, d h, d i, d j"
)


@pytest.fixture
def orders(db: Database) -> Database:
    db.execute("CREATE TABLE orders (id int PRIMARY KEY, amount numeric(10,2) NOT NULL, note text)")
    db.execute("INSERT INTO orders VALUES (1, 10.50, 'a'), (2, 20.25, NULL), (3, 0, 'c')")
    return db


def count(db: Database) -> int:
    return int(db.query("SELECT count(*) FROM orders").scalar())


# -- parameters
def test_values_are_given_by_name(db: Database) -> None:
    assert db.query("SELECT :a::int + :b::int", {"a": 1}, b=2).scalar() == 3
    assert db.query("SELECT :a::text", a="it's :b").scalar() == "it's :b"
    assert db.query("SELECT :sql::int + :params::int + :self::int", sql=1, params=2, self=3).scalar() == 6


def test_one_value_may_be_used_twice(db: Database) -> None:
    assert db.query("SELECT :a::int * :a::int", a=7).scalar() == 49


def test_what_looks_like_a_parameter_is_none(db: Database) -> None:
    row = db.query("SELECT ':a' AS x, $$:b$$ AS y, 1::int AS z /* :c */ -- :d").one()
    assert row == (":a", ":b", 1)


def test_a_percent_sign_is_a_percent_sign(db: Database) -> None:
    assert db.query("SELECT 7 % 4, 'a%s' LIKE '%\\%s'").one() == (3, True)
    assert db.query("SELECT :a::int % 4, '%(a)s'", a=7).one() == (3, "%(a)s")


def test_a_missing_value_is_refused_by_name(db: Database) -> None:
    with pytest.raises(ParameterError, match="b"):
        db.query("SELECT :a::int + :b::int", a=1)


def test_an_unused_value_is_refused_by_name(db: Database) -> None:
    with pytest.raises(ParameterError, match="extra"):
        db.query("SELECT :a::int", a=1, extra=2)


def test_a_value_given_twice_is_refused(db: Database) -> None:
    with pytest.raises(ParameterError, match="given twice: a"):
        db.query("SELECT :a::int", {"a": 1}, a=2)


def test_values_by_position_are_refused(db: Database) -> None:
    for values in ([1], (1,), "x"):
        with pytest.raises(ParameterError, match="by name"):
            db.query("SELECT :a::int", values)  # type: ignore[arg-type]


def test_a_refused_statement_was_not_run(orders: Database) -> None:
    with pytest.raises(ParameterError):
        orders.execute("DELETE FROM orders WHERE id > :low", low=0, high=9)
    assert count(orders) == 3


# -- counts
def test_execute_counts_what_it_wrote(orders: Database) -> None:
    assert orders.execute("INSERT INTO orders VALUES (4, 1, NULL), (5, 1, NULL)") == 2
    assert orders.execute("UPDATE orders SET note = 'x' WHERE id >= :low", low=3) == 3
    assert orders.execute("UPDATE orders SET note = 'x' WHERE id = 99") == 0
    assert orders.execute("DELETE FROM orders WHERE id > 3") == 2
    assert orders.execute("SELECT * FROM orders") == 0
    assert orders.execute("CREATE TABLE more AS SELECT * FROM orders") == 0


def test_conflicts_that_do_nothing_are_not_counted(orders: Database) -> None:
    statement = "INSERT INTO orders VALUES (3, 1, NULL), (4, 1, NULL) ON CONFLICT (id) DO NOTHING"
    assert orders.execute(statement) == 1


def test_query_returns_what_was_written(orders: Database) -> None:
    rows = orders.query("INSERT INTO orders (id, amount) VALUES (9, 1.5) RETURNING id, amount")
    assert rows.one()["id"] == 9
    assert str(rows.one()["amount"]) == "1.50"
    assert count(orders) == 4


def test_execute_many_counts_in_all(orders: Database) -> None:
    values = [{"id": number, "amount": 1} for number in range(10, 13)]
    assert orders.execute_many("INSERT INTO orders (id, amount) VALUES (:id, :amount)", values) == 3
    assert orders.execute_many("INSERT INTO orders (id, amount) VALUES (:id, :amount)", []) == 0
    assert count(orders) == 6


def test_execute_many_is_all_or_nothing(orders: Database) -> None:
    values = ({"id": number, "amount": 1} for number in (10, 11, 1))
    with pytest.raises(UniqueViolation):
        orders.execute_many("INSERT INTO orders (id, amount) VALUES (:id, :amount)", values)
    with pytest.raises(ParameterError):
        orders.execute_many(
            "INSERT INTO orders (id, amount) VALUES (:id, :amount)", [{"id": 10, "amount": 1}, {"id": 11}]
        )
    assert count(orders) == 3


# -- scripts
def test_a_script_runs_statement_by_statement(db: Database) -> None:
    db.script(
        """
        -- a comment; with a semicolon
        CREATE TABLE t (a text);
        INSERT INTO t VALUES ('x;y');;
        INSERT INTO t SELECT a || ';' FROM t
        """
    )
    assert [row.a for row in db.query("SELECT a FROM t ORDER BY length(a)")] == ["x;y", "x;y;"]


def test_an_empty_script_does_nothing(db: Database) -> None:
    db.script("  -- nothing\n ; ")


def test_a_script_is_one_transaction(orders: Database) -> None:
    script = "INSERT INTO orders VALUES (4, 1, NULL);\nCREATE TABLE t (a int);\n\nINSERT INTO orders\nVALUES (1, 1, NULL);"
    with pytest.raises(UniqueViolation, match=r"^statement 3, line 4: "):
        orders.script(script)
    assert count(orders) == 3
    assert "t" not in orders.tables()


def test_an_error_of_a_script_keeps_its_class_and_place(db: Database) -> None:
    with pytest.raises(UndefinedTable) as caught:
        db.script("SELECT 1;\nSELECT * FROM nowhere")
    assert caught.value.message.startswith("statement 2, line 2: ")
    assert caught.value.sqlstate == "42P01"
    assert caught.value.statement == "SELECT * FROM nowhere"


def test_a_quote_that_is_not_closed_runs_nothing(db: Database) -> None:
    with pytest.raises(SqlSyntaxError):
        db.script("CREATE TABLE t (a text); INSERT INTO t VALUES ('x)")
    assert db.tables() == ()


# -- errors
@pytest.mark.parametrize(
    ("sql", "found", "sqlstate"),
    [
        ("SELECT 1 / 0", DivisionByZero, "22012"),
        ("SELEC 1", SqlSyntaxError, "42601"),
        ("SELECT * FROM nowhere", UndefinedTable, "42P01"),
        ("SELECT nothing FROM orders", UndefinedColumn, "42703"),
        ("INSERT INTO orders VALUES (1, 1, NULL)", UniqueViolation, "23505"),
        ("INSERT INTO orders (id) VALUES (9)", NotNullViolation, "23502"),
        ("SELECT 'abc'::int", InvalidText, "22P02"),
    ],
)
def test_errors_are_equal_on_every_engine(
    orders: Database, sql: str, found: type[DatabaseError], sqlstate: str
) -> None:
    with pytest.raises(found) as caught:
        orders.query(sql)
    assert type(caught.value) is found
    assert caught.value.sqlstate == sqlstate
    assert count(orders) == 3


def test_an_error_shows_its_place_in_the_statement(db: Database) -> None:
    with pytest.raises(UndefinedTable) as caught:
        db.query("SELECT 1\nFROM nowhere\nWHERE true")
    lines = caught.value.message.splitlines()
    place = next(number for number, line in enumerate(lines) if line.strip() == "^")
    assert lines[place - 1].strip() == "FROM nowhere"
    assert lines[place].index("^") == lines[place - 1].index("nowhere")
    assert caught.value.position == "SELECT 1\nFROM nowhere".index("nowhere")


def test_an_error_points_into_the_users_text_not_into_ours(db: Database) -> None:
    """The values in front of the place are longer in what is sent than in what was written."""
    sql = "SELECT :a::text AS a, nothing FROM (SELECT 1 AS x) t"
    with pytest.raises(UndefinedColumn) as caught:
        db.query(sql, a="a value that is longer than its name")
    assert caught.value.position == sql.index("nothing")


def test_an_error_does_not_show_the_values(db: Database) -> None:
    with pytest.raises(UndefinedColumn) as caught:
        db.query("SELECT nothing FROM (SELECT :token::text AS token) t", token="hush-hush")
    assert "hush-hush" not in str(caught.value)
    assert "hush-hush" not in str(caught.value.statement)


def test_only_one_statement_is_taken(orders: Database) -> None:
    with pytest.raises(DatabaseError) as caught:
        orders.execute("DELETE FROM orders WHERE id = 1; DELETE FROM orders WHERE id = 2")
    assert isinstance(caught.value, SqlSyntaxError)
    assert count(orders) == 3


# -- options
def test_a_statement_that_takes_too_long_is_canceled(db: Database) -> None:
    hurried = db.options(statement_timeout=0.2)
    with pytest.raises(StatementCanceled) as caught:
        hurried.query(SLOW)
    assert caught.value.sqlstate == "57014"
    assert hurried.query("SELECT 1").scalar() == 1
    assert db.query("SELECT 1").scalar() == 1


def test_options_hold_for_the_view_only(orders: Database) -> None:
    reader = orders.options(read_only=True)
    with pytest.raises(DatabaseError) as caught:
        reader.execute("DELETE FROM orders")
    assert caught.value.sqlstate == "25006"
    assert count(reader) == 3
    assert orders.execute("DELETE FROM orders WHERE id = 1") == 1
    assert count(reader) == 2


def test_a_view_of_a_reader_is_a_reader(url: str, orders: Database) -> None:
    import stepladder as sl

    with sl.connect(url, read_only=True) as reader, pytest.raises(DatabaseError) as caught:
        reader.options(statement_timeout=5).execute("DELETE FROM orders")
    assert caught.value.sqlstate == "25006"


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO orders VALUES (9, 1, NULL)",
        "UPDATE orders SET note = 'x'",
        "DELETE FROM orders",
        "CREATE TABLE t (a int)",
        "DROP TABLE orders",
    ],
)
def test_a_reader_writes_nothing(url: str, orders: Database, statement: str) -> None:
    import stepladder as sl

    with sl.connect(url, read_only=True) as reader:
        for attempt in (reader.execute, reader.query, reader.script):
            with pytest.raises(DatabaseError) as caught:
                attempt(statement)
            assert caught.value.sqlstate == "25006"
        with pytest.raises(DatabaseError), reader.transaction() as tx:
            tx.execute(statement)
        assert count(reader) == 3


# -- the catalogue
def test_tables_are_named_and_described(orders: Database) -> None:
    assert orders.tables() == ("orders",)
    table = orders.table("orders")
    assert table.name == "orders"
    assert table.keys == (("id",),)
    assert [(column.name, str(column.type), column.not_null) for column in table.columns] == [
        ("id", "integer", True),
        ("amount", "numeric(10,2)", True),
        ("note", "text", False),
    ]


def test_tables_of_one_schema(orders: Database) -> None:
    assert orders.tables("public") == ("orders",)
    assert orders.tables("nowhere") == ()


def test_a_table_that_is_not_there_is_refused(db: Database) -> None:
    with pytest.raises(UndefinedTable, match="nowhere"):
        db.table("nowhere")


def test_the_server_says_its_version(db: Database, engine: str) -> None:
    assert db.server().startswith("SQLite 3." if engine == "sqlite3" else "PostgreSQL 1")


@pytest.mark.parametrize("type_", ["smallint", "integer", "bigint"])
def test_a_list_of_integers_is_looked_up_in_integers_of_any_width(db: Database, type_: str) -> None:
    db.execute(f"CREATE TABLE ids (id {type_})")
    db.execute("INSERT INTO ids VALUES (1), (2), (NULL)")
    for wanted in ([1, 2, 3], [1, 2, 2**40], [1, 2, None]):
        rows = db.query("SELECT id FROM ids WHERE id = ANY(:ids) ORDER BY id", ids=wanted)
        assert [row.id for row in rows] == [1, 2]
    assert db.query("SELECT count(*) FROM ids WHERE id <> ALL(:ids)", ids=[1, 5]).scalar() == 1


def test_a_plan_is_for_the_temporary_tables_that_are_there(db: Database) -> None:
    """The same text means another table when a temporary one of the name comes, changes or goes."""
    db.execute("CREATE TABLE t (a int)")
    db.execute("INSERT INTO t VALUES (1)")
    with db.transaction() as tx:
        for _ in range(3):
            assert tx.query('SELECT * FROM t, (SELECT 1 AS b) AS "other"').tuples() == [(1, 1)]
            tx.execute("CREATE TEMP TABLE t AS SELECT 'x' AS a, 2.50 AS c")
            assert tx.query("SELECT * FROM T").tuples() == [("x", Decimal("2.50"))]
            assert tx.query(
                "SELECT a FROM public.t" if tx.server()[0] == "P" else "SELECT 1 AS a"
            ).tuples() == [(1,)]
            tx.execute("ALTER TABLE t RENAME COLUMN c TO d")
            assert [column.name for column in tx.query("SELECT * FROM T").columns] == ["a", "d"]
            assert tx.query('SELECT d FROM U&"\\0074"').tuples() == [(Decimal("2.50"),)]
            tx.execute("DROP TABLE t")
            assert tx.query("SELECT * FROM T").tuples() == [(1,)]
