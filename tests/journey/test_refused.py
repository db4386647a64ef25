"""What cannot run is refused before anything is written: exit 2, the file, its line, and what to do."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

import stepladder as sl
from tests.journey.conftest import Ended

Run = Callable[..., Ended]
DAILY = """/* stepladder
every = "day"
time = "day"
*/
SELECT (at AT TIME ZONE :zone)::date AS day, count(*) AS n
FROM events
WHERE at >= :start AND at < :end
GROUP BY 1
"""
NAME = "m" * 64
REFUSED = {
    "syntax error": (
        {"m": "SELECT id\nFROM WHERE"},
        r"models/m\.sql:2: syntax error at or near \"WHERE\"\n    FROM WHERE\n         \^",
    ),
    "unknown column": (
        {"m": "SELECT id,\n  knd FROM events"},
        r"models/m\.sql:2: column \"knd\" does not exist\. Did you mean 'kind'\?",
    ),
    "unknown column, like none": (
        {"m": "SELECT id,\n  e.xyz FROM events e"},
        r"models/m\.sql:2: column e\.xyz does not exist\. There are: id, at, naive, kind",
    ),
    "cycle": (
        {"a": "SELECT *\nFROM b", "b": "SELECT * FROM a"},
        r"models/a\.sql:2: models read each other in a circle: a → b → a\. Break it in one of them",
    ),
    "naive time": (
        {"m": DAILY.replace("(at AT TIME ZONE :zone)::date AS day", "naive AS day")},
        r"models/m\.sql:3: the time column day is timestamp .*time_is = \"UTC\"",
    ),
    "missing window": (
        {"m": DAILY.replace("WHERE at >= :start AND at < :end\n", "")},
        r"models/m\.sql:2: .*:start and :end is missing from the SQL\. Add, for instance, WHERE",
    ),
    "half a window": (
        {"m": DAILY.replace(" AND at < :end", "")},
        r"models/m\.sql:2: .*:end is missing from the SQL\. Add, for instance, WHERE",
    ),
    "a window on nothing": (
        {"m": DAILY.replace("WHERE at >= :start AND at < :end", "WHERE :start < :end")},
        r"models/m\.sql:2: no source is compared with :start and :end.*Write start = ",
    ),
    "name of 64 bytes": (
        {NAME: "SELECT 1 AS a"},
        rf"models/{NAME}\.sql: the name has 64 bytes; PostgreSQL keeps 63.*Shorten it",
    ),
}


@pytest.mark.parametrize("engine", ["sqlite3", pytest.param("psycopg", marks=pytest.mark.postgres)])
@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_run(in_process: Run, tmp_path: Path, url: str, what: str) -> None:
    files, said = REFUSED[what]
    models = tmp_path / "models"
    models.mkdir()
    (tmp_path / "stepladder.toml").write_text("")
    for name, text in {"good": "SELECT id FROM events", **files}.items():
        (models / f"{name}.sql").write_text(text)
    with sl.connect(url) as db:
        db.execute("CREATE TABLE events (id integer, at timestamptz, naive timestamp, kind text)")
        before = (db.tables(), db.tables("stepladder"))
    ended = in_process("run", "--target", url, cwd=tmp_path, expect=2)
    assert re.search(said, ended.err), ended.err
    with sl.connect(url) as db:
        assert (db.tables(), db.tables("stepladder")) == before
