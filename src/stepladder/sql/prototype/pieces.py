"""A prototype's text in pieces: words, strings, comments, blanks. It reads what PostgreSQL's lexer would not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from stepladder.errors import SqlSyntaxError

_PIECE = re.compile(
    r"""(?P<blank>\s+|--[^\n]*|/\*.*?\*/)
    | (?P<string>[xXeEbB]?'(?:[^']|'')*')
    | (?P<quoted>"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[A-Za-z_][^\]\n]*\])
    | (?P<parameter>%\(\w+\)s|%s|\?\d*|(?<!:)[:@$][A-Za-z_]\w*)
    | (?P<word>[^\W\d][\w$]*)
    | (?P<number>\d[\w.]*(?:(?<=[eE])[+-]\d+)?|\.\d+)
    | (?P<operator>%%|\|\||==|<>|!=|<=|>=|<<|>>|::|->>|->|.)""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of the text; `start` counts characters of the original."""

    kind: str
    text: str
    start: int

    @property
    def word(self) -> str:
        """A word in small letters; empty for anything else."""
        return self.text.lower() if self.kind == "word" else ""

    def said(self, text: str, kind: str | None = None) -> Piece:
        """Another text in its place."""
        return replace(self, text=text, kind=kind or self.kind)


def pieces(sql: str) -> list[Piece]:
    """Every piece, in order: their texts joined are `sql`. Raises SqlSyntaxError for a quote that is never closed."""
    found = [Piece(match.lastgroup or "operator", match[0], match.start()) for match in _PIECE.finditer(sql)]
    stray = next((each for each in found if each.text in ("'", '"', "`")), None)
    if stray is not None:
        raise SqlSyntaxError(f"a {stray.text} is never closed", position=stray.start)
    return found


def following(all_: Sequence[Piece], at: int, step: int = 1) -> int | None:
    """The place of the next piece that is code, or the one before (`step` -1)."""
    at += step
    while 0 <= at < len(all_):
        if all_[at].kind != "blank":
            return at
        at += step
    return None


def closing(all_: Sequence[Piece], opening: int) -> int | None:
    """The place of the parenthesis that closes the one at `opening`."""
    depth = 0
    for at in range(opening, len(all_)):
        if all_[at].kind == "operator":
            depth += (all_[at].text == "(") - (all_[at].text == ")")
            if depth == 0:
                return at
    return None


def parted(inside: Sequence[Piece]) -> list[list[Piece]]:
    """A call's arguments."""
    found: list[list[Piece]] = [[]]
    depth = 0
    for piece in inside:
        if piece.kind == "operator":
            depth += (piece.text in "([") - (piece.text in ")]")
        if piece.text == "," and depth == 0 and piece.kind == "operator":
            found.append([])
        else:
            found[-1].append(piece)
    return [] if found == [[]] else found
