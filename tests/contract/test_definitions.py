"""CREATE TABLE's other forms, temporary views, indexes: what PostgreSQL makes, on every engine."""

from __future__ import annotations

from decimal import Decimal

import pytest

from stepladder.db import Database
from stepladder.errors import DatabaseError, NotPortable

ITEM = """
CREATE TABLE item (id serial PRIMARY KEY, name varchar(10) NOT NULL DEFAULT 'x', n numeric(8,2) CHECK (n > 0),
    tags text[], j jsonb, twice int GENERATED ALWAYS AS (id * 2) STORED, code text UNIQUE);
COMMENT ON COLUMN item.name IS 'what it is called';
CREATE INDEX by_name ON item (lower(name)) WHERE n > 1;
INSERT INTO item (name, n, tags, j) VALUES ('a', 1.5, '{p,q}', '{"k": 1}'), ('b', NULL, NULL, NULL)
"""


@pytest.fixture
def items(db: Database) -> Database:
    db.script(ITEM)
    return db


def state(db: Database, sql: str) -> str | None:
    with pytest.raises(DatabaseError) as caught:
        db.execute(sql)
    return caught.value.sqlstate


def rows(db: Database, sql: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in db.query(sql)]


# -- LIKE
def test_like(items: Database) -> None:
    items.execute("CREATE TABLE bare (LIKE item, more int)")
    found = items.table("bare")
    assert [(c.name, c.not_null, c.default, c.generated) for c in found.columns] == [
        ("id", True, None, None),
        ("name", True, None, None),
        ("n", False, None, None),
        ("tags", False, None, None),
        ("j", False, None, None),
        ("twice", False, None, None),
        ("code", False, None, None),
        ("more", False, None, None),
    ]
    assert (found.primary_key, found.unique, found.checks, found.indexes) == (None, (), (), ())
    assert state(items, "INSERT INTO bare (id) VALUES (1)") == "23502"
    assert items.execute("INSERT INTO bare (id, name, n, twice) VALUES (1, 'a', -1, 7)") == 1


def test_like_including_all(items: Database) -> None:
    items.execute("CREATE TABLE copy (LIKE item INCLUDING ALL)")
    found = items.table("copy")
    assert found.primary_key is not None
    assert found.primary_key.name == "copy_pkey"
    assert [key.name for key in found.unique] == ["copy_code_key"]
    assert [(check.name, check.expression) for check in found.checks] == [("item_n_check", "n > 0")]
    assert [index.name for index in found.indexes] == ["copy_lower_idx"]
    assert [
        (c.default, c.generated, c.comment) for c in found.columns if c.name in ("id", "name", "twice")
    ] == [
        ("nextval('item_id_seq'::regclass)", None, None),
        ("'x'", None, "what it is called"),
        (None, "id * 2", None),
    ]
    assert rows(items, "INSERT INTO copy (n) VALUES (1) RETURNING id, name, twice") == [(3, "x", 6)]
    assert state(items, "INSERT INTO copy (n) VALUES (0)") == "23514"


def test_like_including_some(items: Database) -> None:
    items.execute("CREATE TABLE part (a int, LIKE item INCLUDING CONSTRAINTS INCLUDING DEFAULTS)")
    assert rows(items, "INSERT INTO part (a, id, n) VALUES (1, 2, 3) RETURNING name, twice") == [("x", None)]
    assert state(items, "INSERT INTO part (a, id, n) VALUES (1, 2, -3)") == "23514"
    assert state(items, "CREATE TABLE p2 (id int, LIKE item)") == "42701"
    assert state(items, "CREATE TABLE p2 (LIKE nothing)") == "42P01"


# -- AS, INTO
def test_tables_of_queries(items: Database) -> None:
    assert items.execute("CREATE TABLE e0 AS SELECT id, n * 2 AS m FROM item WITH NO DATA") == 0
    assert [(c.name, str(c.type)) for c in items.table("e0").columns] == [("id", "integer"), ("m", "numeric")]
    assert rows(items, "SELECT * FROM e0") == []
    assert items.execute("SELECT id, name, n INTO e1 FROM item WHERE id < 2") == 0
    assert rows(items, "SELECT * FROM e1") == [(1, "a", Decimal("1.50"))]
    with items.transaction() as tx:
        tx.execute("SELECT count(*) AS n INTO TEMP e2 FROM item")
        assert tx.query("SELECT n FROM e2").scalar() == 2
    assert state(items, "SELECT 1 AS x INTO e1") == "42P07"


def test_temporary_views(items: Database) -> None:
    with items.transaction() as tx:
        tx.execute("CREATE TEMP VIEW v AS SELECT id, n FROM item")
        assert tuple(next(iter(tx.query("SELECT * FROM v ORDER BY id")))) == (1, Decimal("1.50"))
        tx.execute("CREATE OR REPLACE TEMPORARY VIEW v AS SELECT id, n, name FROM item")
        assert tuple(next(iter(tx.query("SELECT name FROM v ORDER BY id")))) == ("a",)
        tx.execute("DROP VIEW v")
    assert state(items, "SELECT * FROM v") == "42P01"


