"""Numerics that were computed as integers, made numerics again (see rewrite/lowering)."""

from __future__ import annotations

import math
from decimal import Decimal
from functools import lru_cache
from typing import Any

from stepladder.errors import NotPortable
from stepladder.sql.functions.numbers import numeric_divide
from stepladder.sql.functions.registry import Scalar, strict
from stepladder.sql.numerals import EXACT, numeric_text, parse_numeric


class TooManyDigits(NotPortable):
    """A numeric did not fit into the integer that it was computed as. With decimals the statement runs."""


def _whole(value: Any) -> int:
    """An integer. SQLite makes a float of what 64 bits do not hold."""
    if isinstance(value, float):
        raise TooManyDigits(
            "a numeric of more than 18 digits, computed as an integer",
            why="SQLite's integers hold no more",
            instead="cast one side to numeric, which is computed in decimals",
        )
    return int(value)


def raised(value: float, scale: int) -> str:
    """value / 10^scale, with that scale."""
    whole = _whole(value)
    if not scale:
        return str(whole)
    digits = str(abs(whole)).rjust(scale + 1, "0")
    return f"{'-' if whole < 0 else ''}{digits[:-scale]}.{digits[-scale:]}"


def average(total: float, count: int, scale: int) -> str | None:
    """A sum divided by the count of its rows."""
    number = EXACT.scaleb(Decimal(_whole(total)), -scale)
    return numeric_text(numeric_divide(number, Decimal(count)))


@lru_cache(maxsize=1024)
def comparable(text: str) -> float:
    """A double that stands to every decimal of up to 15 digits (as a double) as the numeric `text` does."""
    number = parse_numeric(text)
    if not number.is_finite():
        return -math.inf if number < 0 else math.inf
    found = float(number)
    short = Decimal(f"{found:.15g}") if math.isfinite(found) else number
    if float(short) != found or short == number:
        return found
    return math.nextafter(found, math.inf if number > short else -math.inf)


SCALARS: tuple[Scalar, ...] = (
    strict("pg_raised", 2, raised),
    strict("pg_comparable", 1, comparable),
    strict("pg_average", 3, average),
)
