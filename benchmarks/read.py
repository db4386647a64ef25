"""`python -m benchmarks.read [postgres] [sqlite] [memory]`: rows out of a database beside what the drivers and pandas do.

500,000 rows of seven columns (int8, text, timestamptz, float8 or numeric(12,2), int4 with NULLs, bool, text), medians
of five alternating runs. On PostgreSQL the yardstick is COPY … TO STDOUT by the same driver, every row thrown away;
on SQLite it is sqlite3's fetchall. Then 5,000,000 rows are streamed in a process of its own, and its peak memory is said.
The server is the embedded one, or the one that STEPLADDER_TEST_POSTGRES names.
"""

from __future__ import annotations

import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import psycopg
import psycopg2
import sqlalchemy

import stepladder as sl
from stepladder.db import Database, embedded

ROUNDS = 5
ROWS = 500_000
STREAMED = 5_000_000
MEBIBYTE = 2**20
LIMITS = {
    "floats": {"to Arrow": 1.2, "to Arrow, in a transaction": 3.0, "to pandas": 1.6},
    "numerics": {"to Arrow": 2.0, "to Arrow, in a transaction": 3.0, "to pandas": 2.4},
}
STREAM = """
import re, sys
import stepladder as sl
def peak():  # ru_maxrss would begin with what the parent had
    return 1024 * int(re.search(r"VmHWM:\\s*(\\d+)", open("/proc/self/status").read())[1])
with sl.connect(sys.argv[1]) as db:
    sql = "SELECT n, 'row ' || n AS note, n::numeric(12,2) AS amount FROM generate_series(1, :last) AS g(n)"
    with db.stream(sql, last=1000) as stream:
        sum(1 for _ in stream)
    before = peak()
    with db.stream(sql, last=int(sys.argv[2])) as stream:
        rows = sum(1 for _ in stream)
    assert rows == int(sys.argv[2]), rows
    print(peak() - before)
"""

PARTS = ("postgres", "sqlite", "memory")
Run = Callable[[], object]


def main(parts: list[str]) -> None:
    with _server() as server, tempfile.TemporaryDirectory() as folder:
        file = f"sqlite:////{folder.lstrip('/')}/read.db"
        with sl.connect(server) as db, sl.connect(file) as lite:
            _fill(db)
            _copy(db, lite)
        if "postgres" in parts:
            for kind in LIMITS:
                for driver in _DRIVERS:
                    _postgres(server, driver, kind)
        if "sqlite" in parts:
            for kind in LIMITS:
                _sqlite(file, Path(folder) / "read.db", kind)
        if "memory" in parts:
            for name, url in (("PostgreSQL", server), ("SQLite", file)):
                found = _streamed(url) / MEBIBYTE
                print(f"{STREAMED:,} rows streamed, {name}: {found:.0f} MiB above the start (limit 150)")


# -- the tables
def _fill(db: Database) -> None:
    db.script(
        f"""
        DROP TABLE IF EXISTS read_floats; DROP TABLE IF EXISTS read_numerics;
        CREATE TABLE read_floats AS SELECT g::bigint AS id, 'user number ' || g AS name,
          timestamptz '2026-01-01+00' + g * interval '1.234567 s' AS at, g * 1.37::float8 AS amount,
          CASE WHEN g % 10 = 0 THEN NULL ELSE g % 1000 END::int AS n, g % 3 = 0 AS ok, md5(g::text) AS note
          FROM generate_series(1, {ROWS}) g;
        CREATE TABLE read_numerics AS SELECT id, name, at, round(amount::numeric, 2)::numeric(12,2) AS amount, n, ok, note
          FROM read_floats;
        """
    )
    db.execute("ANALYZE read_floats")
    db.execute("ANALYZE read_numerics")


def _copy(db: Database, lite: Database) -> None:
    for kind in LIMITS:
        with db.stream(f"SELECT * FROM read_{kind}") as stream:
            lite.load(stream, f"read_{kind}", mode="append", create=True)


