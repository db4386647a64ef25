"""What SQLite's plan calls t1, t2, w3, in the user's words: the table, its conditions, its order.

SQLite says `SCAN t1` of a translated statement, and no condition; here the typed tree is read again for what the
number stands for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stepladder.sql.conditions import Comparison
from stepladder.sql.infer.context import Analysis, Schema, Scope
from stepladder.sql.infer.queries import query
from stepladder.sql.infer.raw import body_of, kind_of
from stepladder.sql.infer.tree import (
    Call,
    Cast,
    Constant,
    Cte,
    CteSource,
    Delete,
    Expression,
    FunctionSource,
    InList,
    InQuery,
    Insert,
    Join,
    Logic,
    NullTest,
    Parameter,
    Reference,
    Select,
    TableSource,
    Update,
    Write,
    walk,
)
from stepladder.sql.infer.writes import delete, insert, update
from stepladder.sql.names import TableName
from stepladder.sql.parameters import Numbered
from stepladder.sql.parse import deep, parse_one
from stepladder.sql.rewrite.comparisons import collation
from stepladder.sql.storage import is_native_numeric
from stepladder.sql.types import Type

_WRITES = {"InsertStmt": insert, "UpdateStmt": update, "DeleteStmt": delete}
_COMPARISON = re.compile(r"(?:eq|lt|le|gt|ge|ne)(?=_|$)")
_SYMBOLS = {"eq": "=", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "ne": "<>"}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "<>": "<>"}


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a condition, of those that AND joins. `needs` are the t-numbers of the other sources beside it in
    FROM whose rows must be at hand before it can be asked."""

    text: str
    needs: frozenset[int]
    comparisons: tuple[Comparison, ...]  # those that an index on SQLite could serve


@dataclass(frozen=True, slots=True)
class Access:
    """One use of a table in a statement; `order`, `group`, `distinct` are the keys of its query, where each is a bare
    column of this table."""

    table: TableName
    alias: str | None = None
    parts: tuple[Part, ...] = ()
    order: tuple[str, ...] = ()
    group: tuple[str, ...] = ()
    distinct: tuple[str, ...] = ()


@dataclass(slots=True)
class Accesses:
    """Tables and WITH's names by the numbers that the translated statement gives them."""

    tables: dict[int, Access] = field(default_factory=dict)
    functions: dict[int, str] = field(default_factory=dict)  # in FROM: generate_series
    names: dict[int, str] = field(default_factory=dict)  # of WITH's queries, by w-number
    uses: dict[int, int] = field(default_factory=dict)  # t-number of a use -> w-number
    target: TableName | None = None  # what is written into, by `verb`: insert, update, delete
    verb: str = "select"


def accesses(sql: str, schema: Schema, parameters: Mapping[str, Type]) -> Accesses:
    """What the numbers in `translate(sql, …)` stand for. Empty for a statement without a plan."""
    with deep():
        text, tree = parse_one(sql)
        analysis = Analysis(schema, parameters, text.names, query)
        kind, body = kind_of(tree), body_of(tree)
        if kind == "SelectStmt":
            root: object = query(analysis, tree, Scope())
        elif kind in _WRITES:
            root = _WRITES[kind](analysis, body, Scope())
        else:
            return Accesses()
        found = Accesses(verb=kind.removesuffix("Stmt").lower())
        if isinstance(root, Write):
            found.target = root.target.table
        for node in walk(root):
            if isinstance(node, Cte):
                found.names[node.id] = node.name
            elif isinstance(node, CteSource):
                found.uses[node.id] = node.cte
            elif isinstance(node, FunctionSource):
                found.functions[node.id] = node.name
            elif isinstance(node, Select | Update | Delete | Insert):
                found.tables |= _Level(node, text).accesses()
        return found


class _Level:
    """One query: its tables, and the parts of its conditions."""

    def __init__(self, node: Select | Update | Delete | Insert, text: Numbered) -> None:
        self._node = node
        self._words = _Words(text)
        target = [] if isinstance(node, Select) else [node.target]
        sources = [] if isinstance(node, Insert) else node.sources
        self._sources = {each.id: each for each in _leaves([*target, *sources])}
        conditions = [] if isinstance(node, Insert) else [node.where, *_join_conditions(sources)]
        self._parts = [part for each in conditions if each is not None for part in _parts(each)]

    def accesses(self) -> dict[int, Access]:
        tables = {number: each for number, each in self._sources.items() if isinstance(each, TableSource)}
        return {number: self._access(number, source) for number, source in tables.items()}

    def _access(self, number: int, source: TableSource) -> Access:
        mine = [part for part in self._parts if number in _references(part)]
        alias = None if source.alias == source.table.name else source.alias
        parts = tuple(self._part(part, number) for part in mine)
        if not isinstance(self._node, Select):
            return Access(source.table, alias, parts)
        return Access(
            source.table,
            alias,
            parts,
            order=_bare([each.key for each in self._node.order], number),
            group=_bare(self._node.group, number),
            distinct=_bare([each.value for each in self._node.targets], number),
        )

    def _part(self, part: Expression, number: int) -> Part:
        beside = (_references(part) & self._sources.keys()) - {number}
        return Part(self._words.shown(part), frozenset(beside), tuple(_compared(part, number)))


