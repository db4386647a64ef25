"""The patterns of to_char() and to_number() of numbers, read as the server reads them (NUMDesc_prepare in formatting.c).

Refused by name: V, B. https://www.postgresql.org/docs/current/functions-formatting.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from stepladder.errors import NotPortable, ProgrammingError
from stepladder.sql.functions.number_notations import check_notation

_TOKEN = re.compile(
    r'"((?:[^"\\]|\\.)*)"?|(EEEE|RN|FM|TH|th|MI|PL|SG|SP|PR|[90.,BCDGLSV]|eeee|rn|fm|mi|pl|sg|sp|pr|[bcdglsv])'
    r'|(?:\\(?="))?(.)',
    re.DOTALL,
)
_OTHER_SIGNS = {
    "S": ("PL", "MI", "SG", "PR"),
    "PR": ("S", "PL", "MI", "SG"),
    **dict.fromkeys(("PL", "MI", "SG"), ("S",)),
}


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern's pieces (keyword, text), and what is known of all of them."""

    pieces: tuple[tuple[str, str], ...]
    before: int  # digits before the point
    after: int
    decimal: bool
    zero_start: int  # the place of the first 0, from 1; 0: there is none
    zero_end: int
    sign: str  # "", or where to_char() writes what S stands for: pre, post
    words: frozenset[str]

    @property
    def roman(self) -> bool:
        """Whether it writes Roman numerals."""
        return not self.words.isdisjoint(("RN", "rn"))


@lru_cache(maxsize=256)
def number_pattern(text: str) -> Pattern:
    """A pattern read. Raises ProgrammingError (42601) for one that is none, NotPortable."""
    draft = _Draft()
    for quoted, word, plain in _TOKEN.findall(text):
        keyword = word if word in ("th", "rn") else word.upper()
        if keyword:
            draft.add(keyword)
        else:
            draft.pieces.append(("", re.sub(r"\\(.)", r"\1", quoted) or plain))
    return draft.done()


class _Draft:
    """A pattern while its pieces come."""

    def __init__(self) -> None:
        self.pieces: list[tuple[str, str]] = []
        self.words: set[str] = set()
        self.before = self.after = self.zero_start = self.zero_end = 0
        self.sign_at: int | None = None  # how many digits stand before S; -1: it is behind the point

    @property
    def decimal(self) -> bool:
        return not self.words.isdisjoint((".", "D"))

    def add(self, keyword: str) -> None:
        """The next keyword. Raises ProgrammingError where it does not go with those before."""
        if keyword in ("9", "0"):
            self._digit(keyword)
        elif keyword in ("D", ".") and self.decimal:
            raise ProgrammingError("multiple decimal points", sqlstate="42601")
        elif keyword in _OTHER_SIGNS:
            self._sign(keyword)
        self.words.add(keyword)
        self.pieces.append((keyword, ""))

    def _digit(self, keyword: str) -> None:
        if "PR" in self.words:
            raise ProgrammingError(f'"{keyword}" must be ahead of "PR"', sqlstate="42601")
        if keyword == "0" and not self.zero_start and not self.decimal:
            self.zero_start = self.before + 1
        if self.decimal:
            self.after += 1
        else:
            self.before += 1
        if keyword == "0":
            self.zero_end = self.before + self.after

    def _sign(self, keyword: str) -> None:
        if not self.words.isdisjoint(_OTHER_SIGNS[keyword]):
            others = "/".join(f'"{each}"' for each in _OTHER_SIGNS[keyword])
            raise ProgrammingError(f'cannot use "{keyword}" and {others} together', sqlstate="42601")
        if keyword == "S":
            if self.sign_at is not None:
                raise ProgrammingError('cannot use "S" twice', sqlstate="42601")
            self.sign_at = -1 if self.decimal else self.before

    def done(self) -> Pattern:
        """All of it. Raises ProgrammingError, NotPortable."""
        check_notation([keyword for keyword, _ in self.pieces if keyword])
        unknown = self.words & {"V", "B"}
        if unknown:
            raise NotPortable(f"the pattern {', '.join(unknown)} in to_char() or to_number() of numbers")
        behind = self.sign_at in (-1, self.before)
        sign = "" if self.sign_at is None else "post" if behind else "pre"
        words = frozenset(keyword for keyword, _ in self.pieces)
        return Pattern(
            tuple(self.pieces),
            self.before,
            self.after,
            self.decimal,
            self.zero_start,
            self.zero_end,
            sign,
            words,
        )
