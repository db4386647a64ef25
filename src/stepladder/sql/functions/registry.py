"""What is registered on a SQLite connection, as values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

Function = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Scalar:
    """A function of `arity` arguments (-1: any number). It may raise: the caller re-raises its own exception."""

    name: str
    arity: int
    function: Function
    deterministic: bool = True


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A class with step and finalize; for windows value and inverse too."""

    name: str
    arity: int
    factory: type[Any]


@dataclass(frozen=True, slots=True)
class Collation:
    """An order of text: negative, zero or positive."""

    name: str
    compare: Callable[[str, str], int]


def strict(name: str, arity: int, function: Function) -> Scalar:
    """A function that is NULL where an argument is, as most of PostgreSQL's are: `function` never sees None."""

    @wraps(function)
    def called(*arguments: Any) -> Any:
        return None if None in arguments else function(*arguments)

    return Scalar(name, arity, called)
