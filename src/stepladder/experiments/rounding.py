"""Digits that are told."""

from __future__ import annotations

import math


def rounded(value: float, digits: int | None) -> float:
    """To so many significant digits; None: all."""
    if digits is None or value == 0 or not math.isfinite(value):
        return value
    return float(f"{value:.{digits - 1}e}")
