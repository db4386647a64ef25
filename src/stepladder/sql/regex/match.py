"""Which stretch a match takes, and which stretches its captures: PostgreSQL's rules (its regexec.c), step by step.

The whole takes the longest or the shortest stretch; within it each part, from the left, takes the longest or the
shortest that lets the rest match. Python's re takes the first that it finds, which is another.
"""

from __future__ import annotations

from collections.abc import Iterator

from stepladder.sql.letters import lower
from stepladder.sql.regex.parts import Part
from stepladder.sql.regex.places import Places

Span = tuple[int, int]
Spans = dict[int, Span]  # by the capture's number; 0 is the whole


class Matcher:
    """One expression on one text."""

    def __init__(self, part: Part, places: Places, *, any_case: bool, refers: bool) -> None:
        self._part = part
        self._places = places
        self._any_case = any_case
        self._refers = refers
        self._spans: Spans = {}
        self._starts: int | None = None

    def first(self, at: int) -> Spans | None:
        """The first match that begins at `at` or later."""
        if self._starts is None:
            self._starts = self._places.before(self._part.language, self._places.all)
        starts = self._starts >> at << at
        while starts:
            start = (starts & -starts).bit_length() - 1
            found = self.starting(start)
            if found is not None:
                return found
            starts &= starts - 1
        return None

    def starting(self, start: int) -> Spans | None:
        """The match that begins at `start`."""
        for end in self._ends(self._part, start, len(self._places.text)):
            self._spans = {}
            if self._divide(self._part, start, end):
                return {0: (start, end), **self._spans}
            if not self._refers:
                return None
        return None

    def _ends(self, part: Part, start: int, limit: int) -> Iterator[int]:
        """The ends that a part may have, the preferred one first."""
        left = self._places.ends(part.language, start) & ((1 << (limit + 1)) - 1)
        while left:
            end = ((left & -left) if part.shortest else left).bit_length() - 1
            yield end
            left ^= 1 << end

    def _can_be(self, part: Part, start: int, end: int) -> bool:
        return bool(self._places.ends(part.language, start) >> end & 1)

    # -- within a stretch that is known
    def _divide(self, part: Part, start: int, end: int) -> bool:
        if part.kind == "plain":
            return True
        if part.kind == "group":
            if not self._divide(part.parts[0], start, end):
                return False
            self._spans[part.number] = (start, end)
            return True
        if part.kind == "back":
            return self._is_again(part, start, end)
        if part.kind == "choice":
            return any(
                self._can_be(each, start, end) and self._divide(each, start, end) for each in part.parts
            )
        return self._chain(part, start, end) if part.kind == "chain" else self._rounds(part, start, end)

    def _chain(self, part: Part, start: int, end: int) -> bool:
        one, other = part.parts
        for middle in self._ends(one, start, end):
            if not self._can_be(other, middle, end):
                continue
            if self._divide(one, start, middle) and self._divide(other, middle, end):
                return True
            self._forget(part)
        return False

    def _forget(self, part: Part) -> None:
        if part.kind == "group":
            self._spans.pop(part.number, None)
        for each in part.parts:
            self._forget(each)

    def _is_again(self, part: Part, start: int, end: int) -> bool:
        held = self._spans.get(part.number)
        if held is None:
            return False
        text, most = self._places.text, part.high
        again, stretch = text[held[0] : held[1]], text[start:end]
        if not again:
            return start == end
        count, left_over = divmod(len(stretch), len(again))
        if left_over or count < part.low or (most is not None and count > most):
            return False
        repeated = again * count
        return lower(stretch) == lower(repeated) if self._any_case else stretch == repeated

    def _rounds(self, part: Part, start: int, end: int) -> bool:
        """A repeated part: the stretch cut into rounds, none of them empty unless so many are asked for.

        Where no round is needed, an empty one is tried first, but for a part that prefers its shortest match.
        """
        low = part.low
        if low == 0:
            if start == end:
                inner = part.parts[0]
                tried = not inner.shortest and self._can_be(inner, start, end)
                if not (tried and self._divide(inner, start, end)):
                    self._forget(inner)
                return True
            low = 1
        most = end - start if part.high is None else min(end - start, part.high)
        return self._round(part, start, end, 1, low, max(most, low))

    def _round(self, part: Part, start: int, end: int, number: int, low: int, most: int) -> bool:
        (inner,) = part.parts
        for stop in self._ends(inner, start, end):
            if stop == end:
                if number < low:
                    if stop != start or not self._round(part, stop, end, number + 1, low, most):
                        continue
                    return True
                self._forget(inner)
                if self._divide(inner, start, stop):
                    return True
                continue
            empty = stop == start and (number >= low or low - number < end - stop)
            if number >= most or empty:
                continue
            self._forget(inner)
            if self._divide(inner, start, stop) and self._round(part, stop, end, number + 1, low, most):
                return True
        return False
