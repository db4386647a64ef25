"""`python -m benchmarks.analytics [--rows N]`: sessions and daily metrics through the translator beside SQLite's SQL written by hand.

2,000,000 events on one file that both read; medians of five alternating rounds. The limit is 1.25 times the SQL by hand,
which counts whole seconds. PostgreSQL, DuckDB and pandas run the same questions where they are installed. Every answer of
ours is compared with PostgreSQL's; the answers by hand, whose sums are floats, by how many rows they have.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import stepladder as sl
from benchmarks.money import medians
from stepladder.db import embedded

ROWS, LIMIT = 2_000_000, 1.25
COLUMNS = "id bigint, user_id int, at timestamptz, amount numeric(10,2)"
# 2,000 users take turns. A user's next event comes 20 minutes after the last one; behind each sixth is a rest of an hour.
USER, SECONDS = "i % 2000", "i / 2000 * 1200 + i / 2000 / 6 * 3600 + i % 2000 * 7"
AMOUNT = "(i * 7919 % 100000) / 100.0"

_SESSIONS = """
    WITH marked AS (
        SELECT user_id, at, id, CASE WHEN {gap} THEN 0 ELSE 1 END AS starts
        FROM events WINDOW w AS (PARTITION BY user_id ORDER BY at, id)
    ), numbered AS (
        SELECT user_id, at, sum(starts) OVER (PARTITION BY user_id ORDER BY at, id ROWS UNBOUNDED PRECEDING) AS session
        FROM marked
    )
    SELECT user_id, session, min(at), max(at), count(*) FROM numbered GROUP BY user_id, session ORDER BY user_id, session"""
_DAILY = "SELECT {day} AS day, count(*), count(DISTINCT user_id), sum(amount) FROM events GROUP BY {day} ORDER BY {day}"
_BY_HAND = _SESSIONS.format(gap="unixepoch(at) - unixepoch(lag(at) OVER w) <= 1800")
# What is asked in PostgreSQL's SQL, and what one would write for SQLite.
QUESTIONS = {
    "sessions, interval": (_SESSIONS.format(gap="at - lag(at) OVER w <= interval '30 minutes'"), _BY_HAND),
    "sessions, epoch": (
        _SESSIONS.format(gap="extract(epoch FROM at - lag(at) OVER w) <= 1800"),
        _BY_HAND,
    ),
    "daily metrics": (_DAILY.format(day="at::date"), _DAILY.format(day="date(at)")),
}
_QUOTED = re.compile(r"\bat\b")  # a word of DuckDB's
Ask = Callable[[str], Any]


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m benchmarks.analytics")
    options.add_argument("--rows", type=int, default=ROWS)
    rows = options.parse_args().rows
    folder = Path(tempfile.mkdtemp())
    try:
        run(folder, rows)
    finally:
        embedded.remove(folder / "cluster")
        shutil.rmtree(folder)


def run(folder: Path, rows: int) -> None:
    path = folder / "analytics.db"
    lite = on_sqlite(path, rows)
    hand = sqlite3.connect(path)
    peers = {"PostgreSQL": on_postgres(folder, rows), **on_duckdb(path), **on_pandas(path)}
    print(f"{rows:,} events")
    print(
        f"{'':<20}{'by hand s':>10}{'ours':>7}{'limit':>7}"
        + "".join(f"{name:>12}" for name in peers)
        + "   (times by hand)"
    )
    for name, (question, by_hand) in QUESTIONS.items():
        asks = asked(lite, hand, question, by_hand) | {
            peer: lambda ask=ask, name=name: ask(name) for peer, ask in peers.items()
        }
        answers = {each: ask() for each, ask in asks.items()}
        assert str(answers["ours"]) == str(answers["PostgreSQL"]), name
        assert len(answers["ours"]) == len(answers["by hand"]), name
        times = medians(asks)
        ratios = "".join(f"{times[peer] / times['by hand']:>12.2f}" for peer in peers)
        ours = times["ours"] / times["by hand"]
        print(
            f"{name:<20}{times['by hand']:>10.3f}{ours:>7.2f}{LIMIT:>7.2f}{ratios}{'   missed' if ours > LIMIT else ''}",
            flush=True,
        )


def asked(
    lite: sl.Database, hand: sqlite3.Connection, question: str, by_hand: str
) -> dict[str, Callable[[], Any]]:
    return {
        "by hand": lambda: hand.execute(by_hand).fetchall(),
        "ours": lambda: lite.query(question).all(),
    }


def on_sqlite(path: Path, rows: int) -> sl.Database:
    db = sl.connect(f"sqlite:///{path}")
    db.execute(f"CREATE TABLE events ({COLUMNS})")
    raw = sqlite3.connect(path)
    numbers = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT {rows})"
    at = f"strftime('%Y-%m-%d %H:%M:%S+00:00', 1767225600 + {SECONDS}, 'unixepoch')"
    raw.execute(f"INSERT INTO events {numbers} SELECT i, {USER}, {at}, {AMOUNT} FROM n")
    raw.commit()
    raw.close()
    return db


def on_postgres(folder: Path, rows: int) -> Ask:
    db = sl.connect(f"postgresql+embedded:///{folder / 'cluster'}")
    db.execute(f"CREATE TABLE events ({COLUMNS})")
    fill = f"SELECT i, {USER}, to_timestamp(1767225600 + {SECONDS}), {AMOUNT}"
    db.execute(f"INSERT INTO events {fill} FROM generate_series(1, {rows}::bigint) AS n(i)")
    db.query("SELECT count(*) FROM events")
    return lambda name: db.query(QUESTIONS[name][0]).all()


def on_duckdb(path: Path) -> dict[str, Ask]:
    try:
        import duckdb
    except ImportError:
        return {}
    import pandas as pd

    frame = pd.read_sql("SELECT * FROM events", sqlite3.connect(path))  # noqa: F841 - DuckDB reads it by its name
    duck = duckdb.connect()
    duck.execute("SET TimeZone = 'UTC'")
    duck.execute(_QUOTED.sub('"at"', f"CREATE TABLE events ({COLUMNS})"))
    duck.execute("INSERT INTO events SELECT * FROM frame")
    return {"DuckDB": lambda name: duck.execute(_QUOTED.sub('"at"', QUESTIONS[name][0])).fetchall()}


def on_pandas(path: Path) -> dict[str, Ask]:
    """Floats, in memory already: what a notebook would hold."""
    try:
        import pandas as pd
    except ImportError:
        return {}
    frame = pd.read_sql("SELECT * FROM events", sqlite3.connect(path))
    frame["at"] = pd.to_datetime(frame["at"])

    def sessions() -> Any:
        ordered = frame.sort_values(["user_id", "at", "id"])
        starts = ~(ordered.groupby("user_id")["at"].diff() <= pd.Timedelta("30min"))
        session = starts.groupby(ordered.user_id).cumsum().rename("session")
        return ordered.groupby([ordered.user_id, session])["at"].agg(["min", "max", "count"])

    def daily() -> Any:
        return frame.groupby(frame["at"].dt.date).agg({"id": "count", "user_id": "nunique", "amount": "sum"})

    return {"pandas": lambda name: daily() if name == "daily metrics" else sessions()}


if __name__ == "__main__":
    main()
