"""to_char()'s whole notations of a number: Roman numerals (RN) and powers of ten (EEEE)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from stepladder.errors import NotPortable, ProgrammingError
from stepladder.sql.numerals import numeric_text, rescaled

_ROMAN = ((1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"),
          (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))  # fmt: skip
_ROMAN_WIDTH = 15
_BESIDE_POWERS = {"FM", "S", "PR", "MI", "PL", "SG", "RN", "rn"}
_BESIDE_ROMAN = {"0", ".", "D", "S", "PR", "MI", "PL", "SG", "EEEE"}


def check_notation(keywords: Sequence[str]) -> None:
    """Raises ProgrammingError (42601) for what does not go with RN or EEEE, NotPortable for what nobody writes."""
    words = set(keywords)
    roman = [each for each in keywords if each in ("RN", "rn")]
    if "EEEE" in words:
        if keywords.index("EEEE") < len(keywords) - 1:
            raise ProgrammingError('"EEEE" must be the last pattern used', sqlstate="42601")
        if words & _BESIDE_POWERS:
            raise ProgrammingError('"EEEE" is incompatible with other formats', sqlstate="42601")
    if len(roman) > 1:
        raise ProgrammingError('cannot use "RN" twice', sqlstate="42601")
    if roman and words & _BESIDE_ROMAN:
        raise ProgrammingError('"RN" is incompatible with other formats', sqlstate="42601")
    if roman and words - {*roman, "FM"}:
        raise NotPortable('"RN" beside digits in to_char() of numbers')


def roman(number: int, word: str, *, fill: bool) -> str:
    """A number from 1 to 3999, in small letters by `rn`, to the right of 15 places unless `fill`."""
    if not 0 < number < 4000:
        return "#" * _ROMAN_WIDTH
    found = ""
    for value, letters in _ROMAN:
        count, number = divmod(number, value)
        found += letters * count
    shown = found.lower() if word == "rn" else found
    return shown if fill else shown.rjust(_ROMAN_WIDTH)


def decimal_power(number: Decimal, digits: int) -> str:
    """A numeric by a power of ten; halves are rounded away from zero, and 9.99 may become 10.0e+00."""
    exponent = number.adjusted() if number else 0
    shown = numeric_text(rescaled(number.scaleb(-exponent), digits))
    return f"{'' if shown[0] == '-' else ' '}{shown}e{exponent:+03d}"


def float_power(number: float, digits: int) -> str:
    """A float by a power of ten, as printf() has it."""
    return f"{number: .{digits}e}"
