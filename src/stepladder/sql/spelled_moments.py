"""Dates, and dates with a time of day, word by word (DecodeDateTime in datetime.c). What a word may be depends on what is
known already, so the questions have the server's order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta, timezone, tzinfo

from stepladder.errors import InvalidArgument, NotPortable
from stepladder.sql.c_numbers import fraction
from stepladder.sql.julian_days import BEFORE_FIRST, days_in
from stepladder.sql.moment_parts import (
    DAY,
    TIME,
    Beyond,
    Known,
    Parts,
    clock,
    number,
    set_date,
    set_number,
    set_run,
)
from stepladder.sql.moment_words import (
    CLOCK_WORDS,
    DAYS,
    IGNORED,
    JULIAN,
    MONTHS,
    UNITS,
    BadFormat,
    Kind,
    Word,
)
from stepladder.sql.spelled_zones import offset, zone_of_name
from stepladder.sql.types import Type
from stepladder.sql.zones import RARE_ABBREVIATIONS, SUMMER, abbreviation

NOTHING: Known = frozenset()
ZONE: Known = frozenset(["zone"])
_FIRST_YEAR = -4712
_LAST_YEAR = {"date": 5_874_897, "time": 5_874_897, "timestamp": 294_276, "timestamptz": 294_276}
_SUMMER_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Spelled:
    """What a text says; `zone` is None where it names none."""

    date: date | None
    time: timedelta
    zone: tzinfo | None


class MomentReader:
    """A date, or a date and a time of day."""

    def __init__(self, text: str, type_: Type) -> None:
        self.text, self.type = text, type_
        self.parts = Parts()
        self.known: Known = NOTHING
        self.unit = ""  # "julian" or "t", which say what the next number is
        self.month_named = self.is_julian = self.before_christ = False
        self.half = ""
        self.offset = timedelta()
        self.named: tzinfo | None = None
        self.special = ""

    # -- the whole
    def read(self, found: Sequence[Word]) -> Spelled:
        """All the words."""
        for place, word in enumerate(found):
            if word.kind in (Kind.NAME, Kind.SIGNED_NAME) and word.text in IGNORED:
                continue
            told = self._one(word, found if place == 0 else ())
            if told & self.known:
                raise BadFormat
            self.known |= told
        if self.unit:
            raise BadFormat
        return self._done()

    def _one(self, word: Word, following: Sequence[Word]) -> Known:  # noqa: ARG002 - a time of day looks at them
        """What one word tells. `following` are all of them, where it is the first."""
        if word.kind is Kind.DATE:
            return self._date(word.text)
        if word.kind is Kind.TIME:
            return self._time(word.text)
        if word.kind is Kind.OFFSET:
            self.offset = offset(word.text, self.text)
            return ZONE
        return self._number(word.text) if word.kind is Kind.NUMBER else self._name(word.text)

    def _done(self) -> Spelled:
        if self.special == "epoch":
            return Spelled(date(1970, 1, 1), timedelta(), UTC)
        if self.special:
            raise self._refused("years run from 1 to 9999 here")
        self._check_date()
        self._apply_half()
        if not self.known >= DAY:
            raise BadFormat
        return Spelled(self._day(), self._since_midnight(), self._zone())

    # -- a word
    def _date(self, word: str) -> Known:
        if self.unit == "julian":
            value, end = number(word)
            self.offset = offset(word[end:], self.text)
            return self._set_julian(value) | TIME | ZONE
        if not self.unit and not self.known >= {"month", "day"}:
            return set_date(self.parts, word, self.known)
        if not self.unit and not word[0].isdigit():
            return self._named_zone(word)
        if self.unit not in ("", "t"):
            raise BadFormat
        self.unit = ""
        run, minus, behind = word.partition("-")
        if "time" in self.known or not minus:
            raise BadFormat
        self.offset = offset(minus + behind, self.text)
        return set_run(self.parts, run, self.known) | ZONE

    def _time(self, word: str) -> Known:
        if self.unit not in ("", "t"):
            raise BadFormat
        self.unit = ""
        parts = self.parts
        hour, parts.minute, parts.second, parts.microsecond = clock(word)
        if hour >= 2**31:
            raise Beyond
        parts.hour = hour
        self._check_clock()
        return TIME

    def _check_clock(self) -> None:
        self.parts.check_time()

    def _number(self, word: str) -> Known:
        if self.unit:
            return self._labelled(word)
        point = word.find(".")
        known = self.known
        if point >= 0 and not known & DAY:
            return set_date(self.parts, word, known)
        run = point > 2 or (len(word) >= 6 and not (known & DAY and "time" in known))
        if run:
            return set_run(self.parts, word, known)
        return set_number(self.parts, word, known, month_named=self.month_named)

    def _labelled(self, word: str) -> Known:
        """The number behind `julian` or `t`."""
        value, end = number(word)
        unit, self.unit = self.unit, ""
        if unit == "t":
            if set_run(self.parts, word, self.known | DAY) != TIME:
                raise BadFormat
            return TIME
        if unit != "julian":
            raise BadFormat
        found = self._set_julian(value)
        if end < len(word):
            self._set_part_of_day(_microseconds_of_day(word[end:]))
            found |= TIME
        return found

    def _set_julian(self, value: int) -> Known:
        self.unit = ""
        try:
            day = date.fromordinal(value - BEFORE_FIRST)
        except (ValueError, OverflowError):
            raise self._refused("years run from 1 to 9999 here") from None
        self.parts.year, self.parts.month, self.parts.day = day.year, day.month, day.day
        self.is_julian = True
        return DAY

    def _set_part_of_day(self, since: int) -> None:
        seconds, self.parts.microsecond = divmod(since, 1_000_000)
        minutes, self.parts.second = divmod(seconds, 60)
        self.parts.hour, self.parts.minute = divmod(minutes, 60)

    def _name(self, word: str) -> Known:
        zone = self._abbreviation(word)
        if zone is not None:
            return zone
        if word in MONTHS:
            return self._month(MONTHS[word])
        if word in DAYS:
            return frozenset(["day of week"])
        if word in ("am", "pm"):
            self.half = word
            return frozenset(["half"])
        if word in ("ad", "bc"):
            self.before_christ = word == "bc"
            return frozenset(["era"])
        if word in UNITS or word == "t":
            return self._unit(word)
        return self._reserved(word)

    def _reserved(self, word: str) -> Known:
        if word in CLOCK_WORDS:
            raise self._refused("it stands for another value each day")
        if word == "allballs":
            self.parts.hour = self.parts.minute = self.parts.second = 0
            self.offset = timedelta()
            return TIME | ZONE
        if word in ("epoch", "infinity", "+infinity", "-infinity"):
            self.special = word
            return DAY | TIME | ZONE
        if word == "dst":
            self.offset += _SUMMER_HOUR
            return frozenset(["summer", "summer word"])
        return self._named_zone(word, alone=True)

    def _abbreviation(self, word: str) -> Known | None:
        if word in RARE_ABBREVIATIONS:
            raise self._refused(f"{word!r} is an abbreviation with an offset of the server's own")
        try:
            zone = abbreviation(word)
        except KeyError:
            return None
        self.offset = zone.utcoffset(None) or timedelta()
        return ZONE | {"summer"} if word in SUMMER else ZONE

    def _month(self, month: int) -> Known:
        found: Known = frozenset(["month"])
        known = self.known
        if "month" in known and not self.month_named and "day" not in known and 1 <= self.parts.month <= 31:
            self.parts.day, found = self.parts.month, frozenset(["day"])
        self.month_named, self.parts.month = True, month
        return found

    def _unit(self, word: str) -> Known:
        if self.unit or (word == "t" and not self.known >= DAY):
            raise BadFormat
        self.unit = "julian" if word in JULIAN else word
        return NOTHING

    def _named_zone(self, word: str, *, alone: bool = False) -> Known:
        self.named = zone_of_name(word, self.text, self.type)
        if self.named is None and alone:
            raise BadFormat
        if self.named is None:
            raise InvalidArgument(f'time zone "{word}" not recognized')
        return ZONE

    # -- the end
    def _check_date(self) -> None:
        """The year as it is meant, and fields that no calendar has (ValidateDate)."""
        parts, known = self.parts, self.known
        if "year" in known and not self.is_julian:
            if parts.year <= 0 and (self.before_christ or not parts.short_year):
                raise Beyond
            if self.before_christ:
                parts.year = 1 - parts.year
            elif parts.short_year:
                parts.year += 2000 if parts.year < 70 else 1900 if parts.year < 100 else 0
        if "day of year" in known:
            self._refuse_far_year()
            day = date(parts.year, 1, 1).toordinal() + parts.day_of_year - 1
            self._set_julian(day + BEFORE_FIRST)
        if ("month" in known and not 1 <= parts.month <= 12) or ("day" in known and not 1 <= parts.day <= 31):
            raise Beyond
        if known >= DAY and parts.day > days_in(parts.year, parts.month):
            raise Beyond

    def _refuse_far_year(self) -> None:
        year = self.parts.year
        if year > _LAST_YEAR[self.type.name] or year < _FIRST_YEAR:
            raise Beyond
        if not 1 <= year <= 9999:
            raise self._refused("years run from 1 to 9999 here")

    def _apply_half(self) -> None:
        parts = self.parts
        if self.half and parts.hour > 12:
            raise Beyond
        if self.half == "am" and parts.hour == 12:
            parts.hour = 0
        elif self.half == "pm" and parts.hour != 12:
            parts.hour += 12

    def _day(self) -> date:
        self._refuse_far_year()
        return date(self.parts.year, self.parts.month, self.parts.day)

    def _since_midnight(self) -> timedelta:
        parts = self.parts
        return timedelta(
            hours=parts.hour, minutes=parts.minute, seconds=parts.second, microseconds=parts.microsecond
        )

    def _zone(self) -> tzinfo | None:
        if "summer word" in self.known and (self.named is not None or "zone" not in self.known):
            raise BadFormat
        if self.named is not None:
            return self.named
        return timezone(self.offset) if "zone" in self.known else None

    def _refused(self, why: str) -> NotPortable:
        """The server reads it, SQLite's forms do not hold it."""
        return NotPortable(
            f"{self.text!r} as {self.type}", why=why, instead="write it as 2026-01-31 12:00:00+00"
        )


def _microseconds_of_day(part: str) -> int:
    """What `.25` of a day is."""
    found = fraction(part)
    if found is None:
        raise BadFormat
    return int(found * 86_400_000_000)
