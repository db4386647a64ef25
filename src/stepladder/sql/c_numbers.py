"""Numbers read as C's strtol() and strtod() read them: as far as they go, and where they ended."""

from __future__ import annotations

import re

_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)


def whole(text: str, at: int = 0) -> tuple[int, int]:
    """A whole number and where it ends; 0 and `at` where there is none."""
    match = _WHOLE.match(text, at)
    return (int(match[0]), match.end()) if match else (0, at)


def fraction(text: str) -> float | None:
    """What `.25` says, `.` is 0; None for anything else."""
    if text == ".":
        return 0.0
    return float(text) if re.fullmatch(r"\.\d+", text, re.ASCII) else None
