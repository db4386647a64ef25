"""Subqueries as values and in comparisons: scalar, EXISTS, IN, operator ANY and ALL, a row beside a subquery."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from stepladder.errors import DatatypeMismatch, SqlSyntaxError
from stepladder.sql.infer.coercion import coerce, resolved
from stepladder.sql.infer.context import BOOL, INT8, Analysis, refuse, wrong
from stepladder.sql.infer.operators import apply, kind, operation
from stepladder.sql.infer.tree import (
    Aggregate,
    BooleanTest,
    Case,
    Constant,
    Expression,
    InQuery,
    Query,
    QuerySource,
    Reference,
    Row,
    Select,
    Source,
    Subquery,
    Target,
)
from stepladder.sql.types import Column, Type


def scalar(query: Query, position: int | None) -> Subquery:
    """A subquery of one column as a value."""
    if len(query.columns) != 1:
        raise wrong(SqlSyntaxError, "subquery must return only one column", position)
    return Subquery(type=query.columns[0].type, position=position, query=query, word="scalar")


def in_query(analysis: Analysis, left: Expression, query: Query, position: int | None) -> Expression:
    """`left` IN (query), `left` = ANY (query)."""
    lefts = _columns_of(left)
    _check_width(lefts, query, position)
    wanted: list[Type] = []
    cast: list[Expression] = []
    for one, column in zip(lefts, query.columns, strict=True):
        equal = apply("=", (one, Constant(type=column.type, value=None)), position)
        cast.append(equal.arguments[0])
        wanted.append(equal.arguments[1].type.bare)
    if any(kind(one.type) != kind(type_) for one, type_ in zip(cast, wanted, strict=True)):
        return quantified(analysis, left, "=", "ANY", query, position)
    if wanted != [column.type.bare for column in query.columns]:
        query = _recast(analysis, query, wanted)
    side = (
        cast[0] if len(cast) == 1 else Row(type=Type("record"), position=left.position, elements=tuple(cast))
    )
    return InQuery(type=BOOL, position=position, left=side, query=query, negated=False)


def quantified(
    analysis: Analysis, left: Expression, operator: str, word: str, query: Query, position: int | None
) -> Expression:
    """`left` operator ANY or ALL (query), by counting: true, false, and NULL where only a NULL could decide."""
    _check_width(_columns_of(left), query, position)
    tests = QuerySource(id=analysis.new_id(), query=_tests(analysis, left, operator, query, position))
    one = Reference(type=BOOL, source=tests.id, place=0, name="")
    decided = "TRUE" if word == "ANY" else "FALSE"
    found = _aggregate("bool_or" if word == "ANY" else "bool_and", (one,), BOOL)
    counts = (_aggregate("count", (), INT8), _aggregate("count", (one,), INT8))
    value = Case(
        type=BOOL,
        branches=(
            (BooleanTest(type=BOOL, argument=found, word=decided), _truth(word == "ANY")),
            (apply(">", counts, position), Constant(type=BOOL, value=None)),
        ),
        default=_truth(word == "ALL"),
    )
    return Subquery(
        type=BOOL, position=position, query=_select((value,), (tests,), grouped=True), word="scalar"
    )


def _tests(analysis: Analysis, left: Expression, operator: str, query: Query, position: int | None) -> Select:
    """The comparison with each row: in the query itself where that is plain, so that stored columns are compared."""
    plain = isinstance(query, Select) and not (
        query.grouped or query.distinct or query.with_ or query.limit or query.offset
    )
    if isinstance(query, Select) and plain:
        values = tuple(resolved(target.value) for target in query.targets)
        right: Expression = Row(type=Type("record"), elements=values) if isinstance(left, Row) else values[0]
        base = replace(query, order=())
    else:
        source = QuerySource(id=analysis.new_id(), query=query)
        right, base = _row_of(source, isinstance(left, Row)), _select((), (source,))
    test = operation(operator, (left, right), position)
    if test.type != BOOL:
        message = f"row comparison operator must yield type boolean, not type {test.type}"
        raise wrong(DatatypeMismatch, message, position)
    return replace(base, columns=(Column("", BOOL),), targets=(Target(name="", value=test),))


def row_beside(
    analysis: Analysis, left: Expression, operator: str, query: Query, position: int | None
) -> Expression:
    """(a, b) operator (query of one row)."""
    _check_width(_columns_of(left), query, position)
    source = QuerySource(id=analysis.new_id(), query=query)
    test = operation(operator, (left, _row_of(source, row=True)), position)
    return Subquery(type=BOOL, position=position, query=_select((test,), (source,)), word="scalar")


def _columns_of(left: Expression) -> tuple[Expression, ...]:
    if not isinstance(left, Row):
        return (left,)
    if left.whole:
        raise refuse("a whole row beside a subquery", left.position, instead="name its columns")
    return left.elements


def _check_width(lefts: Sequence[Expression], query: Query, position: int | None) -> None:
    if len(lefts) != len(query.columns):
        word = "many" if len(lefts) < len(query.columns) else "few"
        raise wrong(SqlSyntaxError, f"subquery has too {word} columns", position)


def _row_of(source: QuerySource, row: bool) -> Expression:  # noqa: FBT001
    elements = tuple(
        Reference(type=column.type, source=source.id, place=place, name=column.name)
        for place, column in enumerate(source.query.columns)
    )
    return Row(type=Type("record"), elements=elements) if row else elements[0]


def _truth(value: bool) -> Constant:  # noqa: FBT001
    return Constant(type=BOOL, value=int(value))


def _aggregate(name: str, arguments: tuple[Expression, ...], type_: Type) -> Aggregate:
    return Aggregate(type=type_, name=name, arguments=arguments, distinct=False, filter=None, order=())


def _select(values: Sequence[Expression], sources: tuple[Source, ...], *, grouped: bool = False) -> Select:
    return Select(
        columns=tuple(Column("", value.type) for value in values),
        targets=tuple(Target(name="", value=value) for value in values), sources=sources,
        where=None, grouped=grouped, group=(), having=None, distinct=False, distinct_on=(),
    )  # fmt: skip


def _recast(analysis: Analysis, query: Query, types: Sequence[Type]) -> Query:
    """A query with its columns cast."""
    source = QuerySource(id=analysis.new_id(), query=query)
    values = [
        coerce(Reference(type=column.type, source=source.id, place=place, name=column.name), type_)
        for place, (column, type_) in enumerate(zip(query.columns, types, strict=True))
    ]
    return _select(values, (source,))
