"""Where in a statement something is, for people."""

from __future__ import annotations


def place_lines(statement: str | None, position: int | None) -> list[str]:
    """The line of the statement that `position` (from 0) is in, and a caret under it; none where it is in no line."""
    if statement is None or position is None or position > len(statement):
        return []
    start = statement.rfind("\n", 0, position) + 1
    line = statement[start:].split("\n", 1)[0]
    return [f"    {line}", "    " + " " * (position - start) + "^"]
