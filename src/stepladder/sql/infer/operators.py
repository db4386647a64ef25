"""Operators: the one that PostgreSQL chooses, over its operands cast; rows are compared column by column."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from stepladder.errors import DatabaseError, ProgrammingError, SqlSyntaxError
from stepladder.sql.infer.catalog import Choice, catalog
from stepladder.sql.infer.coercion import boolean, coerce, resolved
from stepladder.sql.infer.context import BOOL, TEXT, UNKNOWN, refuse, wrong
from stepladder.sql.infer.scales import with_scale
from stepladder.sql.infer.tree import (
    BooleanTest,
    Call,
    Case,
    Constant,
    Distinct,
    Expression,
    Logic,
    NullTest,
    Row,
)
from stepladder.sql.infer.types import catalog_name, from_catalog
from stepladder.sql.types import Type

Test = Callable[[Expression, Expression], Expression]
_STRICT = {"<=": "<", ">=": ">", "<": "<", ">": ">"}


def apply(name: str, arguments: Sequence[Expression], position: int | None) -> Call:
    """The operator `name` over arguments, coerced to what was chosen."""
    choice = choose_operator(name, arguments, position)
    coerced = tuple(
        coerce(node, from_catalog(type_)) for node, type_ in zip(arguments, choice.arguments, strict=True)
    )
    type_ = with_scale(choice.name, from_catalog(choice.result), coerced)
    return Call(type=type_, position=position, name=choice.name, arguments=coerced, operator=True)


def choose_operator(name: str, arguments: Sequence[Expression], position: int | None) -> Choice:
    """The operator that PostgreSQL chooses. Its error carries the place."""
    try:
        return catalog().operator(name, [catalog_name(node.type) for node in arguments])
    except DatabaseError as error:
        raise wrong(type(error), error.message, position, sqlstate=error.sqlstate) from error


# -- rows
def operation(name: str, arguments: Sequence[Expression], position: int | None) -> Expression:
    """An operator over values or over rows."""
    rows = [node for node in arguments if isinstance(node, Row)]
    if not rows:
        return apply(name, arguments, position)
    left, right = _pair(arguments, position)
    if left.whole or right.whole:
        return _whole(name, left, right, position)
    pairs = list(zip(left.elements, right.elements, strict=True))
    if name in ("=", "<>"):
        tests = tuple(boolean(apply(name, pair, position), "row comparison") for pair in pairs)
        return _joined("AND" if name == "=" else "OR", tests, position)
    if name not in _STRICT:
        for pair in pairs:
            apply(name, pair, position)
        message = f"could not determine interpretation of row comparison operator {name}"
        raise wrong(ProgrammingError, message, position, sqlstate="0A000")
    found: Expression = apply(name, pairs[-1], position)
    for pair in reversed(pairs[:-1]):
        rest = _joined("AND", (apply("=", pair, position), found), position)
        found = _joined("OR", (apply(_STRICT[name], pair, position), rest), position)
    return found


def _pair(arguments: Sequence[Expression], position: int | None) -> tuple[Row, Row]:
    if len(arguments) != 2 or not all(isinstance(node, Row) for node in arguments):
        raise refuse("a row beside a value", position, instead="compare the columns one by one")
    left, right = arguments
    assert isinstance(left, Row)
    assert isinstance(right, Row)
    if len(left.elements) != len(right.elements):
        raise wrong(SqlSyntaxError, "unequal number of entries in row expressions", position)
    if not left.elements:
        raise wrong(ProgrammingError, "cannot compare rows of zero length", position, sqlstate="0A000")
    return left, right


def _joined(word: str, tests: tuple[Expression, ...], position: int | None) -> Expression:
    return tests[0] if len(tests) == 1 else Logic(type=BOOL, position=position, word=word, arguments=tests)


def _whole(name: str, left: Row, right: Row, position: int | None) -> Expression:
    """Whole rows are values: NULLs in them are equal."""
    types = [[node.type.bare for node in row.elements] for row in (left, right)]
    if left.nullable or right.nullable or name not in ("=", "<>") or types[0] != types[1]:
        raise refuse("this comparison of whole rows", position, instead="compare the columns one by one")
    tests = tuple(
        distinct(one, other, position, negated=name == "=")
        for one, other in zip(left.elements, right.elements, strict=True)
    )
    return _joined("AND" if name == "=" else "OR", tests, position)


def distinct(left: Expression, right: Expression, position: int | None, *, negated: bool) -> Expression:
    """`left` IS DISTINCT FROM `right`; `negated` for IS NOT DISTINCT FROM."""
    if isinstance(left, Row) or isinstance(right, Row):
        one, other = _pair((left, right), position)
        if one.nullable or other.nullable:
            raise refuse("IS DISTINCT FROM over rows of an outer join", position)
        tests = tuple(
            distinct(*pair, position, negated=negated)
            for pair in zip(one.elements, other.elements, strict=True)
        )
        return _joined("AND" if negated else "OR", tests, position)
    for node, opposite in ((left, right), (right, left)):
        if isinstance(node, Constant) and node.value is None and node.type == UNKNOWN:
            return NullTest(type=BOOL, position=position, argument=resolved(opposite), negated=not negated)
    equal = apply("=", (left, right), position)
    left, right = equal.arguments
    if kind(left.type) == kind(right.type):
        return Distinct(type=BOOL, position=position, left=left, right=right, negated=negated)
    return _distinct_by_parts(equal, position, negated=negated)


def _distinct_by_parts(equal: Call, position: int | None, *, negated: bool) -> Expression:
    """Over two types: equal, or both NULL."""
    nulls = tuple(NullTest(type=BOOL, argument=node, negated=False) for node in equal.arguments)
    same: Expression = Logic(
        type=BOOL,
        word="OR",
        arguments=(BooleanTest(type=BOOL, argument=equal, word="TRUE"), _joined("AND", nulls, position)),
    )
    return same if negated else Logic(type=BOOL, position=position, word="NOT", arguments=(same,))


def kind(type_: Type) -> str:
    """Types whose values SQLite compares as they are have one kind."""
    return {"int2": "int", "int4": "int", "int8": "int", "float4": "float", "float8": "float"}.get(
        type_.name, str(type_.bare)
    )


def null_test(argument: Expression, position: int | None, *, negated: bool) -> Expression:
    """IS [NOT] NULL; of a row: every column is, or is not."""
    if not isinstance(argument, Row):
        return NullTest(type=BOOL, position=position, argument=resolved(argument), negated=negated)
    if any(isinstance(node, Row) for node in argument.elements):
        raise refuse("IS NULL over a row in a row", position)
    tests = tuple(
        NullTest(type=BOOL, position=position, argument=resolved(node), negated=negated)
        for node in argument.elements
    )
    return _joined("AND", tests, position) if tests else Constant(type=BOOL, position=position, value=1)


def counted_row(row: Row, *, once: bool) -> tuple[Expression, ...]:
    """What count() counts for a row: a ROW() is never NULL, a source's row is where the outer join made it so."""
    if row.nullable and row.marker is None:
        raise refuse(
            "count() of a row of an outer join", row.position, instead="count a column that is not NULL"
        )
    key: Expression
    if not once:
        key = Constant(type=BOOL, value=1)
        if not row.nullable:
            return (key,)
    else:
        key = Call(
            type=TEXT, position=row.position, name="row_key", arguments=tuple(map(resolved, row.elements))
        )
    if not row.nullable or row.marker is None:
        return (key,)
    there = NullTest(type=BOOL, argument=row.marker, negated=True)
    return (Case(type=key.type, branches=((there, key),), default=Constant(type=key.type, value=None)),)
