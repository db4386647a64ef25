"""`-p name=value`: values for a statement's parameters."""

from __future__ import annotations

from collections.abc import Iterable

from stepladder.errors import UsageError


def named_values(given: Iterable[str]) -> dict[str, object]:
    """The values by name. Raises UsageError for a pair that is none."""
    values: dict[str, object] = {}
    for pair in given:
        name, found, value = pair.partition("=")
        if not found or not name.isidentifier():
            raise UsageError(f"-p {pair}: write -p name=value.")
        values[name] = value
    return values
