"""jsonb_agg(), json_object_agg() and their kin: each value comes as its JSON text already, None for NULL."""

from __future__ import annotations

from collections import deque
from typing import ClassVar

from stepladder.errors import DataError
from stepladder.sql.functions.json_build import quoted
from stepladder.sql.functions.registry import Aggregate
from stepladder.sql.jsons import key_order


class JsonArray:
    """jsonb_agg() and json_agg()."""

    strict: ClassVar[bool] = False

    def __init__(self) -> None:
        self.items: deque[str] = deque()

    def step(self, value: str | None) -> None:
        """Take a row in."""
        if value is not None or not self.strict:
            self.items.append("null" if value is None else value)

    def inverse(self, value: str | None) -> None:
        """Let the oldest row go."""
        if value is not None or not self.strict:
            self.items.popleft()

    def value(self) -> str | None:
        """The array; None of no rows."""
        return f"[{', '.join(self.items)}]" if self.items else None

    finalize = value


class StrictJsonArray(JsonArray):
    """jsonb_agg_strict() and json_agg_strict(): NULLs are left out."""

    strict = True


class JsonObject:
    """json_object_agg(): the pairs as they come, equal keys too."""

    no_key: ClassVar[str] = "22004"

    def __init__(self) -> None:
        self.pairs: deque[tuple[str, str]] = deque()

    def step(self, key: str | None, value: str | None) -> None:
        """Take a row in."""
        if key is None:
            raise DataError("field name must not be null", sqlstate=self.no_key)
        self.pairs.append((key, "null" if value is None else value))

    def inverse(self, *_: str | None) -> None:
        """Let the oldest row go."""
        self.pairs.popleft()

    def shown(self) -> str:
        """The object's text."""
        return "{ " + ", ".join(f"{quoted(key)} : {value}" for key, value in self.pairs) + " }"

    def value(self) -> str | None:
        """The object; None of no rows."""
        return self.shown() if self.pairs else None

    def finalize(self) -> str | None:
        """The object of the group."""
        return self.value()


class JsonbObject(JsonObject):
    """jsonb_object_agg(): of equal keys the last, in jsonb's order."""

    no_key = "22023"

    def shown(self) -> str:
        """The object's text."""
        last = dict(self.pairs)
        return "{" + ", ".join(f"{quoted(key)}: {last[key]}" for key in sorted(last, key=key_order)) + "}"


AGGREGATES: tuple[Aggregate, ...] = (
    Aggregate("pg_json_array_agg", 1, JsonArray),
    Aggregate("pg_json_array_agg_strict", 1, StrictJsonArray),
    Aggregate("pg_json_object_agg", 2, JsonObject),
    Aggregate("pg_jsonb_object_agg", 2, JsonbObject),
)
