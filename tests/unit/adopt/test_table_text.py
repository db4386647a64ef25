"""SQLite's CREATE TABLE, column by column."""

from __future__ import annotations

import sqlite3

import pytest

from stepladder.sql import edited, read_create_table

ODD = """CREATE TABLE [a (b] ( -- a comment, with a comma
    "x""y" DOUBLE PRECISION DEFAULT (1, ')') /* , */, [in line] NVARCHAR ( 10 ) NOT NULL COLLATE nocase,
    `back` "two words" UNIQUE ON CONFLICT REPLACE, bare, 'single' DECIMAL(10, -2) CHECK (bare IN (1, 2)),
    made INT GENERATED ALWAYS AS (bare * 2) STORED,
    CONSTRAINT c PRIMARY KEY (bare, "x""y"), CHECK (bare <> ')') ) WITHOUT ROWID, STRICT"""


def test_every_column_its_type_and_what_stands_behind() -> None:
    table = read_create_table(ODD)
    types = {column.name: ODD[column.type_start : column.type_end] for column in table.columns}
    assert types == {
        'x"y': "DOUBLE PRECISION",
        "in line": "NVARCHAR ( 10 )",
        "back": '"two words"',
        "bare": "",
        "single": "DECIMAL(10, -2)",
        "made": "INT",
    }
    assert {column.name: column.collation for column in table.columns}["in line"] == "nocase"
    assert [column.expressions for column in table.columns][-2:] == [("bare IN ( 1 , 2 )",), ("bare * 2",)]
    assert table.options == {"without", "rowid", "strict"}


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE t(a,b)",
        "CREATE TABLE t (a DATE NOT NULL DEFAULT CURRENT_DATE, b)",
        'CREATE TABLE t ("a" DATE PRIMARY KEY, b INT CHECK (b > 0), FOREIGN KEY (b) REFERENCES t (a))',
    ],
)
def test_other_types_leave_the_rest_as_it_was(sql: str) -> None:
    changes = []
    for column in read_create_table(sql).columns:
        changes += [(column.type_start, column.type_end, " TEXT "), (column.end, column.end, " CHECK (1)")]
    before, after = sqlite3.connect(":memory:"), sqlite3.connect(":memory:")
    before.execute(sql)
    after.execute(edited(sql, changes))
    told = [
        [(row[1], row[3], row[4], row[5]) for row in raw.execute("PRAGMA table_info(t)")]
        for raw in (before, after)
    ]
    assert told[0] == told[1]
    assert {row[2] for row in after.execute("PRAGMA table_info(t)")} == {"TEXT"}
