"""`python -m benchmarks.load [sqlite | postgres | postgresql://…]`: how fast rows go in, beside what the engine itself needs.

500,000 rows of seven columns. On PostgreSQL the measure is the server reading its own CSV file (COPY FROM '/path', which
needs a superuser and a server on this machine; `postgres` starts the embedded one); on SQLite it is executemany of
tuples that are ready. Medians of alternating runs, so that a busy machine slows all of them.
"""

from __future__ import annotations

import datetime as dt
import random
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
import psycopg2.extras
import pyarrow as pa
import sqlalchemy
from pyarrow import csv, parquet

import stepladder as sl
from stepladder.db import embedded
from stepladder.sql import encoder, parse_type

ROWS, ROUNDS, SLOW_ROUNDS = 500_000, 5, 1
TYPES = {
    "id": "bigint", "name": "text", "at": "timestamptz", "amount": "numeric(12,2)", "n": "integer", "ok": "boolean",
    "f": "double precision",
}  # fmt: skip
DDL = "CREATE TABLE {} (" + ", ".join(f"{name} {type_}" for name, type_ in TYPES.items()) + ")"
NAMES = ", ".join(TYPES)


def made() -> pa.Table:
    dice = random.Random(20261125)
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    return pa.table(
        {
            "id": pa.array(range(ROWS), pa.int64()),
            "name": pa.array([f"user number {number % 9973} of the shop" for number in range(ROWS)]),
            "at": pa.array(
                [start + dt.timedelta(microseconds=number * 1_000_003) for number in range(ROWS)],
                pa.timestamp("us", "UTC"),
            ),
            "amount": pa.array(
                [Decimal(dice.randrange(10**7)).scaleb(-2) for _ in range(ROWS)], pa.decimal128(12, 2)
            ),
            "n": pa.array(
                [None if number % 10 == 0 else number % 1000 for number in range(ROWS)], pa.int32()
            ),
            "ok": pa.array([number % 3 == 0 for number in range(ROWS)]),
            "f": pa.array([dice.random() for _ in range(ROWS)]),
        }
    )


def timed(
    ways: dict[str, Callable[[], object]], clear: Callable[[], object], rounds: int
) -> dict[str, float]:
    """Median seconds of each way, run in turns; each ends with all rows in place."""
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            clear()
            began = time.perf_counter()
            way()
            found[name].append(time.perf_counter() - began)
    return {name: statistics.median(times) for name, times in found.items()}


def printed(title: str, seconds: dict[str, float], base: str, limits: dict[str, float]) -> None:
    print(f"\n{title:<44}{'s':>8}{'x base':>8}{'limit':>7}")
    for name, median in seconds.items():
        limit = limits.get(name)
        ratio = median / seconds[base]
        verdict = "" if limit is None else f"{limit:>7.1f}" + ("  MISSED" if ratio > limit else "")
        print(f"{name:<44}{median:>8.2f}{ratio:>8.2f}{verdict}")


class Data:
    """The same rows in every form."""

    def __init__(self, folder: Path) -> None:
        self.arrow = made()
        self.pandas = self.arrow.to_pandas()
        self.nullable = self.pandas.astype({"n": "Int32"})
        self.floats = self.pandas.assign(amount=self.pandas["amount"].astype("float64"))
        self.polars = pl.from_arrow(self.arrow)
        self.tuples = list(zip(*(self._python(name) for name in TYPES), strict=True))
        self.dicts = [dict(zip(TYPES, row, strict=True)) for row in self.tuples]
        self.csv, self.parquet = folder / "rows.csv", folder / "rows.parquet"
        parquet.write_table(self.arrow, self.parquet)
        texts = self.arrow.set_column(2, "at", self.arrow["at"].cast(pa.timestamp("us")).cast(pa.string()))
        texts = texts.set_column(2, "at", pa.compute.binary_join_element_wise(texts["at"], "+00", ""))
        csv.write_csv(texts, self.csv, csv.WriteOptions(quoting_style="needed"))

    def _python(self, name: str) -> list[Any]:
        if name == "at":
            zero = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
            return [
                zero + dt.timedelta(microseconds=at) for at in self.arrow["at"].cast(pa.int64()).to_pylist()
            ]
        return list(self.arrow[name].to_pylist())