# -- PostgreSQL
def _postgres(url: str, driver: str, kind: str) -> None:
    sql = f"SELECT * FROM read_{kind}"
    engine = sqlalchemy.create_engine(url.replace("postgresql://", f"postgresql+{driver}://", 1))
    with (
        sl.connect(url.replace("postgresql://", f"postgresql+{driver}://", 1)) as db,
        engine.connect() as alchemy,
    ):
        plain, fetched = _DRIVERS[driver](url, sql)
        runs: dict[str, Run] = {
            "COPY out, thrown away": plain,
            "to Arrow": lambda: db.frame(sql, kind="arrow"),
            "to Arrow, in a transaction": lambda: _in_transaction(db, sql),
            "to pandas": lambda: db.frame(sql),
            f"{driver} fetchall": fetched,
            "pandas.read_sql (SQLAlchemy)": lambda: pd.read_sql(sqlalchemy.text(sql), alchemy),
        }
        _table(f"PostgreSQL by {driver}, {kind}", _medians(runs), LIMITS[kind])
    engine.dispose()


def _in_transaction(db: Database, sql: str) -> object:
    with db.transaction() as tx:
        return tx.frame(sql, kind="arrow")


class _Nowhere:
    def write(self, data: bytes) -> None:
        """Nothing."""


def _by_psycopg(url: str, sql: str) -> tuple[Run, Run]:
    connection = psycopg.connect(url, autocommit=True)

    def plain() -> None:
        with connection.cursor().copy(f"COPY ({sql}) TO STDOUT") as copy:
            for _ in copy:
                pass

    return plain, lambda: connection.execute(sql).fetchall()


def _by_psycopg2(url: str, sql: str) -> tuple[Run, Run]:
    connection = psycopg2.connect(url)
    connection.autocommit = True

    def fetched() -> object:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall()

    return lambda: connection.cursor().copy_expert(f"COPY ({sql}) TO STDOUT", _Nowhere()), fetched


_DRIVERS: dict[str, Callable[[str, str], tuple[Run, Run]]] = {
    "psycopg": _by_psycopg,
    "psycopg2": _by_psycopg2,
}


# -- SQLite
def _sqlite(url: str, path: Path, kind: str) -> None:
    sql = f"SELECT * FROM read_{kind}"
    raw = sqlite3.connect(path)
    with sl.connect(url) as db:
        runs: dict[str, Run] = {
            "sqlite3 fetchall": lambda: raw.execute(sql).fetchall(),
            "to Arrow": lambda: db.frame(sql, kind="arrow"),
            "to pandas": lambda: db.frame(sql),
            "query": lambda: db.query(sql),
            "pandas.read_sql (sqlite3)": lambda: pd.read_sql(sql, raw),
        }
        _table(f"SQLite, {kind}", _medians(runs), {})
    raw.close()


# -- memory
def _streamed(url: str) -> int:
    command = [sys.executable, "-c", STREAM, url, str(STREAMED)]
    return int(subprocess.run(command, capture_output=True, check=True, text=True).stdout)


# -- measuring
def _medians(runs: dict[str, Run]) -> dict[str, float]:
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(ROUNDS + 1):
        for name, run in runs.items():
            began = time.perf_counter()
            found = run()
            times[name].append(time.perf_counter() - began)
            del found
    return {name: statistics.median(found[1:]) for name, found in times.items()}


def _table(title: str, medians: dict[str, float], limits: dict[str, float]) -> None:
    base = next(iter(medians.values()))
    print(f"{title:<44}{'seconds':>9}{'ratio':>8}{'limit':>8}", flush=True)
    for name, median in medians.items():
        limit = limits.get(name)
        print(f"  {name:<42}{median:>9.3f}{median / base:>8.2f}{'' if limit is None else f'{limit:>8.1f}'}")


@contextmanager
def _server() -> Iterator[str]:
    given = os.environ.get("STEPLADDER_TEST_POSTGRES")
    if given:
        yield given
        return
    with tempfile.TemporaryDirectory() as folder:
        cluster = Path(folder)
        yield embedded.start(cluster)
        embedded.remove(cluster)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(sys.argv[1:] or list(PARTS))
