"""Random regular expressions over random texts: matches and captures are a real server's, and so are the errors."""

from __future__ import annotations

import random
from typing import Any

import psycopg
import pytest

from stepladder.errors import DatabaseError
from stepladder.sql.regex import compiled, options

pytestmark = pytest.mark.postgres
_ATOMS = ["a", "b", "ab", "1", "_", " ", r"\d", r"\w", r"\s", r"\W", "[ab]", "[^a]", ".", "[[:alpha:]]", r"\D", "[a-c1]"]  # fmt: skip
_EDGES = ["^", "$", r"\m", r"\M", r"\y", r"\Y", r"\A", r"\Z"]
_QUANTIFIERS = ["*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{0,2}?", "{2,}", "{1,1}?", "{0}", "{1,1}"]
_LETTERS = ["a", "b", "c", "1", " ", "_", "A", "\n", "ab", "abc"]
_TRUTH = """SELECT (SELECT array_agg(t ~ %(plain)s) FROM unnest(%(texts)s::text[]) t),
    (SELECT json_agg((SELECT json_agg(m) FROM regexp_matches(t, %(pattern)s, %(flags)s) m)) FROM unnest(%(texts)s::text[]) t)"""


class Patterns:
    """Random patterns, from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def choice(self, depth: int) -> str:
        return "|".join(self._branch(depth) for _ in range(self.random.choice([1, 1, 1, 2, 3])))

    def _branch(self, depth: int) -> str:
        return "".join(self._item(depth) for _ in range(self.random.choice([1, 1, 2, 2, 3, 4])))

    def _item(self, depth: int) -> str:
        atom = self._atom(depth)
        return atom + self.random.choice(_QUANTIFIERS) if self.random.random() < 0.4 else atom

    def _atom(self, depth: int) -> str:
        kind = self.random.random()
        if depth <= 0 or kind < 0.55:
            return self.random.choice(_ATOMS)
        if kind < 0.87:
            return f"({'?:' if kind > 0.75 else ''}{self.choice(depth - 1)})"
        if kind < 0.91:
            return self.random.choice(_EDGES)
        if kind < 0.95:
            return f"({self.random.choice(['?=', '?!', '?<=', '?<!'])}{self.choice(depth - 2)})"
        return self.random.choice([r"\1", r"\2", "()", ""])

    def texts(self) -> list[str]:
        return ["".join(self.random.choices(_LETTERS, k=self.random.randint(0, 9))) for _ in range(8)]


def on_server(server: psycopg.Connection[Any], pattern: str, flags: str, texts: list[str]) -> Any:
    plain = f"(?{flags}){pattern}" if flags else pattern
    values = {"plain": plain, "pattern": pattern, "flags": flags + "g", "texts": texts}
    try:
        return server.execute(_TRUTH, values).fetchone()
    except psycopg.Error as error:
        return error.sqlstate


def here(pattern: str, flags: str, texts: list[str]) -> Any:
    try:
        regex = compiled(pattern, options(flags))
    except DatabaseError as error:
        return error.sqlstate
    numbers = range(1, regex.captures + 1) if regex.captures else (0,)
    found = []
    for text in texts:
        every = [[spans.get(number) for number in numbers] for spans in regex.all(text)]
        parts = [[None if span is None else text[slice(*span)] for span in spans] for spans in every]
        found.append(parts or None)
    return [regex.matches(text) for text in texts], found


@pytest.mark.parametrize("rounds", [250, pytest.param(4000, marks=pytest.mark.long)])
def test_matches_and_captures_are_the_servers(postgres_url: str, rounds: int) -> None:
    patterns, wrong, answered = Patterns(rounds), [], 0
    with psycopg.connect(postgres_url, autocommit=True) as server:
        for _ in range(rounds):
            pattern, texts = patterns.choice(patterns.random.choice([1, 2, 2, 3])), patterns.texts()
            flags = patterns.random.choice(["", "", "", "i", "n", "p", "w"])
            truth, found = on_server(server, pattern, flags, texts), here(pattern, flags, texts)
            answered += not isinstance(truth, str)
            if found != truth:
                wrong.append((pattern, flags, texts, truth, found))
    assert wrong == []
    assert answered > rounds / 2
