"""Sequences: numbers, bounds and errors as PostgreSQL has them; after ROLLBACK SQLite gives a number again."""

from __future__ import annotations

import pytest

import stepladder as sl
from stepladder.db import Database
from stepladder.errors import DatabaseError, NotPortable


def state(db: Database, sql: str) -> str | None:
    with pytest.raises(DatabaseError) as caught:
        db.execute(sql)
    return caught.value.sqlstate


def rows(db: Database, sql: str, **values: object) -> list[tuple[object, ...]]:
    return [tuple(row) for row in db.query(sql, **values)]


def test_numbers(db: Database) -> None:
    db.execute("CREATE SEQUENCE s")
    with db.transaction() as tx:
        assert tx.query(
            "SELECT nextval('s'), nextval('public.s'::regclass) AS b, currval('S') AS c"
        ).one() == (1, 2, 2)
        assert tx.query("SELECT setval('s', 10)").scalar() == 10
        assert tx.query("SELECT currval('s')").scalar() == 10
        assert tx.query("SELECT nextval('s')").scalar() == 11
        assert tx.query("SELECT setval('s', 20, false)").scalar() == 20
        assert tx.query("SELECT nextval('s') AS n").one() == (20,)
    assert [each for (each,) in rows(db, "SELECT nextval('s') FROM generate_series(1, 3)")] == [21, 22, 23]
    db.execute("ALTER SEQUENCE s RESTART")
    assert db.query("SELECT nextval('s')").scalar() == 1
    db.execute("ALTER SEQUENCE s INCREMENT BY 10 RESTART WITH 50")
    assert rows(db, "SELECT nextval('s'), nextval('s')") == [(50, 60)]
    db.execute("DROP SEQUENCE s")
    assert state(db, "SELECT nextval('s')") == "42P01"


def test_bounds(db: Database) -> None:
    db.execute("CREATE SEQUENCE up AS smallint MAXVALUE 3 START 2")
    assert rows(db, "SELECT nextval('up'), nextval('up')") == [(2, 3)]
    assert state(db, "SELECT nextval('up')") == "2200H"
    db.execute("ALTER SEQUENCE up CYCLE")
    assert db.query("SELECT nextval('up')").scalar() == 1
    db.execute("CREATE SEQUENCE down START 100 INCREMENT BY -5 MAXVALUE 100 MINVALUE 90 CYCLE")
    assert [each for (each,) in rows(db, "SELECT nextval('down') FROM generate_series(1, 5)")] == [
        100,
        95,
        90,
        100,
        95,
    ]
    assert state(db, "SELECT setval('down', 101)") == "22003"
    assert state(db, "ALTER SEQUENCE down MINVALUE 97") == "22023"
    for wrong in ("INCREMENT 0", "MINVALUE 5 MAXVALUE 5", "START 0", "AS smallint MAXVALUE 70000", "AS text"):
        assert state(db, f"CREATE SEQUENCE wrong {wrong}") == "22023"
    assert state(db, "CREATE SEQUENCE wrong START 1 START 2") == "42601"


def test_names(db: Database) -> None:
    db.execute("CREATE SEQUENCE s")
    db.execute("CREATE SEQUENCE IF NOT EXISTS s")
    assert state(db, "CREATE SEQUENCE s") == "42P07"
    assert state(db, "CREATE TABLE s (x int)") == "42P07"
    db.execute("CREATE TABLE t (x int)")
    assert state(db, "CREATE SEQUENCE t") == "42P07"
    assert state(db, "DROP SEQUENCE t") == "42809"
    assert state(db, "DROP TABLE s") == "42809"
    assert state(db, "DROP SEQUENCE nothing") == "42P01"
    assert state(db, "ALTER SEQUENCE nothing RESTART") == "42P01"
    db.execute("DROP SEQUENCE IF EXISTS nothing, s")


def test_the_session_has_its_own(db: Database) -> None:
    db.execute("CREATE SEQUENCE one")
    with db.transaction() as tx:
        tx.query("SELECT nextval('one')")
        assert tx.query("SELECT currval('one'), lastval()").one() == (1, 1)
    db.execute("CREATE SEQUENCE other")
    assert state(db, "SELECT currval('other')") == "55000"
    with pytest.raises(DatabaseError) as caught, db.transaction(read_only=True) as tx:
        tx.query("SELECT nextval('one')")
    assert caught.value.sqlstate == "25006"


def test_default(db: Database) -> None:
    db.execute("CREATE SEQUENCE s START 5")
    db.execute("CREATE TABLE t (id bigint PRIMARY KEY DEFAULT nextval('s'), x text)")
    assert rows(db, "INSERT INTO t (x) VALUES ('a'), ('b') RETURNING id") == [(5,), (6,)]
    assert rows(db, "INSERT INTO t VALUES (DEFAULT, 'c'), (nextval('s') + 100, 'd') RETURNING id") == [
        (7,),
        (108,),
    ]
    db.execute("CREATE TABLE src (n int)")
    db.execute("INSERT INTO src VALUES (2), (3), (1)")
    db.execute("INSERT INTO t (x) SELECT 'n' || n FROM src ORDER BY n DESC")
    assert rows(db, "SELECT id, x FROM t WHERE x LIKE 'n%' ORDER BY id") == [
        (9, "n3"),
        (10, "n2"),
        (11, "n1"),
    ]
    assert db.execute_many("INSERT INTO t (x) VALUES (:x)", [{"x": "e"}, {"x": "f"}]) == 2
    assert db.query("SELECT max(id) - (SELECT count(*) FROM t) FROM t").scalar() == 99
    assert db.table("t").columns[0].default == "nextval('s'::regclass)"
    assert state(db, "DROP SEQUENCE s") == "2BP01"
    db.execute("ALTER TABLE t ALTER id DROP DEFAULT")
    db.execute("DROP SEQUENCE s")
    assert state(db, "ALTER TABLE t ALTER id SET DEFAULT nextval('s')") == "42P01"


