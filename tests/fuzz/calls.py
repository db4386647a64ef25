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

    def _filled(self, pattern: str, scope: Columns) -> Node:
        """A pattern of `patterns`. `{type 0}` is written again as `{0}`; `{type column}` is a column or a literal."""
        parts: list[Node | str] = []
        kept: dict[str, Node] = {}
        for place, part in enumerate(grammar.Pattern.of(pattern.replace("{}", "{text}")).parts):
            type_, _, way = part.partition(" ")
            if place % 2 == 0:
                parts.append(part)
            elif part[0] == ":":
                parts.append(self._word(*grammar.WORDS[part[1:]]))
            elif part in kept:
                parts.append(kept[part])
            else:
                made = self._safe.of(type_, scope, 0 if way == "column" else 1)
                kept[way] = fixed("(", made, ")::numeric(40,2)") if way == "money" else made
                parts.append(kept[way])
        return fixed(*parts)

    # -- groups
    def _aggregate(self, type_: str, scope: Columns) -> Node:
        known = patterns.AGGREGATES.get(type_)
        if not known:
            return fixed(f"NULL::{values.spelled(type_)}")
        pattern = self._word(*known)
        found = self._filled(pattern, scope)
        if self._chance.random() < 0.2 and _single(pattern):
            return fixed(found, clause(" FILTER (WHERE ", self._test(scope, 1), ")"))
        return found

    def _grouped(self, source: Node, where: Node, inside: Columns, types: Sequence[str]) -> Node:
        keys = self._keys(inside)
        targets = [
            fixed(self._of_group(inside, keys, each), f" AS c{place}") for place, each in enumerate(types)
        ]
        if not keys:
            return fixed("SELECT ", listed(*targets), " FROM ", source, where, self._having(inside))
        sets = self._grouping(list(keys))
        return fixed(
            "SELECT ", listed(*targets), " FROM ", source, where, f" GROUP BY {sets}", self._having(inside)
        )

    def _keys(self, inside: Columns) -> dict[str, str]:
        """The keys of groups, with their types."""
        keys = [each for each in inside if each.type in patterns.GROUPED]
        if not keys or self._chance.random() < 0.15:
            return {}
        return {each.name: each.type for each in self._chance.choices(keys, k=2)}

    def _grouping(self, keys: list[str]) -> str:
        names, first = ", ".join(keys), keys[0]
        return self._word(
            *(names, names, names, f"ROLLUP ({names})", f"CUBE ({names})", f"{first}, ROLLUP ({names})"),
            *(f"GROUPING SETS (({names}), ({first}), ())", f"DISTINCT ROLLUP ({names}), CUBE ({first})"),
            f"GROUPING SETS (ROLLUP ({names}), ({first}))",
        )

    def _of_group(self, inside: Columns, keys: dict[str, str], type_: str) -> Node:
        own, way = [name for name, each in keys.items() if each == type_], self._chance.random()
        if own and way < 0.6:
            return fixed(self._word(*own))
        if keys and way < 0.8 and type_ == "int4":
            return fixed(f"GROUPING({', '.join(keys)})")
        if keys and type_ in grammar.safe() and 0.6 < way < 0.7:  # an expression of the keys
            scope = [Column(*each) for each in keys.items()]
            return self._safe.of(type_, scope, 1)
        if type_ == "int8" and way > 0.9:
            ways = ("sum(count(*)) OVER ()", "rank() OVER (ORDER BY count(*), max({int4}))")
            return self._filled(self._word(*ways), inside)
        return self._aggregate(type_, inside)

    def _having(self, inside: Columns) -> Node:
        return clause(" HAVING ", self._aggregate("bool", inside)) if self._chance.random() < 0.2 else fixed()

    def _by_expressions(self, source: Node, where: Node, inside: Columns, types: Sequence[str]) -> Node:
        """Groups by what is computed, which the list repeats or numbers."""
        keys = [
            place
            for place, each in enumerate(types)
            if each in patterns.GROUPED and self._chance.random() < 0.6
        ]
        made = [
            self._safe.of(each, inside, 2) if place in keys else self._aggregate(each, inside)
            for place, each in enumerate(types)
        ]
        targets = [fixed(each, f" AS c{place}") for place, each in enumerate(made)]
        by = [fixed(made[place]) if self._chance.random() < 0.5 else fixed(str(place + 1)) for place in keys]
        group: Node | str = fixed(" GROUP BY ", listed(*by)) if by else ""
        return fixed(
            "SELECT ", fixed(*_separated(targets)), " FROM ", source, where, group, self._having(inside)
        )

    # -- windows
    @staticmethod
    def _sortable(columns: Columns) -> Columns:
        types = (*patterns.SHOWN, "uuid", "bytea", "time", "_int4", "_text", "interval", "jsonb")
        return [each for each in columns if each.type in types]

    def _rest(self, columns: Columns) -> str:
        """What tells rows apart: the ids of tables, of what else is joined all columns."""
        keyed = {each.name.rpartition(".")[0] for each in columns if each.name.endswith(".id")} - {""}
        kept = [each.name for each in self._sortable(columns) if each.name.rpartition(".")[0] not in keyed]
        return ", ".join([*sorted(f"{each}.id" for each in keyed), *kept])

    def _over(self, source: Node, where: Node, inside: Columns, types: Sequence[str]) -> Node:
        rest = self._rest(inside)
        window = (
            clause("PARTITION BY ", self._safe.of(self._word(*patterns.GROUPED), inside, 1), " ")
            if self._chance.random() < 0.6
            else ""
        )
        first = self._chance.choice(self._sortable(inside) or [Column("1", "int4")])
        order = f"ORDER BY {first.name} {self._word('', 'DESC', 'NULLS FIRST')}{', ' + rest if rest else ''}"
        named = self._chance.random() < 0.5
        targets = []
        for place, type_ in enumerate(types):
            if type_ not in patterns.OVER or self._chance.random() < 0.3:
                targets.append(fixed(self._safe.of(type_, inside, 1), f" AS c{place}"))
                continue
            call, frame = self._window_call(type_, inside), clause(f" {self._word(*patterns.FRAMES)}")
            over = (" OVER (w", frame, ")") if named else (" OVER (", window, order, frame, ")")
            targets.append(fixed(call, *over, f" AS c{place}"))
        text = fixed("SELECT ", listed(*targets), " FROM ", source, where)
        return fixed(text, " WINDOW w AS (", window, order, ")") if named else text

    def _window_call(self, type_: str, inside: Columns) -> Node:
        pattern = self._word(*patterns.OVER[type_])
        call = self._filled(pattern, inside)
        if pattern.split("(")[0] in patterns.FILTERED and self._chance.random() < 0.15:
            return fixed(call, clause(" FILTER (WHERE ", self._test(inside, 1), ")"))
        return call

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


def _separated(parts: Sequence[Node]) -> list[Node | str]:
    return [each for part in parts for each in (part, ", ")][:-1]


def _single(pattern: str) -> bool:
    """Whether a pattern is one call and nothing around it, which may have a FILTER."""
    depth = 0
    for place, letter in enumerate(pattern):
        depth += (letter == "(") - (letter == ")")
        if letter == ")" and depth == 0:
            rest = pattern[place + 1 :].removeprefix(" WITHIN GROUP ")
            return pattern[0] != "(" and (
                rest == "" or (rest != pattern[place + 1 :] and _single(f"x{rest}"))
            )
    return False
