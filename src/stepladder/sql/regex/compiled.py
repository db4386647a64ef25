"""A regular expression ready for use."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from stepladder.sql.regex.match import Matcher, Spans
from stepladder.sql.regex.options import Options
from stepladder.sql.regex.parse import parse
from stepladder.sql.regex.parts import part
from stepladder.sql.regex.places import Places
from stepladder.sql.regex.python import pattern
from stepladder.sql.regex.tree import Back, everything


class Regex:
    """One pattern with its options. `captures` counts its parentheses."""

    def __init__(self, text: str, options: Options) -> None:
        tree, self._options, self.captures = parse(text, options)
        self._refers = any(isinstance(node, Back) for node in everything(tree))
        self._part = part(tree)
        self._python = pattern(tree, lines=self._options.lines)

    def matches(self, text: str) -> bool:
        """Whether any part of the text matches."""
        if self._python is not None:
            return self._python.search(text) is not None
        return self._matcher(text).first(0) is not None

    def first(self, text: str, at: int = 0) -> Spans | None:
        """The first match that begins at `at` (from 0) or later."""
        return next(self.all(text, at), None)

    def all(self, text: str, at: int = 0) -> Iterator[Spans]:
        """All matches from `at` on: each begins where the one before ended, an empty one is not where that ended."""
        if self._python is not None and self._python.search(text, at) is None:
            return
        matcher = self._matcher(text)
        while at <= len(text):
            found = self._next(matcher, text, at)
            if found is None:
                return
            yield found
            start, end = found[0]
            at = end + 1 if start == end else end

    def _next(self, matcher: Matcher, text: str, at: int) -> Spans | None:
        if self._python is None:
            return matcher.first(at)
        begun = self._python.search(text, at)
        return None if begun is None else matcher.starting(begun.start())

    def _matcher(self, text: str) -> Matcher:
        places = Places(text, lines=self._options.lines)
        return Matcher(self._part, places, any_case=self._options.any_case, refers=self._refers)


@lru_cache(maxsize=512)
def compiled(text: str, options: Options) -> Regex:
    """A pattern, read once. Raises DataError (2201B), NotPortable."""
    return Regex(text, options)
