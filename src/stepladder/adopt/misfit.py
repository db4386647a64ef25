"""A value that a type does not hold."""

from __future__ import annotations


class Misfit(Exception):
    """Why a value does not fit, as it follows "row 3 holds 'abc', which …"."""
