"""execute_many on PostgreSQL: hundreds of statements in one round trip, on either driver.

psycopg2 tells only the last of several joined statements, so the rows that they write are summed by the server, in
a DO block. An error's context says the block's line, and a line is a row.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from stepladder.errors import Error
from stepladder.sql import Bound, Escape, bind

_ROWS = 500
_CHARACTERS = 1_000_000
_SETTING = "stepladder.rows_written"


@dataclass(frozen=True, slots=True)
class Many:
    """What is sent for some rows of one statement."""

    statement: str
    text: str
    _first: int
    _bound: tuple[Bound, ...]
    _lines: tuple[int, ...]

    def place(self, context: str | None, position: str | None) -> tuple[int | None, int | None]:
        """The row, from 1, and the place in the user's statement that a server's error means, where it says them."""
        numbers = re.findall(r"\d+", (context or "").rpartition("\n")[2])
        if not numbers:
            return None, None
        place = bisect.bisect_right(self._lines, int(numbers[-1])) - 1
        if not 0 <= place < len(self._bound):
            return None, None
        return self._first + place, self._bound[place].to_user(int(position) - 1) if position else None


def many_at_once(sql: str, rows: Sequence[Mapping[str, object]], escape: Escape) -> Iterator[Many]:
    """What to send, in order. Raises what `bind` raises, with the row."""
    first, size = 1, 0
    bound: list[Bound] = []
    for number, row in enumerate(rows, 1):
        try:
            bound.append(bind(sql, row, escape))
        except Error as error:
            raise error.at(f"row {number}") from error
        size += len(bound[-1].text)
        if len(bound) == _ROWS or size > _CHARACTERS:
            yield _many(sql, first, bound, escape)
            first, size, bound = number + 1, 0, []
    if bound:
        yield _many(sql, first, bound, escape)


def _many(sql: str, first: int, bound: Sequence[Bound], escape: Escape) -> Many:
    parts = ["DECLARE written bigint := 0; step bigint; BEGIN\n"]
    lines, line = [], 2
    for each in bound:
        part = f"EXECUTE {escape(each.text)}; GET DIAGNOSTICS step = ROW_COUNT; written := written + step;\n"
        lines.append(line)
        line += part.count("\n")
        parts.append(part)
    parts.append(f"PERFORM set_config('{_SETTING}', written::text, true); END")
    text = f"DO {escape(''.join(parts))}; SELECT current_setting('{_SETTING}')::bigint"
    return Many(sql, text, first, tuple(bound), tuple(lines))
