"""power(), exp(), ln() and log() of numeric: the scale of the result is PostgreSQL's (numeric.c), its digits are exact."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal

from stepladder.errors import DataError, DivisionByZero, NotPortable, NumericOutOfRange
from stepladder.sql.functions.registry import Scalar, strict
from stepladder.sql.numerals import EXACT, numeric_text, parse_numeric, rescaled, scale_of

_MIN_DIGITS, _MAX_SCALE = 16, 1000  # NUMERIC_MIN_SIG_DIGITS, NUMERIC_MAX_DISPLAY_SCALE
_LARGEST_EXPONENT = 6000  # NUMERIC_MAX_RESULT_SCALE * 3
_BASE = 4  # decimal digits of one of PostgreSQL's numeric digits
_LOG10_E = 0.434294481903252
_SPARE = 25  # digits more than are shown


def _finite(text: str, what: str) -> Decimal:
    number = parse_numeric(text)
    if not number.is_finite():
        raise NotPortable(f"{what} of NaN or infinity")
    return number


def _scale(weight: float, *arguments: Decimal) -> int:
    """Sixteen significant digits, and no fewer behind the point than the arguments have."""
    return min(max(_MIN_DIGITS - int(weight), 0, *map(scale_of, arguments)), _MAX_SCALE)


def _shown(scale: int, weight: float, work: Callable[[Context], Decimal]) -> str:
    """What `work` finds with digits enough for the scale."""
    context = Context(
        prec=scale + max(int(weight), 0) + _SPARE,
        rounding=ROUND_HALF_UP,
        Emin=EXACT.Emin,
        Emax=EXACT.Emax,
        traps=[],
    )
    return numeric_text(rescaled(work(context), scale))


def _leading(value: Decimal, count: int) -> tuple[int, int]:
    """The first `count` base-10000 digits (or fewer) as one number, and the power of ten that it counts."""
    weight = value.adjusted() // _BASE
    normal = value.normalize(EXACT)
    exponent = normal.as_tuple().exponent
    assert isinstance(exponent, int)
    digits = weight + 1 - math.floor(exponent / _BASE)
    used = min(max(digits, 1), count)
    power = _BASE * (weight - used + 1)
    return int(EXACT.scaleb(value, -power).to_integral_value(rounding=ROUND_FLOOR)), power


def _ln_weight(value: Decimal) -> int:
    """The decimal weight of the logarithm, as estimate_ln_dweight() guesses it."""
    if Decimal("0.9") <= value <= Decimal("1.1"):
        rest = EXACT.subtract(value, Decimal(1)).copy_abs()
        if not rest:
            return 0
        weight = rest.adjusted() // _BASE
        first, _ = _leading(rest, 1)
        return weight * _BASE + int(math.log10(first))
    digits, power = _leading(value, 2)
    return int(math.log10(abs(math.log(digits) + power * 2.302585092994046)))


def _positive(value: Decimal) -> Decimal:
    if value <= 0:
        word = "zero" if value == 0 else "a negative number"
        raise DataError(f"cannot take logarithm of {word}", sqlstate="2201E")
    return value


def numeric_exp(text: str) -> str:
    """exp()."""
    value = _finite(text, "exp()")
    weight = max(-2000.0, min(2000.0, float(value) * _LOG10_E))
    scale = _scale(weight, value)
    if abs(value) >= _LARGEST_EXPONENT:
        if value > 0:
            raise NumericOutOfRange("value overflows numeric format")
        return numeric_text(rescaled(Decimal(0), scale))
    return _shown(scale, float(value) * _LOG10_E, lambda context: context.exp(value))


def numeric_ln(text: str) -> str:
    """ln()."""
    value = _positive(_finite(text, "ln()"))
    weight = _ln_weight(value)
    return _shown(_scale(weight, value), weight, lambda context: context.ln(value))


def numeric_log(base_text: str, text: str) -> str:
    """log(base, number)."""
    base, value = _finite(base_text, "log()"), _finite(text, "log()")  # before they are found to be negative
    base, value = _positive(base), _positive(value)
    if base == 1:
        raise DivisionByZero("division by zero")
    weight = _ln_weight(value) - _ln_weight(base)
    return _shown(
        _scale(weight, base, value),
        weight,
        lambda context: context.divide(context.ln(value), context.ln(base)),
    )


def numeric_log10(text: str) -> str:
    """log() and log10()."""
    return numeric_log("10", text)


def numeric_power(base_text: str, exponent_text: str) -> str:
    """power() and ^."""
    base, exponent = _finite(base_text, "power()"), _finite(exponent_text, "power()")
    if base == 0 and exponent < 0:
        raise DataError("zero raised to a negative power is undefined", sqlstate="2201F")
    whole = exponent == exponent.to_integral_value()
    if base < 0 and not whole:
        raise DataError(
            "a negative number raised to a non-integer power yields a complex result", sqlstate="2201F"
        )
    if whole and abs(exponent) < 2**31:
        return _whole_power(base, exponent)
    if base == 0:
        return numeric_text(rescaled(Decimal(0), _MIN_DIGITS))
    logarithm = float(exponent) * float(Context(prec=30).ln(base.copy_abs()))
    if abs(logarithm) > _LARGEST_EXPONENT * 3.01 / 3:
        if logarithm > 0:
            raise NumericOutOfRange("value overflows numeric format")
        return numeric_text(rescaled(Decimal(0), _MAX_SCALE))
    weight = logarithm * _LOG10_E
    if base < 0:
        raise NotPortable("power() of a negative number with so large an exponent")
    return _shown(
        _scale(weight, base, exponent),
        weight,
        lambda context: context.exp(context.multiply(context.ln(base), exponent)),
    )


def _whole_power(base: Decimal, exponent: Decimal) -> str:
    weight = 0.0
    if base:
        digits, power = _leading(base.copy_abs(), 4)
        weight = float(exponent) * (math.log10(digits) + power)
    if weight > 131_072:
        raise NumericOutOfRange("value overflows numeric format")
    if weight + 1 < -_MAX_SCALE:
        return numeric_text(rescaled(Decimal(0), _MAX_SCALE))
    scale = _scale(weight, base, exponent)
    if not exponent:
        return numeric_text(rescaled(Decimal(1), scale))
    return _shown(scale, weight, lambda context: context.power(base, exponent))


SCALARS: tuple[Scalar, ...] = (
    strict("pg_numeric_exp", 1, numeric_exp),
    strict("pg_numeric_ln", 1, numeric_ln),
    strict("pg_numeric_log", 1, numeric_log10),
    strict("pg_numeric_log", 2, numeric_log),
    strict("pg_numeric_power", 2, numeric_power),
)
