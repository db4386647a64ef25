"""The text of PostgreSQL's arrays: `{1,NULL,"a b"}` (https://www.postgresql.org/docs/current/arrays.html)."""

from __future__ import annotations

import re
from functools import lru_cache

from stepladder.errors import InvalidText, NotPortable
from stepladder.sql.texts import BLANKS

_ELEMENT = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|((?:[^{},"\\]|\\.)+?))\s*(?=[,}])', re.DOTALL | re.ASCII)
_BOUNDS = re.compile(r"\[\s*[+-]?\d+\s*[:\]]", re.ASCII)


@lru_cache(maxsize=1024)
def parse_array(text: str) -> tuple[str | None, ...]:
    """The elements' texts, None for NULL. Raises InvalidText; NotPortable for several dimensions, or bounds."""
    folded = text.strip(BLANKS)
    if _BOUNDS.match(folded):
        raise NotPortable("an array with bounds of its own")
    if not (folded.startswith("{") and folded.endswith("}")):
        raise _malformed(text)
    body = folded[1:]
    if body[:-1].strip(BLANKS) == "":
        return ()
    if body.lstrip(BLANKS).startswith("{"):
        raise NotPortable("an array of more than one dimension")
    found: list[str | None] = []
    at = 0
    while match := _ELEMENT.match(body, at):
        found.append(_element(match, text))
        at = match.end() + 1
        if body[match.end()] == "}":
            break
    if at != len(body):
        raise _malformed(text)
    return tuple(found)


def _element(match: re.Match[str], text: str) -> str | None:
    quoted, plain = match[1], match[2]
    if quoted is not None:
        return re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL)
    if not plain.strip(BLANKS):
        raise _malformed(text)
    return None if plain.upper() == "NULL" else re.sub(r"\\(.)", r"\1", plain, flags=re.DOTALL)


def _malformed(text: str) -> InvalidText:
    return InvalidText(f'malformed array literal: "{text}"')
