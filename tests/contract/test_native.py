"""native(): the driver's own SQL and placeholders, untouched; its errors are ours all the same."""

from __future__ import annotations

import pytest

import stepladder as sl
from stepladder.db import Database
from stepladder.errors import NotNullViolation, UndefinedTable, UsageError

MARK = {"sqlite3": "?", "psycopg": "%s", "psycopg2": "%s"}
NAMED = {"sqlite3": ":n", "psycopg": "%(n)s", "psycopg2": "%(n)s"}


@pytest.fixture
def numbers(db: Database) -> Database:
    db.execute("CREATE TABLE numbers (n int NOT NULL)")
    return db


def test_the_drivers_placeholders_take_the_drivers_values(numbers: Database, engine: str) -> None:
    insert = sl.native(f"INSERT INTO numbers (n) VALUES ({MARK[engine]})")
    assert numbers.execute(insert, [1]) == 1
    assert numbers.execute(insert, (2,)) == 1
    rows = numbers.query(sl.native(f"SELECT n FROM numbers WHERE n > {NAMED[engine]}"), n=1)
    assert [row.n for row in rows] == [2]
    assert (
        numbers.query(sl.native(f"SELECT n FROM numbers WHERE n < {NAMED[engine]}"), {"n": 2}).scalar() == 1
    )


def test_without_values_nothing_is_a_placeholder(db: Database) -> None:
    assert db.query(sl.native("SELECT 7 % 4")).scalar() == 3


def test_it_is_part_of_the_transaction(numbers: Database) -> None:
    with pytest.raises(NotNullViolation), numbers.transaction() as tx:  # noqa: PT012 - the block's end raises
        tx.execute(sl.native("INSERT INTO numbers (n) VALUES (1)"))
        tx.execute(sl.native("INSERT INTO numbers (n) VALUES (NULL)"))
    assert numbers.query("SELECT count(*) FROM numbers").scalar() == 0


def test_errors_are_of_our_tree(db: Database) -> None:
    with pytest.raises(UndefinedTable):
        db.query(sl.native("SELECT * FROM nowhere"))


def test_a_transaction_is_still_a_block(db: Database) -> None:
    with pytest.raises(UsageError, match="transaction is a block"):
        db.execute(sl.native("COMMIT"))


def test_what_it_sets_is_gone_when_the_connection_comes_back(postgres_url: str) -> None:
    with sl.connect(postgres_url, pool_size=1) as db:
        db.execute(sl.native("SET TimeZone = 'Asia/Tokyo'"))
        assert db.query("SHOW TimeZone").scalar() == "UTC"


@pytest.mark.parametrize("values", [(), (1, 2)])
def test_values_that_the_driver_cannot_bind(db: Database, engine: str, values: tuple[int, ...]) -> None:
    with pytest.raises(sl.errors.Error, match=r"Nothing was run|bindings"):
        db.query(sl.native(f"SELECT {'?' if engine == 'sqlite3' else '%s'}"), values)


def test_types_that_each_driver_has_classes_for_are_text(postgres_url: str) -> None:
    sql = "SELECT '10.0.0.1'::inet, '10.0.0.0/8'::cidr, '[1,3)'::int4range, ROW(1, 'x'), '{10.0.0.1}'::inet[]"
    for driver in ("psycopg", "psycopg2"):
        with sl.connect(postgres_url.replace("postgresql://", f"postgresql+{driver}://", 1)) as db:
            assert db.query(sql).one() == ("10.0.0.1", "10.0.0.0/8", "[1,3)", "(1,x)", ["10.0.0.1"])
