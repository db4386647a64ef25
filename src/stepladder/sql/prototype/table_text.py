"""A CREATE TABLE of SQLite's, read column by column, so that single words of it can be changed and the rest kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from stepladder.errors import NotPortable, SqlSyntaxError
from stepladder.sql.prototype.pieces import Piece, closing, parted, pieces

_CONSTRAINT_WORDS = frozenset(["constraint", "primary", "unique", "check", "foreign"])
_TYPE_ENDS = frozenset(
    [
        "constraint",
        "primary",
        "not",
        "null",
        "unique",
        "check",
        "default",
        "collate",
        "references",
        "generated",
        "as",
        "on",
    ]
)


@dataclass(frozen=True, slots=True)
class WrittenColumn:
    """A column's definition. Places count characters of the whole text; `type_start` equals `type_end` without a type.

    `words` are the bare words outside parentheses; `collation` the one that COLLATE names; `expressions` what stands in
    the parentheses of CHECK and AS.
    """

    name: str
    type_start: int
    type_end: int
    end: int
    words: tuple[str, ...]
    collation: str | None
    expressions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WrittenTable:
    """A whole CREATE TABLE. `expressions` are those of the table's own CHECKs, `options` what stands behind the
    parentheses."""

    columns: tuple[WrittenColumn, ...]
    words: tuple[tuple[str, ...], ...]
    expressions: tuple[str, ...]
    options: frozenset[str]


def read_create_table(sql: str) -> WrittenTable:
    """Raises NotPortable for a text that is not understood."""
    try:
        every = pieces(sql)
    except SqlSyntaxError as error:
        raise NotPortable("this CREATE TABLE", why=error.message) from error
    opening = next((at for at, piece in enumerate(every) if piece.text == "("), None)
    end = None if opening is None else closing(every, opening)
    if opening is None or end is None:
        raise NotPortable("this CREATE TABLE", why="it has no list of columns")
    columns: list[WrittenColumn] = []
    constraints: list[list[Piece]] = []
    for part in parted(every[opening + 1 : end]):
        code = _code(part)
        if code and code[0].word in _CONSTRAINT_WORDS:
            constraints.append(code)
        elif code:
            columns.append(_column(code))
    return WrittenTable(
        columns=tuple(columns),
        words=tuple(_outer_words(code) for code in constraints),
        expressions=tuple(text for code in constraints for text in _expressions(code)),
        options=frozenset(piece.word for piece in every[end:] if piece.word),
    )


def edited(sql: str, changes: Iterable[tuple[int, int, str]]) -> str:
    """The text with other words in these places."""
    in_order = sorted(changes, key=lambda change: change[:2])  # of two at one place the first comes first
    for start, end, text in reversed(in_order):
        sql = sql[:start] + text + sql[end:]
    return sql


def named_things(sql: str) -> frozenset[str]:
    """Every name that an expression or statement may mean, in small letters: words, and whatever is quoted."""
    try:
        return frozenset(
            unquoted(piece.text).lower()
            for piece in pieces(sql)
            if piece.kind in ("word", "quoted", "string")
        )
    except SqlSyntaxError as error:
        raise NotPortable("this SQL", why=error.message) from error


def constants(sql: str) -> tuple[str, ...]:
    """The numbers and strings in an expression, strings without their quotes."""
    return tuple(unquoted(piece.text) for piece in pieces(sql) if piece.kind in ("number", "string"))


def unquoted(text: str) -> str:
    """A name without the quotes of any of SQLite's four kinds."""
    if len(text) > 1 and text[0] == "[" and text[-1] == "]":
        return text[1:-1]
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'`":
        return text[1:-1].replace(text[0] * 2, text[0])
    return text


def _code(part: Sequence[Piece]) -> list[Piece]:
    return [piece for piece in part if piece.kind != "blank"]


def _column(code: Sequence[Piece]) -> WrittenColumn:
    at = 1
    while at < len(code) and (code[at].kind in ("quoted", "string") or _is_type_word(code[at])):
        at += 1
    if 1 < at < len(code) and code[at].text == "(":
        at = (closing(code, at) or len(code) - 1) + 1
    last = code[-1]
    return WrittenColumn(
        name=unquoted(code[0].text),
        type_start=code[1].start if at > 1 else _end(code[0]),
        type_end=_end(code[at - 1]),
        end=_end(last),
        words=_outer_words(code[at:]),
        collation=next(
            (unquoted(after.text) for word, after in _pairs(code[at:]) if word.word == "collate"), None
        ),
        expressions=tuple(_expressions(code[at:])),
    )


def _is_type_word(piece: Piece) -> bool:
    return piece.kind == "word" and piece.word not in _TYPE_ENDS


def _end(piece: Piece) -> int:
    return piece.start + len(piece.text)


def _pairs(code: Sequence[Piece]) -> Iterable[tuple[Piece, Piece]]:
    return pairwise(code)


def _outer_words(code: Sequence[Piece]) -> tuple[str, ...]:
    found, depth = [], 0
    for piece in code:
        depth += (piece.text == "(") - (piece.text == ")")
        if depth == 0 and piece.word:
            found.append(piece.word)
    return tuple(found)


def _expressions(code: Sequence[Piece]) -> list[str]:
    """What stands in the parentheses behind CHECK and AS, piece by piece with single blanks."""
    found = []
    for at, (word, after) in enumerate(_pairs(code)):
        if word.word in ("check", "as") and after.text == "(":
            end = closing(code, at + 1) or len(code)
            found.append(" ".join(piece.text for piece in code[at + 2 : end]))
    return found