def _bare(keys: Sequence[Expression], number: int) -> tuple[str, ...]:
    return tuple(map(_name, keys)) if all(_is_bare(key, number) for key in keys) else ()


def _leaves(sources: Iterable[object]) -> Iterator[Any]:
    """The sources of FROM, joins taken apart."""
    for source in sources:
        if isinstance(source, Join):
            yield from _leaves([source.left, source.right])
        else:
            yield source


def _join_conditions(sources: Iterable[object]) -> Iterator[Expression | None]:
    for source in sources:
        if isinstance(source, Join):
            yield source.on
            yield from _join_conditions([source.left, source.right])


def _parts(node: Expression) -> Iterator[Expression]:
    if isinstance(node, Logic) and node.word == "AND":
        for each in node.arguments:
            yield from _parts(each)
    else:
        yield node


def _references(node: object) -> set[int]:
    return {each.source for each in walk(node) if isinstance(each, Reference)}


# -- comparisons
def _compared(node: Expression, number: int) -> Iterator[Comparison]:
    """The bare columns of source `number` that a part compares."""
    if isinstance(node, Call) and node.operator and len(node.arguments) == 2:
        symbol = _symbol(node)
        for one, other in (node.arguments, node.arguments[::-1]):
            if symbol not in (None, "<>") and _is_bare(one, number) and number not in _references(other):
                yield Comparison(None, _name(one), symbol == "=")
    elif isinstance(node, InList | InQuery):
        if not getattr(node, "negated", False) and _is_bare(node.left, number):
            yield Comparison(None, _name(node.left), equal=True)
    elif isinstance(node, NullTest) and not node.negated and _is_bare(node.argument, number):
        yield Comparison(None, _name(node.argument), equal=True)


def _symbol(node: Call) -> str | None:
    """=, <, … from the name of the implementation: int4eq, timestamptz_lt, date_ge_timestamp."""
    match = _COMPARISON.search(node.name)
    return _SYMBOLS[match[0]] if match else None


def _is_bare(node: Expression, number: int) -> bool:
    """Whether the text that SQLite gets for it is the column and nothing else: only then an index serves."""
    if isinstance(node, Cast) and node.method == "relabel":
        node = node.argument
    return (
        isinstance(node, Reference)
        and node.source == number
        and not is_native_numeric(node.type)
        and not collation(node.type)
    )


def _name(node: Expression) -> str:
    inner = node.argument if isinstance(node, Cast) else node
    assert isinstance(inner, Reference)
    return inner.name


# -- the user's words
class _Words:
    """Expressions as the user wrote them, as far as a plan needs them."""

    def __init__(self, text: Numbered) -> None:
        self._text = text
        self._bytes = text.text.encode()

    def shown(self, node: object) -> str:
        """An expression in one line; what has no simple form is an ellipsis."""
        if isinstance(node, Reference):
            return self._written(node) or node.name
        if isinstance(node, Parameter):
            return f":{node.name}"
        if isinstance(node, Constant):
            return _literal(node)
        if isinstance(node, Cast):
            return self.shown(node.argument)
        if isinstance(node, Logic):
            return self._logic(node)
        if isinstance(node, NullTest):
            return f"{self.shown(node.argument)} IS {'NOT ' if node.negated else ''}NULL"
        if isinstance(node, InList):
            word = "NOT IN" if node.negated else "IN"
            return f"{self.shown(node.left)} {word} ({', '.join(map(self.shown, node.items))})"
        if isinstance(node, InQuery):
            return f"{self.shown(node.left)} IN (SELECT …)"
        return self._call(node) if isinstance(node, Call) else "…"

    def _logic(self, node: Logic) -> str:
        if node.word == "NOT":
            return f"NOT ({self.shown(node.arguments[0])})"
        return "(" + f" {node.word} ".join(map(self.shown, node.arguments)) + ")"

    def _call(self, node: Call) -> str:
        parts = [self.shown(each) for each in node.arguments]
        if not node.operator:
            return f"{self._word_at(node.position) or node.name}({', '.join(parts)})"
        symbol = _symbol(node) or self._word_at(node.position) or "?"
        return f"{parts[0]} {symbol} {parts[1]}" if len(parts) == 2 else f"{symbol}{parts[0]}"

    def _word_at(self, position: int | None) -> str:
        if position is None:
            return ""
        rest = self._bytes[position : position + 200].decode(errors="ignore")
        match = re.match(r"[-+*/<>=~!@#%^&|`?]+|\w+", rest)
        return match[0] if match else ""

    def _written(self, node: Reference) -> str:
        """`o.user_id` where that is what stands in the text."""
        if node.position is None:
            return ""
        rest = self._bytes[node.position : node.position + 200].decode(errors="ignore")
        match = re.match(r'(?:"(?:[^"]|"")*"|\w+)(?:\s*\.\s*(?:"(?:[^"]|"")*"|\w+))*', rest)
        return match[0] if match else ""


def _literal(node: Constant) -> str:
    if node.value is None:
        return "NULL"
    return str(node.value) if isinstance(node.value, int | float) else f"'{node.value}'"
