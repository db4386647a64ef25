"""Exact numerics as SQLite's own integers: `price * quantity` is `CAST(price * 100.000000005 AS INTEGER) * quantity`, scale 2.

A column of numeric(p,s) with p <= 15 holds a number, the double that is nearest to its decimal, so that its integer is
found exactly (`_whole_of`). Where precision and scale of an expression are known, and 18 digits hold it, it is computed in
integers; the decimal is made of it at the edge, or once a group.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Protocol

from stepladder.sql.infer.tree import (
    Aggregate,
    Call,
    Case,
    Cast,
    Coalesce,
    Constant,
    Expression,
    InList,
    Parameter,
    Reference,
    WindowCall,
    walk,
)
from stepladder.sql.numerals import parse_numeric, scale_of
from stepladder.sql.rewrite.date_fields import whole_part
from stepladder.sql.rewrite.distances import epoch
from stepladder.sql.storage import is_native_numeric
from stepladder.sql.types import Column

_MOST_DIGITS = 18  # that 64 bits hold, whatever the digits
_ROUNDED_DIGITS = 15  # that a double holds
# Behind more, SQLite's reading of a decimal may miss the nearest double (it rounds twice), and Python's does not: the two
# doubles of one decimal are told to be equal by their integers only.
_ONE_DOUBLE_SCALE = 3
_INTEGER_DIGITS = {"int2": 5, "int4": 10}
_SAFE_DIGITS = {"int4": 9, "int8": _MOST_DIGITS}  # of which no number is out of range
_COMPARISONS = {
    "numeric_eq": "=", "numeric_ne": "<>", "numeric_lt": "<", "numeric_le": "<=", "numeric_gt": ">", "numeric_ge": ">=",
}  # fmt: skip


class Printer(Protocol):
    """What lowering asks of the printer."""

    stored: dict[int, Callable[[Reference], str]]
    unfilled: dict[int, Sequence[Column]]
    lowers: bool
    lowered: bool

    def expression(self, node: Expression) -> str:
        """One expression's text."""


@dataclass(frozen=True, slots=True)
class Lowered:
    """An integer in SQLite's SQL: the value times 10^scale, of at most `digits` digits.

    A `guarded` one may have more, which SQLite makes a float of: what takes it must refuse floats (TooManyDigits), and
    then the statement is run anew with decimals.
    """

    sql: str
    scale: int
    digits: int
    guarded: bool = False

    def at(self, scale: int) -> Lowered:
        """The same at a larger scale."""
        step = scale - self.scale
        return (
            self
            if not step
            else replace(
                self,
                sql=f"({self.sql} * {10**step})",
                scale=scale,
                digits=min(self.digits + step, _MOST_DIGITS) if self.guarded else self.digits + step,
            )
        )

    @property
    def fits(self) -> bool:
        """Whether 64 bits hold it."""
        return self.digits <= _MOST_DIGITS


def lowered(printer: Printer, node: Expression) -> Lowered | None:
    """The expression in integers; None where that is not known to be exact."""
    rule = _RULES.get(type(node))
    found = rule(printer, node) if rule and printer.lowers else None
    return found if found is not None and found.fits else None


# -- leaves
def _reference(printer: Printer, node: Reference) -> Lowered | None:
    if is_stored(printer, node):
        digits, scale = node.type.precision or 0, node.type.scale or 0
        return Lowered(_whole_of(printer.stored[node.source](node), digits, scale), scale, digits)
    if node.type.name in _INTEGER_DIGITS:
        return Lowered(printer.expression(node), 0, _INTEGER_DIGITS[node.type.name])
    return None


def _whole_of(column: str, digits: int, scale: int) -> str:
    """A column's value times 10^scale, an integer of at most `digits` digits, as one.

    CAST cuts off what is behind the point. Nothing is lost when the factor is larger by a half of 10^-digits: that outweighs
    the two roundings, of the column's decimal and of the product, at most 2^-52 together, and makes of no value the next one.
    At 15 digits it does not outweigh them by much: ROUND takes a third longer.
    """
    if not scale:
        return f"CAST({column} AS INTEGER)"
    if digits == _ROUNDED_DIGITS:
        return f"CAST(ROUND({column} * 1e{scale}) AS INTEGER)"
    return f"CAST({column} * {10**scale * (1 + 0.5 / 10**digits)!r} AS INTEGER)"


