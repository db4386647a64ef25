"""What the text of SQL holds before any parser sees it: statements, parameters, and its canonical form.

A parameter is `:identifier` outside quotes and comments, and not after `:`, a word character, `)` or `]`
(there a colon belongs to a cast or to an array slice).
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from stepladder.errors import SqlSyntaxError
from stepladder.sql.lexer import Token, tokens

_NO_CODE = ("space", "comment")
_TIGHT = frozenset("()[],.") | {"::"}


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a script: its text, its first line (from 1), its first character (from 0)."""

    text: str
    line: int
    offset: int


@dataclass(frozen=True, slots=True)
class Numbered:
    """A statement with `$1`, `$2`, … for its parameters; the same name has the same number."""

    text: str
    names: tuple[str, ...]
    _changes: tuple[tuple[int, int], ...]  # (place in `text`, how much further it was in the user's text)

    def to_user(self, position: int) -> int:
        """The place in the user's text for a place in `text`, both in characters from 0."""
        found = bisect.bisect_right(self._changes, (position, 1 << 60)) - 1
        return position + (self._changes[found][1] if found >= 0 else 0)

    def bytes_to_user(self, position: int) -> int:
        """The same for a place counted in bytes of UTF-8, as the parser counts."""
        return self.to_user(len(self.text.encode()[:position].decode(errors="ignore")))


@dataclass(frozen=True, slots=True)
class _Parameter:
    name: str
    start: int
    end: int


def statements(sql: str) -> tuple[Statement, ...]:
    """The statements of a script, parted at `;` outside quotes, comments and parentheses; empty ones are dropped.

    Raises SqlSyntaxError for a quote or comment that is never closed.
    """
    found: list[Statement] = []
    code: list[Token] = []
    depth = atomic = 0
    for token in tokens(sql):
        if token.kind == "mark":
            depth += (token.text in "([") - (token.text in ")]")
        elif token.kind == "word":
            atomic = _atomic_depth(atomic, token.text.lower(), code)
        if token.kind == "end" and depth <= 0 and not atomic:
            found += _statement(sql, code)
            code, depth = [], 0
        elif token.kind not in _NO_CODE:
            code.append(token)
    return (*found, *_statement(sql, code))


def _atomic_depth(depth: int, word: str, before: list[Token]) -> int:
    """How deep in a function's `BEGIN ATOMIC … END` body, whose statements are parts of one."""
    if word == "atomic" and before and before[-1].text.lower() == "begin":
        return depth + 1
    if depth and word == "case":
        return depth + 1
    return depth - 1 if depth and word == "end" else depth


def _statement(sql: str, code: list[Token]) -> list[Statement]:
    if not code:
        return []
    start, end = code[0].start, code[-1].end
    return [Statement(sql[start:end], sql.count("\n", 0, start) + 1, start)]


@lru_cache(maxsize=1024)
def first_word(sql: str) -> str:
    """The first word of the code, in capitals; empty where there is none."""
    code = next((token for token in tokens(sql) if token.kind not in (*_NO_CODE, "end")), None)
    return code.text.upper() if code else ""


def parameter_names(sql: str) -> tuple[str, ...]:
    """The names of the parameters, each once, in the order of their first use."""
    return tuple(dict.fromkeys(parameter.name for parameter in parameter_uses(sql)))


@lru_cache(maxsize=1024)
def parameter_uses(sql: str) -> tuple[_Parameter, ...]:
    """Every use of a parameter, with its place."""
    return tuple(_parameters(sql))


def _parameters(sql: str) -> Iterator[_Parameter]:
    before = colon = None
    for token in tokens(sql):
        if token.kind == "word" and colon is not None and colon.end == token.start and "$" not in token.text:
            yield _Parameter(token.text, colon.start, token.end)
        colon = token if token.kind == "colon" and _may_begin(before) else None
        before = token


def _may_begin(before: Token | None) -> bool:
    if before is None:
        return True
    last = before.text[-1]
    return not (last in ":)]_$" or last.isalnum() or not last.isascii())


def numbered(sql: str) -> Numbered:
    """`sql` with `$n` for every parameter, and the way back to the user's places.

    Raises SqlSyntaxError where the user wrote `$1`: parameters have names.
    """
    if "$" in sql:
        _refuse_positional(sql)
    names: list[str] = []
    parts: list[str] = []
    changes: list[tuple[int, int]] = []
    at = length = 0
    for parameter in parameter_uses(sql):
        if parameter.name not in names:
            names.append(parameter.name)
        mark = f"${names.index(parameter.name) + 1}"
        parts += [sql[at : parameter.start], mark]
        length += parameter.start - at + len(mark)
        at = parameter.end
        changes.append((length, at - length))
    return Numbered("".join([*parts, sql[at:]]), tuple(names), tuple(changes))


def _refuse_positional(sql: str) -> None:
    for token in tokens(sql):
        if token.kind == "positional":
            raise SqlSyntaxError(
                f"there is no parameter {token.text}: write :name, and give its value by name",
                sqlstate="42P02",
                position=token.start,
            )


@lru_cache(maxsize=256)
def code_text(sql: str) -> str:
    """`sql` in one canonical form: comments dropped, unquoted words lower-cased, strings and quoted names exact.

    Two texts with the same form mean the same to PostgreSQL; blanks and line breaks do not count.
    """
    parts: list[str] = []
    before: Token | None = None
    apart = False
    for token in tokens(sql):
        if token.kind in _NO_CODE:
            apart = apart or "\n" in token.text
            continue
        if before is not None and _needs_blank(before, token):
            # Two strings are one only where a line break parts them.
            parts.append("\n" if apart and before.kind == token.kind == "string" else " ")
        parts.append(token.text.lower() if token.kind in ("word", "number") else token.text)
        before, apart = token, False
    while parts and parts[-1] in (";", " "):
        parts.pop()
    return "".join(parts)


def _needs_blank(before: Token, token: Token) -> bool:
    if before.kind == "colon" and token.kind == "word" and before.end == token.start:
        return False
    if token.kind == "word" and before.kind == "mark" and before.text in ")]":
        return True
    return not (before.text in _TIGHT or token.text in _TIGHT or token.kind == "end")


def top_level_parts(text: str) -> tuple[str, ...]:
    """`text` parted at the commas outside quotes, comments, parentheses and brackets."""
    parts, depth, start = [], 0, 0
    for token in tokens(text):
        if token.kind == "mark":
            depth += (token.text in "([") - (token.text in ")]")
            if token.text == "," and depth == 0:
                parts.append(text[start : token.start])
                start = token.end
    return (*parts, text[start:])
