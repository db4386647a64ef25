"""PostgreSQL's other spellings of moments: `Jan 5, 2024`, `1/5/2024 10:11 PM EST`, read as the server reads them.

The words of a text are told apart and taken one after another, as DecodeDateTime does with DateStyle ISO, MDY
(https://www.postgresql.org/docs/current/datetime-input-rules.html).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, timedelta, tzinfo

from stepladder.errors import InvalidArgument, InvalidDatetime, NotPortable
from stepladder.sql.texts import BLANKS
from stepladder.sql.types import Type
from stepladder.sql.zones import RARE_ABBREVIATIONS, abbreviation, named_zone, zone_offset

_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
)  # fmt: skip
MONTHS = {
    **{name: place for place, name in enumerate(_MONTHS, 1)},
    **{name[:3]: place for place, name in enumerate(_MONTHS, 1)},
    "sept": 9,
}
_DAYS = frozenset(
    [name for day in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday") for name in (day, day[:3])]
    + ["tues", "weds", "thur", "thurs"]
)  # fmt: skip
CLOCK_WORDS = frozenset(["now", "today", "tomorrow", "yesterday"])
_BEYOND = frozenset(["infinity", "-infinity", "+infinity", "bc", "b.c."])
_TOKEN = re.compile(
    r"(?P<time>\d+:[\d:]*(?:\.\d*)?)"
    r"|(?P<date>\d+[-/]\w[\w/-]*|\d+\.\d+\.\d[\d.]*|\d+\.[a-z][\w.]*|[a-z]+[-/.][\w+/.:-]*|[a-z]+(?=\d)[\w/.-]+)"
    r"|(?P<number>\d+(?:\.\d*)?|\.\d+)"
    r"|(?P<word>[a-z]+)"
    r"|(?P<zone>[+-]\s*\d[\d:]*)"
    r"|(?P<sign>[+-]\s*[a-z]+)"
    r"|(?P<other>[,;()\s/._'-]+)",
    re.ASCII,
)
_UNREAD = re.compile(r"[^\w\s:.,;()/'+-]|[^\x00-\x7f]", re.ASCII)
_MIXED = re.compile(r"\d[a-z]|[a-z]\d|[a-z]\+", re.ASCII)
_CLOCK = re.compile(r"(\d+):(\d+)(?::(\d+)(?:\.(\d*))?|\.(\d*))?", re.ASCII)


@dataclass
class Spelled:
    """What a text says: a day, a time of day, a zone; what it leaves out is None."""

    text: str
    type: Type
    year: int | None = None
    month: int | None = None
    day: int | None = None
    day_of_year: int | None = None
    clock: timedelta | None = None
    zone: tzinfo | None = None
    half: str | None = None
    month_by_name: bool = False
    short_year: str | None = None
    words: list[str] = field(default_factory=list)

    # -- errors
    def invalid(self) -> InvalidDatetime:
        """The text is no value of the type."""
        shown = str(self.type).removesuffix(" without time zone")
        return InvalidDatetime(f'invalid input syntax for type {shown}: "{self.text}"')

    def out_of_range(self) -> InvalidDatetime:
        """The text is one, of numbers that no calendar has."""
        return InvalidDatetime(f'date/time field value out of range: "{self.text}"', sqlstate="22008")

    def refused(self, why: str) -> NotPortable:
        """The server reads it, SQLite's forms do not hold it."""
        return NotPortable(
            f"{self.text!r} as {self.type}", why=why, instead="write it as 2026-01-31 12:00:00+00"
        )

    def unread(self, letter: str) -> InvalidDatetime | NotPortable:
        """The text has a letter that is in no word."""
        if not letter.isascii():
            return self.refused("letters beyond ASCII")
        return self.refused("signs that PostgreSQL passes over") if letter.isprintable() else self.invalid()

    # -- what is known so far
    @property
    def has_day(self) -> bool:
        """Whether the day is complete."""
        return self.day_of_year is not None or None not in (self.year, self.month, self.day)

    @property
    def _day_begun(self) -> bool:
        return any(part is not None for part in (self.year, self.month, self.day, self.day_of_year))

    def date(self) -> date:
        """The day. Raises InvalidDatetime."""
        if not self.has_day:
            parts = ((self.year, 10**9), (self.month, 12), (self.day, 31))
            possible = all(part is None or 1 <= part <= most for part, most in parts)
            raise self.invalid() if possible else self.out_of_range()
        year = self.year or 0
        if self.short_year is not None:
            year += 2000 if year < 70 else 1900 if year < 100 else 0
        if year <= 0:
            raise self.out_of_range()
        if year > 9999:
            raise self.refused("years run from 1 to 9999 here")
        try:
            if self.day_of_year is not None:
                return date(year, 1, 1) + timedelta(days=self.day_of_year - 1)
            return date(year, self.month or 0, self.day or 0)
        except ValueError as error:
            raise self.out_of_range() from error

    def time(self) -> timedelta:
        """The time of day since midnight. Raises InvalidDatetime."""
        found = self.clock or timedelta()
        if self.half is None:
            return found
        hour = found // timedelta(hours=1)
        if hour > 12:
            raise self.out_of_range()
        if self.half == "am":
            return found - timedelta(hours=12) if hour == 12 else found
        return found + timedelta(hours=12) if hour != 12 else found