def is_stored(printer: Printer, node: Expression) -> bool:
    """Whether this is a table's column that holds numerics as numbers."""
    return isinstance(node, Reference) and node.source in printer.stored and is_native_numeric(node.type)


def is_comparable(printer: Printer, node: Expression) -> bool:
    """Whether this is one of which equal values are the same double."""
    return is_stored(printer, node) and (node.type.scale or 0) <= _ONE_DOUBLE_SCALE


def _column(printer: Printer, node: Expression) -> str:
    assert isinstance(node, Reference)
    return printer.stored[node.source](node)


def _constant(_: Printer, node: Constant) -> Lowered | None:
    if node.value is None or node.type.name not in ("numeric", "int2", "int4"):
        return None
    value = parse_numeric(str(node.value))
    if not value.is_finite():
        return None
    scale = scale_of(value)
    whole = int(value.scaleb(scale)) if len(value.as_tuple().digits) <= _MOST_DIGITS else 10**_MOST_DIGITS
    return Lowered(str(whole) if whole >= 0 else f"({whole})", scale, len(str(abs(whole))))


def _cast(printer: Printer, node: Cast) -> Lowered | None:
    if node.type.name != "numeric":
        return None
    inner = lowered(printer, node.argument)
    if inner is None or node.type.precision is None:
        return inner
    scale = node.type.scale or 0
    fitted = None if inner.guarded else _rounded(inner, scale)
    # A value that might not fit is checked, with PostgreSQL's error, by the cast itself.
    return fitted if fitted is not None and fitted.digits <= node.type.precision else None


def _rounded(inner: Lowered, scale: int) -> Lowered | None:
    """Half away from zero."""
    if scale >= inner.scale:
        return inner.at(scale)
    if scale < 0:
        return None
    step = inner.scale - scale
    if inner.digits <= _ROUNDED_DIGITS and not inner.guarded:
        sql = f"CAST(ROUND({inner.sql} / 1e{step}) AS INTEGER)"
    else:
        half = 10**step // 2
        sql = f"(({inner.sql} + CASE WHEN {inner.sql} < 0 THEN -{half} ELSE {half} END) / {10**step})"
    return replace(inner, sql=sql, scale=scale, digits=max(inner.digits - step, 0) + 1)


# -- calls
def _call(printer: Printer, node: Call) -> Lowered | None:
    if node.name == "extract":
        part = whole_part(printer.expression, node)
        if part:
            return Lowered(part, 0, 4)
        microseconds = epoch(printer.expression, node)
        return Lowered(microseconds, 6, _MOST_DIGITS) if microseconds else None
    rule = _CALLS.get(node.name)
    if rule is None or node.type.name != "numeric":
        return None
    return rule(printer, node.arguments)


def _both(printer: Printer, arguments: Sequence[Expression]) -> tuple[Lowered, Lowered] | None:
    one, other = lowered(printer, arguments[0]), lowered(printer, arguments[1])
    return None if one is None or other is None else (one, other)


def _aligned(pair: tuple[Lowered, Lowered]) -> tuple[Lowered, Lowered] | None:
    scale = max(each.scale for each in pair)
    one, other = (each.at(scale) for each in pair)
    return (one, other) if one.fits and other.fits else None


def _sum_of(symbol: str) -> Callable[[Printer, Sequence[Expression]], Lowered | None]:
    def rule(printer: Printer, arguments: Sequence[Expression]) -> Lowered | None:
        pair = _both(printer, arguments)
        pair = _aligned(pair) if pair else None
        if pair is None:
            return None
        one, other = pair
        guarded = one.guarded or other.guarded or max(one.digits, other.digits) == _MOST_DIGITS
        digits = min(max(one.digits, other.digits) + 1, _MOST_DIGITS)
        return Lowered(f"({one.sql} {symbol} {other.sql})", one.scale, digits, guarded)

    return rule


def _product(printer: Printer, arguments: Sequence[Expression]) -> Lowered | None:
    pair = _both(printer, arguments)
    if pair is None:
        return None
    one, other = pair
    digits = one.digits + other.digits
    guarded = digits > _MOST_DIGITS
    sql = f"({one.sql} * {other.sql})"
    return Lowered(sql, one.scale + other.scale, min(digits, _MOST_DIGITS), guarded)


