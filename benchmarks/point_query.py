"""`python -m benchmarks.point_query`: one row by its key, through db.query, beside the driver itself and SQLAlchemy.

Medians of alternating rounds, so that a busy machine slows all of them. Limits: SQLite on a file 3 times sqlite3, in
memory 6 times; PostgreSQL, pooled, 1.3 times a connection of the same driver.
"""

from __future__ import annotations

import shutil
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import psycopg2
import sqlalchemy

import stepladder as sl
from stepladder.db import embedded

ROWS = 1000
ROUNDS = 401
QUERIES = 20  # in a round: short ones, so that half of them run undisturbed on a machine that is shared
SQL = "SELECT id, name FROM items WHERE id = :id"

Ask = Callable[[int], object]


def main() -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        print(f"{'':<26}{'driver µs':>11}{'ours':>8}{'limit':>7}{'SQLAlchemy':>12}   (times the driver)")
        for name, limit, asks in (
            ("SQLite, on a file", 3.0, on_sqlite(folder / "items.db")),
            ("SQLite, in memory", 6.0, on_sqlite(None)),
            *on_postgres(folder / "cluster"),
        ):
            driver, ours, alchemy = medians(asks)
            print(
                f"{name:<26}{driver * 1e6:>11.1f}{ours / driver:>8.2f}{limit:>7.1f}{alchemy / driver:>12.2f}"
            )
    finally:
        embedded.remove(folder / "cluster")
        shutil.rmtree(folder)


def medians(asks: tuple[Ask, ...]) -> list[float]:
    """Seconds for one query, of each."""
    times: list[list[float]] = [[] for _ in asks]
    for _ in range(ROUNDS):
        for ask, found in zip(asks, times, strict=True):
            began = time.perf_counter()
            for number in range(QUERIES):
                ask(number % ROWS)
            found.append((time.perf_counter() - began) / QUERIES)
    return [statistics.median(found[1:]) for found in times]


def fill(db: sl.Database) -> None:
    db.execute("CREATE TABLE items (id int PRIMARY KEY, name text NOT NULL)")
    db.load([{"id": number, "name": f"item {number}"} for number in range(ROWS)], "items", mode="append")


def on_sqlite(path: Path | None) -> tuple[Ask, ...]:
    address = str(path) if path else ":memory:"
    db = sl.connect(f"sqlite:///{'/' + address.lstrip('/') if path else address}")
    fill(db)
    raw = sqlite3.connect(address)
    alchemy = sqlalchemy.create_engine(f"sqlite:///{address}", poolclass=sqlalchemy.StaticPool)
    if path is None:
        rows = [(row.id, row.name) for row in db.query("SELECT id, name FROM items")]
        raw.execute("CREATE TABLE items (id int PRIMARY KEY, name text NOT NULL)")
        raw.executemany("INSERT INTO items VALUES (?, ?)", rows)
        with alchemy.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE items (id int PRIMARY KEY, name text NOT NULL)")
            connection.exec_driver_sql("INSERT INTO items VALUES (?, ?)", rows)

    def driver(number: int) -> object:
        return raw.execute(SQL, {"id": number}).fetchall()

    return driver, lambda number: db.query(SQL, id=number), by_alchemy(alchemy)


def on_postgres(folder: Path) -> tuple[tuple[str, float, tuple[Ask, ...]], ...]:
    folder.mkdir()
    url = embedded.start(folder)
    with sl.connect(url) as db:
        fill(db)
    three = psycopg.connect(url, autocommit=True)
    two = psycopg2.connect(url)
    two.autocommit = True
    text = SQL.replace(":id", "%s")

    def driver3(number: int) -> object:
        return three.execute(text, (number,)).fetchall()

    def driver2(number: int) -> object:
        with two.cursor() as cursor:
            cursor.execute(text, (number,))
            return cursor.fetchall()

    return (
        ("PostgreSQL, psycopg", 1.3, (driver3, *pooled(url, "psycopg"))),
        ("PostgreSQL, psycopg2", 1.3, (driver2, *pooled(url, "psycopg2"))),
    )


def pooled(url: str, driver: str) -> tuple[Ask, Ask]:
    db = sl.connect(url.replace("postgresql://", f"postgresql+{driver}://", 1))
    alchemy = sqlalchemy.create_engine(
        url.replace("postgresql://", f"postgresql+{driver}://", 1), isolation_level="AUTOCOMMIT"
    )
    return lambda number: db.query(SQL, id=number), by_alchemy(alchemy)


def by_alchemy(engine: sqlalchemy.Engine) -> Ask:
    """SQLAlchemy Core: text() compiled once, a connection of its pool for each query."""
    statement = sqlalchemy.text(SQL)

    def ask(number: int) -> object:
        with engine.connect() as connection:
            return connection.execute(statement, {"id": number}).all()

    return ask


if __name__ == "__main__":
    main()