# -- indexes
def test_indexes_of_every_kind(items: Database) -> None:
    items.script(
        "CREATE INDEX g ON item USING gin (j jsonb_path_ops); CREATE INDEX t ON item USING gin (tags);"
        " CREATE INDEX h ON item USING hash (code); CREATE INDEX b ON item USING brin (id);"
        ' CREATE INDEX i ON item (name DESC) INCLUDE (n, code); CREATE INDEX c ON item (name COLLATE "C");'
        " CREATE INDEX o ON item (name text_pattern_ops); CREATE INDEX f ON item (n) WITH (fillfactor = 70)"
    )
    items.execute("CREATE INDEX CONCURRENTLY k ON item (n)")
    assert items.execute("CREATE INDEX CONCURRENTLY IF NOT EXISTS k ON item (n)") == 0
    told = {index.name: index.other for index in items.table("item").indexes}
    assert told == {
        "b": "CREATE INDEX b ON public.item USING brin (id)",
        "by_name": None,
        "c": 'CREATE INDEX c ON public.item USING btree (name COLLATE "C")',
        "f": None,
        "g": "CREATE INDEX g ON public.item USING gin (j jsonb_path_ops)",
        "h": "CREATE INDEX h ON public.item USING hash (code)",
        "i": "CREATE INDEX i ON public.item USING btree (name DESC) INCLUDE (n, code)",
        "k": None,
        "o": "CREATE INDEX o ON public.item USING btree (name text_pattern_ops)",
        "t": "CREATE INDEX t ON public.item USING gin (tags)",
    }
    assert rows(items, "SELECT id FROM item WHERE j @> '{\"k\": 1}' AND tags && '{q}'") == [(1,)]
    items.execute("DROP INDEX g, h")
    items.execute("DROP INDEX CONCURRENTLY k")
    items.execute("ALTER TABLE item DROP COLUMN n")
    assert {index.name for index in items.table("item").indexes} == {"b", "c", "o", "t"}


@pytest.mark.parametrize(
    ("sql", "sqlstate"),
    [
        ("CREATE UNIQUE INDEX w ON item USING hash (code)", "0A000"),
        ("CREATE INDEX w ON item USING hash (code, name)", "0A000"),
        ("CREATE INDEX w ON item USING gin (code)", "42704"),
        ("CREATE INDEX w ON item USING brin (j)", "42704"),
        ("CREATE INDEX w ON item (code) INCLUDE (nothing)", "42703"),
        ("CREATE INDEX by_name ON item (code)", "42P07"),
        ("COMMENT ON INDEX nothing IS 'x'", "42P01"),
        ("SELECT ARRAY[]", "42P18"),
    ],
)
def test_errors(items: Database, sql: str, sqlstate: str) -> None:
    assert state(items, sql) == sqlstate


def test_not_in_a_transaction(items: Database) -> None:
    with pytest.raises(DatabaseError) as caught, items.transaction() as tx:
        tx.execute("CREATE INDEX CONCURRENTLY k ON item (n)")
    assert caught.value.sqlstate == "25001"


def test_locks_and_comments(items: Database) -> None:
    with items.transaction() as tx:
        sql = "UPDATE item SET n = 9 WHERE id = (SELECT id FROM item ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)"
        assert tx.execute(sql) == 1
    assert items.execute("COMMENT ON INDEX by_name IS 'x'") == 0
    assert items.execute("COMMENT ON SEQUENCE item_id_seq IS 'x'") == 0


def test_columns_that_come_later(db: Database) -> None:
    db.execute(
        "CREATE TABLE spans (starts date CHECK (starts <= ends), ends date CHECK (spans.ends > '2000-01-01'))"
    )
    db.execute("INSERT INTO spans VALUES ('2024-01-01', '2024-01-02')")
    with pytest.raises(DatabaseError) as caught:
        db.execute("INSERT INTO spans VALUES ('2024-01-02', '2024-01-01')")
    assert caught.value.sqlstate == "23514"
    db.execute(
        "CREATE TABLE lines (total numeric(10,2) GENERATED ALWAYS AS (price * qty) STORED, price numeric(10,2), qty int)"
    )
    assert (
        db.query("INSERT INTO lines (price, qty) VALUES (1.25, 3) RETURNING total::text").scalar() == "3.75"
    )


@pytest.mark.parametrize("kind", ["VIRTUAL", ""])
def test_virtual_columns_are_refused(engine: str, db: Database, kind: str) -> None:
    sql = f"CREATE TABLE doubled (a int, b int GENERATED ALWAYS AS (abs(a) * 2) {kind}, c int)"
    if engine != "sqlite3":
        db.execute(sql)
        assert db.query("INSERT INTO doubled VALUES (-3) RETURNING b").scalar() == 6
        return
    with pytest.raises(NotPortable, match="virtual generated column") as caught:
        db.execute(sql)
    assert caught.value.position == sql.index(kind or ", c int")


@pytest.mark.parametrize(
    ("columns", "sqlstate"),
    [
        ("a int, b int GENERATED ALWAYS AS (c) STORED, c int GENERATED ALWAYS AS (a) STORED", "42P17"),
        ("a int GENERATED ALWAYS AS (a) STORED", "42P17"),
        ("a int, b int DEFAULT 3 GENERATED ALWAYS AS (a) STORED", "42601"),
        ("a int GENERATED ALWAYS AS (1) STORED GENERATED ALWAYS AS (2) STORED", "42601"),
        ("a int GENERATED BY DEFAULT AS IDENTITY DEFAULT 3", "42601"),
        ("a serial DEFAULT 3", "42601"),
        ("a int CHECK (nosuch > 0)", "42703"),
        ("a int, xmin int", "42701"),
    ],
)
def test_columns_that_contradict_themselves(db: Database, columns: str, sqlstate: str) -> None:
    with pytest.raises(DatabaseError) as caught:
        db.execute(f"CREATE TABLE wrong ({columns})")
    assert caught.value.sqlstate == sqlstate