def _negated(printer: Printer, arguments: Sequence[Expression]) -> Lowered | None:
    inner = lowered(printer, arguments[0])
    return inner and replace(inner, sql=f"(- {inner.sql})")


def _absolute(printer: Printer, arguments: Sequence[Expression]) -> Lowered | None:
    inner = lowered(printer, arguments[0])
    return inner and replace(inner, sql=f"abs({inner.sql})")


def _round(printer: Printer, arguments: Sequence[Expression]) -> Lowered | None:
    inner, scale = lowered(printer, arguments[0]), _digits(arguments)
    return None if inner is None or scale is None else _rounded(inner, scale)


def _truncated(printer: Printer, arguments: Sequence[Expression]) -> Lowered | None:
    inner, scale = lowered(printer, arguments[0]), _digits(arguments)
    if inner is None or scale is None:
        return None
    step = inner.scale - scale
    return replace(inner, sql=f"({inner.sql} / {10**step})", scale=scale) if step > 0 else inner.at(scale)


def _whole(pattern: str) -> Callable[[Printer, Sequence[Expression]], Lowered | None]:
    def rule(printer: Printer, arguments: Sequence[Expression]) -> Lowered | None:
        inner = lowered(printer, arguments[0])
        if inner is None or not inner.scale:
            return inner
        return replace(inner, sql=pattern.format(inner.sql, 10**inner.scale), scale=0)

    return rule


def _digits(arguments: Sequence[Expression]) -> int | None:
    """The second argument of round(), where it is a literal that says a scale."""
    if len(arguments) == 1:
        return 0
    digits = arguments[1]
    known = (
        isinstance(digits, Constant) and isinstance(digits.value, int) and 0 <= digits.value <= _MOST_DIGITS
    )
    return digits.value if isinstance(digits, Constant) and known else None


_CALLS: dict[str, Callable[[Printer, Sequence[Expression]], Lowered | None]] = {
    "numeric_add": _sum_of("+"),
    "numeric_sub": _sum_of("-"),
    "numeric_mul": _product,
    "numeric_uminus": _negated,
    "numeric_abs": _absolute,
    "abs": _absolute,
    "round": _round,
    "trunc": _truncated,
    "floor": _whole("({0} / {1} - ({0} % {1} < 0))"),
    "ceil": _whole("({0} / {1} + ({0} % {1} > 0))"),
    "ceiling": _whole("({0} / {1} + ({0} % {1} > 0))"),
}


# -- choices: of one scale, or the values would print apart
def _coalesce(printer: Printer, node: Coalesce) -> Lowered | None:
    found = _of_one_scale(printer, node.arguments)
    if not found or len(found) < 2:
        return None
    return _one_of(found, f"coalesce({', '.join(each.sql for each in found)})")


def _case(printer: Printer, node: Case) -> Lowered | None:
    values = [value for _, value in node.branches]
    found = _of_one_scale(printer, [*values, node.default])
    if not found:
        return None
    whens = " ".join(
        f"WHEN {printer.expression(condition)} THEN {each.sql}"
        for (condition, _), each in zip(node.branches, found, strict=False)
    )
    return _one_of(found, f"CASE {whens} ELSE {found[-1].sql} END")


def _one_of(found: Sequence[Lowered], sql: str) -> Lowered:
    digits, guarded = max(each.digits for each in found), any(each.guarded for each in found)
    return Lowered(sql, found[0].scale, digits, guarded)


def _of_one_scale(printer: Printer, nodes: Sequence[Expression]) -> list[Lowered] | None:
    nulls = [isinstance(node, Constant) and node.value is None for node in nodes]
    found = [None if null else lowered(printer, node) for node, null in zip(nodes, nulls, strict=True)]
    scales = {each.scale for each in found if each is not None}
    if len(scales) != 1 or any(each is None and not null for each, null in zip(found, nulls, strict=True)):
        return None
    (scale,) = scales
    return [each or Lowered("NULL", scale, 0) for each in found]


