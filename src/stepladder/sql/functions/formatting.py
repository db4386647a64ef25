"""to_char() of moments: the patterns whose text is the same everywhere; any other is refused by name.

https://www.postgresql.org/docs/current/functions-formatting.html
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache

from stepladder.errors import NotPortable
from stepladder.sql.functions.dates import moment
from stepladder.sql.functions.registry import Scalar, strict

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
Show = Callable[[datetime], str]
_NUMBERS: dict[str, tuple[int, Callable[[datetime], int]]] = {
    "YYYY": (4, lambda value: value.year),
    "YYY": (3, lambda value: value.year % 1000),
    "YY": (2, lambda value: value.year % 100),
    "IYYY": (4, lambda value: value.isocalendar().year),
    "MM": (2, lambda value: value.month),
    "DDD": (3, lambda value: value.timetuple().tm_yday),
    "DD": (2, lambda value: value.day),
    "HH24": (2, lambda value: value.hour),
    "HH12": (2, lambda value: (value.hour + 11) % 12 + 1),
    "HH": (2, lambda value: (value.hour + 11) % 12 + 1),
    "MI": (2, lambda value: value.minute),
    "SS": (2, lambda value: value.second),
    "MS": (3, lambda value: value.microsecond // 1000),
    "US": (6, lambda value: value.microsecond),
    "IW": (2, lambda value: value.isocalendar().week),
    "ID": (1, lambda value: value.isoweekday()),
    "Q": (1, lambda value: (value.month - 1) // 3 + 1),
    "D": (1, lambda value: value.isoweekday() % 7 + 1),
}
_WORDS: dict[str, tuple[int, Show]] = {
    "Month": (9, lambda value: _MONTHS[value.month - 1]),
    "MONTH": (9, lambda value: _MONTHS[value.month - 1].upper()),
    "month": (9, lambda value: _MONTHS[value.month - 1].lower()),
    "Mon": (3, lambda value: _MONTHS[value.month - 1][:3]),
    "MON": (3, lambda value: _MONTHS[value.month - 1][:3].upper()),
    "mon": (3, lambda value: _MONTHS[value.month - 1][:3].lower()),
    "Day": (9, lambda value: _DAYS[value.weekday()]),
    "DAY": (9, lambda value: _DAYS[value.weekday()].upper()),
    "day": (9, lambda value: _DAYS[value.weekday()].lower()),
    "Dy": (3, lambda value: _DAYS[value.weekday()][:3]),
    "DY": (3, lambda value: _DAYS[value.weekday()][:3].upper()),
    "dy": (3, lambda value: _DAYS[value.weekday()][:3].lower()),
    "AM": (2, lambda value: "AM" if value.hour < 12 else "PM"),
    "PM": (2, lambda value: "AM" if value.hour < 12 else "PM"),
    "am": (2, lambda value: "am" if value.hour < 12 else "pm"),
    "pm": (2, lambda value: "am" if value.hour < 12 else "pm"),
}
_PIECE = re.compile(
    r'"((?:[^"\\]|\\.)*)"|(FM)?('
    + "|".join(sorted([*_NUMBERS, *_WORDS], key=len, reverse=True))
    + r")|([^A-Za-z\"\\]+)"
)


@lru_cache(maxsize=256)
def moment_format(pattern: str) -> tuple[Show, ...]:
    """The pieces of a pattern. Raises NotPortable for a piece that is not known."""
    pieces: list[Show] = []
    at = 0
    while at < len(pattern):
        match = _PIECE.match(pattern, at)
        if match is None or _suffixed(pattern, match):
            raise NotPortable(
                f"the to_char pattern {pattern!r} at {pattern[at : at + 8]!r}",
                instead="put text into double quotes; the patterns known are "
                + ", ".join([*_NUMBERS, *_WORDS]),
            )
        pieces.append(_piece(match))
        at = match.end()
    return tuple(pieces)


def _suffixed(pattern: str, match: re.Match[str]) -> bool:
    return bool(match[3]) and pattern[match.end() : match.end() + 2].upper() in ("TH", "SP")


def _piece(match: re.Match[str]) -> Show:
    quoted, fill_mode, word, plain = match[1], match[2], match[3], match[4]
    if word is None:
        text = plain if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
        return lambda _: text
    if word in _NUMBERS:
        width, number = _NUMBERS[word]
        return lambda value: str(number(value)) if fill_mode else f"{number(value):0{width}d}"
    padded, name = _WORDS[word]
    return lambda value: name(value) if fill_mode else name(value).ljust(padded)


def format_moment(stored: str, pattern: str) -> str:
    """to_char() of a timestamp or timestamptz (in UTC)."""
    value = moment(stored)
    return "".join(piece(value) for piece in moment_format(pattern))


SCALARS: tuple[Scalar, ...] = (strict("pg_format_moment", 2, format_moment),)
