"""Numbers as text: PostgreSQL's spellings read, its display of numeric and of floating point written.

A numeric's value is carried as text with its display scale (`1.50`), which Decimal keeps.
"""

from __future__ import annotations

import math
import re
import struct
from decimal import MAX_EMAX, MIN_EMIN, ROUND_HALF_UP, Context, Decimal
from functools import lru_cache

from stepladder.errors import InvalidText, NotPortable, NumericOutOfRange
from stepladder.sql.texts import BLANKS
from stepladder.sql.types import Type, fits_integer

# No traps: NaN and infinities go through arithmetic as they do on the server; PostgreSQL rounds half away from zero.
EXACT = Context(prec=200_000, rounding=ROUND_HALF_UP, Emin=MIN_EMIN, Emax=MAX_EMAX, traps=[])
_MAX_SCALE, _MAX_WHOLE_DIGITS = 16_383, 131_072
_INTEGER = re.compile(r"([+-]?)(0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|\d[\d_]*)", re.ASCII)
_NUMERIC = re.compile(r"[+-]?(\d[\d_]*(\.[\d_]*)?|\.\d[\d_]*)([eE][+-]?\d+)?", re.ASCII)
_SPECIAL = {
    "nan": "NaN",
    "inf": "Infinity",
    "infinity": "Infinity",
    "+inf": "Infinity",
    "+infinity": "Infinity",
} | {
    "-inf": "-Infinity",
    "-infinity": "-Infinity",
}


def invalid_text(type_: Type, text: str) -> InvalidText:
    """The error of a text that its type cannot read."""
    return InvalidText(f'invalid input syntax for type {type_.bare}: "{text}"')


def parse_integer(text: str, type_: Type) -> int:
    """The integer that `text` spells. Raises InvalidText, NumericOutOfRange."""
    match = _INTEGER.fullmatch(text.strip(BLANKS))
    digits = match[2] if match else "_"
    if "__" in digits or digits.endswith("_") or digits.startswith("_"):
        raise invalid_text(type_, text)
    folded = digits.replace("_", "").lower()
    value = int(folded, {"0x": 16, "0o": 8, "0b": 2}.get(folded[:2], 10))
    value = -value if match and match[1] == "-" else value
    if not fits_integer(type_.name, value):
        raise NumericOutOfRange(f'value "{text}" is out of range for type {type_}')
    return value


@lru_cache(maxsize=4096)
def parse_numeric(text: str) -> Decimal:
    """The numeric that `text` spells, with its scale. Raises InvalidText, NumericOutOfRange."""
    folded = text.strip(BLANKS)
    special = _SPECIAL.get(folded.lower())
    if special:
        return Decimal(special)
    if not _NUMERIC.fullmatch(folded) or re.search(r"__|_$|_[.eE]|[.]_", folded):
        if _INTEGER.fullmatch(folded) and folded.lstrip("+-")[1:2].isalpha():
            sign = -1 if folded[0] == "-" else 1
            return Decimal(sign * int(folded.lstrip("+-"), 0))
        raise invalid_text(Type("numeric"), text)
    return _within(Decimal(folded.replace("_", "")))


def to_numeric(value: float | Decimal) -> Decimal:
    """A number of Python's as numeric holds it. Raises NumericOutOfRange."""
    if isinstance(value, float):
        return parse_numeric(float.__repr__(value))
    number = Decimal(value)  # exact, and without the limit on the digits of an int's text
    if not number.is_finite():
        return Decimal("NaN") if number.is_nan() else number
    return _within(number)


def _within(value: Decimal) -> Decimal:
    """`value` without an exponent above zero. Looked at before its digits are written out: they may be a billion."""
    if (value and value.adjusted() >= _MAX_WHOLE_DIGITS) or scale_of(value) > _MAX_SCALE:
        raise NumericOutOfRange("value overflows numeric format")
    return value if scale_of(value) else rescaled(value, 0)


def scale_of(value: Decimal) -> int:
    """Digits behind the point."""
    exponent = value.as_tuple().exponent
    return -exponent if isinstance(exponent, int) and exponent < 0 else 0