def test_numbered_columns_that_are_no_key(db: Database) -> None:
    db.execute(
        "CREATE TABLE t (k text PRIMARY KEY, a serial, b int GENERATED BY DEFAULT AS IDENTITY UNIQUE, v int DEFAULT 4)"
    )
    sql = "INSERT INTO t VALUES ('x', DEFAULT, DEFAULT, DEFAULT), ('y', 50, 60, 7) RETURNING *"
    assert rows(db, sql) == [("x", 1, 1, 4), ("y", 50, 60, 7)]
    assert rows(db, "INSERT INTO t (k) VALUES ('z') RETURNING a, b") == [(2, 2)]
    db.execute("ALTER TABLE t ADD CHECK (v > 0), ALTER v SET DEFAULT 9")
    assert rows(db, "INSERT INTO t (k) VALUES ('w') RETURNING a, b, v") == [(3, 3, 9)]
    assert [(c.name, c.identity, c.default) for c in db.table("t").columns[1:3]] == [
        ("a", "serial", None),
        ("b", "by default", None),
    ]
    assert rows(db, "SELECT nextval('t_a_seq'), pg_get_serial_sequence('t', 'b')") == [(4, "public.t_b_seq")]
    db.execute("TRUNCATE t RESTART IDENTITY")
    assert rows(db, "INSERT INTO t (k) VALUES ('x') RETURNING a, b") == [(1, 1)]
    assert state(db, "DROP SEQUENCE t_a_seq") == "2BP01"
    db.execute("ALTER TABLE t DROP COLUMN b")
    assert state(db, "SELECT nextval('t_b_seq')") == "42P01"
    db.execute("DROP TABLE t")
    assert state(db, "SELECT nextval('t_a_seq')") == "42P01"


def test_a_key_goes_on_behind_what_was_loaded(db: Database) -> None:
    db.execute("CREATE TABLE t (id bigserial PRIMARY KEY, x text)")
    db.execute("INSERT INTO t VALUES (5, 'a'), (7, 'b')")
    assert db.query("SELECT setval('t_id_seq', (SELECT max(id) FROM t))").scalar() == 7
    assert db.query("INSERT INTO t (x) VALUES ('c') RETURNING id").scalar() == 8
    sql = "SELECT setval(pg_get_serial_sequence('t', 'id'), coalesce(max(id), 0) + 12, false) FROM t"
    assert db.query(sql).scalar() == 20
    assert db.query("INSERT INTO t (x) VALUES ('d') RETURNING id").scalar() == 20
    assert db.query("SELECT nextval('t_id_seq')").scalar() == 21
    assert db.query("INSERT INTO t (x) VALUES ('e') RETURNING id").scalar() == 22


def test_what_sqlite_refuses() -> None:
    with sl.connect("sqlite:///:memory:") as db:
        db.script("CREATE SEQUENCE s; CREATE TABLE t (id serial PRIMARY KEY)")
        for sql in (
            "SELECT nextval('s'), id FROM t ORDER BY id",
            "SELECT DISTINCT nextval('s') FROM t",
            "SELECT nextval('s') FROM (SELECT id FROM t ORDER BY id) q",
            "SELECT id FROM t WHERE nextval('s') > 0",
            "SELECT last_value FROM s",
            "SELECT currval('t_id_seq')",
            "SELECT lastval()",
            "SELECT 's'::regclass",
            "CREATE TEMP SEQUENCE x",
            "ALTER SEQUENCE s RENAME TO r",
            "ALTER SEQUENCE s OWNED BY t.id",
        ):
            with pytest.raises(NotPortable):
                db.execute(sql)


def test_after_rollback_a_number_comes_again_on_sqlite(db: Database, engine: str) -> None:
    db.execute("CREATE SEQUENCE s")
    with pytest.raises(DatabaseError), db.transaction() as tx:
        tx.query("SELECT nextval('s'), 1 / (nextval('s') - 2)")
    assert db.query("SELECT nextval('s')").scalar() == (1 if engine == "sqlite3" else 3)


@pytest.mark.parametrize(
    ("name", "sqlstate"),
    [("]0[B", "42P01"), ("1", "42P01"), ("", "42602"), ("a b", "42602"), ("a.", "42602"), ('"', "42602")],
)
def test_the_sequence_of_what_is_no_table(db: Database, name: str, sqlstate: str) -> None:
    with pytest.raises(DatabaseError) as caught:
        db.query("SELECT pg_get_serial_sequence(:name, 'id')", name=name)
    assert caught.value.sqlstate == sqlstate


@pytest.mark.parametrize(
    ("name", "sqlstate"),
    [
        ("x.y.z", "0A000"),
        ("a.b.c.d", "42601"),
        ("]0[B", "42P01"),
        ("1a", "42P01"),
        ('a"b', "42P01"),
        ('""', "42P01"),
        ('"a b"', "42P01"),
        ("a b", "42602"),
        ("a.", "42602"),
        ('"', "42602"),
        ('"a"b', "42602"),
        ("", "42602"),
    ],
)
def test_names_that_are_none(db: Database, name: str, sqlstate: str) -> None:
    assert state(db, f"SELECT nextval('{name}')") == sqlstate
    assert state(db, f"SELECT pg_get_serial_sequence('{name}', 'x')") == sqlstate
