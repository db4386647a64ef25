"""A small lexer over PostgreSQL's text: what is quoted, what is a comment, what is code.

It knows what parameters, statement ends and code hashes need, and no grammar
(https://www.postgresql.org/docs/current/sql-syntax-lexical.html).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from stepladder.errors import SqlSyntaxError
from stepladder.sql.texts import NAME_PART, NAME_START, first_unstorable

_TAG_PART = r"[^\x00-/:-@\[-^`{-\x7f]"  # a name's, but no dollar
_TOKEN = re.compile(
    rf"""(?P<space>[ \t\n\r\v\f]+|--[^\n\r]*)
    | (?P<comment>/\*)
    | (?P<string>(?:[bBxXnN]|[uU]&)?'(?:[^']|'')*')
    | (?P<escaped>[eE]'(?:[^'\\]|''|\\.)*')
    | (?P<quoted>(?:[uU]&)?"(?:[^"]|"")*")
    | (?P<dollar>\$(?P<tag>(?:{NAME_START}{_TAG_PART}*)?)\$.*?\$(?P=tag)\$)
    | (?P<open>(?:[eEbBxXnN]|[uU]&)?'|(?:[uU]&)?"|\$(?:{NAME_START}{_TAG_PART}*)?\$)
    | (?P<word>{NAME_START}{NAME_PART}*)
    | (?P<number>(?:\d[\w]*(?:\.(?!\.)\d*)?|\.\d+)(?:(?<=[eE])[+-]\d+)?)
    | (?P<positional>\$\d+)
    | (?P<cast>::|:=)
    | (?P<colon>:)
    | (?P<end>;)
    | (?P<mark>[()\[\],.])
    | (?P<operator>[-+*/<>=~!@\#%^&|`?]+?(?=--|/\*|[^-+*/<>=~!@\#%^&|`?]|$))
    | (?P<other>.)""",
    re.VERBOSE | re.DOTALL | re.ASCII,  # every character beyond ASCII is a letter to PostgreSQL
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")
_OPENED = {"'": "quoted string", '"': "quoted identifier", "$": "dollar-quoted string"}


class Token(NamedTuple):
    """A piece of the text. `kind` is the name of a group of the lexer's pattern; `start` counts characters."""

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        """The place behind the last character."""
        return self.start + len(self.text)


def tokens(sql: str) -> Iterator[Token]:
    """Every token of `sql` in order, blanks and comments too: their texts joined are `sql`.

    Raises SqlSyntaxError where a quote or a comment is never closed, and for a character that no server takes: a
    NUL would end the statement there in silence.
    """
    bad = first_unstorable(sql)
    if bad is not None:
        raise SqlSyntaxError(f"the statement holds {sql[bad]!r}, which is no character of SQL", position=bad)
    at = 0
    while at < len(sql):
        match = _TOKEN.match(sql, at)
        if match is None:  # every character is matched by the last alternative
            raise AssertionError(f"no token at {at}")
        kind, end = match.lastgroup or "other", match.end()
        if kind == "comment":
            end = _comment_end(sql, at)
        elif kind == "open":
            raise SqlSyntaxError(
                f'unterminated {_OPENED[match[0][-1]]} at or near "{sql[at : at + 20]}"', position=at
            )
        yield Token(kind, sql[at:end], at)
        at = end


def _comment_end(sql: str, start: int) -> int:
    """The place behind a comment that begins at `start`: comments nest."""
    depth = 0
    for edge in _COMMENT_EDGE.finditer(sql, start):
        depth += 1 if edge[0] == "/*" else -1
        if depth == 0:
            return edge.end()
    raise SqlSyntaxError("unterminated /* comment", position=start)
