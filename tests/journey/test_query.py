"""`stepladder query`, from outside: a table, CSV, JSON, Parquet; what a pipe and a file are left with."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import stepladder as sl
from stepladder.db import Database
from tests.journey.conftest import Ended

Run = Callable[..., Ended]
MIXED = """
SELECT 9007199254740993::bigint AS big, 12345678901234567890.50::numeric AS amount, true AS yes, NULL::int AS nothing,
       timestamptz '2026-01-02 03:04:05+00' AS at, date '2026-01-02' AS day, 'NaN'::numeric AS nan,
       '6f1c4c0e-9f3c-4a7b-8a1f-2c3d4e5f6a7b'::uuid AS id, '{"a": [1, null]}'::jsonb AS doc, ARRAY[1, NULL] AS counts,
       '\\x00ff'::bytea AS raw, 'it''s "so", é' AS note, ''::text AS empty
"""


@pytest.fixture
def people(db: Database) -> Database:
    db.execute("CREATE TABLE people (id int, name text)")
    db.execute("INSERT INTO people VALUES (1, 'ada'), (2, NULL), (3, '')")
    return db


def test_a_table_is_shown_and_counted(stepladder: Run, people: Database, url: str, tmp_path: Path) -> None:
    sql = "SELECT * FROM people ORDER BY id"
    ended = stepladder("query", sql, "--target", url, cwd=tmp_path)
    assert [line.split() for line in ended.out.splitlines()] == [
        ["id", "name"],
        ["1", "ada"],
        ["2", "NULL"],
        ["3"],
    ]
    assert ended.err.splitlines()[-1] == "3 rows"
    ended = stepladder("query", sql, "--limit", "1", "--target", url, cwd=tmp_path)
    assert [line.split() for line in ended.out.splitlines()] == [["id", "name"], ["1", "ada"]]
    assert ended.err.splitlines()[-1] == "the first 1 row; there are more"


def test_json_keeps_every_digit(stepladder: Run, db: Database, url: str, tmp_path: Path) -> None:
    out = stepladder("query", MIXED, "--json", "--target", url, cwd=tmp_path).out
    (row,) = json.loads(out, parse_float=Decimal)
    assert row == {
        "big": 9007199254740993,
        "amount": Decimal("12345678901234567890.50"),
        "yes": True,
        "nothing": None,
        "at": "2026-01-02T03:04:05+00:00",
        "day": "2026-01-02",
        "nan": "NaN",
        "id": "6f1c4c0e-9f3c-4a7b-8a1f-2c3d4e5f6a7b",
        "doc": {"a": [1, None]},
        "counts": [1, None],
        "raw": "AP8=",
        "note": 'it\'s "so", é',
        "empty": "",
    }
    assert (
        stepladder("query", "SELECT 1 AS a WHERE false", "--json", "--target", url, cwd=tmp_path).out
        == "[]\n"
    )
    twins = stepladder("query", "SELECT 1 AS a, 2 AS a", "--json", "--target", url, cwd=tmp_path, expect=4)
    assert twins.out == ""
    assert "Name them apart with AS" in twins.err


def test_csv_is_what_other_programs_read(stepladder: Run, db: Database, url: str, tmp_path: Path) -> None:
    out = stepladder("query", MIXED, "--csv", "--target", url, cwd=tmp_path).out
    names, values = csv.reader(out.splitlines())
    row = dict(zip(names, values, strict=True))
    assert row["amount"] == "12345678901234567890.50"
    assert row["note"] == 'it\'s "so", é'
    assert (row["doc"], row["counts"], row["raw"]) == ('{"a": [1, null]}', "{1,NULL}", "\\x00ff")
    assert out.splitlines()[1].endswith('"it\'s ""so"", é",""')


def test_csv_can_be_loaded_again(stepladder: Run, people: Database, url: str, tmp_path: Path) -> None:
    """NULL and an empty text stay apart."""
    out = stepladder("query", "SELECT * FROM people ORDER BY id", "--csv", "--target", url, cwd=tmp_path).out
    (tmp_path / "people.csv").write_text(out, encoding="utf-8")
    people.load(tmp_path / "people.csv", "people", mode="replace")
    assert people.query("SELECT * FROM people ORDER BY id").tuples() == [(1, "ada"), (2, None), (3, "")]


def test_lines_of_csv_end_as_rfc_4180_says(db: Database, url: str, tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "stepladder",
        "query",
        "SELECT 1 AS a, 'x' || chr(10) || 'y' AS b",
        "--csv",
    ]
    ended = subprocess.run([*command, "--target", url], cwd=tmp_path, capture_output=True, check=True)
    assert ended.stdout == b'a,b\r\n1,"x\ny"\r\n'


def test_parquet_is_written_whole_or_not_at_all(
    stepladder: Run, people: Database, url: str, tmp_path: Path
) -> None:
    file = tmp_path / "people.parquet"
    arguments = ("--parquet", str(file), "--target", url)
    ended = stepladder("query", "SELECT id, name FROM people ORDER BY id", *arguments, cwd=tmp_path)
    assert ended.out == ""
    assert ended.err.splitlines()[-1] == f"3 rows in {file}"
    expected = [{"id": 1, "name": "ada"}, {"id": 2, "name": None}, {"id": 3, "name": ""}]
    assert pq.read_table(file).to_pylist() == expected
    failing = "SELECT 1 / (3 - id) AS id FROM people ORDER BY id"
    stepladder("query", failing, *arguments, cwd=tmp_path, expect=4)
    assert pq.read_table(file).to_pylist() == expected
    assert sorted(path.name for path in tmp_path.iterdir() if not path.name.startswith("test.db")) == [
        file.name
    ]
    missing = stepladder(
        "query", "SELECT 1", "--parquet", "nowhere/x.parquet", "--target", url, cwd=tmp_path, expect=2
    )
    assert "nowhere" in missing.err


def test_values_are_text_that_is_typed_where_it_stands(
    stepladder: Run, people: Database, url: str, tmp_path: Path
) -> None:
    sql = "SELECT id FROM people WHERE id = :id OR name = :name ORDER BY id"
    values = ("-p", "id=2", "-p", "name=ada", "--json", "--target", url)
    assert json.loads(stepladder("query", sql, *values, cwd=tmp_path).out) == [{"id": 1}, {"id": 2}]


def test_what_writes_says_how_many_rows(stepladder: Run, people: Database, url: str, tmp_path: Path) -> None:
    ended = stepladder(
        "query", "DELETE FROM people WHERE id > :low", "-p", "low=1", "--target", url, cwd=tmp_path
    )
    assert (ended.out, ended.err.splitlines()[-1]) == ("", "2 rows written")
    sql = "INSERT INTO people VALUES (7, 'eve') RETURNING id"
    ended = stepladder("query", sql, "--json", "--target", url, cwd=tmp_path)
    assert json.loads(ended.out) == [{"id": 7}]
    assert ended.err.splitlines()[-1] == "1 row written"
    assert stepladder("query", "CREATE TABLE t (a int)", "--target", url, cwd=tmp_path).err.endswith("done\n")
    refused = ("query", "DELETE FROM people", "--parquet", "x.parquet", "--target", url)
    assert "Nothing was run" in stepladder(*refused, cwd=tmp_path, expect=2).err
    assert people.query("SELECT count(*) FROM people").scalar() == 2


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    """`| head -1`"""
    with sl.connect(f"sqlite:////{str(tmp_path / 'many.db').lstrip('/')}") as db:
        db.execute("CREATE TABLE many AS SELECT n FROM generate_series(1, 100000) AS g(n)")
    command = [sys.executable, "-m", "stepladder", "query", "SELECT * FROM many", "--csv", "--target"]
    process = subprocess.Popen(
        [*command, "sqlite:///many.db"],
        cwd=tmp_path,
        env=dict(os.environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline() == b"n\r\n"
    process.stdout.close()
    said = process.stderr.read().decode()
    process.stderr.close()
    assert process.wait(timeout=60) == 0
    assert said.splitlines() == ["target sqlite:///many.db"]
