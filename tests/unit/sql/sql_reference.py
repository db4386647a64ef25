"""docs/reference/sql.md, written by asking the translator: `python -m tests.unit.sql.sql_reference` writes it anew.

Every function and operator of PostgreSQL's catalogs over types that SQLite can hold is translated over columns of
those types: what is refused here is refused for you.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from stepladder.errors import Error, NotPortable
from stepladder.sql import translate
from stepladder.sql.infer.catalog import Operator, Procedure, catalog
from tests.unit.sql.conftest import Lite

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "sql.md"
TYPES = (
    *("int2", "int4", "int8", "numeric", "float4", "float8", "bool", "text", "varchar", "bpchar", "bytea"),
    *("date", "time", "timestamp", "timestamptz", "interval", "uuid", "jsonb", "json", "jsonpath"),
)
# The server's own: input, output, support of indexes and aggregates. Endings and beginnings of names.
_INTERNAL = (
    "out", "send", "_recv", "_cmp", "larger", "smaller", "_transfn", "_sortsupport", "_hash", "_extended", "_accum",
    "_combine", "_statefunc", "_subdiff", "_serialize", "_deserialize", "_support",
)  # fmt: skip
_INTERNAL_BEGINNINGS = ("hash", "in_range", "binary_upgrade", "pg_stat_", "pg_ls_", "inet_", "icu_")
# What must be written out, or is where it is SQLite's own: (place, literal).
_LITERALS = {
    **dict.fromkeys(("extract", "date_part", "date_trunc"), (0, "'day'")),
    **dict.fromkeys(("percentile_cont", "percentile_disc"), (0, "0.5")),
    "ntile": (0, "4"),
    "nth_value": (1, "2"),
}
_OTHER_TYPES = (
    *("int4[]", "text[]", "int4[][]", "varchar(10)", "numeric(10, 2)", "numeric(30, 10)", "timestamptz(3)"),
    *("serial", "timetz", "money", "inet", "int4range", "tsvector", "point", "xml", "bit(3)", "oid"),
)
_STAND_INS = {
    "anyelement": "int4",
    "anynonarray": "int4",
    "anycompatible": "int4",
    "anycompatiblenonarray": "int4",
    "any": "int4",
    "anyarray": "_int4",
    "anycompatiblearray": "_int4",
}
_ONCE_A_GROUP = ("pg_raised(sum(", "pg_average(sum(")  # Python for each group only
_THEMES: dict[str, tuple[str, ...]] = {
    "Aggregates": (),
    "Windows": (),
    "Numbers": ("int2", "int4", "int8", "numeric", "float4", "float8", "bool"),
    "Text and bytea": ("text", "varchar", "bpchar", "bytea"),
    "Dates and times": ("date", "time", "timestamp", "timestamptz", "interval"),
    "jsonb, json, uuid": ("jsonb", "json", "jsonpath", "uuid"),
    "Arrays": (),
    "Without arguments": ("",),
}
SCHEMA = """
CREATE TABLE orders (id int PRIMARY KEY, customer int NOT NULL, status text, total numeric(10, 2), at timestamptz,
    tags text[], details jsonb);
CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL, country char(2), boss int);
CREATE VIEW paid AS SELECT id, total FROM orders WHERE status = 'paid'
"""
CONSTRUCTS: dict[str, tuple[str, ...]] = {
    "Queries": (
        "SELECT DISTINCT ON (customer) * FROM orders ORDER BY customer, at DESC",
        "SELECT * FROM orders o LEFT JOIN customers c ON c.id = o.customer",
        "SELECT * FROM orders FULL JOIN customers USING (id)",
        "SELECT * FROM customers c CROSS JOIN LATERAL (SELECT id FROM orders o WHERE o.customer = c.id ORDER BY total DESC LIMIT 3) top",
        "SELECT status, sum(total) FROM orders GROUP BY ROLLUP (status)",
        "SELECT status, customer, count(*) FROM orders GROUP BY GROUPING SETS ((status), (customer), ())",
        "SELECT status, count(*) FILTER (WHERE total > 10) FROM orders GROUP BY status HAVING count(*) > 1",
        "WITH big AS (SELECT * FROM orders WHERE total > 100) SELECT count(*) FROM big",
        (
            "WITH RECURSIVE up AS (SELECT id, boss FROM customers UNION SELECT c.id, c.boss FROM customers c"
            " JOIN up ON c.id = up.boss) SELECT * FROM up"
        ),
        "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 9) SEARCH DEPTH FIRST BY n SET o SELECT * FROM t",
        "SELECT id FROM orders EXCEPT ALL SELECT id FROM customers",
        "SELECT id FROM orders ORDER BY total FETCH FIRST 3 ROWS WITH TIES",
        "SELECT * FROM orders WHERE (customer, status) IN (SELECT id, name FROM customers)",
        "SELECT * FROM orders WHERE total > ALL (SELECT total FROM paid)",
        "SELECT sum(total) OVER (PARTITION BY customer ORDER BY at RANGE BETWEEN '7 days' PRECEDING AND CURRENT ROW) FROM orders",
        "SELECT sum(total) OVER w FROM orders WINDOW w AS (ORDER BY id ROWS 3 PRECEDING EXCLUDE CURRENT ROW)",
        "SELECT string_agg(status, ',' ORDER BY at DESC) FROM orders",
        "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY total) FROM orders",
        "SELECT * FROM orders, unnest(tags) WITH ORDINALITY AS t(tag, place)",
        "SELECT id, unnest(tags) FROM orders",
        "SELECT * FROM generate_series(1, 10) AS g(n)",
        "SELECT details -> 'a' ->> 'b' FROM orders WHERE details @> '{\"x\": 1}'",
        "SELECT * FROM orders FOR UPDATE",
        "SELECT * FROM orders FOR UPDATE SKIP LOCKED",
        "SELECT * FROM orders TABLESAMPLE BERNOULLI (10)",
        'SELECT name FROM customers ORDER BY name COLLATE "C"',
        'SELECT name FROM customers ORDER BY name COLLATE "en_US"',
        "SELECT o FROM orders o",
        "SELECT * FROM orders WHERE status LIKE 'pa%'",
        "SELECT to_char(at, 'YYYY-MM') FROM orders",
        "SELECT at - lag(at) OVER (PARTITION BY customer ORDER BY at) > interval '30 minutes' FROM orders",
        "SELECT table_name FROM information_schema.tables",
    ),
    "Writes": (
        "INSERT INTO customers (id, name) VALUES (1, 'Ann'), (2, DEFAULT)",
        (
            "INSERT INTO customers (id, name) SELECT id, status FROM orders ON CONFLICT (id) DO UPDATE"
            " SET name = excluded.name WHERE customers.name <> excluded.name"
        ),
        "INSERT INTO customers (id, name) VALUES (1, 'Ann') ON CONFLICT DO NOTHING RETURNING *",
        "UPDATE orders SET total = total * 2 WHERE id = 1 RETURNING id, total",
        "UPDATE orders o SET status = c.name FROM customers c WHERE c.id = o.customer",
        "UPDATE orders o SET status = c.name FROM customers c WHERE c.id = o.customer RETURNING c.name",
        "UPDATE orders SET (status, total) = ('x', 1)",
        "DELETE FROM orders USING customers c WHERE c.id = customer",
        "WITH gone AS (DELETE FROM orders RETURNING *) SELECT count(*) FROM gone",
        "MERGE INTO customers c USING orders o ON c.id = o.customer WHEN MATCHED THEN UPDATE SET name = o.status",
        "TRUNCATE orders, customers RESTART IDENTITY",
    ),
    "Definitions": (
        "CREATE TABLE t (id int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, n numeric(10, 2) NOT NULL DEFAULT 0 CHECK (n >= 0))",
        "CREATE TABLE t (a int, b int, c int GENERATED ALWAYS AS (a + b) STORED, UNIQUE (a, b), FOREIGN KEY (a) REFERENCES orders (id))",
        "CREATE TEMP TABLE t AS SELECT * FROM orders",
        "CREATE TABLE t (LIKE orders)",
        "CREATE OR REPLACE VIEW paid AS SELECT id, total FROM orders WHERE status = 'paid'",
        "CREATE MATERIALIZED VIEW m AS SELECT 1 AS x",
        "CREATE UNIQUE INDEX i ON orders (lower(status)) WHERE total > 0",
        "CREATE INDEX i ON orders USING gin (details)",
        "ALTER TABLE orders ADD COLUMN note text DEFAULT ''",
        "ALTER TABLE orders DROP COLUMN tags",
        "ALTER TABLE orders RENAME COLUMN status TO state",
        "ALTER TABLE orders ADD CONSTRAINT c CHECK (total > 0)",
        "ALTER TABLE orders ALTER COLUMN status SET NOT NULL",
        "DROP TABLE IF EXISTS customers",
        "DROP TABLE orders CASCADE",
        "COMMENT ON TABLE orders IS 'x'",
        "CREATE SEQUENCE s",
        "CREATE TYPE mood AS ENUM ('sad', 'ok')",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    ),
}


def state(lite: Lite, sql: str) -> tuple[str, str]:
    """equal, slow (it calls Python for each row) or refused; and for a refusal what to do instead."""
    try:
        text = translate(sql, lite, {}).sql
    except NotPortable as refused:
        return "refused", refused.instead or refused.why or refused.what
    except Error as error:
        return "refused", error.message.splitlines()[0]
    for wrapper in _ONCE_A_GROUP:
        text = text.replace(wrapper, "sum(")
    return ("slow" if "pg_" in text else "equal"), ""


def page() -> str:
    """The whole page."""
    lite = Lite()
    for statement in SCHEMA.strip().split(";"):
        lite.run(statement.strip())
    parts = [_HEAD]
    for title, statements in CONSTRUCTS.items():
        parts.append(f"\n## {title}\n\n| | statement | instead |\n|---|---|---|\n")
        for sql in statements:
            word, instead = state(lite, sql)
            mark = "refused" if word == "refused" else "equal"
            parts.append(f"| {mark} | `{sql.replace('|', chr(92) + '|')}` | {instead.replace('|', '/')} |\n")
    parts += ["\n## Types of columns\n\n", _types(lite), "\n## Casts\n\n", _casts(lite)]
    calls = list(_calls())
    for theme in _THEMES:
        parts.append(f"\n## {theme}\n\n")
        found = [(*state(lite, sql), shown) for where, shown, sql in calls if where == theme]
        for word in ("equal", "slow", "refused"):
            names = [shown for each, _, shown in found if each == word]
            if names:
                parts.append(f"**{word}**: {', '.join(_grouped(names))}\n\n")
    return "".join(parts).rstrip("\n") + "\n"


def _types(lite: Lite) -> str:
    """Which types a column may have."""
    names = (*TYPES, *_OTHER_TYPES)
    found = [(state(lite, f"CREATE TABLE t (c {name})")[0], f"`{name}`") for name in names]
    stored, refused = (
        ", ".join(shown for word, shown in found if (word == "refused") is lost) for lost in (False, True)
    )
    return f"**equal**: {stored}\n\n**refused**: {refused}\n"


def _casts(lite: Lite) -> str:
    """From each type: to which it is cast, and how. What PostgreSQL refuses too is left out."""
    lines = ["| from | equal | slow | refused |\n|---|---|---|---|\n"]
    for source in TYPES:
        found = {
            target: state(lite, _from(f"a1::{_spelled(target)}", [source]))
            for target in TYPES
            if target != source
        }
        cells = [
            ", ".join(
                target
                for target, (each, why) in found.items()
                if each == word and not why.startswith("cannot cast")
            )
            for word in ("equal", "slow", "refused")
        ]
        lines.append(f"| `{source}` | {' | '.join(cells)} |\n")
    return "".join(lines)


def _grouped(names: Iterable[str]) -> Iterator[str]:
    """Functions of one name together: `abs`(float4 · int2)."""
    for name, shown in groupby(sorted(set(names)), key=lambda each: each.partition("(")[0]):
        lists = [each.partition("(")[2][:-1] for each in shown]
        yield f"`{name}`({' · '.join(lists)})" if any(lists) else f"`{name}`()"


def _calls() -> Iterator[tuple[str, str, str]]:
    """(theme, how it is shown, a statement that uses it) of every function and operator over known types."""
    implementing = {operator.procedure for operator in catalog().every_operator()}
    for procedure in catalog().every_procedure():
        arguments = _known(procedure.arguments)
        internal = procedure.name in implementing or procedure.name.endswith(_INTERNAL)
        internal = internal or procedure.name.startswith(_INTERNAL_BEGINNINGS)
        if arguments is not None and not procedure.variadic and not internal:
            shown = list(procedure.arguments)
            if procedure.name in _LITERALS:
                place, literal = _LITERALS[procedure.name]
                shown[place] = literal
            yield _theme_of(procedure), f"{procedure.name}({', '.join(shown)})", _use(procedure, arguments)
    for operator in catalog().every_operator():
        arguments = _known(operator.arguments)
        if arguments is not None:
            yield _theme(operator.arguments), _shown(operator), _from(_applied(operator), arguments)


def _shown(operator: Operator) -> str:
    name = operator.name.replace("|", "\\|")
    return f"{name}({', '.join(operator.arguments)})"


def _known(types: Iterable[str]) -> list[str] | None:
    found = [_STAND_INS.get(type_, type_) for type_ in types]
    return found if all(type_.removeprefix("_") in TYPES for type_ in found) else None


def _theme_of(procedure: Procedure) -> str:
    """Aggregates and windows have a theme each; a unit's name says nothing of the value."""
    if procedure.kind in ("a", "o", "h"):
        return "Aggregates"
    if procedure.kind == "w":
        return "Windows"
    unit = procedure.name in ("extract", "date_part", "date_trunc")
    return _theme(procedure.arguments[1:] if unit else procedure.arguments)


