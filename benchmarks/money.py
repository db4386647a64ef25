"""`python -m benchmarks.money`: exact decimals on SQLite beside plain REAL, the inexact thing that one would write by hand.

2,000,000 rows; medians of five alternating rounds. The limit is 1.5 times plain REAL. PostgreSQL, DuckDB and pandas run
the same question where they are installed. Every answer of ours is compared with PostgreSQL's, digit for digit.
"""

# ruff: noqa: PLW0108 - each question is asked anew, columns included
from __future__ import annotations

import shutil
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import stepladder as sl
from stepladder.db import embedded

ROWS, ROUNDS, LIMIT = 2_000_000, 5, 1.5
COLUMNS = "id bigint, g int, price numeric(10,2), amount numeric(12,2), rate numeric(6,4), quantity int"
FILL = (
    "SELECT i, i % 500, (i * 7919 % 1000000) / 100.0, (i * 104729 % 90000000 - 1000000) / 100.0, "
    "(i * 31 % 10000) / 10000.0, i % 20 + 1"
)
QUESTIONS = {
    "sum": "SELECT sum(amount) FROM {0}",
    "avg": "SELECT avg(amount) FROM {0}",
    "product": "SELECT sum(price * quantity) FROM {0}",
    "discount": "SELECT sum(price * (1 - rate)) FROM {0}",
    "filter": "SELECT count(*) FROM {0} WHERE amount > 450000.50",
    "computed filter": "SELECT count(*) FROM {0} WHERE price * 2 > 9999.99",
    "group": "SELECT g, sum(amount) FROM {0} GROUP BY g ORDER BY g",
    "group, average": "SELECT g, avg(price) FROM {0} GROUP BY g ORDER BY g",
    "group by a price": "SELECT price, count(*) FROM {0} WHERE price < 10 GROUP BY price ORDER BY price",
}
Ask = Callable[[str], Any]


def main() -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        run(folder)
    finally:
        embedded.remove(folder / "cluster")
        shutil.rmtree(folder)


def run(folder: Path) -> None:
    path = folder / "money.db"
    lite = on_sqlite(path)
    plain = sqlite3.connect(path)
    peers = {"PostgreSQL": on_postgres(folder), **on_duckdb(path), **on_pandas(path)}
    print(
        f"{'':<18}{'REAL s':>8}{'ours':>7}{'limit':>7}"
        + "".join(f"{name:>12}" for name in peers)
        + "   (times REAL)"
    )
    for name, question in QUESTIONS.items():
        asks: dict[str, Callable[[], Any]] = {
            "real": lambda question=question: plain.execute(question.format("plain")).fetchall(),  # type: ignore[misc]
            "ours": lambda question=question: lite.query(question.format("money")).all(),  # type: ignore[misc]
            **{peer: lambda ask=ask, name=name: ask(name) for peer, ask in peers.items()},  # type: ignore[misc]
        }
        answers = {each: ask() for each, ask in asks.items()}
        assert str(answers["ours"]) == str(answers["PostgreSQL"]), name
        times = medians(asks)
        ratios = "".join(f"{times[peer] / times['real']:>12.2f}" for peer in peers)
        ours = times["ours"] / times["real"]
        print(
            f"{name:<18}{times['real']:>8.3f}{ours:>7.2f}{LIMIT:>7.1f}{ratios}{'   missed' if ours > LIMIT else ''}",
            flush=True,
        )


def medians(asks: dict[str, Callable[[], Any]]) -> dict[str, float]:
    times: dict[str, list[float]] = {name: [] for name in asks}
    for _ in range(ROUNDS):
        for name, ask in asks.items():
            began = time.perf_counter()
            ask()
            times[name].append(time.perf_counter() - began)
    return {name: statistics.median(found) for name, found in times.items()}


def on_sqlite(path: Path) -> sl.Database:
    db = sl.connect(f"sqlite:///{path}")
    db.execute(f"CREATE TABLE money ({COLUMNS})")
    raw = sqlite3.connect(path)
    numbers = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT {ROWS})"
    raw.execute(f"INSERT INTO money {numbers} {FILL} FROM n")
    raw.execute(
        "CREATE TABLE plain (id INTEGER, g INTEGER, price REAL, amount REAL, rate REAL, quantity INTEGER)"
    )
    raw.execute("INSERT INTO plain SELECT * FROM money")
    raw.commit()
    raw.close()
    return db


def on_postgres(folder: Path) -> Ask:
    db = sl.connect(f"postgresql+embedded:///{folder / 'cluster'}")
    db.execute(f"CREATE TABLE money ({COLUMNS})")
    db.execute(f"INSERT INTO money {FILL} FROM generate_series(1, {ROWS}::bigint) AS n(i)")
    db.query("SELECT count(*) FROM money")
    return lambda name: db.query(QUESTIONS[name].format("money")).all()


def on_duckdb(path: Path) -> dict[str, Ask]:
    try:
        import duckdb
    except ImportError:
        return {}
    rows = sqlite3.connect(path).execute("SELECT * FROM money").fetchall()
    import pandas as pd

    frame = pd.DataFrame(rows, columns=["id", "g", "price", "amount", "rate", "quantity"])  # noqa: F841 - as above
    duck = duckdb.connect()
    duck.execute(f"CREATE TABLE money ({COLUMNS})")
    duck.execute("INSERT INTO money SELECT * FROM frame")
    return {"DuckDB": lambda name: duck.execute(QUESTIONS[name].format("money")).fetchall()}


def on_pandas(path: Path) -> dict[str, Ask]:
    """Floats, in memory already: what a notebook would hold."""
    try:
        import pandas as pd
    except ImportError:
        return {}
    frame = pd.read_sql("SELECT * FROM money", sqlite3.connect(path))
    asks: dict[str, Callable[[], Any]] = {
        "sum": lambda: frame.amount.sum(),
        "avg": lambda: frame.amount.mean(),
        "product": lambda: (frame.price * frame.quantity).sum(),
        "discount": lambda: (frame.price * (1 - frame.rate)).sum(),
        "filter": lambda: (frame.amount > 450000.50).sum(),
        "computed filter": lambda: (frame.price * 2 > 9999.99).sum(),
        "group": lambda: frame.groupby("g").amount.sum(),
        "group, average": lambda: frame.groupby("g").price.mean(),
        "group by a price": lambda: frame[frame.price < 10].groupby("price").size(),
    }
    return {"pandas": lambda name: asks[name]()}


if __name__ == "__main__":
    main()
