"""Zones as they stand behind a time of day: offsets and names, as the server reads them."""

from __future__ import annotations

from datetime import timedelta, tzinfo

from stepladder.errors import InvalidDatetime, NotPortable
from stepladder.sql.moment_parts import Beyond, number
from stepladder.sql.moment_words import BadFormat
from stepladder.sql.types import Type
from stepladder.sql.zones import named_zone


def offset(word: str, text: str) -> timedelta:
    """`+02`, `-0530`, `+02:30:15`: an offset, counted eastwards (DecodeTimezone). Raises InvalidDatetime (22009)."""
    if word[:1] not in ("+", "-"):
        raise BadFormat
    try:
        hours, at = number(word, 1)
        minutes = seconds = 0
        if word[at : at + 1] == ":":
            minutes, at = number(word, at + 1)
            if word[at : at + 1] == ":":
                seconds, at = number(word, at + 1)
        elif at == len(word) and len(word) > 3:
            hours, minutes = divmod(hours, 100)
    except Beyond:
        hours, minutes, seconds, at = -1, 0, 0, 0
    if not (0 <= hours <= 15 and 0 <= minutes < 60 and 0 <= seconds < 60):
        raise InvalidDatetime(f'time zone displacement out of range: "{text}"', sqlstate="22009")
    if at < len(word):
        raise BadFormat
    found = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    return -found if word[0] == "-" else found


def zone_of_name(word: str, text: str, type_: Type) -> tzinfo | None:
    """The zone of that name. Raises NotPortable for what may be a POSIX rule."""
    zone = named_zone(word)
    if zone is None and any(letter.isdigit() for letter in word):
        raise NotPortable(
            f"{text!r} as {type_}",
            why="rules of POSIX are read by the server's own library",
            instead="name the zone",
        )
    return zone
