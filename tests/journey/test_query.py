"""`stepladder query`, from outside: a table, CSV, JSON, Parquet; what a pipe and a file are left with."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import stepladder as sl
from stepladder.db import Database
from tests.journey.conftest import Ended

Run = Callable[..., Ended]
PEOPLE = "CREATE TABLE people (id int, name text); INSERT INTO people VALUES (1, 'ada'), (2, NULL), (3, '')"
ALL = "SELECT id, name FROM people ORDER BY id"
MIXED = """
SELECT 9007199254740993::bigint AS big, 12345678901234567890.50::numeric AS amount, true AS yes, NULL::int AS nothing,
       timestamptz '2026-01-02 03:04:05+00' AS at, date '2026-01-02' AS day, 'NaN'::numeric AS nan,
       '6f1c4c0e-9f3c-4a7b-8a1f-2c3d4e5f6a7b'::uuid AS id, '{"a": [1, null]}'::jsonb AS doc, ARRAY[1, NULL] AS counts,
       '\\x00ff'::bytea AS raw, 'it''s "so", é' AS note, ''::text AS empty
"""


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Database]:
    """people.db, for what is the same on every engine."""
    with sl.connect(f"sqlite:////{str(tmp_path / 'people.db').lstrip('/')}") as db:
        db.script(PEOPLE)
        yield db


@pytest.fixture
def query(in_process: Run, file: Database, tmp_path: Path) -> Run:
    """`stepladder query …` on people.db."""

    def run(*arguments: str, expect: int = 0) -> Ended:
        return in_process("query", *arguments, "--target", "sqlite:///people.db", cwd=tmp_path, expect=expect)

    return run


# -- on every engine
def test_json_keeps_every_digit(in_process: Run, db: Database, url: str, tmp_path: Path) -> None:
    out = in_process("query", MIXED, "--json", "--target", url, cwd=tmp_path).out
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


def test_parquet_is_written_whole_or_not_at_all(
    in_process: Run, db: Database, url: str, tmp_path: Path
) -> None:
    db.script(PEOPLE)
    folder = tmp_path / "out"
    folder.mkdir()
    arguments = ("--parquet", "people.parquet", "--target", url)
    ended = in_process("query", ALL, *arguments, cwd=folder)
    assert (ended.out, ended.err.splitlines()[-1]) == ("", "3 rows in people.parquet")
    expected = [{"id": 1, "name": "ada"}, {"id": 2, "name": None}, {"id": 3, "name": ""}]
    assert pq.read_table(folder / "people.parquet").to_pylist() == expected
    failing = "SELECT 1 / (3 - id) AS id FROM people ORDER BY id"
    in_process("query", failing, *arguments, cwd=folder, expect=4)
    assert pq.read_table(folder / "people.parquet").to_pylist() == expected
    assert [path.name for path in folder.iterdir()] == ["people.parquet"]


# -- forms
def test_a_table_is_shown_and_counted(query: Run) -> None:
    ended = query(ALL)
    lines = [line.split() for line in ended.out.splitlines()]
    assert lines == [["id", "name"], ["1", "ada"], ["2", "NULL"], ["3"]]
    assert ended.err.splitlines()[-1] == "3 rows"
    ended = query(ALL, "--limit", "1")
    assert [line.split() for line in ended.out.splitlines()] == [["id", "name"], ["1", "ada"]]
    assert ended.err.splitlines()[-1] == "the first 1 row; there are more"


def test_json_of_no_rows_and_of_equal_names(query: Run) -> None:
    assert query("SELECT 1 AS a WHERE false", "--json").out == "[]\n"
    twins = query("SELECT 1 AS a, 2 AS a", "--json", expect=4)
    assert twins.out == ""
    assert "Name them apart with AS" in twins.err


def test_csv_is_what_other_programs_read(query: Run) -> None:
    out = query(MIXED, "--csv").out
    names, values = csv.reader(out.splitlines())
    row = dict(zip(names, values, strict=True))
    assert row["amount"] == "12345678901234567890.50"
    assert row["note"] == 'it\'s "so", é'
    assert (row["doc"], row["counts"], row["raw"]) == ('{"a": [1, null]}', "{1,NULL}", "\\x00ff")
    assert out.splitlines()[1].endswith('"it\'s ""so"", é",""')


def test_csv_can_be_loaded_again(query: Run, file: Database, tmp_path: Path) -> None:
    """NULL and an empty text stay apart."""
    (tmp_path / "people.csv").write_text(query(ALL, "--csv").out, encoding="utf-8")
    file.load(tmp_path / "people.csv", "people", mode="replace")
    assert file.query(ALL).tuples() == [(1, "ada"), (2, None), (3, "")]


def test_lines_of_csv_end_as_rfc_4180_says(tmp_path: Path) -> None:
    sql = "SELECT 1 AS a, 'x' || chr(10) || 'y' AS b"
    command = [sys.executable, "-m", "stepladder", "query", sql, "--csv", "--target", "sqlite:///:memory:"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True)
    assert ended.stdout == b'a,b\r\n1,"x\ny"\r\n'


# -- what goes in, and what is said
def test_values_are_text_that_is_typed_where_it_stands(query: Run) -> None:
    sql = "SELECT id FROM people WHERE id = :id OR name = :name ORDER BY id"
    out = query(sql, "-p", "id=2", "-p", "name=ada", "--json").out
    assert json.loads(out) == [{"id": 1}, {"id": 2}]


def test_what_writes_says_how_many_rows(query: Run, file: Database) -> None:
    ended = query("DELETE FROM people WHERE id > :low", "-p", "low=1")
    assert (ended.out, ended.err.splitlines()[-1]) == ("", "2 rows written")
    ended = query("INSERT INTO people VALUES (7, 'eve') RETURNING id", "--json")
    assert json.loads(ended.out) == [{"id": 7}]
    assert ended.err.splitlines()[-1] == "1 row written"
    assert query("CREATE TABLE t (a int)").err.endswith("done\n")
    assert file.query("SELECT count(*) FROM people").scalar() == 2


def test_a_file_that_cannot_be_is_refused_before_work(query: Run, file: Database) -> None:
    assert "nowhere" in query("SELECT 1", "--parquet", "nowhere/x.parquet", expect=2).err
    assert "Nothing was run" in query("DELETE FROM people", "--parquet", "x.parquet", expect=2).err
    assert file.query("SELECT count(*) FROM people").scalar() == 3


def test_a_reader_that_goes_away_is_no_error(file: Database, tmp_path: Path) -> None:
    """`| head -1`"""
    file.execute("CREATE TABLE many AS SELECT n FROM generate_series(1, 100000) AS g(n)")
    command = [sys.executable, "-m", "stepladder", "query", "SELECT * FROM many", "--csv", "--target"]
    process = subprocess.Popen(
        [*command, "sqlite:///people.db"],
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
    assert said.splitlines() == ["target sqlite:///people.db"]


def test_create_makes_a_file_and_nothing_else_does(in_process: Run, tmp_path: Path) -> None:
    target = ("--target", "sqlite:///new.db")
    for sql in ("SELECT 1", "CREATE TABEL t (id int)", "INSERT INTO t VALUES (1)"):
        assert "there is no file" in in_process("query", sql, *target, cwd=tmp_path, expect=2).err
    assert list(tmp_path.iterdir()) == []
    in_process("query", "CREATE TABLE t (id int)", *target, cwd=tmp_path)
    assert "1 row written" in in_process("query", "INSERT INTO t VALUES (1)", *target, cwd=tmp_path).err
