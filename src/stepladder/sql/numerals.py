"""Numbers as text: PostgreSQL's spellings read, its display of numeric and of floating point written.

A numeric's value is carried as text with its display scale (`1.50`), which Decimal keeps.
"""

from __future__ import annotations

import math
import re
import struct
from decimal import MAX_EMAX, MIN_EMIN, ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal
from functools import lru_cache

from stepladder.errors import InvalidText, NotPortable, NumericOutOfRange
from stepladder.sql.texts import BLANKS
from stepladder.sql.types import Type, fits_integer

# No traps: NaN and infinities go through arithmetic as they do on the server; PostgreSQL rounds half away from zero.
EXACT = Context(prec=200_000, rounding=ROUND_HALF_UP, Emin=MIN_EMIN, Emax=MAX_EMAX, traps=[])
_MAX_SCALE, _MAX_WHOLE_DIGITS = 16_383, 131_072
_INTEGER = re.compile(r"([+-]?)(0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|\d[\d_]*)", re.ASCII)
_NUMERIC = re.compile(r"[+-]?(\d[\d_]*(\.[\d_]*)?|\.\d[\d_]*)([eE][+-]?\d[\d_]*)?", re.ASCII)
_BEGINNING = re.compile(
    r"[+-]?(?:0[xX]([0-9a-fA-F](?:_?[0-9a-fA-F])*)|0[oO]([0-7](?:_?[0-7])*)|0[bB]([01](?:_?[01])*)|(\d(?:_?\d)*))",
    re.ASCII,
)
_EXPONENT = re.compile(r"[+-]?(?:\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*)[eE][+-]?(\d[\d_]*)", re.ASCII)
_MOST_EXPONENT = (2**31 - 1) // 2
_FLOAT = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
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
        raise _too_long_a_number(text, type_) or invalid_text(type_, text)
    folded = digits.replace("_", "").lower()
    value = int(folded, {"0x": 16, "0o": 8, "0b": 2}.get(folded[:2], 10))
    value = -value if match and match[1] == "-" else value
    if not fits_integer(type_.name, value):
        raise NumericOutOfRange(f'value "{text}" is out of range for type {type_}')
    return value


def _too_long_a_number(text: str, type_: Type) -> NumericOutOfRange | None:
    """The server counts digits as they come: it may be too many of them before it finds what is none."""
    match = _BEGINNING.match(text.strip(BLANKS))
    if match is None:
        return None
    base, run = next(
        (base, run) for base, run in zip((16, 8, 2, 10), match.groups(), strict=True) if run is not None
    )
    before = int(run.replace("_", "")[:-1] or "0", base)
    if fits_integer(type_.name, before * base):
        return None
    return NumericOutOfRange(f'value "{text}" is out of range for type {type_}')


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
        exponent = _EXPONENT.match(folded)
        if exponent and int(exponent[1].replace("_", "")) > _MOST_EXPONENT:
            raise NumericOutOfRange("value overflows numeric format")
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
    match = None if special else _FLOAT.match(folded)
    if special is None and match is None:
        raise invalid_text(type_, text)
    value = float(special or (match[0] if match else ""))
    rounded = to_float4(value) if type_.name == "float4" else value
    if match is not None:  # what is too large is said before what stands behind it
        lost = rounded == 0 and re.search(r"[1-9]", re.split("[eE]", match[0])[0])
        if math.isinf(rounded) or lost:
            raise NumericOutOfRange(f'"{folded}" is out of range for type {type_}')
        if match.end() < len(folded):
            raise invalid_text(type_, text)
    return rounded


def to_float4(value: float) -> float:
    """`value` rounded to a float of four bytes; infinite where it is too large."""
    try:
        return float(struct.unpack("f", struct.pack("f", value))[0])
    except OverflowError:
        return math.copysign(math.inf, value)


def shortest_float4(value: float) -> float:
    """The double with the fewest digits that rounds to the four-byte float `value`: what drivers return."""
    if not math.isfinite(value) or value == 0:
        return value
    if math.frexp(abs(value))[0] == _HALF:
        return _shortest_power(value)
    for digits in range(1, 10):
        short = float(f"{value:.{digits}g}")
        if to_float4(short) == value and (abs(value) < _WHOLE_FLOAT4 or not _is_between_float4(short, value)):
            return short
    return value


def _is_between_float4(short: float, value: float) -> bool:
    return short in ((value + _next_float4(value, way)) / 2 for way in (-math.inf, math.inf))


def _shortest_power(value: float) -> float:
    """The same of a power of two, to which the nearest number of few digits need not round: it is nearer to the one below."""
    exact = Decimal(value)
    least, most = ((value + _next_float4(value, way)) / 2 for way in (-math.inf, math.inf))
    for digits in range(1, 10):
        last = Decimal((0, (1,), exact.adjusted() - digits + 1))
        beside = (exact.quantize(last, rounding) for rounding in (ROUND_FLOOR, ROUND_CEILING))
        inside = [each for each in beside if least < each < most]
        if inside:
            return float(min(inside, key=lambda each: (abs(each - exact), each.as_tuple().digits[-1] % 2)))
    return value


def _next_float4(value: float, toward: float) -> float:
    """The four-byte float beside one."""
    (bits,) = struct.unpack("i", struct.pack("f", value))
    away = (value < 0) == (toward < 0)
    return float(struct.unpack("f", struct.pack("i", bits + (1 if away else -1)))[0])


def float_text(value: float, type_: Type) -> str:
    """A float as the server prints it: the fewest digits that read back the same."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    four = type_.name == "float4"
    digits, exponent = _digits(repr(abs(shortest_float4(value))) if four else _shortest(abs(value)))
    sign = "-" if math.copysign(1, value) < 0 else ""
    if -5 < exponent < (6 if four else 15):
        return sign + _positional(digits, exponent)
    mantissa = digits[0] + ("." + digits[1:] if len(digits) > 1 else "")
    return f"{sign}{mantissa}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def _shortest(size: float) -> str:
    """`repr`, unless that is a number just between two floats, which the server does not print."""
    text = repr(size)
    if size < _WHOLE or not _is_between(text, size):
        return text
    more = (f"{size:.{places}e}" for places in range(17))
    return next(each for each in more if float(each) == size and not _is_between(each, size))


def _digits(text: str) -> tuple[str, int]:
    """The significant digits, and the exponent of the first."""
    exact = Decimal(text).normalize()
    return "".join(map(str, exact.as_tuple().digits)), exact.adjusted() if exact else 0


_HALF = 0.5
_WHOLE_FLOAT4 = 2.0**24
_WHOLE = 2.0**53  # from here floats are whole numbers, and some that lie just between two have few digits


def _is_between(text: str, size: float) -> bool:
    twice = 2 * int(Decimal(text))
    return twice in (
        int(size) + int(math.nextafter(size, way))
        for way in (0, math.inf)
        if math.isfinite(math.nextafter(size, way))
    )


def _positional(digits: str, exponent: int) -> str:
    if exponent < 0:
        return "0." + "0" * (-exponent - 1) + digits
    whole = digits[: exponent + 1].ljust(exponent + 1, "0")
    return whole + ("." + digits[exponent + 1 :] if len(digits) > exponent + 1 else "")