def postgres(url: str, data: Data) -> None:
    admin = psycopg.connect(url, autocommit=True)
    admin.execute("DROP TABLE IF EXISTS t")
    admin.execute(DDL.format("t"))
    db = sl.connect(url)
    db2 = sl.connect(url.replace("postgresql://", "postgresql+psycopg2://", 1))
    ways: dict[str, Callable[[], object]] = {
        "the server reading its own CSV file": lambda: admin.execute(
            f"COPY t FROM '{data.csv}' (FORMAT csv, HEADER)"
        ),
        "load: Arrow": lambda: db.load(data.arrow, "t", mode="append"),
        "load: Arrow, psycopg2": lambda: db2.load(data.arrow, "t", mode="append"),
        "load: polars": lambda: db.load(data.polars, "t", mode="append"),
        "load: pandas, numeric as Decimal": lambda: db.load(data.pandas, "t", mode="append"),
        "load: pandas, numeric as float": lambda: db.load(data.floats, "t", mode="append"),
        "load: Parquet": lambda: db.load(data.parquet, "t", mode="append"),
        "load: CSV": lambda: db.load(data.csv, "t", mode="append"),
        "load: CSV, psycopg2": lambda: db2.load(data.csv, "t", mode="append"),
        "load: dicts": lambda: db.load(data.dicts, "t", mode="append"),
    }
    limits = {
        "load: Arrow": 1.5, "load: Arrow, psycopg2": 1.5, "load: pandas, numeric as Decimal": 2.5, "load: pandas, numeric as float": 2.5,
        "load: CSV": 3.0, "load: CSV, psycopg2": 3.0,
    }  # fmt: skip
    clear = lambda: admin.execute("TRUNCATE t")  # noqa: E731
    base = "the server reading its own CSV file"
    seconds = timed(ways, clear, ROUNDS)
    printed("PostgreSQL, 500,000 x 7", seconds, base, limits)
    engine = sqlalchemy.create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1))
    insert = f"INSERT INTO t ({NAMES}) VALUES (" + ", ".join(["%s"] * len(TYPES)) + ")"

    def values() -> None:
        with psycopg2.connect(url) as raw, raw.cursor() as cursor:
            psycopg2.extras.execute_values(
                cursor, f"INSERT INTO t ({NAMES}) VALUES %s", data.tuples, page_size=1000
            )

    def many() -> None:
        with psycopg.connect(url) as raw, raw.cursor() as cursor:
            cursor.executemany(insert, data.tuples)

    others: dict[str, Callable[[], object]] = {
        "psycopg2 execute_values": values,
        "psycopg executemany": many,
        "DataFrame.to_sql, multi, chunks of 1,000": lambda: data.floats.to_sql(
            "t", engine, if_exists="append", index=False, method="multi", chunksize=1000
        ),
    }
    peers = timed(others, clear, SLOW_ROUNDS)
    printed("beside them (one run each)", {base: seconds[base], **peers}, base, {})


def sqlite(data: Data, folder: Path) -> None:
    path = folder / "load.db"
    db = sl.connect(f"sqlite:////{str(path).lstrip('/')}")
    db.execute(DDL.format("t"))
    raw = sqlite3.connect(path, isolation_level=None)
    raw.execute("PRAGMA synchronous = NORMAL")
    encoders = [encoder(parse_type(type_)) for type_ in TYPES.values()]
    ready = [
        tuple(
            value if value is None or encode is None else encode(value)
            for value, encode in zip(row, encoders, strict=True)
        )
        for row in data.tuples
    ]

    def many() -> None:
        raw.execute("BEGIN IMMEDIATE")
        raw.executemany(f"INSERT INTO t ({NAMES}) VALUES ({', '.join('?' * len(TYPES))})", ready)
        raw.execute("COMMIT")

    def clear() -> None:
        raw.execute("DELETE FROM t")
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    base = "executemany of ready tuples"
    ways: dict[str, Callable[[], object]] = {
        base: many,
        "load: Arrow": lambda: db.load(data.arrow, "t", mode="append"),
        "load: polars": lambda: db.load(data.polars, "t", mode="append"),
        "load: pandas, numeric as Decimal": lambda: db.load(data.pandas, "t", mode="append"),
        "load: pandas, numeric as float": lambda: db.load(data.floats, "t", mode="append"),
        "load: Parquet": lambda: db.load(data.parquet, "t", mode="append"),
        "load: CSV": lambda: db.load(data.csv, "t", mode="append"),
        "load: dicts": lambda: db.load(data.dicts, "t", mode="append"),
    }
    seconds = timed(ways, clear, ROUNDS)
    printed("SQLite, 500,000 x 7", seconds, base, {"load: Arrow": 1.5})
    engine = sqlalchemy.create_engine(f"sqlite:///{folder / 'peer.db'}")
    other = {
        "DataFrame.to_sql": lambda: data.floats.to_sql(
            "t", engine, if_exists="replace", index=False, chunksize=10_000
        )
    }
    peers = timed(other, lambda: None, SLOW_ROUNDS)
    printed("beside it (one run, floats for numerics)", {base: seconds[base], **peers}, base, {})


def main() -> None:
    # The server reads the CSV file itself: it must be where any user may read.
    folder = Path(tempfile.mkdtemp(prefix="stepladder-load-", dir="/var/tmp"))
    folder.chmod(0o755)
    asked = sys.argv[1] if len(sys.argv) > 1 else ""
    try:
        data = Data(folder)
        if asked.startswith("postgresql://"):
            postgres(asked, data)
        elif asked != "sqlite":
            cluster = folder / "cluster"
            cluster.mkdir()
            postgres(embedded.start(cluster), data)
            embedded.remove(cluster)
        if asked in ("", "sqlite"):
            sqlite(data, folder)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
