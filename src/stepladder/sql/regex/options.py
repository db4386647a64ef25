"""The options of a regular expression: PostgreSQL's letters, as a function's `flags` and as `(?…)` in a pattern."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from stepladder.errors import InvalidArgument, NotPortable


@dataclass(frozen=True, slots=True)
class Options:
    """How a pattern is read. `stop`: `.` and `[^…]` leave newlines out; `lines`: `^` and `$` are a line's ends."""

    any_case: bool = False
    stop: bool = False
    lines: bool = False
    spaced: bool = False
    literal: bool = False
    everywhere: bool = False  # g, which is the functions' own


_CHANGES: dict[str, dict[str, bool]] = {
    "c": {"any_case": False},
    "i": {"any_case": True},
    "m": {"stop": True, "lines": True},
    "n": {"stop": True, "lines": True},
    "p": {"stop": True, "lines": False},
    "q": {"literal": True},
    "s": {"stop": False, "lines": False},
    "t": {"spaced": False},
    "w": {"stop": False, "lines": True},
    "x": {"spaced": True},
}


def changed(found: Options, letter: str) -> Options:
    """`found` with one letter's change. Raises KeyError for a letter that is none; NotPortable."""
    if letter in ("b", "e"):
        raise NotPortable(
            f"the option {letter} of a regular expression",
            why="only PostgreSQL's advanced regular expressions are read",
            instead="leave it out, and write the pattern for the default form",
        )
    return replace(found, **_CHANGES[letter])


@lru_cache(maxsize=256)
def options(flags: str) -> Options:
    """The options of a function's `flags`. Raises InvalidArgument."""
    found = Options()
    for letter in flags:
        if letter == "g":
            found = replace(found, everywhere=True)
            continue
        try:
            found = changed(found, letter)
        except KeyError:
            raise InvalidArgument(f'invalid regular expression option: "{letter}"') from None
    return found
