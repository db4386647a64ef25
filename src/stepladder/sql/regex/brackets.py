"""What stands in brackets, and behind a backslash, in a regular expression."""

from __future__ import annotations

import re
from enum import Enum, auto

from stepladder.errors import DataError, NotPortable
from stepladder.sql.letters import LAST, Ranges, members, merged, other_cases, without

BLANKS = " \t\n\r\v\f"
_CLASSES = (
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "xdigit", "word",
)  # fmt: skip
_SHORT = {"d": "digit", "s": "space", "w": "word"}
_PLAIN = {"a": 7, "b": 8, "B": 92, "e": 27, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11}


class Escape(Enum):
    """What an escape means: a character, a class of them, all but a class, a place, a capture once more."""

    PLAIN = auto()
    CLASS = auto()
    OTHERS = auto()
    EDGE = auto()
    BACK = auto()


def _invalid(reason: str) -> DataError:
    return DataError(f"invalid regular expression: {reason}", sqlstate="2201B")


def escape(pattern: str, at: int, captures: int) -> tuple[tuple[Escape, int | str], int]:
    """What follows a backslash at `at`, and where it ends; `captures` have been opened before."""
    letter = pattern[at : at + 1]
    if not letter:
        raise _invalid("invalid escape \\ sequence")
    at += 1
    if not (letter.isascii() and letter.isalnum()):
        return (Escape.PLAIN, ord(letter)), at
    if letter in _PLAIN:
        return (Escape.PLAIN, _PLAIN[letter]), at
    if letter.lower() in _SHORT:
        kind = Escape.CLASS if letter.islower() else Escape.OTHERS
        return (kind, _SHORT[letter.lower()]), at
    if letter in "AZmMyY":
        return (Escape.EDGE, letter), at
    if letter == "c" and at < len(pattern):
        return (Escape.PLAIN, ord(pattern[at]) & 31), at + 1
    if letter in "uUx":
        return _hexadecimal(pattern, at, letter)
    if letter.isdigit():
        return _digits(pattern, at - 1, captures)
    raise _invalid("invalid escape \\ sequence")


def _hexadecimal(pattern: str, at: int, letter: str) -> tuple[tuple[Escape, int | str], int]:
    count = {"u": "{4}", "U": "{8}", "x": "{1,255}"}[letter]
    digits = re.compile(f"[0-9a-fA-F]{count}").match(pattern, at)
    if digits is None or int(digits[0], 16) > 0x7FFFFFFE:
        raise _invalid("invalid escape \\ sequence")
    return (Escape.PLAIN, int(digits[0], 16)), digits.end()


def _digits(pattern: str, at: int, captures: int) -> tuple[tuple[Escape, int | str], int]:
    """A back reference where it is one digit, or a number of captures that there are; else octal."""
    number = re.compile(r"[0-9]+").match(pattern, at)
    assert number is not None
    if pattern[at] != "0" and (len(number[0]) == 1 or int(number[0]) <= captures):
        return (Escape.BACK, int(number[0])), number.end()
    octal = re.compile(r"[0-7]{1,3}").match(pattern, at)
    if octal is None:
        raise _invalid("invalid escape \\ sequence")
    end, code = octal.end(), int(octal[0], 8)
    return (Escape.PLAIN, code if code <= 255 else code >> 3), end if code <= 255 else end - 1


def bracket(pattern: str, at: int, *, any_case: bool) -> tuple[Ranges, bool, int]:
    """What stands behind a `[` at `at`: the characters, whether all others are meant, where it ends."""
    negated = pattern[at : at + 1] == "^"
    at += negated
    first, found = at, list[tuple[int, int]]()
    while at == first or pattern[at : at + 1] != "]":
        ranges, at = _part(pattern, at, first, any_case=any_case)
        found += ranges
    return merged(tuple(found)), negated, at + 1


def _part(pattern: str, at: int, first: int, *, any_case: bool) -> tuple[Ranges, int]:
    """One class, range or character."""
    if pattern[at : at + 1] == "-" and at != first and pattern[at + 1 : at + 2] != "]":
        raise _invalid("invalid character range")
    if pattern.startswith("[:", at):
        return _named(pattern, at, any_case=any_case)
    low, at = _end(pattern, at)
    if not isinstance(low, int):
        return low, at
    high = low
    if pattern[at : at + 1] == "-" and pattern[at + 1 : at + 2] != "]":
        if not pattern[at + 1 : at + 2]:
            raise _invalid("brackets [] not balanced")
        if pattern.startswith("[:", at + 1):
            raise _invalid("invalid character range")
        found, at = _end(pattern, at + 1)
        if not isinstance(found, int) or found < low:
            raise _invalid("invalid character range")
        high = found
    ranges: Ranges = ((max(low, 1), min(high, LAST)),) if low <= LAST and high >= 1 else ()
    return (other_cases(ranges) if any_case else ranges), at


def _end(pattern: str, at: int) -> tuple[int | Ranges, int]:
    """A character, alone or a range's end; or the class of an escape."""
    here = pattern[at : at + 1]
    if not here:
        raise _invalid("brackets [] not balanced")
    if here == "[" and pattern[at + 1 : at + 2] in (".", "="):
        return _collated(pattern, at)
    if here != "\\":
        return ord(here), at + 1
    (kind, value), at = escape(pattern, at + 1, 0)
    if kind is Escape.PLAIN:
        return int(value), at
    if kind in (Escape.EDGE, Escape.BACK):
        raise _invalid("invalid escape \\ sequence")
    ranges = members(str(value))
    return (ranges if kind is Escape.CLASS else without(ranges)), at


def _named(pattern: str, at: int, *, any_case: bool) -> tuple[Ranges, int]:
    end = pattern.find(":]", at + 2)
    if end < 0:
        raise _invalid("brackets [] not balanced")
    name = pattern[at + 2 : end]
    if name not in _CLASSES:
        raise _invalid("invalid character class")
    if any_case and name in ("lower", "upper"):
        name = "alpha"
    return members(name), end + 2


def _collated(pattern: str, at: int) -> tuple[int | Ranges, int]:
    """`[.x.]` and `[=x=]` of one character."""
    mark = pattern[at + 1]
    end = pattern.find(f"{mark}]", at + 2)
    if end < 0:
        raise _invalid("brackets [] not balanced")
    name = pattern[at + 2 : end]
    if len(name) != 1:
        raise NotPortable(
            f"the collating element [{mark}{name}{mark}] of a regular expression",
            instead="write the character itself",
        )
    return ord(name), end + 2
