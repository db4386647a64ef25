"""The typed tree as SQLite's text: expressions. Queries are in `queries`, writes in `writes`."""
# ruff: noqa: S608 - printing SQL is what this module does; names are quoted, values are parameters or literals

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

from stepladder.sql.infer.context import refuse
from stepladder.sql.infer.scales import same_digits
from stepladder.sql.infer.tree import (
    Aggregate,
    AnyAll,
    ArrayOf,
    BooleanTest,
    Call,
    Case,
    Cast,
    Coalesce,
    Constant,
    Distinct,
    Expression,
    Extreme,
    Grouping,
    InList,
    InQuery,
    Logic,
    NotNull,
    NullIf,
    NullTest,
    Order,
    Parameter,
    Query,
    Reference,
    Row,
    Select,
    SetCall,
    Subquery,
    Subscript,
    WindowCall,
)
from stepladder.sql.rewrite import (
    aggregates,
    arrays,
    binary,
    comparisons,
    date_fields,
    dates,
    distances,
    intervals,
    json_build,
    jsonb,
    like,
    lowering,
    numbers,
    regex,
    sequences,
    text,
    uuids,
)
from stepladder.sql.rewrite.casts import cast
from stepladder.sql.rewrite.comparisons import (
    EQUALITIES,
    collation,
    is_comparable,
    is_groupable,
    is_ordered,
    is_text,
    order_collation,
    plainly_ordered,
)
from stepladder.sql.rewrite.parts import Part
from stepladder.sql.rewrite.rules import Rule, is_position, signature, string
from stepladder.sql.rewrite.windows import window
from stepladder.sql.types import Column, Type

CALLS: dict[str, Rule] = {
    **comparisons.RULES,
    **numbers.RULES,
    **text.RULES,
    **like.RULES,
    **regex.RULES,
    **binary.RULES,
    **dates.RULES,
    **date_fields.RULES,
    **intervals.RULES,
    **jsonb.RULES,
    **json_build.RULES,
    **uuids.RULES,
    **sequences.RULES,
}
OPEN_CALLS: dict[str, Rule] = {
    **text.OPEN_RULES,
    **comparisons.OPEN_RULES,
    **distances.OPEN_RULES,
    **jsonb.OPEN_RULES,
    **json_build.OPEN_RULES,
    **arrays.OPEN_RULES,
}


class Printer:
    """One statement's printing. `parameters` collects what its numbered placeholders stand for."""

    def __init__(self, query: Callable[[Printer, Query], str], *, lowers: bool = True) -> None:
        self.lowers = lowers  # whether numerics may be computed as integers, and whether any were
        self.lowered = False
        self.parameters: list[tuple[str, Type]] = []
        self.references: dict[int, Callable[[Reference], str]] = {}  # by source
        self.stored: dict[int, Callable[[Reference], str]] = {}  # by table: its columns as they are stored
        self.unfilled: dict[
            int, Sequence[Column]
        ] = {}  # by table of this query that no outer join fills with NULLs
        self.alone: set[int] = set()  # tables that are all of their FROM
        self.inlined: dict[int, int] = {}  # by source that is printed where it is used: its size
        self.before: list[Part] = []  # what must run first
        self.by_itself: str | None = None  # the statement's name, where it may not stand in a transaction
        self.result: Query | None = None  # the statement's own query, where its rows are the result
        self._query = query
        self._ids = count(1_000_000)  # analysis numbers from 1

    def new_id(self) -> int:
        """A number for a source that a rewrite adds."""
        return next(self._ids)

    def expression(self, node: Expression) -> str:
        """One expression. Raises NotPortable for a call without a rule."""
        text = lowering.printed(self, node) or _PRINTED[type(node)](self, node)
        return plainly_ordered(text) if isinstance(node, _COMPOSED) and is_text(node.type) else text

    def list(self, nodes: Sequence[Expression]) -> str:
        """Several, with commas."""
        return ", ".join(map(self.expression, nodes))

    def query(self, node: Query) -> str:
        """A query's text."""
        return self._query(self, node)

    def key(self, node: Expression) -> str:
        """An expression where it is compared: with its type's collation."""
        if not is_groupable(node.type):
            raise refuse(f"comparing values of type {node.type}", node.position)
        return self.expression(node) + collation(node.type)

    def equal_key(self, node: Expression) -> str:
        """An expression that is tested for equality.

        A column behind a plus has no index made for it: the Bloom filter that SQLite before 3.41 lays over one tells texts
        of unequal length apart, which the type's collation may hold to be equal.
        """
        looked_up = isinstance(node, Reference) and node.source not in self.alone
        return f"{'+' if looked_up and collation(node.type) else ''}{self.key(node)}"

    def sort_key(self, node: Expression) -> str:
        """An expression where rows are put in order or into groups, and its value is not shown."""
        return lowering.sort_key(self, node) or self.key(node)

    def distinct_key(self, node: Expression) -> str:
        """An expression of which one of several equal values is shown: they must print alike."""
        if node.type.name == "jsonb":
            return f"pg_jsonb_key({self.expression(node)})"
        if not same_digits(node.type):
            raise refuse(
                "GROUP BY, DISTINCT or UNION over numerics of varying scale",
                node.position,
                why="1.0 and 1.00 are equal, and PostgreSQL leaves open which one is shown",
                instead="cast to numeric(p,s), or round()",
            )
        return self.key(node)

    def order(self, keys: Sequence[Order]) -> str:
        """ORDER BY's keys, NULLs where PostgreSQL has them."""
        return ", ".join(map(self._order_key, keys))

    def _order_key(self, order: Order) -> str:
        if not is_ordered(order.key.type):
            raise refuse(f"ordering by values of type {order.key.type}", order.key.position)
        # A bare number would be a position, a bare string literal an error: both are constants, and order nothing.
        text = self.expression(order.key) if isinstance(order.key, Constant) else self.sort_key(order.key)
        if isinstance(order.key, Constant) or is_position(order.key, text):
            text = f"(0 + {text})"
        else:
            text += self._array_order(order.key)
        direction = "DESC" if order.descending else "ASC"
        return f"{text} {direction} NULLS {'FIRST' if order.nulls_first else 'LAST'}"

    @staticmethod
    def _array_order(node: Expression) -> str:
        return order_collation(node.type) if node.type.element is not None else ""


