"""Random queries of many shapes over tables of everyday values, on which no expression fails.

What PostgreSQL leaves open is not asked for: aggregates that depend on their rows' order say it, windows are ordered by
what tells their rows apart, LIMIT stands beside an order of all columns, and sums of floats are exact.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from tests.fuzz import grammar, values
from tests.fuzz.expressions import Column, Expressions
from tests.fuzz.node import Node, clause, fixed, listed
from tests.fuzz.schemas import Table
from tests.fuzz.statement import Statement

SHOWN = ["int4", "int8", "numeric", "float8", "bool", "text", "date", "timestamp", "timestamptz"]
RARE = ["jsonb", "_int4", "_text", "uuid", "bytea", "time", "interval"]
_GROUPED = ["int4", "bool", "text", "date", "timestamptz", "int8"]  # equal ones look alike
Columns = list[Column]
AGGREGATES: dict[str, list[str]] = {
    "int8": ["count(*)", "count({})", "count(DISTINCT {text})", "sum({int4})", "count(*)", "regr_count({float8}, {float8})"],
    "numeric": [
        *("sum({numeric})", "sum({int8})", "avg({numeric})", "avg({int4})", "sum(DISTINCT {numeric})", "min({numeric 2})"),
        *("max({numeric 2})", "stddev({int4})", "var_pop({numeric})", "variance({int4})", "sum({numeric} * {int4})"),
    ],
    "int4": ["min({int4})", "max({int4})", "bit_or({int4})", "bit_and({int4})", "mode() WITHIN GROUP (ORDER BY {int4})",
             "percentile_disc(0.5) WITHIN GROUP (ORDER BY {int4})"],
    "float8": ["sum(floor({float8} * 8))", "avg(floor({float8} * 8))", "max({float8})", "percentile_cont(0.25) WITHIN GROUP (ORDER BY {float8})"],
    "bool": ["bool_and({bool})", "bool_or({bool})", "every({bool})", "count(*) > 1"],
    "text": ["min({text})", "max({text})", "string_agg({text 0}, ',' ORDER BY {0})", "string_agg(DISTINCT {text 0}, '-' ORDER BY {0})",
             "string_agg({text 0}, ';' ORDER BY {0} DESC NULLS LAST)"],
    "date": ["min({date})", "max({date})"],
    "timestamp": ["min({timestamp})", "max({timestamp})"],
    "timestamptz": ["min({timestamptz})", "max({timestamptz})"],
    "interval": ["sum({interval})", "max({date}) - max({timestamp})", "avg({interval})"],
    "_int4": ["array_agg({int4 0} ORDER BY {0})", "array_agg(DISTINCT {int4 0} ORDER BY {0} DESC)"],
    "_text": ["array_agg({text 0} ORDER BY {0} NULLS FIRST)"],
    "jsonb": ["jsonb_agg({int4 0} ORDER BY {0})", "jsonb_agg({text 0} ORDER BY {0} DESC)"],
}  # fmt: skip
_SETS = ("UNION", "UNION ALL", "INTERSECT", "EXCEPT", "INTERSECT ALL", "EXCEPT ALL")
_FRAMES = ["", "", "", "ROWS UNBOUNDED PRECEDING", "ROWS BETWEEN 2 PRECEDING AND CURRENT ROW", "ROWS BETWEEN 1 FOLLOWING AND 3 FOLLOWING",
           "ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING", "GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING",
           "RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW", "ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE CURRENT ROW",
           "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE TIES"]  # fmt: skip
_OVER: dict[str, list[str]] = {
    "int8": ["row_number()", "rank()", "dense_rank()", "count(*)", "sum({int4})", "count({text})"],
    "int4": ["ntile(3)", "lag({int4})", "lead({int4}, 2, 0)", "first_value({int4})", "max({int4})", "nth_value({int4}, 2)"],
    "numeric": ["sum({numeric})", "avg({numeric})", "avg({int4})", "lag({numeric}, 1, 0.00)", "max({numeric})", "min({numeric 2})"],
    "float8": ["percent_rank()", "cume_dist()", "sum(floor({float8} * 8))", "avg(floor({float8} * 8))", "last_value({float8})"],
    "text": ["lag({text})", "last_value({text})", "min({text})", "string_agg({text}, ',')", "lead({text}, 1, 'z')"],
    "bool": ["bool_or({bool})", "lag({bool})"],
    "date": ["max({date})", "first_value({date})", "lag({date}, 1, '2024-01-01')"],
    "timestamp": ["max({timestamp})", "lead({timestamp})"],
    "timestamptz": ["min({timestamptz})", "lag({timestamptz})"],
    "interval": ["max({interval})", "sum({interval})"],
    "_int4": ["array_agg({int4})", "max({_int4})"],
    "jsonb": ["jsonb_agg({int4})", "lag({jsonb})"],
}  # fmt: skip


_ORDERLESS = ("count", "sum", "avg", "min", "max", "bool_or", "rank", "dense_rank", "percent_rank", "cume_dist")
_DISTANCES = {
    "int4": ["1", "2"], "int8": ["3"], "numeric": ["1.5", "0.25"], "date": ["'1 day'", "'30 days'"],
    "timestamp": ["'1 day'", "'1 hour'"], "timestamptz": ["'36 hours'"],
}  # fmt: skip
_ROWS = [
    ("unnest({_int4})", "int4"), ("unnest({_text})", "text"), ("unnest(ARRAY[{text}, {text}])", "text"),
    ("generate_series({date}, {date} + 3, interval '1 day')", "timestamptz"), ("generate_series(1, {:small})", "int4"),
    ("generate_series('2024-01-30'::timestamp, '2024-02-02', {:step})", "timestamp"),
    ("jsonb_array_elements(jsonb_build_array({int4}, {text}, {jsonb}))", "jsonb"),
    ("jsonb_array_elements_text(jsonb_build_array({int4}, {text}, {bool}))", "text"),
    ("jsonb_object_keys(jsonb_build_object('k', {int4}, {:text} || 'x', 2))", "text"),
    ("string_to_table({text}, ',')", "text"), ("regexp_split_to_table({text}, {:regex})", "text"),
]  # fmt: skip


class Queries:
    """Statements that read, from a seed."""

    def __init__(self, chance: random.Random, tables: Sequence[Table]) -> None:
        self._chance = chance
        self._tables = [each for each in tables if not each.edges]
        self._edges = [each for each in tables if each.edges]
        self._safe = Expressions(chance, grammar.safe(), values.everyday, constants=True)
        self._wild = Expressions(chance, grammar.wild(), values.edge, constants=False)
        self._names = 0

    # -- statements
    def expressions(self) -> Statement:
        """Many expressions over the table of edges: any may fail."""
        (table,) = self._edges
        types = self._chance.choices([*SHOWN, *SHOWN, *RARE], k=8)
        targets = [self._shown(self._wild.of(each, table.columns, 2), each) for each in types]
        where = f" WHERE id = {self._chance.randint(1, 3)}"
        return Statement(fixed("SELECT ", listed(*targets), f" FROM {table.name}{where}"), "expressions", parts=True)

    def everyday(self) -> Statement:
        """Many expressions over a table, none of which fails."""
        table = self._chance.choice(self._tables)
        types = self._chance.choices([*SHOWN, *SHOWN, *RARE], k=8)
        targets = [self._shown(self._safe.of(each, table.columns, 3), each) for each in types]
        where = self._where(list(table.columns), 2)
        text = fixed("SELECT ", listed(*targets), f" FROM {table.name}", where, " ORDER BY id")
        return Statement(text, "everyday", ordered=True, parts=True)

    def query(self) -> Statement:
        """A query of any shape, ordered by all of its columns."""
        types = self._chance.choices([*SHOWN, *SHOWN, *RARE], k=self._chance.randint(1, 4))
        body = self._query(2, [], types)
        if self._chance.random() < 0.25:
            body = fixed(*self._with(types, body))
        order = self._order(len(types))
        targets = listed(*[self._shown(f"c{place}", each) for place, each in enumerate(types)])
        # The server's min() of a constant fails beside WITH TIES: "more than one row returned by a subquery".
        wrapped = "interval" in types or str(order[1]).endswith("TIES") or self._chance.random() < 0.1
        if wrapped:
            body = fixed("SELECT ", targets, " FROM (", body, ") AS q")
        return Statement(fixed(body, *order), "query", ordered=True)

    def _with(self, types: Sequence[str], body: Node) -> tuple[Node | str, ...]:
        word = self._word("", "", " MATERIALIZED", " NOT MATERIALIZED")
        if self._chance.random() < 0.5:
            return f"WITH v AS{word} (", body, ") SELECT * FROM v"
        names = ", ".join(f"c{place}" for place in range(len(types)))
        other = self._query(1, [], types)
        return f"WITH v({names}) AS{word} (", body, "), u AS (", other, f") SELECT * FROM v UNION {self._word('ALL ', '')}SELECT * FROM u"

    def _order(self, count: int) -> tuple[Node | str, ...]:
        ways = ("", " DESC", " NULLS FIRST", " DESC NULLS LAST")
        order = ", ".join(f"{place}{self._word(*ways)}" for place in range(1, count + 1))
        limit = self._word("", "", "", " LIMIT 5", " OFFSET 1 LIMIT 3", " FETCH FIRST 2 ROWS ONLY", " FETCH FIRST 3 ROWS WITH TIES")
        return f" ORDER BY {order}", clause(limit)

    @staticmethod
    def _shown(what: Node | str, type_: str) -> Node | str:
        """A target; an interval as text, for the driver counts a month as 30 days."""
        return fixed(what, "::text") if type_ == "interval" else what

    # -- FROM
    def _name(self) -> str:
        self._names += 1
        return f"s{self._names}"

    def _source(self, depth: int, neighbours: Columns) -> tuple[Node, Columns]:
        name, way = self._name(), self._chance.random()
        if depth > 0 and way < 0.3:
            lateral = bool(neighbours) and way < 0.12
            types = self._chance.choices(SHOWN, k=self._chance.randint(1, 3))
            body = self._query(depth - 1, neighbours if lateral else [], types)
            columns = [Column(f"{name}.c{place}", each) for place, each in enumerate(types)]
            return fixed("LATERAL (" if lateral else "(", body, f") AS {name}"), columns
        if way < 0.36:
            return fixed(f"(VALUES (1, 'p'), (NULL, 'q'), (2, NULL)) AS {name}(m, n)"), [Column(f"{name}.m", "int4"), Column(f"{name}.n", "text")]
        if way < 0.40:
            return fixed(f"generate_series(1, {self._chance.randint(1, 4)}) AS {name}(g)"), [Column(f"{name}.g", "int4")]
        if way < 0.48:
            pattern, type_ = self._chance.choice(_ROWS)
            made = self._filled(pattern, neighbours)
            return fixed(made, f" AS {name}(e)"), [Column(f"{name}.e", type_)]
        table = self._chance.choice(self._tables)
        return fixed(f"{table.name} AS {name}"), [Column(f"{name}.{each.name}", each.type) for each in table.columns]

    def _from(self, depth: int, outer: Columns) -> tuple[Node, Columns]:
        text, columns = self._source(depth, [])
        for _ in range(self._chance.choice((0, 0, 0, 1, 1, 2))):
            text, columns = self._joined(text, columns, depth, outer)
        return text, columns

    def _joined(self, text: Node, columns: Columns, depth: int, outer: Columns) -> tuple[Node, Columns]:
        word = self._word("CROSS", "INNER", "INNER", "LEFT", "LEFT", "RIGHT", "FULL")
        other, new = self._source(depth, [] if word in ("RIGHT", "FULL") else columns)
        pairs = [(one.name, two.name) for one in columns for two in new if one.type == two.type and one.type in SHOWN]
        if word == "CROSS":
            return fixed(text, " CROSS JOIN ", other), columns + new
        if not pairs:
            return fixed(text, " LEFT JOIN ", other, " ON true"), columns + new
        test = "{} = {}".format(*self._chance.choice(pairs))
        also = clause(" AND ", self._test(columns + new + outer, 1)) if word != "FULL" and self._chance.random() < 0.25 else ""
        return fixed(text, f" {word} JOIN ", other, f" ON {test}", also), columns + new

    # -- queries
    def _query(self, depth: int, outer: Columns, types: Sequence[str]) -> Node:
        way = self._chance.random()
        if depth > 0 and way < 0.12:
            one, two = (self._query(depth - 1, outer, types) for _ in range(2))
            return fixed("(", one, f") {self._word(*_SETS)} (", two, ")")
        if way < 0.18:
            return self._using(types)
        source, inside = self._from(depth, outer)
        scope = inside + outer
        where = self._where(scope, 2, depth) if self._chance.random() < 0.5 else fixed()
        if way < 0.40:
            return self._grouped(source, where, inside, types)
        if way < 0.55:
            return self._over(source, where, inside, types)
        if way < 0.60:
            return self._ranged(source, where, inside, types)
        if way < 0.64:
            return self._recursive(types)
        targets = [self._target(scope, each, place, depth) for place, each in enumerate(types)]
        distinct = clause("DISTINCT ") if self._chance.random() < 0.15 and set(types) <= set(_GROUPED) else ""
        if distinct or way < 0.9:
            return fixed("SELECT ", distinct, listed(*targets), " FROM ", source, where)
        return self._distinct_on(source, where, inside, targets)

    def _distinct_on(self, source: Node, where: Node, inside: Columns, targets: Sequence[Node]) -> Node:
        rest = ", ".join(each.name for each in self._sortable(inside))
        first = self._safe.of(self._word(*_GROUPED), inside, 1)
        return fixed("SELECT DISTINCT ON (", first, ") ", listed(*targets), " FROM ", source, where, " ORDER BY ", first, f", {rest}" if rest else "")

    def _using(self, types: Sequence[str]) -> Node:
        """Two tables joined by their ids."""
        one, two = self._chance.choice(self._tables), self._chance.choice(self._tables)
        word = self._word("", "LEFT ", "RIGHT ", "FULL ")
        left, right = self._name(), self._name()
        scope = [Column("id", "int4")]
        scope += [Column(f"{left}.{each.name}", each.type) for each in one.columns]
        scope += [Column(f"{right}.{each.name}", each.type) for each in two.columns]
        targets = [self._target(scope, each, place, 0) for place, each in enumerate(types)]
        return fixed("SELECT ", listed(*targets), f" FROM {one.name} AS {left} {word}JOIN {two.name} AS {right} USING (id)", self._where(scope, 1))

    def _target(self, scope: Columns, type_: str, place: int, depth: int) -> Node:
        if depth > 0 and self._chance.random() < 0.08 and type_ in SHOWN:
            inner = self._scalar(type_, scope)
            return fixed(inner, f" AS c{place}")
        return fixed(self._safe.of(type_, scope, self._chance.choice((0, 1, 2))), f" AS c{place}")

    def _scalar(self, type_: str, scope: Columns) -> Node:
        """A scalar subquery."""
        source, inside = self._source(0, [])
        inner = self._safe.of(type_, inside, 1)
        if type_ == "bool" or type_ == "float8":
            order = ", ".join(each.name for each in self._sortable(inside))
            return fixed("(SELECT ", inner, " FROM ", source, self._where(inside + scope, 1), f" ORDER BY {order} LIMIT 1)")
        return fixed(f"(SELECT {self._word('min', 'max')}(", inner, ") FROM ", source, self._where(inside + scope, 1), ")")

    def _recursive(self, types: Sequence[str]) -> Node:
        """Rows counted up, or a walk through a table by its own ids."""
        name = self._name()
        if self._chance.random() < 0.5:
            step, word = self._word("n + 1", "n * 2", "n + n % 3 + 1"), self._word("UNION ALL", "UNION")
            rows = f"SELECT 1 AS n, 'a'::text AS p {word} SELECT {step}, p || 'b' FROM {name} WHERE n < {self._word('5', '9')}"
        else:
            table = self._chance.choice(self._tables).name
            rows = (
                f"SELECT id AS n, ''::text AS p FROM {table} WHERE id <= 2 UNION ALL "
                f"SELECT t.id, r.p || '/' || t.c1::text FROM {table} AS t JOIN {name} AS r ON t.id = r.n + 2"
            )
        scope = [Column(f"{name}.n", "int4"), Column(f"{name}.p", "text")]
        targets = [self._target(scope, each, place, 0) for place, each in enumerate(types)]
        where = self._where(scope, 1)
        return fixed(f"WITH RECURSIVE {name}(n, p) AS ({rows}) SELECT ", listed(*targets), f" FROM {name}", where)

    # -- conditions
    def _where(self, scope: Columns, depth: int, nested: int = 0) -> Node:
        return clause(" WHERE ", self._test(scope, depth, nested))

    def _test(self, scope: Columns, depth: int, nested: int = 0) -> Node:
        if nested > 0 and self._chance.random() < 0.25:
            type_ = self._word(*SHOWN)
            inner = self._query(nested - 1, scope, [type_])
            tests = (
                lambda: fixed(self._safe.of(type_, scope, 1), f" {self._word('IN', 'NOT IN', '= ANY', '> ALL', '< ANY')} (", inner, ")"),
                lambda: fixed(f"{self._word('', 'NOT ')}EXISTS (", inner, ")"),
            )
            return self._chance.choice(tests)()
        return self._safe.of("bool", scope, depth)

    # -- groups
    def _filled(self, pattern: str, scope: Columns, aggregates: bool = True) -> Node:
        """A pattern of AGGREGATES or _OVER. `{type 0}` is written again as `{0}`; `{type column}` is a column or a literal."""
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
                made = fixed("(", made, ")::numeric(20,2)")
            kept = made if way == "0" else kept
            parts.append(made)
        return fixed(*parts)

    def _aggregate(self, type_: str, scope: Columns) -> Node:
        patterns = AGGREGATES.get(type_)
        if not patterns:
            return fixed(f"NULL::{values.spelled(type_)}")
        found = self._filled(self._word(*patterns), scope)
        if self._chance.random() < 0.15 and str(found).count("(") and not str(found).endswith("> 1") and " - " not in str(found)[:14]:
            found = fixed(found, clause(" FILTER (WHERE ", self._test(scope, 1), ")")) if not self._compound(type_, found) else found
        return found

    @staticmethod
    def _compound(type_: str, found: Node) -> bool:
        return type_ == "interval" and str(found).startswith("max(")

    def _grouped(self, source: Node, where: Node, inside: Columns, types: Sequence[str]) -> Node:
        groupable = [each for each in inside if each.type in _GROUPED]
        keys = list(dict.fromkeys(self._chance.choice(groupable) for _ in range(2))) if groupable and self._chance.random() < 0.85 else []
        targets = []
        for place, type_ in enumerate(types):
            own = [each for each in keys if each.type == type_]
            made: Node | str = self._word(*(each.name for each in own)) if own and self._chance.random() < 0.6 else self._aggregate(type_, inside)
            if type_ == "int8" and self._chance.random() < 0.2:
                made = self._filled(self._word("sum(count(*)) OVER ()", "rank() OVER (ORDER BY count(*), max({int4}))"), inside)
            targets.append(fixed(made, f" AS c{place}"))
        if not keys:
            return fixed("SELECT ", listed(*targets), " FROM ", source, where)
        names = ", ".join(each.name for each in keys)
        sets = self._word(names, names, names, f"ROLLUP ({names})", f"CUBE ({names})", f"GROUPING SETS (({names}), ({keys[0].name}), ())")
        having = clause(" HAVING ", self._aggregate("bool", inside)) if self._chance.random() < 0.2 else ""
        return fixed("SELECT ", listed(*targets), " FROM ", source, where, f" GROUP BY {sets}", having)

    # -- windows
    @staticmethod
    def _sortable(columns: Columns) -> Columns:
        return [each for each in columns if each.type in (*SHOWN, "uuid", "bytea", "time", "_int4", "_text", "interval", "jsonb")]

    def _over(self, source: Node, where: Node, inside: Columns, types: Sequence[str]) -> Node:
        rest = ", ".join(each.name for each in self._sortable(inside))
        window = clause("PARTITION BY ", self._safe.of(self._word(*_GROUPED), inside, 1), " ") if self._chance.random() < 0.6 else ""
        first = self._chance.choice([each for each in self._sortable(inside)] or [Column("1", "int4")])
        order = f"ORDER BY {first.name} {self._word('', 'DESC', 'NULLS FIRST')}{', ' + rest if rest else ''}"
        targets = []
        for place, type_ in enumerate(types):
            if type_ not in _OVER or self._chance.random() < 0.3:
                targets.append(fixed(self._safe.of(type_, inside, 1), f" AS c{place}"))
                continue
            call = self._filled(self._word(*_OVER[type_]), inside)
            frame = clause(f" {self._word(*_FRAMES)}")
            targets.append(fixed(call, " OVER (", window, order, frame, f") AS c{place}"))
        return fixed("SELECT ", listed(*targets), " FROM ", source, where)

    def _ranged(self, source: Node, where: Node, inside: Columns, types: Sequence[str]) -> Node:
        """Frames of a distance: rows of equal keys are in all the same frames, and their order is not asked for."""
        keys = [each for each in inside if each.type in _DISTANCES]
        targets = []
        for place, type_ in enumerate(types):
            patterns = [each for each in _OVER.get(type_, ()) if each.split("(")[0] in _ORDERLESS]
            if not (keys and patterns):
                targets.append(fixed(self._safe.of(type_, inside, 1), f" AS c{place}"))
                continue
            key, call = self._chance.choice(keys), self._filled(self._word(*patterns), inside)
            distance = self._word(*_DISTANCES[key.type])
            frame = self._word(
                f"{distance} PRECEDING AND CURRENT ROW", f"{distance} PRECEDING AND {distance} FOLLOWING",
                f"CURRENT ROW AND {distance} FOLLOWING", f"UNBOUNDED PRECEDING AND {distance} PRECEDING",
            )  # fmt: skip
            order = f"ORDER BY {key.name}{self._word('', ' DESC', ' NULLS FIRST')}"
            targets.append(fixed(call, f" OVER ({order} RANGE BETWEEN {frame}) AS c{place}"))
        return fixed("SELECT ", listed(*targets), " FROM ", source, where)

    def _word(self, *words: str) -> str:
        return self._chance.choice(words)
