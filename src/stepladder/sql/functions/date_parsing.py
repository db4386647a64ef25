"""to_date() and to_timestamp(): text read by a pattern (DCH_from_char and do_to_timestamp of the server)."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import accumulate

from stepladder.errors import InvalidDatetime, NotPortable
from stepladder.sql.functions.date_patterns import DAYS, MONTHS, ROMAN, Piece, pieces
from stepladder.sql.functions.dates import guarded, stored_moment
from stepladder.sql.functions.registry import Scalar, strict
from stepladder.sql.texts import BLANKS

# How many digits a number has where the next piece is a number too.
_WIDTHS = {
    "HH": 2, "HH12": 2, "HH24": 2, "MI": 2, "SS": 2, "MS": 3, "US": 6, "SSSS": 5, "SSSSS": 5, "MM": 2, "DD": 2, "DDD": 3,
    "IDDD": 3, "D": 1, "ID": 1, "WW": 2, "IW": 2, "W": 1, "Q": 1, "CC": 2, "YYYY": 4, "IYYY": 4, "YYY": 3, "IYY": 3, "YY": 2,
    "IY": 2, "Y": 1, "I": 1, "J": 7, **{f"FF{digits}": digits for digits in range(1, 7)},
}  # fmt: skip
_SHORT_YEARS = {"YYY": 3, "IYY": 3, "YY": 2, "IY": 2, "Y": 1, "I": 1}
_FRACTIONS = {"MS": 3, "US": 6, **{f"FF{digits}": digits for digits in range(1, 7)}}
_SAME = {
    "HH12": "HH", "HH24": "HH", "IYYY": "YYYY", "YYY": "YYYY", "IYY": "YYYY", "YY": "YYYY", "IY": "YYYY", "Y": "YYYY",
    "I": "YYYY", "Y,YYY": "YYYY", "SSSSS": "SSSS", "IDDD": "DDD", "IW": "WW",
    **{f"FF{digits}": "US" for digits in range(1, 7)},
}  # fmt: skip
_DIGITS = re.compile(r"[+-]?\d+", re.ASCII)


@dataclass
class _Reading:
    """The text, how far it is read, and what was found."""

    text: str
    at: int = 0
    found: dict[str, int] = field(default_factory=dict)
    twelve: bool = False
    afternoon: bool = False
    week_dates: bool | None = None

    def blanks(self) -> int:
        """Read over blanks; how many there were."""
        start = self.at
        while self.at < len(self.text) and self.text[self.at] in BLANKS:
            self.at += 1
        return self.at - start

    def put(self, keyword: str, value: int) -> None:
        """Note a field. Raises InvalidDatetime where it was given with another value."""
        name = _SAME.get(keyword, keyword)
        if self.found.get(name, 0) not in (0, value):
            raise InvalidDatetime(f'conflicting values for "{keyword}" field in formatting string')
        self.found[name] = value

    def number(self, piece: Piece, following: Piece | None) -> int:
        """The number for a piece; `put` is the caller's."""
        keyword, start = piece.keyword, self.at
        self.blanks()
        width = _WIDTHS[piece.number]
        open_end = piece.fill or piece.ordinal or _ends_a_number(following)
        copy = self.text[self.at :] if open_end else self.text[self.at : self.at + width]
        if not open_end and len(copy) < width:
            raise InvalidDatetime(f'source string too short for "{keyword}" formatting field')
        match = _DIGITS.match(copy.lstrip(BLANKS))
        if match is None:
            self.at = start
            raise InvalidDatetime(f'invalid value "{copy[:width]}" for "{keyword}"')
        if not open_end and match.end() < width:
            raise InvalidDatetime(f'invalid value "{copy}" for "{keyword}"')
        self.at += len(copy) - len(copy.lstrip(BLANKS)) + match.end()
        value = int(match[0])
        if abs(value) >= 2**31:
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
        return not following.number or following.number in ("OF", "TZH", "TZM")
    return not following.text.isdigit()