_RULES: dict[type, Callable[[Printer, Any], Lowered | None]] = {
    Reference: _reference,
    Constant: _constant,
    Cast: _cast,
    Call: _call,
    Coalesce: _coalesce,
    Case: _case,
}


# -- where integers become something else
def raised(sql: str, scale: int) -> str:
    """An integer as the numeric that it stands for."""
    return f"pg_raised({sql}, {scale})"


def printed(printer: Printer, node: Expression) -> str | None:
    """An expression whose numerics are lowered; None where there is no such way, or nothing to win."""
    rule = _PRINTED.get(type(node))
    found = rule(printer, node) if rule and printer.lowers else None
    printer.lowered = printer.lowered or found is not None
    return found


def _value(printer: Printer, node: Expression) -> str | None:
    if node.type.name != "numeric":
        return None
    found = lowered(printer, node)
    return raised(found.sql, found.scale) if found else None


def _call_or_comparison(printer: Printer, node: Call) -> str | None:
    return _value(printer, node) if node.type.name == "numeric" else comparison(printer, node)


def _converted(printer: Printer, node: Cast) -> str | None:
    """numeric as a float or an integer."""
    if node.argument.type.name != "numeric" or isinstance(node.argument, Constant):
        return None
    if node.type.name == "int8" and isinstance(node.argument, Aggregate):
        return _whole_sum(printer, node.argument)
    found = lowered(printer, node.argument) if node.type.name in ("float8", "int4", "int8") else None
    if found is None or found.guarded:
        return None
    if node.type.name == "float8":
        return f"({found.sql} / 1e{found.scale})" if found.digits <= _ROUNDED_DIGITS else None
    whole = _rounded(found, 0)
    if whole is None:
        return None
    return whole.sql if whole.digits <= _SAFE_DIGITS[node.type.name] else f"pg_{node.type.name}({whole.sql})"


def _whole_sum(printer: Printer, node: Aggregate) -> str | None:
    """sum() of bigints as one: SQLite's own sum is a bigint, or an error, upon which decimals are taken."""
    if node.name != "sum" or node.order or node.arguments[0].type.name != "int8":
        return None
    word = "DISTINCT " if node.distinct else ""
    filter_ = f" FILTER (WHERE {printer.expression(node.filter)})" if node.filter is not None else ""
    return f"sum({word}{printer.expression(node.arguments[0])}){filter_}"


def comparison(printer: Printer, node: Call) -> str | None:
    """A comparison of two numerics: as they are stored, so that an index serves, else as integers."""
    symbol = _COMPARISONS.get(node.name)
    if symbol is None:
        return None
    if any(is_comparable(printer, each) for each in node.arguments):
        plain = [_plain(printer, each) for each in node.arguments]
        if None not in plain:
            return f"({plain[0]} {symbol} {plain[1]})"
    pair = _both(printer, node.arguments)
    pair = _aligned(pair) if pair else None
    if (
        pair is None
        or pair[0].guarded
        or pair[1].guarded
        or all(isinstance(each, Constant) for each in node.arguments)
    ):
        return None
    return f"({pair[0].sql} {symbol} {pair[1].sql})"


def _plain(printer: Printer, node: Expression) -> str | None:
    """A number that stands to a stored one as its decimal does: that has 15 digits at most, and so has each stored one."""
    if is_comparable(printer, node):
        return _column(printer, node)
    if isinstance(node, Cast) and node.argument.type.name in (*_INTEGER_DIGITS, "int8"):
        return printer.expression(node.argument) if isinstance(node.argument, Reference | Parameter) else None
    if isinstance(node, Parameter) and node.type.name == "numeric":
        return f"pg_comparable({printer.expression(node)})"
    if isinstance(node, Constant) and node.value is not None:
        number = parse_numeric(str(node.value))
        digits = len(number.normalize().as_tuple().digits) if number.is_finite() else _MOST_DIGITS
        return _literal(number) if digits <= _ROUNDED_DIGITS else None
    return None


def _literal(number: Decimal) -> str:
    whole = number == number.to_integral_value() and abs(number) < 10**_ROUNDED_DIGITS
    text = str(int(number)) if whole else repr(float(number))
    return f"({text})" if number < 0 else text


