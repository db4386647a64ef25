"""One statement of SQLite's dialect as PostgreSQL's."""

from __future__ import annotations

import re
from collections.abc import Sequence

from stepladder.sql.prototype.functions import CALLS, REFUSED
from stepladder.sql.prototype.pieces import Piece, closing, following, parted
from stepladder.sql.prototype.remarks import Remarks

_TYPES = {"datetime": "timestamp", "blob": "bytea", "double": "double precision"}
_NO_WORDS = {
    "rowid": ("rowid does not exist in PostgreSQL", "name the table's key"),
    "glob": ("GLOB does not exist in PostgreSQL", "LIKE, or ~"),
    "regexp": ("REGEXP does not exist in PostgreSQL", "x ~ 'pattern'"),
    "pragma": ("PRAGMA does not exist in PostgreSQL", "leave it out"),
    "nocase": ("COLLATE NOCASE does not exist in PostgreSQL", "lower(x), or ILIKE"),
}


def from_sqlite(statement: Sequence[Piece], remarks: Remarks) -> str:
    """The text of a statement in PostgreSQL's dialect; what could not be rewritten is among the remarks."""
    return _Statement(remarks, statement).text()


class _Statement:
    def __init__(self, remarks: Remarks, every: Sequence[Piece]) -> None:
        self._remarks = remarks
        self._every = list(every)
        self._creates = next((piece.word for piece in every if piece.kind == "word"), "") in (
            "create",
            "alter",
        )
        self._number = 0

    def text(self) -> str:
        every = self._insert(self._every)
        if self._creates:
            every = self._definition(every)
        return "".join(piece.text for piece in self._rewritten(every))

    # -- words and marks
    def _rewritten(self, every: Sequence[Piece]) -> list[Piece]:
        found: list[Piece] = []
        at = 0
        while at < len(every):
            piece, after = every[at], following(every, at)
            if piece.kind == "word" and after is not None and every[after].text == "(":
                end = closing(every, after)
                if end is not None and piece.word in {*CALLS, *REFUSED, "substr", "cast", "round"}:
                    found += self._call(piece, every[after + 1 : end])
                    at = end + 1
                    continue
            if piece.word == "limit" and (parts := self._limit(every, at)):
                found += parts
                break
            found.append(self._one(piece, every, at))
            at += 1
        return found

    def _one(self, piece: Piece, every: Sequence[Piece], at: int) -> Piece:
        if piece.kind == "parameter":
            return piece.said(self._parameter(piece.text))
        if piece.kind == "quoted" and piece.text[0] in "`[":
            return piece.said('"' + piece.text[1:-1].lower().replace('"', '""') + '"')
        if piece.text == "==":
            return piece.said("=")
        if piece.kind == "string" and piece.text[0] in "xX":
            return piece.said(f"'\\x{piece.text[2:-1]}'::bytea")
        if piece.word == "like":
            self._like(piece, every, at)
            return piece.said("ILIKE")
        if piece.word == "order":
            self._remarks.note(
                piece.start,
                "NULLs are sorted last in PostgreSQL",
                "SQLite sorts them first: where the key may be NULL, add NULLS FIRST (with DESC: NULLS LAST)",
            )
        if piece.word == "random":
            self._random(piece, every, at)
        if piece.word in _NO_WORDS:
            self._remarks.refuse(piece.start, *_NO_WORDS[piece.word])
        return piece

    def _random(self, piece: Piece, every: Sequence[Piece], at: int) -> None:
        before, after = following(every, at, -1), following(every, at)
        called = after is not None and every[after].text == "("
        if called and not (before is not None and every[before].word == "by"):
            self._remarks.note(
                piece.start,
                "random() is from 0 to 1 in PostgreSQL",
                "SQLite's is a whole number of 64 bits: abs(random()) % n is floor(random() * n)",
            )

    def _like(self, piece: Piece, every: Sequence[Piece], at: int) -> None:
        after = following(every, at)
        self._remarks.note(
            piece.start,
            "LIKE became ILIKE",
            "SQLite's LIKE takes a-z and A-Z for equal; PostgreSQL's does not",
        )
        if after is not None and every[after].kind == "string" and "\\" in every[after].text:
            self._remarks.refuse(
                every[after].start, "a backslash in a pattern escapes in PostgreSQL", "write it twice"
            )

    def _parameter(self, text: str) -> str:
        if text == "?":
            self._number += 1
            return f":p{self._number}"
        if text.startswith("?"):
            self._number = max(self._number, int(text[1:]))
            return f":p{text[1:]}"
        return text if text.startswith("%") else f":{text[1:]}"

    def _limit(self, every: Sequence[Piece], at: int) -> list[Piece] | None:
        """LIMIT a, b as LIMIT b OFFSET a."""
        depth = 0
        for place in range(at + 1, len(every)):
            text = every[place].text
            depth += (text == "(") - (text == ")")
            if depth < 0 or text == ";":
                return None
            if text == "," and depth == 0:
                skipped = self._rewritten(every[at + 1 : place])
                end = next((n for n in range(place, len(every)) if every[n].text in (")", ";")), len(every))
                taken = self._rewritten(every[place + 1 : end])
                tail = [] if end == len(every) else self._rewritten(every[end:])
                start = every[at].start
                amount, offset = (_joined(each).strip() for each in (taken, skipped))
                return [every[at], Piece("done", f" {amount} OFFSET {offset}", start), *tail]
        return None

    # -- calls
    def _call(self, name: Piece, inside: Sequence[Piece]) -> list[Piece]:
        arguments = [_joined(self._rewritten(each)).strip() for each in parted(inside)]
        if name.word in ("substr", "cast", "round"):
            self._remark(name, arguments)
            return [name.said(f"{name.text}({', '.join(arguments)})", "done")]
        made = CALLS[name.word](arguments) if name.word in CALLS else None
        if made is None:
            what, instead = REFUSED.get(
                name.word, (f"{name.text}({', '.join(arguments)}) has no equal in PostgreSQL", "")
            )
            self._remarks.refuse(name.start, what, instead)
            made = f"{name.text}({', '.join(arguments)})"
        if any(re.fullmatch(r"(?i)'[+-]?\d+ (month|year)s?'", each) for each in arguments):
            self._remarks.note(
                name.start,
                "a month later than the 31st is the month's last day in PostgreSQL",
                "SQLite runs over into the next month",
            )
        if name.word in ("date", "datetime"):
            self._remarks.note(
                name.start,
                f"{name.word}() gives a {'date' if name.word == 'date' else 'timestamp'} now",
                "SQLite gives text, and NULL for what is no date, which PostgreSQL refuses",
            )
        return [name.said(made, "done")]

    def _remark(self, name: Piece, arguments: Sequence[str]) -> None:
        if name.word == "substr" and len(arguments) > 1 and re.fullmatch(r"-\s*\d+|0", arguments[1]):
            self._remarks.refuse(
                name.start, "substr from 0 or a negative place counts otherwise in PostgreSQL", "right(x, n)"
            )
        if name.word == "round" and len(arguments) == 1:
            self._remarks.note(
                name.start,
                "round(2.5) of a double is 2 in PostgreSQL",
                "it rounds halves of doubles to even, SQLite away from zero: round(x::numeric)",
            )
        if (
            name.word == "cast"
            and not arguments[-1].startswith("to_char(")
            and re.search(r"(?i)\bas\s+(int|integer|bigint)\s*$", arguments[-1])
        ):
            self._remarks.note(
                name.start,
                "CAST to an integer rounds in PostgreSQL",
                "SQLite cuts the fraction off, and reads '12ab' as 12: trunc(x) where x has a fraction",
            )

    # -- statements
    def _insert(self, every: list[Piece]) -> list[Piece]:
        """INSERT OR IGNORE; INSERT OR REPLACE and REPLACE need the key, which nobody knows here."""
        code = [at for at, piece in enumerate(every) if piece.kind != "blank"]
        words = [every[at].word for at in code[:3]]
        if words[:1] == ["replace"] or words == ["insert", "or", "replace"]:
            self._remarks.refuse(
                every[code[0]].start,
                "REPLACE deletes the old row first, by every key of the table",
                "INSERT … ON CONFLICT (key) DO UPDATE SET column = excluded.column",
            )
        if words != ["insert", "or", "ignore"]:
            return every
        end = next((at for at in code if every[at].word == "returning" or every[at].text == ";"), len(every))
        while every[end - 1].kind == "blank":
            end -= 1
        kept = [*every[: code[1]], *every[code[2] + 2 :]]
        end -= len(every) - len(kept)
        self._remarks.note(
            every[code[0]].start,
            "INSERT OR IGNORE became ON CONFLICT DO NOTHING",
            "SQLite also skips rows that NOT NULL or CHECK refuse; PostgreSQL raises for those",
        )
        return [*kept[:end], Piece("done", " ON CONFLICT DO NOTHING", every[code[0]].start), *kept[end:]]

    def _definition(self, every: list[Piece]) -> list[Piece]:
        """The types and words of CREATE TABLE."""
        text_of = [piece.word for piece in every]
        found: list[Piece] = []
        at = 0
        while at < len(every):
            code = [at]
            while len(code) < 4 and (next_ := following(every, code[-1])) is not None:
                code.append(next_)
            words = [text_of[place] for place in code]
            if words[:3] == ["integer", "primary", "key"]:
                auto = words[3:] == ["autoincrement"]
                self._remarks.note(
                    every[at].start,
                    "INTEGER PRIMARY KEY became an identity column",
                    "it does not count on from keys that rows bring with them, as SQLite does",
                )
                found.append(every[at].said("bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY", "done"))
                at = code[3] + 1 if auto else code[2] + 1
                continue
            if words[:1] and words[0] in _TYPES and found and words[1:2] != ["precision"]:
                found.append(every[at].said(_TYPES[words[0]]))
            elif words[:2] == ["without", "rowid"]:
                at = code[1]
            elif words[:1] != ["strict"]:
                found.append(every[at])
            at += 1
        return found


def _joined(every: Sequence[Piece]) -> str:
    return "".join(piece.text for piece in every)
