"""The lexer loses nothing, and what it finds in any mix of pieces is what was put in."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from stepladder.errors import SqlSyntaxError
from stepladder.sql import bind, code_text, numbered, parameter_names, statements
from stepladder.sql.lexer import tokens

CODE = st.sampled_from(["SELECT", "a", "::int", "1.5e3", "(", ")", ",", "[1:2]", ">=", '"Q:x"', "x.y"])
QUIET = st.sampled_from(
    ["':a;'", "$$:a;$$", "$t$ ' :b $t$", "-- :c ; '\n", "/* :d /* ; */ ' */", "E'\\':e'", '":f;"']
)
NAMED = st.sampled_from([":p", ":q", ":long_name"])
PIECES = st.lists(st.one_of(CODE, QUIET, NAMED))


@given(st.text())
def test_tokens_joined_are_the_text(text: str) -> None:
    try:
        found = list(tokens(text))
    except SqlSyntaxError:
        assume(False)  # a quote or a comment that is never closed
    assert "".join(token.text for token in found) == text


@given(PIECES)
def test_parameters_are_those_that_were_put_in(pieces: list[str]) -> None:
    wanted = tuple(dict.fromkeys(piece[1:] for piece in pieces if piece.startswith(":") and piece != "::int"))
    assert parameter_names(" ".join(pieces)) == wanted


@given(PIECES)
def test_places_lead_back_to_the_same_text(pieces: list[str]) -> None:
    sql = " ".join(pieces)
    found = numbered(sql)
    for token in tokens(found.text):
        if token.kind != "positional":
            place = found.to_user(token.start)
            assert sql[place : place + len(token.text)] == token.text


@given(PIECES)
def test_binding_replaces_parameters_and_nothing_else(pieces: list[str]) -> None:
    sql = " ".join(pieces)
    text = bind(sql, dict.fromkeys(parameter_names(sql), 7), repr).text
    assert text == " ".join("7" if piece.startswith(":") and piece != "::int" else piece for piece in pieces)


@given(st.lists(PIECES.filter(bool), max_size=5))
def test_statements_are_parted_where_they_were_joined(parts: list[list[str]]) -> None:
    whole = [[piece for piece in part if piece not in "()"] for part in parts]
    texts = [" ".join(part) for part in whole]
    coded = [text for text in texts if any(token.kind not in ("space", "comment") for token in tokens(text))]
    assert len(statements(";\n".join(texts))) == len(coded)


@given(PIECES)
def test_blanks_and_comments_do_not_count(pieces: list[str]) -> None:
    code = [piece for piece in pieces if not piece.startswith(("--", "/*"))]
    assert code_text(" ".join(code)) == code_text("\n/* note */ ".join(code) + " -- end") or any(
        "'" in piece for piece in code
    )