def _in_list(printer: Printer, node: InList) -> str | None:
    if not is_comparable(printer, node.left):
        return None
    found = [_plain(printer, item) for item in node.items]
    if None in found:
        return None
    return f"({_plain(printer, node.left)} {'NOT ' if node.negated else ''}IN ({', '.join(map(str, found))}))"


def sort_key(printer: Printer, node: Expression) -> str | None:
    """What orders or groups as the numeric does."""
    if is_comparable(printer, node):
        return _column(printer, node)
    # An integer alone would be a position.
    if node.type.name != "numeric" or not any(isinstance(each, Reference | Aggregate) for each in walk(node)):
        return None
    found = _one_lane_sum(printer, node) if isinstance(node, Aggregate) else lowered(printer, node)
    return found.sql if found and not found.guarded else None


def _one_lane_sum(printer: Printer, node: Aggregate) -> Lowered | None:
    if node.name != "sum" or node.distinct or node.filter is not None or node.order:
        return None
    found = lowered(printer, node.arguments[0])
    return found and replace(found, sql=f"sum({found.sql})")


# -- aggregates
def _aggregate(printer: Printer, node: Aggregate) -> str | None:
    if node.order:
        return None
    filter_ = f" FILTER (WHERE {printer.expression(node.filter)})" if node.filter is not None else ""
    return aggregate(printer, node, filter_, distinct=node.distinct)


def aggregate(
    printer: Printer, node: Aggregate | WindowCall, tail: str, *, distinct: bool = False
) -> str | None:
    """An aggregate, or one over a window, of what is lowered; `tail` is FILTER and OVER. None: there is no such way."""
    found = _aggregated(printer, node, tail, distinct=distinct) if printer.lowers else None
    printer.lowered = printer.lowered or found is not None
    return found


def _aggregated(
    printer: Printer, node: Aggregate | WindowCall, tail: str, *, distinct: bool = False
) -> str | None:
    if len(node.arguments) != 1 or node.name not in ("sum", "avg", "min", "max", "count"):
        return None
    argument = node.arguments[0]
    word = "DISTINCT " if distinct else ""
    if node.name == "count":
        key = sort_key(printer, argument)
        return f"count({word}{key}){tail}" if key else None
    if node.name in ("min", "max"):
        return _extreme(printer, node.name, argument, tail)
    found = _summable(printer, argument)
    if found is None or (node.name == "sum" and argument.type.name in _INTEGER_DIGITS):
        return None
    sums = f"sum({word}{found.sql}){tail}"
    if node.name == "sum":
        return raised(sums, found.scale)
    counted = _counted(printer, argument) if is_stored(printer, argument) and not distinct else found.sql
    return f"pg_average({sums}, count({word}{counted}){tail}, {found.scale})"


def _counted(printer: Printer, node: Expression) -> str:
    """What count() takes to count the values of a table's column. Where none is NULL it counts rows, in a third of the
    time; not in a subquery, whose own rows they would be."""
    assert isinstance(node, Reference)
    columns = printer.unfilled.get(node.source)
    return "*" if columns and columns[node.place].not_null else _column(printer, node)


def _summable(printer: Printer, node: Expression) -> Lowered | None:
    """Bigints too: a sum that 64 bits do not hold raises an error, and is then made of decimals."""
    if node.type.name == "int8":
        return Lowered(printer.expression(node), 0, 19)
    if node.type.name in _INTEGER_DIGITS:
        return Lowered(printer.expression(node), 0, _INTEGER_DIGITS[node.type.name])
    return lowered(printer, node) if node.type.name == "numeric" else None


def _extreme(printer: Printer, name: str, node: Expression, tail: str) -> str | None:
    if node.type.name != "numeric":
        return None
    if is_stored(printer, node):
        return f"pg_numeric_stored({name}({_column(printer, node)}){tail}, {node.type.scale or 0})"
    found = lowered(printer, node)
    if found is None or found.guarded:
        return None
    return raised(f"{name}({found.sql}){tail}", found.scale)


_PRINTED: dict[type, Callable[[Printer, Any], str | None]] = {
    Call: _call_or_comparison,
    Case: _value,
    Coalesce: _value,
    Cast: _converted,
    InList: _in_list,
    Aggregate: _aggregate,
}