# What may have a comparison in it and be no condition.
_COMPOSED = (Call, Case, NullIf, Coalesce, Extreme, Aggregate, WindowCall)


# -- leaves
def constant(value: Any) -> str:
    """A literal of SQLite's."""
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        return f"x'{value.hex()}'"
    if isinstance(value, float):
        if math.isinf(value):
            return "9e999" if value > 0 else "-9e999"
        return f"({value!r})" if value < 0 else repr(value)
    if isinstance(value, int):
        # SQLite reads the smallest integer as a float times -1.
        return (
            "(-9223372036854775807 - 1)" if value == -(2**63) else f"({value})" if value < 0 else str(value)
        )
    return string(value)


def _constant(_: Printer, node: Constant) -> str:
    if node.type.name == "regclass":
        raise refuse("a value of type regclass", node.position)
    return constant(node.value)


def _parameter(printer: Printer, node: Parameter) -> str:
    wanted = (node.name, node.type)
    if wanted not in printer.parameters:
        printer.parameters.append(wanted)
    return f"?{printer.parameters.index(wanted) + 1}"


def _reference(printer: Printer, node: Reference) -> str:
    return printer.references[node.source](node)


# -- calls
def _call(printer: Printer, node: Call) -> str:
    key = signature(node.name, node.arguments)
    rule = CALLS.get(key) or OPEN_CALLS.get(node.name)
    if rule is None:
        what = "operator" if node.operator else "function"
        raise refuse(f"the {what} {key}", node.position)
    if node.name in EQUALITIES:
        return f"({' = '.join(map(printer.equal_key, node.arguments))})"
    return rule(printer.expression, node)


def _set_call(_: Printer, node: SetCall) -> str:
    raise refuse(f"the set-returning function {node.name} here", node.position, instead="write it in FROM")


def _cast(printer: Printer, node: Cast) -> str:
    return cast(printer.expression(node.argument), node)


def _logic(printer: Printer, node: Logic) -> str:
    parts = [printer.expression(each) for each in node.arguments]
    return f"(NOT {parts[0]})" if node.word == "NOT" else f"({f' {node.word} '.join(parts)})"


def _null_test(printer: Printer, node: NullTest) -> str:
    return f"({printer.expression(node.argument)} IS {'NOT ' if node.negated else ''}NULL)"


_TESTS = {
    "TRUE": "({} IS 1)",
    "NOT TRUE": "({} IS NOT 1)",
    "FALSE": "({} IS 0)",
    "NOT FALSE": "({} IS NOT 0)",
    "UNKNOWN": "({} IS NULL)",
    "NOT UNKNOWN": "({} IS NOT NULL)",
}


def _boolean_test(printer: Printer, node: BooleanTest) -> str:
    return _TESTS[node.word].format(printer.expression(node.argument))


def _distinct(printer: Printer, node: Distinct) -> str:
    word = "IS" if node.negated else "IS NOT"
    return f"({printer.equal_key(node.left)} {word} {printer.equal_key(node.right)})"


def _not_null(printer: Printer, node: NotNull) -> str:
    return f"coalesce({printer.expression(node.argument)}, pg_violated('23502', {string(node.message)}))"


