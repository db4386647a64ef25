"""What an examination finds: values."""

from __future__ import annotations

from dataclasses import dataclass

_DATABASE_EXIT = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    `state` is "ok", "warn" or "fail"; `said` is one sentence; `remedy` says what to do, where there is something.
    `exit_code` is what a command ends with for a failure: 2 for configuration, 3 for the database.
    """

    topic: str
    state: str
    said: str
    remedy: str = ""
    exit_code: int = 0


def ok(topic: str, said: str) -> Finding:
    """Nothing to do."""
    return Finding(topic, "ok", said)


def warn(topic: str, said: str, remedy: str) -> Finding:
    """It works, and may not always."""
    return Finding(topic, "warn", said, remedy)


def fail(topic: str, said: str, remedy: str, *, exit_code: int = _DATABASE_EXIT) -> Finding:
    """It does not work."""
    return Finding(topic, "fail", said, remedy, exit_code)
