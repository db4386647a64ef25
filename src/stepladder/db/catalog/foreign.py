"""What a foreign table's CREATE TABLE holds that no PRAGMA of SQLite's tells: checks and generated columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stepladder.errors import SqlSyntaxError
from stepladder.sql import Token, tokens


def checks(sql: str) -> list[str]:
    """The conditions of its CHECKs, as they are written."""
    return [text for part in _parts(sql) for text in _behind(part, "CHECK")]


def generated_columns(sql: str) -> dict[str, str]:
    """Column -> what it is generated from, as it is written."""
    found = {}
    for part in _parts(sql):
        for text in _behind(part, "AS")[:1]:
            found[part[0].text.strip('"`[]')] = text
    return found


def _parts(sql: str) -> list[list[Token]]:
    """The columns and constraints of CREATE TABLE, each as its tokens without blanks and comments."""
    parts: list[list[Token]] = [[]]
    for token, depth in _with_depth(sql):
        if depth == 1 and token.text == ",":
            parts.append([])
        elif depth >= 1:
            parts[-1].append(token)
    return [part for part in parts if part]


def _with_depth(sql: str) -> Iterator[tuple[Token, int]]:
    """Each token and how many parentheses it stands in; an outermost one stands in none."""
    depth = 0
    try:
        for token in tokens(sql):
            if token.text == ")":
                depth -= 1
            if token.kind not in ("space", "comment"):
                yield token, depth
            if token.text == "(":
                depth += 1
    except SqlSyntaxError:  # SQLite quotes names in ways that PostgreSQL does not know
        return


def _behind(part: Sequence[Token], word: str) -> list[str]:
    """What stands in the parentheses behind each `word`."""
    found = []
    for place, token in enumerate(part[:-1]):
        if token.text.upper() == word and part[place + 1].text == "(":
            found.append(_inside(part[place + 2 :]))
    return found


def _inside(rest: Sequence[Token]) -> str:
    depth, words, end = 0, "", None
    for token in rest:
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth < 0:
            break
        words += (" " if end is not None and token.start > end else "") + token.text
        end = token.end
    return words
