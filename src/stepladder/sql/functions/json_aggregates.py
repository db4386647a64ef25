"""jsonb_agg(), jsonb_object_agg() and json's own, over values that are JSON's text already."""

from __future__ import annotations

from collections import deque
from typing import Any, ClassVar

from stepladder.errors import DataError
from stepladder.sql.functions.json_build import array_text, object_text, quoted
from stepladder.sql.functions.registry import Aggregate


class JsonArray:
    """jsonb_agg() and json_agg(): NULLs are elements too."""

    def __init__(self) -> None:
        self.items: deque[str | None] = deque()

    def step(self, text: str | None) -> None:
        """Take a row in."""
        self.items.append(text)

    def inverse(self, _: str | None) -> None:
        """Let the oldest row go."""
        self.items.popleft()

    def value(self) -> str | None:
        """The array's text; None of no rows."""
        return array_text(self.items) if self.items else None

    finalize = value


class JsonArrayInLines(JsonArray):
    """json_agg() over arrays or rows."""

    def value(self) -> str | None:
        """The array's text: every element but the first, and NULL, begins a line."""
        if not self.items:
            return None
        first, *rest = self.items
        return array_text([first, *(None if item is None else f"\n {item}" for item in rest)])

    finalize = value


class JsonbObject:
    """jsonb_object_agg(): the last of equal keys stays."""

    no_key: ClassVar[tuple[str, str]] = ("field name must not be null", "22023")

    def __init__(self) -> None:
        self.pairs: deque[tuple[str, str | None]] = deque()

    def step(self, key: str | None, text: str | None) -> None:
        """Take a row in."""
        if key is None:
            message, sqlstate = self.no_key
            raise DataError(message, sqlstate=sqlstate)
        self.pairs.append((key, text))

    def inverse(self, *_: Any) -> None:
        """Let the oldest row go."""
        self.pairs.popleft()

    def value(self) -> str | None:
        """The object's text; None of no rows."""
        return self.result() if self.pairs else None

    def finalize(self) -> str | None:
        """The object of the group."""
        return self.value()

    def result(self) -> str:
        """The object's text, of at least one pair."""
        return object_text(self.pairs)


class JsonObject(JsonbObject):
    """json_object_agg(): every key where it came."""

    no_key = ("null value not allowed for object key", "22004")

    def result(self) -> str:
        """The object's text, of at least one pair."""
        parts = ", ".join(f"{quoted(key)} : {value or 'null'}" for key, value in self.pairs)
        return f"{{ {parts} }}"


AGGREGATES: tuple[Aggregate, ...] = (
    Aggregate("pg_json_agg", 1, JsonArray),
    Aggregate("pg_json_agg_in_lines", 1, JsonArrayInLines),
    Aggregate("pg_jsonb_object_agg", 2, JsonbObject),
    Aggregate("pg_json_object_agg", 2, JsonObject),
)
