"""Which characters are letters, and their other case: PostgreSQL's tables of the locale C.UTF-8 as data.

Each letter has one other case at most (`ß` has none), where Python's str.upper() writes `SS`; and Python's tables are
those of an older Unicode. The data file was written by a server (PostgreSQL 18, Unicode 16).
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from itertools import accumulate
from typing import Any

Ranges = tuple[tuple[int, int], ...]  # of code points, both ends within, in order and apart
LAST = 0x10FFFF
_DIGITS, _UNDERSCORE = (48, 57), (95, 95)


@cache
def _tables() -> Mapping[str, Any]:
    packed = files("stepladder.sql").joinpath("letters.json.gz").read_bytes()
    found: Mapping[str, Any] = json.loads(gzip.decompress(packed))
    return found


@cache
def members(name: str) -> Ranges:
    """The characters of a class: alpha, alnum, digit, space, upper, lower, punct, print, graph, cntrl, word, blank, xdigit.

    Raises KeyError for another name.
    """
    if name in _SMALL:
        return _SMALL[name]
    if name == "alnum":
        return merged((*members("alpha"), _DIGITS))
    if name == "word":
        return merged((*members("alnum"), _UNDERSCORE))
    ends = list(accumulate(_tables()["classes"][name]))
    return tuple(zip(ends[::2], ends[1::2], strict=True))


_SMALL: dict[str, Ranges] = {
    "digit": (_DIGITS,),
    "xdigit": (_DIGITS, (65, 70), (97, 102)),
    "blank": ((9, 9), (32, 32)),
    "cntrl": ((1, 31), (127, 159)),
    "ascii": ((1, 127),),
}


def merged(ranges: Ranges) -> Ranges:
    """Ranges in order, those that touch as one."""
    found: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if found and low <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], high))
        else:
            found.append((low, high))
    return tuple(found)


def without(ranges: Ranges) -> Ranges:
    """All other characters; no text holds NUL."""
    found, first = [], 1
    for low, high in merged(ranges):
        if low > first:
            found.append((first, low - 1))
        first = max(first, high + 1)
    return (*found, (first, LAST)) if first <= LAST else tuple(found)


@cache
def _cases(name: str) -> dict[int, int]:
    steps = _tables()[name]
    return {code: code + step for code, step in zip(accumulate(steps[::2]), steps[1::2], strict=True)}


def upper(text: str) -> str:
    """`text` in capitals, letter by letter."""
    return text.upper() if text.isascii() else text.translate(_cases("upper"))


def lower(text: str) -> str:
    """`text` in small letters, letter by letter."""
    return text.lower() if text.isascii() else text.translate(_cases("lower"))


def other_cases(ranges: Ranges) -> Ranges:
    """The capitals and small letters of all letters within."""
    found = list(ranges)
    for table in (_cases("upper"), _cases("lower")):
        found += [
            (other, other)
            for code, other in table.items()
            if any(low <= code <= high for low, high in ranges)
        ]
    return merged(tuple(found))