def _read(text: str, pattern: str) -> _Reading:
    reading, found = _Reading(text), pieces(pattern)
    skipped = 0
    for place, piece in enumerate(found):
        if reading.at >= len(text):
            break
        separator = not piece.keyword and not piece.quoted and _is_separator(piece.text)
        if piece.keyword or separator or not place:
            skipped += reading.blanks()
        if separator:
            skipped -= 1
            if reading.at < len(text) and _is_separator(text[reading.at]):
                reading.at, skipped = reading.at + 1, skipped + 1
        elif not piece.keyword:
            if skipped > 0:
                skipped -= 1
            else:
                reading.at += 1
        else:
            _field(reading, piece, found[place + 1] if place + 1 < len(found) else None)
            skipped = reading.blanks()
    return reading


def _is_separator(letter: str) -> bool:
    return letter in BLANKS or ("!" <= letter <= "~" and not letter.isalnum())


def _field(reading: _Reading, piece: Piece, following: Piece | None) -> None:
    keyword, upper = piece.number, piece.keyword.upper()
    _set_mode(reading, keyword)
    if keyword == "Y,YYY":
        match = re.compile(r"\s*(\d+),(\d{3})", re.ASCII).match(reading.text, reading.at)
        if match is None:
            raise InvalidDatetime('invalid input string for "Y,YYY"')
        reading.at = match.end()
        reading.put(keyword, int(match[1]) * 1000 + int(match[2]))
    elif keyword in _WIDTHS:
        _number(reading, piece, following)
    elif upper in ("AM", "PM", "A.M.", "P.M."):
        halves = ("a.m.", "p.m.") if "." in upper else ("am", "pm")
        reading.afternoon, reading.twelve = bool(reading.word(piece, halves)), True
    elif upper in ("MONTH", "MON"):
        words: Sequence[str] = MONTHS if upper == "MONTH" else tuple(name[:3] for name in MONTHS)
        reading.put("MM", reading.word(piece, words) + 1)
    elif upper in ("DAY", "DY"):
        words = DAYS if upper == "DAY" else tuple(name[:3] for name in DAYS)
        reading.put("D", reading.word(piece, words) + 1)
    elif upper == "RM":
        reading.put("MM", reading.word(piece, ROMAN) + 1)
    else:
        reading.word(piece, ("ad", "bc") if upper == "AD" else ("a.d.", "b.c."))


def _set_mode(reading: _Reading, keyword: str) -> None:
    """The calendar of a pattern: weeks of ISO 8601 or months, never both."""
    if not keyword or keyword in ("HH", "HH12", "HH24", "MI", "SS", "SSSS", "SSSSS", "Q", *_FRACTIONS):
        return
    weeks = keyword.startswith("I")
    if reading.week_dates not in (None, weeks):
        raise InvalidDatetime("invalid combination of date conventions")
    reading.week_dates = weeks


def _number(reading: _Reading, piece: Piece, following: Piece | None) -> None:
    keyword = piece.number
    start = reading.at
    value = reading.number(piece, following)
    digits = len(reading.text[start : reading.at].strip(BLANKS))
    if piece.ordinal:
        reading.at += 2
    if keyword in _FRACTIONS:
        reading.put(keyword, value * 10 ** max((3 if keyword == "MS" else 6) - digits, 0))
    elif keyword in _SHORT_YEARS:
        reading.put(keyword, _full_year(value) if digits <= 3 and digits < 4 else value)
    elif keyword != "Q":
        reading.twelve = reading.twelve or keyword in ("HH", "HH12")
        reading.put(keyword, value)


def _full_year(year: int) -> int:
    """A year of fewer than four digits, the one nearest to 2020."""
    for limit, century in ((70, 2000), (100, 1900), (520, 2000), (1000, 1000)):
        if year < limit:
            return year + century
    return year


# -- what was read, as a moment
_LAST_YEAR = 9999
_YEARS = f"years run from 1 to {_LAST_YEAR} here"


def _day(reading: _Reading, text: str) -> date:
    found = reading.found
    year = found.get("YYYY", 0)
    if found.get("CC") and not year:
        year = (found["CC"] - 1) * 100 + 1
    elif found.get("CC"):
        raise NotPortable("CC beside a year")
    if not 0 <= year <= _LAST_YEAR:
        raise _out_of_years(text)
    try:
        return _day_of(reading, year, text)
    except OverflowError as error:
        raise _out_of_years(text) from error
    except ValueError as error:
        if found.get("J"):
            raise _out_of_years(text) from error
        raise _out_of_range(text) from error


