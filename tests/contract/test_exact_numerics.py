"""Numerics that are computed as integers on SQLite: the same digits, and more of them than an integer has."""

from __future__ import annotations

from decimal import Decimal

import pytest

import stepladder as sl


@pytest.fixture
def prices(db: sl.Database) -> sl.Database:
    db.execute("CREATE TABLE prices (id int, price numeric(15,2), rate numeric(15,4), quantity int)")
    db.execute(
        "INSERT INTO prices VALUES (1, 19.99, 0.0825, 3), (2, -0.05, 1.5, 7), "
        "(3, 9999999999999.99, 99999999999.9999, 2147483647), (4, NULL, 2, 1)"
    )
    return db


def test_products_and_their_sums_have_all_digits(prices: sl.Database) -> None:
    row = prices.query("SELECT sum(price * quantity), avg(price * rate) FROM prices WHERE id < 3").one()
    assert [f"{value:f}" for value in row] == ["59.62", "0.78708750000000000000"]


def test_what_64_bits_do_not_hold_is_computed_in_decimals(prices: sl.Database) -> None:
    found = prices.query("SELECT sum(price * rate * quantity) FROM prices").scalar()
    assert found == Decimal("2147483646999995705032706000002151.906172")


def test_a_frame_of_them_too(prices: sl.Database) -> None:
    pytest.importorskip("pyarrow")
    found = prices.frame(
        "SELECT sum(price * rate * quantity)::numeric(40,6) AS total FROM prices", kind="arrow"
    )
    assert found["total"].to_pylist() == [Decimal("2147483646999995705032706000002151.906172")]


def test_columns_compare_by_their_decimals_with_literals_and_parameters(prices: sl.Database) -> None:
    def ids(condition: str, **values: object) -> list[int]:
        return [
            row[0] for row in prices.query(f"SELECT id FROM prices WHERE {condition} ORDER BY id", **values)
        ]

    assert ids("price = 19.990") == [1]
    assert ids("price = :price", price=Decimal("19.99")) == [1]
    assert ids("price < :price", price=Decimal("19.9900000000000000000001")) == [1, 2]
    assert ids("rate = :rate", rate=Decimal("0.0825")) == [1]
    assert ids("rate IN (0.0825, 1.50)") == [1, 2]
    assert ids("price * quantity > 59.96") == [1, 3]


def test_a_view_of_numerics_is_as_a_table(prices: sl.Database) -> None:
    prices.execute(
        "CREATE VIEW dear AS SELECT id, (price * 2)::numeric(15,2) AS twice FROM prices WHERE id < 3"
    )
    assert prices.query("SELECT twice FROM dear WHERE twice > 39.97").scalar() == Decimal("39.98")
    assert f"{prices.query('SELECT sum(twice) FROM dear').scalar():f}" == "39.88"


AVERAGES = """
SELECT avg(paid) FROM filled
SELECT avg(paid) FILTER (WHERE id > 1), avg(DISTINCT paid), avg(paid) FILTER (WHERE id > 9) FROM filled
SELECT avg(other.paid), count(*) FROM filled LEFT JOIN filled other ON other.id = filled.id + 1
SELECT avg(filled.paid), count(*) FROM filled RIGHT JOIN three ON three.n = filled.id * 2
SELECT avg(filled.paid), count(*) FROM filled FULL JOIN three ON three.n = filled.id * 2
SELECT (SELECT avg(filled.paid) FROM three LIMIT 1) FROM filled GROUP BY filled.id HAVING avg(filled.paid) > 0 ORDER BY 1
SELECT (SELECT avg(filled.paid) FROM three WHERE n > 9) FROM filled GROUP BY filled.id HAVING avg(filled.paid) > 0
SELECT avg(paid), (SELECT avg(inner_.paid) FROM filled inner_ WHERE inner_.id <= max(filled.id)) FROM filled
SELECT id, avg(paid) OVER (ORDER BY id ROWS 1 PRECEDING) FROM filled ORDER BY id
SELECT id > 1, avg(paid) FROM filled GROUP BY ROLLUP (id > 1) ORDER BY 1 NULLS FIRST
SELECT avg(paid) FROM filled WHERE id > 9
"""


@pytest.mark.postgres
def test_an_average_counts_the_values_of_its_column(postgres_url: str) -> None:
    schema = (
        "CREATE TABLE filled (id int PRIMARY KEY, paid numeric(12,2) NOT NULL)",
        "INSERT INTO filled VALUES (1, 1.50), (2, 2.75), (3, 0.05)",
        "CREATE TABLE three (n int)",
        "INSERT INTO three VALUES (2), (4), (10)",
    )
    with sl.connect("sqlite:///:memory:") as db, sl.connect(postgres_url) as server:
        for statement in schema:
            db.execute(statement)
            server.execute(statement)
        for query in AVERAGES.strip().splitlines():
            assert repr(db.query(query).all()) == repr(server.query(query).all()), query
