"""LIKE and ILIKE."""

from __future__ import annotations

import re
from functools import lru_cache

from stepladder.errors import DataError, NotPortable
from stepladder.sql.functions.registry import Scalar, strict
from stepladder.sql.letters import lower


@lru_cache(maxsize=512)
def _pattern(pattern: str) -> re.Pattern[str]:
    parts: list[str] = []
    letters = iter(pattern)
    for letter in letters:
        if letter == "\\":
            following = next(letters, None)
            if following is None:
                raise NotPortable(
                    "a LIKE pattern that ends with its escape character",
                    why="PostgreSQL raises an error only where a text reaches that place",
                    instead="write the escape character twice",
                )
            parts.append(re.escape(following))
        elif letter != "%" or parts[-1:] != [".*"]:
            parts.append({"%": ".*", "_": "."}.get(letter, re.escape(letter)))
    return re.compile("".join(parts), re.DOTALL)


def like(text: str, pattern: str) -> int:
    """LIKE: `%` and `_`, by case."""
    return int(_pattern(pattern).fullmatch(text) is not None)


def ilike(text: str, pattern: str) -> int:
    """ILIKE: without regard to case."""
    return like(lower(text), lower(pattern))


def like_escape(pattern: str, escape: str) -> str:
    """A pattern with another escape character (none: empty) as one with a backslash."""
    if len(escape) > 1:
        raise DataError("invalid escape string", sqlstate="22025")
    if escape == "\\":
        return pattern
    parts, escaped = [], False
    for letter in pattern:
        begins = letter == escape and not escaped
        parts.append("\\" if begins or (letter == "\\" and escaped) else "\\\\" if letter == "\\" else letter)
        escaped = begins
    return "".join(parts)


SCALARS: tuple[Scalar, ...] = (
    strict("pg_like", 2, like),
    strict("pg_ilike", 2, ilike),
    strict("pg_like_escape", 2, like_escape),
)