def read(text: str, type_: Type) -> Spelled:
    """What `text` says. Raises InvalidDatetime, NotPortable."""
    found = Spelled(text, type_)
    folded = text.strip(BLANKS).lower()
    if not folded:
        raise found.invalid()
    unread = _UNREAD.search(folded)
    if unread is not None:
        raise found.unread(unread[0])
    try:
        _read(found, folded)
    except (InvalidDatetime, InvalidArgument) as error:
        if _MIXED.search(folded):  # which error it is depends on how the server parts the words
            raise found.refused("an unusual spelling") from error
        raise
    return found


def _read(found: Spelled, folded: str) -> None:
    at = 0
    while at < len(folded):
        match = _TOKEN.match(folded, at)
        if match is None:
            raise found.invalid()
        at = match.end()
        if match.lastgroup == "other" and "-" in match[0]:
            raise found.refused("an unusual spelling")  # a sign, of a zone perhaps
        _READ[match.lastgroup or ""](found, match[0])


# -- one word of the text
def _time(found: Spelled, word: str) -> None:
    if found.clock is not None:
        raise found.invalid()
    match = _CLOCK.fullmatch(word)
    if match is None:
        raise found.invalid()
    if match[5] is not None:
        raise found.refused("a fraction behind the minutes")
    found.clock = clock(found, int(match[1]), int(match[2]), int(match[3] or 0), match[4])


def clock(found: Spelled, hour: int, minute: int, second: int, fraction: str | None) -> timedelta:
    """A time of day from its numbers."""
    microseconds = (int((fraction or "0")[:20].ljust(7, "0")[:7]) + 5) // 10
    past = hour == 24 and (minute or second or microseconds)
    if hour > 24 or minute > 59 or second > 60 or past:
        raise found.out_of_range()
    return timedelta(hours=hour, minutes=minute, seconds=second, microseconds=microseconds)


def _date(found: Spelled, word: str) -> None:
    if found.has_day:
        zone = named_zone(word)
        if zone is None and re.search(r"\d", word[:1]):
            raise found.refused("a time of day with something behind it")
        if zone is None:
            raise InvalidArgument(f'time zone "{word}" not recognized')
        _set_zone(found, zone)
        return
    _refuse_rare(found, word)
    parts = [part for part in re.split(r"[^a-z0-9]+", word) if part]
    if len(parts) > 3 or any(not re.fullmatch(r"\d+|[a-z]+", part) for part in parts):
        unusual = max(map(len, parts)) > 6 or re.search(r"\d[a-z]|[a-z]\d", word)
        raise found.refused("an unusual spelling") if unusual else found.invalid()
    for part in parts:
        if part.isalpha():
            if part not in MONTHS:
                raise found.invalid()
            _month_name(found, part)
    for part in parts:
        if part.isdigit():
            _day_number(found, part)
    if not found.has_day:
        raise found.invalid()


def _refuse_rare(found: Spelled, word: str) -> None:
    if found.type.name == "time" and (word[0].isalpha() or len(re.findall(r"\d+", word)) < 3):
        raise found.refused("an unusual spelling")  # of a zone, or a time of day before one
    if word.startswith("j") and word[1:2].isdigit():
        raise found.refused("a Julian day")


def _month_name(found: Spelled, word: str) -> None:
    if found.month is not None:
        if not found.month_by_name and found.day is None:  # the number before it was the day
            found.day, found.month = found.month, None
        else:
            raise found.invalid()
    found.month, found.month_by_name = MONTHS[word], True


