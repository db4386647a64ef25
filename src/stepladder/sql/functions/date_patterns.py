"""The patterns of to_char(), to_date() and to_timestamp() for moments, cut into pieces as the server cuts them (parse_format).

https://www.postgresql.org/docs/current/functions-formatting.html#FUNCTIONS-FORMATTING-DATETIME-TABLE
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")
# Those with letters' case that matters stand in every case that the server knows.
_NUMBERS = (
    "CC", "DDD", "DD", "D", "FF1", "FF2", "FF3", "FF4", "FF5", "FF6", "HH24", "HH12", "HH", "IDDD", "ID", "IW", "IYYY", "IYY",
    "IY", "I", "J", "MI", "MM", "MS", "Q", "SSSSS", "SSSS", "SS", "TZH", "TZM", "US", "WW", "W", "Y,YYY", "YYYY", "YYY", "YY",
    "Y", "OF",
)  # fmt: skip
_WORDS = (
    "A.D.", "A.M.", "AD", "AM", "B.C.", "BC", "P.M.", "PM", "RM", "TZ", "DAY", "Day", "DY", "Dy", "MONTH", "Month", "MON", "Mon",
)  # fmt: skip
KEYWORDS = frozenset((*_NUMBERS, *_WORDS, *map(str.lower, (*_NUMBERS, *_WORDS)), "FX", "fx"))
_LONGEST = max(map(len, KEYWORDS))


@dataclass(frozen=True, slots=True)
class Piece:
    """A keyword with its prefix and suffix, or one character of text (`quoted`: it stood in double quotes)."""

    keyword: str
    text: str = ""
    quoted: bool = False
    prefix: str = ""
    ordinal: str = ""

    @property
    def fill(self) -> bool:
        """Whether it is written without padding. TM, names in the language of the server, does that for them alone."""
        return self.prefix == "FM" or (self.prefix == "TM" and self.keyword.upper() in ("DAY", "MONTH"))

    @property
    def number(self) -> str:
        """The keyword of a number in capitals; "" for words and text."""
        folded = self.keyword.upper()
        return folded if folded in _NUMBERS else ""


@lru_cache(maxsize=512)
def pieces(pattern: str) -> tuple[Piece, ...]:
    """The pieces of a pattern. Nothing is wrong in one: what is no keyword is text."""
    found: list[Piece] = []
    at = 0
    while at < len(pattern):
        prefix = pattern[at : at + 2].upper() if pattern[at : at + 2] in ("FM", "fm", "TM", "tm") else ""
        at += len(prefix)
        keyword = _keyword(pattern, at)
        if keyword:
            at += len(keyword)
            ordinal = pattern[at : at + 2]
            ordinal = ordinal if ordinal in ("TH", "th") else ""
            at += 2 if ordinal or pattern[at : at + 2] == "SP" else 0
            found.append(Piece(keyword, prefix=prefix, ordinal=ordinal))
        elif pattern[at : at + 1] == '"':
            text, at = _quoted(pattern, at + 1)
            found += [Piece("", letter, quoted=True) for letter in text]
        elif at < len(pattern):
            at += 1 if pattern[at : at + 2] == '\\"' else 0
            found.append(Piece("", pattern[at]))
            at += 1
    return tuple(found)


def _keyword(pattern: str, at: int) -> str:
    for length in range(_LONGEST, 0, -1):
        if pattern[at : at + length] in KEYWORDS and len(pattern) >= at + length:
            return pattern[at : at + length]
    return ""


def _quoted(pattern: str, at: int) -> tuple[str, int]:
    letters = []
    while at < len(pattern) and pattern[at] != '"':
        at += 1 if pattern[at] == "\\" and at + 1 < len(pattern) else 0
        letters.append(pattern[at])
        at += 1
    return "".join(letters), at + 1


def ordinal(number: str, style: str) -> str:
    """A number with the ending that it has in English; `style` is TH or th."""
    if not style:
        return number
    teen = number[-2:-1] == "1"
    ending = "th" if teen else {"1": "st", "2": "nd", "3": "rd"}.get(number[-1:], "th")
    return number + (ending if style == "th" else ending.upper())