def rescaled(value: Decimal, scale: int) -> Decimal:
    """`value` rounded half away from zero to `scale` digits behind the point (before it, when negative)."""
    if not value.is_finite():
        return value
    rounded = EXACT.quantize(value, Decimal((0, (1,), -scale)))
    return EXACT.quantize(rounded, Decimal(1)) if scale < 0 else rounded


def numeric_text(value: Decimal) -> str:
    """A numeric as the server prints it: all digits, no exponent, no negative zero."""
    if not value.is_finite():
        return "NaN" if value.is_nan() else "Infinity" if value > 0 else "-Infinity"
    text = f"{value:f}"
    return text[1:] if text[0] == "-" and not value else text


def fit_numeric(value: Decimal, type_: Type) -> Decimal:
    """`value` as numeric(p,s) holds it. Raises NumericOutOfRange where it has too many digits."""
    if type_.precision is None or value.is_nan():
        return value
    scale = type_.scale or 0
    rounded = rescaled(value, scale)
    if value.is_infinite() or rounded.copy_abs() >= Decimal(1).scaleb(type_.precision - scale):
        raise NumericOutOfRange(
            f"numeric field overflow: {numeric_text(value)} does not fit numeric({type_.precision},{scale}), "
            f"whose absolute values are below 10^{type_.precision - scale}"
        )
    return rounded


_HEXADECIMAL = re.compile(r"[+-]?0x[0-9a-f.]|[+-]nan$", re.IGNORECASE)  # what C's strtod() reads besides


def parse_float(text: str, type_: Type) -> float:
    """The floating point number that `text` spells, rounded to the type. Raises InvalidText, NumericOutOfRange, NotPortable."""
    folded = text.strip(BLANKS)
    special = _SPECIAL.get(folded.lower())
    if _HEXADECIMAL.match(folded):
        raise NotPortable(f"{text!r} as {type_}", instead="write the number in decimal digits")
    if special is None and ("_" in folded or not _NUMERIC.fullmatch(folded)):
        raise invalid_text(type_, text)
    value = float(special or folded)
    rounded = to_float4(value) if type_.name == "float4" else value
    lost = rounded == 0 and re.search(r"[1-9]", re.split("[eE]", folded)[0])
    if special is None and (math.isinf(rounded) or lost):
        raise NumericOutOfRange(f'"{folded}" is out of range for type {type_}')
    return rounded


def to_float4(value: float) -> float:
    """`value` rounded to a float of four bytes; infinite where it is too large."""
    try:
        return float(struct.unpack("f", struct.pack("f", value))[0])
    except OverflowError:
        return math.copysign(math.inf, value)


def shortest_float4(value: float) -> float:
    """The double with the fewest digits that rounds to the four-byte float `value`: what drivers return."""
    if not math.isfinite(value):
        return value
    for digits in range(1, 10):
        short = float(f"{value:.{digits}g}")
        if to_float4(short) == value:
            return short
    return value


def float_text(value: float, type_: Type) -> str:
    """A float as the server prints it: the fewest digits that read back the same."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    four = type_.name == "float4"
    digits, exponent = _digits(shortest_float4(value) if four else value)
    sign = "-" if math.copysign(1, value) < 0 else ""
    if -5 < exponent < (6 if four else 15):
        return sign + _positional(digits, exponent)
    mantissa = digits[0] + ("." + digits[1:] if len(digits) > 1 else "")
    return f"{sign}{mantissa}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def _digits(value: float) -> tuple[str, int]:
    """The significant digits of `repr`, and the exponent of the first."""
    exact = Decimal(repr(abs(value))).normalize()
    return "".join(map(str, exact.as_tuple().digits)), exact.adjusted() if exact else 0


def _positional(digits: str, exponent: int) -> str:
    if exponent < 0:
        return "0." + "0" * (-exponent - 1) + digits
    whole = digits[: exponent + 1].ljust(exponent + 1, "0")
    return whole + ("." + digits[exponent + 1 :] if len(digits) > exponent + 1 else "")
