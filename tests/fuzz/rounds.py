"""Rounds of the comparison: a schema each, and many statements over it."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from tests.fuzz.answers import CRASHED, Answer, OnServer, OnSqlite, same
from tests.fuzz.node import Node, shrunk, values_in
from tests.fuzz.queries import Queries
from tests.fuzz.schemas import schema
from tests.fuzz.statement import Statement
from tests.fuzz.writes import Writes

STATEMENTS = 600
_BATCH = 50
_TOO_SLOW = "57014"  # our limit of time
_ABANDONED = ("57014", "XX000", CRASHED)  # the server's limit of time, its planner's own mistake, its end


@dataclass
class Difference:
    """A statement that the two answer differently, and the smallest one found that they still do."""

    seed: str
    sql: str
    smallest: str
    schema: list[str]
    server: list[Answer]
    sqlite: list[Answer]


@dataclass
class Tally:
    """What came of the statements."""

    counts: Counter[str] = field(default_factory=Counter)
    kinds: Counter[tuple[str, str]] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)


class Round:
    """One schema on both engines."""

    def __init__(self, url: str, seed: str, tally: Tally) -> None:
        self._seed = seed
        self._tally = tally
        chance = random.Random(f"{seed} schema")
        self._tables = schema(chance)
        self._made = [each for table in self._tables for each in (table.made, *table.rows)]
        self._server = OnServer(url, f"stepladder_fuzz_{os.getpid()}")
        self._sqlite = OnSqlite()
        self._server.define(self._made)
        self._sqlite.define(self._made)

    def close(self) -> None:
        self._server.close()
        self._sqlite.close()

    def run(self, count: int = STATEMENTS) -> Iterator[int]:
        """Compare `count` statements; yields how many were, now and then. The server works on a batch while we do."""
        with ThreadPoolExecutor(1) as other:
            for first in range(0, count, _BATCH):
                batch = [self._statement(number) for number in range(first, min(first + _BATCH, count))]
                truths = other.submit(lambda batch=batch: [_asked(self._server, each) for each in batch])
                found = [_asked(self._sqlite, each) for each in batch]
                for number, (statement, truth, own) in enumerate(
                    zip(batch, truths.result(), found, strict=True), first
                ):
                    self._judge(f"{self._seed}/{number}", statement, truth, own)
                yield len(batch)

    def _statement(self, number: int) -> Statement:
        chance = random.Random(f"{self._seed} {number}")
        queries, writes = Queries(chance, self._tables), Writes(chance, self._tables)
        kinds = (
            queries.expressions,
            queries.everyday,
            queries.query,
            queries.query,
            writes.statement if number % 3 else queries.defined,
        )
        return chance.choice(kinds)()

    def _judge(self, seed: str, statement: Statement, truth: list[Answer], own: list[Answer]) -> None:
        verdict = judged(statement, truth, own)
        listing = _listing(statement)
        if statement.parts and verdict != "equal" and listing is not None and len(listing.parts) > 1:
            half = len(listing.parts) // 2
            for parts in (listing.parts[:half], listing.parts[half:]):
                part = _with_listing(statement, replace(listing, parts=parts))
                self._judge(seed, part, _asked(self._server, part), _asked(self._sqlite, part))
            return
        if verdict == "different":
            found = self._difference(seed, statement)
            verdict = "equal errors" if found is None else verdict
            self._tally.differences += [] if found is None else [found]
        self._tally.counts[verdict] += 1
        self._tally.kinds[statement.kind, verdict] += 1
        if verdict == "refused":
            self._tally.reasons[next(each.what for each in own if each.kind == "refused")] += 1

    def _difference(self, seed: str, statement: Statement) -> Difference | None:
        """What differs, cut down; None where both are errors that both know, and only their order differs."""

        def still(node: Node) -> bool:
            other = statement.with_node(node)
            return judged(other, _asked(self._server, other), _asked(self._sqlite, other)) == "different"

        small = statement.with_node(shrunk(statement.node, still))
        answers = _asked(self._server, small), _asked(self._sqlite, small)
        if small.parts and {"error"} == {each.kind for found in answers for each in found}:
            known = [set(map(str, self._errors(engine, small))) for engine in (self._server, self._sqlite)]
            if all(each.what in known[0] & known[1] for found in answers for each in found):
                return None
        return Difference(seed, str(statement), str(small), self._made, *answers)

    def _errors(self, engine: OnServer | OnSqlite, statement: Statement) -> Iterator[str]:
        """The errors of each part of a statement's one expression."""
        listing = _listing(statement)
        assert listing is not None
        for part in values_in(listing):
            yield _asked(engine, _with_listing(statement, replace(listing, parts=(part,))))[0].what


def _asked(engine: OnServer | OnSqlite, statement: Statement) -> list[Answer]:
    return (
        engine.write([str(statement), statement.after]) if statement.after else [engine.ask(str(statement))]
    )


def judged(statement: Statement, truth: list[Answer], own: list[Answer]) -> str:
    """equal, equal errors, refused, different, or abandoned by the server."""
    if any(each.what in _ABANDONED for each in truth):
        return "abandoned"
    if any(each.what == _TOO_SLOW for each in own):
        return "too slow"
    if any(each.kind == "refused" for each in own):
        return "refused"
    if (
        statement.kind == "write"
        and truth[0].kind == "error"
        and own[0].kind == "rows"
        and not _wrote(own[0])
    ):
        return "abandoned"  # the server may compute what is constant before it knows that there is no row
    orders = [statement.ordered, True]
    if not all(same(*pair, ordered=ordered) for *pair, ordered in zip(truth, own, orders, strict=False)):
        return "different"
    return "equal errors" if truth[0].kind == "error" else "equal"


def _wrote(answer: Answer) -> bool:
    return bool(answer.written or answer.rows)


def _listing(statement: Statement) -> Node | None:
    found = [each for each in statement.node.parts if isinstance(each, Node) and each.separator]
    return found[0] if found else None


def _with_listing(statement: Statement, listing: Node) -> Statement:
    parts = [listing if isinstance(each, Node) and each.separator else each for each in statement.node.parts]
    return statement.with_node(replace(statement.node, parts=tuple(parts)))
