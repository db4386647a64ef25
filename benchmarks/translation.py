"""`python -m benchmarks.translation`: what it costs to translate the corpus for SQLite, cold and from the cache.

Limits: 1 ms cold (median of the statements), 5 µs for one that was translated before.
"""

from __future__ import annotations

import json
import statistics
import time
from pathlib import Path

import stepladder as sl
from stepladder.db.sqlite import SqliteConnection
from stepladder.errors import Error
from stepladder.sql import parameter_names, statements, translate

DATA = Path(__file__).parents[1] / "tests" / "data" / "sql"
ROUNDS = 5


def main() -> None:
    with sl.connect("sqlite:///:memory:") as db:
        for statement in statements((DATA / "schema.sql").read_text()):
            if not statement.text.startswith(("CREATE SEQUENCE", "SELECT setval")):
                db.execute(statement.text)
        with db._connection() as connection:
            assert isinstance(connection, SqliteConnection)
            report(connection)


def report(connection: SqliteConnection) -> None:
    cold: list[float] = []
    cached: list[float] = []
    for line in (DATA / "truth.jsonl").read_text().splitlines():
        for sql in json.loads(line)["sql"]:
            if parameter_names(sql):
                continue  # their values' types are the cases' own
            found = [cost for _ in range(ROUNDS) if (cost := of_one(connection, sql))]
            if found:
                cold.append(statistics.median(each[0] for each in found))
                cached.append(statistics.median(each[1] for each in found))
    cold.sort()
    print(f"{len(cold)} statements             limit")
    print(f"cold, median      {statistics.median(cold) * 1e3:8.3f} ms   1 ms")
    print(f"cold, 95 of 100   {cold[int(len(cold) * 0.95)] * 1e3:8.3f} ms")
    print(f"cached, median    {statistics.median(cached) * 1e6:8.3f} µs   5 µs")


def of_one(connection: SqliteConnection, sql: str) -> tuple[float, float] | None:
    """Seconds to translate a statement, and to find its plan again; None for one that is refused."""
    from stepladder.db.sqlite import _Schema

    try:
        began = time.perf_counter()
        translate(sql, _Schema(connection), {})
        cold = time.perf_counter() - began
        connection._plan(sql, {})
    except Error:
        return None
    began = time.perf_counter()
    connection._plan(sql, {})
    return cold, time.perf_counter() - began


if __name__ == "__main__":
    main()
