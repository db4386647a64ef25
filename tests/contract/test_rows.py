"""Rows: read by position, by name, by attribute, as often as you like; the same on every engine."""

from __future__ import annotations

import copy
import pickle

import pytest

from stepladder.db import Database, Row, Rows
from stepladder.errors import AmbiguousColumn, ManyRows, NoRows, UndefinedColumn
from stepladder.sql import Column, Type

PEOPLE = "SELECT 1 AS id, 'ada' AS name UNION ALL SELECT 2, 'bob' ORDER BY id"


def people() -> Rows:
    columns = (Column("id", Type("int4")), Column("name", Type("text")))
    return Rows(columns, [(1, "ada"), (2, "bob")])


# -- one row
def test_a_row_is_read_by_position_name_and_attribute(db: Database) -> None:
    row = db.query(PEOPLE)[0]
    assert (row[0], row[-1], row["id"], row["name"], row.id, row.name) == (1, "ada", 1, "ada", 1, "ada")
    assert row == (1, "ada")
    assert row[0:1] == (1,)
    identity, name = row
    assert (identity, name) == (1, "ada")


def test_names_that_tuples_use_are_read_by_name(db: Database) -> None:
    row = db.query('SELECT 7 AS count, 8 AS index, 9 AS class, 10 AS "dict"').one()
    assert (row["count"], row["index"], row["class"], row["dict"]) == (7, 8, 9, 10)
    assert (row.count(7), row.index(8), row.dict()["dict"]) == (1, 1, 10)
    assert getattr(row, "class") == 9


def test_names_that_are_no_identifiers_are_read_by_name(db: Database) -> None:
    row = db.query('SELECT 1 AS "two words", 2 AS "_names", 3 AS "é"').one()
    assert (row["two words"], row["_names"], row["é"]) == (1, 2, 3)
    assert row.é == 3
    assert row.dict() == {"two words": 1, "_names": 2, "é": 3}


def test_two_equal_names_are_read_by_position_only(db: Database) -> None:
    rows = db.query("SELECT 1 AS a, 2 AS a, 3 AS b")
    row = rows.one()
    assert (row[0], row[1], row["b"], row.b) == (1, 2, 3, 3)
    with pytest.raises(AmbiguousColumn, match="positions 0, 1"):
        row["a"]
    with pytest.raises(AmbiguousColumn):
        row.dict()
    with pytest.raises(AmbiguousColumn):
        rows.dicts()
    with pytest.raises(AttributeError):
        row.a  # noqa: B018


def test_an_unknown_name_is_refused_with_what_there_is() -> None:
    row = people()[0]
    with pytest.raises(UndefinedColumn, match=r"no column 'nam'; there are: id, name"):
        row["nam"]
    with pytest.raises(AttributeError):
        row.nam  # noqa: B018
    with pytest.raises(IndexError):
        row[2]


def test_a_row_shows_its_names_and_survives_copies_and_pickles() -> None:
    row = people()[0]
    assert repr(row) == "Row(id=1, name='ada')"
    for twin in (copy.copy(row), copy.deepcopy(row), pickle.loads(pickle.dumps(row))):
        assert isinstance(twin, Row)
        assert twin == row
        assert (twin.name, twin["id"]) == ("ada", 1)


def test_a_row_cannot_be_changed() -> None:
    row = people()[0]
    with pytest.raises(AttributeError):
        row.name = "eve"  # type: ignore[attr-defined]
    with pytest.raises(AttributeError):
        row.other = "eve"  # type: ignore[attr-defined]


# -- many rows
def test_rows_are_a_sequence(db: Database) -> None:
    rows = db.query(PEOPLE)
    assert len(rows) == 2
    assert [row.name for row in rows] == [row.name for row in rows] == ["ada", "bob"]
    assert rows[-1].name == "bob"
    assert isinstance(rows[1:], Rows)
    assert rows[1:].tuples() == [(2, "bob")]
    assert (1, "ada") in rows
    assert rows.index((2, "bob")) == 1
    assert [row.id for row in reversed(rows)] == [2, 1]
    assert rows.all() == rows.tuples() == [(1, "ada"), (2, "bob")]
    assert rows.dicts() == [{"id": 1, "name": "ada"}, {"id": 2, "name": "bob"}]


def test_columns_have_names_and_types(db: Database) -> None:
    columns = db.query("SELECT 1 AS a, 'x'::text AS b, true AS c, 1.5::numeric(5,2) AS d").columns
    assert [(column.name, str(column.type)) for column in columns] == [
        ("a", "integer"),
        ("b", "text"),
        ("c", "boolean"),
        ("d", "numeric(5,2)"),
    ]


def test_first_one_and_scalar(db: Database) -> None:
    none, one, two = db.query("SELECT 1 AS a WHERE false"), db.query("SELECT 5 AS a"), db.query(PEOPLE)
    assert none.first() is None
    assert not none
    assert two.first() == (1, "ada")
    assert one.one().a == one.scalar() == 5
    for ask in (none.one, none.scalar):
        with pytest.raises(NoRows):
            ask()
    for ask in (two.one, two.scalar):
        with pytest.raises(ManyRows, match="returned 2"):
            ask()
    assert db.query("SELECT 7, 8").scalar() == 7


def test_a_scalar_may_be_null(db: Database) -> None:
    assert db.query("SELECT NULL::text").scalar() is None


def test_a_statement_without_rows_gives_empty_rows(db: Database) -> None:
    rows = db.query("CREATE TABLE t (a int)")
    assert (len(rows), rows.columns, rows.first()) == (0, (), None)
    assert db.query("SELECT * FROM t").columns[0].name == "a"


def test_equal_rows_are_equal(db: Database) -> None:
    assert db.query(PEOPLE) == db.query(PEOPLE)
    assert db.query(PEOPLE) != db.query("SELECT 1 AS id, 'ada' AS name")
    assert people() != [(1, "ada"), (2, "bob")]
    with pytest.raises(TypeError):
        hash(people())


def test_rows_show_themselves() -> None:
    assert repr(people()) == "<Rows: 2 × (id, name)>"
    page = people()._repr_html_()
    assert page.startswith("<table>")
    assert "<th>name</th>" in page
    assert "<td>ada</td>" in page
    assert "more rows" not in page


def test_a_notebook_shows_twenty_rows_and_no_markup_of_the_data() -> None:
    rows = Rows((Column("<b>", Type("text")),), [("<script>",)] * 25)
    page = rows._repr_html_()
    assert "<script>" not in page
    assert "<b>" not in page
    assert page.count("<td>") == 20
    assert "and 5 more rows" in page
