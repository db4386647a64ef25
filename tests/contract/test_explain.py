"""explain: the same words on every engine, what is slow is marked, what was tried is undone."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from stepladder.db import Database, Plan
from stepladder.errors import (
    DatabaseError,
    Error,
    ParameterError,
    SqlSyntaxError,
    TransactionDead,
    UndefinedColumn,
    UndefinedTable,
    UniqueViolation,
    UsageError,
)
from stepladder.sql import has_plan, is_query, parameter_names, statements

USERS = 2_000
ROWS = 12_000
FILTERED = "SELECT * FROM orders o WHERE user_id = :user"


@pytest.fixture
def small(db: Database) -> Database:
    """2,000 users and an order each; nothing was analyzed yet."""
    db.script(
        """
        CREATE TABLE users (id int PRIMARY KEY, name varchar(20) NOT NULL, country text);
        CREATE TABLE orders (id int PRIMARY KEY, user_id int NOT NULL, amount numeric(10,2), note text)
        """
    )
    db.load([(number, f"user {number}", "de") for number in range(USERS)], "users", mode="append")
    db.load([(number, number, number, f"note {number}") for number in range(USERS)], "orders", mode="append")
    return db


@pytest.fixture
def shop(small: Database) -> Database:
    """The same with 12,000 orders."""
    rows = [(number, number % USERS, number, f"note {number}") for number in range(USERS, ROWS)]
    small.load(rows, "orders", mode="append")
    return small


def count(db: Database) -> int:
    return int(db.query("SELECT count(*) FROM orders").scalar())


def reads(plan: Plan) -> list[tuple[str, str | None]]:
    return [(node.operation, node.table) for node in plan.root.walk() if node.table]


# -- what is slow
@pytest.mark.parametrize("analyze", [False, True])
def test_a_selective_filter_without_an_index_is_marked_until_it_has_one(
    shop: Database, analyze: bool
) -> None:
    plan = shop.explain(FILTERED, user=5, analyze=analyze)
    (slow,) = plan.slow
    assert (slow.node.operation, slow.node.table, slow.node.alias) == ("scan", "orders", "o")
    assert "orders" in slow.reason
    assert slow.remedy == "CREATE INDEX ON orders (user_id)"
    assert "! scan orders o" in str(plan)
    assert slow.remedy in str(plan)

    shop.execute(slow.remedy)
    shop.execute("ANALYZE orders")
    plan = shop.explain(FILTERED, user=5, analyze=analyze)
    assert plan.slow == ()
    assert "!" not in str(plan)
    found = [node for node in plan.root.walk() if node.index == "orders_user_id_idx"]
    assert found
    assert all(node.operation in ("index search", "bitmap") for node in found)


def test_the_remedy_has_the_columns_of_the_filter_equal_ones_first(shop: Database) -> None:
    plan = shop.explain("SELECT id FROM orders WHERE note >= 'a' AND note < 'b' AND user_id = :u", u=1)
    assert [slow.remedy for slow in plan.slow] == ["CREATE INDEX ON orders (user_id, note)"]
    plan = shop.explain("SELECT id FROM orders WHERE user_id IN (1, 2) AND amount + 1 > 5")
    assert [slow.remedy for slow in plan.slow] == ["CREATE INDEX ON orders (user_id)"]


def test_what_is_not_slow_is_not_marked(shop: Database) -> None:
    shop.execute("ANALYZE")
    for sql in (
        "SELECT * FROM users WHERE country = 'fr'",  # too small for an index
        "SELECT count(*) FROM orders",  # reads all of it, as it must
        "SELECT * FROM orders WHERE user_id >= 0",  # keeps too much
        "SELECT * FROM orders WHERE id = 5",
        "SELECT 1",
        "VALUES (1), (2)",
    ):
        assert shop.explain(sql).slow == (), sql


def test_a_table_read_once_for_each_row_of_another_is_marked(shop: Database) -> None:
    plan = shop.explain("SELECT u.id, (SELECT min(o.id) FROM orders o WHERE o.user_id = u.id) FROM users u")
    remedies = [slow.remedy for slow in plan.slow if slow.node.table == "orders"]
    assert remedies == ["CREATE INDEX ON orders (user_id)"]
    assert "subquery for each row" in [node.operation for node in plan.root.walk()]


def test_an_estimate_that_is_far_off_asks_for_analyze(small: Database, engine: str) -> None:
    sql = "SELECT * FROM users WHERE country = 'de'"
    plan = small.explain(sql, analyze=True)
    assert plan.rows == 2000
    if engine != "sqlite3":  # which gives no estimate of a filter's rows
        assert [slow.remedy for slow in plan.slow] == ["ANALYZE users"]
    small.execute("ANALYZE users")
    assert small.explain(sql, analyze=True).slow == ()


@pytest.mark.postgres
def test_a_sort_that_went_to_disk_is_marked(postgres_url: str) -> None:
    import stepladder as sl

    with sl.connect(postgres_url, pool_size=1) as db, db.transaction() as tx:
        tx.execute("CREATE TEMPORARY TABLE t AS SELECT md5(n::text) AS x FROM generate_series(1, 20000) n")
        tx.execute("SET LOCAL work_mem = '64kB'")
        slow = tx.explain("SELECT x FROM t ORDER BY x", analyze=True).slow
        spilled = [each for each in slow if each.node.spilled_kb]
        assert [each.node.operation for each in spilled] == ["sort"]
        tx.execute(spilled[0].remedy)
        assert not any(
            node.spilled_kb for node in tx.explain("SELECT x FROM t ORDER BY x", analyze=True).root.walk()
        )


def test_a_sort_through_a_temporary_tree_is_marked_on_sqlite(shop: Database, engine: str) -> None:
    sql = "SELECT id FROM orders ORDER BY user_id"
    slow = shop.explain(sql).slow
    if engine != "sqlite3":  # it says by analyze whether the sort was large
        assert slow == ()
        return
    assert [(each.node.operation, each.remedy) for each in slow] == [
        ("sort", "CREATE INDEX ON orders (user_id)")
    ]
    shop.execute(slow[0].remedy)
    assert shop.explain(sql).slow == ()


def test_a_foreign_key_without_an_index_is_marked_on_sqlite(shop: Database, engine: str) -> None:
    shop.execute(
        "CREATE TABLE lines (id int PRIMARY KEY, order_id int REFERENCES orders (id) ON DELETE CASCADE)"
    )
    shop.load([(number, number) for number in range(ROWS)], "lines", mode="append")
    sql = "DELETE FROM orders WHERE id = 5"
    if engine != "sqlite3":  # its plan does not say what its foreign keys do
        assert shop.explain(sql).slow == ()
        return
    assert [each.remedy for each in shop.explain(sql).slow] == ["CREATE INDEX ON lines (order_id)"]
    shop.execute("CREATE INDEX ON lines (order_id)")
    assert shop.explain(sql).slow == ()
    assert reads(shop.explain("INSERT INTO orders (id, user_id) VALUES (-1, 0)")) == [("insert", "orders")]


# -- one vocabulary
def test_the_words_are_the_same(small: Database) -> None:
    small.execute("CREATE SCHEMA shop")
    small.execute("CREATE TABLE shop.items (id int)")
    for sql, expected in (
        ("SELECT * FROM users", [("scan", "users")]),
        ("SELECT * FROM users WHERE id = 7", [("index search", "users")]),
        ("UPDATE users SET name = 'x' WHERE id = 7", [("update", "users"), ("index search", "users")]),
        ("DELETE FROM users WHERE id = 7", [("delete", "users"), ("index search", "users")]),
        ("INSERT INTO users (id, name) VALUES (-1, 'x')", [("insert", "users")]),
        ("SELECT * FROM shop.items i", [("scan", "shop.items")]),
        ("SELECT count(*) FROM shop.items", [("scan", "shop.items")]),
        (
            "INSERT INTO users (id, name) SELECT -count(*), 'x' FROM shop.items",
            [("insert", "users"), ("scan", "shop.items")],
        ),
        ("SELECT 'x' UNION ALL SELECT name FROM users", [("scan", "users")]),
    ):
        assert sorted(reads(small.explain(sql))) == sorted(expected), sql
    small.execute("DROP SCHEMA shop CASCADE")


def test_the_users_names_are_shown_not_ours(small: Database) -> None:
    sql = (
        "WITH busy AS (SELECT user_id, count(*) AS n FROM orders GROUP BY user_id)"
        " SELECT u.name, b.n FROM busy b JOIN users u ON u.id = b.user_id WHERE u.country = 'de' ORDER BY b.n"
    )
    shown = str(small.explain(sql))
    assert "users u" in shown
    assert "country = 'de'" in shown
    assert "t1" not in shown
    assert "sqlite_autoindex" not in shown


def test_a_table_behind_a_view_is_named(small: Database) -> None:
    small.execute("CREATE VIEW cheap AS SELECT id, user_id FROM orders WHERE note = 'x'")
    assert ("scan", "orders") in reads(small.explain("SELECT c.id FROM cheap c"))


def test_estimates_come_with_statistics(shop: Database) -> None:
    shop.execute("CREATE INDEX ON orders (user_id)")
    shop.execute("ANALYZE orders")
    (node,) = [each for each in shop.explain(FILTERED, user=5).root.walk() if each.table == "orders"]
    assert node.table_rows == ROWS
    assert node.rows == pytest.approx(ROWS / USERS, abs=5)


@pytest.mark.long
def test_every_query_of_the_corpus_has_a_plan(db: Database) -> None:
    """Whatever the engine runs can be explained, in one tree, without our own names."""
    data = Path(__file__).parents[1] / "data" / "sql"
    for statement in statements((data / "schema.sql").read_text()):
        if not statement.text.startswith("CREATE SEQUENCE"):
            db.execute(statement.text)
    cases = [part.split("\n", 1)[1] for file in sorted((data / "dev").glob("*.sql"))
             for part in file.read_text().split("-- name:")[1:]]  # fmt: skip
    explained = 0
    for case in cases:
        for sql in (each.text for each in statements(case) if not parameter_names(each.text)):
            try:
                db.query(sql) if is_query(sql) else db.options(read_only=True).explain(sql)
            except Error:
                continue  # one of the corpus' errors, or NotPortable
            if has_plan(sql):
                plan = db.explain(sql)
                assert not re.search(r"\bt\d|\bc\d|pg_\w+_stored|sqlite_", str(plan)), f"{sql}\n{plan}"
                assert json.loads(json.dumps(plan.to_dict()))["plan"]["number"] == 1
                explained += 1
    assert explained >= 120


# -- analyze runs it, and undoes it
def test_analyze_measures_what_it_runs(shop: Database) -> None:
    plan = shop.explain(FILTERED, {"user": 5}, analyze=True)
    assert plan.analyzed
    assert plan.rows == ROWS / USERS
    assert plan.milliseconds is not None
    assert plan.milliseconds > 0
    unmeasured = shop.explain(FILTERED, {"user": 5})
    assert (unmeasured.analyzed, unmeasured.milliseconds, unmeasured.rows) == (False, None, None)


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("INSERT INTO orders (id, user_id) VALUES (-1, 0), (-2, 0)", 2),
        ("UPDATE orders SET note = 'changed' WHERE user_id < 5", 5),
        ("DELETE FROM orders WHERE user_id < 5", 5),
        ("DELETE FROM orders WHERE user_id < 5 RETURNING id", 5),
    ],
)
def test_analyze_of_a_write_leaves_nothing(small: Database, sql: str, rows: int) -> None:
    before = small.query("SELECT count(*), count(CASE WHEN note = 'changed' THEN 1 END) FROM orders").one()
    plan = small.explain(sql, analyze=True)
    assert plan.rows == rows
    assert (
        small.query("SELECT count(*), count(CASE WHEN note = 'changed' THEN 1 END) FROM orders").one()
        == before
    )
    small.explain(sql)  # without analyze nothing runs at all
    assert (
        small.query("SELECT count(*), count(CASE WHEN note = 'changed' THEN 1 END) FROM orders").one()
        == before
    )


def test_analyze_inside_a_transaction_undoes_itself_only(small: Database) -> None:
    with small.transaction() as tx:
        tx.execute("INSERT INTO orders (id, user_id) VALUES (-1, 0)")
        assert tx.explain("DELETE FROM orders", analyze=True).rows == USERS + 1
        assert tx.explain("SELECT * FROM orders", analyze=True).rows == USERS + 1
        tx.execute("INSERT INTO orders (id, user_id) VALUES (-2, 0)")
    assert count(small) == USERS + 2


def test_analyze_of_what_fails_raises_and_leaves_nothing(small: Database) -> None:
    with pytest.raises(UniqueViolation):
        small.explain("INSERT INTO orders (id, user_id) VALUES (1, 0)", analyze=True)
    assert count(small) == USERS
    with pytest.raises(TransactionDead), small.transaction() as tx:  # noqa: PT012 - raised by the block's end
        tx.execute("DELETE FROM orders")
        with pytest.raises(UniqueViolation):
            tx.explain("INSERT INTO users (id, name) VALUES (1, 'x')", analyze=True)
    assert count(small) == USERS


def test_a_reader_may_explain_a_write_and_not_analyze_it(small: Database) -> None:
    reader = small.options(read_only=True)
    assert reads(reader.explain("DELETE FROM orders"))[0] == ("delete", "orders")
    with pytest.raises(DatabaseError) as caught:
        reader.explain("DELETE FROM orders", analyze=True)
    assert caught.value.sqlstate == "25006"
    assert count(small) == USERS


# -- errors are those of the statement
@pytest.mark.parametrize("analyze", [False, True])
@pytest.mark.parametrize(
    ("sql", "found", "place"),
    [
        ("SELECT *\nFORM orders", SqlSyntaxError, "FORM"),
        ("SELECT *\nFROM nowhere", UndefinedTable, "nowhere"),
        ("SELECT :a::int AS a,\n  nothing FROM orders", UndefinedColumn, "nothing"),
    ],
)
def test_errors_show_their_place_in_the_users_text(
    db: Database, sql: str, found: type[DatabaseError], place: str, analyze: bool
) -> None:
    db.execute("CREATE TABLE orders (id int)")
    values = {"a": 123456} if ":a" in sql else {}
    with pytest.raises(found) as caught:
        db.explain(sql, values, analyze=analyze)
    assert type(caught.value) is found
    assert caught.value.position == sql.index(place)
    lines = caught.value.message.splitlines()
    caret = next(number for number, line in enumerate(lines) if line.strip() == "^")
    assert lines[caret - 1].strip() == sql.splitlines()[1].strip()
    assert db.query("SELECT 1").scalar() == 1


@pytest.mark.parametrize(
    "sql", ["CREATE TABLE t (a int)", "EXPLAIN SELECT 1", "SET TimeZone = 'UTC'", "ANALYZE"]
)
def test_what_has_no_plan_is_refused(db: Database, sql: str) -> None:
    with pytest.raises(UsageError, match="have a plan"):
        db.explain(sql)
    assert db.tables() == ()


def test_only_text_is_explained(db: Database) -> None:
    with pytest.raises(UsageError, match="as text"):
        db.explain(object())  # type: ignore[arg-type]


def test_parameters_are_checked_as_in_query(small: Database) -> None:
    with pytest.raises(ParameterError, match="user"):
        small.explain(FILTERED)
    with pytest.raises(ParameterError, match="extra"):
        small.explain(FILTERED, user=1, extra=2)


def test_a_plan_is_json(shop: Database) -> None:
    found = json.loads(json.dumps(shop.explain(FILTERED, user=5, analyze=True).to_dict()))
    assert found["analyzed"] is True
    assert found["plan"]["table"] == "orders"
    assert found["slow"][0]["node"] == found["plan"]["number"] == 1
    assert found["slow"][0]["remedy"] == "CREATE INDEX ON orders (user_id)"
