"""`python -m benchmarks.tpc [h] [ds] [NUMBER …]`: TPC-H's and TPC-DS's queries on SQLite and on PostgreSQL, compared.

Queries and data are made by DuckDB's extensions (`pip install -e ".[bench]"`), at a hundredth of the unit scale. Both
engines are loaded with the same Arrow tables and get the same indexes. Each query's columns, types, values and order
are compared; it is equal, refused on SQLite, or different, which fails the run, as an error on one side alone does.
Rows that tie in ORDER BY may come in any order: "equal, ties apart". PostgreSQL takes all 121 texts as they are.
The server is the embedded one, or the one that STEPLADDER_TEST_POSTGRES names.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

import duckdb
import psycopg

import stepladder as sl
from stepladder.db import Database, embedded
from stepladder.errors import Error, NotPortable

SCALE = 0.01
SECONDS = 60.0  # of a query
DATABASE = "stepladder_tpc"
SUITES = {"h": ("tpch", "dbgen", range(1, 23)), "ds": ("tpcds", "dsdgen", range(1, 100))}
Answer = tuple[str, Any]


def main(arguments: list[str]) -> int:
    suites = [name for name in SUITES if name in arguments] or list(SUITES)
    numbers = {int(each) for each in arguments if each.isdigit()}
    failed = 0
    for suite in suites:
        with _server() as server, tempfile.TemporaryDirectory() as folder:
            file = f"sqlite:////{folder.lstrip('/')}/{suite}.db"
            with sl.connect(server) as postgres, sl.connect(file) as lite:
                queries = _fill(suite, (postgres, lite))
                failed += _compare(suite, queries, numbers, postgres, lite)
    return 1 if failed else 0


@contextmanager
def _server() -> Iterator[str]:
    """The URL of an empty database of our own."""
    named = os.environ.get("STEPLADDER_TEST_POSTGRES")
    with tempfile.TemporaryDirectory() as folder:
        url = named or embedded.start(Path(folder) / "server")
        try:
            with psycopg.connect(url, autocommit=True) as admin:
                admin.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
                admin.execute(f"CREATE DATABASE {DATABASE} TEMPLATE template0 LOCALE 'C' ENCODING 'UTF8'")
            yield re.sub(r"/[^/?]*(\?|$)", rf"/{DATABASE}\1", url, count=1) if "@/" in url else url
            with psycopg.connect(url, autocommit=True) as admin:
                admin.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")
        finally:
            if not named:
                embedded.remove(Path(folder) / "server")


# -- data
def _fill(suite: str, databases: Sequence[Database]) -> dict[int, str]:
    """Make the data, load it into each, and return the queries."""
    extension, generator, _ = SUITES[suite]
    duck = duckdb.connect()
    package = import_module(f"duckdb_extension_{extension}")
    (binary,) = Path(str(package.__file__)).parent.rglob("*.duckdb_extension")
    duck.execute(f"LOAD '{binary}'")
    duck.execute(f"CALL {generator}(sf = {SCALE})")
    for (table,) in duck.execute("SHOW TABLES").fetchall():
        columns = [row[0] for row in duck.execute(f"DESCRIBE {table}").fetchall()]
        for db in databases:
            db.load(duck.execute(f"FROM {table}").to_arrow_table(), table, mode="append", create=True)
            for column in columns:
                if column.endswith(("_sk", "key")):
                    db.execute(f"CREATE INDEX {table}_{column} ON {table} ({column})")
            db.execute(f"ANALYZE {table}")
    queries = duck.execute(f"FROM {extension}_queries()").fetchall()
    return {number: text.strip().rstrip(";") for number, text in queries}


# -- answers
def _compare(
    suite: str, queries: dict[int, str], numbers: set[int], postgres: Database, lite: Database
) -> int:
    counts: Counter[str] = Counter()
    for number in SUITES[suite][2]:
        if numbers and number not in numbers:
            continue
        (truth, spent), (found, taken) = (_answer(db, queries[number]) for db in (postgres, lite))
        word, why = _verdict(truth, found)
        counts[word] += 1
        print(f"TPC-{suite.upper()} {number:3} {word:18} {spent:7.2f} s {taken:7.2f} s  {why}", flush=True)
    print(f"TPC-{suite.upper()}: {', '.join(f'{count} {word}' for word, count in sorted(counts.items()))}")
    return counts["different"]


def _answer(db: Database, sql: str) -> tuple[Answer, float]:
    start = time.perf_counter()
    try:
        rows = db.options(statement_timeout=SECONDS).query(sql)
        answer: Answer = (
            "rows",
            ([(each.name, str(each.type)) for each in rows.columns], list(map(_shown, rows))),
        )
    except NotPortable as error:
        answer = "refused", error.message
    except Error as error:
        answer = "error", f"{type(error).__name__}: {str(error).splitlines()[0]}"
    return answer, time.perf_counter() - start


def _shown(row: Sequence[Any]) -> tuple[tuple[str, str], ...]:
    """A row that is equal only to one of the same Python types and the same digits."""
    return tuple(
        (type(value).__name__, f"{value:f}" if isinstance(value, Decimal) else repr(value)) for value in row
    )


def _verdict(truth: Answer, found: Answer) -> tuple[str, str]:
    if truth[0] == "error":
        return "not run", f"PostgreSQL: {truth[1]}"
    if found[0] == "refused":
        return "refused", found[1].splitlines()[0]
    if found[0] == "error":
        return "too slow" if "Timeout" in found[1] or "Canceled" in found[1] else "different", found[1]
    (columns, rows), (other_columns, other_rows) = truth[1], found[1]
    if columns != other_columns:
        return (
            "different",
            f"columns {[pair for pair in zip(columns, other_columns, strict=False) if pair[0] != pair[1]]}",
        )
    if rows == other_rows:
        return "equal", f"{len(rows)} rows"
    if sorted(rows) == sorted(other_rows):
        return "equal, ties apart", f"{len(rows)} rows"
    first = next(
        (pair for pair in zip(sorted(rows), sorted(other_rows), strict=False) if pair[0] != pair[1]), ""
    )
    return "different", f"{len(rows)} and {len(other_rows)} rows: {first}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
