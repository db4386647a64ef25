"""Text before parsing: statements, parameters, canonical form."""

from __future__ import annotations

import pytest

from stepladder.errors import SqlSyntaxError
from stepladder.sql import code_text, numbered, parameter_names, statements, top_level_parts


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("SELECT :a, :b, :a", ("a", "b")),
        ("SELECT ':a', \":b\", $$:c$$, $t$:d$t$ -- :e\n/* :f /* :g */ :h */", ()),
        ("SELECT E'\\':a', U&'d:b'", ()),
        ("SELECT x::int, x :: int, x[1:k], f(y):z", ()),
        ("SELECT x = :größe", ("größe",)),
        ("SELECT x[ :k], (:k)", ("k",)),
        ("SELECT a:=1, '12':b", ("b",)),
        ("x>:a AND -:b", ("a", "b")),
    ],
)
def test_parameters_are_found_outside_quotes_casts_and_slices(sql: str, names: tuple[str, ...]) -> None:
    assert parameter_names(sql) == names


def test_statements_are_parted_at_semicolons_that_are_code() -> None:
    sql = "SELECT ';';\n\n-- nothing;\n;INSERT INTO t VALUES ($$;$$)  ; "
    found = statements(sql)
    assert [(each.text, each.line, each.offset) for each in found] == [
        ("SELECT ';'", 1, 0),
        ("INSERT INTO t VALUES ($$;$$)", 4, sql.index("INSERT")),
    ]


def test_a_function_body_is_one_statement() -> None:
    sql = "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END; SELECT 3"
    assert [each.text for each in statements(sql)][1:] == ["SELECT 3"]


@pytest.mark.parametrize(
    "sql", ["SELECT 'a", 'SELECT "a', "SELECT /* /* */", "SELECT $x$ $y$", "SELECT E'\\'"]
)
def test_what_is_never_closed_is_an_error_with_its_place(sql: str) -> None:
    with pytest.raises(SqlSyntaxError) as caught:
        statements(sql)
    assert caught.value.position == 7


def test_numbers_stand_for_names_and_places_lead_back() -> None:
    sql = "SELECT é, :first, :b, :first FROM missing"
    found = numbered(sql)
    assert found.text == "SELECT é, $1, $2, $1 FROM missing"
    assert found.names == ("first", "b")
    for word in ("é", "FROM", "missing"):
        assert found.to_user(found.text.index(word)) == sql.index(word)
        assert found.bytes_to_user(found.text.encode().index(word.encode())) == sql.index(word)


def test_the_users_own_numbers_are_refused() -> None:
    with pytest.raises(SqlSyntaxError, match="by name"):
        numbered("SELECT $1")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SELECT  A,b -- x\nFROM t;", "select a , B from T"),
        ("SELECT a::INT", "select a :: int"),
        ("SELECT f( x )", "select f(x)"),
    ],
)
def test_the_same_code_has_one_text(one: str, other: str) -> None:
    assert code_text(one) == code_text(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SELECT 'A'", "SELECT 'a'"),
        ('SELECT "A"', "SELECT a"),
        ("SELECT 'a'\n'b'", "SELECT 'a' 'b'"),
        ("SELECT - -1", "SELECT +1"),
    ],
)
def test_other_code_has_another_text(one: str, other: str) -> None:
    assert code_text(one) != code_text(other)


def test_parts_are_parted_at_commas_of_the_top_level() -> None:
    assert top_level_parts("a, f(b, c), 'd,e', x[1,2]") == ("a", " f(b, c)", " 'd,e'", " x[1,2]")
