"""A text read by the pattern of to_date() and to_timestamp(), piece by piece (DCH_from_char in formatting.c)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from stepladder.errors import InvalidDatetime
from stepladder.sql.functions.date_patterns import DAYS, MONTHS, ROMAN, Piece, pieces
from stepladder.sql.texts import BLANKS

# How many digits a number has where the next piece is a number too.
_WIDTHS = {
    "HH": 2, "HH12": 2, "HH24": 2, "MI": 2, "SS": 2, "MS": 3, "US": 6, "SSSS": 4, "SSSSS": 5, "MM": 2, "DD": 2, "DDD": 3,
    "IDDD": 3, "D": 1, "ID": 1, "WW": 2, "IW": 2, "W": 1, "Q": 1, "CC": 2, "YYYY": 4, "IYYY": 4, "YYY": 3, "IYY": 3, "YY": 2,
    "IY": 2, "Y": 1, "I": 1, "J": 1, "TZH": 2, "TZM": 2, **{f"FF{digits}": digits for digits in range(1, 7)},
}  # fmt: skip
_SHORT_YEARS = ("YYY", "IYY", "YY", "IY", "Y", "I")
_FRACTIONS = {"MS": 3, "US": 6, **{f"FF{digits}": 6 for digits in range(1, 7)}}
# Those that are read into one field.
_SAME = {
    "HH12": "HH", "HH24": "HH", "IYYY": "YYYY", "YYY": "YYYY", "IYY": "YYYY", "YY": "YYYY", "IY": "YYYY", "Y": "YYYY",
    "I": "YYYY", "Y,YYY": "YYYY", "SSSSS": "SSSS", "IDDD": "DDD", "ID": "D", "IW": "WW",
    **{f"FF{digits}": "US" for digits in range(1, 7)},
}  # fmt: skip
_MONTH_DATES = frozenset(
    ["DDD", "DD", "D", "MM", "MONTH", "MON", "RM", "WW", "W", "Y,YYY", "YYYY", "YYY", "YY", "Y"]
)
_WEEK_DATES = frozenset(["IDDD", "ID", "IW", "IYYY", "IYY", "IY", "I"])
_NO_DIGITS = ("OF", "TZH")  # they may begin with a sign
_DIGITS = re.compile(r"[+-]?\d+", re.ASCII)
_THOUSANDS = re.compile(r"[ \t\n\r\v\f]*([+-]?\d+),[ \t\n\r\v\f]*([+-]\d{1,2}|\d{1,3})", re.ASCII)
_MOST = 2**31
_MONDAY = 1


@dataclass
class Reading:
    """The text, how far it is read, and the fields that were found; a field that is 0 counts as none."""

    text: str
    at: int = 0
    found: dict[str, int] = field(default_factory=dict)
    twelve: bool = False
    week_dates: bool | None = None
    year_digits: int = 0
    precision: int | None = None  # how many digits of a second are kept
    zone_sign: int = 0
    skipped: int = 0  # blanks that were read over, beyond those of the pattern
    exact: bool = False  # FX: nothing is read over

    def get(self, name: str) -> int:
        """A field."""
        return self.found.get(name, 0)

    def put(self, keyword: str, value: int) -> None:
        """Note a field. Raises InvalidDatetime where it was given with another value."""
        name = _SAME.get(keyword, keyword)
        if self.get(name) not in (0, value):
            raise InvalidDatetime(f'conflicting values for "{keyword}" field in formatting string')
        self.found[name] = value

    def blanks(self) -> int:
        """Read over blanks; how many there were."""
        start = self.at
        while self.at < len(self.text) and self.text[self.at] in BLANKS:
            self.at += 1
        return self.at - start

    def number(self, piece: Piece, following: Piece | None, width: int) -> int:
        """The number for a piece; `put` is the caller's (from_char_parse_int_len)."""
        keyword, start = piece.keyword, self.at
        blanks = self.blanks()
        open_end = piece.prefix == "FM" or piece.ordinal or _ends_a_number(following)
        copy = self.text[self.at :] if open_end else self.text[self.at : self.at + width]
        if not open_end and len(copy.encode()) < width:
            raise InvalidDatetime(f'source string too short for "{keyword}" formatting field')
        match = _DIGITS.match(copy)
        if match is None and (open_end or not blanks):
            self.at = start
            raise InvalidDatetime(f'invalid value "{copy[:width]}" for "{keyword}"')
        if match is None:
            return 0
        if not open_end and match.end() < width:
            raise InvalidDatetime(f'invalid value "{copy}" for "{keyword}"')
        self.at += match.end()
        value = int(match[0])
        if not -_MOST <= value < _MOST:
            raise InvalidDatetime(f'value for "{keyword}" in source string is out of range', sqlstate="22008")
        return value

    def word(self, piece: Piece, words: Sequence[str]) -> int:
        """The place of the word that the text goes on with."""
        rest = self.text[self.at :].lower()
        fitting = [word for word in words if rest.startswith(word.lower())]
        if not fitting:
            shown = rest.split(" ")[0]
            raise InvalidDatetime(f'invalid value "{shown}" for "{piece.keyword}"')
        best = max(fitting, key=len)
        self.at += len(best)
        return list(words).index(best)


def _ends_a_number(following: Piece | None) -> bool:
    if following is None:
        return True
    if following.keyword:
        number = following.number
        return not number or number in _NO_DIGITS
    return not following.text.isdigit()


