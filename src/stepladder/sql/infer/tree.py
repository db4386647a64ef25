"""The typed tree: what analysis makes of PostgreSQL's raw one. Every node knows its type; every cast is there.

Nodes are equal when they mean the same: places in the text do not count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import cache
from typing import Any

from stepladder.sql.names import TableName
from stepladder.sql.types import Column, Type


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """Anything that has a value. `position` counts bytes in the parsed text."""

    type: Type
    position: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant(Expression):
    """A literal: its value in the form that expressions have (see storage), or the text of an unknown one."""

    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter(Expression):
    """`:name`, to be encoded to the node's type."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference(Expression):
    """A column of a source in FROM; `place` counts from 0."""

    source: int
    place: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Expression):
    """A function or operator by its implementation's name in the catalogs."""

    name: str
    arguments: tuple[Expression, ...]
    volatile: bool = False
    operator: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetCall(Expression):
    """A function that gives rows. `columns` are those that it names itself: OUT parameters, or those behind AS."""

    name: str
    arguments: tuple[Expression, ...]
    columns: tuple[Column, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast(Expression):
    """`argument` as `type`; `method` is the catalogs' (relabel, function, io, array). An explicit one may cut text."""

    argument: Expression
    method: str
    explicit: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Logic(Expression):
    """AND, OR, NOT."""

    word: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NullTest(Expression):
    """IS [NOT] NULL."""

    argument: Expression
    negated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BooleanTest(Expression):
    """IS [NOT] TRUE, FALSE, UNKNOWN; `word` is what stands behind IS."""

    argument: Expression
    word: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Distinct(Expression):
    """IS [NOT] DISTINCT FROM; `negated` for IS NOT DISTINCT FROM. Both sides have the type of the `=` that was chosen."""

    left: Expression
    right: Expression
    negated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NullIf(Expression):
    """NULLIF: `equal` compares the arguments after they were coerced."""

    value: Expression
    equal: Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class NotNull(Expression):
    """A value that must not be NULL: SQLite would give the row a number in its stead. `message` is the error's."""

    argument: Expression
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case(Expression):
    """CASE with conditions; one with an operand was turned into comparisons."""

    branches: tuple[tuple[Expression, Expression], ...]
    default: Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class Coalesce(Expression):
    """COALESCE."""

    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Extreme(Expression):
    """GREATEST and LEAST; `word` says which."""

    word: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InList(Expression):
    """IN over values of one type."""

    left: Expression
    items: tuple[Expression, ...]
    negated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyAll(Expression):
    """`left` operator ANY (array), or ALL; `operator` is the symbol, `call` the implementation's name."""

    left: Expression
    array: Expression
    operator: str
    call: str
    word: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayOf(Expression):
    """ARRAY[…]."""

    elements: tuple[Expression, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row(Expression):
    """ROW(…); `whole` is the row of a source, which an outer join may make NULL (`nullable`) where `marker` is. Its
    columns' `names` are those of the source, else f1, f2, …"""

    elements: tuple[Expression, ...]
    names: tuple[str, ...] = ()
    whole: bool = False
    nullable: bool = False
    marker: Expression | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscript(Expression):
    """`array[index]`."""

    array: Expression
    index: Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class Subquery(Expression):
    """A query as a value; `word` is scalar or exists."""

    query: Query
    word: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InQuery(Expression):
    """`left` IN (SELECT …), both of one type; `left` may be a row."""

    left: Expression
    query: Query
    negated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One key of an ORDER BY, with PostgreSQL's place for NULLs spelled out."""

    key: Expression
    descending: bool
    nulls_first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate(Expression):
    """An aggregate over the rows of a group; no arguments: count(*).

    `direct` are an ordered-set aggregate's own arguments, which have one value for the group; `order` is then
    WITHIN GROUP's, and its keys are the arguments.
    """

    name: str
    arguments: tuple[Expression, ...]
    distinct: bool
    filter: Expression | None
    order: tuple[Order, ...]
    direct: tuple[Expression, ...] = ()
    within: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping(Expression):
    """GROUPING(): a bit for each argument, 1 where the row's grouping set lacks it."""

    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A window's frame; the edges are words (`UNBOUNDED PRECEDING`, `CURRENT ROW`, …) or an expression and a word."""

    mode: str
    start: tuple[Expression | None, str]
    end: tuple[Expression | None, str]
    exclude: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowCall(Expression):
    """A window function, or an aggregate over a window."""

    name: str
    arguments: tuple[Expression, ...]
    filter: Expression | None
    partition: tuple[Expression, ...]
    order: tuple[Order, ...]
    frame: Frame | None


# -- queries
@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A column of a query's output."""

    name: str
    value: Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What every query has: its output, its WITH, its order and limits."""

    columns: tuple[Column, ...]
    with_: tuple[Cte, ...] = ()
    order: tuple[Order, ...] = ()
    limit: Expression | None = None
    offset: Expression | None = None
    ties: bool = False  # FETCH … WITH TIES


@dataclass(frozen=True, slots=True, kw_only=True)
class Select(Query):
    """A plain SELECT. `distinct_on` is empty for SELECT DISTINCT; `sets` are subsets of `group`, empty without GROUPING SETS."""

    targets: tuple[Target, ...]
    sources: tuple[Source, ...]
    where: Expression | None
    grouped: bool
    group: tuple[Expression, ...]
    having: Expression | None
    distinct: bool
    distinct_on: tuple[Expression, ...]
    sets: tuple[tuple[Expression, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SetOperation(Query):
    """UNION, INTERSECT, EXCEPT; the branches are cast to the common types. `id` is what ORDER BY refers to."""

    word: str
    all: bool
    left: Query
    right: Query
    id: int
    casts_left: tuple[Expression, ...]
    casts_right: tuple[Expression, ...]
    left_id: int
    right_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecursiveUnion(Query):
    """A query of WITH RECURSIVE: `first`, cast, and `again` over the rows that came last."""

    first: Query
    casts: tuple[Expression, ...]
    first_id: int
    again: Select
    all: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Values(Query):
    """VALUES; `id` is what ORDER BY refers to."""

    rows: tuple[tuple[Expression, ...], ...]
    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cte:
    """A query of WITH."""

    id: int
    name: str
    query: Query
    materialized: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Something in FROM."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSource(Source):
    """A table; `alias` is for people."""

    id: int
    table: TableName
    columns: tuple[Column, ...]
    alias: str | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuerySource(Source):
    """A subquery; a lateral one uses columns of sources before it."""

    id: int
    query: Query
    lateral: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CteSource(Source):
    """A use of a query of WITH."""

    id: int
    cte: int
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFunction:
    """A function in FROM: `call` is a SetCall, or a value of any kind, which is one row."""

    call: Expression
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionSource(Source):
    """Functions side by side, the shorter ones filled with NULLs; with `ordinality` the number of each row.

    `lateral` are the sources to their left in the same FROM that they use.
    """

    id: int
    functions: tuple[RowFunction, ...]
    ordinality: bool
    lateral: frozenset[int]

    @property
    def name(self) -> str:
        """The first function's name."""
        call = self.functions[0].call
        return call.name if isinstance(call, SetCall | Call) else "a value"


@dataclass(frozen=True, slots=True, kw_only=True)
class Join(Source):
    """`kind` is INNER, LEFT, RIGHT, FULL; `on` is None for CROSS."""

    kind: str
    left: Source
    right: Source
    on: Expression | None


# -- writes
@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """ON CONFLICT: the key's columns (empty: any), and what is set; no assignments: DO NOTHING.

    An index over expressions, or of some rows only, is told by its `parts` and `predicate`, over the source `row`.
    """

    key: tuple[str, ...]
    parts: tuple[Expression, ...] = ()
    predicate: Expression | None = None
    row: int = 0
    assignments: tuple[tuple[str, Expression], ...]
    where: Expression | None
    excluded: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """INSERT, UPDATE, DELETE: what they share. `old_id` is the source of `old` in RETURNING, where that is a row."""

    target: TableSource
    with_: tuple[Cte, ...]
    returning: tuple[Target, ...]
    old_id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteQuery(Query):
    """A write in WITH; its rows are those of RETURNING."""

    write: Write


@dataclass(frozen=True, slots=True, kw_only=True)
class Insert(Write):
    """`query` is None for DEFAULT VALUES; `values` are its columns as the table's types, over source `query_id`."""

    columns: tuple[str, ...]
    query: Query | None
    query_id: int
    values: tuple[Expression, ...]
    conflict: Conflict | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Update(Write):
    """UPDATE, with FROM's sources."""

    assignments: tuple[tuple[str, Expression], ...]
    sources: tuple[Source, ...]
    where: Expression | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete(Write):
    """DELETE; with USING's sources."""

    sources: tuple[Source, ...]
    where: Expression | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeAction:
    """One WHEN of MERGE: `when` is MATCHED, NOT MATCHED or NOT MATCHED BY SOURCE, `command` what is done, INSERT, UPDATE,
    DELETE or NOTHING; `assignments` are of INSERT too."""

    when: str
    condition: Expression | None
    command: str
    assignments: tuple[tuple[str, Expression], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge(Write):
    """MERGE; `action_id` is the source whose one column is merge_action(), `identity` the key that numbers itself,
    `new_id` the source of `new` in RETURNING, `twice` the function that raises for a row that would be changed twice."""

    source: Source
    on: Expression
    actions: tuple[MergeAction, ...]
    action_id: int
    identity: str | None
    new_id: int = 0
    twice: str = "pg_merged_once"


@cache
def _parts(kind: type) -> tuple[str, ...]:
    """The names of a node's fields that may hold nodes. Asked for every node of every walk."""
    leaves_ = {"type", "position", "name", "id", "columns"}
    return tuple(each.name for each in fields(kind) if each.name not in leaves_)


@cache
def _is_node(kind: type) -> bool:
    return is_dataclass(kind) and not issubclass(kind, Type | Column | TableName)


def children(node: Any) -> list[Any]:
    """The nodes directly below a node."""
    found: list[Any] = []
    for name in _parts(node.__class__):
        _add_nodes(getattr(node, name), found)
    return found


def _add_nodes(value: Any, found: list[Any]) -> None:
    kind = value.__class__
    if kind is tuple:
        for each in value:
            _add_nodes(each, found)
    elif _is_node(kind):
        found.append(value)


def leaves(source: Source) -> Iterator[Any]:
    """The sources that a source is joined of."""
    if isinstance(source, Join):
        yield from leaves(source.left)
        yield from leaves(source.right)
    else:
        yield source


def level(node: Any) -> Iterator[Any]:
    """A node and those below it, without subqueries."""
    left = [node]
    while left:
        node = left.pop()
        yield node
        left += [child for child in reversed(children(node)) if not isinstance(child, Query)]


def mapped(node: Any, change: Callable[[Any], Any]) -> Any:
    """A node with those directly below it changed; one of a subquery is left as it is."""
    new = {each.name: _mapped(getattr(node, each.name), change) for each in fields(node)}
    return replace(node, **new)


def _mapped(value: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, tuple):
        return tuple(_mapped(item, change) for item in value)
    is_node = is_dataclass(value) and not isinstance(value, Type | Column | TableName | Query)
    return change(value) if is_node else value


def walk(node: Any) -> Iterator[Any]:
    """A node, or several, and all below, subqueries too."""
    left: list[Any] = []
    _add_nodes(node, left)
    left.reverse()
    while left:
        node = left.pop()
        yield node
        left += reversed(children(node))