def _null_if(printer: Printer, node: NullIf) -> str:
    equal, value = printer.expression(node.equal), printer.expression(node.value)
    return f"(CASE WHEN {equal} THEN NULL ELSE {value} END)"


def _case(printer: Printer, node: Case) -> str:
    whens = [
        f"WHEN {printer.expression(when)} THEN {printer.expression(then)}" for when, then in node.branches
    ]
    return f"(CASE {' '.join(whens)} ELSE {printer.expression(node.default)} END)"


def _coalesce(printer: Printer, node: Coalesce) -> str:
    if len(node.arguments) == 1:
        return printer.expression(node.arguments[0])
    return f"coalesce({printer.list(node.arguments)})"


def _extreme(printer: Printer, node: Extreme) -> str:
    if not is_comparable(node.type):
        raise refuse(f"{node.word} of values of type {node.type}", node.position)
    kind = node.type.name if node.type.name in ("numeric", "interval", "jsonb") else "plain"
    return f"pg_{node.word.lower()}_{kind}({printer.list(node.arguments)})"


def _in_list(printer: Printer, node: InList) -> str:
    word = "NOT IN" if node.negated else "IN"
    return f"({printer.equal_key(node.left)} {word} ({printer.list(node.items)}))"


def _any_all(printer: Printer, node: AnyAll) -> str:
    element = node.array.type.element
    if element is None or not is_comparable(element) or not _compares_as_it_is(node.left.type, element):
        raise refuse(f"{node.word} over an array of type {node.array.type}", node.position)
    if node.operator not in ("=", "<>", "<", "<=", ">", ">=", "~~", "!~~", "~~*", "!~~*"):
        raise refuse(f"{node.operator} {node.word} (array)", node.position)
    left, array = printer.expression(node.left), printer.expression(node.array)
    return f"pg_{node.word.lower()}({array}, {left}, {string(node.operator)}, {string(element.name)})"


def _compares_as_it_is(left: Type, element: Type) -> bool:
    """Whether values of the two types are compared without a cast of either: integers of any width are."""
    return left.bare == element.bare or {left.name, element.name} <= {"int2", "int4", "int8"}


def _array(printer: Printer, node: ArrayOf) -> str:
    assert node.type.element is not None
    return f"pg_array({', '.join([string(node.type.element.name), *map(printer.expression, node.elements)])})"


def _subscript(printer: Printer, node: Subscript) -> str:
    return f"pg_element({string(node.type.name)}, {printer.expression(node.array)}, {printer.expression(node.index)})"


# -- subqueries
def _subquery(printer: Printer, node: Subquery) -> str:
    text_ = printer.query(node.query)
    if node.word == "exists":
        return f"EXISTS ({text_})"
    if node.word == "array":
        element = node.type.element
        assert element is not None
        return f"(SELECT coalesce(pg_array_agg({string(element.name)}, c1), '{{}}') FROM ({text_}))"
    if _is_one_row(node.query):
        return f"({text_})"
    return f"(SELECT pg_only_one(c1) FROM ({text_}))"


def _is_one_row(query: Query) -> bool:
    limit = query.limit
    if isinstance(limit, Constant) and limit.value in (0, 1):
        return True
    return isinstance(query, Select) and query.grouped and not query.group


def _in_query(printer: Printer, node: InQuery) -> str:
    keys = node.left.elements if isinstance(node.left, Row) else (node.left,)
    left = ", ".join(map(printer.key, keys))
    return f"({f'({left})' if len(keys) > 1 else left} IN ({printer.query(node.query)}))"


def _row(_: Printer, node: Row) -> str:
    raise refuse("a row as a value", node.position, instead="name its columns")


# -- aggregates and windows
def _aggregate(printer: Printer, node: Aggregate) -> str:
    return aggregates.aggregate(printer.expression, node)


def _grouping(_: Printer, __: Grouping) -> str:
    return constant(0)  # with grouping sets it was rewritten


_PRINTED: dict[type, Callable[[Printer, Any], str]] = {
    Constant: _constant,
    Parameter: _parameter,
    Reference: _reference,
    Call: _call,
    SetCall: _set_call,
    Cast: _cast,
    Logic: _logic,
    NullTest: _null_test,
    BooleanTest: _boolean_test,
    Distinct: _distinct,
    NullIf: _null_if,
    NotNull: _not_null,
    Case: _case,
    Coalesce: _coalesce,
    Extreme: _extreme,
    InList: _in_list,
    AnyAll: _any_all,
    ArrayOf: _array,
    Subscript: _subscript,
    Subquery: _subquery,
    InQuery: _in_query,
    Grouping: _grouping,
    Row: _row,
    Aggregate: _aggregate,
    WindowCall: window,
}