def _theme(types: tuple[str, ...]) -> str:
    first = next((type_ for type_ in types if type_ not in ("any",)), "int4" if types else "")
    if first.startswith("_") or "array" in first:
        return "Arrays"
    first = _STAND_INS.get(first, first)
    return next(theme for theme, held in _THEMES.items() if first in held)


def _use(procedure: Procedure, arguments: list[str]) -> str:
    places = [f"a{place}" for place in range(1, len(arguments) + 1)]
    if procedure.name in _LITERALS:
        place, literal = _LITERALS[procedure.name]
        places[place] = literal
    listed = ", ".join(places)
    name = f'"{procedure.name}"'
    if procedure.returns_set:
        return _from(f"(SELECT count(*) FROM {name}({listed}) AS s)", arguments)
    if procedure.kind == "w":
        return _from(f"{name}({listed}) OVER (ORDER BY a0)", arguments)
    if procedure.kind in ("o", "h"):
        direct, sorted_ = places[:-1], places[-1:] or ["a0"]
        return _from(f"{name}({', '.join(direct)}) WITHIN GROUP (ORDER BY {sorted_[0]})", arguments)
    return _from(f"{name}({listed})", arguments)


def _applied(operator: Operator) -> str:
    return f"a1 {operator.name} a2" if len(operator.arguments) == 2 else f"{operator.name} a1"