def read(text: str, pattern: str) -> Reading:
    """What the pattern finds in the text. Raises InvalidDatetime."""
    reading, found = Reading(text), pieces(pattern)
    for place, piece in enumerate(found):
        if reading.at >= len(text):
            break
        separator = not piece.keyword and not piece.quoted and _is_separator(piece.text)
        if not reading.exact and (piece.keyword or not place):
            reading.skipped += reading.blanks()
        if not piece.keyword:
            _text(reading, separator=separator)
            continue
        _field(reading, piece, found[place + 1] if place + 1 < len(found) else None)
        if not reading.exact:
            reading.skipped = reading.blanks()
    return reading


def _text(reading: Reading, *, separator: bool) -> None:
    """A character of the pattern that is no keyword stands for one of the text."""
    if reading.exact:
        reading.at += 1
    elif separator:
        reading.skipped -= 1
        if reading.at < len(reading.text) and _is_separator(reading.text[reading.at]):
            reading.at, reading.skipped = reading.at + 1, reading.skipped + 1
    elif reading.skipped > 0:
        reading.skipped -= 1
    else:
        reading.at += 1


def _is_separator(letter: str) -> bool:
    return letter in BLANKS or ("!" <= letter <= "~" and not letter.isalnum())


def _field(reading: Reading, piece: Piece, following: Piece | None) -> None:
    keyword = piece.keyword.upper()
    _set_mode(reading, keyword)
    if keyword == "FX":
        reading.exact = True
    elif keyword == "Y,YYY":
        match = _THOUSANDS.match(reading.text, reading.at)
        if match is None:
            raise InvalidDatetime('invalid input string for "Y,YYY"')
        reading.at = match.end() + (2 if piece.ordinal else 0)
        reading.put(keyword, int(match[1]) * 1000 + int(match[2]))
        reading.year_digits = 4
    elif keyword in ("OF", "TZH", "TZM"):
        _zone(reading, piece, following)
    elif keyword in _WIDTHS:
        _number(reading, piece, following)
    else:
        _name(reading, piece, keyword)


def _set_mode(reading: Reading, keyword: str) -> None:
    """The calendar of a pattern: weeks of ISO 8601 or months, never both."""
    if keyword not in _MONTH_DATES and keyword not in _WEEK_DATES:
        return
    weeks = keyword in _WEEK_DATES
    if reading.week_dates not in (None, weeks):
        raise InvalidDatetime("invalid combination of date conventions")
    reading.week_dates = weeks


def _name(reading: Reading, piece: Piece, keyword: str) -> None:
    if keyword in ("AM", "PM", "A.M.", "P.M."):
        halves = ("a.m.", "p.m.") if "." in keyword else ("am", "pm")
        reading.put("PM", reading.word(piece, halves))
        reading.twelve = True
    elif keyword in ("MONTH", "MON"):
        words: Sequence[str] = MONTHS if keyword == "MONTH" else tuple(name[:3] for name in MONTHS)
        reading.put("MM", reading.word(piece, words) + 1)
    elif keyword in ("DAY", "DY"):
        words = DAYS if keyword == "DAY" else tuple(name[:3] for name in DAYS)
        sunday_first = (reading.word(piece, words) + _MONDAY) % 7
        reading.put("D", sunday_first)
        reading.found["D"] = sunday_first + 1
    elif keyword == "RM":
        reading.put("MM", reading.word(piece, ROMAN) + 1)
    else:
        reading.put("BC", reading.word(piece, ("a.d.", "b.c.") if "." in keyword else ("ad", "bc")))


def _number(reading: Reading, piece: Piece, following: Piece | None) -> None:
    keyword, start = piece.number, reading.at
    value = reading.number(piece, following, _WIDTHS[keyword])
    length = reading.at - start
    if keyword != "Q":
        reading.put(keyword, value)
    _adjust(reading, keyword, value, length)
    if piece.ordinal:
        reading.at += 2


def _adjust(reading: Reading, keyword: str, value: int, length: int) -> None:
    """What is counted otherwise than it is written."""
    if keyword.startswith("FF"):
        reading.precision = int(keyword[2:])
    if keyword in _FRACTIONS:
        reading.found[_SAME.get(keyword, keyword)] = value * 10 ** max(_FRACTIONS[keyword] - length, 0)
    elif keyword in ("HH", "HH12"):
        reading.twelve = True
    elif keyword == "ID":
        reading.found["D"] = value + 1 if value < 7 else 1  # counted from Sunday
    elif keyword in ("YYYY", "IYYY"):
        reading.year_digits = 4
    elif keyword in _SHORT_YEARS:
        reading.year_digits = len(keyword)
        if length < 4:
            reading.found["YYYY"] = _full_year(value)


def _full_year(year: int) -> int:
    """A year of fewer than four digits, the one nearest to 2020."""
    for limit, century in ((70, 2000), (100, 1900), (520, 2000), (1000, 1000)):
        if year < limit:
            return year + century
    return year


def _zone(reading: Reading, piece: Piece, following: Piece | None) -> None:
    """An offset: `+02`, `-05:30`, or its parts."""
    keyword, text = piece.keyword.upper(), reading.text
    letter = text[reading.at : reading.at + 1]
    if keyword == "TZM":
        reading.zone_sign = reading.zone_sign or 1
        reading.put("TZM", reading.number(piece, following, 2))
        return
    before = text[reading.at - 1] if reading.skipped > 0 else ""
    reading.zone_sign = -1 if "-" in (letter, before if letter not in ("+", " ") else "") else 1
    reading.at += letter in ("+", "-", " ") and bool(letter)
    reading.put("TZH", reading.number(piece, following, 2))
    if keyword != "TZH" and text[reading.at : reading.at + 1] == ":":
        reading.at += 1
        reading.put("TZM", reading.number(piece, following, 2))