def _day_of(reading: _Reading, year: int, text: str) -> date:
    """The day; a number that is 0 is none."""
    found = reading.found
    month, day = found.get("MM") or 1, found.get("DD") or 1
    week, ordinal = found.get("WW"), found.get("DDD")
    if found.get("J"):
        return date.fromordinal(found["J"] - 1_721_425)
    if found.get("W"):
        day = (found["W"] - 1) * 7 + 1
    if week and not reading.week_dates:
        ordinal = (week - 1) * 7 + 1
    if ordinal and (month <= 1 or day <= 1) and not (week and reading.week_dates):
        return _by_ordinal(reading, year, month, day, ordinal)
    if not year:
        raise NotPortable(f"{text!r} without a year", why=f"it is the year 1 BC: {_YEARS}")
    if week and reading.week_dates:
        return date.fromisocalendar(year, 1, 1) + timedelta(days=(week - 1) * 7 + _weekday(found.get("ID")))
    return date(year, month, day)


def _weekday(number: int | None) -> int:
    """Days from Monday: what is no day of the week is its last one."""
    if number is None or number == -1:
        return 0
    return number - 1 if 1 <= number <= 6 else 6


def _by_ordinal(reading: _Reading, year: int, month: int, day: int, ordinal: int) -> date:
    """The day by its number in the year; a month or a day of the month that was given stays."""
    if not year:
        raise InvalidDatetime("cannot calculate day of year without year information")
    if reading.week_dates:
        return date.fromisocalendar(year, 1, 1) + timedelta(days=ordinal - 1)
    ends = list(accumulate((0, *(monthrange(year, each)[1] for each in range(1, 13)))))
    at = next((place for place, end in enumerate(ends[1:], 1) if ordinal <= end), 13)
    return date(year, at if month <= 1 else month, ordinal - ends[at - 1] if day <= 1 else day)


def _out_of_range(text: str) -> InvalidDatetime:
    return InvalidDatetime(f'date/time field value out of range: "{text}"', sqlstate="22008")


def _out_of_years(text: str) -> NotPortable:
    return NotPortable(f"the year of {text!r}", why=_YEARS)


def _clock(reading: _Reading, text: str) -> timedelta:
    found = reading.found
    hour, minute, second = found.get("HH", 0), found.get("MI", 0), found.get("SS", 0)
    if found.get("SSSS"):
        hour, rest = divmod(found["SSSS"], 3600)
        minute, second = divmod(rest, 60)
    if reading.twelve and "HH" in found:
        if not 1 <= hour <= 12:
            raise InvalidDatetime(f'hour "{hour}" is invalid for the 12-hour clock')
        hour = hour % 12 + (12 if reading.afternoon else 0)
    if not (0 <= hour < 24 and 0 <= minute < 60 and 0 <= second < 60):
        raise _out_of_range(text)
    fraction = found.get("MS", 0) * 1000 + found.get("US", 0)
    return timedelta(hours=hour, minutes=minute, seconds=second, microseconds=fraction)


def check_pattern(pattern: str) -> None:
    """Raises NotPortable for a keyword that is not read here."""
    for piece in pieces(pattern):
        if piece.keyword.upper() in ("FX", "TZ", "TZH", "TZM", "OF", "BC", "B.C."):
            raise NotPortable(f"the pattern {piece.keyword} in to_date() and to_timestamp()")


@lru_cache(maxsize=4096)
def to_date(text: str, pattern: str) -> str:
    """to_date()."""
    check_pattern(pattern)
    reading = _read(text, pattern)
    _clock(reading, text)  # which may be wrong
    return _day(reading, text).isoformat()


@lru_cache(maxsize=4096)
def to_timestamp(text: str, pattern: str) -> str:
    """to_timestamp(text, text): an instant in UTC."""
    check_pattern(pattern)
    reading = _read(text, pattern)
    clock, day = _clock(reading, text), _day(reading, text)
    midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - naive moments are in UTC
    return stored_moment(guarded(lambda: midnight + clock, text), zoned=True)


SCALARS: tuple[Scalar, ...] = (
    strict("pg_to_date", 2, to_date),
    strict("pg_to_timestamp", 2, to_timestamp),
)
