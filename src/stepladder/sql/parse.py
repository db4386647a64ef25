"""PostgreSQL's own parser (libpg_query, through pgparse) behind one function that returns plain dicts.

Node locations count bytes of UTF-8, an error's position counts characters from 1: both are turned into characters
of the user's text here and at the doors.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from stepladder.errors import DatabaseError, NotPortable, SqlSyntaxError
from stepladder.sql.parameters import Numbered, numbered

# What PostgreSQL 18 takes, and the parser's grammar of 17 does not: no STORED behind it.
_VIRTUAL = re.compile(
    r"\bgenerated\s+always\s+as\s*\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)\s*\Z", re.IGNORECASE
)
_DEPTH = 20_000  # long chains of operators nest deeply, in the parser's tree and in every walk over it


@contextmanager
def deep() -> Iterator[None]:
    """Room for deeply nested statements; what is deeper still is refused by name."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _DEPTH))
    try:
        yield
    except RecursionError as error:
        raise NotPortable("a statement that nests this deeply", instead="break it into several") from error
    finally:
        sys.setrecursionlimit(before)


def parse(text: Numbered) -> list[Any]:
    """The raw trees of the statements in `text`. Raises SqlSyntaxError with the user's position."""
    import pgparse

    try:
        found: Any = pgparse.parse(text.text)
    except pgparse.PGQueryError as error:
        place = max(int(error.position) - 1, 0)
        position = text.to_user(place) if error.position else None
        if _VIRTUAL.search(text.text[:place]):
            raise NotPortable(
                "a virtual generated column", position=position, instead="write STORED behind it"
            ) from error
        raise SqlSyntaxError(str(error.message), position=position) from error
    statements = found["stmts"] if isinstance(found, dict) else found
    return [each["stmt"] for each in statements]


def parse_one(sql: str) -> tuple[Numbered, Any]:
    """The tree of the one statement in `sql`. Raises SqlSyntaxError."""
    text = numbered(sql)
    found = parse(text)
    if len(found) != 1:
        message = "there is no statement" if not found else "one statement at a time: a second one begins"
        raise SqlSyntaxError(message, position=0)
    return text, found[0]


def parsed_expression(text: str) -> Any:
    """The raw tree of one expression."""
    _, tree = parse_one(f"SELECT ({text})")
    return tree["SelectStmt"]["targetList"][0]["ResTarget"]["val"]


def writes_rows(sql: str) -> bool:
    """Whether `sql` is one INSERT, UPDATE, DELETE or MERGE; False for what does not parse."""
    try:
        with deep():
            _, tree = parse_one(sql)
    except (SqlSyntaxError, NotPortable):
        return False
    return next(iter(tree)) in ("InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt")


def check_syntax(sql: str) -> None:
    """Raise SqlSyntaxError, with its position, for what PostgreSQL's grammar does not take."""
    with deep():
        parse(numbered(sql))


@contextmanager
def placed(text: Numbered) -> Iterator[None]:
    """Errors that leave have their place in characters of the user's text, not in bytes of the numbered one."""
    try:
        yield
    except (DatabaseError, NotPortable) as error:
        if error.position is not None:
            error.position = text.bytes_to_user(error.position)
        raise