def _number(found: Spelled, word: str) -> None:
    whole, point, fraction = word.partition(".")
    if point:
        if not found._day_begun and len(whole) == 4 and len(fraction) == 3:
            found.year, found.day_of_year = int(whole), _ordinal(found, fraction)
        elif len(whole) == 6 and found.has_day and found.clock is None:
            found.clock = clock(found, int(whole[:2]), int(whole[2:4]), int(whole[4:]), fraction)
        else:
            raise found.refused("an unusual spelling")
    elif (len(word) >= 6 and not (found._day_begun and found.clock is not None)) or found.has_day:
        _packed(found, word)
    else:
        _day_number(found, word)


def _packed(found: Spelled, word: str) -> None:
    """`20240105`, `240105`, or a time of day as `101112`, `1011`."""
    if not found.has_day and len(word) >= 6:
        if found._day_begun:
            raise found.invalid()
        found.day, found.month, found.year = int(word[-2:]), int(word[-4:-2]), int(word[:-4])
        found.short_year = word[:-4] if len(word) == 6 else None
    elif found.clock is None and len(word) in (4, 6):
        found.clock = clock(found, int(word[:2]), int(word[2:4]), int(word[4:] or 0), None)
    else:
        raise found.invalid()


def _ordinal(found: Spelled, word: str) -> int:
    value = int(word)
    if not 1 <= value <= 366:
        raise found.invalid()
    return value


def _day_number(found: Spelled, word: str) -> None:
    """A year, a month or a day, by what is known already (DecodeNumber)."""
    value = int(word)
    known = (found.year is not None, found.month is not None, found.day is not None)
    if len(word) == 3 and known == (True, False, False):
        found.day_of_year = _ordinal(found, word)
    elif known == (False, False, False):
        if len(word) >= 3:
            _set_year(found, word)
        else:
            found.month = value
    elif known == (True, False, False):
        found.month = value
    elif known == (False, True, False):
        if found.month_by_name and len(word) >= 3:
            _set_year(found, word)
        else:
            found.day = value
    elif known == (True, True, False):
        if found.month_by_name and len(word) >= 3 and found.short_year is not None:
            found.day = found.year
            _set_year(found, word)
        else:
            found.day = value
    elif known == (False, False, True):
        found.month = value
    elif known == (False, True, True):
        _set_year(found, word)
    else:
        raise found.invalid()


def _set_year(found: Spelled, word: str) -> None:
    found.year, found.short_year = int(word), word if len(word) <= 2 else None


def _word(found: Spelled, word: str) -> None:
    if word in MONTHS:
        _month_name(found, word)
    elif word in _DAYS or word in ("at", "on", "ad"):
        found.words.append(word)
    elif word in ("am", "pm"):
        if found.half is not None:
            raise found.invalid()
        found.half = word
    elif word in CLOCK_WORDS or word in _BEYOND:
        raise found.refused(
            "it stands for another value each day" if word in CLOCK_WORDS else "years run from 1 to 9999 here"
        )
    elif word == "epoch" and not found._day_begun and found.clock is None:
        found.year, found.month, found.day, found.clock = 1970, 1, 1, timedelta()
        found.zone = UTC
    elif word == "allballs" and found.clock is None:
        found.clock, found.zone = timedelta(), UTC
    elif word == "t" and found.has_day:
        found.words.append(word)
    else:
        _zone_word(found, word)


def _zone_word(found: Spelled, word: str) -> None:
    if word in ("t", "d", "h", "m", "s", "j", "y", "mm", "dst"):
        raise found.refused("an unusual spelling")
    try:
        _set_zone(found, abbreviation(word))
    except KeyError:
        zone = named_zone(word) if len(word) > 2 else None
        if word in RARE_ABBREVIATIONS:
            raise found.refused(f"{word!r} is an abbreviation with an offset of the server's own") from None
        if zone is None:
            raise found.invalid() from None
        _set_zone(found, zone)


def _set_zone(found: Spelled, zone: tzinfo) -> None:
    if found.zone is not None:
        raise found.refused("two time zones")
    found.zone = zone


def _offset(found: Spelled, word: str) -> None:
    if found.zone is not None or found.clock is None:
        raise found.refused("a number with a sign")
    _set_zone(found, zone_offset("".join(word.split())))


def _sign(found: Spelled, word: str) -> None:
    raise found.refused("years run from 1 to 9999 here") if "infinity" in word else found.invalid()


def _other(_: Spelled, __: str) -> None:
    """Blanks and punctuation only part the words."""


_READ = {
    "time": _time, "date": _date, "number": _number, "word": _word, "zone": _offset, "sign": _sign, "other": _other,
}  # fmt: skip
