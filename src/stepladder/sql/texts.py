"""Which text a database holds, and which blanks PostgreSQL reads over."""

from __future__ import annotations

from stepladder.errors import ParameterError

BLANKS = " \t\n\r\v\f"  # what PostgreSQL's input functions skip: Python's strip() takes far more
# What a name begins with, and what stands in it: letters, digits, `_`, `$`, and all beyond ASCII, for patterns. To say what
# is not in a class compiles in a tenth of the time that a range up to the last character takes.
NAME_START = r"[^\x00-@\[-^`{-\x7f]"
NAME_PART = r"[^\x00-#%-/:-@\[-^`{-\x7f]"


def storable(text: str) -> str:
    """`text` as a plain str: an enum's member that is a str is its value.

    Raises ParameterError for a NUL, and for half of a surrogate pair, which is no character.
    """
    plain = str.__str__(text)
    place = first_unstorable(plain)
    if place is None:
        return plain
    if plain[place] == "\0":
        raise ParameterError("the text holds a NUL character, which PostgreSQL cannot store")
    raise ParameterError(
        f"the text holds {plain[place]!r} at character {place + 1}: half of a surrogate pair is no character"
    )


def first_unstorable(text: str) -> int | None:
    """The place (from 0) of the first character that no database holds; None where there is none."""
    nul = text.find("\0")
    if nul >= 0:
        return nul
    if text.isascii():
        return None
    try:
        text.encode()
    except UnicodeEncodeError as error:
        return error.start
    return None
