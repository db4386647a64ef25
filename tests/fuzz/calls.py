"""Groups, aggregates and windows of a random query."""

from __future__ import annotations

import random
from collections.abc import Sequence

from tests.fuzz import grammar, patterns, values
from tests.fuzz.expressions import Column, Expressions
from tests.fuzz.node import Node, clause, fixed, listed

Columns = list[Column]


class Calls:
    """SELECT lists that aggregate rows or look through windows on them."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._safe = Expressions(chance, grammar.safe(), values.everyday, constants=True)

    def _word(self, *words: str) -> str:
        return self._chance.choice(words)

    def _test(self, scope: Columns, depth: int) -> Node:
        return self._safe.of("bool", scope, depth)

    # -- groups
    def _filled(self, pattern: str, scope: Columns, aggregates: bool = True) -> Node:
        """A pattern of `patterns`. `{type 0}` is written again as `{0}`; `{type column}` is a column or a literal."""
        parts: list[Node | str] = []
        kept: Node | str = ""
        for place, part in enumerate(grammar.Pattern.of(pattern.replace("{}", "{text}")).parts):
            if place % 2 == 0:
                parts.append(part)
                continue
            if part[0] == ":":
                parts.append(self._word(*grammar.WORDS[part[1:]]))
                continue
            type_, _, way = part.partition(" ")
            if part == "0":
                parts.append(kept)
                continue
            made = self._safe.of(type_, scope, 0 if way == "column" else 1)
            if way == "2":
                made = fixed("(", made, ")::numeric(40,2)")
            kept = made if way == "0" else kept
            parts.append(made)
        return fixed(*parts)

    def _aggregate(self, type_: str, scope: Columns) -> Node:
        known = patterns.AGGREGATES.get(type_)
        if not known:
            return fixed(f"NULL::{values.spelled(type_)}")
        found = self._filled(self._word(*known), scope)
        if (
            self._chance.random() < 0.15
            and str(found).count("(")
            and not str(found).endswith("> 1")
            and " - " not in str(found)[:14]
        ):
            found = (
                fixed(found, clause(" FILTER (WHERE ", self._test(scope, 1), ")"))
                if not self._compound(type_, found)
                else found
            )
        return found

    @staticmethod
    def _compound(type_: str, found: Node) -> bool:
        return type_ == "interval" and str(found).startswith("max(")

    def _grouped(self, source: Node, where: Node, inside: Columns, types: Sequence[str]) -> Node:
        groupable = [each for each in inside if each.type in patterns.GROUPED]
        keys = (
            list(dict.fromkeys(self._chance.choice(groupable) for _ in range(2)))
            if groupable and self._chance.random() < 0.85
            else []
        )
        targets = []
        for place, type_ in enumerate(types):
            own = [each for each in keys if each.type == type_]
            made: Node | str = (
                self._word(*(each.name for each in own))
                if own and self._chance.random() < 0.6
                else self._aggregate(type_, inside)
            )
            if type_ == "int8" and self._chance.random() < 0.2:
                made = self._filled(
                    self._word("sum(count(*)) OVER ()", "rank() OVER (ORDER BY count(*), max({int4}))"),
                    inside,
                )
            targets.append(fixed(made, f" AS c{place}"))
        if not keys:
            return fixed("SELECT ", listed(*targets), " FROM ", source, where)
        names = ", ".join(each.name for each in keys)
        sets = self._word(
            names,
            names,
            names,
            f"ROLLUP ({names})",
            f"CUBE ({names})",
            f"GROUPING SETS (({names}), ({keys[0].name}), ())",
        )
        having = clause(" HAVING ", self._aggregate("bool", inside)) if self._chance.random() < 0.2 else ""
        return fixed("SELECT ", listed(*targets), " FROM ", source, where, f" GROUP BY {sets}", having)

    # -- windows
    @staticmethod
    def _sortable(columns: Columns) -> Columns:
        return [
            each
            for each in columns
            if each.type in (*patterns.SHOWN, "uuid", "bytea", "time", "_int4", "_text", "interval", "jsonb")
        ]

    def _over(self, source: Node, where: Node, inside: Columns, types: Sequence[str]) -> Node:
        rest = ", ".join(each.name for each in self._sortable(inside))
        window = (
            clause("PARTITION BY ", self._safe.of(self._word(*patterns.GROUPED), inside, 1), " ")
            if self._chance.random() < 0.6
            else ""
        )
        first = self._chance.choice(self._sortable(inside) or [Column("1", "int4")])
        order = f"ORDER BY {first.name} {self._word('', 'DESC', 'NULLS FIRST')}{', ' + rest if rest else ''}"
        targets = []
        for place, type_ in enumerate(types):
            if type_ not in patterns.OVER or self._chance.random() < 0.3:
                targets.append(fixed(self._safe.of(type_, inside, 1), f" AS c{place}"))
                continue
            call = self._filled(self._word(*patterns.OVER[type_]), inside)
            frame = clause(f" {self._word(*patterns.FRAMES)}")
            targets.append(fixed(call, " OVER (", window, order, frame, f") AS c{place}"))
        return fixed("SELECT ", listed(*targets), " FROM ", source, where)

    def _ranged(self, source: Node, where: Node, inside: Columns, types: Sequence[str]) -> Node:
        """Frames of a distance: rows of equal keys are in all the same frames, and their order is not asked for."""
        keys = [each for each in inside if each.type in patterns.DISTANCES]
        targets = []
        for place, type_ in enumerate(types):
            calls = [
                each for each in patterns.OVER.get(type_, ()) if each.split("(")[0] in patterns.ORDERLESS
            ]
            if not (keys and calls):
                targets.append(fixed(self._safe.of(type_, inside, 1), f" AS c{place}"))
                continue
            key, call = self._chance.choice(keys), self._filled(self._word(*calls), inside)
            distance = self._word(*patterns.DISTANCES[key.type])
            frame = self._word(
                f"{distance} PRECEDING AND CURRENT ROW", f"{distance} PRECEDING AND {distance} FOLLOWING",
                f"CURRENT ROW AND {distance} FOLLOWING", f"UNBOUNDED PRECEDING AND {distance} PRECEDING",
            )  # fmt: skip
            order = f"ORDER BY {key.name}{self._word('', ' DESC', ' NULLS FIRST')}"
            targets.append(fixed(call, f" OVER ({order} RANGE BETWEEN {frame}) AS c{place}"))
        return fixed("SELECT ", listed(*targets), " FROM ", source, where)
