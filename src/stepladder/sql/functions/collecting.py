"""Aggregates that keep their values in the order in which they came: arrays, joined text, any value, bits."""

from __future__ import annotations

from collections import deque
from typing import Any, ClassVar

from stepladder.sql.display import printer
from stepladder.sql.functions.registry import Aggregate
from stepladder.sql.literals import array_element
from stepladder.sql.types import Type


class Frame:
    """Values in the order in which they came; the result is computed anew once one has left."""

    def __init__(self) -> None:
        self.values: deque[Any] = deque()

    def step(self, value: Any) -> None:
        """Take a row in."""
        if value is not None:
            self.values.append(value)

    def inverse(self, value: Any) -> None:
        """Let the oldest row go."""
        if value is not None:
            self.values.popleft()

    def result(self) -> Any:
        """The aggregate of the values, of which there is at least one."""
        raise NotImplementedError

    def value(self) -> Any:
        """The aggregate of the frame; None of no rows."""
        return self.result() if self.values else None

    def finalize(self) -> Any:
        """The aggregate of the group."""
        return self.value()


class AnyValue(Frame):
    """any_value(): the first that is not NULL."""

    def result(self) -> Any:
        """The value."""
        return self.values[0]


class BitXor(Frame):
    """bit_xor() of integers."""

    def result(self) -> int:
        """The bits that are set an odd number of times."""
        found = 0
        for value in self.values:
            found ^= value
        return found


class BitAnd(Frame):
    """bit_and() of integers."""

    def result(self) -> int:
        """The bits that all have."""
        found = -1
        for value in self.values:
            found &= value
        return found


class BitOr(Frame):
    """bit_or() of integers."""

    def result(self) -> int:
        """The bits that any has."""
        found = 0
        for value in self.values:
            found |= value
        return found


class ArrayAggregate:
    """array_agg() of values of a type; NULLs are elements too."""

    def __init__(self) -> None:
        self.items: deque[str] = deque()

    def step(self, type_: str, value: Any) -> None:
        """Take a row in."""
        self.items.append("NULL" if value is None else array_element(printer(Type(type_))(value)))

    def inverse(self, *_: Any) -> None:
        """Let the oldest row go."""
        self.items.popleft()

    def value(self) -> str | None:
        """The array's text; None of no rows."""
        return "{" + ",".join(self.items) + "}" if self.items else None

    finalize = value


class Joined:
    """string_agg(): a separator stands before each value but the first."""

    empty: ClassVar[Any] = ""

    def __init__(self) -> None:
        self.parts: deque[tuple[Any, Any]] = deque()

    def step(self, value: Any, separator: Any) -> None:
        """Take a row in."""
        if value is not None:
            self.parts.append((self.empty if separator is None else separator, value))

    def inverse(self, value: Any, _: Any) -> None:
        """Let the oldest row go."""
        if value is not None:
            self.parts.popleft()

    def value(self) -> Any:
        """The joined values; None of no rows."""
        if not self.parts:
            return None
        return type(self.empty)().join([each for pair in self.parts for each in pair][1:])

    finalize = value


class JoinedBytes(Joined):
    """string_agg(bytea, bytea)."""

    empty = b""


AGGREGATES: tuple[Aggregate, ...] = (
    Aggregate("pg_any_value", 1, AnyValue),
    Aggregate("pg_bit_and", 1, BitAnd),
    Aggregate("pg_bit_or", 1, BitOr),
    Aggregate("pg_bit_xor", 1, BitXor),
    Aggregate("pg_array_agg", 2, ArrayAggregate),
    Aggregate("pg_string_agg", 2, Joined),
    Aggregate("pg_bytes_agg", 2, JoinedBytes),
)
