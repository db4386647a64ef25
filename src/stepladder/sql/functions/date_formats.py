"""to_char() of moments and intervals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from stepladder.errors import InvalidDatetime, NotPortable
from stepladder.sql.functions.date_patterns import DAYS, MONTHS, ROMAN, Piece, ordinal, pieces
from stepladder.sql.functions.dates import moment
from stepladder.sql.functions.intervals import quotient
from stepladder.sql.functions.registry import Scalar, strict
from stepladder.sql.span_spellings import parse_span

_JULIAN_OF_ORDINAL_0 = 1_721_425
_SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class _Fields:
    """The numbers of a moment, or of an interval; only a moment has a place in the calendar."""

    year: int
    month: int
    day: int
    hour: int
    minute: int
    second: int
    microsecond: int
    day_of_year: int
    calendar: datetime | None

    @property
    def place(self) -> datetime:
        if self.calendar is None:
            raise InvalidDatetime("invalid format specification for an interval value")
        return self.calendar

    @property
    def afternoon(self) -> bool:
        return self.hour % 24 >= 12 if self.hour >= 0 else False


def _of_moment(value: datetime) -> _Fields:
    return _Fields(
        value.year, value.month, value.day, value.hour, value.minute, value.second, value.microsecond,
        value.timetuple().tm_yday, value,
    )  # fmt: skip


def _of_span(text: str) -> _Fields:
    span = parse_span(text)
    years, months = quotient(span.months, 12)
    seconds, microseconds = quotient(span.microseconds, _SECOND)
    minutes, second = quotient(seconds, 60)
    hour, minute = quotient(minutes, 60)
    days = span.months * 30 + span.days
    return _Fields(years, months, span.days, hour, minute, second, microseconds, days, None)


# -- numbers: the width that they are padded to, and how they are found
def _century(fields: _Fields) -> int:
    if fields.calendar is None:
        return quotient(fields.year, 100)[0]
    return (fields.year - 1) // 100 + 1


def _iso(fields: _Fields) -> tuple[int, int, int]:
    """Year, week and day of ISO 8601."""
    if fields.calendar is None:
        raise NotPortable("a week of ISO 8601 in to_char() of an interval")
    year, week, day = fields.calendar.isocalendar()
    return year, week, day


def _week_year(fields: _Fields, size: int) -> int:
    year = _iso(fields)[0]
    return year % size if size else year


def _julian(fields: _Fields) -> int:
    if fields.calendar is None:
        raise NotPortable("J in to_char() of an interval")
    return fields.calendar.toordinal() + _JULIAN_OF_ORDINAL_0


def _hour12(fields: _Fields) -> int:
    return quotient(fields.hour, 12)[1] or 12


def _iso_day_of_year(fields: _Fields) -> int:
    _, week, day = _iso(fields)
    return (week - 1) * 7 + day


_NUMBERS: dict[str, tuple[int, Callable[[_Fields], int]]] = {
    "YYYY": (4, lambda fields: fields.year),
    "YYY": (3, lambda fields: quotient(fields.year, 1000)[1]),
    "YY": (2, lambda fields: quotient(fields.year, 100)[1]),
    "Y": (1, lambda fields: quotient(fields.year, 10)[1]),
    "IYYY": (4, lambda fields: _week_year(fields, 0)),
    "IYY": (3, lambda fields: _week_year(fields, 1000)),
    "IY": (2, lambda fields: _week_year(fields, 100)),
    "I": (1, lambda fields: _week_year(fields, 10)),
    "CC": (2, _century),
    "Q": (0, lambda fields: quotient(fields.month - 1, 3)[0] + 1),
    "MM": (2, lambda fields: fields.month),
    "WW": (2, lambda fields: quotient(fields.day_of_year - 1, 7)[0] + 1),
    "IW": (2, lambda fields: _iso(fields)[1]),
    "W": (0, lambda fields: quotient(fields.day - 1, 7)[0] + 1),
    "DDD": (3, lambda fields: fields.day_of_year),
    "IDDD": (3, _iso_day_of_year),
    "DD": (2, lambda fields: fields.day),
    "D": (0, lambda fields: fields.place.isoweekday() % 7 + 1),
    "ID": (0, lambda fields: fields.place.isoweekday()),
    "J": (0, _julian),
    "HH24": (2, lambda fields: fields.hour),
    "HH12": (2, _hour12),
    "HH": (2, _hour12),
    "MI": (2, lambda fields: fields.minute),
    "SS": (2, lambda fields: fields.second),
    "SSSS": (0, lambda fields: (fields.hour * 60 + fields.minute) * 60 + fields.second),
    "SSSSS": (0, lambda fields: (fields.hour * 60 + fields.minute) * 60 + fields.second),
}
_FRACTIONS = {"MS": 3, "US": 6, **{f"FF{digits}": digits for digits in range(1, 7)}}
# With a minus, these are padded to one more.
_SIGNED = frozenset(("YYYY", "YYY", "YY", "Y", "CC", "MM", "HH24", "HH12", "HH", "MI", "SS"))
_HALVES = {"AM": ("AM", "PM"), "PM": ("AM", "PM"), "A.M.": ("A.M.", "P.M."), "P.M.": ("A.M.", "P.M.")}
_ERAS = {"AD": "AD", "BC": "AD", "A.D.": "A.D.", "B.C.": "A.D."}


def _number(piece: Piece, fields: _Fields) -> str:
    keyword = piece.number
    if keyword in ("OF", "TZH", "TZM"):
        _ = fields.place
        return {"OF": "+0" if piece.fill else "+00", "TZH": "+00", "TZM": "00"}[keyword]
    if keyword in _FRACTIONS:
        digits = _FRACTIONS[keyword]
        cut = quotient(fields.microsecond, 10 ** (6 - digits))[0]
        return ordinal(f"{cut:0{digits}d}", piece.ordinal)
    if keyword == "Y,YYY":
        thousands, rest = quotient(fields.year, 1000)
        return ordinal(f"{thousands},{rest:03d}", piece.ordinal)
    if keyword == "Q" and not fields.month:
        return ""
    width, number = _NUMBERS[keyword]
    value = number(fields)
    width = (
        0
        if piece.fill or (keyword == "CC" and abs(value) > 99)
        else width + (value < 0 and keyword in _SIGNED)
    )
    return ordinal(f"{value:0{width}d}", piece.ordinal)


def _word(piece: Piece, fields: _Fields) -> str:
    upper = piece.keyword.upper()
    if upper in _HALVES:
        return _cased(_HALVES[upper][fields.afternoon], piece.keyword)
    if upper != "RM":
        _ = fields.place
    if upper in _ERAS:
        return _cased(_ERAS[upper], piece.keyword)
    if upper == "TZ":
        zoned = fields.place.tzinfo is not None
        return _cased("UTC", piece.keyword) if zoned else ""
    if upper in ("DAY", "DY"):
        name = DAYS[fields.place.weekday()]
    elif upper == "RM":
        return _roman(piece, fields)
    else:
        name = MONTHS[fields.month - 1]
    if upper in ("DY", "MON"):
        return _cased(name[:3], piece.keyword)
    return _cased(name, piece.keyword).ljust(0 if piece.fill else 9)


def _roman(piece: Piece, fields: _Fields) -> str:
    if not fields.month and not fields.year:
        return ""
    if fields.month <= 0:
        raise NotPortable("RM of an interval without months, or backwards")
    return _cased(ROMAN[fields.month - 1], piece.keyword).ljust(0 if piece.fill else 4)


def _cased(text: str, like: str) -> str:
    return text.upper() if like.isupper() else text.lower() if like.islower() else text


def _shown(fields: _Fields, pattern: str) -> str | None:
    parts = []
    for piece in pieces(pattern):
        if not piece.keyword:
            parts.append(piece.text)
        elif piece.number:
            parts.append(_number(piece, fields))
        elif piece.keyword.upper() != "FX":
            parts.append(_word(piece, fields))
    return "".join(parts) if pattern else None


def format_moment(stored: str, pattern: str) -> str | None:
    """to_char() of a timestamp or timestamptz (in UTC). An empty pattern gives NULL."""
    return _shown(_of_moment(moment(stored)), pattern)


def format_instant(stored: str, pattern: str) -> str | None:
    """The same of a timestamptz in a pattern that names its zone."""
    return _shown(_of_moment(datetime.fromisoformat(stored)), pattern)


def format_span(text: str, pattern: str) -> str | None:
    """to_char() of an interval."""
    return _shown(_of_span(text), pattern)


SCALARS: tuple[Scalar, ...] = (
    strict("pg_format_moment", 2, format_moment),
    strict("pg_format_instant", 2, format_instant),
    strict("pg_format_span", 2, format_span),
)
