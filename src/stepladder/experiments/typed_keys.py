"""The values of an experiment's keys, each of the type that it must have; else a ConfigError that says which."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from stepladder.config import nearest
from stepladder.errors import ConfigError

_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(second|minute|hour|day|week)s?\s*")


def duration(text: object, place: str) -> timedelta:
    """ "7 days", "36 hours", "90 minutes", "2 weeks". Raises ConfigError."""
    match = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ConfigError(
            f'{place} is {text!r}: write a number of seconds, minutes, hours, days or weeks, as "7 days".'
        )
    return timedelta(**{f"{match[2]}s": float(match[1])})


def length(keys: Mapping[str, Any], key: str, place: str) -> timedelta | None:
    """A duration; None where the key is not there. Raises ConfigError, as all of these."""
    return duration(keys[key], f"{place}: {key}") if key in keys else None


def share(keys: Mapping[str, Any], key: str, place: str) -> float | None:
    """A number between 0 and 1."""
    value = keys.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1:
        raise ConfigError(f"{place}: {key} = {value!r}: give a number between 0 and 1.")
    return float(value)


def choice(keys: Mapping[str, Any], key: str, known: tuple[str, ...], place: str) -> str | None:
    """One of some words."""
    value = optional(keys, key, str, place)
    if value is not None and value not in known:
        raise ConfigError(
            f"{place}: {key} = {value!r}.{nearest(value, known)} It is one of {', '.join(known)}."
        )
    return value if value is None else str(value)


def words(keys: Mapping[str, Any], key: str, place: str) -> list[str]:
    """A list of names; empty where the key is not there."""
    value = keys.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ConfigError(f'{place}: {key} must be a list of names: {key} = ["country"].')
    return value


def given(keys: Mapping[str, Any], key: str, kind: type | tuple[type, ...], place: str) -> Any:
    """A value of a type, which must be there."""
    value = optional(keys, key, kind, place)
    if value is None:
        raise ConfigError(f"{place}: `{key}` is missing.")
    return value


def optional(keys: Mapping[str, Any], key: str, kind: type | tuple[type, ...], place: str) -> Any:
    """A value of a type; None where the key is not there."""
    value = keys.get(key)
    if value is None:
        return None
    wrong = not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool)
    if wrong or value == "":
        words = {str: "text in quotes", dict: "a table", bool: "true or false", int: "a whole number"}
        word = words.get(kind, "a number") if isinstance(kind, type) else "a number"
        raise ConfigError(f"{place}: {key} = {value!r} must be {word}.")
    return value