def _from(expression: str, arguments: list[str]) -> str:
    columns = [f"NULL::{_spelled(type_)} AS a{place}" for place, type_ in enumerate(arguments, 1)]
    return f"SELECT {expression} AS x FROM (SELECT 1 AS a0{''.join(', ' + each for each in columns)}) AS s"


def _spelled(type_: str) -> str:
    return f"{type_[1:]}[]" if type_.startswith("_") else "char(3)" if type_ == "bpchar" else type_


_HEAD = """# PostgreSQL's SQL on SQLite

On PostgreSQL your SQL goes to the server as it is. On SQLite every construct, function and operator is in one of three states:

- **equal**: SQLite's own expression gives PostgreSQL's value, type and error.
- **slow**: the same, by a Python function for each row (a microsecond and more).
- **refused**: `NotPortable`, before anything runs, with the place, the reason, and what to write instead.

This page is written by asking the translator, and a test compares the two. Not listed: functions over types that SQLite holds no values of
(ranges, geometry, text search, network, money, XML, bit strings, system catalogs), which are all refused.
A function over `varchar` is that over `text`; `date_trunc` and the like are asked with the unit written out.
`numeric` stands for one whose digits vary; columns of `numeric(p,s)` up to 15 digits are [computed as integers](../why/numerics.md).
"""


if __name__ == "__main__":
    PAGE.write_text(page())
