"""The words of a date, a time or an interval, told apart as the server does it (ParseDateTime in datetime.c)."""

from __future__ import annotations

import re
from enum import Enum
from typing import NamedTuple

MONTHS = {
    name: place
    for place, names in enumerate(
        ("jan january", "feb february", "mar march", "apr april", "may", "jun june", "jul july", "aug august",
         "sep sept september", "oct october", "nov november", "dec december"), 1)
    for name in names.split()
}  # fmt: skip
DAYS = frozenset([
    "sun", "sunday", "mon", "monday", "tue", "tues", "tuesday", "wed", "weds", "wednesday",
    "thu", "thur", "thurs", "thursday", "fri", "friday", "sat", "saturday",
])  # fmt: skip
CLOCK_WORDS = frozenset(["now", "today", "tomorrow", "yesterday"])
JULIAN = frozenset(["j", "jd", "julian"])
UNITS = frozenset(["d", "dow", "doy", "h", "isodow", "isoyear", "m", "mm", "s", "y", *JULIAN])
IGNORED = frozenset(["at", "on"])
_OTHERS = frozenset(["ad", "allballs", "am", "bc", "dst", "epoch", "infinity", "pm", "t"])
KNOWN = frozenset([*MONTHS, *DAYS, *CLOCK_WORDS, *UNITS, *IGNORED, *_OTHERS])

_MOST = 25
_BLANK = re.compile(r"[ \t\n\r\v\f]+")
_WORD = re.compile(r"[a-z]+")
_DIGITS = re.compile(r"\d+", re.ASCII)
_DATE_BEHIND = {
    delimiter: re.compile(rf"(?:{re.escape(delimiter)}[\d{re.escape(delimiter)}]*)?", re.ASCII)
    for delimiter in "-/."
}
_MONTH_BEHIND = {delimiter: re.compile(rf"[a-z\d{re.escape(delimiter)}]*", re.ASCII) for delimiter in "-/."}
_ZONE_NAME = re.compile(r".[a-z\d+/_.:-]*", re.ASCII)
_OFFSET = re.compile(r"\d[\d:.-]*", re.ASCII)


# What needs no second look: blanks and punctuation, which are no words, and the words that punctuation ends.
_NAMES = "|".join(sorted(KNOWN, key=len, reverse=True))
_PLAIN = re.compile(
    r"[ \t\n\r\v\f!-*,/:-@\[-`{-~]+|(?P<time>\d+:[\d:.]*)|(?P<number>\d+(?![\d/.-])|\.\d*)"
    rf"|(?P<name>(?:{_NAMES})(?=[\d+])|[a-z]+(?![a-z\d+/.-]))",
    re.ASCII,
)


class BadFormat(Exception):
    """The text is no value of the type."""


class Kind(Enum):
    """What a word looks like."""

    NUMBER = 1
    DATE = 2
    TIME = 3
    OFFSET = 4  # a sign and digits
    NAME = 5
    SIGNED_NAME = 6


_KINDS = {"time": Kind.TIME, "number": Kind.NUMBER, "name": Kind.NAME}


class Word(NamedTuple):
    """A word in small letters."""

    kind: Kind
    text: str


def words(text: str, room: int) -> list[Word]:
    """The words of a text; `room` is how long they may be together. Raises BadFormat."""
    found: list[Word] = []
    folded = text.lower() if text.isascii() else text  # no letter beyond ASCII is in a word
    at = used = 0
    while at < len(folded):
        plain = _PLAIN.match(folded, at)
        if plain is not None and plain.lastgroup is None:
            at = plain.end()
            continue
        if len(found) == _MOST:
            raise BadFormat
        if plain is not None:
            at = plain.end()
            word = Word(_KINDS[plain.lastgroup or ""], plain[0])
        else:
            at, word = _word(folded, at)
        used += len(word.text) + 1
        if used > room - 1:
            raise BadFormat
        found.append(word)
    return found


def _word(text: str, at: int) -> tuple[int, Word]:
    """Where the word that begins there ends, and the word: one that goes on with punctuation."""
    letter = text[at]
    for begin, read in ((_DIGITS, _date), (_WORD, _name)):
        match = begin.match(text, at)
        if match is not None:
            kind, end = read(text, match.end())
            return end, Word(kind, text[at:end])
    if letter in "+-":
        return _signed(text, at)
    raise BadFormat


def _date(text: str, end: int) -> tuple[Kind, int]:
    """What begins with digits, which end there, and goes on with one of `-/.`."""
    behind = text[end]
    digits = _DIGITS.match(text, end + 1)
    if digits is None:
        month = _MONTH_BEHIND[behind].match(text, end + 1)
        assert month is not None
        return Kind.DATE, month.end()
    third = _DATE_BEHIND[behind].match(text, digits.end())
    assert third is not None
    whole = third.end() > digits.end()
    return Kind.DATE if whole or behind != "." else Kind.NUMBER, third.end()


def _name(text: str, end: int) -> tuple[Kind, int]:
    """What begins with letters: a zone's name and a date may go on with punctuation."""
    whole = _ZONE_NAME.match(text, end)
    assert whole is not None
    return Kind.DATE, whole.end()


def _signed(text: str, at: int) -> tuple[int, Word]:
    blank = _BLANK.match(text, at + 1)
    begin = blank.end() if blank else at + 1
    for kind, pattern in ((Kind.OFFSET, _OFFSET), (Kind.SIGNED_NAME, _WORD)):
        found = pattern.match(text, begin)
        if found is not None:
            return found.end(), Word(kind, text[at] + found[0])
    raise BadFormat
