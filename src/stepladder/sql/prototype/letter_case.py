"""SQLite takes a name in any case, PostgreSQL folds what is not quoted to small letters: names are quoted as they are."""

from __future__ import annotations

from collections.abc import Iterable

from stepladder.sql.names import RESERVED, quote
from stepladder.sql.prototype.pieces import Piece, following, pieces


def in_their_case(sql: str, names: Iterable[str]) -> str:
    """The text with each of these names, and each name behind AS, in quotes where folding would change it.

    A name that is there in two cases is left alone. Raises SqlSyntaxError for a quote that is never closed.
    """
    known: dict[str, set[str]] = {}
    for name in names:
        known.setdefault(name.lower(), set()).add(name)
    every = pieces(sql)
    return "".join(_said(every, at, known) for at in range(len(every)))


def _said(every: list[Piece], at: int, known: dict[str, set[str]]) -> str:
    piece = every[at]
    after, before = following(every, at), following(every, at, -1)
    called = after is not None and every[after].text == "("
    if not piece.word or piece.word in RESERVED or called:
        return piece.text
    new = before is not None and every[before].word == "as"
    spelled = known.get(piece.word, {piece.text} if new else set())
    if len(spelled) != 1:
        return piece.text
    (name,) = spelled
    return piece.text if name == piece.word else quote(name)
